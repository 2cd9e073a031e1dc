// SPDX-License-Identifier: ISC
// What a host presents over TLS at one address and port: the certificates, also those that nobody should trust,
// since they are what is looked at. With STARTTLS for mail (RFC 3207) or TLS from the first octet; for each kind of
// key that the host may have a certificate of, since a client gets to see one only.
//
//     tls_look ──► its turn ──► connect ──► [220 ◄─► EHLO ◄─► STARTTLS] ──► handshake ──► done
//     https_get ─► its turn ──► connect ──► handshake, verified ──► GET ──► done
//
// Nothing blocks; each is done exactly once, from the loop, or at once when the client is closed. Who cannot be
// reached is unknown; only what a host said itself can be wrong.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#include "base/address.h"
#include "base/status.h"
#include "dns/name.h"

// Connections at a time; others wait for their turn. And to one address: mail servers limit connections of a client.
#define TLS_FLIGHT_MAX             16
#define TLS_FLIGHT_PER_ADDRESS_MAX 2
// Octets of one SMTP reply, all its lines: an EHLO's of a busy server has 600.
#define TLS_SMTP_REPLY_MAX 8192
// Certificates of a chain, and octets of all of them.
#define TLS_CHAIN_MAX        10
#define TLS_CHAIN_OCTETS_MAX 65536
// Octets that a host may send until the handshake is done.
#define TLS_HANDSHAKE_OCTETS_MAX (256U << 10)
// Head and body of an HTTP answer. RFC 8461 §3.3: policies of more than 64 kB need not be read.
#define TLS_HTTP_HEAD_MAX 16384
#define TLS_HTTP_BODY_MAX 65536

// A mail server may keep a client waiting for its greeting (postscreen(8): 6 s).
#define TLS_TIMEOUT_DEFAULT_MS 15000

enum tls_start {
    TLS_AT_ONCE,
    TLS_STARTTLS, // SMTP's
};

// The kinds of signature that the client takes, and so which certificate it gets.
enum tls_kind { TLS_KIND_ANY, TLS_KIND_RSA, TLS_KIND_ECDSA }; // ECDSA: and EdDSA

enum tls_outcome {
    TLS_PRESENTED,   // there are certificates
    TLS_UNKNOWN,     // not reached, not in time, or sent away ("421 too busy")
    TLS_NO_STARTTLS, // a mail server that does not offer it, or refuses the command
    TLS_NO_SUCH_KEY, // it has TLS, but nothing for a client that takes this kind only
    TLS_BROKEN,      // speaks something else, or TLS that this program cannot follow
};

struct tls_target {
    struct address address; // with its port
    const uint8_t *host; // wire form: for SNI (RFC 6066 §3) and the name in the certificate; copied
    enum tls_start start;
    enum tls_kind kind;
};

struct tls_certificate {
    const uint8_t *der;
    size_t der_len;
    uint8_t digest[32]; // SHA-256 of der
    uint8_t spki[32];   // SHA-256 of its SubjectPublicKeyInfo
    const uint8_t *spki_der;
    size_t spki_der_len;
    int64_t not_after; // Unix seconds
};

#define TLS_TEXT_MAX 200

// Until `done` returns.
struct tls_answer {
    enum tls_outcome outcome;
    struct tls_certificate chain[TLS_CHAIN_MAX]; // as presented; [0] is the host's own
    size_t chain_count;
    const char *version; // "TLSv1.3"
    // By the public CAs, for the host's name; when there are no CAs to go by it is not, with words.
    bool trusted;
    char untrusted[TLS_TEXT_MAX]; // why not
    char text[TLS_TEXT_MAX];      // why nothing was presented; may have a line of the host, cleaned
};

struct tls_client;

struct tls_settings {
    unsigned timeout_ms;     // of one connection, from its turn to its end
    const char *authorities; // PEM file of those who are believed, read now; NULL: none
};

// IO, SYNTAX when the authorities cannot be read.
enum status tls_client_new(uv_loop_t *loop, const struct tls_settings *settings,
                           struct tls_client **ret, struct error *err);
void tls_look(struct tls_client *client, const struct tls_target *target,
              void (*done)(void *data, const struct tls_answer *answer), void *data);
// Gives up all that is under way: each is done (UNKNOWN) before this returns, and so is what is begun after it.
// Memory is released when the loop has run on. NULL is fine.
void tls_client_close(struct tls_client *client);

// With STARTTLS at 25 and 587, at once elsewhere.
enum tls_start tls_start_of(uint16_t port);

// ── HTTPS ────────────────────────────────────────────────────────────────────────────────────────

struct https_request {
    struct address address;
    const uint8_t *host; // wire form; copied
    const char *path;    // "/.well-known/mta-sts.txt"; copied
};

enum https_outcome {
    HTTPS_ANSWERED, // with a status
    HTTPS_UNKNOWN,  // not reached or not in time
    HTTPS_UNTRUSTED, // no certificate of a public CA for the host's name: nothing was asked (RFC 8461 §3.3)
    HTTPS_BROKEN, // no HTTP, or more than the quotas
};

struct https_answer {
    enum https_outcome outcome;
    unsigned status;       // 200 …; redirections are not followed (RFC 8461 §3.3)
    char content_type[64]; // without parameters, lower case; "": none
    const uint8_t *body;   // until `done` returns
    size_t body_len;
    char text[TLS_TEXT_MAX]; // why it is not ANSWERED
};

void https_get(struct tls_client *client, const struct https_request *request,
               void (*done)(void *data, const struct https_answer *answer), void *data);
