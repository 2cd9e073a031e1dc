// SPDX-License-Identifier: ISC
// Which well-formed questions are for a zone to answer; what is not well-formed is tests/unit/dns/test_query.c's.
#include "server/question.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "dns/wire.h"

static enum query_verdict read_question(uint16_t type, uint16_t class, struct query *ret)
{
    static const char head[] = "\x12\x34\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x03www\x00";
    static uint8_t octets[sizeof(head) - 1 + 4];
    memcpy(octets, head, sizeof(head) - 1);
    wire_set_u16(octets + sizeof(head) - 1, type);
    wire_set_u16(octets + sizeof(head) + 1, class);
    return question_read(octets, sizeof(octets), ret);
}

static void each_question_gets_its_verdict(void **state)
{
    (void)state;
    static const struct {
        const char *what;
        uint16_t type;
        uint16_t class;
        enum query_verdict verdict;
        uint16_t rcode;
        uint16_t ede;
    } questions[] = {
        {"an address", RR_TYPE_A, RR_CLASS_IN, QUERY_LOOKUP, 0, 0},
        {"ANY", RR_TYPE_ANY, RR_CLASS_IN, QUERY_LOOKUP, 0, 0},
        {"an unknown type", 0xff00, RR_CLASS_IN, QUERY_LOOKUP, 0, 0},
        {"class CH", RR_TYPE_TXT, RR_CLASS_CH, QUERY_REPLY, RCODE_REFUSED, QUERY_NO_EDE},
        {"class ANY", RR_TYPE_A, RR_CLASS_ANY, QUERY_REPLY, RCODE_REFUSED, QUERY_NO_EDE},
        {"AXFR", RR_TYPE_AXFR, RR_CLASS_IN, QUERY_REPLY, RCODE_REFUSED, EDE_NOT_SUPPORTED},
        {"IXFR", RR_TYPE_IXFR, RR_CLASS_IN, QUERY_REPLY, RCODE_REFUSED, EDE_NOT_SUPPORTED},
        {"MAILA", RR_TYPE_MAILA, RR_CLASS_IN, QUERY_REPLY, RCODE_NOTIMP, QUERY_NO_EDE},
        {"MAILB", RR_TYPE_MAILB, RR_CLASS_IN, QUERY_REPLY, RCODE_NOTIMP, QUERY_NO_EDE},
        {"type OPT", RR_TYPE_OPT, RR_CLASS_IN, QUERY_REPLY, RCODE_FORMERR, QUERY_NO_EDE},
    };
    for (size_t i = 0; i < sizeof(questions) / sizeof(questions[0]); i++) {
        struct query query;
        enum query_verdict verdict = read_question(questions[i].type, questions[i].class, &query);
        bool good = verdict == questions[i].verdict;
        if (verdict == QUERY_REPLY)
            good = good && query.rcode == questions[i].rcode && query.ede == questions[i].ede;
        if (!good)
            fail_msg("%s: verdict %d, rcode %u, ede %u", questions[i].what, (int)verdict,
                     query.rcode, query.ede);
    }
}

static void what_is_no_question_is_dropped(void **state)
{
    (void)state;
    struct query query;
    assert_int_equal(question_read((const uint8_t *)"\x12\x34", 2, &query), QUERY_DROP);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_question_gets_its_verdict),
        cmocka_unit_test(what_is_no_question_is_dropped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
