// SPDX-License-Identifier: ISC
// What the signer remembers in state/ from one run to the next.
//
//   per zone     the serial last used, how it was published, the life of its keys (keys/keyset.h). Written and synced
//                *before* the zone is committed to serve/: a crash between the two skips a serial, and never uses one
//                twice.
//   per input    the octets of a certificate, host key or zone file when they were last good.
//   per host     the plan of its TLSA keys (keys/tls_plan.h), written before the zone that follows from it.
//   once         the transaction id of serve/ before the last commit. When serve/ shows another than this or the next,
//                somebody else wrote there, and nothing of it is taken over. And the newest time that was ever
//                written, so that a clock that lies before it is found to be wrong.
//
// Records are versioned and carry a digest; one that does not hold up is told from one that is missing.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/status.h"
#include "dns/name.h"
#include "dns/store.h"
#include "keys/dnskey.h"
#include "keys/tls_plan.h"

enum state_mode {
    STATE_NEVER,     // nothing was published yet
    STATE_SIGNED,    // signed here
    STATE_UNSIGNED,  // dnssec: off
    STATE_PRESIGNED, // as the zone file has it
};

struct zone_state {
    enum state_mode mode;
    bool lost; // the record could not be read: serial 0, keys unknown. Not written.
    uint32_t serial;
    int64_t cached_until; // by caches, of what was published with larger TTLs than now; 0: nothing
    uint8_t *keyset;      // signer/keyset_state.h, owned; NULL: none
    size_t keyset_len;
};

void zone_state_done(struct zone_state *state);

void zone_state_encode(const struct zone_state *state, struct buf *ret);
// SYNTAX when the octets are not such a record; trailing octets are the store's padding. The caller ends with
// zone_state_done.
enum status zone_state_decode(const uint8_t *octets, size_t len, struct zone_state *ret);

// Reads from a snapshot (store_reader_renew was called). Nothing there is STATE_NEVER; a record that does not hold up
// has `lost` set.
void state_zone_get(struct store_reader *reader, const struct name_key *apex,
                    struct zone_state *ret);
enum status state_zone_put(struct store_txn *txn, const struct name_key *apex,
                           const struct zone_state *state, struct error *err);

// The last good octets of an input; they lie in the snapshot. NOT_FOUND also when they do not match their digest.
enum status state_input_get(struct store_reader *reader, const char *path,
                            const uint8_t **ret_octets, size_t *ret_len);
enum status state_input_put(struct store_txn *txn, const char *path, const uint8_t *octets,
                            size_t len, struct error *err);

// The plan of the host's TLSA keys. NOT_FOUND: there is none; SYNTAX: it does not hold up.
enum status state_tls_get(struct store_reader *reader, const char *hostname, struct tls_plan *ret);
enum status state_tls_put(struct store_txn *txn, const char *hostname, const struct tls_plan *plan,
                          struct error *err);
enum status state_tls_delete(struct store_txn *txn, const char *hostname, struct error *err);

// False: not known.
bool state_serve_id_get(struct store_reader *reader, uint64_t *ret);
enum status state_serve_id_put(struct store_txn *txn, uint64_t id, struct error *err);

// The newest time that was written, Unix seconds. False: not known.
bool state_time_get(struct store_reader *reader, int64_t *ret);
enum status state_time_put(struct store_txn *txn, int64_t time, struct error *err);
