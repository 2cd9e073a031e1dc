// SPDX-License-Identifier: ISC
#include "server/tickets.h"

#include <stdbool.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/rand.h>

#define ROLL_MS (TICKET_LIFE_S * INT64_C(1000))

static bool make(struct ticket_key *ret, int64_t now_ms)
{
    ret->made_ms = now_ms;
    return RAND_bytes(ret->name, sizeof(ret->name)) == 1 &&
           RAND_priv_bytes(ret->cipher, sizeof(ret->cipher)) == 1 &&
           RAND_priv_bytes(ret->mac, sizeof(ret->mac)) == 1;
}

const struct ticket_key *tickets_newest(struct tickets *tickets, int64_t now_ms)
{
    if (tickets->newest.made_ms != 0 && now_ms - tickets->newest.made_ms < ROLL_MS)
        return &tickets->newest;
    struct ticket_key fresh;
    if (!make(&fresh, now_ms))
        return NULL;
    tickets->before = tickets->newest;
    tickets->newest = fresh;
    OPENSSL_cleanse(&fresh, sizeof(fresh));
    return &tickets->newest;
}

const struct ticket_key *tickets_find(const struct tickets *tickets, int64_t now_ms,
                                      const uint8_t name[TICKET_NAME_LEN])
{
    const struct ticket_key *const keys[] = {&tickets->newest, &tickets->before};
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
        if (keys[i]->made_ms != 0 && now_ms - keys[i]->made_ms < 2 * ROLL_MS &&
            memcmp(keys[i]->name, name, TICKET_NAME_LEN) == 0)
            return keys[i];
    return NULL;
}
