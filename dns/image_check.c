// SPDX-License-Identifier: ISC
// The check of an image before it is trusted. Whatever the octets, it stays inside them; and what passes leads no
// accessor outside. Everything that follows from the records (order, parents, flags, links) is derived again and
// must be equal, so that there is one rule for each field and no half-valid image.
//
// The order matters: the sections' places, then nodes (which RRsets rely on), the RRsets' wires, the hash table, and
// last the addresses of referrals, which are found by names in wires through the hash table.
#include "dns/image.h"

#include <string.h>

#include <xxhash.h>

#include "dns/image_check.h"
#include "dns/nsec3.h"
#include "dns/types.h"
#include "dns/wire.h"

#define SWAPPED_MAGIC __builtin_bswap64(IMAGE_MAGIC)

static enum status bogus(struct error *err, const char *what)
{
    return error_set(err, STATUS_BOGUS, "damaged zone image: %s", what);
}

static enum status bogus_at(struct error *err, const char *what, uint32_t index)
{
    return error_set(err, STATUS_BOGUS, "damaged zone image: %s %u", what, index);
}

// ── Sections ─────────────────────────────────────────────────────────────────────────────────────

static enum status check_envelope(const void *octets, size_t len, struct error *err)
{
    const struct image_header *header = octets;
    if ((uintptr_t)octets % 8 != 0)
        return bogus(err, "not aligned to 8 octets");
    if (len < sizeof(*header))
        return bogus(err, "shorter than its header");
    if (header->magic == SWAPPED_MAGIC)
        return error_set(err, STATUS_STATE, "zone image of a machine of the other byte order");
    if (header->magic != IMAGE_MAGIC)
        return bogus(err, "not a zone image");
    if (header->version != IMAGE_VERSION)
        return error_set(err, STATUS_STATE, "zone image of format version %u, this is %u",
                         header->version, IMAGE_VERSION);
    if (header->size < sizeof(*header) || header->size > len || header->size > IMAGE_MAX)
        return bogus(err, "cut off");
    size_t behind = offsetof(struct image_header, checksum) + sizeof(header->checksum);
    if (XXH3_64bits((const uint8_t *)octets + behind, header->size - behind) != header->checksum)
        return bogus(err, "wrong checksum");
    return STATUS_OK;
}

// The sections lie where the builder puts them, one behind the other.
static enum status check_sections(const struct image_header *header, struct error *err)
{
    uint64_t nodes = (uint64_t)header->node_count + header->nsec3_count;
    uint64_t at = sizeof(*header);
    at += nodes * sizeof(struct image_node);
    at += (uint64_t)header->rrset_count * sizeof(struct image_rrset);
    at += (uint64_t)header->hash_size * sizeof(uint32_t);
    at += (uint64_t)header->node_count * sizeof(uint64_t);
    at += (uint64_t)header->nsec3_count * sizeof(struct image_nsec3);
    at = (at + 7) & ~(uint64_t)7;
    if (header->octets_off != at || header->size != at + header->octets_len)
        return bogus(err, "sections out of place");
    // The apex with its SOA, and the negative SOA; a free cell ends every search in the hash table.
    if (header->node_count == 0 || header->rrset_count < 2)
        return bogus(err, "no apex");
    if ((header->hash_size & (header->hash_size - 1)) != 0 ||
        header->hash_size <= header->node_count)
        return bogus(err, "hash table too small");
    return STATUS_OK;
}

static bool is_inside(const struct image *image, uint64_t offset, uint64_t len)
{
    return offset + len <= image->header->octets_len;
}

static enum status check_header(const struct image *image, struct error *err)
{
    const struct image_header *header = image->header;
    struct name_key key;
    name_key(image_node_name(image, &image->nodes[0]), &key);
    if (header->apex_key_len != key.len || key.len == 0 ||
        !is_inside(image, header->apex_key_off, key.len) ||
        memcmp(image->octets + header->apex_key_off, key.octets, key.len) != 0)
        return bogus(err, "key of the apex");
    if (header->nsec3_count > 0 &&
        !is_inside(image, header->nsec3_salt_off, header->nsec3_salt_len))
        return bogus(err, "NSEC3 salt");
    const struct image_rrset *soa = image_rrset(image, &image->nodes[0], RR_TYPE_SOA);
    if (soa == NULL || soa->rr_count != 1 || header->soa != soa - image->rrsets)
        return bogus(err, "SOA");
    const struct image_rrset *negative = &image->rrsets[header->rrset_count - 1];
    if (header->negative_soa != header->rrset_count - 1 || negative->node != 0 ||
        negative->type != RR_TYPE_SOA || negative->rr_count != 1)
        return bogus(err, "negative SOA");
    bool is_signed =
        soa->sig_count > 0 && image_rrset(image, &image->nodes[0], RR_TYPE_DNSKEY) != NULL;
    bool has_nsec = image_rrset(image, &image->nodes[0], RR_TYPE_NSEC) != NULL;
    uint32_t flags = (is_signed ? IMAGE_SIGNED : 0u) | (has_nsec ? IMAGE_NSEC : 0u) |
                     (header->nsec3_count > 0 ? IMAGE_NSEC3 : 0u);
    if (header->flags != flags)
        return bogus(err, "flags");
    return STATUS_OK;
}

// ── Nodes ────────────────────────────────────────────────────────────────────────────────────────

// The name is whole and valid, and the key is its.
static bool name_holds(const struct image *image, const struct image_node *node,
                       const struct name_key *apex, struct name_key *ret_key)
{
    struct name name;
    if (!is_inside(image, node->name_off, node->name_len) ||
        name_from_wire(image_node_name(image, node), node->name_len, &name) != STATUS_OK ||
        name.len != node->name_len || !is_inside(image, node->key_off, node->key_len))
        return false;
    name_key(name.wire, ret_key);
    return node->labels == ret_key->labels && ret_key->len == apex->len + node->key_len &&
           memcmp(ret_key->octets, apex->octets, apex->len) == 0 &&
           memcmp(ret_key->octets + apex->len, image_node_key(image, node), node->key_len) == 0;
}

// The RRsets of the node follow those of the node before it, by ascending type, and the node has the first types.
static bool owns_rrsets(const struct image *image, uint32_t index, uint32_t *next)
{
    const struct image_node *node = &image->nodes[index];
    // One is left for the negative SOA.
    if (node->rrset_first != *next || node->rrset_count > image->header->rrset_count - 1 - *next)
        return false;
    for (uint32_t i = 0; i < node->rrset_count; i++) {
        const struct image_rrset *rrset = &image->rrsets[*next + i];
        if (rrset->node != index || (i > 0 && rrset->type <= rrset[-1].type))
            return false;
    }
    for (uint32_t i = 0; i < IMAGE_NODE_TYPES; i++) {
        if (node->types[i] != (i < node->rrset_count ? image->rrsets[*next + i].type : 0))
            return false;
    }
    *next += node->rrset_count;
    return true;
}

// The parent is there, before the node, and its name is the node's without its first label.
static bool has_parent(const struct image *image, uint32_t index, const struct name_key *apex,
                       const struct name_key *key)
{
    const struct image_node *node = &image->nodes[index];
    if (index == 0)
        return node->parent == IMAGE_NONE && node->key_len == 0;
    if (node->parent >= index || node->key_len == 0)
        return false;
    const struct image_node *parent = &image->nodes[node->parent];
    return apex->len + parent->key_len == key->end[key->labels - 1] &&
           memcmp(image_node_key(image, parent), image_node_key(image, node), parent->key_len) == 0;
}

// What build_link makes of a node: derived again. *nsec is the last NSEC so far.
static bool links_hold(const struct image *image, uint32_t index, uint32_t *nsec)
{
    const struct image_node *node = &image->nodes[index];
    uint32_t flags = 0;
    uint32_t delegation = IMAGE_NONE;
    if (name_is_wildcard(image_node_name(image, node)))
        flags |= IMAGE_NODE_WILDCARD;
    if (image_rrset(image, node, RR_TYPE_CNAME) != NULL)
        flags |= IMAGE_NODE_CNAME;
    if (image_rrset(image, node, RR_TYPE_DNAME) != NULL)
        flags |= IMAGE_NODE_DNAME;
    if (index > 0) {
        const struct image_node *parent = &image->nodes[node->parent];
        delegation = parent->delegation;
        if (delegation == IMAGE_NONE && (parent->flags & IMAGE_NODE_DNAME) != 0)
            delegation = node->parent;
        if (delegation != IMAGE_NONE) {
            flags |= IMAGE_NODE_OCCLUDED;
        } else if (image_rrset(image, node, RR_TYPE_NS) != NULL) {
            flags |= IMAGE_NODE_CUT;
            delegation = index;
        }
        bool is_wildcard_child =
            (flags & (IMAGE_NODE_WILDCARD | IMAGE_NODE_OCCLUDED)) == IMAGE_NODE_WILDCARD;
        if (is_wildcard_child && parent->wildcard != index)
            return false;
    }
    const struct image_rrset *own = image_rrset(image, node, RR_TYPE_NSEC);
    if (own != NULL && (flags & IMAGE_NODE_OCCLUDED) == 0)
        *nsec = (uint32_t)(own - image->rrsets);
    return node->flags == flags && node->delegation == delegation && node->nsec == *nsec;
}

// The wildcard child comes behind the node, so its own fields may not be checked yet; they will be.
static bool wildcard_holds(const struct image *image, uint32_t index)
{
    uint32_t wildcard = image->nodes[index].wildcard;
    if (wildcard == IMAGE_NONE)
        return true;
    if (wildcard >= image->header->node_count)
        return false;
    const struct image_node *child = &image->nodes[wildcard];
    return child->parent == index && (child->flags & IMAGE_NODE_WILDCARD) != 0 &&
           (child->flags & IMAGE_NODE_OCCLUDED) == 0;
}

static enum status check_node(const struct image *image, uint32_t index,
                              const struct name_key *apex, uint32_t *next_rrset, uint32_t *nsec,
                              struct error *err)
{
    const struct image_node *node = &image->nodes[index];
    struct name_key key;
    if (!name_holds(image, node, apex, &key))
        return bogus_at(err, "name of node", index);
    if (!has_parent(image, index, apex, &key))
        return bogus_at(err, "parent of node", index);
    if (index > 0) {
        const struct image_node *before = node - 1;
        if (name_key_compare(image_node_key(image, before), before->key_len,
                             image_node_key(image, node), node->key_len) >= 0)
            return bogus_at(err, "order of node", index);
    }
    if (image->order[index] != image_key_head(image_node_key(image, node), node->key_len))
        return bogus_at(err, "key's head of node", index);
    if (!owns_rrsets(image, index, next_rrset))
        return bogus_at(err, "RRsets of node", index);
    if (!links_hold(image, index, nsec) || !wildcard_holds(image, index))
        return bogus_at(err, "links of node", index);
    return STATUS_OK;
}

// An owner of NSEC3: a name for one RRset, which no search may arrive at.
static bool chain_node_holds(const struct image *image, uint32_t i, const struct name_key *apex,
                             uint32_t *next_rrset)
{
    uint32_t index = image->header->node_count + i;
    const struct image_node *node = &image->nodes[index];
    const struct image_nsec3 *nsec3 = &image->nsec3[i];
    struct name_key key;
    uint8_t hash[NSEC3_HASH_LEN];
    if (!name_holds(image, node, apex, &key) || key.labels != apex->labels + 1 ||
        !nsec3_owner_hash(image_node_name(image, node), hash))
        return false;
    if (!owns_rrsets(image, index, next_rrset) || node->rrset_count != 1 ||
        image->rrsets[node->rrset_first].type != RR_TYPE_NSEC3)
        return false;
    if (node->flags != 0 || node->parent != 0 || node->wildcard != IMAGE_NONE ||
        node->delegation != IMAGE_NONE || node->nsec != IMAGE_NONE)
        return false;
    return nsec3->rrset == node->rrset_first && memcmp(nsec3->hash, hash, sizeof(hash)) == 0 &&
           (i == 0 || memcmp(nsec3[-1].hash, hash, sizeof(hash)) < 0);
}

static enum status check_nodes(const struct image *image, struct error *err)
{
    const struct image_header *header = image->header;
    const struct image_node *first = &image->nodes[0];
    struct name name;
    if (!is_inside(image, first->name_off, first->name_len) ||
        name_from_wire(image_node_name(image, first), first->name_len, &name) != STATUS_OK)
        return bogus(err, "name of the apex");
    struct name_key apex;
    name_key(name.wire, &apex);
    uint32_t next_rrset = 0;
    uint32_t nsec = IMAGE_NONE;
    for (uint32_t i = 0; i < header->node_count; i++) {
        enum status status = check_node(image, i, &apex, &next_rrset, &nsec, err);
        if (status != STATUS_OK)
            return status;
    }
    for (uint32_t i = 0; i < header->nsec3_count; i++) {
        if (!chain_node_holds(image, i, &apex, &next_rrset))
            return bogus_at(err, "NSEC3", i);
    }
    if (next_rrset != header->rrset_count - 1)
        return bogus(err, "RRsets without a node");
    return STATUS_OK;
}

// ── RRsets and hash table ────────────────────────────────────────────────────────────────────────

static enum status check_rrsets(const struct image *image, struct error *err)
{
    struct image_places places;
    for (uint32_t i = 0; i < image->header->rrset_count; i++) {
        if (!image_rrset_holds(image, &image->rrsets[i], &places))
            return bogus_at(err, "RRset", i);
    }
    const struct image_rrset *soa = &image->rrsets[image->header->soa];
    const uint8_t *end = image_wire(image, soa) + soa->wire_len;
    if (wire_get_u32(end - 20) != image->header->serial)
        return bogus(err, "serial");
    uint32_t minimum = wire_get_u32(end - 4);
    minimum = minimum > INT32_MAX ? 0 : minimum; // RFC 2181 §8
    if (image->rrsets[image->header->negative_soa].ttl != (soa->ttl < minimum ? soa->ttl : minimum))
        return bogus(err, "TTL of the negative SOA");
    return STATUS_OK;
}

// Every node is found by its key, and nothing else is in the table, so that it has free cells.
static enum status check_hash(const struct image *image, struct error *err)
{
    const struct image_header *header = image->header;
    uint32_t used = 0;
    for (uint32_t i = 0; i < header->hash_size; i++) {
        uint32_t cell = image->hash[i];
        if (cell != IMAGE_NONE && (cell & IMAGE_CELL_NODE) >= header->node_count)
            return bogus_at(err, "hash table's cell", i);
        used += cell != IMAGE_NONE;
    }
    if (used != header->node_count)
        return bogus(err, "hash table");
    for (uint32_t i = 0; i < header->node_count; i++) {
        const struct image_node *node = &image->nodes[i];
        if (image_find(image, image_node_key(image, node), node->key_len) != node)
            return bogus_at(err, "hash table has no node", i);
    }
    return STATUS_OK;
}

static enum status check_extras(const struct image *image, struct error *err)
{
    for (uint32_t i = 0; i < image->header->rrset_count; i++) {
        if (!image_extras_hold(image, &image->rrsets[i]))
            return bogus_at(err, "glue of RRset", i);
    }
    return STATUS_OK;
}

enum status image_open(const void *octets, size_t len, struct image *ret, struct error *err)
{
    enum status status = check_envelope(octets, len, err);
    if (status == STATUS_OK)
        status = check_sections(octets, err);
    if (status != STATUS_OK)
        return status;
    struct image image;
    image_trust(octets, &image);
    status = check_nodes(&image, err);
    if (status == STATUS_OK)
        status = check_header(&image, err);
    if (status == STATUS_OK)
        status = check_rrsets(&image, err);
    if (status == STATUS_OK)
        status = check_hash(&image, err);
    if (status == STATUS_OK)
        status = check_extras(&image, err);
    if (status == STATUS_OK)
        *ret = image;
    return status;
}
