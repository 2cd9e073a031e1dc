// SPDX-License-Identifier: ISC
// The waits of the TLSA plan when nobody knows how much of them has passed.
#include "keys/tls_plan.h"

// A key that is safe already was so by a clock that was believed then.
static bool wait_anew(struct tls_key *key, int64_t now)
{
    bool waits = key->state == TLS_NEXT && key->safe_at != 0;
    bool goes = key->state == TLS_LEAVING && key->absent_at != 0;
    if (waits) {
        key->safe_at = now + (key->safe_at - key->seen_at);
        key->seen_at = now;
    } else if (goes) {
        key->absent_at = 0;
    }
    return waits || goes;
}

bool tls_plan_wait_anew(struct tls_plan *plan, int64_t now)
{
    bool any = plan->ttl_until != 0;
    if (any)
        plan->ttl_until = now + 2 * (int64_t)plan->ttl;
    for (size_t i = 0; i < plan->count; i++)
        any = wait_anew(&plan->keys[i], now) || any;
    return any;
}
