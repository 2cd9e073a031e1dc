// SPDX-License-Identifier: ISC
#include "tests/unit/zonegen/world.h"

#include "zonegen/across.h"

struct told {
    struct buf text; // a line each
    unsigned wrong;
};

static void tell(void *context, const struct across_host *host, bool wrong, const char *words)
{
    struct told *told = context;
    buf_printf(&told->text, "%s: %s\n", host->from->name, words);
    told->wrong += wrong;
}

static struct told judge(const struct world *w)
{
    struct across across = {0};
    struct told told = {0};
    for (size_t i = 0; i < w->count; i++) {
        struct zone_content *content = make_zone(w, w->targets[i].name);
        across_gather(&across, w->inputs, &w->targets[i], content);
        zone_content_free(content);
    }
    across_judge(&across, w->inputs, &keys, tell, &told);
    across_done(&across);
    return told;
}

static void a_host_that_is_an_alias_in_another_zone_of_ours_is_told(void **state)
{
    (void)state;
    struct world w =
        world("", "domains:\n"
                  "  - name: example.net\n"
                  "    records: ['alias CNAME www.example.org.', 'sub DNAME x.org.',\n"
                  "              '*.wild CNAME www.example.org.', 'fine A 192.0.2.3']\n"
                  "  - name: example.com\n"
                  "    records:\n"
                  "      - '@ MX 5 Alias.example.net.'\n"
                  "      - 'a MX 5 fine.example.net.'\n"
                  "      - 'b MX 5 www.example.net.'\n"
                  "      - 'c MX 5 elsewhere.example.org.'\n"
                  "      - 'd MX 5 nothing.example.net.'\n"
                  "      - '_x._tcp SRV 0 0 1 a.sub.example.net.'\n"
                  "      - '_y._tcp SRV 0 0 1 a.wild.example.net.'\n"
                  "      - '_z._tcp SRV 0 0 0 .'\n"
                  "    services: [{name: imaps, host: alias.example.net}]\n");
    struct told told = judge(&w);
    assert_string_equal(
        buf_text(&told.text),
        "example.com: zonebox.yaml:20:23: _imaps._tcp.example.com. SRV: points at "
        "alias.example.net., an alias in the zone example.net; it takes the name that the alias "
        "stands for (RFC 2181 §10.3)\n"
        "example.com: zonebox.yaml:12:9: example.com. MX: points at alias.example.net., an alias "
        "in the zone example.net; it takes the name that the alias stands for (RFC 2181 §10.3)\n"
        "example.com: zonebox.yaml:17:9: _x._tcp.example.com. SRV: points at a.sub.example.net., "
        "an alias in the zone example.net; it takes the name that the alias stands for (RFC 2181 "
        "§10.3)\n"
        "example.com: zonebox.yaml:18:9: _y._tcp.example.com. SRV: points at a.wild.example.net., "
        "an alias in the zone example.net; it takes the name that the alias stands for (RFC 2181 "
        "§10.3)\n");
    assert_int_equal(told.wrong, 4);
    buf_done(&told.text);
    world_done(&w);
}

static void a_zone_file_is_no_place_to_be_strict_in(void **state)
{
    (void)state;
    put_file("z", "@ SOA a.example.net. b.example.net. 1 2 3 4 5\n@ NS a.example.net.\n"
                  "@ MX 1 alias.example.com.\n");
    struct world w =
        world("", "domains:\n  - {name: example.com, records: ['alias CNAME x.example.org.']}\n"
                  "  - {name: example.net, zone-file: z}\n");
    struct told told = judge(&w);
    assert_has(buf_text(&told.text),
               "/z:3:1: example.net. MX: points at alias.example.com., an alias");
    assert_int_equal(told.wrong, 0);
    buf_done(&told.text);
    world_done(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_host_that_is_an_alias_in_another_zone_of_ours_is_told),
        cmocka_unit_test(a_zone_file_is_no_place_to_be_strict_in),
    };
    return cmocka_run_group_tests(tests, enter_scratch, remove_scratch);
}
