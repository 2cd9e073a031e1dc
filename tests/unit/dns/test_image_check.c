// SPDX-License-Identifier: ISC
// No octets, whatever they are, lead a reader of images outside or in circles.
#include "dns/image.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "dns/rdata.h"
#include "dns/types.h"
#include "tests/support/image_visit.h"
#include "tests/support/zone_text.h"

// Small, but with one of everything.
static const char zone[] =
    "@ 3600 SOA ns1 hostmaster 7 14400 3600 604800 600\n"
    "@ 3600 NS ns1\n@ 3600 NS a.ns.example.net.\n@ 3600 NS b.ns.example.net.\n"
    "ns1 3600 A 192.0.2.1\n"
    "@ 3600 MX 10 mail\n"
    "mail 3600 CNAME ns1\n"
    "*.x.y 3600 TXT \"any\"\n"
    "sub 3600 NS ns.sub\nsub 3600 NS ns1\n"
    "ns.sub 3600 A 192.0.2.2\n"
    "old 3600 DNAME example.net.\n";

static struct buf nsec_image, nsec3_image;

static void make_image(enum zone_text_denial denial, struct buf *ret)
{
    char *text = zone_text_sign("example.com.", zone, denial);
    zone_text_image("example.com.", text, ret);
    free(text);
}

static int make_images(void **state)
{
    (void)state;
    make_image(ZONE_TEXT_NSEC, &nsec_image);
    make_image(ZONE_TEXT_NSEC3, &nsec3_image);
    return 0;
}

static int free_images(void **state)
{
    (void)state;
    buf_done(&nsec_image);
    buf_done(&nsec3_image);
    return 0;
}

// Opens octets in a block of their own size, so that each read outside is seen; visits what is accepted.
static enum status try_octets(const uint8_t *octets, size_t len, struct error *err)
{
    uint8_t *block = xmemdup(octets, len);
    struct image image;
    enum status status = image_open(block, len, &image, err);
    if (status == STATUS_OK)
        image_visit(&image);
    free(block);
    return status;
}

static void a_whole_image_is_accepted_with_padding_too(void **state)
{
    (void)state;
    assert_int_equal(try_octets(nsec_image.data, nsec_image.len, NULL), STATUS_OK);
    assert_int_equal(try_octets(nsec3_image.data, nsec3_image.len, NULL), STATUS_OK);
    struct buf padded = {0};
    buf_put(&padded, nsec_image.data, nsec_image.len);
    memset(buf_extend(&padded, 4000), 0xa5, 4000);
    assert_int_equal(try_octets(padded.data, padded.len, NULL), STATUS_OK);
    buf_done(&padded);
}

static void every_flipped_bit_is_refused(void **state)
{
    (void)state;
    uint8_t *octets = xmemdup(nsec_image.data, nsec_image.len);
    for (size_t bit = 0; bit < nsec_image.len * 8; bit++) {
        octets[bit / 8] ^= (uint8_t)(1 << bit % 8);
        struct image image;
        struct error err = {0};
        enum status status = image_open(octets, nsec_image.len, &image, &err);
        if (status != STATUS_BOGUS && status != STATUS_STATE)
            fail_msg("bit %zu: status %d", bit, status);
        assert_true(err.text[0] != '\0');
        octets[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    free(octets);
}

// Its name is opaque to messages, but the server follows it.
static void the_target_of_a_dname_is_one_whole_name(void **state)
{
    (void)state;
    static const uint8_t heads[] = {63, 64, 0xc0, 8, 6, 0};
    struct image image;
    uint8_t *octets = xmemdup(nsec_image.data, nsec_image.len);
    image_trust(octets, &image);
    const struct image_rrset *dname = image.rrsets;
    while (dname->type != RR_TYPE_DNAME)
        dname++;
    uint8_t *target = octets + (image_wire(&image, dname) - octets) + IMAGE_RR_HEAD;
    assert_int_equal(*target, 7);
    for (size_t i = 0; i < sizeof(heads); i++) {
        *target = heads[i];
        image_fix_checksum(octets, nsec_image.len);
        assert_int_equal(try_octets(octets, nsec_image.len, NULL), STATUS_BOGUS);
    }
    free(octets);
}

static void every_truncation_is_refused(void **state)
{
    (void)state;
    for (size_t len = 0; len < nsec3_image.len; len++)
        assert_int_equal(try_octets(nsec3_image.data, len, NULL), STATUS_BOGUS);
    // The same when the size says so and the checksum is right.
    for (size_t len = sizeof(struct image_header); len < nsec3_image.len; len++) {
        uint8_t *block = xmemdup(nsec3_image.data, len);
        ((struct image_header *)(void *)block)->size = (uint32_t)len;
        image_fix_checksum(block, len);
        struct image image;
        assert_int_equal(image_open(block, len, &image, NULL), STATUS_BOGUS);
        free(block);
    }
}

static void another_version_or_byte_order_is_told_apart_from_damage(void **state)
{
    (void)state;
    uint64_t *block = xmemdup(nsec_image.data, nsec_image.len);
    struct image_header *header = (struct image_header *)block;
    struct image image;
    struct error err = {0};
    header->version = IMAGE_VERSION + 1;
    image_fix_checksum(block, nsec_image.len);
    assert_int_equal(image_open(block, nsec_image.len, &image, &err), STATUS_STATE);
    assert_non_null(strstr(err.text, "version 5"));
    header->version = IMAGE_VERSION;
    header->magic = __builtin_bswap64(IMAGE_MAGIC);
    assert_int_equal(image_open(block, nsec_image.len, &image, &err), STATUS_STATE);
    header->magic = 1;
    assert_int_equal(image_open(block, nsec_image.len, &image, &err), STATUS_BOGUS);
    free(block);
}

static void an_image_that_is_not_aligned_is_refused(void **state)
{
    (void)state;
    uint8_t *block = xmalloc(nsec_image.len + 8);
    struct image image;
    for (size_t shift = 1; shift < 8; shift++) {
        memcpy(block + shift, nsec_image.data, nsec_image.len);
        assert_int_equal(image_open(block + shift, nsec_image.len, &image, NULL), STATUS_BOGUS);
    }
    free(block);
}

// ── Changes with the right checksum ──────────────────────────────────────────────────────────────

static uint8_t other_octet(uint8_t octet, int way)
{
    switch (way) {
    case 0:
        return (uint8_t)(octet + 1);
    case 1:
        return (uint8_t)(octet - 1);
    case 2:
        return octet ^ 0x80;
    case 3:
        return 0xff;
    case 4:
        return 0xc0;
    default:
        return 0;
    }
}

#define FIELD(type, name)                                                                          \
    (at >= offsetof(struct type, name) &&                                                          \
     at < offsetof(struct type, name) + sizeof(((struct type *)NULL)->name))

// Fields that do not follow from other octets of the image: any value may be right.
static bool is_free_in_header(size_t at)
{
    return FIELD(image_header, checksum) || FIELD(image_header, meta) ||
           FIELD(image_header, reserved) || FIELD(image_header, nsec3_iterations) ||
           FIELD(image_header, nsec3_salt_off) || FIELD(image_header, nsec3_salt_len);
}

static bool is_free_in_node(size_t at, const struct image_node *node)
{
    return node->key_len == 0 && FIELD(image_node, key_off);
}

static bool is_free_in_rrset(size_t at, const struct image_rrset *rrset)
{
    // Two RRsets of one shape have the same slots; those of either will do. Bits of labels say in which names to look,
    // no more.
    return FIELD(image_rrset, slot_off) ||
           (FIELD(image_rrset, label_bits) && rdata_layout(rrset->type) != NULL);
}

// May the octet at this place of the image be another and the image still hold?
static bool is_free(const struct buf *octets, size_t at)
{
    struct image image;
    image_trust(octets->data, &image);
    const struct image_header *header = image.header;
    size_t rrset_off = (size_t)((const uint8_t *)image.rrsets - octets->data);
    if (at < sizeof(*header))
        return is_free_in_header(at);
    if (at < rrset_off) {
        at -= sizeof(*header);
        return is_free_in_node(at % sizeof(struct image_node),
                               &image.nodes[at / sizeof(struct image_node)]);
    }
    if (at < (size_t)((const uint8_t *)image.hash - octets->data)) {
        at -= rrset_off;
        return is_free_in_rrset(at % sizeof(struct image_rrset),
                                &image.rrsets[at / sizeof(struct image_rrset)]);
    }
    // Behind the chain there may be padding; of the octets, rdata is free, and the rest is tested elsewhere.
    return at >= (size_t)((const uint8_t *)(image.nsec3 + header->nsec3_count) - octets->data);
}

static void change_each_octet(const struct buf *octets)
{
    uint8_t *changed = xmemdup(octets->data, octets->len);
    for (size_t at = 0; at < octets->len; at++) {
        uint8_t before = changed[at];
        for (int way = 0; way < 6; way++) {
            changed[at] = other_octet(before, way);
            if (changed[at] == before)
                continue;
            image_fix_checksum(changed, octets->len);
            struct error err = {0};
            if (try_octets(changed, octets->len, &err) == STATUS_OK && !is_free(octets, at))
                fail_msg("octet %zu as %u is accepted", at, changed[at]);
        }
        changed[at] = before;
    }
    free(changed);
}

// Numbers become none, the first, the second.
static void change_each_word(const struct buf *octets)
{
    static const uint32_t values[] = {IMAGE_NONE, 0, 1};
    uint8_t *changed = xmemdup(octets->data, octets->len);
    for (size_t at = 0; at + 4 <= octets->len; at += 4) {
        for (size_t i = 0; i < 3; i++) {
            memcpy(changed + at, &values[i], 4);
            image_fix_checksum(changed, octets->len);
            bool same = memcmp(changed + at, octets->data + at, 4) == 0;
            // A word of two fields may be free in its second half.
            if (!same && try_octets(changed, octets->len, NULL) == STATUS_OK &&
                !is_free(octets, at) && !is_free(octets, at + 2))
                fail_msg("octets %zu as %u are accepted", at, values[i]);
        }
        memcpy(changed + at, octets->data + at, 4);
    }
    free(changed);
}

static void no_field_may_differ_from_what_follows_from_the_records(void **state)
{
    (void)state;
    change_each_octet(&nsec_image);
    change_each_octet(&nsec3_image);
    change_each_word(&nsec_image);
    change_each_word(&nsec3_image);
}

static void a_changed_slot_or_glue_is_refused(void **state)
{
    (void)state;
    struct image image;
    image_trust(nsec_image.data, &image);
    uint8_t *changed = xmemdup(nsec_image.data, nsec_image.len);
    unsigned tried = 0;
    for (uint32_t i = 0; i < image.header->rrset_count; i++) {
        const struct image_rrset *rrset = &image.rrsets[i];
        size_t start = image.header->octets_off + rrset->slot_off;
        size_t end = start + sizeof(struct image_slot) * rrset->slot_count +
                     sizeof(struct image_extra) * rrset->extra_count;
        for (size_t at = start; at < end; at++) {
            uint8_t before = changed[at];
            for (int way = 0; way < 6; way++) {
                changed[at] = other_octet(before, way);
                image_fix_checksum(changed, nsec_image.len);
                if (changed[at] != before && try_octets(changed, nsec_image.len, NULL) == STATUS_OK)
                    fail_msg("RRset %u: octet %zu as %u is accepted", i, at - start, changed[at]);
                tried++;
            }
            changed[at] = before;
        }
    }
    assert_true(tried > 300);
    free(changed);
}

// Another RRset's places are still in the check's memory when a short one follows a long one.
static void a_pointer_behind_its_own_wire_is_refused(void **state)
{
    (void)state;
    struct buf text = {0};
    struct buf octets = {0};
    buf_put_text(&text, "@ SOA ns1 h 1 2 3 4 5\nb NS one.example.net.\nb NS two.example.net.\n");
    for (unsigned i = 0; i < 100; i++)
        buf_printf(&text, "a NS ns%u.example.net.\n", i);
    zone_text_image("example.com.", buf_text(&text), &octets);
    struct image image;
    image_trust(octets.data, &image);
    const struct image_rrset *rrset = image_rrset(&image, &image.nodes[2], RR_TYPE_NS);
    assert_int_equal(rrset->slot_count, 1); // the suffix of the second name
    struct image_slot *slot =
        (struct image_slot *)(void *)(octets.data + image.header->octets_off + rrset->slot_off);
    unsigned accepted = 0;
    for (unsigned target = 0; target < 3000; target++) {
        slot->target = (uint16_t)target;
        image_fix_checksum(octets.data, octets.len);
        accepted += try_octets(octets.data, octets.len, NULL) == STATUS_OK;
    }
    assert_int_equal(accepted, 3); // each label of the first name
    for (unsigned target = SLOT_OWNER; target <= UINT16_MAX; target++) {
        slot->target = (uint16_t)target;
        image_fix_checksum(octets.data, octets.len);
        accepted += try_octets(octets.data, octets.len, NULL) == STATUS_OK;
    }
    assert_int_equal(accepted, 3 + 3 + 2); // and of the owner and the apex
    buf_done(&text);
    buf_done(&octets);
}

static void nodes_out_of_order_are_refused(void **state)
{
    (void)state;
    struct buf octets = {0};
    zone_text_image("example.com.", "@ SOA ns1 h 1 2 3 4 5\na A 192.0.2.1\nb A 192.0.2.2\n",
                    &octets);
    struct image_header *header = (struct image_header *)(void *)octets.data;
    struct image image;
    image_trust(octets.data, &image);
    struct image_node *nodes = (struct image_node *)(void *)(header + 1);
    uint32_t *hash =
        (uint32_t *)(void *)(octets.data + ((const uint8_t *)image.hash - octets.data));
    assert_int_equal(header->node_count, 3);
    // a and b change places: all else stays true, each is still found by its name.
    struct image_node a = nodes[1];
    nodes[1].name_off = nodes[2].name_off;
    nodes[1].key_off = nodes[2].key_off;
    nodes[2].name_off = a.name_off;
    nodes[2].key_off = a.key_off;
    uint64_t *order =
        (uint64_t *)(void *)(octets.data + ((const uint8_t *)image.order - octets.data));
    uint64_t head = order[1];
    order[1] = order[2];
    order[2] = head;
    for (uint32_t i = 0; i < header->hash_size; i++) {
        uint32_t node = hash[i] & IMAGE_CELL_NODE;
        if (node == 1 || node == 2)
            hash[i] ^= 3;
    }
    image_fix_checksum(octets.data, octets.len);
    struct error err = {0};
    assert_int_equal(try_octets(octets.data, octets.len, &err), STATUS_BOGUS);
    assert_non_null(strstr(err.text, "order"));
    buf_done(&octets);
}

static uint32_t interesting_number(const struct buf *octets)
{
    static const uint32_t numbers[] = {
        0,      1,       2,          0x7f,     0xff,     0x100,      0x3fff,     0x4000,    0x7fff,
        0xffff, 0x10000, IMAGE_NONE, 1u << 30, 1u << 31, 0x7fffffff, 0xfffffff8, 0xffffff00};
    if (random() % 2 == 0)
        return numbers[(size_t)random() % (sizeof(numbers) / sizeof(*numbers))];
    return random() % 2 ? (uint32_t)random() : (uint32_t)((size_t)random() % octets->len);
}

static void change_at_random(const struct buf *octets, unsigned rounds)
{
    unsigned accepted = 0;
    for (unsigned round = 0; round < rounds; round++) {
        uint8_t *changed = xmemdup(octets->data, octets->len);
        for (long n = 1 + random() % 4; n > 0; n--) {
            uint32_t number = interesting_number(octets);
            size_t width = (size_t)1 << random() % 3;
            // Mostly in the structures, whose numbers are aligned.
            size_t limit = random() % 4
                               ? ((const struct image_header *)(void *)octets->data)->octets_off
                               : octets->len - 4;
            size_t at = (size_t)random() % limit / width * width;
            memcpy(changed + at, &number, width);
        }
        image_fix_checksum(changed, octets->len);
        accepted += try_octets(changed, octets->len, NULL) == STATUS_OK;
        free(changed);
    }
    // Changes of the meta data are fine: if none were, the checksum would not have been right.
    assert_in_range(accepted, 1, rounds / 2);
}

static void random_changes_are_refused_or_harmless(void **state)
{
    (void)state;
    srandom(20261122);
    change_at_random(&nsec_image, 30000);
    change_at_random(&nsec3_image, 30000);
}

static void random_octets_are_refused(void **state)
{
    (void)state;
    srandom(3);
    uint8_t octets[2000];
    for (int round = 0; round < 2000; round++) {
        for (size_t i = 0; i < sizeof(octets); i++)
            octets[i] = (uint8_t)(round % 2 ? random() : random() % 3);
        // Half of them behind a header that looks right.
        if (round % 4 < 2) {
            memcpy(octets, nsec_image.data, sizeof(struct image_header));
            ((struct image_header *)(void *)octets)->size = sizeof(octets);
            image_fix_checksum(octets, sizeof(octets));
        }
        assert_int_not_equal(try_octets(octets, sizeof(octets), NULL), STATUS_OK);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_whole_image_is_accepted_with_padding_too),
        cmocka_unit_test(every_flipped_bit_is_refused),
        cmocka_unit_test(every_truncation_is_refused),
        cmocka_unit_test(the_target_of_a_dname_is_one_whole_name),
        cmocka_unit_test(another_version_or_byte_order_is_told_apart_from_damage),
        cmocka_unit_test(an_image_that_is_not_aligned_is_refused),
        cmocka_unit_test(no_field_may_differ_from_what_follows_from_the_records),
        cmocka_unit_test(a_changed_slot_or_glue_is_refused),
        cmocka_unit_test(a_pointer_behind_its_own_wire_is_refused),
        cmocka_unit_test(nodes_out_of_order_are_refused),
        cmocka_unit_test(random_changes_are_refused_or_harmless),
        cmocka_unit_test(random_octets_are_refused),
    };
    return cmocka_run_group_tests(tests, make_images, free_images);
}
