// SPDX-License-Identifier: ISC
#include "probe/smtp.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static void replies_are_read(void **state)
{
    (void)state;
    static const struct {
        const char *octets;
        enum smtp_reading reading;
        unsigned code;
        bool starttls;
        size_t left; // octets behind the reply
        const char *text;
    } replies[] = {
        {"220 mx.example ESMTP\r\n", SMTP_REPLY, 220, false, 0, "220 mx.example ESMTP"},
        {"220 mx.example\n", SMTP_REPLY, 220, false, 0, "220 mx.example"},
        {"220\r\n", SMTP_REPLY, 220, false, 0, "220"},
        {"220-wait\r\n220 go\r\n", SMTP_REPLY, 220, false, 0, "220 go"},
        {"250-mx\r\n250-STARTTLS\r\n250 DSN\r\n", SMTP_REPLY, 250, true, 0, "250 DSN"},
        {"250-mx\r\n250-starttls \r\n250 DSN\r\n", SMTP_REPLY, 250, true, 0, "250 DSN"},
        {"250-mx\r\n250 STARTTLS\r\n", SMTP_REPLY, 250, true, 0, "250 STARTTLS"},
        {"250-mx\r\n250 STARTTLSX\r\n", SMTP_REPLY, 250, false, 0, "250 STARTTLSX"},
        {"250-mx\r\n250 XSTARTTLS\r\n", SMTP_REPLY, 250, false, 0, "250 XSTARTTLS"},
        {"220 go\r\nMORE", SMTP_REPLY, 220, false, 4, "220 go"},
        {"554 \033[31mred\377\r\n", SMTP_REPLY, 554, false, 0, "554 ?[31mred?"},
        {"", SMTP_MORE, 0, false, 0, ""},
        {"22", SMTP_MORE, 0, false, 0, ""},
        {"220 no end", SMTP_MORE, 0, false, 0, ""},
        {"220-only\r\n", SMTP_MORE, 0, false, 0, ""},
        {"hello\r\n", SMTP_BROKEN, 0, false, 0, ""},
        {"\r\n", SMTP_BROKEN, 0, false, 0, ""},
        {"22\r\n", SMTP_BROKEN, 0, false, 0, ""},
        {"120 x\r\n", SMTP_BROKEN, 0, false, 0, ""},
        {"620 x\r\n", SMTP_BROKEN, 0, false, 0, ""},
        {"220x\r\n", SMTP_BROKEN, 0, false, 0, ""},
        {"220-a\r\n221 b\r\n", SMTP_BROKEN, 0, false, 0, ""},
        {"HTTP/1.1 400 Bad Request\r\n", SMTP_BROKEN, 0, false, 0, ""},
    };
    for (size_t i = 0; i < sizeof(replies) / sizeof(replies[0]); i++) {
        struct smtp_reply reply;
        size_t len = strlen(replies[i].octets);
        enum smtp_reading reading = smtp_read((const uint8_t *)replies[i].octets, len, &reply);
        assert_int_equal(reading, replies[i].reading);
        if (reading != SMTP_REPLY)
            continue;
        assert_int_equal(reply.code, replies[i].code);
        assert_int_equal(reply.starttls, replies[i].starttls);
        assert_int_equal(len - reply.used, replies[i].left);
        assert_string_equal(reply.text, replies[i].text);
    }
}

static void a_long_line_is_cut_for_people(void **state)
{
    (void)state;
    uint8_t line[600];
    struct smtp_reply reply;
    memset(line, 'x', sizeof(line));
    memcpy(line, "554 ", 4);
    memcpy(line + sizeof(line) - 2, "\r\n", 2);
    assert_int_equal(smtp_read(line, sizeof(line), &reply), SMTP_REPLY);
    assert_int_equal(strlen(reply.text), SMTP_TEXT_MAX - 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(replies_are_read),
        cmocka_unit_test(a_long_line_is_cut_for_people),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
