// SPDX-License-Identifier: ISC
// The builder's step that writes down what RFC 1034 §4.3.2 and RFC 4592 would search for at each query.
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "dns/image_builder.h"
#include "dns/types.h"
#include "dns/wire.h"

static bool has(const struct image_builder *builder, const struct build_node *node, uint16_t type)
{
    return build_find_rrset(builder, node, type) != IMAGE_NONE;
}

// Flags and delegation of a node, whose parent has its own already.
static void link_node(struct image_builder *builder, uint32_t index)
{
    struct build_node *node = &builder->nodes[index];
    struct image_node *out = &node->out;
    if (name_is_wildcard(build_octets(builder, node->name)))
        out->flags |= IMAGE_NODE_WILDCARD;
    if (has(builder, node, RR_TYPE_CNAME))
        out->flags |= IMAGE_NODE_CNAME;
    if (has(builder, node, RR_TYPE_DNAME))
        out->flags |= IMAGE_NODE_DNAME;
    if (out->parent == IMAGE_NONE)
        return;
    struct image_node *parent = &builder->nodes[out->parent].out;
    if (parent->delegation != IMAGE_NONE)
        out->delegation = parent->delegation;
    else if ((parent->flags & IMAGE_NODE_DNAME) != 0) // RFC 6672 §2.4: nothing exists below
        out->delegation = out->parent;
    if (out->delegation != IMAGE_NONE) {
        out->flags |= IMAGE_NODE_OCCLUDED;
        return;
    }
    if (has(builder, node, RR_TYPE_NS)) {
        out->flags |= IMAGE_NODE_CUT;
        out->delegation = index;
    }
    if ((out->flags & IMAGE_NODE_WILDCARD) != 0)
        parent->wildcard = index;
}

void build_link(struct image_builder *builder)
{
    size_t names = builder->node_count - builder->chain_count;
    uint32_t nsec = IMAGE_NONE;
    for (uint32_t i = 0; i < names; i++) {
        link_node(builder, i);
        struct build_node *node = &builder->nodes[i];
        uint32_t own = build_find_rrset(builder, node, RR_TYPE_NSEC);
        if (own != IMAGE_NONE && (node->out.flags & IMAGE_NODE_OCCLUDED) == 0)
            nsec = own;
        node->out.nsec = nsec;
    }
    const struct build_node *apex = &builder->nodes[0];
    uint32_t soa = build_find_rrset(builder, apex, RR_TYPE_SOA);
    if (has(builder, apex, RR_TYPE_DNSKEY) && builder->rrsets[soa].out.sig_count > 0)
        builder->flags |= IMAGE_SIGNED;
    if (has(builder, apex, RR_TYPE_NSEC))
        builder->flags |= IMAGE_NSEC;
    if (builder->chain_count > 0)
        builder->flags |= IMAGE_NSEC3;
}

struct wanted_node {
    const struct image_builder *builder;
    struct name_key key;
};

static int compare_node(const void *key, const void *element)
{
    const struct wanted_node *wanted = key;
    const struct build_node *node = element;
    return name_key_compare(wanted->key.octets, wanted->key.len,
                            build_octets(wanted->builder, node->key),
                            build_key_len(wanted->builder, node));
}

// The node of this name, or NULL.
static const struct build_node *find_node(const struct image_builder *builder, const uint8_t *name)
{
    struct wanted_node wanted = {.builder = builder};
    name_key(name, &wanted.key);
    return bsearch(&wanted, builder->nodes, builder->node_count - builder->chain_count,
                   sizeof(*builder->nodes), compare_node);
}

static void add_extra(struct build_wire *wire, struct image_extra extra)
{
    if (extra.rrset == IMAGE_NONE)
        return;
    wire->extras =
        array_grow(wire->extras, &wire->extra_cap, wire->extra_count, sizeof(*wire->extras));
    wire->extras[wire->extra_count++] = extra;
}

void build_extras(struct image_builder *builder, const struct build_node *node,
                  const struct build_rrset *rrset)
{
    struct build_wire *wire = &builder->wire;
    size_t at = 0;
    for (uint32_t i = 0; i < rrset->out.rr_count; i++) {
        const uint8_t *server = build_octets(builder, builder->records[rrset->record + i].rdata);
        const struct build_node *target =
            name_is_under(server, builder->apex.wire) ? find_node(builder, server) : NULL;
        if (target != NULL) {
            struct image_extra extra = {
                .name_at = (uint16_t)(at + IMAGE_RR_HEAD),
                .required = name_is_under(server, build_octets(builder, node->name)),
            };
            extra.rrset = build_find_rrset(builder, target, RR_TYPE_A);
            add_extra(wire, extra);
            extra.rrset = build_find_rrset(builder, target, RR_TYPE_AAAA);
            add_extra(wire, extra);
        }
        at += IMAGE_RR_HEAD + (size_t)wire_get_u16(wire->octets.data + at + 10);
    }
}
