// SPDX-License-Identifier: ISC
// The keys of one zone through their life, and what the world may still remember of them (RFC 6781, RFC 7583).
//
// A validator puts an answer together from three things that it may have cached at three times: the DS RRset of the
// parent, the DNSKEY RRset with its signatures, and the signatures of everything else. So a zone is safe when *every*
// combination of what may be cached holds, and that is the one rule of all rollovers here: the keyset keeps the
// history of the three, and a change is made only when it holds together with everything in the history of the other
// two (keyset_holds). The known rollovers are not programmed; they come out of the rule and of the order in which
// changes are tried (keys/rollover.h).
//
//     component     a version says                               it is remembered until
//     DNSKEYS       which keys it has, which of them sign it     all name servers were seen with a later one,
//     SIGNATURES    which keys sign the other RRsets               + propagation delay + its TTL
//     DS            which keys the parent's DS RRset names       all the parent's servers were seen without it,
//                                                                  + parent's propagation delay + its TTL
//
// A DS that was offered to the parent (`zonegen --ds`, CDS) may be there from then on, whether it was seen or not,
// and who has read the offer may act on it when it is withdrawn: so a DS is forgotten only when a second look,
// behind the time in the table, does not find it either. DS records of other keys are counted and otherwise left
// out: with them alone no zone of ours can be validated, and what they do beside ours no rollover can change.
//
// Validators may go by the strongest digest type of a DS RRset alone (RFC 4509 §3 has them ignore SHA-1 beside
// SHA-256; Unbound with harden-algo-downgrade and others go on to SHA-384). So a version of DS says twice which keys
// it names: by any digest, and by the strongest one; the zone has to hold with both.
//
// Pure: no files, no clock, no network; `now` is Unix time in seconds. Keys have slots, which are bits of masks, so
// that history stays true when keys come and go.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "keys/dnskey.h"

// A zone has one or two keys, twice that in a rollover, and once more when the next one begins before it is over.
#define KEYSET_KEYS_MAX 16
// Versions of one component that may be cached at a time. With a full history no change is made before one expires.
#define KEYSET_VERSIONS_MAX 8

enum key_role { KEY_ROLE_KSK = 1, KEY_ROLE_ZSK = 2, KEY_ROLE_CSK = 3 };

typedef uint16_t keyset_mask; // bit i: slot i

struct keyset_key {
    struct dnskey_id id;
    enum key_role role;            // 0: the slot is free
    bool wanted;                   // by the policy; else it is on its way out
    bool spent;                    // its time is over, by age or order: it is not wanted again
    bool compromised;              // its private part is destroyed as soon as it is out
    int64_t created_at;            // when it came into the keyset
    int64_t published_at;          // into the DNSKEY set; 0: not (yet), likewise below
    int64_t active_at, retired_at; // signing from, to
    int64_t offered_at;            // its DS to the parent
    int64_t ds_seen_at;            // at all the parent's servers
};

// A version of a component.
struct keyset_version {
    keyset_mask keys;    // DNSKEYS: in the RRset; SIGNATURES: signing; DS: named
    keyset_mask signers; // DNSKEYS: signing it; DS: named with its strongest digest type; else 0
    uint32_t ttl;        // the largest it was published with
    int64_t since;       // published, seen or offered; 0: assumed to have been, by an adoption
    // DNSKEYS, SIGNATURES: at all name servers since; DS: last, anywhere at the parent. 0: not.
    int64_t seen_at;
    // KEYSET_NOW: it is published, seen or offered; KEYSET_OPEN: replaced, and not seen gone; else since then.
    int64_t gone_at;
    uint32_t hold; // seconds that caches may have it after gone_at
};

#define KEYSET_NOW  INT64_MAX
#define KEYSET_OPEN (INT64_MAX - 1)
// A DS is assumed to have this TTL until one was seen there, seconds.
#define KEYSET_DS_TTL 86400
// And no more than this, whatever one server says: caches keep nothing for longer (RFC 8767 §4), so that a TTL of 68
// years, by mistake or by malice, delays a rollover for a week and not for ever.
#define KEYSET_TTL_MAX 604800

enum keyset_component { KEYSET_DNSKEYS, KEYSET_SIGNATURES, KEYSET_DS, KEYSET_COMPONENTS };

struct keyset_history {
    // Oldest first; of DNSKEYS and SIGNATURES the last is the current one.
    struct keyset_version list[KEYSET_VERSIONS_MAX];
    size_t count;
};

// What the admin ordered (`zonebox roll`, `retire`, `move`).
enum keyset_order { KEYSET_NO_ORDER, KEYSET_RETIRE, KEYSET_MOVE };

struct keyset {
    bool begun; // false: nothing was ever decided, or it is lost
    struct keyset_key keys[KEYSET_KEYS_MAX];
    struct keyset_history history[KEYSET_COMPONENTS];
    keyset_mask offered;                        // the DS RRset that the parent should have
    bool ds_known;                              // the parent was seen, all of its servers
    int64_t ds_looked_at;                       // the last look at the parent, 0: none
    uint32_t ds_foreign;                        // DS records of other keys that it saw
    uint32_t ds_ttl;                            // the largest seen, of the parent's DS
    int64_t zone_looked_at;                     // the last look at the name servers; 0: none
    uint32_t zone_ok, zone_wrong, zone_unknown; // what it saw, of the current versions
    uint32_t ds_ok, ds_wrong, ds_unknown;       // the same of the parent
    // Raised with each change of what is published, so that a look can be told from an older one's.
    uint32_t revision;
    enum keyset_order order;
    int64_t ordered_at;
    uint8_t algorithm;           // ordered; 0: as the policy has it
    uint8_t algorithm_of_policy; // when that was ordered: with another one the order is void
};

// ── Looking ──────────────────────────────────────────────────────────────────────────────────────

// The slot of a key, or KEYSET_KEYS_MAX.
size_t keyset_find(const struct keyset *set, struct dnskey_id id);
static inline keyset_mask keyset_bit(size_t slot)
{
    return (keyset_mask)(1U << slot);
}
// What is to be published now.
keyset_mask keyset_dnskeys(const struct keyset *set);     // in the DNSKEY RRset
keyset_mask keyset_signers(const struct keyset *set);     // signing all but that, CDS and CDNSKEY,
keyset_mask keyset_key_signers(const struct keyset *set); // which these sign (RFC 7344 §4.1)
// Is the zone signed now?
bool keyset_is_signed(const struct keyset *set);
// The keys that a DS may name in any cache.
keyset_mask keyset_remembered_ds(const struct keyset *set);
// Can any cache have a DS of ours, so that the zone has to validate?
bool keyset_is_secure(const struct keyset *set);
// Has the parent at all its servers the DS that were offered, and no other of ours?
bool keyset_ds_is_in(const struct keyset *set);
// All keys that are offered, or named by a version in the history: they are needed.
keyset_mask keyset_remembered(const struct keyset *set);

// Would a validator accept the zone with these three (RFC 4035 §2.2: a chain for each algorithm that the DS name, a
// signature for each algorithm that the DNSKEY set has)? True where ds names no key: then it does not look. With the
// DS of the strongest digest type alone as with all of them; where these name no key of ours the strict refuse the
// zone whatever it does, and are left out.
bool keyset_validates(const struct keyset *set, const struct keyset_version *ds,
                      const struct keyset_version *dnskeys,
                      const struct keyset_version *signatures);
// Does every combination hold of what may be cached, but for what is only assumed? False after things that nobody
// here decided: a DS that was entered before it was offered, or one that came back.
bool keyset_holds(const struct keyset *set);
// Does it with this version of a component, whatever of the other two is cached? A combination that is bad already
// with the current version of that component is no obstacle when it does not get worse.
bool keyset_would_hold(const struct keyset *set, enum keyset_component component,
                       const struct keyset_version *version);

// ── Changing ─────────────────────────────────────────────────────────────────────────────────────

// Begins the keyset of a zone that is published without signatures, or was never: `ttl` is the largest that answers
// from there may be cached with.
void keyset_begin(struct keyset *set, uint32_t ttl, int64_t now);
// Begins the keyset of a zone that has these keys, by their timing metadata (public parts suffice): brought along,
// or all that is left when the state is lost. What is published and what signs is as they say, and what caches may
// have is taken to be the worst that it allows; the parent may have a DS of any that signs, until it is seen.
// Returns how many keys were taken.
size_t keyset_adopt(struct keyset *set, const struct dnskey_set *files, uint32_t ttl, int64_t now);
// Puts a key into a free slot: not published yet, wanted. Returns the slot, KEYSET_KEYS_MAX when there is none.
size_t keyset_add(struct keyset *set, struct dnskey_id id, enum key_role role, int64_t now);
// Publishes another version of DNSKEYS or SIGNATURES, or offers other DS. Returns false, and changes nothing, when
// the history is full.
bool keyset_publish(struct keyset *set, enum keyset_component component, keyset_mask keys,
                    keyset_mask signers, uint32_t ttl, int64_t now);
// Takes the TTLs of what is published now into account: a larger one counts from now on.
void keyset_note_ttls(struct keyset *set, uint32_t dnskey_ttl, uint32_t largest_ttl);
// Forgets versions of DNSKEYS and SIGNATURES that no cache has any more (of DS keyset_see_parent does it), and mends
// times that a clock wrote which was set back since. True when any was forgotten.
bool keyset_expire(struct keyset *set, int64_t now);
// When the next one goes, INT64_MAX: none by time alone. And of one version, DS too: KEYSET_NOW and KEYSET_OPEN as
// they are.
int64_t keyset_next(const struct keyset *set);
int64_t keyset_until(const struct keyset_version *version);
// All waits for caches begin anew: the clock was wrong, or may have been.
void keyset_wait_anew(struct keyset *set, int64_t now);
// Lets go of the keys that the zone has nothing of any more and that only DS at the parent name still, beside others:
// from now on those are foreign. For when slots are scarce; else it is worth knowing whose they are.
bool keyset_disown(struct keyset *set);
// Frees the slot of a key that nothing in the history names.
void keyset_drop(struct keyset *set, size_t slot);

// A look at the zone's name servers, all of them asked for what keyset_dnskeys, _key_signers and _signers were at
// `revision`. One that was about something older changes nothing. Returns true when the keyset changed.
struct keyset_sight {
    int64_t seen_at;
    uint32_t revision;
    uint32_t ok, wrong, unknown; // servers, by address
    uint32_t propagation_delay;  // of the policy
};
bool keyset_see_zone(struct keyset *set, const struct keyset_sight *sight, int64_t now);

// A look at the parent: the different DS RRsets that its servers have.
struct keyset_parent_sight {
    int64_t seen_at;
    uint32_t ok, wrong, unknown;
    uint32_t ttl; // the largest; 0: no DS
    uint32_t propagation_delay;
    // A name server may still have the CDS of before, which a parent that reads it there may follow: what is gone may
    // come back (RFC 7344 §6.2 has parents mind that, and some do not).
    bool cds_lags;
    struct {
        keyset_mask keys, strong; // named; with the strongest digest type there
        uint16_t foreign;
    } sets[KEYSET_VERSIONS_MAX];
    size_t set_count;
};
bool keyset_see_parent(struct keyset *set, const struct keyset_parent_sight *sight, int64_t now);
