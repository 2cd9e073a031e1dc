// SPDX-License-Identifier: ISC
// The public keys of one zone as it is published: what a validator may trust that trusts this box (public_file.h), and
// what `zonebox status` shows.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "dns/image.h"

struct public_key {
    uint16_t tag; // RFC 4034 appendix B
    uint16_t flags;
    uint8_t algorithm;
    uint16_t len;
    uint8_t *rdata; // of the DNSKEY
};

enum public_kind { PUBLIC_NOTHING, PUBLIC_UNSIGNED, PUBLIC_SIGNED };

struct public_keys {
    enum public_kind kind;
    uint32_t ttl;
    struct public_key *list; // in the order of the RRset, which is canonical
    size_t count;
};

// Takes the DNSKEY RRset out of an image. An image without signatures on it, or one that is to count as unsigned
// whatever it carries, is PUBLIC_UNSIGNED.
void public_keys_read(const struct image *image, bool is_unsigned, struct public_keys *ret);
void public_keys_done(struct public_keys *keys); // leaves PUBLIC_NOTHING
bool public_keys_equal(const struct public_keys *a, const struct public_keys *b);

// What holds while now the one and now the other is served: the keys of both. When one is unsigned, so is this: a
// validator that expects no signatures takes answers with them.
void public_keys_both(const struct public_keys *a, const struct public_keys *b,
                      struct public_keys *ret);

// Appends lines of a master file: DNSKEY records, or "; unsigned: NAME". Revoked keys (RFC 5011 §2.1) are left out.
// name: without the last dot.
void public_keys_print(const struct public_keys *keys, const char *name, struct buf *ret);
