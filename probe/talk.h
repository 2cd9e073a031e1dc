// SPDX-License-Identifier: ISC
// One connection of tls.h, waiting or open, and the steps that it is made of: tls.c has its beginning, its
// handshake and its end, tls_smtp.c what comes before (STARTTLS), tls_https.c what comes after (GET).
#pragma once

#include "base/buf.h"
#include "probe/http.h"
#include "probe/tls.h"
#include "probe/tls_parts.h"
#include "probe/turns.h"

#define TALK_OCTETS 16384 // read at a time; a TLS record has no more

enum talk_stage { STAGE_GREETING, STAGE_EHLO, STAGE_STARTTLS, STAGE_HANDSHAKE, STAGE_HTTP };

struct tls_client {
    uv_loop_t *loop;
    unsigned timeout_ms;
    bool has_authorities;
    SSL_CTX *contexts[TLS_KINDS];
    struct turns turns;
    unsigned references; // talks not yet released, and turns
    uint8_t octets[TALK_OCTETS];
};

// One connection, waiting or open: for certificates (on_tls) or for a file (on_https).
struct talk {
    struct turn turn;
    struct tls_client *client;
    char host[NAME_TEXT_MAX]; // without the last dot
    enum tls_start start;
    enum tls_kind kind;
    char *path;
    void (*on_tls)(void *data, const struct tls_answer *answer);
    void (*on_https)(void *data, const struct https_answer *answer);
    void *data;
    enum talk_stage stage;
    bool ended;
    unsigned handles;
    uv_timer_t timer;
    uv_tcp_t tcp;
    uv_connect_t connect;
    SSL *session;
    BIO *in; // of the session
    BIO *out;
    size_t received; // until the handshake is done
    struct buf line; // SMTP, not yet a whole reply
    struct http http;
};

// Each of these may end the talk, which is then told and gone for whoever calls: `ended` says so.
void talk_fail(struct talk *talk, enum tls_outcome outcome, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void talk_finish_https(struct talk *talk, const struct https_answer *answer);
void talk_send(struct talk *talk, const void *octets, size_t len);
void talk_send_session(struct talk *talk); // what OpenSSL has for the other end
void talk_begin_handshake(struct talk *talk);
void talk_take_smtp(struct talk *talk, const uint8_t *octets, size_t len);
void talk_begin_https(struct talk *talk);
void talk_read_https(struct talk *talk);
