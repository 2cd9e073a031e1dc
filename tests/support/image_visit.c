// SPDX-License-Identifier: ISC
#include "tests/support/image_visit.h"

#include <stdlib.h>
#include <string.h>

#include <xxhash.h>

#include "dns/types.h"
#include "dns/wire.h"

#define MUST(condition)                                                                            \
    do {                                                                                           \
        if (!(condition))                                                                          \
            abort();                                                                               \
    } while (0)

// Where octets that were read go, so that the reading is not optimised away.
static volatile uint8_t sink;

static void touch(const void *octets, size_t len)
{
    uint8_t sum = 0;
    for (size_t i = 0; i < len; i++)
        sum = (uint8_t)(sum + ((const uint8_t *)octets)[i]);
    sink = sum;
}

static void must_be_name(const uint8_t *wire, size_t len)
{
    struct name name;
    MUST(len <= NAME_WIRE_MAX);
    MUST(name_from_wire(wire, len, &name) == STATUS_OK && name.len == len);
}

static void must_search_alike(const struct image *image, const uint8_t *key, size_t len)
{
    struct image_search search;
    image_search_begin(key, len, &search);
    image_search_cell(image, &search);
    image_search_node(image, &search);
    image_search_end(image, &search);
    MUST(search.node == image_find(image, key, len));
    MUST(search.before == image_find_before(image, key, len));
    const struct image_node *encloser = search.encloser;
    MUST(encloser->key_len <= len &&
         memcmp(image_node_key(image, encloser), key, encloser->key_len) == 0);
    MUST((search.node != NULL) == (encloser->key_len == len));
}

static void visit_node(const struct image *image, uint32_t index)
{
    const struct image_node *node = &image->nodes[index];
    must_be_name(image_node_name(image, node), node->name_len);
    touch(image_node_key(image, node), node->key_len);
    uint32_t links[] = {node->parent, node->wildcard, node->delegation};
    for (size_t i = 0; i < 3; i++)
        MUST(links[i] == IMAGE_NONE || links[i] < image->header->node_count);
    MUST(node->nsec == IMAGE_NONE || image->rrsets[node->nsec].type == RR_TYPE_NSEC);
    for (uint16_t type = 0; type < 300; type++) {
        const struct image_rrset *rrset = image_rrset(image, node, type);
        MUST(rrset == NULL || (rrset->type == type && rrset->node == index));
    }
    if (index >= image->header->node_count)
        return;
    const uint8_t *key = image_node_key(image, node);
    MUST(image_find(image, key, node->key_len) == node);
    MUST(image_find_before(image, key, node->key_len) == node);
    uint8_t other[NAME_KEY_MAX + 2];
    memcpy(other, key, node->key_len);
    memcpy(other + node->key_len, "x", 2);
    const struct image_node *before = image_find_before(image, other, node->key_len + 2u);
    MUST(before >= node && before < image->nodes + image->header->node_count);
    must_search_alike(image, key, node->key_len);
    must_search_alike(image, other, node->key_len + 2u);
}

// Fills a wire's pointers in as a message is made: the owners of its records, then the slots.
static void fill_owners(uint8_t *wire, size_t len, unsigned count)
{
    size_t at = 0;
    for (unsigned i = 0; i < count; i++) {
        MUST(at + IMAGE_RR_HEAD <= len);
        wire_set_u16(wire + at, 0xc00c);
        at += IMAGE_RR_HEAD + wire_get_u16(wire + at + 10);
    }
    MUST(at == len);
}

static void fill_slots(const struct image *image, const struct image_rrset *rrset)
{
    static uint8_t message[2 * DNS_MESSAGE_MAX];
    size_t len = (size_t)rrset->wire_len + rrset->sig_len;
    memcpy(message, image_wire(image, rrset), len);
    fill_owners(message, rrset->wire_len, rrset->rr_count);
    fill_owners(message + rrset->wire_len, rrset->sig_len, rrset->sig_count);
    const struct image_slot *slots = image_slots(image, rrset);
    for (unsigned i = 0; i < rrset->slot_count; i++) {
        MUST(slots[i].at + 2u <= rrset->wire_len);
        MUST(slots[i].target >= SLOT_OWNER || slots[i].target < slots[i].at);
        wire_set_u16(message + slots[i].at, 0xc00c);
    }
    touch(message, len);
}

static void visit_rrset(const struct image *image, const struct image_rrset *rrset)
{
    for (int sigs = 0; sigs <= 1; sigs++) {
        struct image_cursor cursor;
        struct image_rr rr;
        unsigned count = 0;
        image_rrs(&cursor, image, rrset, sigs != 0);
        for (; image_rrs_next(&cursor, &rr); count++) {
            MUST(rr.type == (sigs ? RR_TYPE_RRSIG : rrset->type) && rr.ttl == rrset->ttl);
            touch(rr.owner, name_wire_len(rr.owner));
            touch(rr.rdata, rr.rdata_len);
            if (!sigs && (rr.type == RR_TYPE_NS || rr.type == RR_TYPE_CNAME))
                must_be_name(rr.rdata, rr.rdata_len);
        }
        MUST(count == (sigs ? rrset->sig_count : rrset->rr_count));
    }
    for (unsigned i = 0; i < rrset->extra_count; i++) {
        const struct image_extra *extra = &image_extras(image, rrset)[i];
        uint8_t server[NAME_WIRE_MAX];
        must_be_name(server, image_name_at(image, rrset, extra->name_at, server));
        const struct image_rrset *address = &image->rrsets[extra->rrset];
        MUST(address->type == RR_TYPE_A || address->type == RR_TYPE_AAAA);
    }
    fill_slots(image, rrset);
}

static void visit_nsec3(const struct image *image)
{
    const struct image_header *header = image->header;
    bool matches = false;
    touch(image->octets + header->nsec3_salt_off,
          header->nsec3_count > 0 ? header->nsec3_salt_len : 0);
    for (uint32_t i = 0; i < header->nsec3_count; i++) {
        const struct image_rrset *rrset = image_find_nsec3(image, image->nsec3[i].hash, &matches);
        MUST(matches && rrset->node == header->node_count + i && rrset->type == RR_TYPE_NSEC3);
        uint8_t hash[20];
        memset(hash, (int)i, sizeof(hash));
        MUST(image_find_nsec3(image, hash, &matches)->type == RR_TYPE_NSEC3);
    }
}

void image_visit(const struct image *image)
{
    const struct image_header *header = image->header;
    touch(header, sizeof(*header));
    touch(image->octets + header->apex_key_off, header->apex_key_len);
    MUST(image->rrsets[header->soa].type == RR_TYPE_SOA);
    MUST(image->rrsets[header->negative_soa].type == RR_TYPE_SOA);
    for (uint32_t i = 0; i < header->node_count + header->nsec3_count; i++)
        visit_node(image, i);
    for (uint32_t i = 0; i < header->rrset_count; i++)
        visit_rrset(image, &image->rrsets[i]);
    visit_nsec3(image);
}

void image_fix_checksum(void *octets, size_t len)
{
    struct image_header *header = octets;
    size_t behind = offsetof(struct image_header, checksum) + sizeof(header->checksum);
    if (len < sizeof(*header) || header->size < sizeof(*header) || header->size > len)
        return;
    header->checksum = XXH3_64bits((const uint8_t *)octets + behind, header->size - behind);
}
