// SPDX-License-Identifier: ISC
// EDNS options from query to reply, by transport. There is no store, so that each reply is a header, the question and
// the OPT.
#include "server/respond.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "dns/wire.h"
#include "server/opt.h"

#define WWW_A                                                                                      \
    "\x03www\x07"                                                                                  \
    "example\x00\x00\x01\x00\x01"
#define ID_SERVER_TXT "\x02id\x06server\x00\x00\x10\x00\x03"
#define COOKIE                                                                                     \
    "\x00\x0a\x00\x08"                                                                             \
    "clientsh" // the client's half
#define NSID         "\x00\x03\x00\x00"
#define KEEPALIVE    "\x00\x0b\x00\x00"
#define PADDING      "\x00\x0c\x00\x02\x00\x00"
#define UNKNOWN      "\x00\x64\x00\x00"
#define OCTETS(text) (const uint8_t *)(text), sizeof(text) - 1

static struct responder responder;
static struct cookies *cookies;
static struct address client;
static uint8_t out[DNS_MESSAGE_MAX];
static size_t out_len;
static size_t opt_at;
static struct outcome outcome;

static int set_up(void **state)
{
    (void)state;
    struct error err = {0};
    assert_int_equal(address_parse("192.0.2.1", 1053, &client, &err), STATUS_OK);
    assert_int_equal(cookies_new(&(struct secrets){1, {"sixteen octets!"}}, &cookies, &err),
                     STATUS_OK);
    responder = (struct responder){
        .zones = zones_new("/nowhere"),
        .cookies = cookies,
        .identity = {"the nsid", "the name", "the version"},
        .tcp_idle_ms = 10000,
        .now = 1559731985,
    };
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    zones_free(responder.zones);
    cookies_free(cookies);
    return 0;
}

static void send_message(enum transport transport, const uint8_t *message, size_t len)
{
    struct exchange exchange = {
        .octets = message, .len = len, .client = &client, .out = out, .out_cap = sizeof(out)};
    zones_begin(responder.zones);
    respond(&responder, transport, &exchange, 1);
    zones_end(responder.zones);
    out_len = exchange.out_len;
    outcome = exchange.outcome;
}

// A question (or none, len 0) with an OPT that has these options.
static void ask(enum transport transport, const uint8_t *question, size_t question_len,
                const uint8_t *options, size_t options_len)
{
    uint8_t message[600] = {0x12, 0x34, 0, 0, 0, question_len > 0, 0, 0, 0, 0, 0, 1};
    memcpy(message + 12, question, question_len);
    opt_at = 12 + question_len;
    memcpy(message + opt_at, "\x00\x00\x29\x04\xd0\x00\x00\x00\x00", 9);
    wire_set_u16(message + opt_at + 9, (uint16_t)options_len);
    memcpy(message + opt_at + 11, options, options_len);
    send_message(transport, message, opt_at + 11 + options_len);
}

// The reply's option, or NULL.
static const uint8_t *find_option(unsigned code, size_t *ret_len)
{
    assert_true(out_len >= opt_at + 11 && out[opt_at + 2] == RR_TYPE_OPT);
    size_t end = opt_at + 11 + wire_get_u16(out + opt_at + 9);
    assert_int_equal(end, out_len);
    const uint8_t *found = NULL;
    for (size_t at = opt_at + 11; at < end;) {
        size_t len = wire_get_u16(out + at + 2);
        if (wire_get_u16(out + at) == code) {
            assert_null(found); // not twice
            found = out + at + 4;
            *ret_len = len;
        }
        at += 4 + len;
        assert_true(at <= end);
    }
    return found;
}

static bool has_option(unsigned code)
{
    size_t len;
    return find_option(code, &len) != NULL;
}

static unsigned rcode(void)
{
    return (unsigned)out[opt_at + 5] << 4 | (out[3] & 15U);
}

static void nothing_is_answered_that_was_not_asked(void **state)
{
    (void)state;
    ask(TRANSPORT_TLS, OCTETS(WWW_A), OCTETS(UNKNOWN));
    assert_int_equal(rcode(), RCODE_SERVFAIL);
    assert_true(has_option(EDNS_EDE));
    assert_int_equal(out_len, opt_at + 11 + 6);
    assert_int_equal(outcome.cookie, COOKIE_NONE);
}

static void a_client_cookie_is_completed(void **state)
{
    (void)state;
    size_t len;
    ask(TRANSPORT_UDP, OCTETS(WWW_A), OCTETS(UNKNOWN COOKIE));
    assert_int_equal(outcome.cookie, COOKIE_CLIENT);
    const uint8_t *cookie = find_option(EDNS_COOKIE, &len);
    assert_int_equal(len, COOKIES_LEN);
    assert_memory_equal(cookie, "clientsh\x01\x00\x00\x00", 12);
    assert_int_equal(wire_get_u32(cookie + 12), responder.now);

    uint8_t option[4 + COOKIES_LEN] = {0, 10, 0, COOKIES_LEN};
    memcpy(option + 4, cookie, COOKIES_LEN);
    ask(TRANSPORT_UDP, OCTETS(WWW_A), option, sizeof(option));
    assert_int_equal(outcome.cookie, COOKIE_GOOD);
    assert_memory_equal(find_option(EDNS_COOKIE, &len), option + 4, COOKIES_LEN);
    option[sizeof(option) - 1] ^= 1;
    ask(TRANSPORT_UDP, OCTETS(WWW_A), option, sizeof(option));
    assert_int_equal(outcome.cookie, COOKIE_BAD);
    assert_int_equal(rcode(), RCODE_SERVFAIL); // answered all the same
    option[sizeof(option) - 1] ^= 1;
    assert_memory_equal(find_option(EDNS_COOKIE, &len), option + 4, COOKIES_LEN);
}

static void of_two_cookies_the_first_counts(void **state)
{
    (void)state;
    size_t len;
    ask(TRANSPORT_UDP, OCTETS(WWW_A),
        OCTETS(COOKIE "\x00\x0a\x00\x08"
                      "othersho"));
    assert_memory_equal(find_option(EDNS_COOKIE, &len), "clientsh", 8);
    ask(TRANSPORT_UDP, OCTETS(WWW_A),
        OCTETS(COOKIE "\x00\x0a\x00\x01"
                      "!"));
    assert_int_equal(rcode(), RCODE_SERVFAIL);
    ask(TRANSPORT_UDP, OCTETS(WWW_A),
        OCTETS("\x00\x0a\x00\x01"
               "!" COOKIE));
    assert_int_equal(rcode(), RCODE_FORMERR);
}

static void cookies_of_lengths_that_none_has_are_format_errors(void **state)
{
    (void)state;
    for (uint8_t len = 0; len <= 48; len++) {
        uint8_t option[4 + 48] = {0, 10, 0, len};
        bool formed = len == 8 || (len >= 16 && len <= 40);
        ask(TRANSPORT_UDP, OCTETS(WWW_A), option, 4U + len);
        assert_int_equal(rcode(), formed ? RCODE_SERVFAIL : RCODE_FORMERR);
        assert_int_equal(has_option(EDNS_COOKIE), formed);
        responder.cookies = NULL;
        ask(TRANSPORT_UDP, OCTETS(WWW_A), option, 4U + len);
        assert_int_equal(rcode(), RCODE_SERVFAIL);
        assert_false(has_option(EDNS_COOKIE));
        assert_int_equal(outcome.cookie, COOKIE_NONE);
        responder.cookies = cookies;
    }
}

static void a_cookie_may_be_all_that_is_asked_for(void **state)
{
    (void)state;
    size_t len;
    ask(TRANSPORT_UDP, OCTETS(""), OCTETS(COOKIE));
    assert_int_equal(rcode(), RCODE_NOERROR);
    assert_int_equal(outcome.rcode, RCODE_NOERROR);
    assert_int_equal(wire_get_u16(out + 4), 0);
    uint8_t option[4 + COOKIES_LEN] = {0, 10, 0, COOKIES_LEN};
    memcpy(option + 4, find_option(EDNS_COOKIE, &len), COOKIES_LEN);
    ask(TRANSPORT_UDP, OCTETS(""), option, sizeof(option));
    assert_int_equal(rcode(), RCODE_NOERROR);
    option[sizeof(option) - 1] ^= 1;
    ask(TRANSPORT_UDP, OCTETS(""), option, sizeof(option));
    assert_int_equal(rcode(), RCODE_BADCOOKIE);
    assert_int_equal(outcome.rcode, RCODE_BADCOOKIE);
    assert_true(has_option(EDNS_COOKIE));
}

static void without_question_and_cookie_it_is_no_query(void **state)
{
    (void)state;
    ask(TRANSPORT_UDP, OCTETS(""), OCTETS(NSID));
    assert_int_equal(out[3] & 15, RCODE_FORMERR);
    ask(TRANSPORT_UDP, OCTETS(""),
        OCTETS("\x00\x0a\x00\x07"
               "clients"));
    assert_int_equal(out[3] & 15, RCODE_FORMERR);
    responder.cookies = NULL;
    ask(TRANSPORT_UDP, OCTETS(""), OCTETS(COOKIE));
    assert_int_equal(out[3] & 15, RCODE_FORMERR);
}

static void nsid_is_told_where_there_is_one(void **state)
{
    (void)state;
    size_t len;
    ask(TRANSPORT_UDP, OCTETS(WWW_A), OCTETS(NSID));
    const uint8_t *nsid = find_option(EDNS_NSID, &len);
    assert_int_equal(len, strlen("the nsid"));
    assert_memory_equal(nsid, "the nsid", len);
    ask(TRANSPORT_UDP, OCTETS(WWW_A), OCTETS("\x00\x03\x00\x02xx" NSID)); // RFC 5001 §2.1
    assert_true(has_option(EDNS_NSID));
    responder.identity.nsid = NULL;
    ask(TRANSPORT_UDP, OCTETS(WWW_A), OCTETS(NSID));
    assert_false(has_option(EDNS_NSID));
}

static void the_idle_time_is_told_where_there_is_a_connection(void **state)
{
    (void)state;
    size_t len;
    ask(TRANSPORT_UDP, OCTETS(WWW_A), OCTETS(KEEPALIVE));
    assert_false(has_option(EDNS_KEEPALIVE));
    static const struct {
        unsigned idle_ms;
        uint16_t told;
    } times[] = {{10000, 100}, {199, 1}, {0, 0}, {6553500, 65535}, {7000000, 65535}};
    for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
        responder.tcp_idle_ms = times[i].idle_ms;
        ask(i % 2 == 0 ? TRANSPORT_TCP : TRANSPORT_TLS, OCTETS(WWW_A), OCTETS(KEEPALIVE));
        assert_int_equal(wire_get_u16(find_option(EDNS_KEEPALIVE, &len)), times[i].told);
        assert_int_equal(len, 2);
    }
    ask(TRANSPORT_TCP, OCTETS(WWW_A), OCTETS("\x00\x0b\x00\x02\x00\x01"));
    assert_false(has_option(EDNS_KEEPALIVE));
}

static void replies_are_padded_over_tls_when_the_query_was(void **state)
{
    (void)state;
    ask(TRANSPORT_UDP, OCTETS(WWW_A), OCTETS(PADDING));
    assert_false(has_option(EDNS_PADDING));
    ask(TRANSPORT_TCP, OCTETS(WWW_A), OCTETS(PADDING));
    assert_false(has_option(EDNS_PADDING));
    ask(TRANSPORT_TLS, OCTETS(WWW_A), OCTETS(COOKIE));
    assert_false(has_option(EDNS_PADDING));
    ask(TRANSPORT_TLS, OCTETS(WWW_A), OCTETS(PADDING COOKIE NSID KEEPALIVE));
    assert_int_equal(out_len, 468);
    size_t len;
    const uint8_t *padding = find_option(EDNS_PADDING, &len);
    assert_ptr_equal(padding + len, out + out_len); // behind all else
    for (size_t i = 0; i < len; i++)
        assert_int_equal(padding[i], 0);
    assert_true(has_option(EDNS_COOKIE) && has_option(EDNS_NSID) && has_option(EDNS_KEEPALIVE) &&
                has_option(EDNS_EDE));
}

static void all_options_fit_beside_the_longest_question(void **state)
{
    (void)state;
    uint8_t question[255 + 4] = {0};
    for (size_t at = 0; at < 192; at += 64)
        memset(question + at, at == 0 ? 63 : 63, 64);
    question[192] = 61;
    memset(question + 193, 'x', 61);
    wire_set_u16(question + 255, RR_TYPE_A);
    wire_set_u16(question + 257, RR_CLASS_IN);
    char text[IDENTITY_TEXT_MAX + 1] = {0};
    memset(text, 'n', IDENTITY_TEXT_MAX);
    responder.identity.nsid = text;
    ask(TRANSPORT_TCP, question, sizeof(question), OCTETS(COOKIE NSID KEEPALIVE));
    assert_true(out_len <= DNS_UDP_PLAIN_MAX);
    assert_true(has_option(EDNS_COOKIE) && has_option(EDNS_NSID) && has_option(EDNS_KEEPALIVE) &&
                has_option(EDNS_EDE));
}

static void other_versions_get_the_options_of_this_one(void **state)
{
    (void)state;
    uint8_t message[] = "\x12\x34\x00\x00\x00\x01\x00\x00\x00\x00\x00\x01" WWW_A
                        "\x00\x00\x29\x04\xd0\x00\x01\x00\x00\x00\x10" COOKIE UNKNOWN;
    send_message(TRANSPORT_UDP, message, sizeof(message) - 1);
    opt_at = 12 + sizeof(WWW_A) - 1;
    assert_int_equal(rcode(), RCODE_BADVERS);
    assert_int_equal(out[opt_at + 6], 0);
    assert_true(has_option(EDNS_COOKIE));
    assert_false(has_option(100));
}

// The text of the reply's one record, or NULL.
static const char *chaos(const uint8_t *question, size_t len)
{
    static char text[256];
    uint8_t message[300] = {0x12, 0x34, 0, 0, 0, 1};
    memcpy(message + 12, question, len);
    send_message(TRANSPORT_UDP, message, 12 + len);
    assert_memory_equal(out + 12, question, len);
    if ((out[3] & 15) == RCODE_REFUSED)
        return NULL;
    assert_int_equal(wire_get_u16(out + 6), 1);
    const uint8_t *record = out + 12 + len;
    assert_memory_equal(record, "\xc0\x0c\x00\x10\x00\x03\x00\x00\x00\x00\x00", 11);
    assert_int_equal(record[11], record[12] + 1);
    memcpy(text, record + 13, record[12]);
    text[record[12]] = '\0';
    assert_ptr_equal(record + 13 + record[12], out + out_len);
    return text;
}

static void class_chaos_tells_who_this_is(void **state)
{
    (void)state;
    assert_string_equal(chaos(OCTETS(ID_SERVER_TXT)), "the name");
    assert_string_equal(chaos(OCTETS("\x08HostName\x04"
                                     "Bind\x00\x00\xff\x00\x03")),
                        "the name");
    assert_string_equal(chaos(OCTETS("\x07version\x06server\x00\x00\x10\x00\x03")), "the version");
    assert_string_equal(chaos(OCTETS("\x07version\x04"
                                     "bind\x00\x00\x10\x00\x03")),
                        "the version");
    assert_null(chaos(OCTETS("\x07version\x04"
                             "bind\x00\x00\x01\x00\x03")));
    assert_null(chaos(OCTETS("\x07"
                             "authors\x04"
                             "bind\x00\x00\x10\x00\x03")));
    assert_null(chaos(OCTETS("\x02id\x06server\x00\x00\x10\x00\x04")));
    responder.identity = (struct identity){NULL, NULL, NULL};
    assert_null(chaos(OCTETS(ID_SERVER_TXT)));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(nothing_is_answered_that_was_not_asked),
        TEST(a_client_cookie_is_completed),
        TEST(of_two_cookies_the_first_counts),
        TEST(cookies_of_lengths_that_none_has_are_format_errors),
        TEST(a_cookie_may_be_all_that_is_asked_for),
        TEST(without_question_and_cookie_it_is_no_query),
        TEST(nsid_is_told_where_there_is_one),
        TEST(the_idle_time_is_told_where_there_is_a_connection),
        TEST(replies_are_padded_over_tls_when_the_query_was),
        TEST(all_options_fit_beside_the_longest_question),
        TEST(other_versions_get_the_options_of_this_one),
        TEST(class_chaos_tells_who_this_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
