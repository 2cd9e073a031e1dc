// SPDX-License-Identifier: ISC
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "server/http_get.h"

static unsigned read_all(const char *text, size_t len, bool *ret_head_only)
{
    char *exact = malloc(len > 0 ? len : 1); // so that a sanitizer sees what is read behind it
    assert_non_null(exact);
    memcpy(exact, text, len);
    unsigned status = http_get_read(exact, len, "/metrics", ret_head_only);
    free(exact);
    return status;
}

static unsigned status_of(const char *text)
{
    bool head_only;
    return read_all(text, strlen(text), &head_only);
}

static void requests_get_the_status_they_are_due(void **state)
{
    static const struct {
        unsigned status;
        const char *text;
    } cases[] = {
        {200, "GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n"},
        {200, "GET /metrics HTTP/1.1\nhOST: a\n\n"},
        {200, "GET /metrics?collect=all HTTP/1.1\r\nAccept: */*\r\nHost:\r\n\r\n"},
        {200, "GET /metrics HTTP/1.0\r\n\r\n"},
        {200, "HEAD /metrics HTTP/1.1\r\nHost: a\r\n\r\n"},
        {404, "GET / HTTP/1.1\r\nHost: a\r\n\r\n"},
        {404, "GET /metrics/ HTTP/1.1\r\nHost: a\r\n\r\n"},
        {404, "GET /metric HTTP/1.1\r\nHost: a\r\n\r\n"},
        {404, "HEAD ?/metrics HTTP/1.0\r\n\r\n"},
        {405, "POST /metrics HTTP/1.1\r\nHost: a\r\n\r\n"},
        {405, "get /metrics HTTP/1.1\r\nHost: a\r\n\r\n"},
        {400, "GET /metrics HTTP/1.1\r\n\r\n"},
        {400, "GET /metrics HTTP/1.1\r\nHos: a\r\n\r\n"},
        {400, "GET /metrics\r\n\r\n"},
        {400, "GET  /metrics HTTP/1.1\r\nHost: a\r\n\r\n"},
        {400, " /metrics HTTP/1.1\r\nHost: a\r\n\r\n"},
        {400, "GET /metrics http/1.1\r\nHost: a\r\n\r\n"},
        {400, "\r\n\r\n"},
        {400, "\n\n"},
        {505, "GET /metrics HTTP/2.0\r\nHost: a\r\n\r\n"},
        {505, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"},
        {0, ""},
        {0, "GET /metrics HTTP/1.1"},
        {0, "GET /metrics HTTP/1.1\r\nHost: a\r\n"},
        {0, "GET /metrics HTTP/1.1\r\nHost: a\r\n\r"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        if (status_of(cases[i].text) != cases[i].status)
            fail_msg("%s: %u", cases[i].text, status_of(cases[i].text));
}

static void only_head_wants_the_head_alone(void **state)
{
    static const char head[] = "HEAD /metrics HTTP/1.0\r\n\r\n", get[] = "GET / HTTP/1.0\r\n\r\n";
    bool head_only = false;
    (void)state;
    assert_int_equal(read_all(head, strlen(head), &head_only), 200);
    assert_true(head_only);
    assert_int_equal(read_all(get, strlen(get), &head_only), 404);
    assert_false(head_only);
}

static void a_request_is_read_in_any_pieces(void **state)
{
    static const char text[] = "GET /metrics HTTP/1.1\r\nUser-Agent: x\r\nHost: a\r\n\r\n";
    bool head_only;
    (void)state;
    for (size_t len = 0; len + 1 < sizeof(text) - 1; len++)
        assert_int_equal(read_all(text, len, &head_only), 0);
    assert_int_equal(read_all(text, sizeof(text) - 1, &head_only), 200);
}

static void octets_of_any_kind_are_survived(void **state)
{
    static const char nul[] = "GET /metrics\0 HTTP/1.1\r\nHost: a\r\n\r\n";
    static const char high[] = "\xff\xfe\x80 \x01 HTTP/1.1\r\nHost: a\r\n\r\n";
    bool head_only;
    (void)state;
    assert_int_equal(read_all(nul, sizeof(nul) - 1, &head_only), 404);
    assert_int_equal(read_all(high, sizeof(high) - 1, &head_only), 405);
}

static void a_head_that_has_no_end_is_too_long_and_no_sooner(void **state)
{
    char text[HTTP_GET_HEAD_MAX];
    bool head_only;
    (void)state;
    memset(text, 'x', sizeof(text));
    memcpy(text, "GET /metrics HTTP/1.1\r\nHost: ", 29);
    assert_int_equal(read_all(text, sizeof(text) - 1, &head_only), 0);
    assert_int_equal(read_all(text, sizeof(text), &head_only), 431);
    memcpy(text + sizeof(text) - 4, "\r\n\r\n", 4);
    assert_int_equal(read_all(text, sizeof(text), &head_only), 200);
}

static void each_status_has_its_words(void **state)
{
    (void)state;
    assert_string_equal(http_get_reason(200), "OK");
    assert_string_equal(http_get_reason(400), "Bad Request");
    assert_string_equal(http_get_reason(404), "Not Found");
    assert_string_equal(http_get_reason(405), "Method Not Allowed");
    assert_string_equal(http_get_reason(431), "Request Header Fields Too Large");
    assert_string_equal(http_get_reason(505), "HTTP Version Not Supported");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(requests_get_the_status_they_are_due),
        cmocka_unit_test(only_head_wants_the_head_alone),
        cmocka_unit_test(a_request_is_read_in_any_pieces),
        cmocka_unit_test(octets_of_any_kind_are_survived),
        cmocka_unit_test(a_head_that_has_no_end_is_too_long_and_no_sooner),
        cmocka_unit_test(each_status_has_its_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
