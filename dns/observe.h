// SPDX-License-Identifier: ISC
// What zone-signer asks zone-probe about the world, and what it is told: messages of fixed size over a SOCK_SEQPACKET
// pair that zoned makes and keeps, so that the program with the keys parses nothing that strangers wrote.
//
// A question is about one fact; the answer counts what each server at each address said, over UDP and TCP. Who could
// not be reached is unknown, never wrong (probe/observer.h tells what else may be left out: what this host has no route
// to). The pair outlives both programs: a question or an answer may be lost when one of them is started anew, so who
// asks asks again after OBSERVE_PATIENCE_S.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "dns/name.h"

#define OBSERVE_VERSION    4
#define OBSERVE_PATIENCE_S 60
// Keys that one question can name: as many as a zone has at a time (keys/keyset.h).
#define OBSERVE_KEYS_MAX 16
// Different DS sets that one answer can tell apart: a parent in the middle of a change has two.
#define OBSERVE_SETS_MAX 8

enum observe_kind {
    // Do all name servers of the zone (those that its parent names and those that it names itself, at all addresses)
    // have this record at owner? ok: has it; wrong: answered and has it not. ttl is that of the RRset.
    OBSERVE_RECORD = 1,
    // Which key does the mail server at owner (a host name) present on `port`, at all addresses, with each kind of
    // certificate that it has? ok: presents the key whose SubjectPublicKeyInfo has this SHA-256; wrong: another one.
    OBSERVE_TLS_KEY,
    // Do all name servers of the zone serve it with exactly these keys: a DNSKEY RRset of those with OBSERVE_IN_DNSKEY,
    // it signed by those with OBSERVE_SIGNS_KEYS, the SOA by those with OBSERVE_SIGNS_ZONE, and by no others? ok: it is
    // so over UDP and over TCP; wrong: an answer from authority shows that it is not; without authority: unknown. No
    // keys at all: does the zone have neither DNSKEY nor RRSIG? ttl is that of the DNSKEY RRset, expires_at the first
    // expiration of all these signatures at all servers.
    OBSERVE_KEYS,
    // Which DS RRset has each of the parent's servers, at all addresses? ok: answered, and the answer is among `sets`;
    // wrong: answered with what is no such answer (SERVFAIL, a referral further up), or differently over UDP and TCP;
    // ttl is the largest of the DS RRsets. Where there is no parent zone that delegates the zone all is 0.
    OBSERVE_DS,
    // An order: tells the parent that CDS and CDNSKEY have changed, by NOTIFY(CDS) to the target that its DSYNC names
    // (RFC 9859). ok: targets that acknowledged; wrong: that refused; unknown: silent ones. All 0: the parent names
    // none, or none that is secure.
    OBSERVE_NOTIFY_CDS,
};

enum observe_use { OBSERVE_IN_DNSKEY = 1, OBSERVE_SIGNS_KEYS = 2, OBSERVE_SIGNS_ZONE = 4 };

// A key of a zone, by the digests that a DS for it would have (RFC 3658, 4509, 6605 §2): they are over owner and DNSKEY
// rdata, so that each names flags, algorithm and key at once, also of a key that is never in a DS.
struct observe_key {
    uint8_t sha1[20];
    uint8_t sha256[32];
    uint8_t sha384[48];
    uint16_t tag;
    uint8_t algorithm;
    uint8_t use; // KEYS: bits of enum observe_use; DS: 0
};

// What validators make of a DS RRset whose digests and algorithms they know (RFC 4035 §5.2: others are left out).
enum observe_ds {
    // There is one that they know: without a chain from it the zone is bogus, and not insecure.
    OBSERVE_DS_COUNTS = 1,
    // Of the strongest digest type there is one of an algorithm that none of `strong` has: refused by who asks for a
    // chain by each algorithm (Unbound with harden-algo-downgrade), though RFC 6840 §5.11 says not to.
    OBSERVE_DS_LACKS = 2,
};

// A DS RRset as some of the parent's servers have it.
struct observe_set {
    uint16_t keys;    // bit i: a DS of the question's keys[i], of any digest type
    uint16_t strong;  // the same, of the strongest digest type in the RRset
    uint16_t foreign; // DS records of none of them, or with a digest that is not the key's
    uint16_t traits;  // bits of enum observe_ds
    uint32_t servers; // how many have it, by address
};

struct observe_question {
    uint32_t version;             // OBSERVE_VERSION
    uint32_t id;                  // comes back in the answer
    uint16_t kind;                // enum observe_kind
    uint16_t type;                // RECORD: the RRset's
    uint16_t port;                // TLS_KEY: 25 (STARTTLS), 465, 587 …
    uint16_t reserved;            // 0
    uint8_t zone[NAME_WIRE_MAX];  // wire form, lower case; not for TLS_KEY
    uint8_t owner[NAME_WIRE_MAX]; // RECORD, TLS_KEY
    // RECORD: SHA-256 of the canonical rdata, of a TXT's text (observe_text); TLS_KEY: of the SubjectPublicKeyInfo
    uint8_t digest[32];
    struct observe_key keys[OBSERVE_KEYS_MAX]; // KEYS, DS
    uint32_t key_count;
};

struct observe_answer {
    uint32_t version;
    uint32_t id;
    int64_t seen_at; // Unix seconds
    uint32_t ttl;    // the largest that was seen; 0: none
    uint32_t ok;     // how many servers, by address
    uint32_t wrong;
    uint32_t unknown;
    // Addresses of the first server that was wrong, of the first that is unknown, and (KEYS) of one that has the
    // signature which expires first, for people: IPv6, or IPv4 mapped (RFC 4291 §2.5.5.2); all 0: there is none.
    uint8_t first_wrong[16];
    uint8_t first_unknown[16];
    uint8_t first_expiring[16];
    int64_t expires_at;                        // KEYS: Unix seconds, 0: no signature was seen
    struct observe_set sets[OBSERVE_SETS_MAX]; // DS
    uint32_t set_count; // servers with a set for which there is no room count as unknown
    uint32_t ns_ttl; // DS: the largest TTL of the NS that delegate the zone there; 0: none was seen
};

// What counts of a TXT: its strings, joined, without white space and without a ';' at the end. Web forms cut texts into
// strings as they like and lose or add blanks, and to readers of tag lists that is all the same (RFC 6376 §3.2,
// §3.6.2.2). Done in place; returns the length that is left.
size_t observe_text(uint8_t *octets, size_t len);
