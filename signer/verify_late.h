// SPDX-License-Identifier: ISC
// Signatures of many images, verified together: that costs half (keys/ecdsa_check.h).
//
//   later = verify_later_new();
//   verify_image(…, later)        (signer/verify.h) for each image: its structure, and which RRsets are to be verified
//   verify_late(later);           once
//   verify_late_result(…)         for each image that held up so far; its octets have stayed where they are
#pragma once

#include "base/status.h"
#include "dns/image.h"
#include "signer/verifier.h"

struct verify_later;

struct verify_later *verify_later_new(void);
void verify_later_free(struct verify_later *later); // NULL is fine

// Verifies the RRset's signatures, or puts that off. BOGUS: what was put off of this image is forgotten.
enum status verify_soon(struct verify_later *later, struct verifier *verifier,
                        const struct image *image, const struct image_rrset *rrset,
                        struct error *err);
void verify_late(struct verify_later *later);
// BOGUS with words.
enum status verify_late_result(const struct verify_later *later, const struct image *image,
                               struct error *err);
