// SPDX-License-Identifier: ISC
#include "server/slip.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "dns/wire.h"
#include "server/answer.h"
#include "server/question.h"
#include "server/reply.h"
#include "tests/support/ask.h"
#include "tests/support/zone_text.h"

#define ZONE                                                                                       \
    "@ SOA ns1 hostmaster 1 14400 3600 604800 300\n@ NS ns1\n@ NS ns2\nns1 A 192.0.2.1\n"          \
    "www A 192.0.2.2\nalias CNAME www\nfar CNAME www.example.net.\nsub NS ns.sub\n"                \
    "ns.sub A 192.0.2.4\nsub DS 1 13 2 "                                                           \
    "0000000000000000000000000000000000000000000000000000000000000000\n*.wild TXT wild\n"          \
    "red DNAME www.example.net.\n"

static const struct opt no_options;
static struct buf octets;
static struct image image;

static int set_up(void **state)
{
    struct error err = {0};
    (void)state;
    zone_text_image("example.", ZONE, &octets);
    if (image_open(octets.data, octets.len, &image, &err) != STATUS_OK)
        fail_msg("%s", err.text);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    buf_done(&octets);
    return 0;
}

// The slip instead of the reply to the question, in a block of exactly the reply's length. The caller frees it.
static uint8_t *slip(const char *question, bool cookie, size_t *ret_query_len, size_t *ret_len)
{
    static uint8_t whole[DNS_MESSAGE_MAX];
    uint8_t message[ASK_MAX];
    struct query query;
    struct answer_link links[ANSWER_LINKS_MAX + 1];
    struct answer answer = {.links = links};
    *ret_query_len = ask_query(question, message);
    assert_int_equal(question_read(message, *ret_query_len, &query), QUERY_LOOKUP);
    answer_make(&image, &query, &answer);
    size_t len = reply_write(&image, &query, &answer, &no_options, whole, sizeof(whole));
    uint8_t *reply = test_malloc(len); // the sanitizer watches its end
    memcpy(reply, whole, len);
    *ret_len = slip_make(reply, len, cookie);
    assert_memory_equal(reply, message, 2);
    assert_memory_equal(reply + DNS_HEADER_LEN, message + DNS_HEADER_LEN,
                        (size_t)query.question_len);
    return reply;
}

static void every_kind_of_reply_is_cut_to_the_length_of_its_query(void **state)
{
    (void)state;
    static const struct {
        const char *question, *expected;
    } rows[] = {
        {"www.example. A", "NOERROR aa tc\n"},
        {"wWw.eXample. A +do", "NOERROR aa tc\nopt\n"},
        {"alias.example. A +edns", "NOERROR aa tc\nopt\n"},
        {"far.example. A", "NOERROR aa tc\n"},
        {"x.red.example. A +do", "NOERROR aa tc\nopt\n"},
        {"nothing.example. A +do", "NOERROR aa tc\nopt\n"},
        {"nothing.example. A", "NOERROR aa tc\n"},
        {"www.example. MX +do", "NOERROR aa tc\nopt\n"},
        {"a.b.wild.example. TXT +do", "NOERROR aa tc\nopt\n"},
        {"x.sub.example. A +do", "NOERROR tc\nopt\n"},
        {"x.sub.example. A", "NOERROR tc\n"},
        {"example. NS +do", "NOERROR aa tc\nopt\n"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        size_t query_len, len;
        uint8_t *reply = slip(rows[i].question, false, &query_len, &len);
        assert_int_equal(len, query_len);
        char *text = ask_text(reply, len);
        if (strcmp(text, rows[i].expected) != 0)
            fail_msg("%s\n%s--- expected:\n%s", rows[i].question, text, rows[i].expected);
        free(text);
        test_free(reply);
    }
}

static void what_stands_in_the_opt_is_kept(void **state)
{
    (void)state;
    uint8_t message[ASK_MAX];
    uint8_t out[DNS_UDP_EDNS_MAX];
    uint8_t cookie[COOKIES_LEN] = "12345678abcdefgh8765432";
    struct query query;
    struct answer_link links[ANSWER_LINKS_MAX + 1];
    struct answer answer = {.links = links};
    struct opt opt;
    size_t query_len = ask_query("www.example. A +do", message);
    assert_int_equal(question_read(message, query_len, &query), QUERY_LOOKUP);
    answer_make(&image, &query, &answer);
    answer.ede = EDE_NOT_READY;
    opt_init(&opt);
    opt_put_cookie(&opt, cookie);
    size_t len =
        slip_make(out, reply_write(&image, &query, &answer, &opt, out, sizeof(out)), false);
    assert_int_equal(len, query_len + OPT_OPTION_HEAD + COOKIES_LEN + OPT_OPTION_HEAD + 2);
    assert_memory_equal(out + query_len + OPT_OPTION_HEAD, cookie, COOKIES_LEN);
    assert_memory_equal(out + len - 6, "\x00\x0f\x00\x02\x00\x0e", 6); // RFC 8914 §2
    char *text = ask_text(out, len);
    assert_string_equal(text, "NOERROR aa tc\nopt\n");
    free(text);
}

// RFC 7873 §5.2.3: neither an answer nor cut, so that the client asks again with the cookie.
static void who_can_show_a_cookie_is_told_to(void **state)
{
    (void)state;
    static const char *const questions[] = {"www.example. A +do", "nothing.example. A +edns",
                                            "x.sub.example. A +do", "example. NS +edns"};
    for (size_t i = 0; i < sizeof(questions) / sizeof(questions[0]); i++) {
        size_t query_len, len;
        uint8_t *reply = slip(questions[i], true, &query_len, &len);
        assert_int_equal(len, query_len);
        char *text = ask_text(reply, len);
        assert_string_equal(text, "RCODE23\nopt\n");
        free(text);
        test_free(reply);
    }
}

// One that was truncated for its size has no more than that.
static void a_truncated_reply_stays_as_it_is(void **state)
{
    (void)state;
    size_t query_len, len;
    uint8_t *reply = slip("www.example. A +do", false, &query_len, &len);
    uint8_t *again = test_malloc(len);
    memcpy(again, reply, len);
    assert_int_equal(slip_make(again, len, false), len);
    assert_memory_equal(again, reply, len);
    test_free(again);
    test_free(reply);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(every_kind_of_reply_is_cut_to_the_length_of_its_query,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_stands_in_the_opt_is_kept, set_up, tear_down),
        cmocka_unit_test_setup_teardown(who_can_show_a_cookie_is_told_to, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_truncated_reply_stays_as_it_is, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
