// SPDX-License-Identifier: ISC
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "daemon/zonebox.h"

static const char some[] =
    "{\"store\":{\"open\":true,\"zones\":12,\"transaction\":42,\"used-octets\":1234567,"
    "\"size-octets\":17179869184,\"readers\":3},"
    "\"sum\":{\"queries\":{\"udp4\":1000000,\"udp6\":234000,\"tcp4\":560,\"tls6\":7},"
    "\"types\":{\"A\":9,\"AAAA\":30,\"MX\":1000,\"NS\":1,\"TXT\":8,\"CAA\":7,\"SRV\":6,\"DS\":5,"
    "\"SOA\":4,\"PTR\":3,\"LOC\":0},\"rcodes\":{\"NOERROR\":5,\"FORMERR\":0,\"NXDOMAIN\":6},"
    "\"kinds\":{\"answer\":5},\"query-sizes\":{\"48\":2},\"reply-sizes\":{\"128\":2,\"more\":1},"
    "\"query-octets\":81,\"reply-octets\":3333,\"edns\":4,\"dnssec-ok\":3,"
    "\"cookies\":{\"none\":100,\"client\":1,\"bad\":2,\"good\":3},\"truncated\":0,\"limited\":1500,"
    "\"slipped\":2,\"connections-accepted\":9,\"connections\":1,"
    "\"handshakes\":{\"full\":3,\"resumed\":4,\"failed\":0}},"
    "\"workers\":{\"0\":{\"queries\":{\"udp4\":1000000},\"limited\":1500},"
    "\"tls\":{\"queries\":{\"tls6\":7},\"connections\":1}}}";

static void assert_shown(const char *json, const char *expected)
{
    struct buf text = {0};
    json_t *value = json_loads(json, 0, NULL);
    assert_non_null(value);
    zonebox_show_queries(value, 1000, 1000 + 90061, &text);
    assert_string_equal(buf_text(&text), expected);
    buf_done(&text);
    json_decref(value);
}

static void numbers_fit_a_screen_the_largest_first(void **state)
{
    (void)state;
    assert_shown(some,
                 "\nQueries: 1,234,567 in 1 d 1 h\n"
                 "  over       UDP 1,234,000, TCP 560, TLS 7; over IPv6 234,007\n"
                 "  types      MX 1,000, AAAA 30, A 9, TXT 8, CAA 7, SRV 6, DS 5, SOA 4, others 4\n"
                 "  replies    NXDOMAIN 6, NOERROR 5\n"
                 "  found      answer 5\n"
                 "  size       queries 41 octets, replies 1,111 octets on average\n"
                 "  with       EDNS 4, DNSSEC 3, cookies 6\n"
                 "  unusual    limited 1,500, slipped 2\n"
                 "  streams    accepted 9, open 1, handshakes 7, resumed 4\n"
                 "  store      12 zones, 1.2 MB of 17.2 GB, transaction 42, 3 readers\n"
                 "  worker            queries truncated   dropped   limited   slipped      open\n"
                 "  0               1,000,000         0         0     1,500         0         0\n"
                 "  tls                     7         0         0         0         0         1\n");
}

static void what_nobody_asked_for_is_left_out(void **state)
{
    (void)state;
    assert_shown("{\"store\":{\"open\":true,\"zones\":1,\"readers\":1},\"sum\":{\"queries\":"
                 "{\"udp4\":0}},\"workers\":{\"0\":{}}}",
                 "\nQueries: 0 in 1 d 1 h\n"
                 "  store      1 zone, 0 octets of 0 octets, transaction 0, 1 readers\n");
    assert_shown("{}", "");
}

static void what_makes_no_sense_is_survived(void **state)
{
    (void)state;
    assert_shown("{\"sum\":{\"queries\":{\"udp4\":9223372036854775807,\"udp6\":5},"
                 "\"query-sizes\":{\"16\":9223372036854775807,\"32\":1},\"types\":[1],"
                 "\"kinds\":{\"a\":-1234,\"b\":\"x\",\"c\":null}},\"workers\":{\"0\":7,\"1\":[]}}",
                 "\nQueries: -9,223,372,036,854,775,804 in 1 d 1 h\n"
                 "  over       UDP -9,223,372,036,854,775,804; over IPv6 5\n"
                 "  found      a -1,234\n"
                 "  worker            queries truncated   dropped   limited   slipped      open\n"
                 "  0                       0         0         0         0         0         0\n"
                 "  1                       0         0         0         0         0         0\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_fit_a_screen_the_largest_first),
        cmocka_unit_test(what_nobody_asked_for_is_left_out),
        cmocka_unit_test(what_makes_no_sense_is_survived),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
