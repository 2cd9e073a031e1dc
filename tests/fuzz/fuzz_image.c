// SPDX-License-Identifier: ISC
// Images with the right checksum and wrong octets. What image_open accepts leads nobody outside and keeps what its
// header promises (image_visit), and every question about what is in it, or nearly, has an answer. The input is a list
// of changes to a good image, so that it is small and fits every byte order: one octet for which image, then of 8
// octets each: where (with how many octets in the top two bits) and what, both in network order. An input that is an
// image itself (this machine's) is taken as it is.
#include "tests/fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "dns/wire.h"
#include "server/answer.h"
#include "server/denial.h"
#include "server/question.h"
#include "server/reply.h"
#include "tests/support/image_visit.h"
#include "tests/support/zone_text.h"

#define HASH1 "0p9mhaveqvm6t7vbl5lop2u3t2rp3tom"
#define HASH2 "b4um86eghhds6nea196smvmlo4ors995"
#define SIG   " 13 2 3600 20300101000000 20200101000000 1 @ AAAA\n"

static const char *const zones[] = {
    "@ SOA ns1 h 7 1 2 3 4\n@ RRSIG SOA" SIG "@ DNSKEY 257 3 13 AAAA\n@ NSEC ns1 SOA NSEC\n"
    "@ NS ns1\n@ NS a.ns.example.net.\n@ NS b.ns.example.net.\nns1 A 192.0.2.1\n"
    "ns1 NSEC sub A NSEC\n*.x.y TXT x\nsub NS ns.sub\nsub NS ns1\nns.sub AAAA 2001:db8::1\n"
    "w CNAME w\nold DNAME example.net.\n@ MX 1 mail\n",
    "@ SOA ns1 h 7 1 2 3 4\n@ NSEC3PARAM 1 0 2 abcd\n" HASH1 " NSEC3 1 1 2 abcd " HASH2
    " SOA\n" HASH1 " RRSIG NSEC3" SIG HASH2 " NSEC3 1 1 2 abcd " HASH1 " A\na A 192.0.2.1\n",
};

// Names beyond these are as those before them.
#define NODES_ASKED 40

static void ask(const struct image *image, const struct name *name, uint16_t type, bool small)
{
    static uint8_t out[DNS_MESSAGE_MAX];
    uint8_t message[DNS_HEADER_LEN + NAME_WIRE_MAX + 15] = {0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 1};
    uint8_t *at = message + DNS_HEADER_LEN;
    memcpy(at, name->wire, name->len);
    at += name->len;
    wire_set_u16(at, type);
    wire_set_u16(at + 2, RR_CLASS_IN);
    memcpy(at + 4, (const uint8_t[]){0, 0, RR_TYPE_OPT, 4, 208, 0, 0, 0x80, 0, 0, 0}, 11);
    struct query query;
    struct answer_link links[ANSWER_LINKS_MAX + 1];
    struct answer answer = {.links = links};
    struct opt opt;
    if (question_read(message, (size_t)(at + 15 - message), &query) != QUERY_LOOKUP)
        return;
    answer_make(image, &query, &answer);
    size_t limit = small ? 512 : sizeof(out);
    opt_init(&opt);
    size_t len = reply_write(image, &query, &answer, &opt, out, limit);
    if (len > limit || len < DNS_HEADER_LEN)
        abort();
}

static void ask_about(const struct image *image, const struct image_node *node)
{
    static const uint16_t types[] = {RR_TYPE_A, RR_TYPE_NS, RR_TYPE_DS, RR_TYPE_MX, RR_TYPE_ANY};
    struct name name, below;
    if (name_from_wire(image_node_name(image, node), node->name_len, &name) != STATUS_OK)
        abort();
    below.len = (uint8_t)(name.len + 2);
    memcpy(below.wire, (const uint8_t[]){1, 'x'}, 2);
    if (name.len + 2u <= NAME_WIRE_MAX)
        memcpy(below.wire + 2, name.wire, name.len);
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        ask(image, &name, types[i], i % 2 == 1);
        if (name.len + 2u <= NAME_WIRE_MAX)
            ask(image, &below, types[i], i % 2 == 0);
    }
    for (uint32_t i = 0; i < node->rrset_count; i++)
        ask(image, &name, image->rrsets[node->rrset_first + i].type, false);
}

static void ask_all(const struct image *image)
{
    if (image->header->nsec3_iterations > DENIAL_NSEC3_ITERATIONS_MAX)
        return; // is not served
    for (uint32_t i = 0; i < image->header->node_count && i < NODES_ASKED; i++)
        ask_about(image, &image->nodes[i]);
}

static void try_image(void *octets, size_t len)
{
    struct image image;
    struct error err = {0};
    image_fix_checksum(octets, len);
    if (image_open(octets, len, &image, &err) == STATUS_OK) {
        image_visit(&image);
        ask_all(&image);
    } else if (err.text[0] == '\0') {
        abort();
    }
}

static void change(struct buf *image, const uint8_t *octets, size_t len)
{
    for (; len >= 8; octets += 8, len -= 8) {
        uint32_t where = wire_get_u32(octets);
        uint32_t what = wire_get_u32(octets + 4);
        size_t width = (size_t)1 << (where >> 30) % 3;
        memcpy(image->data + (where & 0x3fffffff) % (image->len - 4), &what, width);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t len)
{
    static struct buf made[2];
    uint64_t magic = IMAGE_MAGIC;
    struct buf image = {0};
    if (len == 0)
        return 0;
    if (len >= sizeof(struct image_header) && memcmp(octets, &magic, sizeof(magic)) == 0) {
        buf_put(&image, octets, len);
    } else {
        const struct buf *base = &made[octets[0] % 2];
        if (base->data == NULL)
            zone_text_image("example.com.", zones[octets[0] % 2], &made[octets[0] % 2]);
        buf_put(&image, base->data, base->len);
        change(&image, octets + 1, len - 1);
    }
    uint8_t *block = xmemdup(image.data, image.len); // so that each read outside is seen
    try_image(block, image.len);
    free(block);
    buf_done(&image);
    return 0;
}
