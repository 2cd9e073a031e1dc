// SPDX-License-Identifier: ISC
// What a reply will contain: references to RRsets of the zone image, by section, and how their
// owners are called. Filled by answer.c and denial.c, written to octets by reply.c. Nothing here is
// copied from the zone, so that an answer costs a few words until it is written.
//
// Owners. In an ordinary answer the owner is the question name, or what a CNAME of the answer leads
// to: a name of the chain. All else (NSEC, SOA, a cut) carries the name of its node in the zone.
//
//   question  www.a.example.          name 0
//   answer    www.a.example. CNAME b.example.        owner: name 0; its rdata holds name 1 = links[0]
//             b.example.     A …                     owner: name 1
#pragma once

#include <assert.h>
#include <stdbool.h>
#include <stdint.h>

#include "dns/image.h"
#include "dns/query.h"
#include "server/outcome.h"

// How many CNAMEs and DNAMEs in a row are followed inside a zone. Longer ones are left to the
// resolver, which goes on from the last target that it was given; resolvers give up at about as
// many (BIND 11, Unbound 11).
#define ANSWER_LINKS_MAX 10
// A link gives at most a DNAME with the CNAME made from it, and so does the one that is not
// followed any more.
#define ANSWER_RRSETS_MAX (2 * (ANSWER_LINKS_MAX + 1))
// A wildcard in the chain gives at most one proof each, the end of the chain SOA and three (RFC
// 5155 §7.2.2), or NS and two (§7.2.7).
#define ANSWER_AUTHORITY_MAX (ANSWER_LINKS_MAX + 4)
// Not the number of a name: the owner is the node of the RRset, called as in the zone.
#define OWNER_NODE UINT8_MAX

enum reference_part {
    PART_RRS = 1 << 0,  // the records
    PART_SIGS = 1 << 1, // their RRSIGs
    // Instead: the CNAME that a DNAME stands for (RFC 6672 §3.1); rrset is the DNAME.
    PART_CNAME = 1 << 2,
};

struct reference {
    const struct image_rrset *rrset;
    uint8_t parts; // enum reference_part
    uint8_t owner; // number of the name, or OWNER_NODE
    uint8_t link;  // PART_CNAME: index of the link that has the target
    uint8_t dname; // PART_CNAME: place of the DNAME in the answer section
};

// A name that the chain leads to. `cname` is the place of the reference in the answer section whose
// rdata is this name.
struct answer_link {
    uint8_t cname;
    uint8_t wire[NAME_WIRE_MAX];
    struct query_name name;
};

struct answer {
    uint16_t rcode;
    bool authoritative;
    uint16_t ede;    // enum ede_code, or QUERY_NO_EDE
    uint8_t kind;    // enum outcome_kind, of the end of the chain
    uint32_t source; // the node that the end of the chain was answered from
    uint8_t answer_count;
    uint8_t authority_count;
    uint8_t link_count; // names followed; a target outside the zone may stand behind them
    const struct image_rrset
        *referral; // NS of a cut whose addresses go to the additional section, or NULL
    struct reference answers[ANSWER_RRSETS_MAX];
    struct reference authority[ANSWER_AUTHORITY_MAX];
    struct answer_link *links; // room for ANSWER_LINKS_MAX + 1, the caller's
};

static inline void answer_init(struct answer *answer)
{
    answer->rcode = RCODE_NOERROR;
    answer->authoritative = false;
    answer->ede = QUERY_NO_EDE;
    answer->answer_count = 0;
    answer->authority_count = 0;
    answer->link_count = 0;
    answer->referral = NULL;
}

static inline void answer_put(struct answer *answer, struct reference reference)
{
    assert(answer->answer_count < ANSWER_RRSETS_MAX);
    answer->answers[answer->answer_count++] = reference;
}

// Puts an RRset of a node into the authority section; the same one only once (RFC 4035 §3.1.3.2:
// one NSEC may prove two things).
static inline void answer_put_authority(struct answer *answer, const struct image_rrset *rrset,
                                        unsigned parts)
{
    for (unsigned i = 0; i < answer->authority_count; i++)
        if (answer->authority[i].rrset == rrset)
            return;
    assert(answer->authority_count < ANSWER_AUTHORITY_MAX);
    answer->authority[answer->authority_count++] =
        (struct reference){.rrset = rrset, .parts = (uint8_t)parts, .owner = OWNER_NODE};
}
