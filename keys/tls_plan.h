// SPDX-License-Identifier: ISC
// Which public keys the TLSA records name, and until when (RFC 6698, RFC 7671 §8, RFC 7672 §4). Pure: no files, no
// clock, no network; `now` is Unix time in seconds.
//
// A sender that validates keeps the records for their TTL. So a key has to be in them two TTLs before a server has it,
// and for as long as any server has it:
//
//     next ──────────────► safe ──────────────► current ─────────────► leaving ──────────────► dropped
//     announced: a public  every name server    a certificate of       no certificate has it    not published; kept
//     key in tls-next      has had the record   the box has it         any more, but a server   while a file or the
//                          for two TTLs                                may: published still     served zone names it
//
//   next → safe        two TTLs after all name servers were seen with the record. One that cannot be asked is not seen;
//                      one that is seen without it starts the wait anew, also for a key that was safe.
//   → current          when a certificate has it, from whatever state: what runs comes first. From safe it is as it
//                      should be. From next it is too early, and a key that nobody announced is a surprise: both raise
//                      an alarm, both keys stay published, and validators catch up within a TTL.
//   current → leaving  when all certificates could be read and none has it; a missing or broken file changes nothing.
//   leaving → dropped  when no server presented it at any address, on any of the ports, at two looks two TTLs apart and
//                      at all looks between. A port that cannot be reached is unknown: the key stays. For ever, then.
//   leaving → current, leaving → next   the certificate is back, the file is back.
//   any → dropped      by the admin's order alone (tls_plan_forget); then its files do not bring it back while they are
//                      there, and one taken away and put back is a new announcement.
//
// Times that lie in the future, since the clock was set back, count as now: a wait begins anew, nothing ends early.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

#define TLS_DIGEST_LEN 32 // SHA-256 of the SubjectPublicKeyInfo: selector 1, matching type 1
// Records of one port: 16 of them fit a UDP answer with their signature (dns/query.h), and two certificates with their
// successors need four. Of more, the key that left its certificate first has to go, with an alarm.
#define TLS_KEYS_MAX 16
// Besides those published, dropped ones that something still names.
#define TLS_DROPPED_MAX 16
// A server that has another key than the certificate file for so long was not reloaded.
#define TLS_RELOAD_S 3600

enum tls_state { TLS_NEXT, TLS_SAFE, TLS_CURRENT, TLS_LEAVING, TLS_DROPPED };

struct tls_key {
    uint8_t digest[TLS_DIGEST_LEN];
    enum tls_state state;
    bool surprise;    // became current unannounced or too early, less than two TTLs ago
    bool forgotten;   // DROPPED by the admin's order
    bool told;        // it was said that servers have another
    int64_t since;    // the state's beginning
    int64_t added_at; // in the plan, and so in the records, since then
    int64_t seen_at;  // every name server has the record since then; 0: not all were seen with it
    int64_t safe_at;  // two TTLs later; 0 like seen_at
    int64_t
        looked_at; // the last look at the name servers (next, safe) or at the ports (current, leaving); 0: none
    uint32_t ok, wrong, unknown; // what that saw
    int64_t
        absent_at; // LEAVING, CURRENT: no server presents it since then; 0: one does, or it is not known
};

struct tls_plan {
    struct tls_key keys[TLS_KEYS_MAX + TLS_DROPPED_MAX]; // in the order in which they came
    size_t count;
    // The largest TTL that records may still be cached with, and when the one of now takes its place; 0: it is that.
    uint32_t ttl;
    int64_t ttl_until;
    bool begun;   // false: nothing was ever decided, or it is lost
    bool crowded; // it was said that there is no room
};

struct tls_digests {
    uint8_t list[TLS_KEYS_MAX][TLS_DIGEST_LEN];
    size_t count;
};
// Adds one that is not there yet. False: there is no room.
bool tls_digests_add(struct tls_digests *digests, const uint8_t digest[TLS_DIGEST_LEN]);
bool tls_digests_have(const struct tls_digests *digests, const uint8_t digest[TLS_DIGEST_LEN]);

// What the files and the served zone say now.
struct tls_facts {
    struct tls_digests certificates; // keys of those that could be read
    bool certificates_known;         // all could be read
    struct tls_digests next;         // announced
    bool next_known;                 // all could be read
    struct tls_digests published;    // `3 1 1` in the zone as it is served
    uint32_t ttl;                    // of the records
};

enum tls_event_kind {
    TLS_ANNOUNCED,   // a next key came
    TLS_IS_SAFE,     // it may be deployed
    TLS_DEPLOYED,    // a certificate has it, as planned
    TLS_TOO_EARLY,   // alarm: a certificate has it before validators know it
    TLS_UNANNOUNCED, // alarm: nobody knew of it
    TLS_LEAVES,      // no certificate has it any more
    TLS_GONE,        // withdrawn, no server has it
    TLS_CROWDED_OUT, // alarm: withdrawn without having been seen to go, since there are too many
    TLS_NOT_TAKEN,   // alarm: there is no room for it
    TLS_NOT_SAFE,    // a name server without its record was seen: the wait begins anew
    TLS_NOT_RELOADED, // warning: servers have had another key than the certificate's for TLS_RELOAD_S
    TLS_STRANGE_KEY, // alarm: servers present a key that no record names
};

struct tls_event {
    enum tls_event_kind kind;
    uint8_t digest[TLS_DIGEST_LEN];
};

#define TLS_EVENTS_MAX 128 // a key has at most three in one step

struct tls_events {
    struct tls_event list[TLS_EVENTS_MAX];
    size_t count;
};

// Brings the plan up to what is so now; events (appended) are what there is to say. True when it changed.
//
// A plan that is not `begun` takes what the zone already has for granted: keys of certificates are current without an
// alarm, others are leaving, so that nothing a server may have is withdrawn because the state was lost.
bool tls_plan_step(struct tls_plan *plan, const struct tls_facts *facts, int64_t now,
                   struct tls_events *events);

// What was seen of one key: counts of servers, by address (dns/observe.h), of all ports together.
enum tls_look { TLS_LOOK_RECORD, TLS_LOOK_SERVERS };
struct tls_sight {
    enum tls_look look;
    uint8_t digest[TLS_DIGEST_LEN];
    int64_t seen_at;
    uint32_t ttl; // the largest seen
    uint32_t ok, wrong, unknown;
};
// Takes it into account; tls_plan_step follows it. Of keys that are not in the plan, of another kind than their state
// wants, or older than the last one it changes nothing. True when the plan changed.
bool tls_plan_see(struct tls_plan *plan, const struct tls_sight *sight, int64_t now,
                  struct tls_events *events);

// All waits begin anew (keys/tls_wait.c): the clock was wrong, or may have been. True when the plan changed.
bool tls_plan_wait_anew(struct tls_plan *plan, int64_t now);

// Which look tells something about the key. False: none is needed.
bool tls_plan_wants(const struct tls_key *key, enum tls_look *ret);
// How many seconds behind the last look the next one is due: `interval` while something waits for it, else at leisure.
#define TLS_LEISURE_S 3600
int64_t tls_plan_look_at(const struct tls_key *key, uint32_t interval, int64_t now);

// Drops a key at once: it is compromised. NOT_FOUND: it is not in the plan; STATE: a certificate has it, and without
// force senders would refuse the server, or it is dropped already.
enum status tls_plan_forget(struct tls_plan *plan, const uint8_t digest[TLS_DIGEST_LEN], bool force,
                            int64_t now, struct error *err);

// Is there a key that a server may have? Where there is none, next keys are not published either: alone, they would
// have senders refuse whatever the server has.
bool tls_plan_knows_servers(const struct tls_plan *plan);
// When tls_plan_step has something to do by time alone, INT64_MAX: never.
int64_t tls_plan_next(const struct tls_plan *plan, int64_t now);

const struct tls_key *tls_plan_find(const struct tls_plan *plan,
                                    const uint8_t digest[TLS_DIGEST_LEN]);
static inline bool tls_key_is_published(const struct tls_key *key)
{
    return key->state != TLS_DROPPED;
}
// "next", "safe", "current", "leaving", "dropped"
const char *tls_state_name(enum tls_state state);
bool tls_state_read(const char *text, enum tls_state *ret);
