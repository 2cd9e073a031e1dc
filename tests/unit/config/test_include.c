// SPDX-License-Identifier: ISC
// Files that a configuration includes: which are read, in what order, and what is said of those that are wrong.
#include "config/config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/file.h"
#include "config/inputs.h"
#include "config/surroundings.h"
#include "tests/support/scratch.h"

#define BOX "box: {hostname: box.example.com, tls: [], ssh: [], tls-next: []}\n"

static enum status parse(const char *text, struct config **ret, struct config_errors *errors)
{
    const struct surroundings surroundings = {.directory = scratch};
    *errors = (struct config_errors){0};
    return config_parse_in(&surroundings, "z.yaml", text, strlen(text), ret, errors);
}

static void files_are_read_in_order_and_once(void **state)
{
    (void)state;
    put_file("conf.d/b.yaml", "domains: [b.example]\n");
    put_file("conf.d/a.yaml", "# first\ndomains:\n- {name: a.example, mail: no}\n- a2.example\n");
    put_file("conf.d/empty.yaml", "# nothing yet\n");
    put_file("conf.d/other.txt", "what: ever\n");
    put_file("last.yaml", "domains: [z.example]\n");
    struct config *config;
    struct config_errors errors;
    assert_int_equal(parse("include: [conf.d/*.yaml, 'conf.d/[ab].yaml', last.yaml, none.d/*]\n" BOX
                           "domains: [own.example]\n",
                           &config, &errors),
                     STATUS_OK);
    static const char *const names[] = {"own.example", "a.example", "a2.example", "b.example",
                                        "z.example"};
    assert_int_equal(config->domain_count, 5);
    for (size_t i = 0; i < 5; i++)
        assert_string_equal(config->domains[i].name, names[i]);
    assert_int_equal(config->file_count, 5);
    assert_int_equal(config->domains[1].place.file, 1);
    assert_int_equal(config->domains[1].place.line, 3);
    char *last = in_scratch("last.yaml");
    assert_string_equal(config->files[config->domains[4].place.file].path, last);
    free(last);
    config_free(config);
}

static void the_configuration_does_not_include_itself(void **state)
{
    (void)state;
    put_file("z.yaml", "this: is not read\n");
    put_file("y.yaml", "domains: [y.example]\n");
    struct config *config;
    struct config_errors errors;
    assert_int_equal(parse("include: '?.yaml'\n" BOX, &config, &errors), STATUS_OK);
    assert_int_equal(config->domain_count, 1);
    config_free(config);
}

static void all_domains_may_be_elsewhere_or_nowhere(void **state)
{
    (void)state;
    struct config *config;
    struct config_errors errors;
    assert_int_equal(parse("include: nothing.d/*\n" BOX, &config, &errors), STATUS_OK);
    assert_int_equal(config->domain_count, 0);
    config_free(config);
}

// Each line of the errors, with the scratch directory's path left out.
static void must_complain(const char *text, const char *wanted)
{
    struct config *config = NULL;
    struct config_errors errors;
    struct buf all = {0};
    assert_int_equal(parse(text, &config, &errors), STATUS_SYNTAX);
    assert_null(config);
    for (size_t i = 0; i < errors.count; i++) {
        const char *rest = errors.list[i].text, *found;
        while ((found = strstr(rest, scratch)) != NULL) {
            buf_put(&all, rest, (size_t)(found - rest));
            rest = found + strlen(scratch);
        }
        buf_printf(&all, "%s\n", rest);
    }
    assert_string_equal(buf_text(&all), wanted);
    buf_done(&all);
}

static void mistakes_have_the_place_in_their_file(void **state)
{
    (void)state;
    put_file("bad/1.yaml", "domains:\n- {name: own.example}\n- {name: b.example, mial: no}\n");
    put_file("bad/2.yaml", "box: {hostname: x.example}\ndomains: [c.example]\n");
    put_file("bad/3.yaml", "domains: [\n");
    put_file("bad/4.yaml", "- d.example\n");
    put_file("bad/5.yaml", "domains:\n- {name: e.example, mode: hidden-primary}\n");
    must_complain("include: bad/*\n" BOX "domains: [own.example]\n",
                  "/bad/1.yaml:3:21: domains: unknown key \"mial\"; did you mean \"mail\"?\n"
                  "/bad/2.yaml:1:1: \"box\" has no place in an included file; there is `domains:` "
                  "only, write it into the configuration itself\n"
                  "/bad/3.yaml:2:1: not YAML: did not find expected node content, while parsing a "
                  "flow node from line 2; check indentation, quotes and brackets up to here\n"
                  "/bad/4.yaml:1:1: a list; an included file holds `domains:` and a list below it\n"
                  "/bad/1.yaml:2:10: domains: own.example is listed twice, first in z.yaml:3; "
                  "remove one\n"
                  "/bad/5.yaml:2:27: domains.mode: e.example would be served by nobody: all its "
                  "name servers are this box; write `nameservers:` with those that serve it\n");
}

static void what_cannot_be_read_is_said_with_its_path(void **state)
{
    (void)state;
    put_file("dirs/a.yaml/inner", "");
    must_complain("include: dirs/*.yaml\n" BOX,
                  "z.yaml:1:10: include: /dirs/a.yaml: not a regular file\n");
    must_complain("include: [missing.yaml]\n" BOX,
                  "z.yaml:1:11: include: /missing.yaml: No such file or directory\n");
    if (geteuid() == 0)
        return; // root reads all
    put_file("closed/a.yaml", "domains: [a.example]\n");
    char *path = in_scratch("closed");
    assert_int_equal(chmod(path, 0), 0);
    must_complain("include: closed/*.yaml\n" BOX,
                  "z.yaml:1:10: include: /closed/*.yaml: Permission denied\n");
    assert_int_equal(chmod(path, 0755), 0);
    free(path);
}

static struct inputs *read_inputs(const char *path)
{
    const struct surroundings surroundings = {0};
    struct inputs *inputs = NULL;
    struct config_errors errors = {0};
    if (inputs_read_in(&surroundings, path, &inputs, &errors) != STATUS_OK)
        fail_msg("%s", errors.list[0].text);
    return inputs;
}

static void a_snapshot_has_the_texts_of_all_files(void **state)
{
    (void)state;
    char *path = in_scratch("main.yaml");
    put_file("main.yaml", "include: snap.d/*\n" BOX);
    put_file("snap.d/a.yaml", "domains: [{name: a.example, records-file: a.records}]\n");
    put_file("snap.d/b.yaml", "domains: [b.example]\n");
    put_file("a.records", "www A 192.0.2.1\n");
    struct inputs *inputs = read_inputs(path);
    struct inputs *again = read_inputs(path);
    assert_true(inputs_equal(inputs, again));
    inputs_free(again);
    struct buf octets = {0};
    inputs_encode(inputs, &octets);
    put_file("snap.d/b.yaml", "domains: [changed.example]\n");
    again = read_inputs(path);
    assert_false(inputs_equal(inputs, again));
    inputs_free(again);

    struct config_errors errors = {0};
    assert_int_equal(inputs_decode(octets.data, octets.len, NULL, &again, &errors), STATUS_OK);
    assert_true(inputs_equal(inputs, again));
    assert_int_equal(again->config->domain_count, 2);
    assert_string_equal(again->config->domains[1].name, "b.example");
    char *records = in_scratch("a.records");
    const struct input_file *file = inputs_file(again, records);
    assert_non_null(file);
    assert_int_equal(file->kind, INPUT_RECORDS_FILE);
    assert_int_equal(file->len, 16);
    inputs_free(again);

    assert_int_equal(
        inputs_read_texts(inputs->config->files, inputs->config->file_count, &again, &errors),
        STATUS_OK);
    assert_string_equal(again->config->domains[1].name, "b.example");
    inputs_free(again);
    buf_done(&octets);
    inputs_free(inputs);
    free(records);
    free(path);
}

static void keys_to_come_are_public(void **state)
{
    (void)state;
    char *path = in_scratch("next.yaml");
    put_file("next.yaml",
             "box: {hostname: box.example.com, tls: [], ssh: [], tls-next: [n.pub, n.key]}\n"
             "domains: [a.example]\n");
    put_file("n.pub", "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n");
    put_file("n.key", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n");
    struct inputs *inputs = read_inputs(path);
    char *public = in_scratch("n.pub"), *private = in_scratch("n.key");
    assert_int_equal(inputs_file(inputs, public)->kind, INPUT_TLS_NEXT);
    assert_non_null(inputs_file(inputs, public)->octets);
    assert_null(inputs_file(inputs, private)->octets);
    assert_non_null(
        strstr(inputs_file(inputs, private)->error.text, "n.key: a private key; name "));
    inputs_free(inputs);
    free(public);
    free(private);
    free(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(files_are_read_in_order_and_once),
        cmocka_unit_test(the_configuration_does_not_include_itself),
        cmocka_unit_test(all_domains_may_be_elsewhere_or_nowhere),
        cmocka_unit_test(mistakes_have_the_place_in_their_file),
        cmocka_unit_test(what_cannot_be_read_is_said_with_its_path),
        cmocka_unit_test(a_snapshot_has_the_texts_of_all_files),
        cmocka_unit_test(keys_to_come_are_public),
    };
    return cmocka_run_group_tests(tests, make_scratch, remove_scratch);
}
