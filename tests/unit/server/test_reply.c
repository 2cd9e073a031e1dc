// SPDX-License-Identifier: ISC
#include "server/reply.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "dns/wire.h"
#include "server/answer.h"
#include "server/question.h"
#include "tests/support/ask.h"
#include "tests/support/zone_reply.h"
#include "tests/support/zone_text.h"

#define HEAD "@ SOA ns1 hostmaster 1 14400 3600 604800 300\n@ NS ns1\n@ NS ns2\n"
#define KEY                                                                                        \
    "@ DNSKEY 257 3 13 AAAA\n@ RRSIG SOA 13 1 3600 20300101000000 20200101000000 1 example. "      \
    "AAAA\n"

static const struct opt no_options;

static char *ask_whole(const struct image *image, const char *question)
{
    static uint8_t out[DNS_MESSAGE_MAX];
    size_t len = zone_reply_write(image, question, out, sizeof(out));
    return ask_text(out, len);
}

static void expect_text(const struct image *image, const char *question, const char *expected)
{
    char *text = ask_whole(image, question);
    if (strcmp(text, expected) != 0)
        fail_msg("%s\n%s--- expected:\n%s", question, text, expected);
    free(text);
}

// ── Truncation ───────────────────────────────────────────────────────────────────────────────────

// The part of a line that all records of an RRset share: section, owner and type, for RRSIG also what
// it covers.
static size_t rrset_len(const char *line)
{
    const char *sig = strstr(line, " RRSIG");
    unsigned most = sig != NULL && sig < strchr(line, '\n') ? 4 : 3;
    size_t len = 0;
    for (unsigned words = 0; words < most && line[len] != '\n'; len++)
        words += line[len] == ' ';
    return len;
}

static const char *next_line(const char *line)
{
    return strchr(line, '\n') + 1;
}

// The first line of the next RRset. Those of one follow each other.
static const char *next_rrset(const char *line)
{
    size_t len = rrset_len(line);
    const char *next = next_line(line);
    while (strncmp(next, line, len) == 0)
        next = next_line(next);
    return next;
}

// How many lines of the text are of the same RRset as this one.
static unsigned count_rrset(const char *text, const char *line)
{
    size_t len = rrset_len(line);
    unsigned count = 0;
    for (; *text != '\0'; text = next_line(text))
        count += strncmp(text, line, len) == 0;
    return count;
}

static bool has_all(const char *text, const char *whole, const char *section)
{
    for (const char *line = whole; *line != '\0'; line = next_rrset(line))
        if (strncmp(line, section, strlen(section)) == 0 &&
            count_rrset(text, line) != count_rrset(whole, line))
            return false;
    return true;
}

static void expect_sound(const char *text, const char *whole, size_t limit)
{
    bool truncated = strstr(text, " tc") != NULL && strstr(text, " tc") < strchr(text, '\n');
    for (const char *line = next_line(text); *line != '\0'; line = next_rrset(line))
        if (count_rrset(text, line) != count_rrset(whole, line))
            fail_msg("%zu octets: part of an RRset\n%s", limit, text);
    bool complete = has_all(text, whole, "answer") && has_all(text, whole, "authority") &&
                    has_all(text, whole, "additional ns.");
    if (complete == truncated)
        fail_msg("%zu octets: TC is wrong\n%s", limit, text);
}

static const char truncated_zone[] =
    HEAD "ns1 A 192.0.2.1\nns2 A 192.0.2.2\n"
         "www A 192.0.2.3\nwww A 192.0.2.4\nwww A 192.0.2.5\nalias CNAME www\n"
         "*.wild TXT \"a text of some length, so that it does not fit everywhere\"\n"
         "dname DNAME wild\n"
         "sub NS ns.sub\nsub NS ns1\nsub NS ns2\nsub NS other.sub2\n"
         "sub2 NS ns1\nother.sub2 A 192.0.2.7\n"
         "ns.sub A 192.0.2.6\nns.sub A 192.0.2.8\nns.sub AAAA 2001:db8::6\n";

static void no_size_gives_a_partial_rrset_or_an_overflow(void **state)
{
    (void)state;
    static const char *const questions[] = {
        "www.example. A +do",     "alias.example. A +do",     "x.wild.example. TXT +do",
        "nothing.example. A +do", "x.dname.example. TXT +do", "x.sub.example. A +do",
        "sub.example. DS +do",    "x.sub.example. A",         "alias.example. A",
    };
    char *text = zone_text_sign("example.", truncated_zone, ZONE_TEXT_NSEC);
    struct zone_reply zone;
    zone_reply_open(&zone, text);
    free(text);
    for (size_t i = 0; i < sizeof(questions) / sizeof(questions[0]); i++) {
        static uint8_t whole_reply[DNS_MESSAGE_MAX];
        uint8_t message[ASK_MAX];
        size_t least = ask_query(questions[i], message);
        size_t most = zone_reply_write(&zone.image, questions[i], whole_reply, sizeof(whole_reply));
        char *whole = ask_text(whole_reply, most);
        for (size_t limit = least; limit <= most + 1; limit++) {
            uint8_t *out = test_malloc(limit); // the sanitizer watches its end
            size_t len = zone_reply_write(&zone.image, questions[i], out, limit);
            assert_true(len <= limit);
            char *part = ask_text(out, len);
            expect_sound(part, whole, limit);
            free(part);
            test_free(out);
        }
        free(whole);
    }
    buf_done(&zone.octets);
}

static void glue_that_only_helps_is_left_out_silently(void **state)
{
    (void)state;
    struct zone_reply zone;
    zone_reply_open(&zone, truncated_zone);
    uint8_t out[512];
    char *whole = ask_whole(&zone.image, "x.sub.example. A");
    assert_non_null(strstr(whole, "additional ns.sub.example. AAAA 2001:db8::6\n"
                                  "additional ns1.example. A 192.0.2.1\n"
                                  "additional ns2.example. A 192.0.2.2\n"));
    free(whole);
    size_t most = zone_reply_write(&zone.image, "x.sub.example. A", out, sizeof(out));
    char *part = ask_text(out, zone_reply_write(&zone.image, "x.sub.example. A", out, most - 1));
    assert_null(strstr(part, " tc"));
    assert_non_null(strstr(part, "additional ns.sub.example. AAAA 2001:db8::6\n"));
    free(part);
    buf_done(&zone.octets);
}

static void udp_limit_is_the_clients_but_never_over_1232(void **state)
{
    (void)state;
    struct query query = {.udp_size = 512};
    assert_int_equal(reply_limit_udp(&query), 512);
    query.udp_size = 1000;
    assert_int_equal(reply_limit_udp(&query), 1000);
    query.udp_size = 4096;
    assert_int_equal(reply_limit_udp(&query), 1232);
}

// Limits near the end, close together: whatever does not fit is taken back whole.
static void expect_sound_to_the_end(const struct image *image, const char *question)
{
    static uint8_t whole_reply[DNS_MESSAGE_MAX];
    static uint8_t out[DNS_MESSAGE_MAX];
    size_t most = zone_reply_write(image, question, whole_reply, sizeof(whole_reply));
    char *whole = ask_text(whole_reply, most);
    for (size_t limit = most - 300; limit <= most; limit += 3) {
        char *part = ask_text(out, zone_reply_write(image, question, out, limit));
        expect_sound(part, whole, limit);
        free(part);
    }
    free(whole);
}

// ── Header, question, OPT ────────────────────────────────────────────────────────────────────────

static void question_comes_back_octet_by_octet(void **state)
{
    (void)state;
    struct zone_reply zone;
    zone_reply_open(&zone, HEAD "www A 192.0.2.1\n");
    uint8_t message[ASK_MAX];
    uint8_t out[512];
    struct query query;
    struct answer_link links[ANSWER_LINKS_MAX + 1];
    struct answer answer = {.links = links};
    size_t len = ask_query("wWw.eXAMple. A +do", message);
    wire_set_u16(message + 2, HEADER_RD | HEADER_CD | HEADER_AD);
    assert_int_equal(question_read(message, len, &query), QUERY_LOOKUP);
    answer_make(&zone.image, &query, &answer);
    size_t out_len = reply_write(&zone.image, &query, &answer, &no_options, out, sizeof(out));
    assert_int_equal(out_len, len + 16);
    assert_memory_equal(out, "\x12\x34\x85\x00\x00\x01\x00\x01\x00\x00\x00\x01", 12);
    assert_memory_equal(out + 12, message + 12, 17);
    assert_memory_equal(out + 29,
                        "\xc0\x0c\x00\x01\x00\x01\x00\x00\x0e\x10\x00\x04\xc0\x00\x02\x01", 16);
    assert_memory_equal(out + 45, "\x00\x00\x29\x04\xd0\x00\x00\x80\x00\x00\x00", 11);
    buf_done(&zone.octets);
}

static void errors_say_no_more_than_their_code(void **state)
{
    (void)state;
    uint8_t message[ASK_MAX];
    uint8_t out[512];
    struct query query;
    size_t len = ask_query("www.example. A", message);
    assert_int_equal(question_read(message, len, &query), QUERY_LOOKUP);
    size_t out_len =
        reply_write_error(&query, RCODE_REFUSED, EDE_NOT_AUTHORITATIVE, &no_options, out, 512);
    assert_int_equal(out_len, len);
    char *text = ask_text(out, out_len);
    assert_string_equal(text, "REFUSED\n");
    free(text);

    len = ask_query("www.example. A +do", message);
    assert_int_equal(question_read(message, len, &query), QUERY_LOOKUP);
    out_len =
        reply_write_error(&query, RCODE_REFUSED, EDE_NOT_AUTHORITATIVE, &no_options, out, 512);
    text = ask_text(out, out_len);
    assert_string_equal(text, "REFUSED\nopt ede 20\n");
    free(text);
    out_len = reply_write_error(&query, RCODE_BADVERS, QUERY_NO_EDE, &no_options, out, 512);
    text = ask_text(out, out_len);
    assert_string_equal(text, "RCODE16\nopt\n");
    free(text);

    len = ask_query("www.example. A", message);
    message[2] = 0x28; // an update
    assert_int_equal(question_read(message, len, &query), QUERY_REPLY);
    out_len = reply_write_error(&query, query.rcode, query.ede, &no_options, out, 512);
    assert_int_equal(out_len, 12);
    assert_memory_equal(out, "\x12\x34\xa8\x04\x00\x00\x00\x00\x00\x00\x00\x00", 12);
}

// ── Owners ───────────────────────────────────────────────────────────────────────────────────────

static void owners_point_to_the_longest_suffix_there_is(void **state)
{
    (void)state;
    struct zone_reply zone;
    char *text = zone_text_sign("example.",
                                HEAD "a.b.c A 192.0.2.1\nd.b.c A 192.0.2.2\n"
                                     "alias CNAME x.a.b.c\n",
                                ZONE_TEXT_NSEC);
    zone_reply_open(&zone, text);
    free(text);
    static uint8_t out[DNS_MESSAGE_MAX];
    // The NSEC of a.b.c.example. takes no label, that of the apex neither; an RRSIG here has 18 + 9
    // + 64 octets of rdata.
    size_t len = zone_reply_write(&zone.image, "x.a.b.c.example. A +do", out, sizeof(out));
    size_t soa = 12 + (4 + 2 + 11 + 2 + 20);
    size_t sig = 12 + 18 + 9 + 64;
    size_t nsec = 12 + 15 + 8; // "\1d\1b\1c\7example\0", bitmap A RRSIG NSEC
    assert_int_equal(len, 12 + (17 + 4) + soa + sig + nsec + sig + 11);
    // Behind a CNAME its target has them: no label either.
    size_t chained = zone_reply_write(&zone.image, "alias.example. A +do", out, sizeof(out));
    size_t cname = 12 + (1 + 1 + 6 + 2) + sig;
    assert_int_equal(chained, 12 + (15 + 4) + cname + soa + sig + nsec + sig + 11);
    buf_done(&zone.octets);
}

// ── Pointers that do not reach ───────────────────────────────────────────────────────────────────

static void put_large_text(struct buf *text, const char *owner, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        buf_printf(text, "%s TXT \"%0250u\"\n", owner, i);
}

static void sixty_kilobytes_come_whole(void **state)
{
    (void)state;
    struct buf text = {0};
    buf_put_text(&text, HEAD);
    put_large_text(&text, "large", 228);
    struct zone_reply zone;
    zone_reply_open(&zone, buf_text(&text));
    static uint8_t out[DNS_MESSAGE_MAX];
    size_t len = zone_reply_write(&zone.image, "large.example. TXT +do", out, sizeof(out));
    assert_true(len > 60000);
    char *reply = ask_text(out, len);
    assert_memory_equal(reply, "NOERROR aa\n", 11);
    for (unsigned i = 0; i < 228; i++) {
        char line[300];
        snprintf(line, sizeof(line), "answer large.example. TXT \"%0250u\"\n", i);
        assert_non_null(strstr(reply, line));
    }
    free(reply);
    reply = ask_text(out, zone_reply_write(&zone.image, "large.example. TXT +do", out, 1232));
    assert_string_equal(reply, "NOERROR aa tc\nopt\n");
    free(reply);
    buf_done(&zone.octets);
    buf_done(&text);
}

static void names_in_rdata_beyond_16_kilobytes_are_whole(void **state)
{
    (void)state;
    struct buf text = {0};
    buf_put_text(&text, HEAD);
    for (unsigned i = 0; i < 700; i++) // the second of each name points to the first
        buf_printf(&text, "m MX 10 a%u.b%u.example.net.\nm MX 20 a%u.b%u.example.net.\n", i, i, i,
                   i);
    struct zone_reply zone;
    zone_reply_open(&zone, buf_text(&text));
    char *reply = ask_whole(&zone.image, "m.example. MX");
    assert_memory_equal(reply, "NOERROR aa\n", 11);
    for (unsigned i = 0; i < 700; i++) {
        char line[100];
        snprintf(line, sizeof(line), "answer m.example. MX 20 a%u.b%u.example.net.\n", i, i);
        assert_non_null(strstr(reply, line));
    }
    free(reply);
    // What does not fit, does not fit in either form.
    static uint8_t out[DNS_MESSAGE_MAX];
    size_t most = zone_reply_write(&zone.image, "m.example. MX", out, sizeof(out));
    for (size_t limit = most - 12; limit < most; limit++) {
        reply = ask_text(out, zone_reply_write(&zone.image, "m.example. MX", out, limit));
        assert_string_equal(reply, "NOERROR aa tc\n");
        free(reply);
    }
    buf_done(&zone.octets);
    buf_done(&text);
}

static void owners_beyond_16_kilobytes_are_written_again(void **state)
{
    (void)state;
    struct buf text = {0};
    buf_put_text(&text, HEAD KEY "@ NSEC there.w SOA NS DNSKEY\n");
    put_large_text(&text, "*.w", 80);
    buf_put_text(&text, "there.w TXT x\nthere.w NSEC @ TXT NSEC\n");
    for (unsigned tag = 1; tag < 40; tag++)
        buf_printf(&text,
                   "there.w RRSIG NSEC 13 3 3600 20300101000000 20200101000000 %u example. AAAA\n",
                   tag);
    struct zone_reply zone;
    zone_reply_open(&zone, buf_text(&text));
    char *reply = ask_whole(&zone.image, "x.w.example. TXT +do");
    assert_memory_equal(reply, "NOERROR aa\n", 11);
    assert_non_null(strstr(reply, "authority there.w.example. NSEC example. TXT NSEC\n"
                                  "authority there.w.example. RRSIG NSEC\n"));
    unsigned sigs = 0;
    for (const char *at = reply; (at = strstr(at, "there.w.example. RRSIG NSEC")) != NULL; at++)
        sigs++;
    assert_int_equal(sigs, 39);
    free(reply);
    expect_sound_to_the_end(&zone.image, "x.w.example. TXT +do");
    buf_done(&zone.octets);
    buf_done(&text);
}

// A CNAME with so many RRSIGs that what follows lies beyond the reach of pointers.
static void put_heavy_cname(struct buf *text, const char *owner, const char *target)
{
    buf_printf(text, "%s CNAME %s\n", owner, target);
    for (unsigned tag = 0; tag < 450; tag++)
        buf_printf(text,
                   "%s RRSIG CNAME 13 2 3600 20300101000000 20200101000000 %u example. AAAA\n",
                   owner, tag);
}

static void expect_end(const struct image *image, const char *question, const char *end,
                       const char *rcode)
{
    char *reply = ask_whole(image, question);
    assert_memory_equal(reply, rcode, strlen(rcode));
    const char *found = strstr(reply, end);
    if (found == NULL || strcmp(found, end) != 0)
        fail_msg("%s: not at the end: %s\n%s", question, end, reply);
    free(reply);
}

static void chains_go_on_beyond_16_kilobytes(void **state)
{
    (void)state;
    struct buf text = {0};
    buf_put_text(&text, HEAD KEY "ns1 A 192.0.2.1\nns2 A 192.0.2.2\n");
    put_heavy_cname(&text, "a", "b.c");
    put_heavy_cname(&text, "tod", "x.d");
    put_heavy_cname(&text, "tosub", "x.sub");
    put_heavy_cname(&text, "todsub", "x.dsub");
    put_heavy_cname(&text, "tofar", "far.c");
    buf_put_text(&text, "far.c CNAME x.d\nb.c CNAME e.f\ne.f A 192.0.2.3\ne.f A 192.0.2.4\n"
                        "d DNAME t\nx.t A 192.0.2.5\nx.t A 192.0.2.6\n"
                        "dsub DNAME sub\n"
                        "sub NS ns.sub\nsub NS ns1\nns.sub A 192.0.2.7\nns.sub A 192.0.2.8\n");
    struct zone_reply zone;
    zone_reply_open(&zone, buf_text(&text));
    expect_end(&zone.image, "a.example. A +do",
               "answer b.c.example. CNAME e.f.example.\n"
               "answer e.f.example. A 192.0.2.3\n"
               "answer e.f.example. A 192.0.2.4\nopt\n",
               "NOERROR aa\n");
    expect_end(&zone.image, "tod.example. A +do",
               "answer d.example. DNAME t.example.\n"
               "answer x.d.example. CNAME x.t.example.\n"
               "answer x.t.example. A 192.0.2.5\n"
               "answer x.t.example. A 192.0.2.6\nopt\n",
               "NOERROR aa\n");
    static const char referral[] = "authority sub.example. NS ns.sub.example.\n"
                                   "authority sub.example. NS ns1.example.\n"
                                   "additional ns.sub.example. A 192.0.2.7\n"
                                   "additional ns.sub.example. A 192.0.2.8\n"
                                   "additional ns1.example. A 192.0.2.1\nopt\n";
    expect_end(&zone.image, "tosub.example. A +do", referral, "NOERROR aa\n");
    expect_end(&zone.image, "todsub.example. A +do", referral, "NOERROR aa\n");
    expect_end(&zone.image, "tofar.example. A +do",
               "answer far.c.example. CNAME x.d.example.\n"
               "answer d.example. DNAME t.example.\n"
               "answer x.d.example. CNAME x.t.example.\n"
               "answer x.t.example. A 192.0.2.5\n"
               "answer x.t.example. A 192.0.2.6\nopt\n",
               "NOERROR aa\n");
    static const char *const questions[] = {"a.example. A +do", "tod.example. A +do",
                                            "tosub.example. A +do", "tofar.example. A +do"};
    for (size_t i = 0; i < sizeof(questions) / sizeof(questions[0]); i++)
        expect_sound_to_the_end(&zone.image, questions[i]);
    buf_done(&zone.octets);
    buf_done(&text);
}

static void proofs_of_far_names_are_whole(void **state)
{
    (void)state;
    struct buf text = {0};
    buf_put_text(&text, HEAD KEY "@ NSEC a SOA NS DNSKEY\n"
                                 "b.c CNAME nothing.f\ne.f A 192.0.2.3\ne.f NSEC @ A NSEC\n"
                                 "d DNAME u.t\ns.t A 192.0.2.4\ns.t NSEC @ A NSEC\n");
    put_heavy_cname(&text, "a", "b.c");
    struct zone_reply zone;
    zone_reply_open(&zone, buf_text(&text));
    expect_end(&zone.image, "a.example. A +do",
               "authority e.f.example. NSEC example. A NSEC\n"
               "authority example. NSEC a.example. NS SOA DNSKEY\nopt\n",
               "NXDOMAIN");
    // The suffix t.example. stands in the DNAME only, not where the CNAME made from it has it.
    expect_end(&zone.image, "y.d.example. A +do",
               "authority s.t.example. NSEC example. A NSEC\n"
               "authority e.f.example. NSEC example. A NSEC\nopt\n",
               "NXDOMAIN");
    buf_done(&zone.octets);
    buf_done(&text);
}

static void name_servers_beyond_16_kilobytes_have_their_glue(void **state)
{
    (void)state;
    struct buf text = {0};
    buf_put_text(&text, HEAD);
    for (unsigned i = 0; i < 900; i++)
        buf_printf(&text, "sub NS ns%u.sub\nns%u.sub A 192.0.2.%u\n", i, i, i % 256);
    struct zone_reply zone;
    zone_reply_open(&zone, buf_text(&text));
    char *reply = ask_whole(&zone.image, "x.sub.example. A");
    for (unsigned i = 0; i < 900; i++) {
        char line[100];
        snprintf(line, sizeof(line), "additional ns%u.sub.example. A 192.0.2.%u\n", i, i % 256);
        assert_non_null(strstr(reply, line));
    }
    free(reply);
    buf_done(&zone.octets);
    buf_done(&text);
}

static void chains_are_cut_between_rrsets(void **state)
{
    (void)state;
    struct zone_reply zone;
    zone_reply_open(&zone, HEAD "d DNAME t\nx.t A 192.0.2.5\n");
    expect_text(&zone.image, "x.d.example. A",
                "NOERROR aa\n"
                "answer d.example. DNAME t.example.\n"
                "answer x.d.example. CNAME x.t.example.\n"
                "answer x.t.example. A 192.0.2.5\n");
    uint8_t out[512];
    // header and question, DNAME, then a CNAME of 12 + 4 octets
    size_t dname = 12 + 17 + 12 + 11;
    char *reply = ask_text(out, zone_reply_write(&zone.image, "x.d.example. A", out, dname + 15));
    assert_string_equal(reply, "NOERROR aa tc\nanswer d.example. DNAME t.example.\n");
    free(reply);
    reply = ask_text(out, zone_reply_write(&zone.image, "x.d.example. A", out, dname + 16));
    assert_string_equal(reply, "NOERROR aa tc\nanswer d.example. DNAME t.example.\n"
                               "answer x.d.example. CNAME x.t.example.\n");
    free(reply);
    buf_done(&zone.octets);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_size_gives_a_partial_rrset_or_an_overflow),
        cmocka_unit_test(glue_that_only_helps_is_left_out_silently),
        cmocka_unit_test(udp_limit_is_the_clients_but_never_over_1232),
        cmocka_unit_test(question_comes_back_octet_by_octet),
        cmocka_unit_test(errors_say_no_more_than_their_code),
        cmocka_unit_test(owners_point_to_the_longest_suffix_there_is),
        cmocka_unit_test(sixty_kilobytes_come_whole),
        cmocka_unit_test(names_in_rdata_beyond_16_kilobytes_are_whole),
        cmocka_unit_test(owners_beyond_16_kilobytes_are_written_again),
        cmocka_unit_test(chains_go_on_beyond_16_kilobytes),
        cmocka_unit_test(proofs_of_far_names_are_whole),
        cmocka_unit_test(name_servers_beyond_16_kilobytes_have_their_glue),
        cmocka_unit_test(chains_are_cut_between_rrsets),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
