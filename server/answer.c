// SPDX-License-Identifier: ISC
#include "server/answer.h"

#include <string.h>

#include "server/denial.h"

struct lookup {
    const struct image *image;
    const struct query *query;
    struct answer *answer;
    const struct query_name *name; // what is looked for now
    uint8_t name_number;           // 0 the question's, else links[name_number - 1]
    bool dnssec;                   // signatures and proofs are wanted and there are some
};

// ── Finding ──────────────────────────────────────────────────────────────────────────────────────

void answer_search(const struct image *image, const struct query_name *name,
                   struct image_search *ret)
{
    const struct name_key *key = &name->key;
    image_search_begin(key->octets + image->apex_key_len, (size_t)(key->len - image->apex_key_len),
                       ret);
}

// ── Putting together ─────────────────────────────────────────────────────────────────────────────

static void put_answer(struct lookup *lookup, const struct image_rrset *rrset, unsigned parts)
{
    answer_put(
        lookup->answer,
        (struct reference){.rrset = rrset, .parts = (uint8_t)parts, .owner = lookup->name_number});
}

static unsigned signed_parts(const struct lookup *lookup)
{
    return lookup->dnssec ? PART_RRS | PART_SIGS : PART_RRS;
}

// Notes what the chain ends with, as far as it has come.
static void note(struct lookup *lookup, enum outcome_kind kind, const struct image_node *source)
{
    lookup->answer->kind = (uint8_t)kind;
    lookup->answer->source = (uint32_t)(source - lookup->image->nodes);
}

// RFC 2308 §3: the SOA of the negative answer, its TTL made ready by the signer.
static void put_negative_soa(struct lookup *lookup)
{
    const struct image *image = lookup->image;
    answer_put_authority(lookup->answer, &image->rrsets[image->header->negative_soa],
                         signed_parts(lookup));
}

static bool same_name(const struct query_name *a, const struct query_name *b)
{
    return a->key.len == b->key.len && memcmp(a->key.octets, b->key.octets, a->key.len) == 0;
}

static bool was_looked_for(const struct lookup *lookup, const struct query_name *name)
{
    if (same_name(name, &lookup->query->name))
        return true;
    for (unsigned i = 0; i < lookup->answer->link_count; i++)
        if (same_name(name, &lookup->answer->links[i].name))
            return true;
    return false;
}

// Goes on with the name in link->wire, or says that the chain ends here: outside this zone (other
// zones of this server are the resolver's to ask), in a circle, or too long. RFC 1034 §3.6.2: what
// is known by then is the answer.
static bool follow(struct lookup *lookup, struct answer_link *link, size_t wire_len)
{
    const struct image *image = lookup->image;
    struct answer *answer = lookup->answer;
    query_name_read(link->wire, wire_len, &link->name); // a valid name: the image was checked
    query_name_key(&link->name);
    uint16_t apex_len = image->apex_key_len;
    bool inside = link->name.key.len >= apex_len &&
                  memcmp(link->name.key.octets, lookup->query->name.key.octets, apex_len) == 0;
    if (!inside || was_looked_for(lookup, &link->name) || answer->link_count == ANSWER_LINKS_MAX)
        return false;
    link->cname = (uint8_t)(answer->answer_count - 1);
    answer->link_count++;
    lookup->name = &link->name;
    lookup->name_number = answer->link_count;
    return true;
}

static bool follow_cname(struct lookup *lookup, const struct image_rrset *cname)
{
    struct answer_link *link = &lookup->answer->links[lookup->answer->link_count];
    put_answer(lookup, cname, signed_parts(lookup));
    return follow(lookup, link, image_name_at(lookup->image, cname, IMAGE_RR_HEAD, link->wire));
}

// RFC 6672 §3.2 step 3c: what lies below the owner of a DNAME is looked for below its target
// instead.
static bool follow_dname(struct lookup *lookup, const struct image_node *owner)
{
    struct answer *answer = lookup->answer;
    const struct image_rrset *dname = image_rrset(lookup->image, owner, RR_TYPE_DNAME);
    uint8_t place = 0;
    while (place < answer->answer_count && answer->answers[place].rrset != dname)
        place++;
    if (place == answer->answer_count)
        answer_put(answer, (struct reference){.rrset = dname,
                                              .parts = (uint8_t)signed_parts(lookup),
                                              .owner = OWNER_NODE});

    struct answer_link *link = &answer->links[answer->link_count];
    uint8_t target[NAME_WIRE_MAX];
    size_t target_len = image_name_at(lookup->image, dname, IMAGE_RR_HEAD, target);
    size_t prefix_len = query_name_suffix(lookup->name, owner->labels);
    if (prefix_len + target_len > NAME_WIRE_MAX) {
        answer->rcode = RCODE_YXDOMAIN; // RFC 6672 §2.2
        return false;
    }
    memcpy(link->wire, lookup->name->wire, prefix_len);
    memcpy(link->wire + prefix_len, target, target_len);
    answer_put(answer, (struct reference){.rrset = dname,
                                          .parts = PART_CNAME,
                                          .owner = lookup->name_number,
                                          .link = answer->link_count,
                                          .dname = place});
    return follow(lookup, link, prefix_len + target_len);
}

// ── Deciding ─────────────────────────────────────────────────────────────────────────────────────

// One RRset for ANY (RFC 8482 §4.1), or the signatures of one for RRSIG, which would else draw as
// much: the smallest, so that nobody is worth flooding with it.
static const struct image_rrset *smallest(const struct image *image, const struct image_node *node,
                                          bool sigs)
{
    const struct image_rrset *best = NULL;
    uint32_t best_len = UINT32_MAX;
    for (uint32_t i = 0; i < node->rrset_count; i++) {
        const struct image_rrset *rrset = &image->rrsets[node->rrset_first + i];
        bool fit = sigs ? rrset->sig_count > 0 : rrset->type != RR_TYPE_NSEC;
        uint32_t len = rrset->sig_len + (sigs ? 0u : rrset->wire_len);
        if (fit && len < best_len) {
            best = rrset;
            best_len = len;
        }
    }
    return best;
}

// The RRset of the question at the node, put into the answer; false when there is none.
static bool answer_type(struct lookup *lookup, const struct image_node *node)
{
    const struct image_rrset *rrset;
    unsigned parts = signed_parts(lookup);
    switch (lookup->query->qtype) {
    case RR_TYPE_ANY:
        rrset = smallest(lookup->image, node, false);
        break;
    case RR_TYPE_RRSIG:
        rrset = smallest(lookup->image, node, true);
        parts = PART_SIGS;
        break;
    default:
        rrset = image_rrset(lookup->image, node, lookup->query->qtype);
    }
    if (rrset == NULL)
        return false;
    put_answer(lookup, rrset, parts);
    return true;
}

static void refer(struct lookup *lookup, const struct image_node *cut)
{
    const struct image *image = lookup->image;
    struct answer *answer = lookup->answer;
    // RFC 1035 §4.1.1: AA speaks of the first owner in the answer section, if a CNAME led here.
    answer->authoritative = answer->answer_count > 0;
    answer->referral = image_rrset(image, cut, RR_TYPE_NS);
    note(lookup, OUTCOME_REFERRAL, cut);
    answer_put_authority(answer, answer->referral, PART_RRS);
    if (!lookup->dnssec)
        return;
    // RFC 4035 §3.1.4: DS, or the proof that there is none.
    const struct image_rrset *ds = image_rrset(image, cut, RR_TYPE_DS);
    if (ds != NULL)
        answer_put_authority(answer, ds, PART_RRS | PART_SIGS);
    else
        denial_type(image, cut, answer);
}

static bool answer_from_node(struct lookup *lookup, const struct image_node *node)
{
    if (answer_type(lookup, node))
        return false;
    if ((node->flags & IMAGE_NODE_CNAME) != 0)
        return follow_cname(lookup, image_rrset(lookup->image, node, RR_TYPE_CNAME));
    note(lookup, OUTCOME_NODATA, node);
    put_negative_soa(lookup);
    if (lookup->dnssec)
        denial_type(lookup->image, node, lookup->answer);
    return false;
}

// RFC 4592 §3.3.1: the wildcard's data under the name asked for. What else is special at its owner
// (NS, DNAME) is data here (§4.2, §4.4), as NSD has it.
static bool answer_from_wildcard(struct lookup *lookup, const struct place *place,
                                 const struct image_node *wildcard)
{
    note(lookup, OUTCOME_WILDCARD, wildcard);
    bool found = answer_type(lookup, wildcard);
    bool cname = !found && (wildcard->flags & IMAGE_NODE_CNAME) != 0;
    if ((found || cname) && lookup->dnssec)
        denial_closer(lookup->image, place, lookup->answer);
    if (found)
        return false;
    if (cname)
        return follow_cname(lookup, image_rrset(lookup->image, wildcard, RR_TYPE_CNAME));
    note(lookup, OUTCOME_NODATA, wildcard);
    put_negative_soa(lookup);
    if (lookup->dnssec)
        denial_wildcard_type(lookup->image, place, wildcard, lookup->answer);
    return false;
}

// Takes one name of the chain. Returns whether there is a next one.
static bool step(struct lookup *lookup, struct image_search *search)
{
    const struct image *image = lookup->image;
    struct answer *answer = lookup->answer;
    image_search_end(image, search);
    const struct place place = {lookup->name, search->node, search->encloser, search->before};
    const struct image_node *encloser = place.encloser;

    answer->authoritative = true;
    note(lookup, OUTCOME_ANSWER, encloser);
    if (encloser->delegation != IMAGE_NONE) {
        const struct image_node *above = &image->nodes[encloser->delegation];
        if ((above->flags & IMAGE_NODE_CUT) == 0)
            return follow_dname(lookup, above);
        if (place.node != above || lookup->query->qtype != RR_TYPE_DS) {
            refer(lookup, above);
            return false;
        }
    }
    if (place.node != NULL)
        return answer_from_node(lookup, place.node);
    if ((encloser->flags & IMAGE_NODE_DNAME) != 0)
        return follow_dname(lookup, encloser);
    if (encloser->wildcard != IMAGE_NONE)
        return answer_from_wildcard(lookup, &place, &image->nodes[encloser->wildcard]);

    note(lookup, OUTCOME_NXDOMAIN, encloser);
    answer->rcode = RCODE_NXDOMAIN; // of the last name of the chain (RFC 6604 §3)
    put_negative_soa(lookup);
    if (lookup->dnssec)
        denial_name(image, &place, answer);
    return false;
}

static void search_now(const struct image *image, const struct query_name *name,
                       struct image_search *ret)
{
    answer_search(image, name, ret);
    image_search_cell(image, ret);
    image_search_node(image, ret);
}

void answer_make_found(const struct image *image, const struct query *query,
                       struct image_search *search, struct answer *ret)
{
    answer_init(ret);
    struct lookup lookup = {
        .image = image,
        .query = query,
        .answer = ret,
        .name = &query->name,
        .dnssec = query->dnssec_ok && (image->flags & IMAGE_SIGNED) != 0,
    };
    while (step(&lookup, search))
        search_now(image, lookup.name, search);
}

void answer_make(const struct image *image, const struct query *query, struct answer *ret)
{
    struct image_search search;
    search_now(image, &query->name, &search);
    answer_make_found(image, query, &search, ret);
}
