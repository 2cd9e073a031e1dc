// SPDX-License-Identifier: ISC
// The DKIM keys of a zone's mail domains, kept as keys/dkim_plan.h says: states are written into their files, keys that
// are gone deleted, new ones ordered. An order is work for any thread (RSA takes its time); its result is stored when
// the batch is committed, and the zone is looked at once more.
//
// What is known of the keys stays with the zone: for the status, for the tables of the mail server
// (signer/dkim_tables.h), and for when to come again.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "keys/dkim_plan.h"
#include "signer/build.h"

// A pending key whose record others have to publish, and what was last seen of it (signer/dkim_ask.h).
struct dkim_watch {
    char *owner;
    uint8_t digest[32]; // as struct observe_question has it
    int64_t since;      // the key was made
    int64_t asked_at;   // 0: not yet, likewise below
    int64_t looked_at;
    uint32_t ok, wrong, unknown; // servers, by address
    bool asked;                  // and not answered yet
};

struct zone_dkim {
    struct dkim_domain *list;
    size_t count;
    bool is_whole;              // the octets of the keys are there still
    struct dkim_watch *watches; // external zones only
    size_t watch_count;
    int64_t next; // when a step is due, INT64_MAX: never
};

void zone_dkim_free(struct zone_dkim *dkim); // NULL is fine
void zone_dkim_slim(struct zone_dkim *dkim); // likewise
// When the zone has to be looked at for its DKIM keys.
int64_t zone_dkim_next(const struct zone_dkim *dkim);

struct dkim_order {
    struct zone *zone;
    char *domain;
    char *selector;
    enum dkim_algorithm algorithm;
    struct dkim_pair pair;
    enum status status;
    struct error err;
};

struct dkim_orders {
    struct dkim_order *list;
    size_t count, cap;
};

// Does what is due for the zone. Keys to be made are appended to orders: when there are any, the zone waits for them.
// An error keeps what is published: files that cannot be written, or a directory that is gone with its keys published.
// What could be read is known to the tables all the same.
// What is wrong with a single key is logged once and stops nothing.
// The octets of the keys stay until zone_dkim_slim: they are large, and nobody needs them once the zone is made.
enum status dkim_keep(const struct build_context *context, struct zone *zone,
                      struct dkim_orders *orders, struct error *err);

// Makes the key; in any thread. Nothing is written.
void dkim_order_run(struct dkim_order *order);
// Writes it, pending.
enum status dkim_order_store(const char *directory, const struct dkim_order *order, int64_t now,
                             struct error *err);
void dkim_orders_clear(struct dkim_orders *orders); // keeps the memory of the list
