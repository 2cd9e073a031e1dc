// SPDX-License-Identifier: ISC
// A query, from octets to a checked question. Pure and without allocation: what a client sends is
// read here and nowhere else, so that those who answer work on facts. Which questions a program
// answers is its own affair (server/question.h for the name server).
//
//   octets → query_parse → QUERY_DROP     no reply: too short for a header, or itself a reply
//                        → QUERY_REPLY    reply with query->rcode; nothing is looked up
//                        → QUERY_LOOKUP   one well-formed question
//
// Read strictly (RFC 1035 §4, RFC 6891 §6.1, RFC 9619): one question, its name not compressed,
// nothing in the answer section, at most one OPT and it well-formed, nothing behind the last
// record. Records of the additional section that are neither OPT nor TSIG are stepped over.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dns/name.h"
#include "dns/types.h"

// A name that is looked up: the question's, or one that a CNAME or DNAME of the answer leads to.
struct query_name {
    const uint8_t *wire; // whole, case as given
    uint8_t len;
    uint8_t labels;
    // Where in wire each label begins; [labels] is the root's zero octet.
    uint8_t label_at[NAME_LABELS_MAX + 1];
    struct name_key key;
};

#define QUERY_NO_EDE UINT16_MAX

// Options of the query's OPT that somebody may answer; all others are ignored (RFC 6891 §6.1.2).
enum query_option {
    QUERY_COOKIE = 1 << 0,
    QUERY_NSID = 1 << 1,      // whatever it says (RFC 5001 §2.1)
    QUERY_KEEPALIVE = 1 << 2, // without a time, which is for servers to say (RFC 7828 §3.2.1)
    QUERY_PADDING = 1 << 3,
    // A COOKIE of a length that none has, which is a format error to those that know cookies (RFC 7873 §5.2.2)
    QUERY_COOKIE_MALFORMED = 1 << 4,
};

// RFC 7873 §4
#define COOKIE_CLIENT_LEN 8
#define COOKIE_LEN_MIN    (COOKIE_CLIENT_LEN + 8)  // with the server's half
#define COOKIE_LEN_MAX    (COOKIE_CLIENT_LEN + 32) // which need not be ours

struct query {
    uint16_t id;
    uint16_t flags;        // second 16 bits of the header, as received
    uint16_t rcode;        // QUERY_REPLY: enum rcode
    uint16_t ede;          // QUERY_REPLY: enum ede_code, or QUERY_NO_EDE
    uint16_t question_len; // octets of the question, 0 when there is none to echo
    uint16_t qtype;
    uint16_t qclass;
    uint16_t udp_size;      // what the client takes over UDP, at least 512
    bool edns;              // came with an OPT, so that the reply has one
    bool dnssec_ok;         // DO
    uint8_t options;        // enum query_option
    uint8_t cookie_len;     // COOKIE_CLIENT_LEN, or COOKIE_LEN_MIN to COOKIE_LEN_MAX
    const uint8_t *cookie;  // QUERY_COOKIE: the first one (RFC 7873 §5.2)
    struct query_name name; // its key only under QUERY_LOOKUP
};

enum query_verdict { QUERY_DROP, QUERY_REPLY, QUERY_LOOKUP };

// Reads the message. `ret` points into octets, which must stay as long as it is used.
enum query_verdict query_parse(const uint8_t *octets, size_t len, struct query *ret);
// Is this, which query_parse rejected, a well-formed query without a question that only asks for a cookie (RFC 7873
// §5.4)? If so, *ret has its OPT; if not, *ret is as it was.
bool query_asks_for_cookie(const uint8_t *octets, size_t len, struct query *ret);

// The query is not looked up but answered with this; ede: enum ede_code, or QUERY_NO_EDE.
static inline enum query_verdict query_reject(struct query *query, enum rcode rcode, uint16_t ede)
{
    query->rcode = (uint16_t)rcode;
    query->ede = ede;
    return QUERY_REPLY;
}

// Fills in the places of the labels and the length. False when octets do not begin with a whole
// uncompressed name. The key is left to query_name_key.
bool query_name_read(const uint8_t *octets, size_t len, struct query_name *ret);
void query_name_key(struct query_name *name);

// Where in the name's wire its last `labels` labels begin.
static inline size_t query_name_suffix(const struct query_name *name, unsigned labels)
{
    return name->label_at[name->labels - labels];
}
