// SPDX-License-Identifier: ISC
// The keys of session tickets (RFC 5077, RFC 8446 §2.2): a client that comes back shows its ticket and saves both sides
// the dear part of the handshake; the server keeps nothing of it. Whoever has such a key can read what was said in
// sessions of TLS 1.2 that it made, so it lives for two hours at most, and in this process only.
//
//   for an hour           new tickets are made with it
//   for one more          those that were made with it are taken: as long as a ticket lives (TICKET_LIFE_S)
#pragma once

#include <stdint.h>

#define TICKET_LIFE_S   3600
#define TICKET_NAME_LEN 16

struct ticket_key {
    int64_t made_ms; // 0: none
    uint8_t name[TICKET_NAME_LEN];
    uint8_t cipher[32]; // AES-256
    uint8_t mac[32];    // HMAC-SHA256
};

// All zero at first. Times are those of a clock that starts behind 0 and never goes back.
struct tickets {
    struct ticket_key newest, before;
};

// The key to make tickets with; a new one each hour. NULL: there are no random numbers, no ticket can be made.
const struct ticket_key *tickets_newest(struct tickets *tickets, int64_t now_ms);
// The key of that name, NULL when it is unknown or too old.
const struct ticket_key *tickets_find(const struct tickets *tickets, int64_t now_ms,
                                      const uint8_t name[TICKET_NAME_LEN]);
