// SPDX-License-Identifier: ISC
#include "dns/query.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define ID       "\x12\x34"
#define QUERY    ID "\x00\x00"
#define ONE      "\x00\x01"
#define NONE     "\x00\x00"
#define JUST_ONE ONE NONE NONE NONE // counts: a question
#define WITH_ONE ONE NONE NONE ONE  // and one additional record
#define WITH_TWO ONE NONE NONE "\x00\x02"
#define WWW                                                                                        \
    "\x03www\x07"                                                                                  \
    "example\x00"
#define WWW_A                    WWW "\x00\x01\x00\x01"
#define OPT(size, ttl, rdlength) "\x00\x00\x29" size ttl rdlength
#define PLAIN_OPT                OPT("\x04\xd0", "\x00\x00\x80\x00", "\x00\x00")
#define TSIG                     "\x03key\x00\x00\xfa\x00\xff\x00\x00\x00\x00\x00\x00"

// One message and what query_parse says about it.
struct message {
    const char *what;
    const char *octets;
    size_t len;
    enum query_verdict verdict;
    uint16_t rcode;
    bool question; // is echoed
    bool edns;
};

#define MESSAGE(what, octets, ...)                                                                 \
    {                                                                                              \
        what, octets, sizeof(octets) - 1, __VA_ARGS__                                              \
    }

static const struct message messages[] = {
    MESSAGE("a question", QUERY JUST_ONE WWW_A, QUERY_LOOKUP, 0, true, false),
    MESSAGE("with EDNS", QUERY WITH_ONE WWW_A PLAIN_OPT, QUERY_LOOKUP, 0, true, true),
    MESSAGE("RD, CD, AD and Z set", ID "\x01\x70" JUST_ONE WWW_A, QUERY_LOOKUP, 0, true, false),
    MESSAGE("the root", QUERY JUST_ONE "\x00\x00\x02\x00\x01", QUERY_LOOKUP, 0, true, false),
    MESSAGE("nothing", "", QUERY_DROP, 0, false, false),
    MESSAGE("a cut header", ID "\x00\x00\x00\x01\x00\x00\x00\x00\x00", QUERY_DROP, 0, false, false),
    MESSAGE("a reply", ID "\x80\x00" JUST_ONE WWW_A, QUERY_DROP, 0, false, false),
    MESSAGE("an update", ID "\x28\x00" JUST_ONE WWW_A, QUERY_REPLY, RCODE_NOTIMP, false, false),
    MESSAGE("a notify", ID "\x20\x00" JUST_ONE WWW_A, QUERY_REPLY, RCODE_NOTIMP, false, false),
    MESSAGE("opcode 15", ID "\x78\x00" JUST_ONE WWW_A, QUERY_REPLY, RCODE_NOTIMP, false, false),
    MESSAGE("a bare header", QUERY NONE NONE NONE NONE, QUERY_REPLY, RCODE_FORMERR, false, false),
    MESSAGE("two questions", QUERY "\x00\x02" NONE NONE NONE WWW_A WWW_A, QUERY_REPLY,
            RCODE_FORMERR, false, false),
    MESSAGE("no question where one is announced", QUERY JUST_ONE, QUERY_REPLY, RCODE_FORMERR, false,
            false),
    MESSAGE("a name without end",
            QUERY JUST_ONE "\x03www\x07"
                           "exam",
            QUERY_REPLY, RCODE_FORMERR, false, false),
    MESSAGE("a name that ends with the message", QUERY JUST_ONE "\x03www", QUERY_REPLY,
            RCODE_FORMERR, false, false),
    MESSAGE("a cut type", QUERY JUST_ONE WWW "\x00", QUERY_REPLY, RCODE_FORMERR, false, false),
    MESSAGE("a cut class", QUERY JUST_ONE WWW "\x00\x01\x00", QUERY_REPLY, RCODE_FORMERR, false,
            false),
    MESSAGE("a compressed question", QUERY JUST_ONE "\x03www\xc0\x0c\x00\x01\x00\x01", QUERY_REPLY,
            RCODE_FORMERR, false, false),
    MESSAGE("a label of type 01",
            QUERY JUST_ONE "\x41"
                           "a\x00\x00\x01\x00\x01",
            QUERY_REPLY, RCODE_FORMERR, false, false),
    MESSAGE("octets behind the end", QUERY JUST_ONE WWW_A "x", QUERY_REPLY, RCODE_FORMERR, true,
            false),
    MESSAGE("octets behind OPT", QUERY WITH_ONE WWW_A PLAIN_OPT "x", QUERY_REPLY, RCODE_FORMERR,
            true, true),
    MESSAGE("an answer record", QUERY ONE ONE NONE NONE WWW_A, QUERY_REPLY, RCODE_FORMERR, true,
            false),
    MESSAGE("an authority record", QUERY ONE NONE ONE NONE WWW_A, QUERY_REPLY, RCODE_FORMERR, true,
            false),
    MESSAGE("OPT announced but not there", QUERY WITH_ONE WWW_A, QUERY_REPLY, RCODE_FORMERR, true,
            false),
    MESSAGE("half an OPT", QUERY WITH_ONE WWW_A "\x00\x00\x29\x04\xd0\x00", QUERY_REPLY,
            RCODE_FORMERR, true, false),
    MESSAGE("OPT longer than the message",
            QUERY WITH_ONE WWW_A OPT("\x04\xd0", "\x00\x00\x00\x00", "\x00\x04"), QUERY_REPLY,
            RCODE_FORMERR, true, false),
    MESSAGE("OPT not of the root",
            QUERY WITH_ONE WWW_A "\x01"
                                 "a" OPT("\x04\xd0", "\x00\x00\x00\x00", "\x00\x00"),
            QUERY_REPLY, RCODE_FORMERR, true, false),
    MESSAGE("two OPTs", QUERY WITH_TWO WWW_A PLAIN_OPT PLAIN_OPT, QUERY_REPLY, RCODE_FORMERR, true,
            true),
    MESSAGE(
        "an unknown option",
        QUERY WITH_ONE WWW_A OPT("\x04\xd0", "\x00\x00\x00\x00", "\x00\x06") "\xfd\xe9\x00\x02hi",
        QUERY_LOOKUP, 0, true, true),
    MESSAGE("an option longer than OPT",
            QUERY WITH_ONE WWW_A OPT("\x04\xd0", "\x00\x00\x00\x00", "\x00\x04") "\x00\x0a\x00\x08",
            QUERY_REPLY, RCODE_FORMERR, true, true),
    MESSAGE("half an option",
            QUERY WITH_ONE WWW_A OPT("\x04\xd0", "\x00\x00\x00\x00", "\x00\x03") "\x00\x0a\x00",
            QUERY_REPLY, RCODE_FORMERR, true, true),
    MESSAGE("EDNS version 1", QUERY WITH_ONE WWW_A OPT("\x04\xd0", "\x00\x01\x00\x00", "\x00\x00"),
            QUERY_REPLY, RCODE_BADVERS, true, true),
    MESSAGE("TSIG", QUERY WITH_ONE WWW_A TSIG, QUERY_REPLY, RCODE_NOTAUTH, true, false),
    MESSAGE("TSIG behind OPT", QUERY WITH_TWO WWW_A PLAIN_OPT TSIG, QUERY_REPLY, RCODE_NOTAUTH,
            true, true),
    MESSAGE("TSIG not the last", QUERY WITH_TWO WWW_A TSIG PLAIN_OPT, QUERY_REPLY, RCODE_FORMERR,
            true, false),
    MESSAGE("another additional record, its owner compressed",
            QUERY WITH_ONE WWW_A "\xc0\x0c\x00\x01\x00\x01\x00\x00\x00\x00\x00\x04\x7f\x00\x00\x01",
            QUERY_LOOKUP, 0, true, false),
    MESSAGE("an additional record with a wrong label",
            QUERY WITH_ONE WWW_A "\x80\x00\x00\x01\x00\x01\x00\x00\x00\x00\x00\x00", QUERY_REPLY,
            RCODE_FORMERR, true, false),
    MESSAGE("class CH", QUERY JUST_ONE WWW "\x00\x10\x00\x03", QUERY_LOOKUP, 0, true, false),
    MESSAGE("IXFR with its SOA",
            QUERY ONE NONE ONE NONE WWW "\x00\xfb\x00\x01"
                                        "\xc0\x0c\x00\x06\x00\x01\x00\x00\x00\x00\x00\x00",
            QUERY_LOOKUP, 0, true, false),
    MESSAGE("IXFR with half its SOA",
            QUERY ONE NONE ONE NONE WWW "\x00\xfb\x00\x01\xc0\x0c\x00\x06", QUERY_REPLY,
            RCODE_FORMERR, true, false),
    MESSAGE("IXFR with two SOAs", QUERY ONE NONE "\x00\x02" NONE WWW "\x00\xfb\x00\x01",
            QUERY_REPLY, RCODE_FORMERR, true, false),
    MESSAGE("IXFR with an OPT for its SOA",
            QUERY ONE NONE ONE NONE WWW "\x00\xfb\x00\x01" PLAIN_OPT, QUERY_REPLY, RCODE_FORMERR,
            true, false),
    MESSAGE("ANY", QUERY JUST_ONE WWW "\x00\xff\x00\x01", QUERY_LOOKUP, 0, true, false),
    MESSAGE("type OPT", QUERY JUST_ONE WWW "\x00\x29\x00\x01", QUERY_REPLY, RCODE_FORMERR, true,
            false),
    MESSAGE("type TSIG", QUERY JUST_ONE WWW "\x00\xfa\x00\x01", QUERY_REPLY, RCODE_FORMERR, true,
            false),
    MESSAGE("type NXNAME", QUERY JUST_ONE WWW "\x00\x80\x00\x01", QUERY_REPLY, RCODE_FORMERR, true,
            false),
    MESSAGE("an unknown type", QUERY JUST_ONE WWW "\xff\x00\x00\x01", QUERY_LOOKUP, 0, true, false),
};

// The octets end where their memory ends, so that the sanitizer sees a read beyond.
static enum query_verdict parse(const void *octets, size_t len, uint8_t *copy, struct query *ret)
{
    memcpy(copy, octets, len);
    return query_parse(copy, len, ret);
}

static void each_message_gets_its_verdict(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(messages) / sizeof(messages[0]); i++) {
        const struct message *message = &messages[i];
        uint8_t *copy = test_malloc(message->len > 0 ? message->len : 1);
        struct query query;
        enum query_verdict verdict = parse(message->octets, message->len, copy, &query);
        bool good = verdict == message->verdict;
        if (verdict == QUERY_REPLY)
            good = good && query.rcode == message->rcode;
        if (verdict != QUERY_DROP)
            good = good && (query.question_len > 0) == message->question &&
                   query.edns == message->edns && query.id == 0x1234;
        if (!good)
            fail_msg("%s: verdict %d, rcode %u, question %u octets, EDNS %d", message->what,
                     (int)verdict, query.rcode, query.question_len, query.edns);
        test_free(copy);
    }
}

static void no_prefix_of_a_message_is_a_lookup(void **state)
{
    (void)state;
    static const char whole[] =
        QUERY WITH_TWO WWW_A PLAIN_OPT "\x00\x00\x19\x00\xff\x00\x00\x00\x00\x00\x00";
    for (size_t len = 0; len < sizeof(whole) - 1; len++) {
        uint8_t *copy = test_malloc(len + 1);
        struct query query;
        assert_int_not_equal(parse(whole, len, copy + 1, &query), QUERY_LOOKUP);
        test_free(copy);
    }
}

static void facts_of_a_question_are_read(void **state)
{
    (void)state;
    static const char octets[] = ID "\x01\x00" WITH_ONE "\x03wWw\x07"
                                    "EXAMPLE\x00\x00\x1c\x00\x01" PLAIN_OPT;
    struct query query;
    assert_int_equal(query_parse((const uint8_t *)octets, sizeof(octets) - 1, &query),
                     QUERY_LOOKUP);
    assert_int_equal(query.qtype, RR_TYPE_AAAA);
    assert_int_equal(query.qclass, RR_CLASS_IN);
    assert_int_equal(query.flags, HEADER_RD);
    assert_int_equal(query.question_len, 17);
    assert_int_equal(query.udp_size, 1232);
    assert_true(query.dnssec_ok);
    assert_int_equal(query.name.labels, 2);
    assert_int_equal(query.name.len, 13);
    assert_memory_equal(query.name.wire, "\x03wWw", 4);
    assert_int_equal(query_name_suffix(&query.name, 2), 0);
    assert_int_equal(query_name_suffix(&query.name, 1), 4);
    assert_int_equal(query_name_suffix(&query.name, 0), 12);
    assert_int_equal(query.name.key.len, 12);
    assert_memory_equal(query.name.key.octets, "example\0www\0", 12);
}

static void sizes_below_512_count_as_512(void **state)
{
    (void)state;
    static const char octets[] =
        QUERY WITH_ONE WWW_A OPT("\x00\x10", "\x00\x00\x00\x00", "\x00\x00");
    struct query query;
    assert_int_equal(query_parse((const uint8_t *)octets, sizeof(octets) - 1, &query),
                     QUERY_LOOKUP);
    assert_int_equal(query.udp_size, 512);
    assert_false(query.dnssec_ok);
}

// Names of 255 octets are the longest there are: four labels, of 63, 63, 63 and `last` octets.
static size_t long_question(uint8_t last, uint8_t *ret)
{
    size_t at = sizeof(QUERY JUST_ONE) - 1;
    memcpy(ret, QUERY JUST_ONE, at);
    for (unsigned i = 0; i < 4; i++) {
        uint8_t len = i < 3 ? 63 : last;
        ret[at] = len;
        memset(ret + at + 1, 'a', len);
        at += 1u + len;
    }
    memcpy(ret + at, "\x00\x00\x01\x00\x01", 5);
    return at + 5;
}

static void names_end_at_255_octets(void **state)
{
    (void)state;
    uint8_t octets[300];
    struct query query;
    assert_int_equal(query_parse(octets, long_question(61, octets), &query), QUERY_LOOKUP);
    assert_int_equal(query.name.len, 255);
    assert_int_equal(query_parse(octets, long_question(62, octets), &query), QUERY_REPLY);
    assert_int_equal(query.rcode, RCODE_FORMERR);
}

static void names_of_127_labels_are_read(void **state)
{
    (void)state;
    uint8_t octets[300];
    size_t at = sizeof(QUERY JUST_ONE) - 1;
    memcpy(octets, QUERY JUST_ONE, at);
    for (unsigned i = 0; i < 127; i++, at += 2)
        memcpy(octets + at, "\x01x", 2);
    memcpy(octets + at, "\x00\x00\x01\x00\x01", 5);
    struct query query;
    assert_int_equal(query_parse(octets, at + 5, &query), QUERY_LOOKUP);
    assert_int_equal(query.name.labels, 127);
    assert_int_equal(query.name.len, 255);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_message_gets_its_verdict),
        cmocka_unit_test(no_prefix_of_a_message_is_a_lookup),
        cmocka_unit_test(facts_of_a_question_are_read),
        cmocka_unit_test(sizes_below_512_count_as_512),
        cmocka_unit_test(names_end_at_255_octets),
        cmocka_unit_test(names_of_127_labels_are_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
