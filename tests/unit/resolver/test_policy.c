// SPDX-License-Identifier: ISC
#include "resolver/policy.h"

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
        {"an address", HEADER_RD, RR_TYPE_A, RR_CLASS_IN, QUERY_LOOKUP, 0, 0},
        {"ANY", HEADER_RD, RR_TYPE_ANY, RR_CLASS_IN, QUERY_LOOKUP, 0, 0},
        {"DS", HEADER_RD | HEADER_CD, RR_TYPE_DS, RR_CLASS_IN, QUERY_LOOKUP, 0, 0},
        {"type 127", HEADER_RD, 127, RR_CLASS_IN, QUERY_LOOKUP, 0, 0},
        {"type 256", HEADER_RD, 256, RR_CLASS_IN, QUERY_LOOKUP, 0, 0},
        {"without RD", 0, RR_TYPE_A, RR_CLASS_IN, QUERY_REPLY, RCODE_REFUSED,
         EDE_NOT_AUTHORITATIVE},
        {"class CH", HEADER_RD, RR_TYPE_TXT, RR_CLASS_CH, QUERY_REPLY, RCODE_REFUSED, QUERY_NO_EDE},
        {"class ANY", HEADER_RD, RR_TYPE_A, RR_CLASS_ANY, QUERY_REPLY, RCODE_REFUSED, QUERY_NO_EDE},
        {"AXFR", HEADER_RD, RR_TYPE_AXFR, RR_CLASS_IN, QUERY_REPLY, RCODE_REFUSED,
         EDE_NOT_SUPPORTED},
        {"IXFR", 0, RR_TYPE_IXFR, RR_CLASS_IN, QUERY_REPLY, RCODE_REFUSED, EDE_NOT_SUPPORTED},
        {"MAILA", HEADER_RD, RR_TYPE_MAILA, RR_CLASS_IN, QUERY_REPLY, RCODE_FORMERR, QUERY_NO_EDE},
        {"MAILB", HEADER_RD, RR_TYPE_MAILB, RR_CLASS_IN, QUERY_REPLY, RCODE_FORMERR, QUERY_NO_EDE},
        {"type 129", HEADER_RD, 129, RR_CLASS_IN, QUERY_REPLY, RCODE_FORMERR, QUERY_NO_EDE},
        {"TKEY", HEADER_RD, 249, RR_CLASS_IN, QUERY_REPLY, RCODE_FORMERR, QUERY_NO_EDE},
        {"OPT", HEADER_RD, RR_TYPE_OPT, RR_CLASS_IN, QUERY_REPLY, RCODE_FORMERR, QUERY_NO_EDE},
    };
    ask_verdicts(policy_read, questions, sizeof(questions) / sizeof(questions[0]));
}

static void what_is_no_query_is_dropped(void **state)
{
    (void)state;
    struct query query;
    assert_int_equal(policy_read((const uint8_t *)"\x12\x34", 2, &query), QUERY_DROP);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_question_gets_its_verdict),
        cmocka_unit_test(what_is_no_query_is_dropped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
