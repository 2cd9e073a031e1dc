// SPDX-License-Identifier: ISC
// public/tls.keys and the plan in state/: what is read is printed and read back the same, and no plan that can be read
// makes a step that goes over its bounds.
#include "tests/fuzz/fuzz.h"

#include <string.h>

#include "keys/tls_text.h"

#define NOW INT64_C(1795000000)

static void check_bounds(const struct tls_plan *plan)
{
    size_t published = 0;
    for (size_t i = 0; i < plan->count; i++)
        published += tls_key_is_published(&plan->keys[i]);
    MUST(published <= TLS_KEYS_MAX && plan->count - published <= TLS_DROPPED_MAX);
}

// Every second key of the plan is in a certificate, the first of the others is announced; each is seen somehow.
static void run(struct tls_plan *plan)
{
    struct tls_facts facts = {.certificates_known = true, .next_known = true, .ttl = 3600};
    for (size_t i = 0; i < plan->count; i++)
        (void)tls_digests_add(i % 2 == 0 ? &facts.certificates : &facts.next, plan->keys[i].digest);
    memset(facts.next.list[0], 0x5a, TLS_DIGEST_LEN);
    facts.next.count = facts.next.count == 0 ? 1 : facts.next.count;
    for (int64_t now = NOW; now < NOW + 10 * 3600; now += 3600) {
        struct tls_events events = {.count = 0};
        tls_plan_step(plan, &facts, now, &events);
        check_bounds(plan);
        MUST(tls_plan_next(plan, now) >= now);
        for (size_t i = 0; i < plan->count; i++) {
            struct tls_sight sight = {.seen_at = now, .wrong = i % 3 == 0, .ok = i % 3 == 1};
            memcpy(sight.digest, plan->keys[i].digest, TLS_DIGEST_LEN);
            if (tls_plan_wants(&plan->keys[i], &sight.look))
                tls_plan_see(plan, &sight, now, &events);
        }
        facts.certificates.count = 0;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct tls_plan plan, back;
    struct buf text = {0}, again = {0};
    struct error err = {0};
    if (tls_plan_read(data, size, &plan, &err) != STATUS_OK) {
        MUST(err.text[0] != '\0');
        return 0;
    }
    tls_plan_print(&plan, &text);
    MUST(tls_plan_read(text.data, text.len, &back, &err) == STATUS_OK);
    tls_plan_print(&back, &again);
    MUST(text.len == again.len && memcmp(text.data, again.data, text.len) == 0);
    buf_done(&text);
    buf_done(&again);
    check_bounds(&plan);
    run(&plan);
    return 0;
}
