// SPDX-License-Identifier: ISC
// Signalling records (RFC 9615): a domain that waits for its first DS has its CDS and CDNSKEY said once more, below the
// names of its name servers, where the zone that has such a name is ours and secure:
//
//   _dsboot.example.org._signal.ns1.example.com.  CDS …   in example.com, for example.org on the server ns1.example.com
//
// A parent that looks there can trust them, and enters the DS without any form. They are what is *served* at the
// domain's apex, never more, and come when that is served; they go when a DS of ours was seen at the parent, or none is
// offered any more. A server's name inside the domain itself cannot vouch for it (RFC 9615 §4.2), and a domain below
// another zone of ours needs nothing: its DS is made here.
//
// Each zone knows whom it signals for (its guests), kept up to date one by one, so that making it looks at no other. It
// is made anew for them at the end of a round, once for all that have changed, and paced as files are
// (signer/kept_file.h).
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "signer/kept_file.h"
#include "signer/records.h"
#include "signer/zones.h"

// Of one zone; there is none where it is neither the one nor the other.
struct zone_dsboot {
    // As a domain without DS: NS, CDS and CDNSKEY that are served at its apex, (type, length, rdata) each. Empty: it
    // does not wait for a first one.
    struct buf served;
    uint64_t sum; // of what is to be said; 0: nothing
    struct dsboot_link {
        size_t host;   // in the table of zones
        size_t place;  // among the host's guests
        size_t server; // where its name is in `served`
        bool made;     // the host was made with it
    } * links;
    size_t link_count, link_cap;
    // As a zone that has names of name servers
    struct dsboot_guest {
        size_t zone; // in the table
        size_t link; // of that
    } * guests;
    size_t guest_count, guest_cap;
    uint64_t wanted; // the guests' sums; what was made of them the last time
    uint64_t made;
    bool listed;
    bool told; // that a name would be too long
};

struct dsboot { // all zero: nothing to do
    struct kept_file pace;
    bool under_way;  // zones were touched in this round
    size_t *changed; // hosts whose guests may be others than when they were made
    size_t count, cap;
};

void dsboot_done(struct dsboot *desk);
void zone_dsboot_free(struct zone_dsboot *boot); // NULL is fine
// What is served of the zone is nothing to go by. The table is reset then.
void dsboot_forget(struct zone *zone);

// This image of the zone is served now; its state is known. Settle it then.
void dsboot_take(struct zone *zone, const struct image *image);
// The zone's keyset, or what is served of it, may be another now.
void dsboot_settle(struct dsboot *desk, struct zones *zones, struct zone *zone);
// The table of zones is another.
void dsboot_reset(struct dsboot *desk, struct zones *zones);

// The round is over. Hosts with other guests are touched, if it is time. True: there are any.
bool dsboot_wake(struct dsboot *desk, struct zones *zones, int64_t now);
// When that has something to do, INT64_MAX: not before something changes.
int64_t dsboot_next(const struct dsboot *desk);

// Is it said anywhere, so that a parent that looks now would find it?
bool dsboot_is_said(const struct zone *zone);

// Under how many names of its servers that can be, and is; and for how many names of others it is said here.
void dsboot_count(const struct zone *zone, size_t *ret_names, size_t *ret_said, size_t *ret_guests);

// Adds the signalling records to those of the host, which are whole but for those of its keys. What stands at one of
// these names already stays alone there.
enum status dsboot_add(const struct zones *zones, struct zone *host, struct records *records,
                       struct error *err);
