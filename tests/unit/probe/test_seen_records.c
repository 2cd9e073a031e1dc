// SPDX-License-Identifier: ISC
// Records as strangers send them.
#include "probe/records.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "dns/types.h"

static const uint8_t owner[] = "\1a\7example";

static uint32_t ttl_of(uint32_t ttl)
{
    ldns_rr *rr = NULL;
    ldns_rr_list *list = ldns_rr_list_new();
    uint8_t digest[32];
    uint32_t seen = 1;
    assert_int_equal(ldns_rr_new_frm_str(&rr, "A.example. 1 IN A 192.0.2.1", 0, NULL, NULL),
                     LDNS_STATUS_OK);
    ldns_rr_set_ttl(rr, ttl);
    record_digest(rr, digest);
    ldns_rr_list_push_rr(list, rr);
    assert_true(records_have(list, owner, RR_TYPE_A, digest, &seen));
    ldns_rr_list_deep_free(list);
    return seen;
}

// zone-signer takes an answer with a larger one for nonsense, and would never come to know.
static void a_ttl_of_more_than_31_bits_is_zero(void **state)
{
    (void)state;
    assert_int_equal(ttl_of(300), 300);
    assert_int_equal(ttl_of(INT32_MAX), INT32_MAX);
    assert_int_equal(ttl_of(UINT32_C(1) << 31), 0);
    assert_int_equal(ttl_of(UINT32_MAX), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_ttl_of_more_than_31_bits_is_zero)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
