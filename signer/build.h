// SPDX-License-Identifier: ISC
// One zone from its inputs to the next verified image, in two halves with the signing between them.
//
//   build_prepare   generates the records (with last good inputs where needed), finds or makes the keys, and compares
//                   with what is published: nothing to do, or a build whose jobs are to be run
//   build_finish    compiles the image and verifies it: ready to be committed
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/status.h"
#include "dns/store.h"
#include "keys/rollover.h"
#include "signer/chain.h"
#include "signer/key_orders.h"
#include "signer/keyring.h"
#include "signer/lastgood.h"
#include "signer/records.h"
#include "signer/sign.h"
#include "signer/verify.h"
#include "signer/zone.h"

struct build_context {
    struct inputs *inputs; // octets of bad files are swapped in them
    struct zones *zones;
    const char *dkim_directory;
    const struct tls_plan *tls; // NULL: none
    struct keyring *keyring;
    struct lastgood *lastgood;
    struct store_reader *serve; // both renewed
    struct store_reader *state;
    struct dkim_orders *orders; // of the batch
    struct key_orders *key_orders;
    enum verify_choice verify;
    struct verify_later *later; // NULL: build_finish verifies all
    bool *dkim_changed;         // set when who signs mail has to be told of another key
    bool dkim_held;             // who signs mail could not be told of new keys: none is revoked
    bool has_eyes;              // zone-probe looks at what the world has
    bool distrust;              // somebody else wrote to serve/: nothing of it is used again
    int64_t now;
};

struct build {
    struct zone *zone;
    struct records *records;   // NULL once the image is made, as is signing
    struct dnskey_set keys;    // in use or offered to the parent, when it is signed here
    enum config_dnssec dnssec; // ON also while `dnssec: off` waits for the DS to go (signer/life.h)
    enum denial denial;        // of policy, or of what is published when that is signed again
    struct rollover_events events; // of its keys
    struct signing *signing;       // NULL when the zone is not signed here
    bool is_signed;
    size_t signatures_made, signatures_kept;
    struct zone_state state; // as it is to be remembered,
    bool state_changed;      // even if nothing is published
    uint64_t content;
    struct buf image;
    int64_t expires_at;
    bool keeps; // what it replaces, as the image before it
};

enum build_outcome {
    BUILD_UNCHANGED, // what is published is what should be
    BUILD_READY,
    BUILD_WAITS,  // for DKIM keys that were ordered (signer/dkim.h)
    BUILD_FAILED, // err says why; *ret_status the kind
};

enum build_outcome build_prepare(const struct build_context *context, struct zone *zone,
                                 struct build *ret, enum status *ret_status, struct error *err);
enum status build_finish(const struct build_context *context, struct build *build,
                         struct error *err);
// When context->later was run: does what it put off of this build hold up?
enum status build_verified(const struct build_context *context, const struct build *build,
                           struct error *err);
void build_done(struct build *build);
// Releases all but what is to be remembered, of one that is not published.
void build_slim(struct build *build);

// Opens what serve/ has of the zone with that apex; the octets lie in the snapshot.
enum status build_open(struct store_reader *serve, const struct name_key *apex, struct image *ret,
                       struct error *err);
// Reads what serve/ has of the zone into zone->published and zone->keys. An image that does not hold up counts as
// none; err then has words.
void build_look(struct store_reader *serve, struct zone *zone, struct error *err);

struct zone_published build_published(const struct image *image);

// When what is published has to be signed again, INT64_MAX: never. And is it time?
int64_t build_due_at(const struct zone *zone);
bool build_is_due(const struct zone *zone, int64_t now);

// Writes the octets of the inputs that this zone alone depends on, and that are good and new, to state/. The box's
// certificates and host keys belong to the zone that has the host name.
enum status build_keep_inputs(const struct build_context *context, const struct zone *zone,
                              struct store_txn *txn, struct error *err);
bool build_has_news(const struct build_context *context, const struct zone *zone);
