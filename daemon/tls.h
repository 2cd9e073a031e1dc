// SPDX-License-Identifier: ISC
// DNS over TLS: one more zone-server, with sockets, a user and a certificate of its own. What its files say is not
// believed before that program has looked at it:
//
//   files ──► certificate_files_read ──► zone-server --check ──► fits: the program is started, or replaced by one
//                                             │                  that has it, as workers are: the new one first
//                                             └► does not: what fitted last stays. Who renews writes one file after
//                                                the other, so it is said only when it still does not a little later
//
// zoned keeps what fitted last, so that a program that dies gets it again, whatever the files say by then.
#pragma once

#include <stdbool.h>
#include <uv.h>

#include "base/status.h"
#include "daemon/answerer.h"
#include "daemon/child.h"
#include "daemon/listen.h"

// Certificate and key are renewed within milliseconds of each other; by hand it takes somewhat longer.
#define TLS_PATIENCE_MS 2000

struct zoned;
struct tls_check;

struct zoned_tls {
    struct child child;
    struct answerer answerer;
    struct listen_set sockets;
    int fitting;             // certificate and key that go together, -1: none yet
    int seen;                // what the files said last, whether it fits or not, -1: nothing
    uint32_t handshakes;     // of an address per second, that the process has
    bool stale;              // other settings than those the process has
    struct tls_check *check; // that runs; NULL: none
    bool check_again;        // the files have changed since it was started
    bool patient;            // it was waited for long enough to believe that something is wrong
    uv_timer_t patience;
    struct error listen_error; // why it does not listen where it should; "": it does
    struct error error;        // what is wrong with certificate or key; "": nothing
};

void tls_init(struct zoned *zoned);
// Makes it run with what the inputs say now, or not at all when they say so. False when its sockets cannot be had: then
// it goes on as it is.
bool tls_follow(struct zoned *zoned);
// Looks at the files: they may have changed.
void tls_look(struct zoned *zoned);
void tls_set_stale(struct zoned *zoned);
void tls_end(struct zoned *zoned);
void tls_close(struct zoned *zoned); // IDLE; the loop runs on behind it
void tls_done(struct zoned *zoned);  // and then
