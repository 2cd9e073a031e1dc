// SPDX-License-Identifier: ISC
// What is gathered from the box, and its way between processes.
#include "config/inputs.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/file.h"
#include "config/interfaces.h"
#include "config/public.h"
#include "config/surroundings.h"
#include "tests/support/scratch.h"

#define CERTIFICATE                                                                                \
    "-----BEGIN CERTIFICATE-----\nMIIBdzCCAR2gAwIBAgIUQ\n-----END CERTIFICATE-----\n"
#define PRIVATE_KEY "-----BEGIN PRIVATE KEY-----\nMIGHAgEAMBMGByqGSM49\n-----END PRIVATE KEY-----\n"
#define SSH_KEY     "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIH box\n"
#define OPENSSH_KEY                                                                                \
    "-----BEGIN OPENSSH PRIVATE KEY-----\nb3Blb\n-----END OPENSSH PRIVATE KEY-----\n"

static struct surroundings surroundings;

static int make_files(void **state)
{
    make_scratch(state);
    surroundings = (struct surroundings){.certificates = in_scratch("live"),
                                         .host_keys = in_scratch("ssh/ssh_host_*_key.pub")};
    put_file("z.yaml",
             "box: {hostname: box.example.com, tls: [both.pem, gone.pem], ssh: [a.pub, b]}\n"
             "domains: [{name: example.com, zone-file: example.zone}, example.org]\n");
    put_file("both.pem", PRIVATE_KEY CERTIFICATE CERTIFICATE);
    put_file("a.pub", SSH_KEY);
    put_file("b", OPENSSH_KEY);
    put_file("example.zone", "");
    return 0;
}

static int remove_files(void **state)
{
    free((void *)(uintptr_t)surroundings.certificates);
    free((void *)(uintptr_t)surroundings.host_keys);
    return remove_scratch(state);
}

static struct inputs *read_inputs(const char *config)
{
    char *path = in_scratch(config);
    struct inputs *inputs = NULL;
    struct config_errors errors = {0};
    if (inputs_read_in(&surroundings, path, &inputs, &errors) != STATUS_OK)
        fail_msg("%s", errors.list[0].text);
    free(path);
    return inputs;
}

static const struct input_file *file_of(const struct inputs *inputs, const char *name)
{
    char *path = in_scratch(name);
    const struct input_file *file = inputs_file(inputs, path);
    free(path);
    return file;
}

static void public_parts_are_kept_and_reasons_in_place_of_the_rest(void **state)
{
    (void)state;
    struct inputs *inputs = read_inputs("z.yaml");
    assert_int_equal(inputs->file_count, 5);
    const struct input_file *both = file_of(inputs, "both.pem");
    assert_int_equal(both->kind, INPUT_CERTIFICATE);
    assert_int_equal(both->len, strlen(CERTIFICATE CERTIFICATE));
    assert_memory_equal(both->octets, CERTIFICATE CERTIFICATE, both->len);

    const struct input_file *gone = file_of(inputs, "gone.pem");
    assert_null(gone->octets);
    assert_non_null(strstr(gone->error.text, "gone.pem: cannot open: No such file"));

    const struct input_file *key = file_of(inputs, "a.pub");
    assert_int_equal(key->kind, INPUT_SSH_KEY);
    assert_memory_equal(key->octets, SSH_KEY, key->len);
    const struct input_file *private = file_of(inputs, "b");
    assert_null(private->octets);
    assert_int_equal(private->len, 0);
    assert_non_null(strstr(private->error.text, "a private key; name the public one"));

    const struct input_file *zone = file_of(inputs, "example.zone");
    assert_int_equal(zone->kind, INPUT_ZONE_FILE);
    assert_non_null(zone->octets); // empty is not missing
    assert_int_equal(zone->len, 0);
    assert_null(file_of(inputs, "other"));
    inputs_free(inputs);
}

static void of_keys_to_come_the_public_ones_are_taken(void **state)
{
    (void)state;
    put_file("next.pub", "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n");
    put_file("next.key", PRIVATE_KEY);
    put_file("next.yaml",
             "box: {hostname: box.example.com, tls: [], ssh: [],\n"
             "      tls-next: [next.pub, next.key, gone.pub]}\ndomains: [a.example]\n");
    struct inputs *inputs = read_inputs("next.yaml");
    const struct input_file *public = file_of(inputs, "next.pub");
    const struct input_file *private = file_of(inputs, "next.key");
    assert_int_equal(public->kind, INPUT_TLS_NEXT);
    assert_non_null(public->octets);
    assert_null(private->octets);
    assert_non_null(strstr(private->error.text, "a private key; name the public one"));
    assert_null(file_of(inputs, "gone.pub")->octets);
    struct buf snapshot = {0};
    struct inputs *back = NULL;
    struct config_errors errors = {0};
    inputs_encode(inputs, &snapshot);
    assert_int_equal(inputs_decode(snapshot.data, snapshot.len, NULL, &back, &errors), STATUS_OK);
    assert_true(inputs_equal(inputs, back));
    assert_int_equal(back->config->box.tls_next_count, 3);
    buf_done(&snapshot);
    inputs_free(back);
    inputs_free(inputs);
}

static void a_file_named_for_two_purposes_lets_the_least_through(void **state)
{
    (void)state;
    put_file("two.yaml", "box: {hostname: box.example.com, tls: both.pem, ssh: []}\n"
                         "domains: [{name: a.example, zone-file: both.pem},\n"
                         "          {name: b.example, zone-file: example.zone},\n"
                         "          {name: c.example, zone-file: example.zone}]\n");
    struct inputs *inputs = read_inputs("two.yaml");
    assert_int_equal(inputs->file_count, 2);
    assert_int_equal(file_of(inputs, "both.pem")->kind, INPUT_CERTIFICATE);
    assert_int_equal(file_of(inputs, "both.pem")->len, strlen(CERTIFICATE CERTIFICATE));
    inputs_free(inputs);
}

static void files_beyond_their_size_are_refused(void **state)
{
    (void)state;
    char *path = in_scratch("both.pem");
    assert_int_equal(truncate(path, INPUT_CERTIFICATE_MAX + 1), 0);
    struct inputs *inputs = read_inputs("z.yaml");
    const struct input_file *file = inputs_file(inputs, path);
    assert_null(file->octets);
    assert_non_null(strstr(file->error.text, "larger than the 1048576 octets allowed"));
    inputs_free(inputs);
    put_file("both.pem", PRIVATE_KEY CERTIFICATE CERTIFICATE);
    free(path);
}

static void only_whole_certificate_blocks_pass(void **state)
{
    (void)state;
    static const struct {
        const char *text, *kept;
    } rows[] = {
        {"", ""},
        {"no PEM at all\n", ""},
        {CERTIFICATE, CERTIFICATE},
        {"subject=CN = box\n" CERTIFICATE "garbage", CERTIFICATE},
        {CERTIFICATE PRIVATE_KEY CERTIFICATE, CERTIFICATE CERTIFICATE},
        {PRIVATE_KEY, ""},
        {"-----BEGIN CERTIFICATE-----\nAAAA\n" PRIVATE_KEY "-----END CERTIFICATE-----\n", ""},
        {"-----BEGIN CERTIFICATE-----\nAAAA\n" CERTIFICATE, CERTIFICATE},
        {"-----BEGIN CERTIFICATE-----\nAAAA\n", ""},
        {"-----BEGIN CERTIFICATE-----\nAA -----BEGIN X-----\n-----END CERTIFICATE-----\n", ""},
        {"-----END CERTIFICATE-----\n", ""},
        {"-----BEGIN CERTIFICATE-----\r\nAA\r\n-----END CERTIFICATE----- \r\n",
         "-----BEGIN CERTIFICATE-----\r\nAA\r\n-----END CERTIFICATE----- \r\n"},
        {"-----BEGIN CERTIFICATE-----\nAA\n-----END CERTIFICATE-----",
         "-----BEGIN CERTIFICATE-----\nAA\n-----END CERTIFICATE-----\n"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct buf kept = {0};
        public_certificates((const uint8_t *)rows[i].text, strlen(rows[i].text), &kept);
        assert_string_equal(buf_text(&kept), rows[i].kept);
        buf_done(&kept);
    }
}

// ── Snapshots ────────────────────────────────────────────────────────────────────────────────────

static struct inputs *through_octets_beside(const struct inputs *inputs, const struct inputs *known)
{
    struct buf octets = {0};
    struct inputs *back = NULL;
    struct config_errors errors = {0};
    inputs_encode(inputs, &octets);
    if (inputs_decode(octets.data, octets.len, known, &back, &errors) != STATUS_OK)
        fail_msg("%s", errors.list[0].text);
    buf_done(&octets);
    return back;
}

static struct inputs *through_octets(const struct inputs *inputs)
{
    return through_octets_beside(inputs, NULL);
}

static void a_snapshot_comes_back_the_same(void **state)
{
    (void)state;
    struct inputs *inputs = read_inputs("z.yaml");
    free(inputs->found); // what a test machine has is not known
    inputs->found = xcalloc(2, sizeof(*inputs->found));
    inputs->found_count = 2;
    assert_int_equal(address_parse("192.0.2.1", 0, &inputs->found[0], NULL), STATUS_OK);
    assert_int_equal(address_parse("2001:db8::1", 0, &inputs->found[1], NULL), STATUS_OK);
    struct inputs *back = through_octets(inputs);
    assert_true(inputs_equal(inputs, back));
    assert_string_equal(back->config->box.hostname, "box.example.com");
    assert_string_equal(back->config->box.tls[0].text, inputs->config->box.tls[0].text);
    assert_string_equal(back->config->domains[0].zone_file, inputs->config->domains[0].zone_file);
    inputs_free(back);
    inputs_free(inputs);
}

static void what_the_defaults_found_is_in_the_snapshot(void **state)
{
    (void)state;
    put_file("least.yaml", "box: {hostname: box.example.com}\ndomains: [example.com]\n");
    put_file("live/box.example.com/fullchain.pem", CERTIFICATE);
    put_file("ssh/ssh_host_rsa_key.pub", SSH_KEY);
    struct inputs *inputs = read_inputs("least.yaml");
    assert_int_equal(inputs->file_count, 2);
    struct inputs *back = through_octets(inputs);
    assert_true(inputs_equal(inputs, back));
    const struct config_box *box = &back->config->box;
    assert_false(box->tls_given);
    assert_int_equal(box->tls_count, 1);
    assert_string_equal(box->tls[0].text, inputs->config->box.tls[0].text);
    assert_int_equal(box->ssh_count, 1);
    assert_string_equal(box->ssh[0].text, inputs->config->box.ssh[0].text);
    inputs_free(back);
    inputs_free(inputs);
}

// Reads that file again, and takes it through octets beside known.
static struct inputs *again_beside(const char *name, const struct inputs *known)
{
    struct inputs *inputs = read_inputs(name);
    struct inputs *back = through_octets_beside(inputs, known);
    assert_true(inputs_equal(inputs, back));
    inputs_free(inputs);
    return back;
}

static void what_did_not_change_is_shared_with_the_snapshot_before(void **state)
{
    (void)state;
    put_file("share.yaml", "box: {hostname: box.example.com, tls: [], ssh: [a.pub]}\n"
                           "domains: [{name: a.example, zone-file: example.zone}]\n");
    struct inputs *first = again_beside("share.yaml", NULL);
    struct inputs *same = again_beside("share.yaml", first);
    assert_ptr_equal(same->config, first->config);
    assert_ptr_equal(file_of(same, "a.pub")->octets, file_of(first, "a.pub")->octets);
    put_file("a.pub", SSH_KEY "#"); // of another length, then of the same
    struct inputs *longer = again_beside("share.yaml", same);
    assert_ptr_equal(longer->config, first->config);
    assert_ptr_not_equal(file_of(longer, "a.pub")->octets, file_of(first, "a.pub")->octets);
    assert_ptr_equal(file_of(longer, "example.zone")->octets,
                     file_of(first, "example.zone")->octets);
    put_file("a.pub", SSH_KEY "!");
    struct inputs *other = again_beside("share.yaml", longer);
    assert_ptr_not_equal(file_of(other, "a.pub")->octets, file_of(longer, "a.pub")->octets);
    put_file("a.pub", SSH_KEY);
    put_file("share.yaml", "box: {hostname: box.example.com, tls: [], ssh: [a.pub]}\n"
                           "domains: [{name: b.example, zone-file: example.zone}]\n");
    struct inputs *renamed = again_beside("share.yaml", other);
    assert_ptr_not_equal(renamed->config, first->config);
    assert_string_equal(renamed->config->domains[0].name, "b.example");
    inputs_free(first);
    inputs_free(same);
    inputs_free(longer);
    inputs_free(other);
    inputs_free(renamed);
}

// What the included files say is read as if each were parsed again.
static void included_files_that_did_not_change_are_not_parsed_again(void **state)
{
    (void)state;
    put_file("many.yaml", "box: {hostname: box.example.com}\ninclude: [many.d/*.yaml]\n");
    put_file("many.d/b.yaml", "domains:\n  - name: b.example\n    mail: no\n");
    put_file("many.d/c.yaml", "domains: [\"c.example\", c2.example]\n");
    put_file("many.d/d.yaml", "# none\n");
    struct inputs *first = again_beside("many.yaml", NULL);
    put_file("many.d/b.yaml", "domains:\n  - name: x.example\n    mail: no\n");
    struct inputs *other = again_beside("many.yaml", first);
    assert_ptr_not_equal(other->config->trees[1], first->config->trees[1]);
    assert_ptr_equal(other->config->trees[2], first->config->trees[2]);
    assert_ptr_equal(other->config->trees[3], first->config->trees[3]);
    inputs_free(first);                                  // the others stay
    put_file("many.d/a.yaml", "domains: [a.example]\n"); // and all have other numbers
    struct inputs *more = again_beside("many.yaml", other);
    const struct config *config = more->config;
    assert_int_equal(config->domain_count, 4);
    assert_string_equal(config->domains[1].name, "x.example");
    assert_int_equal(config->domains[1].place.line, 2);
    assert_int_equal(config->domains[1].place.file, 2);
    assert_string_equal(config->domains[3].name, "c2.example");
    assert_int_equal(config->domains[3].place.file, 3);
    assert_int_equal(config->domains[3].place.column, 24);
    inputs_free(other);
    inputs_free(more);
}

// Which they are is no text of the configuration.
static void another_file_that_the_defaults_found_is_another_configuration(void **state)
{
    (void)state;
    put_file("least.yaml", "box: {hostname: box.example.com}\ndomains: [example.com]\n");
    put_file("ssh/ssh_host_rsa_key.pub", SSH_KEY);
    struct inputs *one = again_beside("least.yaml", NULL);
    put_file("ssh/ssh_host_ed25519_key.pub", SSH_KEY);
    struct inputs *two = again_beside("least.yaml", one);
    assert_int_equal(one->config->box.ssh_count, 1);
    assert_int_equal(two->config->box.ssh_count, 2);
    char *path = in_scratch("ssh/ssh_host_ed25519_key.pub");
    unlink(path);
    free(path);
    inputs_free(one);
    inputs_free(two);
}

static void relative_paths_do_not_depend_on_who_reads_the_snapshot(void **state)
{
    (void)state;
    char *here = getcwd(NULL, 0);
    assert_int_equal(chdir(scratch), 0);
    struct inputs *inputs = NULL;
    struct config_errors errors = {0};
    assert_int_equal(inputs_read("z.yaml", &inputs, &errors), STATUS_OK);
    assert_int_equal(chdir(here), 0);
    struct inputs *back = through_octets(inputs);
    assert_string_equal(back->config_path, "z.yaml");
    assert_string_equal(back->config->directory, scratch);
    assert_true(inputs_equal(inputs, back));
    inputs_free(back);
    inputs_free(inputs);
    free(here);
}

static void every_difference_counts(void **state)
{
    (void)state;
    struct inputs *a = read_inputs("z.yaml");
    struct inputs *b = read_inputs("z.yaml");
    assert_true(inputs_equal(a, b));
    put_file("a.pub", SSH_KEY "#");
    inputs_free(b);
    b = read_inputs("z.yaml");
    assert_false(inputs_equal(a, b));
    put_file("a.pub", SSH_KEY);
    put_file("gone.pem", ""); // an error becomes nothing
    inputs_free(b);
    b = read_inputs("z.yaml");
    assert_false(inputs_equal(a, b));
    char *gone = in_scratch("gone.pem");
    unlink(gone);
    assert_int_equal(mkdir(gone, 0755), 0); // another reason
    inputs_free(b);
    b = read_inputs("z.yaml");
    assert_false(inputs_equal(a, b));
    rmdir(gone);
    free(gone);
    inputs_free(b);
    b = read_inputs("z.yaml");
    assert_true(inputs_equal(a, b));
    b->config->files[0].len--;
    assert_false(inputs_equal(a, b));
    b->config->files[0].len++;
    b->found = xreallocarray(b->found, b->found_count + 1, sizeof(*b->found));
    b->found[b->found_count++] = (struct address){.v4 = {.sin_family = AF_INET}};
    assert_false(inputs_equal(a, b));
    inputs_free(a);
    inputs_free(b);
}

static enum status decode(const uint8_t *octets, size_t len)
{
    // A copy of exactly that size, so that the sanitizer sees every read beyond.
    uint8_t *copy = xmemdup(octets, len);
    struct inputs *inputs = NULL;
    struct config_errors errors = {0};
    enum status status = inputs_decode(copy, len, NULL, &inputs, &errors);
    assert_int_equal(status == STATUS_OK, inputs != NULL);
    assert_int_equal(status == STATUS_OK, errors.count == 0);
    inputs_free(inputs);
    free(copy);
    return status;
}

static void damaged_snapshots_are_refused(void **state)
{
    (void)state;
    struct inputs *inputs = read_inputs("z.yaml");
    struct buf octets = {0};
    inputs_encode(inputs, &octets);
    for (size_t len = 0; len < octets.len; len++)
        assert_int_equal(decode(octets.data, len), STATUS_SYNTAX);
    for (size_t i = 0; i < octets.len;
         i++) { // some flips are another valid content; none may crash
        octets.data[i] ^= 0x80;
        (void)!decode(octets.data, octets.len);
        octets.data[i] ^= 0x80;
    }
    assert_int_equal(decode(octets.data, octets.len), STATUS_OK);
    buf_put_u8(&octets, 0);
    assert_int_equal(decode(octets.data, octets.len), STATUS_SYNTAX);
    octets.data[7]++; // the version
    assert_int_equal(decode(octets.data, octets.len - 1), STATUS_SYNTAX);
    buf_done(&octets);
    inputs_free(inputs);
}

static void a_wrong_configuration_fails_the_reading(void **state)
{
    (void)state;
    put_file("bad.yaml", "box: {hostname: box}\n");
    char *path = in_scratch("bad.yaml");
    struct inputs *inputs = NULL;
    struct config_errors errors = {0};
    assert_int_equal(inputs_read_in(&surroundings, path, &inputs, &errors), STATUS_SYNTAX);
    assert_null(inputs);
    assert_int_equal(errors.count, 2);
    unlink(path);
    assert_int_equal(inputs_read_in(&surroundings, path, &inputs, &errors), STATUS_NOT_FOUND);
    assert_null(inputs);
    assert_int_equal(errors.count, 3);
    free(path);
}

// ── Addresses ────────────────────────────────────────────────────────────────────────────────────

static void passing_addresses_are_told_from_lasting_ones(void **state)
{
    (void)state;
    static const char text[] = "00000000000000000000000000000001 01 80 10 80       lo\n"
                               "20010db8000000000000000000000001 02 40 00 80     eth0\n"
                               "20010db8000000000000000000000002 02 40 00 01     eth0\n"
                               "20010db8000000000000000000000003 02 40 00 20     eth0\n"
                               "20010db8000000000000000000000004 02 40 00 c0     eth0\n"
                               "20010db8000000000000000000000005 02 40 00 88     eth0\n"
                               "20010db8000000000000000000000006 0a 40 00 00     eth0";
    static const bool lasting[] = {false, true, false, false, false, false, true, false};
    for (uint8_t i = 1; i <= 7; i++) {
        struct in6_addr address = {.s6_addr = {0x20, 0x01, 0x0d, 0xb8, [15] = i}};
        assert_int_equal(interfaces_is_stable(text, &address), lasting[i]);
    }
    assert_false(interfaces_is_stable("", &in6addr_loopback));
}

static void addresses_are_sorted_and_reach_beyond_the_box(void **state)
{
    (void)state;
    struct address *list;
    size_t count;
    interfaces_addresses(&list, &count);
    for (size_t i = 0; i < count; i++) {
        enum address_scope scope = address_scope(&list[i]);
        assert_true(scope == ADDRESS_GLOBAL || scope == ADDRESS_PRIVATE);
        assert_int_equal(address_port(&list[i]), 0);
        assert_true(i == 0 || interfaces_compare(&list[i - 1], &list[i]) < 0);
    }
    free(list);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(public_parts_are_kept_and_reasons_in_place_of_the_rest),
        cmocka_unit_test(of_keys_to_come_the_public_ones_are_taken),
        cmocka_unit_test(a_file_named_for_two_purposes_lets_the_least_through),
        cmocka_unit_test(files_beyond_their_size_are_refused),
        cmocka_unit_test(only_whole_certificate_blocks_pass),
        cmocka_unit_test(a_snapshot_comes_back_the_same),
        cmocka_unit_test(what_the_defaults_found_is_in_the_snapshot),
        cmocka_unit_test(what_did_not_change_is_shared_with_the_snapshot_before),
        cmocka_unit_test(included_files_that_did_not_change_are_not_parsed_again),
        cmocka_unit_test(another_file_that_the_defaults_found_is_another_configuration),
        cmocka_unit_test(relative_paths_do_not_depend_on_who_reads_the_snapshot),
        cmocka_unit_test(every_difference_counts),
        cmocka_unit_test(damaged_snapshots_are_refused),
        cmocka_unit_test(a_wrong_configuration_fails_the_reading),
        cmocka_unit_test(passing_addresses_are_told_from_lasting_ones),
        cmocka_unit_test(addresses_are_sorted_and_reach_beyond_the_box),
    };
    return cmocka_run_group_tests(tests, make_files, remove_files);
}
