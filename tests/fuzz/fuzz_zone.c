// SPDX-License-Identifier: ISC
// Records of all kinds into the image builder: what it makes is always an image that image_open accepts, and says of
// each RRset what was put in. The input is RRs one behind the other: type (2 octets), TTL (1), owner (wire; the apex
// example. is put behind where it is not there), length of rdata (1), rdata.
#include "tests/fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "dns/image_build.h"
#include "dns/wire.h"
#include "tests/support/image_visit.h"

#define APEX "\7example"

// Reads an owner; one that does not lie in the zone is put below its apex.
static bool read_owner(struct wire_reader *reader, struct name *ret)
{
    if (name_from_wire(reader->at, wire_left(reader), ret) != STATUS_OK)
        return false;
    wire_take(reader, ret->len);
    if (name_is_under(ret->wire, (const uint8_t *)APEX))
        return true;
    if (ret->len - 1u + sizeof(APEX) > NAME_WIRE_MAX)
        return false;
    memcpy(ret->wire + ret->len - 1, APEX, sizeof(APEX));
    ret->len = (uint8_t)(ret->len - 1 + sizeof(APEX));
    return true;
}

// Adds the next RR. Returns false at the end.
static bool add_next(struct image_builder *builder, struct wire_reader *reader, unsigned *added)
{
    struct name owner;
    struct image_rr rr = {.type = wire_u16(reader)};
    rr.ttl = wire_u8(reader);
    if (!wire_ok(reader) || !read_owner(reader, &owner))
        return false;
    rr.owner = owner.wire;
    rr.rdata_len = wire_u8(reader);
    const uint8_t *rdata = wire_take(reader, rr.rdata_len);
    if (rdata == NULL)
        return false;
    struct error err = {0};
    rr.rdata = xmemdup(rdata, rr.rdata_len); // so that each read behind it is seen
    enum status status = image_builder_add(builder, &rr, &err);
    MUST((status == STATUS_OK) == (err.text[0] == '\0'));
    *added += status == STATUS_OK;
    free((void *)(uintptr_t)rr.rdata);
    return true;
}

static void check_image(const struct buf *octets, unsigned added)
{
    uint8_t *block = xmemdup(octets->data, octets->len);
    struct image image;
    MUST(image_open(block, octets->len, &image, NULL) == STATUS_OK);
    image_visit(&image);
    unsigned count = 0;
    for (uint32_t i = 0; i < image.header->negative_soa; i++)
        count += image.rrsets[i].rr_count + (unsigned)image.rrsets[i].sig_count;
    MUST(count > 0 && count <= added);
    free(block);
}

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t len)
{
    struct wire_reader reader = wire_reader(octets, len);
    struct image_builder *builder = image_builder_new((const uint8_t *)APEX);
    unsigned added = 0;
    while (add_next(builder, &reader, &added))
        ;
    struct buf image = {0};
    struct error err = {0};
    if (image_builder_finish(builder, &(struct image_meta){0}, &image, &err) == STATUS_OK)
        check_image(&image, added);
    else
        MUST(err.text[0] != '\0' && image.len == 0);
    buf_done(&image);
    image_builder_free(builder);
    return 0;
}
