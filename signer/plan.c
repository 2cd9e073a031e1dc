// SPDX-License-Identifier: ISC
#include "signer/plan.h"

#include "dns/name.h"
#include "dns/serial.h"

struct plan_policy plan_policy(const struct config_dnssec_policy *config)
{
    struct plan_policy policy = {.lifetime = config->signature_lifetime,
                                 .refresh = config->signature_refresh};
    uint32_t most = (uint32_t)((uint64_t)policy.lifetime * 3 / 4);
    if (policy.refresh > most)
        policy.refresh = most;
    return policy;
}

static uint32_t later_of(uint32_t a, uint32_t b)
{
    return serial_is_later(b, a) ? b : a;
}

uint32_t plan_serial_next(uint32_t last, int64_t now, uint32_t floor)
{
    // Behind last + 1 is not enough: half a circle on it would be before last.
    uint32_t next = last + 1;
    if (serial_is_later((uint32_t)now, last))
        next = later_of(next, (uint32_t)now);
    if (serial_is_later(floor, last))
        next = later_of(next, floor);
    return next;
}

uint32_t plan_serial_first(int64_t now, uint32_t floor)
{
    return later_of((uint32_t)now, floor);
}

// FNV-1a: spread is all that is asked of it.
static uint64_t hash_owner_type(const uint8_t *owner, uint16_t type)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    size_t len = name_wire_len(owner);
    for (size_t i = 0; i < len + 2; i++) {
        unsigned octet = i < len ? owner[i] : (unsigned)type >> (8 * (i - len)) & 0xffU;
        hash = (hash ^ octet) * UINT64_C(0x100000001b3);
    }
    return hash ^ hash >> 32;
}

struct plan_times plan_times(const struct plan_policy *policy, int64_t now, const uint8_t *owner,
                             uint16_t type)
{
    uint64_t most = policy->lifetime / PLAN_JITTER_PART;
    int64_t jitter = (int64_t)(hash_owner_type(owner, type) % (most + 1));
    return (struct plan_times){now - PLAN_BACKDATE,
                               now + policy->ahead + policy->lifetime - jitter};
}

bool plan_is_due(const struct plan_policy *policy, int64_t now, int64_t expiration)
{
    return now >= plan_due_at(policy, expiration);
}

bool plan_is_taken_along(const struct plan_policy *policy, int64_t now, int64_t expiration)
{
    return plan_is_due(policy, now + policy->lifetime / PLAN_WINDOW_PART, expiration);
}

int64_t plan_due_at(const struct plan_policy *policy, int64_t expiration)
{
    return expiration - policy->refresh - policy->ahead;
}
