// SPDX-License-Identifier: ISC
// Names in rdata end in a pointer to the longest suffix that the question, or a name that the answer
// leads to, has of them.
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "dns/wire.h"
#include "tests/support/ask.h"
#include "tests/support/zone_reply.h"

// Octets of a record but for its owner and rdata, and of a pointer.
#define HEAD    10
#define POINTER 2

static const char zone_text[] =
    "@ SOA ns1 hostmaster 1 14400 3600 604800 300\n@ NS ns1\n"
    "ns1 A 192.0.2.1\nhostmaster A 192.0.2.2\n"
    "sub NS ns.sub\nsub NS ns1\nns.sub A 192.0.2.3\nns.sub AAAA 2001:db8::3\n"
    "two NS a.dns.two\ntwo NS b.dns.two\na.dns.two A 192.0.2.4\nb.dns.two A 192.0.2.5\n"
    "alias CNAME x.ns1\nround CNAME about\nabout CNAME round\ndname DNAME ns1\n"
    "*.wild MX 10 mx.wild\n*.wild MX 20 ns1\n";

struct row {
    const char *question;
    size_t question_len; // of its name
    size_t records;      // octets of all that stands behind the question
    const char *text;
};

static void expect(const struct image *image, const struct row *row)
{
    static uint8_t out[DNS_MESSAGE_MAX];
    size_t len = zone_reply_write(image, row->question, out, sizeof(out));
    char *text = ask_text(out, len);
    if (strcmp(text, row->text) != 0)
        fail_msg("%s\n%s--- expected:\n%s", row->question, text, row->text);
    free(text);
    size_t expected = DNS_HEADER_LEN + row->question_len + 4 + row->records;
    if (len != expected)
        fail_msg("%s: %zu octets, expected %zu", row->question, len, expected);
}

static void expect_all(const struct row *rows, size_t count)
{
    struct zone_reply zone;
    zone_reply_open(&zone, zone_text);
    for (size_t i = 0; i < count; i++)
        expect(&zone.image, &rows[i]);
    buf_done(&zone.octets);
}

#define SOA(apex, mname, rname)                                                                    \
    "authority " apex " SOA/300 " mname " " rname " 1 14400 3600 604800 300\n"
#define NUMBERS 20 // of a SOA

static void a_negative_answer_names_the_name_asked_for_once(void **state)
{
    (void)state;
    size_t head = POINTER + HEAD;
    const struct row rows[] = {
        {"ns1.example. MX", 13, head + POINTER + 11 + POINTER + NUMBERS,
         "NOERROR aa\n" SOA("example.", "ns1.example.", "hostmaster.example.")},
        {"x.Ns1.eXample. A", 15, head + POINTER + 11 + POINTER + NUMBERS,
         "NXDOMAIN aa\n" SOA("eXample.", "Ns1.eXample.", "hostmaster.eXample.")},
        {"hostmaster.example. MX", 20, head + 4 + POINTER + POINTER + NUMBERS,
         "NOERROR aa\n" SOA("example.", "ns1.example.", "hostmaster.example.")},
        // A longer label is another label.
        {"hostmaster1.example. MX", 21, head + 4 + POINTER + 11 + POINTER + NUMBERS,
         "NXDOMAIN aa\n" SOA("example.", "ns1.example.", "hostmaster.example.")},
        // The target of the CNAME has the server's name, and so has that made from a DNAME.
        {"alias.example. A", 15, head + 2 + 4 + POINTER + head + POINTER + 11 + POINTER + NUMBERS,
         "NXDOMAIN aa\nanswer alias.example. CNAME x.ns1.example.\n" SOA("example.", "ns1.example.",
                                                                         "hostmaster.example.")},
        {"x.dname.example. MX", 17,
         head + 13 + head + 2 + POINTER + head + POINTER + 11 + POINTER + NUMBERS,
         "NXDOMAIN aa\nanswer dname.example. DNAME ns1.example.\n"
         "answer x.dname.example. CNAME x.ns1.example.\n" SOA("example.", "ns1.example.",
                                                              "hostmaster.example.")},
    };
    expect_all(rows, sizeof(rows) / sizeof(*rows));
}

#define SUB                                                                                        \
    "NOERROR\nauthority sub.example. NS ns.sub.example.\nauthority sub.example. NS "               \
    "ns1.example.\nadditional ns.sub.example. A 192.0.2.3\nadditional ns.sub.example. AAAA "       \
    "2001:db8::3\nadditional ns1.example. A 192.0.2.1\n"
#define TWO                                                                                        \
    "NOERROR\nauthority two.example. NS a.dns.two.example.\nauthority two.example. NS "            \
    "b.dns.two.example.\nadditional a.dns.two.example. A 192.0.2.4\nadditional "                   \
    "b.dns.two.example. A 192.0.2.5\n"

// What stands behind a name that became shorter is found by pointers all the same.
static void a_referral_to_the_name_asked_for_has_it_once(void **state)
{
    (void)state;
    size_t head = POINTER + HEAD, addresses = head + 4 + head + 16 + head + 4;
    const struct row rows[] = {
        {"sub.example. A", 13, head + 3 + POINTER + head + 4 + POINTER + addresses, SUB},
        {"ns.sub.example. A", 16, head + POINTER + head + 4 + POINTER + addresses, SUB},
        {"x.ns.sub.example. A", 18, head + POINTER + head + 4 + POINTER + addresses, SUB},
        {"two.example. A", 13, head + 2 + 4 + POINTER + head + 2 + POINTER + 2 * (head + 4), TWO},
        {"x.dns.two.example. A", 19, 2 * (head + 2 + POINTER) + 2 * (head + 4), TWO},
        {"a.dns.two.example. A", 19, head + POINTER + head + 2 + POINTER + 2 * (head + 4), TWO},
        {"b.dns.two.example. A", 19, head + 2 + POINTER + head + POINTER + 2 * (head + 4), TWO},
    };
    expect_all(rows, sizeof(rows) / sizeof(*rows));
}

static void an_answer_has_the_names_of_its_chain_once(void **state)
{
    (void)state;
    size_t head = POINTER + HEAD;
    const struct row rows[] = {
        {"round.example. A", 15, head + 6 + POINTER + head + POINTER,
         "NOERROR aa\nanswer round.example. CNAME about.example.\n"
         "answer about.example. CNAME round.example.\n"},
        {"mx.wild.example. MX", 17, head + 2 + POINTER + head + 2 + 4 + POINTER,
         "NOERROR aa\nanswer mx.wild.example. MX 10 mx.wild.example.\n"
         "answer mx.wild.example. MX 20 ns1.example.\n"},
        {"x.mx.wild.example. MX", 19, head + 2 + POINTER + head + 2 + 4 + POINTER,
         "NOERROR aa\nanswer x.mx.wild.example. MX 10 mx.wild.example.\n"
         "answer x.mx.wild.example. MX 20 ns1.example.\n"},
    };
    expect_all(rows, sizeof(rows) / sizeof(*rows));
}

static void expect_servers(const char *text, const char *question, const char *cut, unsigned count,
                           void name_server(unsigned i, char name[80]))
{
    struct zone_reply zone;
    zone_reply_open(&zone, text);
    static uint8_t out[DNS_MESSAGE_MAX];
    char *reply = ask_text(out, zone_reply_write(&zone.image, question, out, sizeof(out)));
    for (unsigned i = 0; i < count; i++) {
        char name[80], line[200];
        name_server(i, name);
        snprintf(line, sizeof(line), "authority %s.example. NS %s.example.\n", cut, name);
        assert_non_null(strstr(reply, line));
        snprintf(line, sizeof(line), "additional %s.example. A 192.0.2.%u\n", name, i % 256);
        assert_non_null(strstr(reply, line));
    }
    free(reply);
    buf_done(&zone.octets);
}

static void put_servers(struct buf *text, const char *cut, unsigned count,
                        void name_server(unsigned i, char name[80]))
{
    buf_put_text(text, "@ SOA ns1 h 1 2 3 4 5\n");
    for (unsigned i = 0; i < count; i++) {
        char name[80];
        name_server(i, name);
        buf_printf(text, "%s NS %s\n%s A 192.0.2.%u\n", cut, name, name, i % 256);
    }
}

static void name_numbered(unsigned i, char name[80])
{
    snprintf(name, 80, "l%u.sub", i);
}

static void a_name_beyond_16_kilobytes_becomes_shorter(void **state)
{
    (void)state;
    struct buf text = {0};
    put_servers(&text, "sub", 900, name_numbered);
    expect_servers(buf_text(&text), "x.l7.sub.example. A", "sub", 900, name_numbered);
    expect_servers(buf_text(&text), "l899.sub.example. A", "sub", 900, name_numbered);
    buf_done(&text);
}

#define NESTED "l11.l10.l9.l8.l7.l6.l5.l4.l3.l2.l1.l0.sub"

// The last labels of NESTED: each name ends in the one before it.
static void name_nested(unsigned i, char name[80])
{
    char label[8];
    snprintf(label, sizeof(label), "l%u.", i);
    snprintf(name, 80, "%s", strstr(NESTED, label));
}

// More than are noted as left out, and suffixes of what was.
static void many_names_become_shorter(void **state)
{
    (void)state;
    struct buf text = {0};
    put_servers(&text, "sub", 12, name_nested);
    expect_servers(buf_text(&text), NESTED ".example. A", "sub", 12, name_nested);
    expect_servers(buf_text(&text), "l3.l2.l1.l0.sub.example. A", "sub", 12, name_nested);
    expect_servers(buf_text(&text), "x.l2.l1.l0.sub.example. A", "sub", 12, name_nested);
    buf_done(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_negative_answer_names_the_name_asked_for_once),
        cmocka_unit_test(a_referral_to_the_name_asked_for_has_it_once),
        cmocka_unit_test(an_answer_has_the_names_of_its_chain_once),
        cmocka_unit_test(a_name_beyond_16_kilobytes_becomes_shorter),
        cmocka_unit_test(many_names_become_shorter),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
