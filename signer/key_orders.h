// SPDX-License-Identifier: ISC
// DNSSEC keys that take long to make (RSA: some tenths of a second): they are made in libuv's pool with the batch that
// found them missing, while the loop goes on, and written when it is committed: as spare ones (keys/dnskey.h), which
// their zones, looked at once more, find. So a crash in between leaves a key that the next run takes.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "keys/dnskey.h"
#include "signer/keyring.h"

struct zone;

struct key_order {
    struct zone *zone;
    uint16_t flags;
    uint8_t algorithm;
    struct dnskey_pair pair;
    enum status status;
    struct error err;
};

struct key_orders {
    struct key_order *list;
    size_t count, cap;
};

void key_orders_add(struct key_orders *orders, struct zone *zone, uint16_t flags,
                    uint8_t algorithm);
// Makes the key; in any thread. Nothing is written.
void key_order_run(struct key_order *order);
// Writes it. That its tag is taken is fine: the zone orders another one.
enum status key_order_store(struct keyring *keyring, struct key_order *order, int64_t now,
                            struct error *err);
void key_orders_clear(struct key_orders *orders); // keeps the memory of the list
