// SPDX-License-Identifier: ISC
// What tls.c and https share: OpenSSL's side, without sockets.
#pragma once

#include <openssl/ssl.h>

#include "probe/tls.h"

#define TLS_KINDS 3

// One context for each kind of key (enum tls_kind). IO, SYNTAX when the file of authorities cannot be used.
enum status tls_contexts_new(const char *authorities, SSL_CTX *ret[TLS_KINDS], struct error *err);

// The octets go through memory: what came in is written to `in`, what is to go out read from `out`, which both belong
// to the result. host is for SNI and for the name in the certificate; NULL when OpenSSL refuses the name.
SSL *tls_session_new(SSL_CTX *context, const char *host, BIO **ret_in, BIO **ret_out);

// After a handshake. tls_chain_free releases what it points to.
void tls_chain_read(SSL *session, struct tls_answer *answer);
void tls_chain_free(struct tls_answer *answer);
// After a handshake that failed: outcome and text.
void tls_failure_read(enum tls_kind kind, struct tls_answer *answer);
