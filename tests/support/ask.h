// SPDX-License-Identifier: ISC
// Questions and replies as text, for tests of the server. Replies are read by ldns, so that what is
// tested does not judge itself; a reply that ldns cannot read is said on stderr and ends the
// program.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dns/query.h"

#define ASK_MAX 320

// Writes a query in wire form. `question`: "www.example. A", then any of "+do" (EDNS with DO),
// "+edns" and "+size=N" (what EDNS says that the client takes over UDP; 1232 when not given).
// Returns its length.
size_t ask_query(const char *question, uint8_t octets[ASK_MAX]);

// The reply as lines: first rcode and flags ("NXDOMAIN aa"), then each record with its section:
//     answer www.example. A 192.0.2.1
//     answer www.example. RRSIG A
//     authority a.example. NSEC c.example. A RRSIG NSEC
// RRSIG shows only what it covers, DNSKEY and DS no rdata, TTLs only where they are not 3600
// ("A/300"). "opt" ends it when there is an OPT, with "ede N" where there is one. The caller frees.
char *ask_text(const uint8_t *reply, size_t len);

// The NSEC3 hash of a name as its owner shows it, with the salt and iterations of zone_text_sign.
// The caller frees.
char *ask_hash(const char *name);
// Has the authority section an NSEC3 that matches ("=www.example.") or covers ("~www.example.") the
// name?
bool ask_nsec3(const uint8_t *reply, size_t len, const char *proof);

// A question for "www.example." that is to get its verdict; rcode and ede are those of QUERY_REPLY.
struct ask_verdict {
    const char *what;
    uint16_t flags;
    uint16_t type;
    uint16_t class;
    enum query_verdict verdict;
    uint16_t rcode;
    uint16_t ede;
};
typedef enum query_verdict ask_reader(const uint8_t *octets, size_t len, struct query *ret);
// Fails the test with the first that gets another one.
void ask_verdicts(ask_reader *reader, const struct ask_verdict *rows, size_t count);
