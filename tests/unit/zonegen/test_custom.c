// SPDX-License-Identifier: ISC
#include "tests/unit/zonegen/world.h"

#define DOMAIN "domains: [example.com]\n"

// Puts one line into the first domain's records.
static struct world with_line(const char *line)
{
    struct world w = world("", DOMAIN);
    static struct config_record record;
    record = (struct config_record){.place = {.line = 7, .column = 9}, .line = xstrdup(line)};
    w.inputs->config->domains[0].records = &record;
    w.inputs->config->domains[0].record_count = 1;
    return w;
}

static void end(struct world *w)
{
    free(w->inputs->config->domains[0].records[0].line);
    w->inputs->config->domains[0].record_count = 0;
    world_done(w);
}

static void assert_refused(const char *line, const char *words)
{
    struct world w = with_line(line);
    struct zone_content *content = NULL;
    struct error err = {0};
    const struct zone_target *target = zonegen_target_find(w.targets, w.count, "example.com");
    if (zonegen_make(w.inputs, &keys, target, &content, &err) == STATUS_OK)
        fail_msg("taken: %s", line);
    assert_null(content);
    assert_has(err.text, words);
    assert_has(err.text, ":7:9: ");
    end(&w);
}

static void assert_taken(const char *line, const char *dumped)
{
    struct world w = with_line(line);
    char *text = dump_zone(&w, "example.com");
    assert_line(text, dumped);
    free(text);
    end(&w);
}

static void lines_of_all_kinds_are_taken(void **state)
{
    (void)state;
    static const struct {
        const char *line;
        const char *dumped;
    } cases[] = {
        {"blog 300 IN A 192.0.2.80", "blog 300 IN A 192.0.2.80"},
        {"blog IN 5m A 192.0.2.80", "blog 300 IN A 192.0.2.80"},
        {"blog A 192.0.2.80", "blog 3600 IN A 192.0.2.80"},
        {"BLOG.Example.COM. 1h30m CNAME Web", "blog 5400 IN CNAME Web.example.com."},
        {"*.x MX 0 .", "*.x 3600 IN MX 0 ."},
        {"x TYPE65280 \\# 3 ( 01\n 0203 )", "x 3600 IN TYPE65280 \\# 3 010203"},
        {"x URI 10 1 https://x/", "x 3600 IN URI 10 1 \"https://x/\""},
        {"x CAA 0 Issue letsencrypt.org", "x 3600 IN CAA 0 issue \"letsencrypt.org\""},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        assert_taken(cases[i].line, cases[i].dumped);
}

static void what_is_wrong_is_refused_at_its_place(void **state)
{
    (void)state;
    static const struct {
        const char *line;
        const char *words;
    } cases[] = {
        {"", "no record; one is like"},
        {"blog 300 IN A 192.0.2.256", "blog.example.com. A: \"192.0.2.256\" is no IPv4 address"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        assert_refused(cases[i].line, cases[i].words);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_of_all_kinds_are_taken),
        cmocka_unit_test(what_is_wrong_is_refused_at_its_place),
    };
    return cmocka_run_group_tests(tests, enter_scratch, remove_scratch);
}
