// SPDX-License-Identifier: ISC
// All records of a zone in canonical order, so that those of a name, of a set and of what lies below a name are found
// without looking at every one. Internal to zonegen/.
#pragma once

#include "base/buf.h"
#include "dns/name.h"
#include "zonegen/maker.h"

struct view_record {
    ldns_rr *rr;
    struct zone_place place;
    bool ttl_given;
    size_t key;       // of the owner (struct name_key), where in the view's keys
    uint16_t key_len; // once it is built
    size_t index;     // among what was given: the order of two equal records
};

struct zone_view {
    struct view_record *records; // by owner in canonical order, type, data
    size_t count;
    size_t cap;
    struct buf keys;
    struct name apex;
    struct name_key apex_key;
    struct buf
        targets; // keys of the hosts that NS records of the zone point at: length (2 octets), key
    size_t *target_at; // sorted
    size_t target_count;
};

void zone_view_init(struct zone_view *view, const char *apex);
void zone_view_add(struct zone_view *view, ldns_rr *rr, const struct zone_place *place,
                   bool ttl_given);
// Puts them in order, after the last was added.
void zone_view_sort(struct zone_view *view);
void zone_view_done(struct zone_view *view);
// All at once, in order: the records of a zone that is made. Release with zone_view_done.
void zone_view_content(struct zone_view *view, const struct zone_content *content);

int view_compare_rdata(const ldns_rr *a, const ldns_rr *b);
const uint8_t *view_key(const struct zone_view *view, const struct view_record *record);
bool view_same_owner(const struct zone_view *view, const struct view_record *a,
                     const struct view_record *b);
bool view_at_apex(const struct zone_view *view, const struct view_record *record);
// Is the owner below the other one?
bool view_below(const struct zone_view *view, const struct view_record *record,
                const struct view_record *above);
// Behind the last record of the owner of records[from].
size_t view_run_end(const struct zone_view *view, size_t from);
// The first of this type among records[from, to), or NULL.
const struct view_record *view_find_type(const struct zone_view *view, size_t from, size_t to,
                                         ldns_rr_type type);
// Where the records of the name begin; count when there are none.
size_t view_find(const struct zone_view *view, const struct name_key *key);
// Does an NS record of the zone point at the owner?
bool view_is_nameserver(const struct zone_view *view, const struct view_record *record);

enum view_host {
    VIEW_HOST_FINE,  // has an address, or lies elsewhere
    VIEW_HOST_ALIAS, // a CNAME, or below a DNAME
    VIEW_HOST_BARE,  // in this zone, and has no address
};
// What this zone says of a host that others are sent to. Wildcards count.
enum view_host view_look_up(const struct zone_view *view, const ldns_rdf *host);
