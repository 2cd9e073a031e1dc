// SPDX-License-Identifier: ISC
// Answers as the engine gives them, made by ldns from text, and what clients get of them, read by ldns again.
#include "resolver/reply.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <ldns/ldns.h>

#include "base/buf.h"
#include "dns/wire.h"
#include "resolver/names.h"
#include "tests/support/ask.h"

#define SIG(owner, type)                                                                           \
    "answer " owner " 3600 RRSIG " type " 13 2 3600 20261231000000 20260101000000 1 example. "     \
    "AAAA\n"
#define WWW                                                                                        \
    "answer www.example. 3600 A 192.0.2.1\nanswer www.example. 3600 A 192.0.2.2\n" SIG(            \
        "www.example.", "A")
#define WWW_TEXT "answer www.example. A 192.0.2.1\nanswer www.example. A 192.0.2.2\n"
#define NXDOMAIN                                                                                   \
    "authority example. 300 SOA ns1.example. hostmaster.example. 1 14400 3600 604800 300\n"        \
    "authority example. 300 RRSIG SOA 13 1 300 20261231000000 20260101000000 1 example. AAAA\n"    \
    "authority a.example. 300 NSEC z.example. A RRSIG NSEC\n"                                      \
    "authority a.example. 300 RRSIG NSEC 13 2 300 20261231000000 20260101000000 1 example. AAAA\n"

// ── The engine's side ────────────────────────────────────────────────────────────────────────────

static ldns_pkt_section section_of(const char *word)
{
    if (strcmp(word, "answer") == 0)
        return LDNS_SECTION_ANSWER;
    return strcmp(word, "authority") == 0 ? LDNS_SECTION_AUTHORITY : LDNS_SECTION_ADDITIONAL;
}

// A whole message with DO, its records one a line: "answer www.example. 3600 A 192.0.2.1".
static size_t make_packet(const char *question, unsigned rcode, const char *records, uint8_t *out)
{
    char name[NAME_TEXT_MAX];
    char type[32];
    assert_int_equal(sscanf(question, "%1023s %31s", name, type), 2);
    ldns_pkt *packet =
        ldns_pkt_query_new(ldns_dname_new_frm_str(name), ldns_get_rr_type_by_name(type),
                           LDNS_RR_CLASS_IN, LDNS_QR | LDNS_RA | LDNS_AA);
    ldns_pkt_set_rcode(packet, (uint8_t)rcode);
    ldns_pkt_set_edns_udp_size(packet, 4096);
    ldns_pkt_set_edns_do(packet, true);
    char *copy = strdup(records);
    char *save;
    for (char *line = strtok_r(copy, "\n", &save); line != NULL;
         line = strtok_r(NULL, "\n", &save)) {
        char section[16];
        int at;
        ldns_rr *rr;
        assert_int_equal(sscanf(line, "%15s %n", section, &at), 1);
        if (ldns_rr_new_frm_str(&rr, line + at, 0, NULL, NULL) != LDNS_STATUS_OK)
            fail_msg("not a record: %s", line);
        ldns_pkt_push_rr(packet, section_of(section), rr);
    }
    free(copy);
    uint8_t *wire;
    size_t len;
    assert_int_equal(ldns_pkt2wire(&wire, packet, &len), LDNS_STATUS_OK);
    memcpy(out, wire, len);
    free(wire);
    ldns_pkt_free(packet);
    return len;
}

static struct asked ask(const char *question, uint16_t flags)
{
    uint8_t octets[ASK_MAX];
    struct query query;
    struct asked asked;
    size_t len = ask_query(question, octets);
    wire_set_u16(octets + 2, flags | HEADER_RD);
    assert_int_equal(query_parse(octets, len, &query), QUERY_LOOKUP);
    asked_keep(&query, &asked);
    return asked;
}

// ── One answer, one expectation ──────────────────────────────────────────────────────────────────

struct situation {
    const char *question; // as for ask_query
    uint16_t flags;       // AD, CD
    enum engine_security security;
    unsigned rcode; // in the packet
    const char *records;
    const char *why;
};

static size_t reply_to(const struct situation *situation, size_t limit, uint8_t *out)
{
    static uint8_t packet[DNS_MESSAGE_MAX];
    struct asked asked = ask(situation->question, situation->flags);
    struct engine_result result = {
        .packet = packet, .security = situation->security, .why_bogus = situation->why};
    result.packet_len =
        make_packet(situation->question, situation->rcode, situation->records, packet);
    uint8_t *room = test_malloc(limit); // the sanitizer watches its end
    size_t len = reply_write(&asked, &result, room, limit);
    assert_true(len <= limit);
    assert_memory_equal(room + DNS_HEADER_LEN, asked.question, asked.question_len);
    memcpy(out, room, len);
    test_free(room);
    return len;
}

static void expect(const struct situation *situation, size_t limit, const char *expected)
{
    static uint8_t out[DNS_MESSAGE_MAX];
    char *text = ask_text(out, reply_to(situation, limit, out));
    if (strcmp(text, expected) != 0)
        fail_msg("%s\n%s--- expected:\n%s", situation->question, text, expected);
    free(text);
}

static void ad_is_for_those_who_ask_and_for_what_is_secure(void **state)
{
    (void)state;
    static const struct {
        const char *question;
        uint16_t flags;
        enum engine_security security;
        const char *head;
    } cases[] = {
        {"www.example. A", 0, ENGINE_SECURE, "NOERROR rd ra\n"},
        {"www.example. A", HEADER_AD, ENGINE_SECURE, "NOERROR rd ra ad\n"},
        {"www.example. A +edns", 0, ENGINE_SECURE, "NOERROR rd ra\n"},
        {"www.example. A +edns", HEADER_AD, ENGINE_SECURE, "NOERROR rd ra ad\n"},
        {"www.example. A +do", 0, ENGINE_SECURE, "NOERROR rd ra ad\n"},
        {"www.example. A +do", HEADER_CD, ENGINE_SECURE, "NOERROR rd ra ad cd\n"},
        {"www.example. A +do", HEADER_AD, ENGINE_INSECURE, "NOERROR rd ra\n"},
        {"www.example. A", HEADER_AD | HEADER_CD, ENGINE_INSECURE, "NOERROR rd ra cd\n"},
        {"www.example. A +do", HEADER_AD, ENGINE_BOGUS, "SERVFAIL rd ra\n"},
        {"www.example. A +do", HEADER_AD | HEADER_CD, ENGINE_BOGUS, "NOERROR rd ra cd\n"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        static uint8_t out[DNS_MESSAGE_MAX];
        struct situation situation = {
            cases[i].question, cases[i].flags, cases[i].security, 0, WWW, NULL};
        char *text = ask_text(out, reply_to(&situation, DNS_UDP_EDNS_MAX, out));
        if (strncmp(text, cases[i].head, strlen(cases[i].head)) != 0)
            fail_msg("%s flags %04x security %d: %s", cases[i].question, cases[i].flags,
                     (int)cases[i].security, text);
        free(text);
    }
}

static void dnssec_records_are_for_do_or_for_those_who_name_them(void **state)
{
    (void)state;
    struct situation situation = {"www.example. A", 0, ENGINE_SECURE, 0, WWW, NULL};
    expect(&situation, 512, "NOERROR rd ra\n" WWW_TEXT);
    situation.question = "www.example. A +do";
    expect(&situation, 512, "NOERROR rd ra ad\n" WWW_TEXT "answer www.example. RRSIG A\nopt\n");
    situation.question = "www.example. RRSIG";
    situation.records = SIG("www.example.", "A") SIG("www.example.", "NSEC");
    expect(&situation, 512,
           "NOERROR rd ra\nanswer www.example. RRSIG A\nanswer www.example. RRSIG NSEC\n");
    situation.question = "example. DS";
    situation.records =
        "answer example. 3600 DS 1 13 2 "
        "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\n" SIG("example.", "DS");
    expect(&situation, 512, "NOERROR rd ra\nanswer example. DS\n");
    situation.question = "example. ANY";
    situation.records = "answer example. 3600 NSEC www.example. A NSEC\n" SIG("example.", "NSEC");
    expect(&situation, 512,
           "NOERROR rd ra\nanswer example. NSEC www.example. A NSEC\nanswer example. RRSIG NSEC\n");
}

static void denials_keep_their_soa(void **state)
{
    (void)state;
    struct situation situation = {"no.example. A", HEADER_AD, ENGINE_SECURE,
                                  RCODE_NXDOMAIN,  NXDOMAIN,  NULL};
    expect(&situation, 512,
           "NXDOMAIN rd ra ad\nauthority example. SOA/300 ns1.example. hostmaster.example. 1 14400 "
           "3600 604800 300\n");
    situation.question = "no.example. A +do";
    expect(&situation, 1232,
           "NXDOMAIN rd ra ad\nauthority example. SOA/300 ns1.example. hostmaster.example. 1 14400 "
           "3600 604800 300\nauthority example. RRSIG/300 SOA\nauthority a.example. NSEC/300 "
           "z.example. A RRSIG NSEC\nauthority a.example. RRSIG/300 NSEC\nopt\n");
}

static void names_in_rdata_follow_what_moved(void **state)
{
    (void)state;
    static const char chain[] = "answer a.example. 3600 CNAME b.c.example.net.\n" SIG(
        "a.example.", "CNAME") "answer b.c.example.net. 3600 MX 10 "
                               "mail.c.example.net.\n" SIG("b.c.example.net.",
                                                           "MX") "answer b.c.example.net. "
                                                                 "3600 MX 20 "
                                                                 "b.c.example.net.\n"
                                                                 "authority c.example.net. "
                                                                 "3600 NS "
                                                                 "ns.c.example.net.\n"
                                                                 "authority c.example.net. "
                                                                 "3600 MINFO a.example. "
                                                                 "x.a.example.\n"
                                                                 "authority c.example.net. "
                                                                 "3600 SRV 1 2 3 "
                                                                 "b.c.example.net.\n";
    struct situation situation = {"a.example. MX", 0, ENGINE_INSECURE, 0, chain, NULL};
    expect(&situation, 512,
           "NOERROR rd ra\nanswer a.example. CNAME b.c.example.net.\nanswer b.c.example.net. MX 10 "
           "mail.c.example.net.\nanswer b.c.example.net. MX 20 b.c.example.net.\nauthority "
           "c.example.net. NS ns.c.example.net.\nauthority c.example.net. MINFO a.example. "
           "x.a.example.\nauthority c.example.net. SRV 1 2 3 b.c.example.net.\n");
}

static void the_question_keeps_its_case(void **state)
{
    (void)state;
    struct asked asked = ask("wWw.eXAMple. A", 0);
    uint8_t packet[512];
    uint8_t out[512];
    size_t len = make_packet("www.example. A", 0, WWW, packet);
    struct engine_result result = {.packet = packet, .packet_len = len};
    len = reply_write(&asked, &result, out, sizeof(out));
    assert_int_equal(len, 12 + 17 + 2 * 16);
    assert_memory_equal(out, "\x12\x34\x81\x80\x00\x01\x00\x02\x00\x00\x00\x00", 12);
    assert_memory_equal(out + 12,
                        "\x03wWw\x07"
                        "eXAMple\x00\x00\x01\x00\x01",
                        17);
    assert_memory_equal(out + 29,
                        "\xc0\x0c\x00\x01\x00\x01\x00\x00\x0e\x10\x00\x04\xc0\x00\x02\x01", 16);
}

// ── Errors ───────────────────────────────────────────────────────────────────────────────────────

// The option of the OPT that ends the message, as "CODE TEXT".
static void extended_error(const uint8_t *out, size_t len, char text[600])
{
    text[0] = '\0';
    ldns_pkt *packet;
    assert_int_equal(ldns_wire2pkt(&packet, out, len), LDNS_STATUS_OK);
    const ldns_rdf *data = ldns_pkt_edns_data(packet);
    if (data != NULL) {
        const uint8_t *option = ldns_rdf_data(data);
        assert_int_equal(wire_get_u16(option), 15);
        assert_int_equal(wire_get_u16(option + 2) + 4U, ldns_rdf_size(data));
        snprintf(text, 600, "%u %.*s", wire_get_u16(option + 4), (int)ldns_rdf_size(data) - 6,
                 (const char *)option + 6);
    }
    ldns_pkt_free(packet);
}

static void bogus_says_why(void **state)
{
    (void)state;
    uint8_t out[DNS_UDP_EDNS_MAX];
    char text[600];
    struct situation situation = {
        "www.example. A +edns",
        0,
        ENGINE_BOGUS,
        RCODE_NXDOMAIN,
        WWW,
        "validation failure <www.example. A IN>: signature expired \x07\xff"};
    size_t len = reply_to(&situation, sizeof(out), out);
    assert_int_equal(out[3], HEADER_RA | RCODE_SERVFAIL);
    assert_int_equal(wire_get_u16(out + 6), 0);
    extended_error(out, len, text);
    assert_string_equal(text, "7 signature expired ??");

    situation.flags = HEADER_CD;
    len = reply_to(&situation, sizeof(out), out);
    assert_int_equal(out[3], HEADER_RA | HEADER_CD | RCODE_NXDOMAIN);
    assert_int_equal(wire_get_u16(out + 6), 2);
    extended_error(out, len, text);
    assert_string_equal(text, "7 ");

    situation.flags = 0;
    situation.why = NULL;
    extended_error(out, reply_to(&situation, sizeof(out), out), text);
    assert_string_equal(text, "6 ");
    situation.question = "www.example. A"; // no OPT, no words
    expect(&situation, 512, "SERVFAIL rd ra\n");
}

static void long_reasons_are_cut_to_what_512_octets_hold(void **state)
{
    (void)state;
    char longest[NAME_TEXT_MAX];
    char why[2000];
    memset(why, 'x', sizeof(why) - 1);
    why[sizeof(why) - 1] = '\0';
    snprintf(longest, sizeof(longest), "%063d.%063d.%063d.%061d. A +size=512", 1, 2, 3, 4);
    struct asked asked = ask(longest, 0);
    struct engine_result result = {.security = ENGINE_BOGUS, .why_bogus = why};
    uint8_t out[512];
    assert_int_equal(reply_write(&asked, &result, out, sizeof(out)), 512);
    char text[600];
    extended_error(out, 512, text);
    assert_int_equal(strlen(text), 2 + 224);
}

static void no_answer_is_servfail_with_the_reason(void **state)
{
    (void)state;
    struct asked asked = ask("www.example. A +edns", HEADER_AD);
    uint8_t out[512];
    char text[600];
    struct engine_result result = {.rcode = RCODE_SERVFAIL};
    size_t len = reply_write(&asked, &result, out, sizeof(out));
    assert_int_equal(out[3], HEADER_RA | RCODE_SERVFAIL);
    extended_error(out, len, text);
    assert_memory_equal(text, "22 ", 3);
    result.rcode = RCODE_REFUSED;
    len = reply_write(&asked, &result, out, sizeof(out));
    assert_int_equal(out[3], HEADER_RA | RCODE_REFUSED);
    extended_error(out, len, text);
    assert_string_equal(text, "");
}

static void errors_echo_what_there_is(void **state)
{
    (void)state;
    uint8_t octets[ASK_MAX];
    uint8_t out[512];
    struct query query;
    struct asked asked;
    struct reply_error error = {RCODE_NOTIMP, QUERY_NO_EDE, NULL};
    size_t len = ask_query("www.example. A", octets);
    octets[2] = 0x29; // an update
    assert_int_equal(query_parse(octets, len, &query), QUERY_REPLY);
    asked_keep(&query, &asked);
    assert_int_equal(reply_write_error(&asked, &error, out), 12);
    assert_memory_equal(out, "\x12\x34\xa9\x84\x00\x00\x00\x00\x00\x00\x00\x00", 12);

    len = ask_query("www.example. A +do", octets);
    octets[len - 5] = 1; // EDNS version
    assert_int_equal(query_parse(octets, len, &query), QUERY_REPLY);
    asked_keep(&query, &asked);
    error.rcode = query.rcode;
    len = reply_write_error(&asked, &error, out);
    char *text = ask_text(out, len);
    assert_string_equal(text, "RCODE16 ra\nopt\n");
    free(text);
}

// ── Truncation ───────────────────────────────────────────────────────────────────────────────────

static unsigned count_of(const char *text, const char *what)
{
    unsigned count = 0;
    for (const char *at = text; (at = strstr(at, what)) != NULL; at++)
        count++;
    return count;
}

// Sixty records in three RRsets of 20 with a signature each, and two additional ones.
static void make_large(struct buf *records)
{
    for (unsigned set = 0; set < 3; set++) {
        const char *section = set < 2 ? "answer" : "authority";
        for (unsigned i = 0; i < 20; i++)
            buf_printf(records, "%s t%u.example. 3600 TXT \"%015u\"\n", section, set, i);
        buf_printf(records,
                   "%s t%u.example. 3600 RRSIG TXT 13 2 3600 20261231000000 20260101000000 1 "
                   "example. AAAA\n",
                   section, set);
    }
    buf_printf(records, "additional ns1.example. 3600 A 192.0.2.1\n"
                        "additional ns2.example. 3600 A 192.0.2.2\n");
}

static void sets_are_whole_or_not_there(void **state)
{
    (void)state;
    struct buf records = {0};
    make_large(&records);
    static uint8_t out[DNS_MESSAGE_MAX];
    struct situation situation = {"t0.example. TXT +do", 0,   ENGINE_SECURE, 0,
                                  buf_text(&records),    NULL};
    size_t whole = reply_to(&situation, DNS_MESSAGE_MAX, out);
    unsigned seen = 0;
    for (size_t limit = 512; limit <= whole; limit++) {
        char *text = ask_text(out, reply_to(&situation, limit, out));
        unsigned answers = count_of(text, "answer ");
        unsigned authorities = count_of(text, "authority ");
        unsigned additionals = count_of(text, "additional ");
        bool truncated = strncmp(text, "NOERROR tc", 10) == 0;
        assert_true(answers % 21 == 0 && authorities % 21 == 0);
        assert_true(authorities == 0 || answers == 42);
        assert_int_equal(truncated, authorities == 0);
        assert_true(additionals == 0 || !truncated);
        assert_int_equal(count_of(text, "opt"), 1);
        seen |= 1U << (answers / 21 + authorities / 21 + additionals);
        free(text);
    }
    assert_int_equal(seen, 0x3f); // 0, 1, 2, 3 sets, then one and two additional records
    buf_done(&records);
}

// Wherever the limit falls, in an owner, in front of a name of the rdata, between two, or in the numbers behind.
static void sets_with_names_are_whole_or_not_there(void **state)
{
    (void)state;
    struct buf records = {0};
    for (unsigned i = 0; i < 16; i++)
        buf_printf(&records,
                   "answer o%02u.example. 3600 SOA m%02u.example.org. h%02u.m%02u. 1 2 3 4 5\n", i,
                   i, i, i);
    static uint8_t out[DNS_MESSAGE_MAX];
    struct situation situation = {"o00.example. SOA", 0,   ENGINE_SECURE, 0,
                                  buf_text(&records), NULL};
    size_t whole = reply_to(&situation, DNS_MESSAGE_MAX, out);
    unsigned last = 0;
    for (size_t limit = 512; limit <= whole; limit++) {
        char *text = ask_text(out, reply_to(&situation, limit, out));
        unsigned answers = count_of(text, "answer ");
        assert_true(answers == last || answers == last + 1 || last == 0);
        assert_int_equal(count_of(text, " 1 2 3 4 5\n"), answers);
        assert_int_equal(strncmp(text, "NOERROR tc", 10) == 0, answers < 16);
        last = answers;
        free(text);
    }
    assert_int_equal(last, 16);
    buf_done(&records);
}

static void a_reply_ends_on_the_octet(void **state)
{
    (void)state;
    static uint8_t out[DNS_MESSAGE_MAX];
    struct buf records = {0};
    make_large(&records);
    struct situation situation = {"t0.example. TXT +do", 0,   ENGINE_SECURE, 0,
                                  buf_text(&records),    NULL};
    size_t whole = reply_to(&situation, DNS_MESSAGE_MAX, out);
    assert_int_equal(reply_to(&situation, whole, out), whole);
    assert_int_equal(wire_get_u16(out + 10), 3);
    assert_true(reply_to(&situation, whole - 1, out) < whole);
    assert_int_equal(wire_get_u16(out + 10), 2);
    assert_int_equal(out[2] & 2, 0);
    buf_done(&records);
}

static void sizes_are_what_the_client_takes_and_1232_at_most(void **state)
{
    (void)state;
    static const struct {
        const char *question;
        size_t limit;
    } cases[] = {
        {"a. A", 512},
        {"a. A +size=100", 512},
        {"a. A +size=700", 700},
        {"a. A +size=1232", 1232},
        {"a. A +size=4096", 1232},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct asked asked = ask(cases[i].question, 0);
        assert_int_equal(reply_limit_udp(&asked), cases[i].limit);
    }
}

static void an_answer_that_the_engine_cut_says_so(void **state)
{
    (void)state;
    struct asked asked = ask("www.example. A", 0);
    uint8_t packet[512];
    uint8_t out[512];
    struct engine_result result = {.packet = packet};
    result.packet_len = make_packet("www.example. A", 0, WWW, packet);
    packet[2] |= 2;
    reply_write(&asked, &result, out, sizeof(out));
    assert_int_equal(out[2], 0x83);
}

// ── Packets that cannot be ───────────────────────────────────────────────────────────────────────

// A message whose sections have as many records as it says, and nothing behind them. (ldns would also want rdata that
// fits its type, which is between the sender and the client.)
static void expect_readable(const uint8_t *message, size_t len)
{
    struct names_reader reader = {message, len, DNS_HEADER_LEN};
    struct name name;
    unsigned records =
        0U + wire_get_u16(message + 6) + wire_get_u16(message + 8) + wire_get_u16(message + 10);
    assert_int_equal(wire_get_u16(message + 4), 1);
    assert_true(names_read(&reader, &name));
    reader.at += 4;
    for (unsigned i = 0; i < records; i++) {
        assert_true(names_read(&reader, &name));
        assert_true(len - reader.at >= 10);
        reader.at += 10U + wire_get_u16(message + reader.at + 8);
        assert_true(reader.at <= len);
    }
    assert_int_equal(reader.at, len);
}

static uint16_t rcode_for(const uint8_t *packet, size_t len)
{
    struct asked asked = ask("www.example. A", 0);
    uint8_t *copy = test_malloc(len > 0 ? len : 1);
    uint8_t out[1232];
    memcpy(copy, packet, len);
    struct engine_result result = {.packet = copy, .packet_len = len};
    size_t out_len = reply_write(&asked, &result, out, sizeof(out));
    expect_readable(out, out_len);
    test_free(copy);
    return out[3] & 15;
}

static void a_packet_that_ends_too_soon_is_servfail(void **state)
{
    (void)state;
    uint8_t packet[600];
    size_t len = make_packet("www.example. A", 0, WWW NXDOMAIN, packet);
    assert_int_equal(rcode_for(packet, len), RCODE_NOERROR);
    // The OPT at the end is announced too, so that each octet counts.
    for (size_t cut = 0; cut < len; cut++)
        assert_int_equal(rcode_for(packet, cut), RCODE_SERVFAIL);
}

static void an_answer_to_another_question_is_servfail(void **state)
{
    (void)state;
    uint8_t packet[600];
    size_t len = make_packet("www.example. AAAA", 0, WWW, packet);
    assert_int_equal(rcode_for(packet, len), RCODE_SERVFAIL);
    len = make_packet("ww.example. A", 0, WWW, packet);
    assert_int_equal(rcode_for(packet, len), RCODE_SERVFAIL);
    len = make_packet("www.example. A", 0, WWW, packet);
    packet[5] = 2;
    assert_int_equal(rcode_for(packet, len), RCODE_SERVFAIL);
}

static void rdata_that_is_not_what_its_type_says_is_servfail(void **state)
{
    (void)state;
    static const struct {
        const char *what;
        uint16_t type;
        uint16_t len;
        const char *rdata;
    } wrong[] = {
        {"an RRSIG that covers nothing", RR_TYPE_RRSIG, 1, "\x00"},
        {"an MX without its name", RR_TYPE_MX, 2, "\x00\x0a"},
        {"an MX cut in its preference", RR_TYPE_MX, 1, "\x00"},
        {"an NS with octets behind", RR_TYPE_NS, 3, "\xc0\x0cx"},
        {"an NS whose name goes on behind it", RR_TYPE_NS, 1, "\xc0"},
        {"an SOA without its numbers", RR_TYPE_SOA, 4, "\xc0\x0c\xc0\x0c"},
        {"a CNAME to itself", RR_TYPE_CNAME, 2, "\xc0\x29"},
    };
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        uint8_t packet[600];
        size_t len = make_packet("www.example. A", 0, "", packet);
        len -= 11; // OPT
        memcpy(packet + 6, "\x00\x01\x00\x00\x00\x00", 6);
        memcpy(packet + len, "\xc0\x0c\x00\x00\x00\x01\x00\x00\x0e\x10", 10);
        wire_set_u16(packet + len + 2, wrong[i].type);
        wire_set_u16(packet + len + 10, wrong[i].len);
        memcpy(packet + len + 12, wrong[i].rdata, wrong[i].len);
        if (rcode_for(packet, len + 12 + wrong[i].len) != RCODE_SERVFAIL)
            fail_msg("%s", wrong[i].what);
    }
}

// Whatever an answer is turned into octet by octet, the reply can be read, or is SERVFAIL.
static void spoilt_packets_give_replies_that_can_be_read(void **state)
{
    (void)state;
    uint8_t packet[600];
    size_t len = make_packet("www.example. A", 0, WWW NXDOMAIN, packet);
    srandom(1);
    for (unsigned round = 0; round < 20000; round++) {
        uint8_t spoilt[600];
        memcpy(spoilt, packet, len);
        for (unsigned i = 0; i < 1 + round % 3; i++)
            spoilt[random() % (long)len] = (uint8_t)random();
        rcode_for(spoilt, len);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ad_is_for_those_who_ask_and_for_what_is_secure),
        cmocka_unit_test(dnssec_records_are_for_do_or_for_those_who_name_them),
        cmocka_unit_test(denials_keep_their_soa),
        cmocka_unit_test(names_in_rdata_follow_what_moved),
        cmocka_unit_test(the_question_keeps_its_case),
        cmocka_unit_test(bogus_says_why),
        cmocka_unit_test(long_reasons_are_cut_to_what_512_octets_hold),
        cmocka_unit_test(no_answer_is_servfail_with_the_reason),
        cmocka_unit_test(errors_echo_what_there_is),
        cmocka_unit_test(sets_are_whole_or_not_there),
        cmocka_unit_test(sets_with_names_are_whole_or_not_there),
        cmocka_unit_test(a_reply_ends_on_the_octet),
        cmocka_unit_test(sizes_are_what_the_client_takes_and_1232_at_most),
        cmocka_unit_test(an_answer_that_the_engine_cut_says_so),
        cmocka_unit_test(a_packet_that_ends_too_soon_is_servfail),
        cmocka_unit_test(an_answer_to_another_question_is_servfail),
        cmocka_unit_test(rdata_that_is_not_what_its_type_says_is_servfail),
        cmocka_unit_test(spoilt_packets_give_replies_that_can_be_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
