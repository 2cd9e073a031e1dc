// SPDX-License-Identifier: ISC
// Images of which workers of zone-server died (decision 037), as zoned tells: the first death makes an image suspect,
// the second sets it aside, and its zone is served from the image before it until there is a newer one.
//
// Here that image is kept, beside the newest, with each commit that replaces one that is proven: served for a while and
// not suspect. And people are told: the zone has something wrong, until its next image.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <jansson.h>

#include "base/quarantine.h"
#include "base/status.h"
#include "signer/zone.h"

// What was served for less than that does not take the place of what was served for longer …
#define ASIDE_PROVEN_S 60
// … unless that was replaced so long ago: changes may come again and again.
#define ASIDE_KEPT_S 3600

struct publisher;

struct aside {
    struct quarantine suspects; // that died once or more; also those set aside
    struct quarantine images;   // set aside
};

// The order of zoned:
//   {"command":"set-aside","image":"0123456789abcdef","suspect":true|false}
//   {"zone":"example.com"|null,"serial":2,"before":{"serial":1,"expires":1796209600|null}|null}
// zone: whose newest image it is; before: the one that is served in its place.
enum status aside_order(struct publisher *publisher, const json_t *request, json_t *reply,
                        int64_t now, struct error *err);
// The table of zones is another.
void aside_reset(struct publisher *publisher, int64_t now);
// Is the image that is published to be kept as the one before the next?
bool aside_keeps(const struct publisher *publisher, const struct zone *zone, int64_t now);
// What is wrong with a zone whose image is set aside, NULL: it is not. The caller frees.
char *aside_words(const struct zone *zone);
