// SPDX-License-Identifier: ISC
#include "probe/dsync.h"

#include <string.h>

#include "dns/types.h"
#include "dns/wire.h"
#include "probe/records.h"

#define SCHEME_NOTIFY 1
#define FIXED_LEN     5 // RRtype, scheme, port

static const uint8_t label[] = {6, '_', 'd', 's', 'y', 'n', 'c'};

// ── Names ────────────────────────────────────────────────────────────────────────────────────────

void dsync_begin(struct dsync_search *search, const uint8_t *zone)
{
    *search = (struct dsync_search){.zone.len = (uint8_t)name_wire_len(zone)};
    memcpy(search->zone.wire, zone, search->zone.len);
    if (zone[0] == 0)
        search->looks = DSYNC_LOOKS_MAX;
    else
        search->above = zone[0] + 1U;
}

bool dsync_name(struct dsync_search *search, struct name *ret)
{
    const struct name *zone = &search->zone;
    size_t before = search->stripped ? 0 : search->above;
    size_t behind = zone->len - search->above;
    if (search->looks == DSYNC_LOOKS_MAX || before + sizeof(label) + behind > NAME_WIRE_MAX)
        return false;
    search->looks++;
    memcpy(ret->wire, zone->wire, before);
    memcpy(ret->wire + before, label, sizeof(label));
    memcpy(ret->wire + before + sizeof(label), zone->wire + search->above, behind);
    ret->len = (uint8_t)(before + sizeof(label) + behind);
    return true;
}

void dsync_go_on(struct dsync_search *search, const uint8_t *apex)
{
    const uint8_t *above = search->zone.wire + search->above;
    if (apex != NULL && name_is_under(above, apex) && !name_equal(above, apex)) {
        search->above = search->zone.len - name_wire_len(apex);
        search->stripped = false;
    } else if (!search->stripped) {
        search->stripped = true;
    } else {
        search->looks = DSYNC_LOOKS_MAX;
    }
}

// ── Records ──────────────────────────────────────────────────────────────────────────────────────

// ldns may know the type or not: its octets are the same. What is left behind the target makes it none.
static bool read_target(const ldns_rr *rr, struct dsync_target *ret)
{
    ldns_buffer *rdata = ldns_buffer_new(DNS_MESSAGE_MAX);
    ldns_rr_rdata2buffer_wire(rdata, rr);
    const uint8_t *octets = ldns_buffer_begin(rdata);
    size_t len = ldns_buffer_position(rdata);
    bool wanted = len > FIXED_LEN && wire_get_u16(octets) == RR_TYPE_CDS &&
                  octets[2] == SCHEME_NOTIFY && wire_get_u16(octets + 3) != 0 &&
                  name_from_wire(octets + FIXED_LEN, len - FIXED_LEN, &ret->host) == STATUS_OK &&
                  ret->host.len == len - FIXED_LEN && ret->host.len > 1;
    if (wanted)
        ret->port = wire_get_u16(octets + 3);
    ldns_buffer_free(rdata);
    return wanted;
}

static bool is_listed(const struct dsync_target *list, size_t count,
                      const struct dsync_target *target)
{
    for (size_t i = 0; i < count; i++)
        if (list[i].port == target->port && name_equal(list[i].host.wire, target->host.wire))
            return true;
    return false;
}

size_t dsync_targets(const ldns_rr_list *records, const uint8_t *owner,
                     struct dsync_target ret[DSYNC_TARGETS_MAX])
{
    size_t count = 0;
    for (size_t i = 0; i < ldns_rr_list_rr_count(records) && count < DSYNC_TARGETS_MAX; i++) {
        const ldns_rr *rr = ldns_rr_list_rr(records, i);
        struct dsync_target target;
        if (record_is(rr, owner, RR_TYPE_DSYNC) && read_target(rr, &target) &&
            !is_listed(ret, count, &target))
            ret[count++] = target;
    }
    return count;
}
