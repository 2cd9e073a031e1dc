// SPDX-License-Identifier: ISC
// The denial chain of an image: NSEC (RFC 4034 §4, RFC 4035 §2.3) or NSEC3 (RFC 5155 §7.1).
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <ldns/ldns.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "dns/nsec3.h"
#include "dns/types.h"
#include "dns/wire.h"
#include "signer/view.h"

// RFC 9276 §3.2: validators treat more than this as insecure or bogus; it also bounds what one zone file can cost.
#define NSEC3_ITERATIONS_MAX 100

static const char *node_words(const struct image *image, const struct image_node *node,
                              char text[NAME_TEXT_MAX])
{
    return name_to_text(image_node_name(image, node), text);
}

// ── Type bitmaps (RFC 4034 §4.1.2) ───────────────────────────────────────────────────────────────

struct bitmap {
    struct buf octets;
    int window; // -1: none yet
    uint8_t bits[32];
    uint8_t used;
};

static void bitmap_flush(struct bitmap *bitmap)
{
    if (bitmap->window >= 0) {
        buf_put_u8(&bitmap->octets, (uint8_t)bitmap->window);
        buf_put_u8(&bitmap->octets, bitmap->used);
        buf_put(&bitmap->octets, bitmap->bits, bitmap->used);
    }
    memset(bitmap->bits, 0, sizeof(bitmap->bits));
    bitmap->used = 0;
}

// Ascending types only.
static void bitmap_put(struct bitmap *bitmap, uint16_t type)
{
    if (type >> 8 != bitmap->window) {
        bitmap_flush(bitmap);
        bitmap->window = type >> 8;
    }
    uint8_t low = (uint8_t)(type & 0xff);
    bitmap->bits[low / 8] |= (uint8_t)(0x80 >> low % 8);
    bitmap->used = (uint8_t)(low / 8 + 1);
}

// The bitmap that a node must have. With NSEC every name has an RRSIG (the NSEC's); with NSEC3 only where something
// of it is signed.
static void expected_bitmap(const struct view *view, uint32_t index, bool nsec3, struct bitmap *ret)
{
    const struct image_node *node = &view->image->nodes[index];
    bool cut = view->places[index] == VIEW_CUT;
    bool rrsig = !nsec3;
    for (uint32_t i = 0; i < node->rrset_count; i++)
        if (view_is_signed(view, &view->image->rrsets[node->rrset_first + i]))
            rrsig = true;
    *ret = (struct bitmap){.window = -1};
    for (uint32_t i = 0; i < node->rrset_count; i++) {
        uint16_t type = view->image->rrsets[node->rrset_first + i].type;
        if (rrsig && type > RR_TYPE_RRSIG) {
            bitmap_put(ret, RR_TYPE_RRSIG);
            rrsig = false;
        }
        if (!cut || type == RR_TYPE_NS || type == RR_TYPE_DS || type == RR_TYPE_NSEC)
            bitmap_put(ret, type);
    }
    if (rrsig)
        bitmap_put(ret, RR_TYPE_RRSIG);
    bitmap_flush(ret);
}

static bool bitmap_is_right(const struct view *view, uint32_t index, bool nsec3,
                            const uint8_t *octets, size_t len)
{
    struct bitmap expected;
    expected_bitmap(view, index, nsec3, &expected);
    bool right =
        expected.octets.len == len && (len == 0 || memcmp(expected.octets.data, octets, len) == 0);
    buf_done(&expected.octets);
    return right;
}

// ── NSEC ─────────────────────────────────────────────────────────────────────────────────────────

struct nsec_walk {
    bool open; // a name was seen, `next` is where its NSEC points
    struct name next;
};

static enum status check_nsec(const struct view *view, uint32_t index, struct nsec_walk *walk,
                              struct error *err)
{
    const struct image *image = view->image;
    const struct image_node *node = &image->nodes[index];
    char text[NAME_TEXT_MAX], other[NAME_TEXT_MAX];
    const struct image_rrset *nsec = image_rrset(image, node, RR_TYPE_NSEC);
    if (nsec == NULL || nsec->rr_count != 1)
        return error_set(err, STATUS_BOGUS, "%s has %s NSEC", node_words(image, node, text),
                         nsec == NULL ? "no" : "more than one");
    const uint8_t *name = image_node_name(image, node);
    if (walk->open && !name_equal(walk->next.wire, name))
        return error_set(err, STATUS_BOGUS, "the NSEC chain is broken before %s: it goes on at %s",
                         node_words(image, node, text), name_to_text(walk->next.wire, other));
    struct image_cursor cursor;
    struct image_rr rr;
    image_rrs(&cursor, image, nsec, false);
    if (!image_rrs_next(&cursor, &rr) ||
        name_from_wire(rr.rdata, rr.rdata_len, &walk->next) != STATUS_OK)
        return error_set(err, STATUS_BOGUS, "%s NSEC is malformed", node_words(image, node, text));
    walk->open = true;
    if (!bitmap_is_right(view, index, false, rr.rdata + walk->next.len,
                         (size_t)(rr.rdata_len - walk->next.len)))
        return error_set(err, STATUS_BOGUS, "%s NSEC does not name the types that are there",
                         node_words(image, node, text));
    return STATUS_OK;
}

static enum status check_nsec_chain(const struct view *view, struct error *err)
{
    const struct image *image = view->image;
    struct nsec_walk walk = {.open = false};
    enum status status = STATUS_OK;
    char text[NAME_TEXT_MAX];
    for (uint32_t i = 0; status == STATUS_OK && i < image->header->node_count; i++) {
        const struct image_node *node = &image->nodes[i];
        if (view->places[i] == VIEW_AUTHORITATIVE || view->places[i] == VIEW_CUT)
            status = check_nsec(view, i, &walk, err);
        else if (image_rrset(image, node, RR_TYPE_NSEC) != NULL)
            status =
                error_set(err, STATUS_BOGUS, "%s has an NSEC and must not: it lies below a cut",
                          node_words(image, node, text));
    }
    if (status == STATUS_OK && !name_equal(walk.next.wire, image_node_name(image, image->nodes)))
        status = error_set(err, STATUS_BOGUS, "the NSEC chain does not end at the apex but at %s",
                           name_to_text(walk.next.wire, text));
    return status;
}

// ── NSEC3 ────────────────────────────────────────────────────────────────────────────────────────

struct nsec3 {
    bool opt_out;
    const uint8_t *next; // hash
    const uint8_t *bitmap;
    size_t bitmap_len;
};

// RFC 5155 §3.2. False when it is not one with the parameters of the zone.
static bool nsec3_read(const struct image *image, const struct image_rr *rr, struct nsec3 *ret)
{
    const struct image_header *header = image->header;
    struct wire_reader reader = wire_reader(rr->rdata, rr->rdata_len);
    uint8_t algorithm = wire_u8(&reader);
    uint8_t flags = wire_u8(&reader);
    uint16_t iterations = wire_u16(&reader);
    uint8_t salt_len = wire_u8(&reader);
    const uint8_t *salt = wire_take(&reader, salt_len);
    uint8_t hash_len = wire_u8(&reader);
    ret->next = wire_take(&reader, hash_len);
    ret->bitmap = reader.at;
    ret->bitmap_len = wire_left(&reader);
    ret->opt_out = (flags & 1) != 0;
    return wire_ok(&reader) && algorithm == NSEC3_ALGORITHM &&
           iterations == header->nsec3_iterations && salt_len == header->nsec3_salt_len &&
           hash_len == NSEC3_HASH_LEN &&
           (salt_len == 0 || memcmp(salt, image->octets + header->nsec3_salt_off, salt_len) == 0);
}

static bool hash_name(const struct image *image, const struct image_node *node,
                      uint8_t ret[NSEC3_HASH_LEN])
{
    const struct image_header *header = image->header;
    ldns_rdf *name =
        ldns_rdf_new_frm_data(LDNS_RDF_TYPE_DNAME, node->name_len, image_node_name(image, node));
    ldns_rdf *hashed =
        ldns_nsec3_hash_name(name, NSEC3_ALGORITHM, header->nsec3_iterations,
                             header->nsec3_salt_len, image->octets + header->nsec3_salt_off);
    bool good = hashed != NULL && nsec3_owner_hash(ldns_rdf_data(hashed), ret);
    ldns_rdf_deep_free(hashed);
    ldns_rdf_deep_free(name);
    return good;
}

// RFC 5155 §7.1: a name may be left out under opt-out when nothing at or below it is signed.
static bool may_opt_out(const struct view *view, uint32_t index)
{
    const struct image_node *node = &view->image->nodes[index];
    if (view->places[index] == VIEW_CUT)
        return image_rrset(view->image, node, RR_TYPE_DS) == NULL;
    return view->places[index] == VIEW_EMPTY;
}

static enum status check_nsec3_of(const struct view *view, uint32_t index, uint8_t *seen,
                                  struct error *err)
{
    const struct image *image = view->image;
    char text[NAME_TEXT_MAX];
    const char *words = node_words(image, &image->nodes[index], text);
    uint8_t hash[NSEC3_HASH_LEN];
    if (!hash_name(image, &image->nodes[index], hash))
        return error_set(err, STATUS_BOGUS, "%s cannot be hashed", words);
    bool matches;
    const struct image_rrset *rrset = image_find_nsec3(image, hash, &matches);
    struct image_cursor cursor;
    struct image_rr rr;
    struct nsec3 nsec3;
    image_rrs(&cursor, image, rrset, false);
    if (!image_rrs_next(&cursor, &rr) || !nsec3_read(image, &rr, &nsec3))
        return error_set(err, STATUS_BOGUS, "the NSEC3 for %s has other parameters", words);
    if (!matches && nsec3.opt_out && may_opt_out(view, index))
        return STATUS_OK;
    if (!matches)
        return error_set(err, STATUS_BOGUS, "%s has no NSEC3", words);
    seen[rrset->node - image->header->node_count] = 1;
    if (!bitmap_is_right(view, index, true, nsec3.bitmap, nsec3.bitmap_len))
        return error_set(err, STATUS_BOGUS,
                         "the NSEC3 of %s does not name the types that are there", words);
    return STATUS_OK;
}

static enum status check_nsec3_links(const struct image *image, struct error *err)
{
    uint32_t count = image->header->nsec3_count;
    for (uint32_t i = 0; i < count; i++) {
        const struct image_rrset *rrset = &image->rrsets[image->nsec3[i].rrset];
        const uint8_t *next = image->nsec3[(i + 1) % count].hash;
        char text[VIEW_WORDS_MAX];
        struct image_cursor cursor;
        struct image_rr rr;
        struct nsec3 nsec3;
        image_rrs(&cursor, image, rrset, false);
        if (rrset->rr_count != 1 || !image_rrs_next(&cursor, &rr) ||
            !nsec3_read(image, &rr, &nsec3))
            return error_set(err, STATUS_BOGUS, "%s: not one with the parameters of the zone",
                             view_words(image, rrset, text));
        if (memcmp(nsec3.next, next, NSEC3_HASH_LEN) != 0)
            return error_set(err, STATUS_BOGUS, "the NSEC3 chain is broken behind %s",
                             view_words(image, rrset, text));
    }
    return STATUS_OK;
}

static enum status check_nsec3_names(const struct view *view, uint8_t *seen, struct error *err)
{
    const struct image *image = view->image;
    enum status status = STATUS_OK;
    for (uint32_t i = 0; status == STATUS_OK && i < image->header->node_count; i++)
        if (view->places[i] != VIEW_OCCLUDED)
            status = check_nsec3_of(view, i, seen, err);
    for (uint32_t i = 0; status == STATUS_OK && i < image->header->nsec3_count; i++) {
        char text[VIEW_WORDS_MAX];
        if (!seen[i])
            status = error_set(err, STATUS_BOGUS, "%s belongs to no name of the zone",
                               view_words(image, &image->rrsets[image->nsec3[i].rrset], text));
    }
    return status;
}

static enum status check_nsec3_chain(const struct view *view, struct error *err)
{
    const struct image *image = view->image;
    if (image->header->nsec3_iterations > NSEC3_ITERATIONS_MAX)
        return error_set(err, STATUS_BOGUS,
                         "NSEC3 with %u iterations; more than %d are refused by "
                         "validators, 0 is right (RFC 9276)",
                         image->header->nsec3_iterations, NSEC3_ITERATIONS_MAX);
    enum status status = check_nsec3_links(image, err);
    if (status != STATUS_OK)
        return status;
    uint8_t *seen = xcalloc(image->header->nsec3_count, 1);
    status = check_nsec3_names(view, seen, err);
    free(seen);
    return status;
}

enum status denial_check(const struct view *view, struct error *err)
{
    const struct image *image = view->image;
    if (image_rrset(image, &image->nodes[0], RR_TYPE_NSEC) != NULL)
        return check_nsec_chain(view, err);
    if (image->header->nsec3_count > 0)
        return check_nsec3_chain(view, err);
    return error_set(err, STATUS_BOGUS, "there is neither an NSEC nor an NSEC3 chain");
}

// RFC 9276 §3.1, and no opt-out: nothing denies what is left out. Whether all can be read is for denial_check.
static enum status check_parameters(const struct image *image, struct error *err)
{
    const struct image_header *header = image->header;
    const struct image_rrset *param = image_rrset(image, &image->nodes[0], RR_TYPE_NSEC3PARAM);
    if (header->nsec3_count == 0 || param == NULL)
        return error_set(err, STATUS_BOGUS, "there is no NSEC3 chain with an NSEC3PARAM");
    if (param->rr_count != 1 || header->nsec3_iterations != 0 || header->nsec3_salt_len != 0)
        return error_set(err, STATUS_BOGUS, "the NSEC3PARAM is not `1 0 0 -`");
    for (uint32_t i = 0; i < header->nsec3_count; i++) {
        const struct image_rrset *rrset = &image->rrsets[image->nsec3[i].rrset];
        char text[VIEW_WORDS_MAX];
        struct image_cursor cursor;
        struct image_rr rr;
        struct nsec3 nsec3;
        image_rrs(&cursor, image, rrset, false);
        if (image_rrs_next(&cursor, &rr) && nsec3_read(image, &rr, &nsec3) && nsec3.opt_out)
            return error_set(err, STATUS_BOGUS, "%s opts out", view_words(image, rrset, text));
    }
    return STATUS_OK;
}

enum status denial_check_own(const struct view *view, enum denial denial, struct error *err)
{
    const struct image *image = view->image;
    uint16_t wrong = denial == DENIAL_NSEC3 ? RR_TYPE_NSEC : RR_TYPE_NSEC3PARAM;
    enum status status = STATUS_OK;
    for (uint32_t i = 0; status == STATUS_OK && i < image->header->rrset_count; i++) {
        char text[VIEW_WORDS_MAX];
        if (image->rrsets[i].type == wrong)
            status = error_set(err, STATUS_BOGUS, "%s belongs to another chain than the zone's",
                               view_words(image, &image->rrsets[i], text));
    }
    if (status == STATUS_OK && denial == DENIAL_NSEC3)
        status = check_parameters(image, err);
    return status == STATUS_OK ? denial_check(view, err) : status;
}
