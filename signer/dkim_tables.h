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

#include <stdint.h>

#include "signer/kept_file.h"
#include "signer/zones.h"

struct dkim_tables {
    char *directory;
    struct kept_file kept;
};

void dkim_tables_done(struct dkim_tables *tables);
// Writes what has changed; KEPT_IN_TIME, while the zones are looked at, only when the keys of all zones are known. What
// cannot be written is logged and tried again later; no key is revoked meanwhile (signer/dkim.h).
void dkim_tables_write(struct dkim_tables *tables, const struct zones *zones, enum kept_when when,
                       int64_t now);
