// SPDX-License-Identifier: ISC
// Which well-formed questions are for a zone to answer; what is not well-formed is tests/unit/dns/test_query.c's.
#include "server/question.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

#include "dns/wire.h"
#include "tests/support/ask.h"

static void each_question_gets_its_verdict(void **state)
{
    (void)state;
    static const struct ask_verdict questions[] = {
        {"an address", 0, RR_TYPE_A, RR_CLASS_IN, QUERY_LOOKUP, 0, 0},
        {"ANY", 0, RR_TYPE_ANY, RR_CLASS_IN, QUERY_LOOKUP, 0, 0},
        {"an unknown type", 0, 0xff00, RR_CLASS_IN, QUERY_LOOKUP, 0, 0},
        {"class CH", 0, RR_TYPE_TXT, RR_CLASS_CH, QUERY_REPLY, RCODE_REFUSED, QUERY_NO_EDE},
        {"class ANY", 0, RR_TYPE_A, RR_CLASS_ANY, QUERY_REPLY, RCODE_REFUSED, QUERY_NO_EDE},
        {"AXFR", 0, RR_TYPE_AXFR, RR_CLASS_IN, QUERY_REPLY, RCODE_REFUSED, EDE_NOT_SUPPORTED},
        {"IXFR", 0, RR_TYPE_IXFR, RR_CLASS_IN, QUERY_REPLY, RCODE_REFUSED, EDE_NOT_SUPPORTED},
        {"MAILA", 0, RR_TYPE_MAILA, RR_CLASS_IN, QUERY_REPLY, RCODE_NOTIMP, QUERY_NO_EDE},
        {"MAILB", 0, RR_TYPE_MAILB, RR_CLASS_IN, QUERY_REPLY, RCODE_NOTIMP, QUERY_NO_EDE},
        {"type OPT", 0, RR_TYPE_OPT, RR_CLASS_IN, QUERY_REPLY, RCODE_FORMERR, QUERY_NO_EDE},
    };
    ask_verdicts(question_read, questions, sizeof(questions) / sizeof(questions[0]));
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
