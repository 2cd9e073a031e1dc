// SPDX-License-Identifier: ISC
// What the mail server has to know of the DKIM keys, in files that it reads as they are, so that nobody has to tell it
// when keys are replaced (`zonebox setup opendkim`, `zonebox setup rspamd`):
//
//   DIR/dkim/KeyTable       OpenDKIM: selector._domainkey.domain → domain, selector, private file; keys before are in
//                           it too, so that the older SigningTable never names a key that is not there
//   DIR/dkim/SigningTable   OpenDKIM: domain → key
//   DIR/dkim/rspamd.conf    Rspamd: the part `domain {}` of dkim_signing, every domain with a key of each kind
//
// OpenDKIM signs with one algorithm for all (SignatureAlgorithm), so its tables have RSA keys, or Ed25519 ones where
// the box makes no RSA keys. Files are 0640 with the group of the directory, written only when they change.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"
#include "signer/zones.h"

struct dkim_tables {
    char *directory;
    bool stale;      // the zones may have other keys than they
    int64_t rest_ms; // monotonic: written long enough ago then
    int64_t retry_at;
    char *trouble; // what was logged: they cannot be written
};

void dkim_tables_done(struct dkim_tables *tables);
// Writes what has changed. Before the round over the zones is over, only when the keys of all zones are known, and no
// more than a tenth of the time is spent on it. What cannot be written is logged and tried again later; no key is
// revoked meanwhile (signer/dkim.h).
void dkim_tables_write(struct dkim_tables *tables, const struct zones *zones, bool round_is_over,
                       int64_t now);
