// SPDX-License-Identifier: ISC
#include "zonegen/signed.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <ldns/ldns.h>

#include "base/alloc.h"
#include "base/file.h"
#include "base/quarantine_file.h"
#include "dns/image.h"
#include "dns/wire.h"

static void put_time(struct buf *ret, const char *words, int64_t when)
{
    char text[32];
    time_t seconds = (time_t)when;
    struct tm utc;
    if (when != 0 && gmtime_r(&seconds, &utc) != NULL &&
        strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &utc) > 0)
        buf_printf(ret, ", %s %s", words, text);
}

// What a record says is ldns' business: the RR is put together as a message has it, and read back. wire is room for it.
static enum status read_rr(const struct image_rr *rr, struct buf *wire, ldns_rr **ret,
                           struct error *err)
{
    size_t at = 0;
    buf_clear(wire);
    buf_put(wire, rr->owner, name_wire_len(rr->owner));
    buf_put_u16(wire, rr->type);
    buf_put_u16(wire, LDNS_RR_CLASS_IN);
    buf_put_u32(wire, rr->ttl);
    buf_put_u16(wire, rr->rdata_len);
    buf_put(wire, rr->rdata, rr->rdata_len);
    if (ldns_wire2rr(ret, wire->data, wire->len, &at, LDNS_SECTION_ANSWER) != LDNS_STATUS_OK)
        return error_set(err, STATUS_BOGUS, "the image has a record of type %u that cannot be read",
                         rr->type);
    return STATUS_OK;
}

static enum status put_rr(const struct image_rr *rr, struct buf *wire, struct buf *ret,
                          struct error *err)
{
    ldns_rr *parsed = NULL;
    enum status status = read_rr(rr, wire, &parsed, err);
    if (status != STATUS_OK)
        return status;
    char *text = ldns_rr2str_fmt(ldns_output_format_nocomments, parsed);
    buf_put_text(ret, text);
    free(text);
    ldns_rr_free(parsed);
    return STATUS_OK;
}

struct printer {
    const struct image *image;
    struct image_cursor *cursor; // holds rdata of any length: too large for the stack
    struct buf wire;
    struct buf *ret;
};

// The RRs of the RRset, then its signatures.
static enum status put_rrset(struct printer *printer, uint32_t index, struct error *err)
{
    const struct image_rrset *rrset = &printer->image->rrsets[index];
    enum status status = STATUS_OK;
    for (unsigned sigs = 0; sigs < 2; sigs++) {
        struct image_rr rr;
        image_rrs(printer->cursor, printer->image, rrset, sigs == 1);
        while (status == STATUS_OK && image_rrs_next(printer->cursor, &rr))
            status = put_rr(&rr, &printer->wire, printer->ret, err);
    }
    return status;
}

// The SOA comes first, as every reader of master files expects it. Its copy for negative answers is no record of the
// zone.
static enum status put_rrsets(const struct image *image, struct buf *ret, struct error *err)
{
    const struct image_header *header = image->header;
    struct printer printer = {
        .image = image, .cursor = xmalloc(sizeof(struct image_cursor)), .ret = ret};
    enum status status = put_rrset(&printer, header->soa, err);
    for (uint32_t i = 0; status == STATUS_OK && i < header->rrset_count; i++)
        if (i != header->soa && i != header->negative_soa)
            status = put_rrset(&printer, i, err);
    buf_done(&printer.wire);
    free(printer.cursor);
    return status;
}

// Are there signalling records?
static bool has_signals(const struct image *image)
{
    static const char label[] = "_dsboot";
    for (uint32_t i = 0; i < image->header->node_count; i++) {
        const uint8_t *name = image_node_name(image, &image->nodes[i]);
        if (name[0] == strlen(label) && memcmp(name + 1, label, strlen(label)) == 0)
            return true;
    }
    return false;
}

// ── What is served ───────────────────────────────────────────────────────────────────────────────

// Which images those are whose zone has another one instead. Another version of zoned begins without any.
static enum status read_aside(const char *state, struct quarantine *ret, struct error *err)
{
    struct quarantine_images images;
    enum status status = quarantine_file_read(state, &images, err);
    if (status == STATUS_NOT_FOUND || status == STATUS_STATE)
        return STATUS_OK;
    for (size_t i = 0; status == STATUS_OK && i < images.count; i++)
        (void)quarantine_add(ret, images.images[i].id);
    return status;
}

enum status served_open(const char *state, struct served *ret, struct error *err)
{
    uint64_t id = 0;
    char *directory = path_join(state, "serve");
    *ret = (struct served){.store = NULL};
    enum status status = store_open_reader(directory, STORE_SERVE, &ret->store, err);
    if (status == STATUS_NOT_FOUND)
        error_set(err, status, "%s: nothing is served yet; start zoned", directory);
    if (status == STATUS_OK)
        status = store_reader_open(ret->store, &ret->reader, err);
    if (status == STATUS_OK)
        status = store_reader_renew(ret->reader, &id, err);
    free(directory);
    return status == STATUS_OK ? read_aside(state, &ret->aside, err) : status;
}

void served_close(struct served *served)
{
    store_reader_close(served->reader);
    store_close(served->store);
}

static bool is_aside(const struct served *served, const struct store_entry *entry)
{
    return quarantine_has(&served->aside, image_id(entry->value, entry->value_len));
}

static enum status get(const struct served *served, enum store_db db, const char *zone,
                       struct store_entry *ret, struct error *err)
{
    struct name name;
    struct name_key key;
    enum status status = name_from_text(zone, &name, err);
    if (status != STATUS_OK)
        return status;
    name_key(name.wire, &key);
    return store_get(served->reader, db, key.octets, key.len, ret);
}

// NOT_FOUND without words when the zone is not served.
static enum status open_zone(const struct served *served, const char *zone, struct image *ret,
                             struct error *err)
{
    struct store_entry entry;
    enum status status = get(served, STORE_IMAGES, zone, &entry, err);
    if (status == STATUS_OK && is_aside(served, &entry) &&
        (get(served, STORE_PREVIOUS, zone, &entry, err) != STATUS_OK || is_aside(served, &entry)))
        return error_set(err, STATUS_STATE,
                         "%s: is answered with SERVFAIL: zone-server died of its image, which is "
                         "set aside, and there is none from before",
                         zone);
    if (status != STATUS_OK)
        return status;
    status = image_open(entry.value, entry.value_len, ret, err);
    return status == STATUS_OK ? STATUS_OK : error_prefix(err, status, "%s", zone);
}

bool served_has_aside(const struct served *served, const char *zone, struct error *ret)
{
    struct store_entry newest;
    struct image image;
    if (get(served, STORE_IMAGES, zone, &newest, ret) != STATUS_OK || !is_aside(served, &newest) ||
        open_zone(served, zone, &image, ret) != STATUS_OK)
        return false;
    const struct image_header *header = (const void *)newest.value;
    error_set(ret, STATUS_STATE,
              "serial %u is set aside, since zone-server died of it; serial %u, from before, is "
              "served",
              header->serial, image.header->serial);
    return true;
}

// ── As a master file ─────────────────────────────────────────────────────────────────────────────

enum status signed_dump(const struct served *served, const char *zone, struct buf *ret,
                        struct error *err)
{
    struct image image;
    enum status status = open_zone(served, zone, &image, err);
    if (status == STATUS_NOT_FOUND)
        return error_set(err, STATUS_NOT_FOUND, "%s: is not served yet", zone);
    if (status != STATUS_OK)
        return status;
    buf_printf(ret, ";; ── %s, as it is served ──\n;; serial %u", zone, image.header->serial);
    put_time(ret, "published", image.header->meta.made_at);
    put_time(ret, "next signatures at", image.header->meta.resign_at);
    put_time(ret, "valid until", image.header->meta.expires_at);
    struct error aside = {0};
    if (served_has_aside(served, zone, &aside))
        buf_printf(ret, "\n;; %s", aside.text);
    if ((image.header->flags & IMAGE_NSEC3) != 0)
        buf_put_text(ret,
                     "\n;; NSEC3 denies what is not there; NSEC3PARAM says how names are hashed");
    if (has_signals(&image))
        buf_put_text(ret,
                     "\n;; _dsboot.DOMAIN._signal.SERVER: a domain of this box without DS; its "
                     "parent finds here what to enter,\n;; and they go when it has (RFC 9615)");
    buf_printf(ret, "\n\n$ORIGIN %s.\n", zone);
    status = put_rrsets(&image, ret, err);
    return status == STATUS_OK ? STATUS_OK : error_prefix(err, status, "%s", zone);
}

// ── For comparison ───────────────────────────────────────────────────────────────────────────────

static enum status read_rrsets(const struct image *image, ldns_rr_list *ret, struct error *err)
{
    struct image_cursor *cursor = xmalloc(sizeof(*cursor));
    struct buf wire = {0};
    enum status status = STATUS_OK;
    for (uint32_t i = 0; status == STATUS_OK && i < image->header->rrset_count; i++) {
        struct image_rr rr;
        ldns_rr *parsed = NULL;
        if (i == image->header->negative_soa)
            continue;
        image_rrs(cursor, image, &image->rrsets[i], false);
        while (status == STATUS_OK && image_rrs_next(cursor, &rr)) {
            status = read_rr(&rr, &wire, &parsed, err);
            if (status == STATUS_OK)
                ldns_rr_list_push_rr(ret, parsed);
        }
    }
    buf_done(&wire);
    free(cursor);
    return status;
}

enum status signed_read(const struct served *served, const char *zone, struct diff_side *ret,
                        struct error *err)
{
    struct image image;
    enum status status = open_zone(served, zone, &image, err);
    *ret = (struct diff_side){0};
    if (status != STATUS_OK)
        return status == STATUS_NOT_FOUND ? STATUS_OK : status;
    ret->records = ldns_rr_list_new();
    ret->exists = true;
    ret->is_signed = (image.header->flags & IMAGE_SIGNED) != 0;
    status = read_rrsets(&image, ret->records, err);
    if (status == STATUS_OK)
        return STATUS_OK;
    ldns_rr_list_deep_free(ret->records);
    *ret = (struct diff_side){0};
    return error_prefix(err, status, "%s", zone);
}

// Labels from the root down, each closed by a zero octet, with zeros and ones in them escaped (dns/name.h).
static char *key_text(const uint8_t *key, size_t len)
{
    struct buf text = {0};
    uint8_t wire[NAME_WIRE_MAX];
    size_t at = sizeof(wire) - 1;
    char name[NAME_TEXT_MAX];
    wire[at] = 0;
    for (size_t i = 0; i < len; i++) {
        buf_clear(&text);
        for (; i < len && key[i] != 0; i++)
            buf_put_u8(&text, key[i] == 1 ? (uint8_t)(key[++i] - 1) : key[i]);
        if (text.len + 1 > at)
            break;
        at -= text.len;
        memcpy(wire + at, text.data, text.len);
        wire[--at] = (uint8_t)text.len;
    }
    buf_done(&text);
    name_to_text(wire + at, name);
    if (strlen(name) > 1)
        name[strlen(name) - 1] = '\0';
    return xstrdup(name);
}

char **signed_zones(const struct served *served, size_t *ret_count)
{
    struct store_entry entry = {0};
    char **zones = NULL;
    size_t cap = 0;
    *ret_count = 0;
    while (store_seek(served->reader, STORE_IMAGES, entry.key, entry.key_len, entry.key_len > 0,
                      &entry) == STATUS_OK) {
        zones = array_grow(zones, &cap, *ret_count, sizeof(*zones));
        zones[(*ret_count)++] = key_text(entry.key, entry.key_len);
    }
    return zones;
}
