// SPDX-License-Identifier: ISC
// Rollovers: which change to the keys of a zone comes next, and when (RFC 6781 §4, RFC 7583). Pure, like the keyset.
//
// The policy says which keys a zone should have; `wanted` keys are those, all others are on their way out. A step
// tries the changes that lead there, in this order, and makes those that are safe (keys/keyset.h):
//
//   1. SIGNATURES  by the wanted keys alone; or, for an algorithm that is new, by these as well (RFC 6781 §4.1.4)
//   2. DS          with ksk-rollover: double-ds, of the same algorithm: the next one beside the old (§4.1.2)
//   3. DNSKEYS     the wanted keys alone; else these as well
//   4. DS          the wanted ones alone
//
// From this follow: ZSK pre-publication (3, wait, 1, wait, 3); KSK double-signature (3, wait, 4, wait for the
// parent, 3) and double-DS (2, wait for the parent, 3, wait, 4); conservative algorithm rollover (1, wait, 3, wait,
// 4, wait for the parent, 3, wait, 1); CSK ↔ KSK+ZSK; signing (1 and 3 at once, wait, 4) and going back to unsigned
// (4 with no DS, wait for the parent, 1 and 3). A new order in the middle of one only changes what is wanted.
//
// A compromised key goes the same way, now: to drop it at once would make the zone bogus for as long as its DS is
// cached, which stops all mail, while who has the key can forge only what a victim asks through him (RFC 6781
// §4.3.1).
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "keys/keyset.h"

struct rollover_policy { // of a zone; seconds
    bool is_signed;      // false: `dnssec: off`
    uint8_t algorithm;
    bool split_keys; // KSK and ZSK; else one CSK
    bool double_ds;
    uint32_t ksk_lifetime, zsk_lifetime; // 0: for ever; a CSK lives as long as a KSK
    uint32_t propagation_delay, parent_propagation_delay;
    uint32_t dnskey_ttl, largest_ttl; // of what is published next: DNSKEY's, and of all RRsets
};

// What happened in a step, for the log and the journal.
enum rollover_event_kind {
    ROLLOVER_BEGINS,        // the key is to go: policy, age or order
    ROLLOVER_PUBLISHED,     // into the DNSKEY set
    ROLLOVER_SIGNS,         // the key signs now
    ROLLOVER_OFFERED,       // its DS is to be entered at the parent
    ROLLOVER_WITHDRAWN,     // its DS is to be taken out at the parent
    ROLLOVER_RETIRED,       // signs no more
    ROLLOVER_REMOVED,       // out of the DNSKEY set
    ROLLOVER_DEAD,          // no cache can have anything of it: the files may go
    ROLLOVER_WENT_UNSIGNED, // the zone has no signatures any more (no key)
};
struct rollover_event {
    enum rollover_event_kind kind;
    struct dnskey_id key;
};
#define ROLLOVER_EVENTS_MAX (8 * KEYSET_KEYS_MAX)
struct rollover_events {
    struct rollover_event list[ROLLOVER_EVENTS_MAX];
    size_t count;
};

// Takes an event into account in the timing metadata of its key's files: what comes again begins now, and its end is
// forgotten; a key that dies without ever having been published has its end, too.
void rollover_note_times(enum rollover_event_kind kind, int64_t now, struct dnskey_times *times);

// A key that has to be made, or brought along, before it can go on: the caller does it, adds it (keyset_add), and
// calls again.
struct rollover_need {
    enum key_role role; // 0: none
    uint8_t algorithm;
};

// Brings the keyset as far as it can go now. Returns true when anything changed; events are appended. With
// *ret_need a key is needed, and nothing else was tried.
bool rollover_step(struct keyset *set, const struct rollover_policy *policy, int64_t now,
                   struct rollover_events *events, struct rollover_need *ret_need);
// When rollover_step has something to do by time alone, INT64_MAX: never.
int64_t rollover_next(const struct keyset *set, const struct rollover_policy *policy);
// When a key is replaced by age, INT64_MAX: never, or it is on its way out.
int64_t rollover_key_next(const struct keyset *set, const struct rollover_policy *policy,
                          size_t slot);

// Orders. They take effect with the next step. All keys of these roles are replaced. algorithm: of the new ones,
// and of the zone for as long as the policy's does not change; 0: as it is. It ends an order to retire or move.
void rollover_order_roll(struct keyset *set, const struct rollover_policy *policy,
                         enum key_role roles, uint8_t algorithm, bool compromised, int64_t now);
void rollover_order_retire(struct keyset *set, enum keyset_order order, int64_t now);
// A key that was brought along becomes the wanted one of its role, all others of the role are spent. One that is on
// its way out comes back. Ends an order to retire or move, and one for another algorithm than the policy's. RANGE
// when there is no slot, STATE when the keyset has that key in another role, or compromised; nothing has changed
// then.
enum status rollover_order_import(struct keyset *set, struct dnskey_id id, enum key_role role,
                                  int64_t now);

// Does the zone still need something from outside to become what the policy wants, and what?
enum rollover_wait {
    ROLLOVER_DONE,        // nothing: everything is as it should be
    ROLLOVER_FOR_SERVERS, // the name servers have not all been seen with what is published
    ROLLOVER_FOR_CACHES,  // until `until`: what caches have has to expire
    ROLLOVER_FOR_DS_IN,   // the DS that are offered have to be entered at the parent
    ROLLOVER_FOR_DS_OUT,  // old DS of ours have to be taken out there
    ROLLOVER_FOR_PARENT,  // all the parent's servers have to be seen
    ROLLOVER_FOR_AGE,     // until `until`: the lifetime of a key
};
struct rollover_waiting {
    enum rollover_wait wait;
    int64_t until;    // INT64_MAX: not known
    keyset_mask keys; // the ones concerned
};
// Of the whole zone; of one key (by slot): what its own next state waits for.
struct rollover_waiting rollover_waits(const struct keyset *set,
                                       const struct rollover_policy *policy, int64_t now);
struct rollover_waiting rollover_key_waits(const struct keyset *set,
                                           const struct rollover_policy *policy, size_t slot,
                                           int64_t now);

// The state of a key as RFC 7583 §3.1 names it, of the KSK part of a CSK.
enum rollover_state {
    ROLLOVER_KEY_GENERATED, // there, and nothing of it is public
    ROLLOVER_KEY_PUBLISHED, // public, and not all caches know it
    ROLLOVER_KEY_READY,     // known to all, not in use
    ROLLOVER_KEY_ACTIVE,    // in use: signs; of a KSK the DS was seen
    ROLLOVER_KEY_RETIRED,   // not in use, caches may need it still
    ROLLOVER_KEY_DEAD,      // out of the DNSKEY set, and caches forget it
};
enum rollover_state rollover_key_state(const struct keyset *set, size_t slot);
const char *rollover_state_name(enum rollover_state state); // "generated" …
