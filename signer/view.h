// SPDX-License-Identifier: ISC
// An image as a validator sees it: what each node is, found from names and types alone. For verify.c and denial.c.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"
#include "dns/image.h"
#include "signer/chain.h"

enum view_place {
    VIEW_AUTHORITATIVE, // has records that the zone answers with
    VIEW_CUT,
    VIEW_EMPTY,    // empty non-terminal
    VIEW_OCCLUDED, // below a cut or a DNAME
};

struct view {
    const struct image *image;
    uint8_t *places; // enum view_place, per node
};

void view_init(struct view *view, const struct image *image);
void view_done(struct view *view);

// Does the RRset need a signature?
bool view_is_signed(const struct view *view, const struct image_rrset *rrset);

#define VIEW_WORDS_MAX 1100
// "www.example.com. TXT" for messages. Returns text.
const char *view_words(const struct image *image, const struct image_rrset *rrset,
                       char text[VIEW_WORDS_MAX]);

// The chain of NSEC or NSEC3: closed, over exactly the names that have one, with right types.
enum status denial_check(const struct view *view, struct error *err);
// The same for what was signed here: a chain of that kind and no record of the other, NSEC3 with the parameters of
// signer/chain.h.
enum status denial_check_own(const struct view *view, enum denial denial, struct error *err);
