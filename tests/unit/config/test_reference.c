// SPDX-License-Identifier: ISC
// What the table of options tells people and editors. That the schema is one, and what it takes, is for a validator of
// others to say: tests/integration/test_schema.py.
#include "config/schema.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "config/options.h"

static void must_tell(const char *key, const char *wanted)
{
    struct buf text = {0};
    struct error err = {0};
    assert_int_equal(config_reference_text(key, &text, &err), STATUS_OK);
    assert_string_equal(buf_text(&text), wanted);
    buf_done(&text);
}

static void an_option_is_told_with_type_and_default(void **state)
{
    (void)state;
    must_tell("ttl.tlsa", "ttl.tlsa: a time, 1s to 30d\n"
                          "    TLSA; default: as default\n"
                          "    A new certificate key waits for two of these before it is safe.\n");
    must_tell("box.dmarc.policy", "box.dmarc.policy: none, quarantine or reject\n"
                                  "    what receivers are asked to do with mail that fails\n"
                                  "    Default: quarantine\n");
    must_tell("domains.dmarc.reports",
              "domains.dmarc.reports: no, or a list of mail addresses or URIs\n"
              "    where receivers send their daily reports: mail addresses or URIs\n"
              "    An address in another domain of this configuration is authorised there by a\n"
              "    record of its own; for one that is somebody else's, `zonegen --ds` says\n"
              "    which record is needed there.\n");
    must_tell("log",
              "log: a mapping\n"
              "    where the log goes, and how much of it\n"
              "\n"
              "log.to                          stderr (which systemd puts into the journal) or\n"
              "                                syslog\n"
              "log.level                       the most talkative written: error, warning,\n"
              "                                notice, info or debug\n");
}

static void must_refuse(const char *key, const char *wanted)
{
    struct buf text = {0};
    struct error err = {0};
    assert_int_equal(config_reference_text(key, &text, &err), STATUS_NOT_FOUND);
    assert_string_equal(err.text, wanted);
    assert_int_equal(text.len, 0);
    buf_done(&text);
}

static void what_is_no_option_is_refused_with_the_near_one(void **state)
{
    (void)state;
    must_refuse("box.dmark", "there is no option \"box.dmark\"; did you mean \"box.dmarc\"?");
    must_refuse("policy", "there is no option \"policy\"; did you mean \"box.dmarc.policy\"?");
    must_refuse("box.dmarc.policy.x", "there is no option \"box.dmarc.policy.x\"; without a name, "
                                      "all of them are listed");
    must_refuse("acme", "acme: not available in this version");
    must_refuse("", "there is no option \"\"; without a name, all of them are listed");
    must_refuse("ttl.", "there is no option \"ttl.\"; without a name, all of them are listed");
}

// Every option that can be written stands in each of the three.
static void must_name_all(const struct section *section, const char *text, const char *before,
                          const char *after)
{
    const struct option *row;
    for (size_t i = 0; (row = options_at(section, i)) != NULL; i++) {
        if (row->type == OPTION_LATER)
            continue;
        char *wanted = xasprintf("%s%s%s", before, row->name, after);
        if (strstr(text, wanted) == NULL)
            fail_msg("%s is missing", wanted);
        free(wanted);
        if (row->section != NULL)
            must_name_all(row->section, text, before, after);
    }
}

static void no_option_is_left_out(void **state)
{
    (void)state;
    struct buf text = {0};
    config_schema(&text);
    must_name_all(&options_top, buf_text(&text), "\"", "\": {\"description\": ");
    buf_clear(&text);
    assert_int_equal(config_reference_text(NULL, &text, NULL), STATUS_OK);
    for (char *line = (char *)text.data; (line = strchr(line, '\n')) != NULL;)
        *line = ' '; // behind a long name its text begins in the next line
    must_name_all(&options_top, buf_text(&text), "", " ");
    buf_clear(&text);
    config_reference_man(&text);
    for (const char *line = buf_text(&text); line != NULL; line = strchr(line, '\n')) {
        line += line[0] == '\n' ? 1 : 0;
        assert_true(line[0] != '\'' && line[0] != '\n');
    }
    must_name_all(&options_top, buf_text(&text), "", "\n");
    buf_done(&text);
}

static void no_line_is_wider_than_a_terminal(void **state)
{
    (void)state;
    struct buf text = {0};
    assert_int_equal(config_reference_text(NULL, &text, NULL), STATUS_OK);
    for (const char *line = buf_text(&text); *line != '\0'; line += strcspn(line, "\n") + 1)
        assert_true(strcspn(line, "\n") <= 80);
    buf_done(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_option_is_told_with_type_and_default),
        cmocka_unit_test(what_is_no_option_is_refused_with_the_near_one),
        cmocka_unit_test(no_option_is_left_out),
        cmocka_unit_test(no_line_is_wider_than_a_terminal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
