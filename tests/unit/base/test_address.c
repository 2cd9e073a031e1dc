// SPDX-License-Identifier: ISC
#include "base/address.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static void reads_and_writes_the_same_text(void **state)
{
    (void)state;
    static const struct {
        const char *text, *with_port, *without;
    } rows[] = {
        {"192.0.2.1", "192.0.2.1@53", "192.0.2.1"},
        {"192.0.2.1@5300", "192.0.2.1@5300", "192.0.2.1"},
        {"2001:DB8:0:0::1", "2001:db8::1@53", "2001:db8::1"},
        {"[2001:db8::1]", "2001:db8::1@53", "2001:db8::1"},
        {"[::1]@1", "::1@1", "::1"},
        {"::@65535", "::@65535", "::"},
        {"fe80::1%lo@53", "fe80::1%lo@53", "fe80::1%lo"},
        {"fe80::1%999999999", "fe80::1%999999999@53", "fe80::1%999999999"},
        {"::ffff:192.0.2.1", "::ffff:192.0.2.1@53", "::ffff:192.0.2.1"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct address address;
        struct error err = {0};
        char text[ADDRESS_TEXT_MAX];
        assert_int_equal(address_parse(rows[i].text, 53, &address, &err), STATUS_OK);
        assert_string_equal(address_text(&address, true, text), rows[i].with_port);
        assert_string_equal(address_text(&address, false, text), rows[i].without);
    }
}

static void refuses_what_is_no_address_and_says_why(void **state)
{
    (void)state;
    static const struct {
        const char *text, *words;
    } rows[] = {
        {"", "not an IP address"},
        {"box.example.com", "not an IP address"},
        {"192.0.2", "not an IP address"},
        {"192.0.2.256", "not an IP address"},
        {"192.0.2.01", "not an IP address"},
        {" 192.0.2.1", "not an IP address"},
        {"192.0.2.1 ", "not an IP address"},
        {"192.0.2.1/24", "not an IP address"},
        {"[192.0.2.1]", "not an IP address"},
        {"[::1", "not an IP address"},
        {"::1]", "not an IP address"},
        {"1::2::3", "not an IP address"},
        {"@53", "not an IP address"},
        {"192.0.2.1:53", "write 192.0.2.1@53"},
        {"[::1]:53", "write 192.0.2.1@53"},
        {"192.0.2.1@", "port is not a number"},
        {"192.0.2.1@dns", "port is not a number"},
        {"192.0.2.1@-1", "port is not a number"},
        {"192.0.2.1@53@53", "port is not a number"},
        {"192.0.2.1@53 ", "port is not a number"},
        {"192.0.2.1@0", "no port 0"},
        {"192.0.2.1@65536", "no port 65536"},
        {"fe80::1%no-such-one", "network interface"},
        {"fe80::1%", "network interface"},
        {"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "too long"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct address address = {0};
        struct error err = {0};
        assert_int_equal(address_parse(rows[i].text, 53, &address, &err), STATUS_SYNTAX);
        if (strstr(err.text, rows[i].words) == NULL)
            fail_msg("\"%s\": %s", rows[i].text, err.text);
        assert_int_equal(address.any.sa_family, 0); // left alone
    }
}

static void equal_means_family_address_interface_and_port(void **state)
{
    (void)state;
    static const char *const texts[] = {"192.0.2.1@53", "192.0.2.1@54",  "192.0.2.2@53",
                                        "fe80::1@53",   "fe80::1%lo@53", "fe80::2@53"};
    struct address list[6];
    for (size_t i = 0; i < 6; i++)
        assert_int_equal(address_parse(texts[i], 1, &list[i], NULL), STATUS_OK);
    for (size_t i = 0; i < 6; i++)
        for (size_t j = 0; j < 6; j++)
            assert_int_equal(address_equal(&list[i], &list[j]), i == j);
}

static void scopes_follow_the_registries(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum address_scope scope;
    } rows[] = {
        {"9.9.9.9", ADDRESS_GLOBAL},
        {"192.0.2.1", ADDRESS_GLOBAL},
        {"198.51.100.7", ADDRESS_GLOBAL},
        {"203.0.113.9", ADDRESS_GLOBAL},
        {"10.0.0.1", ADDRESS_PRIVATE},
        {"172.15.255.255", ADDRESS_GLOBAL},
        {"172.16.0.1", ADDRESS_PRIVATE},
        {"172.31.255.255", ADDRESS_PRIVATE},
        {"172.32.0.1", ADDRESS_GLOBAL},
        {"192.168.1.1", ADDRESS_PRIVATE},
        {"100.63.255.255", ADDRESS_GLOBAL},
        {"100.64.0.1", ADDRESS_PRIVATE},
        {"100.127.255.255", ADDRESS_PRIVATE},
        {"100.128.0.0", ADDRESS_GLOBAL},
        {"198.19.0.1", ADDRESS_PRIVATE},
        {"198.20.0.1", ADDRESS_GLOBAL},
        {"169.254.1.1", ADDRESS_LINK_LOCAL},
        {"127.0.0.1", ADDRESS_LOOPBACK},
        {"127.255.0.1", ADDRESS_LOOPBACK},
        {"0.0.0.0", ADDRESS_SPECIAL},
        {"192.0.0.8", ADDRESS_SPECIAL},
        {"192.88.99.1", ADDRESS_SPECIAL},
        {"224.0.0.1", ADDRESS_SPECIAL},
        {"239.1.1.1", ADDRESS_SPECIAL},
        {"240.0.0.1", ADDRESS_SPECIAL},
        {"255.255.255.255", ADDRESS_SPECIAL},
        {"2620:fe::9", ADDRESS_GLOBAL},
        {"2001:db8::1", ADDRESS_GLOBAL},
        {"3fff::1", ADDRESS_GLOBAL},
        {"2001::1", ADDRESS_SPECIAL},
        {"2001:1ff::1", ADDRESS_SPECIAL},
        {"2001:200::1", ADDRESS_GLOBAL},
        {"fd00::1", ADDRESS_PRIVATE},
        {"fc00::1", ADDRESS_PRIVATE},
        {"fe80::1", ADDRESS_LINK_LOCAL},
        {"febf::1", ADDRESS_LINK_LOCAL},
        {"fec0::1", ADDRESS_SPECIAL},
        {"::1", ADDRESS_LOOPBACK},
        {"::", ADDRESS_SPECIAL},
        {"::2", ADDRESS_SPECIAL},
        {"::ffff:192.0.2.1", ADDRESS_SPECIAL},
        {"64:ff9b::1", ADDRESS_SPECIAL},
        {"100::1", ADDRESS_SPECIAL},
        {"ff02::1", ADDRESS_SPECIAL},
        {"4000::1", ADDRESS_SPECIAL},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct address address;
        assert_int_equal(address_parse(rows[i].text, 53, &address, NULL), STATUS_OK);
        if (address_scope(&address) != rows[i].scope)
            fail_msg("%s has scope %d", rows[i].text, address_scope(&address));
    }
}

// Binds port 0 and returns the address with the port that the kernel chose.
static int bind_any(const char *host, int type, bool shared, struct address *ret)
{
    struct error err = {0};
    assert_int_equal(address_parse(host, 1, ret, NULL), STATUS_OK);
    if (ret->any.sa_family == AF_INET)
        ret->v4.sin_port = 0;
    else
        ret->v6.sin6_port = 0;
    int fd = -1;
    if (address_bind(ret, type, shared, &fd, &err) != STATUS_OK)
        fail_msg("%s", err.text);
    socklen_t len = sizeof(*ret);
    assert_int_equal(getsockname(fd, &ret->any, &len), 0);
    assert_int_equal(len, address_len(ret));
    return fd;
}

static void a_taken_port_is_seen_though_its_owner_shares_it(void **state)
{
    (void)state;
    static const int types[] = {SOCK_DGRAM, SOCK_STREAM};
    for (size_t i = 0; i < 2; i++) {
        struct address address;
        struct error err = {0};
        int first = bind_any("127.0.0.1", types[i], true, &address);
        int second = -1;
        assert_int_equal(address_bind(&address, types[i], true, &second, &err), STATUS_OK);
        assert_int_equal(address_probe(&address, types[i], &err), STATUS_STATE);
        char text[ADDRESS_TEXT_MAX];
        assert_non_null(strstr(err.text, address_text(&address, true, text)));
        assert_non_null(strstr(err.text, types[i] == SOCK_DGRAM ? "UDP" : "TCP"));
        assert_non_null(strstr(err.text, "another program has this port"));
        close(first);
        close(second);
        assert_int_equal(address_probe(&address, types[i], &err), STATUS_OK);
    }
}

static int option_of(int fd, int level, int option)
{
    int value = -1;
    socklen_t len = sizeof(value);
    assert_int_equal(getsockopt(fd, level, option, &value, &len), 0);
    return value;
}

static void sockets_have_the_options_they_need(void **state)
{
    (void)state;
    struct address address;
    // Documentation addresses are on no interface: IP_FREEBIND at work.
    int v4 = bind_any("192.0.2.77", SOCK_DGRAM, true, &address);
    assert_int_equal(option_of(v4, IPPROTO_IP, IP_MTU_DISCOVER), IP_PMTUDISC_OMIT);
    assert_int_equal(option_of(v4, SOL_SOCKET, SO_REUSEPORT), 1);
    close(v4);
    int v6 = bind_any("2001:db8::77", SOCK_DGRAM, false, &address);
    assert_int_equal(option_of(v6, IPPROTO_IPV6, IPV6_MTU_DISCOVER), IPV6_PMTUDISC_OMIT);
    assert_int_equal(option_of(v6, IPPROTO_IPV6, IPV6_V6ONLY), 1);
    assert_int_equal(option_of(v6, SOL_SOCKET, SO_REUSEPORT), 0);
    close(v6);
    int tcp = bind_any("::1", SOCK_STREAM, false, &address);
    assert_int_equal(option_of(tcp, SOL_SOCKET, SO_ACCEPTCONN), 1);
    close(tcp);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_and_writes_the_same_text),
        cmocka_unit_test(refuses_what_is_no_address_and_says_why),
        cmocka_unit_test(equal_means_family_address_interface_and_port),
        cmocka_unit_test(scopes_follow_the_registries),
        cmocka_unit_test(a_taken_port_is_seen_though_its_owner_shares_it),
        cmocka_unit_test(sockets_have_the_options_they_need),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
