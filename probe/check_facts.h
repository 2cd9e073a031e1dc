// SPDX-License-Identifier: ISC
// What was seen of the world, and what still has to be looked at.
//
// Judging and asking are apart. The judges (probe/judge.h) are pure functions over these facts. A judge asks for a fact
// as if it were there; one that is not known yet is noted as wanted, the judge gets NULL and goes on to the next thing.
// Whoever gathers (probe/check.h) looks at all that is wanted, at once, settles it, and has everything judged anew,
// until nothing is wanted any more. So what is asked follows from what was answered (an SPF record's includes, the
// address of a name server), the asking knows nothing of mail, and the verdicts depend on the facts alone, not on the
// order in which they came.
//
// Names are texts as zone files have them, without the last dot; the root is ".". Case does not count.
#pragma once

#include <ldns/ldns.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/address.h"

// Of one zone: what names a stranger's records can lead to is bounded further at each place, this is the last bound.
#define FACTS_MAX 20000

enum fact_kind {
    FACT_DNS,    // one question to one server, or to the resolver
    FACT_TLS,    // the certificates behind a port, for one kind of key
    FACT_POLICY, // an MTA-STS policy, by HTTPS
};

enum fact_outcome {
    FACT_ANSWERED,
    FACT_SILENT,      // no answer in time: nothing is known, neither good nor bad
    FACT_UNREACHABLE, // nobody listens at that port
    FACT_NO_ROUTE,    // this host has no way to such addresses
    FACT_BROKEN,      // something came that is no answer; words say what
    // Of TLS
    FACT_NO_STARTTLS, // it speaks SMTP, and does not offer STARTTLS
    FACT_NO_SUCH_KEY, // it has no certificate with a key of that kind
    // Of HTTPS
    FACT_UNTRUSTED, // the certificate is not one that senders accept; words say why
};

struct fact_dns {
    struct address server; // of the server; family AF_UNSPEC: the resolver
    bool tcp;
    bool recurse; // RD
    char *name;
    ldns_rr_type type;
};

enum fact_key { FACT_KEY_ECDSA, FACT_KEY_RSA }; // which certificates the client says that it takes

struct fact_tls {
    struct address server; // with port, which also says whether TLS begins at once or with STARTTLS
    enum fact_key key;
    char *name; // SNI
};

struct fact_policy {
    char *host; // "mta-sts.example.com"
};

// One certificate as it was presented.
struct fact_certificate {
    uint8_t *der;
    size_t der_len;
    uint8_t *spki; // SubjectPublicKeyInfo, DER
    size_t spki_len;
};

struct fact {
    enum fact_kind kind;
    union {
        struct fact_dns dns;
        struct fact_tls tls;
        struct fact_policy policy;
    };
    bool known;
    enum fact_outcome outcome;
    char *words;                    // why it is not ANSWERED, for people; "" otherwise
    ldns_pkt *packet;               // DNS
    struct fact_certificate *chain; // TLS: leaf first
    size_t chain_count;
    unsigned code; // POLICY: HTTP status
    char *body;    // POLICY: NUL-terminated; octets of it that are NUL were made blanks
};

struct facts;

struct facts *facts_new(void);
void facts_free(struct facts *facts); // NULL is fine

// Each returns the fact, or NULL: it is wanted now. server NULL: the resolver. One past FACTS_MAX is known as SILENT.
const struct fact *facts_dns(struct facts *facts, const struct address *server, bool tcp,
                             const char *name, ldns_rr_type type);
// The same with RD set towards a server, to see whether it recurses.
const struct fact *facts_recursion(struct facts *facts, const struct address *server,
                                   const char *name, ldns_rr_type type);
const struct fact *facts_tls(struct facts *facts, const struct address *server, enum fact_key key,
                             const char *name);
const struct fact *facts_policy(struct facts *facts, const char *host);

// All that was ever wanted, in that order: index 0, 1, …, then NULL. It grows at its end while judges run; the gatherer
// begins behind what it has seen.
struct fact *facts_wanted(struct facts *facts, size_t index);

// Settles a fact that has no content.
void fact_fail(struct fact *fact, enum fact_outcome outcome, const char *words);
void fact_answer_dns(struct fact *fact, ldns_pkt *packet); // takes the packet
// One more of the chain; octets are copied. fact_answer ends it.
void fact_add_certificate(struct fact *fact, const uint8_t *der, size_t der_len,
                          const uint8_t *spki, size_t spki_len);
void fact_answer(struct fact *fact);
void fact_answer_policy(struct fact *fact, unsigned code, const void *body, size_t len);
