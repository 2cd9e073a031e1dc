// SPDX-License-Identifier: ISC
#include "zonegen/zone_view.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"

void zone_view_init(struct zone_view *view, const char *apex)
{
    *view = (struct zone_view){0};
    if (name_from_text(apex, &view->apex, NULL) != STATUS_OK)
        view->apex = (struct name){.len = 1}; // targets have valid names
    name_key(view->apex.wire, &view->apex_key);
}

void zone_view_done(struct zone_view *view)
{
    free(view->records);
    free(view->target_at);
    buf_done(&view->keys);
    buf_done(&view->targets);
    *view = (struct zone_view){0};
}

void zone_view_add(struct zone_view *view, ldns_rr *rr, const struct zone_place *place,
                   bool ttl_given)
{
    struct name_key key;
    view->records = array_grow(view->records, &view->cap, view->count, sizeof(*view->records));
    name_key(ldns_rdf_data(ldns_rr_owner(rr)), &key);
    view->records[view->count] = (struct view_record){
        .rr = rr,
        .place = *place,
        .ttl_given = ttl_given,
        .key = view->keys.len,
        .key_len = key.len,
        .index = view->count,
    };
    view->count++;
    buf_put(&view->keys, key.octets, key.len);
}

const uint8_t *view_key(const struct zone_view *view, const struct view_record *record)
{
    return view->keys.data + record->key;
}

// ── Order ────────────────────────────────────────────────────────────────────────────────────────

int view_compare_rdata(const ldns_rr *a, const ldns_rr *b)
{
    size_t a_count = ldns_rr_rd_count(a);
    size_t b_count = ldns_rr_rd_count(b);
    for (size_t i = 0; i < a_count && i < b_count; i++) {
        const ldns_rdf *x = ldns_rr_rdf(a, i);
        const ldns_rdf *y = ldns_rr_rdf(b, i);
        size_t x_len = ldns_rdf_size(x);
        size_t y_len = ldns_rdf_size(y);
        size_t len = x_len < y_len ? x_len : y_len;
        int order = len > 0 ? memcmp(ldns_rdf_data(x), ldns_rdf_data(y), len) : 0;
        if (order != 0 || x_len != y_len)
            return order != 0 ? order : (x_len < y_len ? -1 : 1);
    }
    return (a_count > b_count) - (a_count < b_count);
}

static int compare_records(const void *a, const void *b, void *context)
{
    const struct zone_view *view = context;
    const struct view_record *x = a;
    const struct view_record *y = b;
    int order = name_key_compare(view_key(view, x), x->key_len, view_key(view, y), y->key_len);
    int x_type = (int)ldns_rr_get_type(x->rr);
    int y_type = (int)ldns_rr_get_type(y->rr);
    if (order == 0)
        order = (x_type > y_type) - (x_type < y_type);
    if (order == 0)
        order = view_compare_rdata(x->rr, y->rr);
    return order != 0 ? order : (x->index > y->index) - (x->index < y->index);
}

static int compare_targets(const void *a, const void *b, void *context)
{
    const struct buf *targets = context;
    const uint8_t *x = targets->data + *(const size_t *)a;
    const uint8_t *y = targets->data + *(const size_t *)b;
    return name_key_compare(x + 2, (size_t)(x[0] << 8 | x[1]), y + 2, (size_t)(y[0] << 8 | y[1]));
}

static void collect_targets(struct zone_view *view)
{
    size_t cap = 0;
    for (size_t i = 0; i < view->count; i++) {
        struct name_key key;
        const ldns_rr *rr = view->records[i].rr;
        if (ldns_rr_get_type(rr) != LDNS_RR_TYPE_NS)
            continue;
        view->target_at =
            array_grow(view->target_at, &cap, view->target_count, sizeof(*view->target_at));
        view->target_at[view->target_count++] = view->targets.len;
        name_key(ldns_rdf_data(ldns_rr_rdf(rr, 0)), &key);
        buf_put_u16(&view->targets, key.len);
        buf_put(&view->targets, key.octets, key.len);
    }
    if (view->target_count > 0)
        qsort_r(view->target_at, view->target_count, sizeof(*view->target_at), compare_targets,
                &view->targets);
}

void zone_view_sort(struct zone_view *view)
{
    buf_put_u8(&view->keys, 0); // so that keys.data is there in the view of the root, too
    if (view->count > 0)
        qsort_r(view->records, view->count, sizeof(*view->records), compare_records, view);
    collect_targets(view);
}

void zone_view_content(struct zone_view *view, const struct zone_content *content)
{
    zone_view_init(view, content->name);
    for (size_t i = 0; i < content->record_count; i++) {
        const struct zone_record *record = &content->records[i];
        if (record->rr != NULL)
            zone_view_add(view, record->rr, &record->place, record->ttl_given);
    }
    zone_view_sort(view);
}

// ── Finding ──────────────────────────────────────────────────────────────────────────────────────

bool view_same_owner(const struct zone_view *view, const struct view_record *a,
                     const struct view_record *b)
{
    return a->key_len == b->key_len &&
           memcmp(view_key(view, a), view_key(view, b), a->key_len) == 0;
}

bool view_at_apex(const struct zone_view *view, const struct view_record *record)
{
    return record->key_len == view->apex_key.len &&
           memcmp(view_key(view, record), view->apex_key.octets, record->key_len) == 0;
}

bool view_below(const struct zone_view *view, const struct view_record *record,
                const struct view_record *above)
{
    return record->key_len > above->key_len &&
           memcmp(view_key(view, record), view_key(view, above), above->key_len) == 0;
}

size_t view_run_end(const struct zone_view *view, size_t from)
{
    size_t to = from + 1;
    while (to < view->count && view_same_owner(view, &view->records[from], &view->records[to]))
        to++;
    return to;
}

const struct view_record *view_find_type(const struct zone_view *view, size_t from, size_t to,
                                         ldns_rr_type type)
{
    for (size_t i = from; i < to; i++) {
        if (ldns_rr_get_type(view->records[i].rr) == type)
            return &view->records[i];
    }
    return NULL;
}

// The first record whose owner is not before the key.
static size_t lower_bound(const struct zone_view *view, const uint8_t *key, size_t len)
{
    size_t low = 0;
    size_t high = view->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const struct view_record *record = &view->records[middle];
        if (name_key_compare(view_key(view, record), record->key_len, key, len) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static size_t find_key(const struct zone_view *view, const uint8_t *key, size_t len)
{
    size_t at = lower_bound(view, key, len);
    if (at < view->count && view->records[at].key_len == len &&
        memcmp(view_key(view, &view->records[at]), key, len) == 0)
        return at;
    return view->count;
}

size_t view_find(const struct zone_view *view, const struct name_key *key)
{
    return find_key(view, key->octets, key->len);
}

struct wanted_target {
    const struct zone_view *view;
    const struct view_record *record;
};

static int compare_target(const void *key, const void *at)
{
    const struct wanted_target *wanted = key;
    const uint8_t *target = wanted->view->targets.data + *(const size_t *)at;
    return name_key_compare(view_key(wanted->view, wanted->record), wanted->record->key_len,
                            target + 2, (size_t)(target[0] << 8 | target[1]));
}

bool view_is_nameserver(const struct zone_view *view, const struct view_record *record)
{
    const struct wanted_target wanted = {view, record};
    return view->target_count > 0 && bsearch(&wanted, view->target_at, view->target_count,
                                             sizeof(*view->target_at), compare_target) != NULL;
}

// ── Hosts ────────────────────────────────────────────────────────────────────────────────────────

static enum view_host judge(const struct zone_view *view, size_t from)
{
    size_t to = view_run_end(view, from);
    if (view_find_type(view, from, to, LDNS_RR_TYPE_CNAME) != NULL)
        return VIEW_HOST_ALIAS;
    return view_find_type(view, from, to, LDNS_RR_TYPE_A) != NULL ||
                   view_find_type(view, from, to, LDNS_RR_TYPE_AAAA) != NULL
               ? VIEW_HOST_FINE
               : VIEW_HOST_BARE;
}

// Is there the name, or something below it?
static bool exists(const struct zone_view *view, const uint8_t *key, size_t len)
{
    size_t at = lower_bound(view, key, len);
    return at < view->count && view->records[at].key_len >= len &&
           memcmp(view_key(view, &view->records[at]), key, len) == 0;
}

// By the wildcard of the closest name that exists (RFC 4592 §3.3.1).
static enum view_host judge_wildcard(const struct zone_view *view, const struct name_key *key)
{
    uint8_t wildcard[NAME_KEY_MAX + 2];
    unsigned labels = key->labels;
    while (labels > view->apex_key.labels && !exists(view, key->octets, key->end[labels]))
        labels--;
    memcpy(wildcard, key->octets, key->end[labels]);
    memcpy(wildcard + key->end[labels], "*", 2);
    size_t from = find_key(view, wildcard, key->end[labels] + 2u);
    return from < view->count ? judge(view, from) : VIEW_HOST_BARE;
}

enum view_host view_look_up(const struct zone_view *view, const ldns_rdf *host)
{
    struct name_key key;
    const struct name_key *apex = &view->apex_key;
    name_key(ldns_rdf_data(host), &key);
    if (key.len < apex->len || memcmp(key.octets, apex->octets, apex->len) != 0)
        return VIEW_HOST_FINE;
    for (unsigned labels = apex->labels; labels <= key.labels; labels++) {
        size_t from = find_key(view, key.octets, key.end[labels]);
        if (from == view->count)
            continue;
        size_t to = view_run_end(view, from);
        if (labels > apex->labels && view_find_type(view, from, to, LDNS_RR_TYPE_NS) != NULL)
            return VIEW_HOST_FINE; // the zone below knows
        if (labels < key.labels && view_find_type(view, from, to, LDNS_RR_TYPE_DNAME) != NULL)
            return VIEW_HOST_ALIAS;
    }
    size_t from = find_key(view, key.octets, key.len);
    if (from < view->count)
        return judge(view, from);
    return exists(view, key.octets, key.len) ? VIEW_HOST_BARE : judge_wildcard(view, &key);
}
