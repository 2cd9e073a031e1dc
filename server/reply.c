// SPDX-License-Identifier: ISC
#include "server/reply.h"

#include <string.h>

#include "server/reply_parts.h"

// ── Owners ───────────────────────────────────────────────────────────────────────────────────────

// How many labels, counted from the root, the node shares with the name.
static unsigned shared_labels(const struct image *image, const struct image_node *node,
                              const struct query_name *name)
{
    unsigned labels = image->apex_labels;
    unsigned most = node->labels < name->labels ? node->labels : name->labels;
    size_t apex_len = image->apex_key_len;
    const uint8_t *key = image_node_key(image, node);
    const uint8_t *other = name->key.octets + apex_len;
    while (labels < most) {
        size_t from = name->key.end[labels] - apex_len;
        size_t to = name->key.end[labels + 1] - apex_len;
        if (to > node->key_len || memcmp(key + from, other + from, to - from) != 0)
            break;
        labels++;
    }
    return labels;
}

// A name of the zone: its first labels, then a pointer to the longest suffix that the message has.
static struct owner owner_of_node(const struct writer *writer, const struct image_node *node)
{
    unsigned best = writer->image->apex_labels;
    size_t suffix = apex_place(writer);
    for (unsigned n = 0; n <= writer->answer->link_count; n++) {
        const struct query_name *name = name_of(writer, n);
        unsigned labels = shared_labels(writer->image, node, name);
        if (labels <= best)
            continue;
        uint16_t place = name_place(writer, n);
        if (place > POINTER_MAX)
            continue;
        size_t at = n == 0 ? place + query_name_suffix(name, labels)
                           : place_behind(writer, place, name->labels - labels);
        if (at > POINTER_MAX)
            continue;
        best = labels;
        suffix = at;
    }
    if (best == node->labels)
        return owner_known(suffix, node->labels);
    const uint8_t *wire = image_node_name(writer->image, node);
    const uint8_t *end = wire;
    for (unsigned i = node->labels; i > best; i--)
        end += 1 + end[0];
    return (struct owner){wire, (size_t)(end - wire), (uint16_t)suffix, 0, node->labels};
}

static struct owner owner_of(const struct writer *writer, const struct reference *reference)
{
    if (reference->owner == OWNER_NODE)
        return owner_of_node(writer, &writer->image->nodes[reference->rrset->node]);
    uint16_t place = name_place(writer, reference->owner);
    const struct query_name *name = name_of(writer, reference->owner);
    if (place <= POINTER_MAX)
        return owner_known(place, name->labels);
    size_t labels_len = query_name_suffix(name, writer->image->apex_labels);
    return (struct owner){name->wire, labels_len, (uint16_t)apex_place(writer), 0, name->labels};
}

// ── RRsets ───────────────────────────────────────────────────────────────────────────────────────

static struct run run_of(const struct image *image, const struct image_rrset *rrset, bool sigs)
{
    const uint8_t *wire = image_wire(image, rrset);
    if (sigs)
        return (struct run){wire + rrset->wire_len, rrset->sig_len, NULL, 0, rrset->sig_count};
    return (struct run){wire, rrset->wire_len, image_slots(image, rrset), rrset->slot_count,
                        rrset->rr_count};
}

static size_t slot_target(const struct writer *writer, const struct image_slot *slot, size_t start,
                          const struct owner *owner)
{
    return slot->target < SLOT_OWNER ? start + slot->target
                                     : slot_outside(writer, slot, start, owner);
}

// Fills in the owners of the records behind the first. False when a pointer would not reach.
static bool fill_owners(uint8_t *start, const struct run *run, uint16_t place)
{
    uint8_t *at = start;
    for (unsigned i = 1; i < run->count; i++) {
        at += IMAGE_RR_HEAD + wire_get_u16(at + IMAGE_RR_HEAD - 2);
        put_pointer(at, place & POINTER_MAX);
    }
    return run->count == 1 || place <= POINTER_MAX;
}

// Copies the run and fills its slots in. False when it does not fit (*ret_far false) or a pointer
// would not reach (*ret_far true); the message has not grown then.
static bool copy_run(struct writer *writer, const struct run *run, struct owner *owner,
                     bool *ret_far)
{
    *ret_far = false;
    if (writer->limit - writer->at < owner->labels_len + run->len)
        return false;
    size_t start = writer->at + owner->labels_len;
    struct owner next = *owner; // how those after the first are written
    if (owner->labels_len > 0) {
        memcpy(writer->out + writer->at, owner->labels, owner->labels_len);
        next.place = NO_PLACE;
        if (writer->at <= POINTER_MAX)
            next = owner_known(writer->at, owner->all_labels);
    }
    memcpy(writer->out + start, run->wire, run->len);
    put_pointer(writer->out + start, owner->suffix);
    *ret_far = !fill_owners(writer->out + start, run, next.place);
    for (unsigned i = 0; i < run->slot_count; i++) {
        size_t target = slot_target(writer, &run->slots[i], start, owner);
        if (target > POINTER_MAX)
            *ret_far = true;
        put_pointer(writer->out + start + run->slots[i].at, target & POINTER_MAX);
    }
    if (*ret_far)
        return false;
    writer->at = start + run->len;
    *owner = next;
    return true;
}

// The same with the names of the rdata in full.
static bool expand_run(struct writer *writer, const struct image_rrset *rrset, bool sigs,
                       const struct owner *owner)
{
    struct image_cursor cursor;
    struct image_rr rr;
    image_rrs(&cursor, writer->image, rrset, sigs);
    while (image_rrs_next(&cursor, &rr)) {
        uint8_t fixed[IMAGE_RR_HEAD];
        put_pointer(fixed, owner->suffix);
        wire_set_u16(fixed + 2, rr.type);
        wire_set_u16(fixed + 4, RR_CLASS_IN);
        wire_set_u32(fixed + 6, rr.ttl);
        wire_set_u16(fixed + 10, rr.rdata_len);
        if (!put_octets(writer, owner->labels, owner->labels_len) ||
            !put_octets(writer, fixed, sizeof(fixed)) ||
            !put_octets(writer, rr.rdata, rr.rdata_len))
            return false;
    }
    return true;
}

// ret_rdata: where the first rdata stands as the image has it, NO_PLACE when no pointer reaches it.
static bool put_run(struct writer *writer, const struct image_rrset *rrset, bool sigs,
                    struct owner *owner, uint16_t *ret_rdata)
{
    struct run run = run_of(writer->image, rrset, sigs);
    size_t rdata = writer->at + owner->labels_len + IMAGE_RR_HEAD;
    if (run.count == 0)
        return true;
    bool far = false;
    if ((!sigs && rrset->label_bits != 0 && reply_says_shorter(writer, rrset) &&
         reply_put_shorter(writer, rrset, &run, owner)) ||
        copy_run(writer, &run, owner, &far)) {
        *ret_rdata = rdata > POINTER_MAX ? NO_PLACE : (uint16_t)rdata;
        return true;
    }
    *ret_rdata = NO_PLACE;
    return far && expand_run(writer, rrset, sigs, owner);
}

// The CNAME that a DNAME stands for: the labels in front of the DNAME's owner, then the DNAME's
// target, which the message has.
static bool put_synthesized(struct writer *writer, const struct reference *reference,
                            uint16_t *ret_rdata)
{
    const struct image_node *node = &writer->image->nodes[reference->rrset->node];
    const struct answer_link *link = &writer->answer->links[reference->link];
    struct owner owner = owner_of(writer, reference);
    uint16_t dname = writer->rdata_at[reference->dname];
    size_t prefix_len = query_name_suffix(name_of(writer, reference->owner), node->labels);
    bool whole = dname == NO_PLACE;
    size_t target_len = whole ? name_wire_len(link->wire) : prefix_len + 2;
    uint8_t fixed[IMAGE_RR_HEAD];
    put_pointer(fixed, owner.suffix);
    wire_set_u16(fixed + 2, RR_TYPE_CNAME);
    wire_set_u16(fixed + 4, RR_CLASS_IN);
    wire_set_u32(fixed + 6, reference->rrset->ttl); // RFC 6672 §3.1
    wire_set_u16(fixed + 10, (uint16_t)target_len);
    uint8_t target[NAME_WIRE_MAX + 2];
    memcpy(target, link->wire, whole ? target_len : prefix_len);
    if (!whole)
        put_pointer(target + prefix_len, dname);
    if (!put_octets(writer, owner.labels, owner.labels_len) ||
        !put_octets(writer, fixed, sizeof(fixed)))
        return false;
    *ret_rdata = writer->at > POINTER_MAX ? NO_PLACE : (uint16_t)writer->at;
    return put_octets(writer, target, target_len);
}

// Writes what is referred to. False, and the message as it was, when it does not fit.
static bool put_reference(struct writer *writer, const struct reference *reference,
                          enum section section, uint16_t *ret_rdata)
{
    const struct image_rrset *rrset = reference->rrset;
    size_t before = writer->at;
    if ((reference->parts & PART_CNAME) != 0) {
        if (!put_synthesized(writer, reference, ret_rdata)) {
            writer->at = before;
            return false;
        }
        writer->counts[section]++;
        return true;
    }
    struct owner owner = owner_of(writer, reference);
    uint16_t unused;
    unsigned count = 0;
    bool fits = true;
    if ((reference->parts & PART_RRS) != 0) {
        fits = put_run(writer, rrset, false, &owner, ret_rdata);
        count = rrset->rr_count;
    }
    if ((reference->parts & PART_SIGS) != 0) {
        fits = fits && put_run(writer, rrset, true, &owner, &unused);
        count += rrset->sig_count;
    }
    if (!fits) {
        writer->at = before;
        return false;
    }
    writer->counts[section] = (uint16_t)(writer->counts[section] + count);
    return true;
}

// ── Sections ─────────────────────────────────────────────────────────────────────────────────────

// False, and the message as it was, when they do not fit.
static bool put_address(struct writer *writer, const struct image_rrset *rrset, struct owner *owner)
{
    uint16_t unused;
    uint16_t *count = &writer->counts[SECTION_ADDITIONAL];
    size_t before = writer->at;
    if (!put_run(writer, rrset, false, owner, &unused)) {
        writer->at = before;
        return false;
    }
    *count = (uint16_t)(*count + rrset->rr_count);
    if (!writer->query->dnssec_ok)
        return true;
    // RFC 4035 §3.1.1: what is not glue goes with its signatures, unless there is no room for them.
    before = writer->at;
    if (put_run(writer, rrset, true, owner, &unused))
        *count = (uint16_t)(*count + rrset->sig_count);
    else
        writer->at = before;
    return true;
}

// The addresses of a referral's name servers, as many as fit. False when one is left out that the
// client cannot do without (RFC 9471 §3).
static bool put_glue(struct writer *writer, size_t ns_at, bool required)
{
    const struct image *image = writer->image;
    const struct image_rrset *ns = writer->answer->referral;
    const struct image_extra *extras = image_extras(image, ns);
    for (unsigned i = 0; i < ns->extra_count; i++) {
        if ((extras[i].required != 0) != required)
            continue;
        const struct image_rrset *rrset = &image->rrsets[extras[i].rrset];
        size_t place = reply_moved(&writer->omissions, ns_at, extras[i].name_at);
        struct owner owner = ns_at == 0 || place > POINTER_MAX
                                 ? owner_of_node(writer, &image->nodes[rrset->node])
                                 : owner_known(place, image->nodes[rrset->node].labels);
        if (!put_address(writer, rrset, &owner) && required)
            return false;
    }
    return true;
}

// All that the answer refers to. False when something needed did not fit.
static bool put_sections(struct writer *writer)
{
    const struct answer *answer = writer->answer;
    for (unsigned i = 0; i < answer->answer_count; i++)
        if (!put_reference(writer, &answer->answers[i], SECTION_ANSWER, &writer->rdata_at[i]))
            return false;
    writer->omissions.count = 0;
    size_t ns_at =
        0; // the place in the message that offsets in the wire of the NS RRset count from
    for (unsigned i = 0; i < answer->authority_count; i++) {
        const struct reference *reference = &answer->authority[i];
        uint16_t rdata = NO_PLACE;
        if (!put_reference(writer, reference, SECTION_AUTHORITY, &rdata))
            return false;
        if (reference->rrset == answer->referral && rdata != NO_PLACE)
            ns_at = rdata - (size_t)IMAGE_RR_HEAD;
    }
    if (answer->referral == NULL)
        return true;
    if (!put_glue(writer, ns_at, true))
        return false;
    put_glue(writer, ns_at, false); // whatever of these fits
    return true;
}

// The header, and OPT at the end. `whole`: nothing needed was left out.
static size_t finish(struct writer *writer, bool whole, const struct opt *opt, size_t limit)
{
    const struct query *query = writer->query;
    const struct answer *answer = writer->answer;
    uint8_t *out = writer->out;
    // RD comes back, CD and AD mean nothing to an authoritative server (RFC 4035 §3.1.6), there is
    // no recursion.
    uint32_t flags = HEADER_QR | (query->flags & (0x7800U | HEADER_RD)) | (answer->rcode & 15U);
    if (answer->authoritative)
        flags |= HEADER_AA;
    if (!whole)
        flags |= HEADER_TC;
    wire_set_u16(out, query->id);
    wire_set_u16(out + 2, (uint16_t)flags);
    wire_set_u16(out + 4, query->question_len > 0 ? 1 : 0);
    wire_set_u16(out + 6, writer->counts[SECTION_ANSWER]);
    wire_set_u16(out + 8, writer->counts[SECTION_AUTHORITY]);
    wire_set_u16(out + 10, (uint16_t)(writer->counts[SECTION_ADDITIONAL] + (query->edns ? 1 : 0)));
    if (!query->edns)
        return writer->at;
    struct opt_head head = {answer->rcode, answer->ede, query->dnssec_ok};
    return opt_write(opt, &head, out, writer->at, limit);
}

static struct writer start(const struct query *query, const struct answer *answer,
                           const struct opt *opt, uint8_t *out, size_t limit)
{
    memcpy(out + DNS_HEADER_LEN, query->name.wire, query->question_len);
    return (struct writer){
        .query = query,
        .answer = answer,
        .out = out,
        .at = DNS_HEADER_LEN + (size_t)query->question_len,
        .limit = query->edns ? limit - opt_len(opt) : limit,
    };
}

size_t reply_write(const struct image *image, const struct query *query,
                   const struct answer *answer, const struct opt *opt, uint8_t *out, size_t limit)
{
    struct writer writer = start(query, answer, opt, out, limit);
    writer.image = image;
    bool whole = put_sections(&writer);
    return finish(&writer, whole, opt, limit);
}

size_t reply_write_error(const struct query *query, uint16_t rcode, uint16_t ede,
                         const struct opt *opt, uint8_t *out, size_t limit)
{
    struct answer answer;
    answer_init(&answer);
    answer.rcode = rcode;
    answer.ede = ede;
    return reply_write(NULL, query, &answer, opt, out, limit);
}

size_t reply_write_text(const struct query *query, const char *text, const struct opt *opt,
                        uint8_t *out, size_t limit)
{
    struct answer answer;
    answer_init(&answer);
    answer.authoritative = true;
    struct writer writer = start(query, &answer, opt, out, limit);
    size_t len = strlen(text);
    uint8_t fixed[IMAGE_RR_HEAD + 1];
    put_pointer(fixed, DNS_HEADER_LEN);
    wire_set_u16(fixed + 2, RR_TYPE_TXT);
    wire_set_u16(fixed + 4, query->qclass);
    wire_set_u32(fixed + 6, 0);
    wire_set_u16(fixed + 10, (uint16_t)(1 + len));
    fixed[IMAGE_RR_HEAD] = (uint8_t)len;
    bool whole = put_octets(&writer, fixed, sizeof(fixed)) && put_octets(&writer, text, len);
    writer.counts[SECTION_ANSWER] = 1;
    return finish(&writer, whole, opt, limit);
}
