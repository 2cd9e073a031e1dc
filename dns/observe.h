// SPDX-License-Identifier: ISC
// What zone-signer asks zone-probe about the world, and what it is told: messages of fixed size over a SOCK_SEQPACKET
// pair that zoned makes and keeps, so that the program with the keys parses nothing that strangers wrote.
//
// A question is about one fact; the answer counts what each server at each address said, over UDP and TCP. Who could
// not be reached is unknown, never wrong. The pair outlives both programs: a question or an answer may be lost when
// one of them is started anew, so who asks asks again after OBSERVE_PATIENCE_S.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "dns/name.h"

#define OBSERVE_VERSION    1
#define OBSERVE_PATIENCE_S 60

enum observe_kind {
    // Do all name servers of the zone (those that its parent names and those that it names itself, at all addresses)
    // have this record at owner? ok: has it; wrong: answered and has it not. ttl is that of the RRset.
    OBSERVE_RECORD = 1,
    // Which key does the mail server at owner (a host name) present on `port`, at all addresses, with each kind of
    // certificate that it has? ok: presents the key whose SubjectPublicKeyInfo has this SHA-256; wrong: another one.
    OBSERVE_TLS_KEY,
};

struct observe_question {
    uint32_t version;            // OBSERVE_VERSION
    uint32_t id;                 // comes back in the answer
    uint16_t kind;               // enum observe_kind
    uint16_t type;               // RECORD: the RRset's
    uint16_t port;               // TLS_KEY: 25 (STARTTLS), 465, 587 …
    uint16_t reserved;           // 0
    uint8_t zone[NAME_WIRE_MAX]; // wire form, lower case; RECORD only
    uint8_t owner[NAME_WIRE_MAX];
    // RECORD: SHA-256 of the canonical rdata, of a TXT's text (observe_text); TLS_KEY: of the SubjectPublicKeyInfo
    uint8_t digest[32];
};

struct observe_answer {
    uint32_t version;
    uint32_t id;
    int64_t seen_at; // Unix seconds
    uint32_t ttl;    // the largest that was seen; 0: none
    uint32_t ok;     // how many servers, by address
    uint32_t wrong;
    uint32_t unknown;
};

// What counts of a TXT: its strings, joined, without white space and without a ';' at the end. Web forms cut texts into
// strings as they like and lose or add blanks, and to readers of tag lists that is all the same (RFC 6376 §3.2,
// §3.6.2.2). Done in place; returns the length that is left.
size_t observe_text(uint8_t *octets, size_t len);
