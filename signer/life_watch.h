// SPDX-License-Identifier: ISC
// What was seen last of one zone at its name servers and at its parent, for the watchdog and for people. Lost with the
// process, and looked at again then; what keys wait for is in the keyset (keys/keyset.h).
#pragma once

#include <stdbool.h>
#include <stdint.h>

// A look at all servers of a kind, counted by address.
struct life_sight {
    int64_t looked_at; // 0: never
    uint32_t ok, wrong, unknown;
    uint8_t first_wrong[16], first_unknown[16]; // as in dns/observe.h
};

// What is wrong out there: bits.
enum life_alarm {
    LIFE_RUNS_OUT = 1, // a server's signatures are nearer to their expiration than they should be
    // A server has had other keys or signatures for longer than a transfer takes.
    LIFE_OTHER_KEYS = 2,
    LIFE_DS_BOGUS = 4, // there is a DS at the parent, and none that the zone can be validated with
    LIFE_DS_FOREIGN = 8,     // there are DS of other keys beside ours: no harm, and told
    LIFE_DOES_NOT_HOLD = 16, // caches may have what does not fit together
    LIFE_DS_STRICT = 32,     // one of these has strict validators refuse the zone (dns/observe.h)
};
#define LIFE_ALARMS                                                                                \
    (LIFE_RUNS_OUT | LIFE_OTHER_KEYS | LIFE_DS_BOGUS | LIFE_DOES_NOT_HOLD | LIFE_DS_STRICT)

struct life_watch {
    struct life_sight served;
    struct life_sight parent;
    int64_t expires_at;      // the first expiration at any server, 0: no signature was seen
    uint8_t expiring[16];    // and whose that is, as in dns/observe.h
    int64_t wrong_since;     // a server has been wrong in every look since, 0: none was in the last
    uint32_t foreign;        // DS of other keys in one set at the parent, at most
    uint32_t ns_ttl;         // of the NS at the parent, 0: not seen
    bool ds_bogus;           // a server of the parent has a set of DS with none that fits
    bool ds_strict;          // or one that only some validators refuse
    const char *todo;        // about a DS that has the zone refused
    unsigned alarms;         // bits of enum life_alarm, told
    int64_t asked_at;        // when the last look began, 0: none did
    bool asked;              // it is not over
    uint32_t asked_revision; // of the keyset that it was about, and the DS that were offered
    uint16_t asked_offered;
    uint64_t cds_seen;     // the CDS that all name servers were seen with, 0: none
    uint64_t notified;     // the CDS that the parent was told of, 0: none
    uint32_t notify_count; // how often
    int64_t notify_at;     // when again
};
