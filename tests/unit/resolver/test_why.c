// SPDX-License-Identifier: ISC
#include "resolver/why.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "dns/types.h"

static void reasons_have_their_codes(void **state)
{
    (void)state;
    static const struct {
        const char *words;
        uint16_t code;
    } reasons[] = {
        {"validation failure <a. A IN>: signature expired from 127.0.0.1 for key a. while building "
         "chain of trust",
         EDE_SIGNATURE_EXPIRED},
        {"validation failure <a. A IN>: signature before inception date from 127.0.0.1",
         EDE_SIGNATURE_NOT_YET_VALID},
        {"validation failure <a. A IN>: No DNSKEY record from 127.0.0.1 for key a.",
         EDE_DNSKEY_MISSING},
        {"validation failure <a. A IN>: no keys have a DS with algorithm ECDSAP256SHA256 from ::1",
         EDE_DNSKEY_MISSING},
        {"validation failure <a. A IN>: no signatures from 127.0.0.1", EDE_RRSIGS_MISSING},
        {"validation failure <a. A IN>: nodata proof failed from 127.0.0.1", EDE_NSEC_MISSING},
        {"validation failure <a. A IN>: signature crypto failed", EDE_DNSSEC_BOGUS},
        {"validation failure <no?signatures. A IN>: misc failure", EDE_DNSSEC_BOGUS},
        {"", EDE_DNSSEC_BOGUS},
        {NULL, EDE_DNSSEC_BOGUS},
    };
    for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++)
        assert_int_equal(why_code(reasons[i].words), reasons[i].code);
}

static void the_question_is_not_repeated(void **state)
{
    (void)state;
    assert_string_equal(why_text("validation failure <a. A IN>: signature expired"),
                        "signature expired");
    assert_string_equal(
        why_text("validation failure <b. A IN>: key for validation a. is marked as invalid because "
                 "of a previous validation failure <a. A IN>: signature expired from 192.0.2.1"),
        "signature expired from 192.0.2.1");
    assert_string_equal(why_text("validation failure <a. A IN"), "validation failure <a. A IN");
    assert_string_equal(why_text("something else <a>: b"), "something else <a>: b");
    assert_null(why_text(NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reasons_have_their_codes),
        cmocka_unit_test(the_question_is_not_repeated),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
