// SPDX-License-Identifier: ISC
// The builder and what is found in its images.
#include "dns/image.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "dns/image_build.h"
#include "dns/types.h"
#include "dns/wire.h"
#include "tests/support/zone_text.h"

static const char plain_zone[] =
    "example.com. 3600 IN SOA ns1.example.com. hostmaster.example.com. 7 14400 3600 604800 600\n"
    "@ 3600 NS ns1\n"
    "@ 3600 NS ns2.example.net.\n"
    "@ 3600 NS ns3.example.net.\n"
    "@ 3600 MX 10 mail\n"
    "@ 3600 MX 20 @\n"
    "@ 3600 TXT \"v=spf1 mx -all\"\n"
    "ns1 3600 A 192.0.2.1\n"
    "ns1 3600 AAAA 2001:db8::1\n"
    "mail 3600 A 192.0.2.2\n"
    "_25._tcp.mail 3600 TLSA 3 1 1 "
    "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\n"
    "www 3600 CNAME mail\n"
    "self 3600 CNAME self\n"
    "*.wild 3600 MX 10 mail\n"
    "*.wild 3600 MX 20 *.wild\n"
    "deep.in.wild 3600 A 192.0.2.9\n"
    "sub 3600 NS ns.sub\n"
    "sub 3600 NS ns1\n"
    "sub 3600 NS sub\n"
    "sub 3600 NS glueless.example.org.\n"
    "sub 3600 NS ns.other\n"
    "sub 3600 DS 1 13 2 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\n"
    "sub 3600 A 192.0.2.3\n"
    "ns.sub 3600 A 192.0.2.4\n"
    "ns.sub 3600 AAAA 2001:db8::4\n"
    "*.sub 3600 A 192.0.2.5\n"
    "lower.sub 3600 NS ns.lower.sub\n"
    "ns.lower.sub 3600 A 192.0.2.6\n"
    "other 3600 NS ns.other\n"
    "ns.other 3600 A 192.0.2.7\n"
    "alias 3600 DNAME example.org.\n"
    "below.alias 3600 A 192.0.2.8\n"
    "*.alias 3600 A 192.0.2.8\n";

static struct buf opened;

static int forget_opened(void **state)
{
    (void)state;
    buf_done(&opened);
    return 0;
}

static struct image open_opened(void)
{
    struct image image;
    struct error err = {0};
    if (image_open(opened.data, opened.len, &image, &err) != STATUS_OK)
        fail_msg("%s", err.text);
    return image;
}

static struct image open_text(const char *text)
{
    buf_done(&opened);
    zone_text_image("example.com.", text, &opened);
    return open_opened();
}

// The key of a name below example.com, relative to it.
static struct name_key relative_key(const char *text)
{
    struct name name;
    struct error err = {0};
    assert_int_equal(name_from_text(text, &name, &err), STATUS_OK);
    struct name_key key;
    name_key(name.wire, &key);
    memmove(key.octets, key.octets + key.end[2], key.len - key.end[2]);
    key.len = (uint16_t)(key.len - key.end[2]);
    return key;
}

static const struct image_node *find(const struct image *image, const char *text)
{
    struct name_key key = relative_key(text);
    return image_find(image, key.octets, key.len);
}

static const struct image_node *find_before(const struct image *image, const char *text)
{
    struct name_key key = relative_key(text);
    return image_find_before(image, key.octets, key.len);
}

static struct image_search search(const struct image *image, const struct name_key *key)
{
    struct image_search ret;
    image_search_begin(key->octets, key->len, &ret);
    image_search_cell(image, &ret);
    image_search_node(image, &ret);
    image_search_end(image, &ret);
    return ret;
}

static const char *text_of(const struct image *image, const struct image_node *node)
{
    static char text[NAME_TEXT_MAX];
    return name_to_text(image_node_name(image, node), text);
}

static uint32_t index_of(const struct image *image, const char *name)
{
    const struct image_node *node = find(image, name);
    assert_non_null(node);
    return (uint32_t)(node - image->nodes);
}

// ── Records in and out ───────────────────────────────────────────────────────────────────────────

// RRs as octets, to be compared as sets.
struct rr_set {
    struct buf *items;
    size_t count, cap;
};

static void note_rr(const struct image_rr *rr, void *arg)
{
    struct rr_set *set = arg;
    set->items = array_grow(set->items, &set->cap, set->count, sizeof(*set->items));
    struct buf *item = &set->items[set->count++];
    *item = (struct buf){0};
    buf_put(item, rr->owner, name_wire_len(rr->owner));
    buf_put_u16(item, rr->type);
    buf_put_u32(item, rr->ttl);
    buf_put(item, rr->rdata, rr->rdata_len);
}

static int compare_items(const void *a, const void *b)
{
    const struct buf *a_item = a;
    const struct buf *b_item = b;
    return name_key_compare(a_item->data, a_item->len, b_item->data, b_item->len);
}

static void note_rrset(const struct image *image, const struct image_rrset *rrset, bool sigs,
                       struct rr_set *set)
{
    struct image_cursor cursor;
    struct image_rr rr;
    image_rrs(&cursor, image, rrset, sigs);
    while (image_rrs_next(&cursor, &rr))
        note_rr(&rr, set);
}

static void free_set(struct rr_set *set)
{
    for (size_t i = 0; i < set->count; i++)
        buf_done(&set->items[i]);
    free(set->items);
}

static void assert_same_sets(struct rr_set *a, struct rr_set *b)
{
    assert_int_equal(a->count, b->count);
    qsort(a->items, a->count, sizeof(*a->items), compare_items);
    qsort(b->items, b->count, sizeof(*b->items), compare_items);
    for (size_t i = 0; i < a->count; i++)
        assert_int_equal(compare_items(&a->items[i], &b->items[i]), 0);
    free_set(a);
    free_set(b);
}

static void assert_reads_back(const char *text)
{
    struct image image = open_text(text);
    struct rr_set in = {0};
    struct rr_set out = {0};
    zone_text_each("example.com.", text, note_rr, &in);
    for (uint32_t i = 0; i < image.header->negative_soa; i++) {
        note_rrset(&image, &image.rrsets[i], false, &out);
        note_rrset(&image, &image.rrsets[i], true, &out);
    }
    assert_same_sets(&in, &out);
}

static void records_read_back_are_those_put_in(void **state)
{
    (void)state;
    assert_reads_back(plain_zone);
    enum zone_text_denial all[] = {ZONE_TEXT_NSEC, ZONE_TEXT_NSEC3, ZONE_TEXT_NSEC3_OPTOUT};
    for (size_t i = 0; i < 3; i++) {
        char *text = zone_text_sign("example.com.", plain_zone, all[i]);
        assert_reads_back(text);
        free(text);
    }
}

// RRs that own their octets.
struct rr_list {
    struct image_rr *items;
    size_t count, cap;
};

static void keep_rr(const struct image_rr *rr, void *arg)
{
    struct rr_list *list = arg;
    list->items = array_grow(list->items, &list->cap, list->count, sizeof(*list->items));
    struct image_rr *item = &list->items[list->count++];
    *item = *rr;
    item->owner = xmemdup(rr->owner, name_wire_len(rr->owner));
    item->rdata = xmemdup(rr->rdata, rr->rdata_len);
}

static void free_list(struct rr_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        free((void *)(uintptr_t)list->items[i].owner);
        free((void *)(uintptr_t)list->items[i].rdata);
    }
    free(list->items);
}

#define APEX "\7example\3com"

static struct image_builder *new_builder(void)
{
    return image_builder_new((const uint8_t *)APEX);
}

static enum status build(const struct rr_list *list, struct buf *ret, struct error *err)
{
    struct image_builder *builder = new_builder();
    for (size_t i = 0; i < list->count; i++)
        assert_int_equal(image_builder_add(builder, &list->items[i], err), STATUS_OK);
    struct image_meta meta = {.content = 1, .made_at = 2, .resign_at = 3, .expires_at = 4};
    enum status status = image_builder_finish(builder, &meta, ret, err);
    image_builder_free(builder);
    return status;
}

static void the_order_of_records_does_not_matter(void **state)
{
    (void)state;
    char *text = zone_text_sign("example.com.", plain_zone, ZONE_TEXT_NSEC3);
    struct rr_list list = {0};
    zone_text_each("example.com.", text, keep_rr, &list);
    // Spellings, repetitions and TTLs that differ must not matter either.
    zone_text_each("example.com.",
                   "MAIL 60 A 192.0.2.2\nmail 60 A 192.0.2.2\nSUB NS NS1.Example.com.\n"
                   "Deep.IN.wild 1 TXT x\n",
                   keep_rr, &list);
    free(text);
    struct buf first = {0};
    assert_int_equal(build(&list, &first, NULL), STATUS_OK);
    srandom(1);
    for (int round = 0; round < 20; round++) {
        for (size_t i = list.count - 1; i > 0; i--) {
            size_t other = (size_t)random() % (i + 1);
            struct image_rr swap = list.items[i];
            list.items[i] = list.items[other];
            list.items[other] = swap;
        }
        struct buf again = {0};
        assert_int_equal(build(&list, &again, NULL), STATUS_OK);
        assert_int_equal(again.len, first.len);
        assert_memory_equal(again.data, first.data, first.len);
        buf_done(&again);
    }
    buf_done(&first);
    free_list(&list);
}

static void the_image_may_follow_other_octets(void **state)
{
    (void)state;
    struct rr_list list = {0};
    zone_text_each("example.com.", plain_zone, keep_rr, &list);
    struct buf alone = {0};
    struct buf behind = {0};
    assert_int_equal(build(&list, &alone, NULL), STATUS_OK);
    buf_put(&behind, "abc", 3);
    assert_int_equal(build(&list, &behind, NULL), STATUS_OK);
    assert_int_equal(behind.len, alone.len + 8);
    assert_memory_equal(behind.data, "abc", 3);
    assert_memory_equal(behind.data + 8, alone.data, alone.len);
    struct image image;
    struct error err = {0};
    assert_int_equal(image_open(behind.data + 8, behind.len - 8, &image, &err), STATUS_OK);
    assert_int_equal(image.header->meta.expires_at, 4);
    buf_done(&alone);
    buf_done(&behind);
    free_list(&list);
}

static void the_same_rr_counts_once_and_the_lowest_ttl_wins(void **state)
{
    (void)state;
    struct image image = open_text("@ 300 SOA ns1 h 1 2 3 4 5\n"
                                   "@ 3600 NS ns1\n@ 60 NS NS1.EXAMPLE.COM.\n@ 900 NS ns2\n"
                                   "a 10 TXT x\nA 20 TXT x\na 30 TXT X\n");
    const struct image_rrset *ns = image_rrset(&image, &image.nodes[0], RR_TYPE_NS);
    assert_int_equal(ns->rr_count, 2);
    assert_int_equal(ns->ttl, 60);
    const struct image_rrset *txt = image_rrset(&image, find(&image, "a.example.com"), RR_TYPE_TXT);
    assert_int_equal(txt->rr_count, 2);
    assert_int_equal(txt->ttl, 10);
}

static void ttls_above_31_bits_are_zero(void **state)
{
    (void)state;
    struct image image = open_text("@ 4294967295 SOA ns1 h 1 2 3 4 2147483648\n"
                                   "a 2147483648 TXT x\nb 2147483647 TXT x\n");
    assert_int_equal(image.rrsets[image.header->soa].ttl, 0);
    assert_int_equal(image.rrsets[image.header->negative_soa].ttl, 0);
    assert_int_equal(image_rrset(&image, find(&image, "a.example.com"), RR_TYPE_TXT)->ttl, 0);
    assert_int_equal(image_rrset(&image, find(&image, "b.example.com"), RR_TYPE_TXT)->ttl,
                     2147483647);
}

static void the_negative_soa_has_the_lesser_ttl_with_its_signature(void **state)
{
    (void)state;
    char *text = zone_text_sign("example.com.", plain_zone, ZONE_TEXT_NSEC);
    struct image image = open_text(text);
    free(text);
    const struct image_rrset *soa = &image.rrsets[image.header->soa];
    const struct image_rrset *negative = &image.rrsets[image.header->negative_soa];
    assert_int_equal(soa->ttl, 3600);
    assert_int_equal(negative->ttl, 600);
    assert_int_equal(negative->sig_count, 1);
    struct image_cursor cursor;
    struct image_rr rr;
    for (int sigs = 0; sigs <= 1; sigs++) {
        image_rrs(&cursor, &image, negative, sigs != 0);
        assert_true(image_rrs_next(&cursor, &rr));
        assert_int_equal(rr.ttl, 600);
        assert_int_equal(rr.type, sigs ? RR_TYPE_RRSIG : RR_TYPE_SOA);
        assert_false(image_rrs_next(&cursor, &rr));
    }
    assert_int_equal(image.header->serial, 7);
    // Below the minimum the SOA's own TTL is the lesser.
    image = open_text("@ 30 SOA ns1 h 1 2 3 4 600\n");
    assert_int_equal(image.rrsets[image.header->negative_soa].ttl, 30);
}

// ── The tree ─────────────────────────────────────────────────────────────────────────────────────

static void a_search_finds_the_name_or_what_is_before_and_above_it(void **state)
{
    (void)state;
    struct image image = open_text(plain_zone);
    const char *found[] = {"example.com", "www.example.com", "in.wild.example.com"};
    for (size_t i = 0; i < sizeof(found) / sizeof(*found); i++) {
        struct name_key key = relative_key(found[i]);
        struct image_search it = search(&image, &key);
        assert_non_null(it.node);
        assert_ptr_equal(it.node, find(&image, found[i]));
        assert_ptr_equal(it.before, it.node);
        assert_ptr_equal(it.encloser, it.node);
    }
    const char *absent[][2] = {
        {"a.example.com", "example.com"},
        {"zzz.example.com", "example.com"},
        {"x.www.example.com", "www.example.com"},
        {"wwwx.example.com", "example.com"}, // its neighbour is no encloser, but begins alike
        {"z.in.wild.example.com", "in.wild.example.com"},
        {"z.y.x.in.wild.example.com", "in.wild.example.com"},
        {"_26._tcp.mail.example.com", "_tcp.mail.example.com"},
        {"_25x._tcp.mail.example.com",
         "_tcp.mail.example.com"}, // its first eight octets are another's
    };
    for (size_t i = 0; i < sizeof(absent) / sizeof(*absent); i++) {
        struct name_key key = relative_key(absent[i][0]);
        struct image_search it = search(&image, &key);
        assert_null(it.node);
        assert_ptr_equal(it.before, find_before(&image, absent[i][0]));
        assert_ptr_equal(it.encloser, find(&image, absent[i][1]));
    }
}

static void a_search_is_not_misled_by_a_hash(void **state)
{
    (void)state;
    struct image image = open_text(plain_zone);
    unsigned misled = 0;
    for (unsigned i = 0; misled < 10; i++) {
        char text[64];
        snprintf(text, sizeof(text), "n%u.example.com", i);
        struct name_key key = relative_key(text);
        struct image_search it = search(&image, &key);
        assert_null(it.node);
        assert_ptr_equal(it.before, find_before(&image, text));
        assert_ptr_equal(it.encloser, &image.nodes[0]);
        misled += it.likely != NULL;
        assert_true(i < 1000000);
    }
}

static void every_name_and_empty_nonterminal_is_found(void **state)
{
    (void)state;
    struct image image = open_text(plain_zone);
    for (uint32_t i = 0; i < image.header->node_count; i++) {
        const struct image_node *node = &image.nodes[i];
        assert_ptr_equal(image_find(&image, image_node_key(&image, node), node->key_len), node);
        assert_ptr_equal(image_find_before(&image, image_node_key(&image, node), node->key_len),
                         node);
    }
    assert_string_equal(text_of(&image, &image.nodes[0]), "example.com.");
    assert_int_equal(find(&image, "_tcp.mail.example.com")->rrset_count, 0);
    assert_int_equal(find(&image, "in.wild.example.com")->rrset_count, 0);
    assert_int_equal(find(&image, "wild.example.com")->rrset_count, 0);
    assert_int_equal(find(&image, "WWW.EXAMPLE.COM")->rrset_count, 1);
    assert_null(find(&image, "nothing.example.com"));
    assert_null(find(&image, "ns.example.com"));
    assert_null(find(&image, "ns11.example.com"));
    assert_null(find(&image, "x.www.example.com"));
    const struct image_node *tlsa = find(&image, "_25._tcp.mail.example.com");
    assert_int_equal(tlsa->labels, 5);
    assert_string_equal(text_of(&image, &image.nodes[tlsa->parent]), "_tcp.mail.example.com.");
}

static void the_canonical_predecessor_is_found(void **state)
{
    (void)state;
    static const char *const table[][2] = {
        {"a.example.com", "example.com."},
        {"alias.example.com", "alias.example.com."},
        {"aliasx.example.com", "below.alias.example.com."},
        {"zzz.example.com", "www.example.com."},
        {"x.ns1.example.com", "ns1.example.com."},
        {"mail.example.com", "mail.example.com."},
        {"mail0.example.com", "_25._tcp.mail.example.com."},
    };
    struct image image = open_text(plain_zone);
    for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++)
        assert_string_equal(text_of(&image, find_before(&image, table[i][0])), table[i][1]);
}

static void cuts_and_dnames_hide_what_is_below(void **state)
{
    (void)state;
    struct image image = open_text(plain_zone);
    static const struct {
        const char *name;
        const char *delegation;
        uint32_t flags;
    } table[] = {
        {"example.com", NULL, 0},
        {"www.example.com", NULL, IMAGE_NODE_CNAME},
        {"sub.example.com", "sub.example.com", IMAGE_NODE_CUT},
        {"ns.sub.example.com", "sub.example.com", IMAGE_NODE_OCCLUDED},
        {"lower.sub.example.com", "sub.example.com", IMAGE_NODE_OCCLUDED},
        {"ns.lower.sub.example.com", "sub.example.com", IMAGE_NODE_OCCLUDED},
        {"*.sub.example.com", "sub.example.com", IMAGE_NODE_OCCLUDED | IMAGE_NODE_WILDCARD},
        {"alias.example.com", NULL, IMAGE_NODE_DNAME},
        {"below.alias.example.com", "alias.example.com", IMAGE_NODE_OCCLUDED},
        {"*.alias.example.com", "alias.example.com", IMAGE_NODE_OCCLUDED | IMAGE_NODE_WILDCARD},
        {"*.wild.example.com", NULL, IMAGE_NODE_WILDCARD},
    };
    for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
        const struct image_node *node = find(&image, table[i].name);
        assert_non_null(node);
        assert_int_equal(node->flags, table[i].flags);
        uint32_t want =
            table[i].delegation != NULL ? index_of(&image, table[i].delegation) : IMAGE_NONE;
        assert_int_equal(node->delegation, want);
    }
}

static void a_dname_at_the_apex_hides_the_whole_zone(void **state)
{
    (void)state;
    struct image image = open_text("@ SOA ns1 h 1 2 3 4 5\n@ NS ns1\n@ DNAME example.net.\n"
                                   "ns1 A 192.0.2.1\nsub NS ns1.sub\n");
    assert_int_equal(image.nodes[0].flags, IMAGE_NODE_DNAME);
    assert_int_equal(image.nodes[0].delegation, IMAGE_NONE);
    for (uint32_t i = 1; i < image.header->node_count; i++) {
        assert_int_equal(image.nodes[i].delegation, 0);
        assert_int_equal(image.nodes[i].flags, IMAGE_NODE_OCCLUDED);
    }
}

static void wildcards_are_known_to_their_parents_unless_hidden(void **state)
{
    (void)state;
    struct image image = open_text(plain_zone);
    assert_int_equal(find(&image, "wild.example.com")->wildcard,
                     index_of(&image, "*.wild.example.com"));
    assert_int_equal(find(&image, "sub.example.com")->wildcard, IMAGE_NONE);
    assert_int_equal(find(&image, "alias.example.com")->wildcard, IMAGE_NONE);
    assert_int_equal(image.nodes[0].wildcard, IMAGE_NONE);
    image = open_text("@ SOA ns1 h 1 2 3 4 5\n* TXT x\n");
    assert_int_equal(image.nodes[0].wildcard, 1);
}

static bool has_extra(const struct image *image, const struct image_rrset *ns, const char *name,
                      uint16_t type, uint16_t required)
{
    for (unsigned i = 0; i < ns->extra_count; i++) {
        const struct image_extra *extra = &image_extras(image, ns)[i];
        const struct image_rrset *rrset = &image->rrsets[extra->rrset];
        uint8_t server[NAME_WIRE_MAX];
        char text[NAME_TEXT_MAX];
        image_name_at(image, ns, extra->name_at, server);
        assert_true(name_equal(server, image_node_name(image, &image->nodes[rrset->node])));
        if (strcmp(name_to_text(server, text), name) == 0 && rrset->type == type)
            return extra->required == required;
    }
    return false;
}

static void referrals_know_their_addresses(void **state)
{
    (void)state;
    struct image image = open_text(plain_zone);
    const struct image_node *cut = find(&image, "sub.example.com");
    const struct image_rrset *ns = image_rrset(&image, cut, RR_TYPE_NS);
    assert_int_equal(ns->extra_count, 6);
    assert_true(has_extra(&image, ns, "ns.sub.example.com.", RR_TYPE_A, 1));
    assert_true(has_extra(&image, ns, "ns.sub.example.com.", RR_TYPE_AAAA, 1));
    assert_true(has_extra(&image, ns, "sub.example.com.", RR_TYPE_A, 1));
    assert_true(has_extra(&image, ns, "ns1.example.com.", RR_TYPE_A, 0));
    assert_true(has_extra(&image, ns, "ns1.example.com.", RR_TYPE_AAAA, 0));
    assert_true(has_extra(&image, ns, "ns.other.example.com.", RR_TYPE_A, 0));
    // At the apex nothing is referred, and neither is below a cut.
    assert_int_equal(image_rrset(&image, &image.nodes[0], RR_TYPE_NS)->extra_count, 0);
    const struct image_node *lower = find(&image, "lower.sub.example.com");
    assert_int_equal(image_rrset(&image, lower, RR_TYPE_NS)->extra_count, 0);
}

// ── Denial ───────────────────────────────────────────────────────────────────────────────────────

static void every_node_knows_the_nsec_before_it(void **state)
{
    (void)state;
    char *text = zone_text_sign("example.com.", plain_zone, ZONE_TEXT_NSEC);
    struct image image = open_text(text);
    free(text);
    assert_int_equal(image.header->flags, IMAGE_SIGNED | IMAGE_NSEC);
    const struct image_rrset *last = NULL;
    for (uint32_t i = 0; i < image.header->node_count; i++) {
        const struct image_node *node = &image.nodes[i];
        const struct image_rrset *own = image_rrset(&image, node, RR_TYPE_NSEC);
        bool expected = node->rrset_count > 0 && (node->flags & IMAGE_NODE_OCCLUDED) == 0;
        assert_int_equal(own != NULL, expected);
        last = own != NULL ? own : last;
        assert_ptr_equal(&image.rrsets[node->nsec], last);
    }
    const struct image_node *hidden = find(&image, "ns.sub.example.com");
    assert_int_equal(image.rrsets[hidden->nsec].node, index_of(&image, "sub.example.com"));
}

static void nsec_below_a_cut_proves_nothing(void **state)
{
    (void)state;
    struct image image = open_text("@ SOA ns1 h 1 2 3 4 5\n@ NSEC sub SOA NSEC\nsub NS ns.sub\n"
                                   "sub NSEC z NS NSEC\na.sub NSEC z A NSEC\nb.sub A 192.0.2.1\n");
    assert_int_equal(image.rrsets[find(&image, "b.sub.example.com")->nsec].node,
                     index_of(&image, "sub.example.com"));
}

static void an_unsigned_zone_has_no_denial(void **state)
{
    (void)state;
    struct image image = open_text(plain_zone);
    assert_int_equal(image.header->flags, 0);
    bool matches = true;
    uint8_t hash[20] = {0};
    assert_null(image_find_nsec3(&image, hash, &matches));
    for (uint32_t i = 0; i < image.header->node_count; i++)
        assert_int_equal(image.nodes[i].nsec, IMAGE_NONE);
}

static void nsec3_are_found_by_hash_and_are_no_names(void **state)
{
    (void)state;
    char *text = zone_text_sign("example.com.", plain_zone, ZONE_TEXT_NSEC3);
    struct image image = open_text(text);
    free(text);
    const struct image_header *header = image.header;
    assert_int_equal(header->flags, IMAGE_SIGNED | IMAGE_NSEC3);
    assert_int_equal(header->nsec3_iterations, 1);
    assert_int_equal(header->nsec3_salt_len, 2);
    assert_memory_equal(image.octets + header->nsec3_salt_off, "\xab\xcd", 2);
    assert_true(header->nsec3_count > 10);
    for (uint32_t i = 0; i < header->nsec3_count; i++) {
        uint8_t hash[20];
        bool matches = false;
        memcpy(hash, image.nsec3[i].hash, 20);
        const struct image_rrset *own = &image.rrsets[image.nsec3[i].rrset];
        assert_int_equal(own->type, RR_TYPE_NSEC3);
        assert_int_equal(own->sig_count, 1);
        assert_ptr_equal(image_find_nsec3(&image, hash, &matches), own);
        assert_true(matches);
        hash[19] = (uint8_t)(hash[19] + (hash[19] == 255 ? -1 : 1));
        const struct image_rrset *near = image_find_nsec3(&image, hash, &matches);
        assert_false(matches);
        if (hash[19] > image.nsec3[i].hash[19])
            assert_ptr_equal(near, own);
        const char *owner = text_of(&image, &image.nodes[own->node]);
        assert_null(find(&image, owner));
        assert_true(find_before(&image, owner) < image.nodes + header->node_count);
    }
    bool matches = true;
    assert_ptr_equal(image_find_nsec3(&image, (const uint8_t[20]){0}, &matches),
                     &image.rrsets[image.nsec3[header->nsec3_count - 1].rrset]);
    assert_false(matches);
}

#define HASH1 "0p9mhaveqvm6t7vbl5lop2u3t2rp3tom"
#define HASH2 "b4um86eghhds6nea196smvmlo4ors995"

static void of_several_nsec3_chains_one_is_kept(void **state)
{
    (void)state;
    struct image image =
        open_text("@ SOA ns1 h 1 2 3 4 5\n"
                  "@ NSEC3PARAM 1 0 5 -\n@ NSEC3PARAM 1 0 0 -\n@ NSEC3PARAM 1 1 0 aa\n" HASH1
                  " NSEC3 1 0 0 - " HASH2 " SOA\n" HASH2 " NSEC3 1 0 5 - " HASH1 " SOA\n" HASH2
                  " A 192.0.2.1\n");
    assert_int_equal(image.header->nsec3_count, 1);
    assert_int_equal(image.header->nsec3_iterations, 0);
    assert_int_equal(image.rrsets[image.nsec3[0].rrset].node, image.header->node_count);
    // What else stands at a hash is an ordinary name.
    const struct image_node *ordinary = find(&image, HASH2 ".example.com");
    assert_int_equal(ordinary->rrset_count, 1);
    // One that has no chain says nothing.
    image = open_text("@ SOA ns1 h 1 2 3 4 5\n@ NSEC3PARAM 1 0 0 -\n@ NSEC3PARAM 1 0 5 -\n" HASH1
                      " NSEC3 1 0 0 - " HASH2 " A\n" HASH2 " NSEC3 1 0 5 - " HASH2 " NS SOA\n");
    assert_int_equal(image.header->nsec3_count, 1);
    assert_int_equal(image.header->nsec3_iterations, 5);
    // Without a usable NSEC3PARAM there is no chain.
    image = open_text("@ SOA ns1 h 1 2 3 4 5\n@ NSEC3PARAM 1 1 0 -\n@ NSEC3PARAM 2 0 0 -\n" HASH1
                      " NSEC3 1 0 0 - " HASH1 " SOA\n");
    assert_int_equal(image.header->nsec3_count, 0);
    assert_int_equal(image.header->flags & IMAGE_NSEC3, 0);
}

// ── Wires ────────────────────────────────────────────────────────────────────────────────────────

static void names_are_compressed_to_their_longest_suffix(void **state)
{
    (void)state;
    struct image image = open_text(plain_zone);
    const struct image_rrset *ns = image_rrset(&image, &image.nodes[0], RR_TYPE_NS);
    static const uint8_t wire[] = "\xc0\0\0\2\0\1\0\0\x0e\x10\0\x06\3ns1\xc0\0"
                                  "\xc0\0\0\2\0\1\0\0\x0e\x10\0\x11\3ns2\7example\3net\0"
                                  "\xc0\0\0\2\0\1\0\0\x0e\x10\0\x06\3ns3\xc0";
    assert_int_equal(ns->wire_len, sizeof(wire));
    assert_memory_equal(image_wire(&image, ns), wire, sizeof(wire));
    static const struct image_slot want[] = {{16, SLOT_APEX}, {63, 34}};
    assert_int_equal(ns->slot_count, 2);
    assert_memory_equal(image_slots(&image, ns), want, sizeof(want));
}

static void a_name_that_is_the_owner_is_just_a_slot(void **state)
{
    (void)state;
    struct image image = open_text(plain_zone);
    const struct image_rrset *self =
        image_rrset(&image, find(&image, "self.example.com"), RR_TYPE_CNAME);
    assert_int_equal(self->wire_len, 14);
    assert_int_equal(image_slots(&image, self)[0].target, SLOT_OWNER + 3);
    const struct image_rrset *mx = image_rrset(&image, &image.nodes[0], RR_TYPE_MX);
    const struct image_slot *slots = image_slots(&image, mx);
    assert_int_equal(mx->slot_count, 2);
    assert_int_equal(slots[0].target, SLOT_APEX);
    assert_int_equal(slots[1].target, SLOT_APEX);
    // A wildcard's owner becomes the question's name, its rdata does not.
    mx = image_rrset(&image, find(&image, "*.wild.example.com"), RR_TYPE_MX);
    slots = image_slots(&image, mx);
    assert_int_equal(mx->slot_count, 2);
    assert_int_equal(slots[1].target, SLOT_OWNER + 3);
    assert_int_equal(mx->wire_len, 12 + 2 + 7 + 12 + 2 + 4);
}

static void a_name_that_ends_as_the_owner_or_the_apex_does_is_a_slot_there(void **state)
{
    (void)state;
    struct image image = open_text("@ SOA ns1 h 1 2 3 4 5\n"
                                   "a.b.c CNAME x.b.c\n"
                                   "d NS ns.D\n"
                                   "d NS ns.net.com.\n"
                                   "*.e CNAME f.*.e\n");
    static const struct {
        const char *owner;
        uint16_t type, target, len;
    } cases[] = {
        {"a.b.c.example.com", RR_TYPE_CNAME, SLOT_OWNER + 4, 4},
        {"d.example.com", RR_TYPE_NS, SLOT_OWNER + 3, 5},
        // The "*" is another label in each answer.
        {"*.e.example.com", RR_TYPE_CNAME, SLOT_OWNER + 3, 6},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const struct image_rrset *rrset =
            image_rrset(&image, find(&image, cases[i].owner), cases[i].type);
        assert_int_equal(image_slots(&image, rrset)[0].target, cases[i].target);
        assert_int_equal(wire_get_u16(image_wire(&image, rrset) + 10), cases[i].len);
    }
    const struct image_rrset *ns = image_rrset(&image, find(&image, "d.example.com"), RR_TYPE_NS);
    assert_int_equal(image_slots(&image, ns)[1].target, SLOT_APEX + 8); // "com"
}

static void names_in_other_types_and_in_rrsigs_are_whole(void **state)
{
    (void)state;
    struct image image = open_text("@ SOA ns1 h 1 2 3 4 5\n"
                                   "@ RRSIG SOA 13 2 3600 20300101000000 20200101000000 1 @ AAAA\n"
                                   "_x._tcp SRV 1 2 3 example.com.\na DNAME example.com.\n");
    const struct image_rrset *srv =
        image_rrset(&image, find(&image, "_x._tcp.example.com"), RR_TYPE_SRV);
    assert_int_equal(srv->wire_len, 12 + 6 + 13);
    assert_int_equal(srv->slot_count, 0);
    assert_int_equal(image_rrset(&image, find(&image, "a.example.com"), RR_TYPE_DNAME)->wire_len,
                     12 + 13);
    const struct image_rrset *soa = &image.rrsets[image.header->soa];
    assert_int_equal(soa->sig_len, 12 + 18 + 13 + 3);
}

static void signatures_have_the_ttl_of_what_they_cover(void **state)
{
    (void)state;
    struct image image =
        open_text("@ 300 SOA ns1 h 1 2 3 4 5\n"
                  "@ 9999 RRSIG SOA 13 2 300 20300101000000 20200101000000 1 @ AAAA\n");
    const struct image_rrset *soa = &image.rrsets[image.header->soa];
    assert_int_equal(wire_get_u32(image_wire(&image, soa) + soa->wire_len + 6), 300);
}

static void rrs_are_in_canonical_order(void **state)
{
    (void)state;
    struct image image = open_text("@ SOA ns1 h 1 2 3 4 5\n"
                                   "@ NS B.example.net.\n@ NS a.example.net.\n@ NS c\n"
                                   "@ TXT b\n@ TXT aa\n@ TXT a\n");
    static const char *const want[] = {"a.example.net.", "B.example.net.", "c.example.com."};
    struct image_cursor cursor;
    struct image_rr rr;
    char text[NAME_TEXT_MAX];
    image_rrs(&cursor, &image, image_rrset(&image, &image.nodes[0], RR_TYPE_NS), false);
    for (int i = 0; i < 3; i++) {
        assert_true(image_rrs_next(&cursor, &rr));
        assert_string_equal(name_to_text(rr.rdata, text), want[i]);
    }
}

static void add(struct image_builder *builder, struct image_rr rr)
{
    assert_int_equal(image_builder_add(builder, &rr, NULL), STATUS_OK);
}

static void an_rrset_is_as_large_as_a_message_and_no_larger(void **state)
{
    (void)state;
    struct buf text = {0};
    for (int count = 244; count <= 245; count++) { // 244 × (12 + 1 + 255) = 65392
        struct image_builder *builder = new_builder();
        struct error err = {0};
        uint8_t soa[22] = {0};
        add(builder, (struct image_rr){(const uint8_t *)APEX, RR_TYPE_SOA, sizeof(soa), 1, soa});
        for (int i = 0; i < count; i++) {
            uint8_t txt[256] = {255, (uint8_t)(i >> 8), (uint8_t)i};
            const uint8_t *owner = (const uint8_t *)"\1a" APEX;
            add(builder, (struct image_rr){owner, RR_TYPE_TXT, sizeof(txt), 1, txt});
        }
        struct image_meta meta = {0};
        buf_clear(&text);
        enum status status = image_builder_finish(builder, &meta, &text, &err);
        assert_int_equal(status, count == 244 ? STATUS_OK : STATUS_RANGE);
        assert_int_equal(strstr(err.text, "a.example.com.") != NULL, count == 245);
        image_builder_free(builder);
    }
    buf_done(&text);
}

static void large_rrsets_of_names_stay_whole(void **state)
{
    (void)state;
    // Beyond what pointers reach and what the compression remembers.
    struct buf text = {0};
    buf_put_text(&text, "@ 3600 SOA ns1 h 1 2 3 4 5\n");
    for (int i = 0; i < 1200; i++)
        buf_printf(&text, "many 3600 PTR host%d.net%d.example.%s.\n", i, i % 300,
                   i % 3 ? "org" : "com");
    assert_reads_back(buf_text(&text));
    struct image image = open_text(buf_text(&text));
    const struct image_rrset *ptr =
        image_rrset(&image, find(&image, "many.example.com"), RR_TYPE_PTR);
    assert_int_equal(ptr->rr_count, 1200);
    assert_true(ptr->wire_len > 0x4000);
    buf_done(&text);
}

static void a_zone_of_many_names_is_found_whole(void **state)
{
    (void)state;
    struct buf text = {0};
    buf_put_text(&text, "@ 3600 SOA ns1 h 1 2 3 4 5\n");
    for (int i = 0; i < 3000; i++)
        buf_printf(&text, "h%d.d%d 3600 A 192.0.2.1\n", i, i % 70);
    struct image image = open_text(buf_text(&text));
    assert_int_equal(image.header->node_count, 3071);
    for (int i = 0; i < 3000; i++) {
        char name[64];
        snprintf(name, sizeof(name), "h%d.d%d.example.com", i, i % 70);
        assert_non_null(find(&image, name));
        snprintf(name, sizeof(name), "h%d.d%d.example.com", i, (i + 1) % 70);
        assert_null(find(&image, name));
    }
    buf_done(&text);
}

// ── What is refused ──────────────────────────────────────────────────────────────────────────────

#define SOA_DATA "\0\0\0\0\0\1\0\0\0\1\0\0\0\1\0\0\0\1\0\0\0\1"

static void records_that_cannot_be_served_are_refused_with_words(void **state)
{
    (void)state;
    static const struct {
        const char *owner;
        uint16_t type;
        const char *rdata;
        uint16_t len;
        enum status status;
        const char *words;
    } table[] = {
        {"\7example\3net", RR_TYPE_A, "\1\2\3\4", 4, STATUS_RANGE, "not in this zone"},
        {"\3com", RR_TYPE_A, "\1\2\3\4", 4, STATUS_RANGE, "not in this zone"},
        {"\10xexample\3com", RR_TYPE_A, "\1\2\3\4", 4, STATUS_RANGE, "not in this zone"},
        {APEX, RR_TYPE_OPT, "", 0, STATUS_SYNTAX, "cannot be in a zone"},
        {APEX, RR_TYPE_ANY, "", 0, STATUS_SYNTAX, "cannot be in a zone"},
        {APEX, RR_TYPE_TSIG, "", 0, STATUS_SYNTAX, "cannot be in a zone"},
        {APEX, 0, "", 0, STATUS_SYNTAX, "cannot be in a zone"},
        {APEX, RR_TYPE_NS, "\3www", 4, STATUS_SYNTAX, "malformed"},
        {APEX, RR_TYPE_NS, "\0x", 2, STATUS_SYNTAX, "malformed"},
        {APEX, RR_TYPE_NS, "", 0, STATUS_SYNTAX, "malformed"},
        {APEX, RR_TYPE_MX, "\0", 1, STATUS_SYNTAX, "malformed"},
        {APEX, RR_TYPE_SOA, SOA_DATA, 21, STATUS_SYNTAX, "malformed"},
        {APEX, RR_TYPE_DNAME, "\3www", 4, STATUS_SYNTAX, "malformed"},
        {APEX, RR_TYPE_DNAME, "\0x", 2, STATUS_SYNTAX, "malformed"},
        {APEX, RR_TYPE_RRSIG, SOA_DATA, 18, STATUS_SYNTAX, "malformed"},
        {APEX, RR_TYPE_RRSIG, "\0\1\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 19, STATUS_SYNTAX,
         "malformed"},
        {APEX, RR_TYPE_RRSIG, "\0\x2e\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0s", 20, STATUS_SYNTAX,
         "malformed"},
        {APEX, RR_TYPE_NSEC3PARAM, "\1\0\0\0\1", 5, STATUS_SYNTAX, "malformed"},
        {APEX, RR_TYPE_NSEC3PARAM, "\1\0\0\0\0x", 6, STATUS_SYNTAX, "malformed"},
        {APEX, RR_TYPE_NSEC3, "\1\0\0\0\0", 5, STATUS_SYNTAX, "malformed"},
    };
    struct image_builder *builder = new_builder();
    for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
        struct error err = {0};
        uint8_t *rdata = xmemdup(table[i].rdata, table[i].len); // so that reading on is seen
        struct image_rr rr = {
            .owner = (const uint8_t *)table[i].owner,
            .type = table[i].type,
            .rdata = rdata,
            .rdata_len = table[i].len,
        };
        assert_int_equal(image_builder_add(builder, &rr, &err), table[i].status);
        if (strstr(err.text, table[i].words) == NULL)
            fail_msg("%zu: %s", i, err.text);
        free(rdata);
    }
    image_builder_free(builder);
    image_builder_free(NULL);
}

static enum status finish_text(const char *text, struct error *err)
{
    struct rr_list list = {0};
    zone_text_each("example.com.", text, keep_rr, &list);
    struct buf ret = {0};
    buf_put(&ret, "before", 6);
    enum status status = build(&list, &ret, err);
    if (status != STATUS_OK)
        assert_int_equal(ret.len, 6);
    free_list(&list);
    buf_done(&ret);
    return status;
}

static void zones_that_cannot_be_served_are_refused_with_words(void **state)
{
    (void)state;
    static const char *const table[][2] = {
        {"", "exactly one SOA"},
        {"a A 192.0.2.1\n", "exactly one SOA"},
        {"@ NS ns1\na SOA ns1 h 1 2 3 4 5\n", "exactly one SOA"},
        {"@ SOA ns1 h 1 2 3 4 5\n@ SOA ns1 h 2 2 3 4 5\n", "exactly one SOA"},
        {"@ SOA ns1 h 1 2 3 4 5\n"
         "a RRSIG A 13 3 3600 20300101000000 20200101000000 1 @ AAAA\n",
         "a.example.com.: RRSIG without"},
        {"@ SOA ns1 h 1 2 3 4 5\n@ NSEC3PARAM 1 0 0 -\nx NSEC3 1 0 0 - " HASH1 " A\n", "no hash"},
        {"@ SOA ns1 h 1 2 3 4 5\n@ NSEC3PARAM 1 0 0 -\n" HASH1 ".x NSEC3 1 0 0 - " HASH1 " A\n",
         "no hash"},
    };
    for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
        struct error err = {0};
        assert_int_equal(finish_text(table[i][0], &err), STATUS_SYNTAX);
        if (strstr(err.text, table[i][1]) == NULL)
            fail_msg("%zu: %s", i, err.text);
    }
}

int main(void)
{
#define test(name) cmocka_unit_test_teardown(name, forget_opened)
    const struct CMUnitTest tests[] = {
        test(records_read_back_are_those_put_in),
        test(the_order_of_records_does_not_matter),
        test(the_image_may_follow_other_octets),
        test(the_same_rr_counts_once_and_the_lowest_ttl_wins),
        test(ttls_above_31_bits_are_zero),
        test(the_negative_soa_has_the_lesser_ttl_with_its_signature),
        test(every_name_and_empty_nonterminal_is_found),
        test(a_search_finds_the_name_or_what_is_before_and_above_it),
        test(a_search_is_not_misled_by_a_hash),
        test(the_canonical_predecessor_is_found),
        test(cuts_and_dnames_hide_what_is_below),
        test(a_dname_at_the_apex_hides_the_whole_zone),
        test(wildcards_are_known_to_their_parents_unless_hidden),
        test(referrals_know_their_addresses),
        test(every_node_knows_the_nsec_before_it),
        test(nsec_below_a_cut_proves_nothing),
        test(an_unsigned_zone_has_no_denial),
        test(nsec3_are_found_by_hash_and_are_no_names),
        test(of_several_nsec3_chains_one_is_kept),
        test(names_are_compressed_to_their_longest_suffix),
        test(a_name_that_is_the_owner_is_just_a_slot),
        test(a_name_that_ends_as_the_owner_or_the_apex_does_is_a_slot_there),
        test(names_in_other_types_and_in_rrsigs_are_whole),
        test(signatures_have_the_ttl_of_what_they_cover),
        test(rrs_are_in_canonical_order),
        test(an_rrset_is_as_large_as_a_message_and_no_larger),
        test(large_rrsets_of_names_stay_whole),
        test(a_zone_of_many_names_is_found_whole),
        test(records_that_cannot_be_served_are_refused_with_words),
        test(zones_that_cannot_be_served_are_refused_with_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
