// SPDX-License-Identifier: ISC
// Every answer is read as a whole and octet by octet, with the same result.
#include "probe/http.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define HEAD_MAX 200
#define BODY_MAX 20
#define OK       "HTTP/1.1 200 OK\r\n"

struct answer {
    const char *octets;
    enum http_stage stage; // before the connection ends
    enum http_stage ended; // and when it has ended
    unsigned status;
    const char *type;
    const char *body;
    const char *text;
};

static void take(struct http *http, const char *octets, size_t step)
{
    size_t len = strlen(octets);
    for (size_t at = 0; at < len; at += step)
        http_take(http, (const uint8_t *)octets + at, len - at < step ? len - at : step);
}

static void check(const struct answer *answer, size_t step)
{
    struct http http = {.head_max = HEAD_MAX, .body_max = BODY_MAX};
    take(&http, answer->octets, step);
    assert_int_equal(http.stage, answer->stage);
    http_take(&http, NULL, 0);
    assert_int_equal(http.stage, answer->ended);
    if (answer->ended == HTTP_DONE) {
        assert_int_equal(http.status, answer->status);
        assert_string_equal(http.content_type, answer->type);
        assert_string_equal(buf_text(&http.body), answer->body);
    }
    assert_string_equal(http.text, answer->text);
    http_done(&http);
}

static void answers_are_read(void **state)
{
    (void)state;
    static const struct answer answers[] = {
        {OK "Content-Length: 3\r\n\r\nabcd", HTTP_DONE, HTTP_DONE, 200, "", "abc", ""},
        {OK "content-length: 0\r\n\r\n", HTTP_DONE, HTTP_DONE, 200, "", "", ""},
        {OK "Content-Type: Text/Plain; charset=x\r\nContent-Length:1\r\n\r\na", HTTP_DONE,
         HTTP_DONE, 200, "text/plain", "a", ""},
        {OK "\r\nabc", HTTP_UNTIL_END, HTTP_DONE, 200, "", "abc", ""},
        {"HTTP/1.0 200\nX: y\n\nabc", HTTP_UNTIL_END, HTTP_DONE, 200, "", "abc", ""},
        {OK "Transfer-Encoding: chunked\r\n\r\n2;x=y\r\nab\r\n01\r\nc\r\n0\r\nT: x\r\n\r\n",
         HTTP_DONE, HTTP_DONE, 200, "", "abc", ""},
        {OK "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n",
         HTTP_DONE, HTTP_DONE, 200, "", "ab", ""},
        {OK "Transfer-Encoding: Chunked\r\n\r\nA\r\n0123456789\r\n0\r\n\r\n", HTTP_DONE, HTTP_DONE,
         200, "", "0123456789", ""},
        {"HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\nno", HTTP_DONE, HTTP_DONE, 404, "",
         "no", ""},
        {"HTTP/1.1 204 x\r\nContent-Length: 2\r\n\r\n", HTTP_DONE, HTTP_DONE, 204, "", "", ""},
        {"HTTP/1.1 103 Early\r\nLink: x\r\n\r\n" OK "Content-Length: 1\r\n\r\na", HTTP_DONE,
         HTTP_DONE, 200, "", "a", ""},
        {OK "no field\r\n: y\r\nContent-Length: 1\r\n\r\na", HTTP_DONE, HTTP_DONE, 200, "", "a",
         ""},
        // Not all of it
        {"", HTTP_STATUS_LINE, HTTP_BROKEN, 0, "", "", "ended in the middle"},
        {OK "Content-Length: 3\r\n\r\nab", HTTP_LENGTH, HTTP_BROKEN, 0, "", "",
         "ended in the middle"},
        {OK "Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n", HTTP_CHUNK_SIZE, HTTP_BROKEN, 0, "",
         "", "ended in the middle"},
        {OK "Transfer-Encoding: chunked\r\n\r\n0\r\n", HTTP_TRAILER, HTTP_BROKEN, 0, "", "",
         "ended in the middle"},
        // Not right
        {"220 mx.example ESMTP\r\n", HTTP_BROKEN, HTTP_BROKEN, 0, "", "", "not HTTP/1"},
        {"HTTP/2 200\r\n", HTTP_BROKEN, HTTP_BROKEN, 0, "", "", "not HTTP/1"},
        {"HTTP/1.1 99 x\r\n", HTTP_BROKEN, HTTP_BROKEN, 0, "", "", "not HTTP/1"},
        {"HTTP/1.1 2000 x\r\n", HTTP_BROKEN, HTTP_BROKEN, 0, "", "", "not HTTP/1"},
        {OK "Content-Length: -1\r\n\r\n", HTTP_BROKEN, HTTP_BROKEN, 0, "", "",
         "no single Content-Length"},
        {OK "Content-Length: 1\r\nContent-Length: 2\r\n\r\n", HTTP_BROKEN, HTTP_BROKEN, 0, "", "",
         "no single Content-Length"},
        {OK "Content-Length: 99999999999999999999999\r\n\r\n", HTTP_BROKEN, HTTP_BROKEN, 0, "", "",
         "no single Content-Length"},
        {OK "Transfer-Encoding: gzip\r\n\r\n", HTTP_BROKEN, HTTP_BROKEN, 0, "", "",
         "a transfer encoding other than chunked"},
        {OK "Transfer-Encoding: chunked\r\n\r\nx\r\n", HTTP_BROKEN, HTTP_BROKEN, 0, "", "",
         "a chunk without a size"},
        {OK "Transfer-Encoding: chunked\r\n\r\n2\r\nabc\r\n", HTTP_BROKEN, HTTP_BROKEN, 0, "", "",
         "a chunk longer than its size"},
        {OK "Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n", HTTP_BROKEN, HTTP_BROKEN, 0,
         "", "", "a chunk without a size"},
        // Too much
        {OK "\r\nabcdefghijklmnopqrstuvwxyz", HTTP_BROKEN, HTTP_BROKEN, 0, "", "",
         "more than 20 octets"},
    };
    for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
        check(&answers[i], 1000);
        check(&answers[i], 1);
    }
}

static void a_head_without_end_is_refused(void **state)
{
    (void)state;
    struct http http = {.head_max = HEAD_MAX, .body_max = BODY_MAX};
    take(&http, OK, 100);
    for (unsigned i = 0; i < 100 && http.stage != HTTP_BROKEN; i++)
        take(&http, "X: y\r\n", 100);
    assert_string_equal(http.text, "a head of more than 200 octets");
    assert_true(http.line.cap <= 1024);
    http_done(&http);
}

static void interim_answers_without_end_are_refused(void **state)
{
    (void)state;
    struct http http = {.head_max = HEAD_MAX, .body_max = BODY_MAX};
    for (unsigned i = 0; i < 100 && http.stage != HTTP_BROKEN; i++)
        take(&http, "HTTP/1.1 100 Continue\r\n\r\n", 100);
    assert_int_equal(http.stage, HTTP_BROKEN);
    http_done(&http);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers_are_read),
        cmocka_unit_test(a_head_without_end_is_refused),
        cmocka_unit_test(interim_answers_without_end_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
