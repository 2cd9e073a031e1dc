// SPDX-License-Identifier: ISC
// The bridge from the signer's world to the server's: records and signatures become an image.
#pragma once

#include "base/buf.h"
#include "base/status.h"
#include "dns/image.h"
#include "signer/records.h"
#include "signer/sign.h"

// Builds the image into ret, which is empty. *signing NULL: the records are the zone as it is, with the RRSIGs that
// they bring along; else after a sign_finish that was happy. Both are released on the way and set to NULL: of a large
// zone they and its image would be too much at a time.
enum status compile_image(struct records **records, struct signing **signing,
                          const struct image_meta *meta, struct buf *ret, struct error *err);

// When the first of the RRSIGs among the records expires, 0 when there are none.
int64_t compile_first_expiration(const struct records *records, int64_t now);
