// SPDX-License-Identifier: ISC
#include "resolver/anchors.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/file.h"
#include "dns/types.h"

// A file name has at most 255 octets (NAME_MAX); ".key" and what libunbound appends while it writes need some of them.
#define FILE_NAME_MAX 160

const char *anchor_state_text(enum anchor_state state)
{
    static const char *const texts[] = {"start",   "pending", "valid",
                                        "missing", "revoked", "removed"};
    return texts[state];
}

bool anchor_is_trusted(const struct anchor *anchor)
{
    return anchor->state == ANCHOR_VALID || anchor->state == ANCHOR_MISSING;
}

// What libunbound has on Debian (built with nettle) and nobody has given up (the registries of RFC 9904).
static bool can_validate(const struct record *record)
{
    switch (record->algorithm) {
    case 8:  // RSASHA256
    case 10: // RSASHA512
    case 13: // ECDSAP256SHA256
    case 14: // ECDSAP384SHA384
    case 15: // ED25519
        return record->type != RR_TYPE_DS || record->digest == 2 || record->digest == 4;
    default:
        return false;
    }
}

// ── A zone's state file ──────────────────────────────────────────────────────────────────────────

// "name: value" with a number in a comment or remark, also as "name=value".
static bool find_number(const char *text, const char *name, int64_t *ret)
{
    const char *at = strstr(text, name);
    if (at == NULL)
        return false;
    char *end;
    at += strlen(name);
    long long value = strtoll(at, &end, 10);
    *ret = value;
    return end != at && value >= 0;
}

static enum status on_comment(void *data, const char *text, struct error *err)
{
    struct anchor_zone *zone = data;
    int64_t number;
    (void)err;
    if (strncmp(text, "next_probe_time:", 16) == 0 && find_number(text, "time:", &number))
        zone->next_probe = number;
    else if (strncmp(text, "last_success:", 13) == 0 && find_number(text, "success:", &number))
        zone->last_success = number;
    return STATUS_OK;
}

// What its comments tell goes to zone, where that is not NULL.
static enum status read_records(const char *path, struct anchor_zone *zone, struct records *ret,
                                struct error *err)
{
    struct buf text = {0};
    struct records_comment comment = {on_comment, zone};
    enum status status = file_read(path, ANCHOR_FILE_MAX, &text, err);
    if (status == STATUS_OK)
        status = records_read(path, &text, zone != NULL ? &comment : NULL, ret, err);
    buf_done(&text);
    return status;
}

static enum anchor_state state_of(const struct record *record)
{
    int64_t number;
    if (record->remark != NULL && find_number(record->remark, "state=", &number) &&
        number <= ANCHOR_REMOVED)
        return (enum anchor_state)number;
    return ANCHOR_VALID; // a record that the seed brought, not yet seen in the zone
}

// ── Seeds ────────────────────────────────────────────────────────────────────────────────────────

// A DS of the seed is kept as the DNSKEY it stands for.
static bool same_key(const struct record *a, const struct record *b)
{
    if (a->type == b->type)
        return strcmp(a->text, b->text) == 0;
    return a->tag == b->tag && a->algorithm == b->algorithm;
}

static bool has_key(const struct records *records, const struct record *record)
{
    for (size_t i = 0; i < records->count; i++)
        if (same_key(&records->list[i], record))
            return true;
    return false;
}

static void print_line(const struct record *record, struct buf *ret)
{
    record_print(record, ret);
    if (record->remark != NULL)
        buf_printf(ret, " ;;%s", record->remark);
    buf_put_text(ret, "\n");
}

void anchors_merge(const struct records *state, const struct records *seed_before,
                   const struct records *seed, struct buf *ret)
{
    bool anew = true;
    for (size_t i = 0; i < seed_before->count; i++)
        if (has_key(seed, &seed_before->list[i]))
            anew = false;
    for (size_t i = 0; i < state->count && !anew; i++) {
        const struct record *record = &state->list[i];
        if (!has_key(seed_before, record) || has_key(seed, record))
            print_line(record, ret);
    }
    for (size_t i = 0; i < seed->count; i++) {
        const struct record *record = &seed->list[i];
        if (anew || (!has_key(seed_before, record) && !has_key(state, record))) {
            record_print(record, ret);
            buf_put_text(ret, "\n");
        }
    }
}

static bool records_equal(const struct records *a, const struct records *b)
{
    if (a->count != b->count)
        return false;
    for (size_t i = 0; i < a->count; i++)
        if (!record_equal(&a->list[i], &b->list[i]))
            return false;
    return true;
}

static enum status write_seed(const struct anchor_zone *zone, struct error *err)
{
    struct buf text = {0};
    for (size_t i = 0; i < zone->seed.count; i++) {
        record_print(&zone->seed.list[i], &text);
        buf_put_text(&text, "\n");
    }
    enum status status = file_write(zone->seed_path, text.data, text.len, 0600, err);
    buf_done(&text);
    return status;
}

// The state file first, the seed last: cut short in between, the same is done again.
static enum status bring_up_to_date(struct anchor_zone *zone, struct error *err)
{
    struct records state = {0};
    struct records before = {0};
    struct buf text = {0};
    enum status status = read_records(zone->path, NULL, &state, err);
    if (status == STATUS_OK)
        status = read_records(zone->seed_path, NULL, &before, err);
    // One of them missing or spoilt: begin with the anchor files. libunbound does not read one without records either.
    if (status == STATUS_NOT_FOUND || status == STATUS_SYNTAX ||
        (status == STATUS_OK && state.count == 0)) {
        records_done(&before);
        status = STATUS_OK;
    }
    records_sort(&before);
    if (status == STATUS_OK && !records_equal(&before, &zone->seed)) {
        anchors_merge(&state, &before, &zone->seed, &text);
        status = file_write(zone->path, text.data, text.len, 0600, err);
        if (status == STATUS_OK)
            status = write_seed(zone, err);
    }
    buf_done(&text);
    records_done(&state);
    records_done(&before);
    return status;
}

// A full disk is no reason to go without a resolver.
static void prepare(struct anchor_zone *zone, const char *state)
{
    struct error err = {0};
    enum status status = directory_make(state, 0700, &err);
    if (status == STATUS_OK)
        status = bring_up_to_date(zone, &err);
    if (status == STATUS_OK)
        return;
    zone->complaint = xstrdup(err.text);
    free(zone->path);
    zone->path = NULL;
}

// ── All of them ──────────────────────────────────────────────────────────────────────────────────

static struct anchor_zone *find_zone(struct anchors *anchors, const struct name *name)
{
    for (size_t i = 0; i < anchors->zone_count; i++)
        if (name_equal(anchors->zones[i].name.wire, name->wire))
            return &anchors->zones[i];
    return NULL;
}

static enum status set_paths(struct anchor_zone *zone, const char *state, struct error *err)
{
    struct buf name = {0};
    if (zone->name.wire[0] == 0)
        buf_put_text(&name, "root.");
    else
        owner_print(zone->name.wire, &name);
    for (size_t i = 0; i < name.len; i++)
        if (name.data[i] == '\\')
            name.data[i] = '%';
    enum status status = STATUS_OK;
    if (name.len > FILE_NAME_MAX) {
        status = error_set(err, STATUS_RANGE, "%s: too long for a trust anchor", buf_text(&name));
    } else {
        zone->path = xasprintf("%s/%skey", state, buf_text(&name));
        zone->seed_path = xasprintf("%s/%sseed", state, buf_text(&name));
    }
    buf_done(&name);
    return status;
}

static enum status add_seed(struct anchors *anchors, const char *file, const char *state,
                            const struct record *record, struct error *err)
{
    struct anchor_zone *zone = find_zone(anchors, &record->owner);
    enum status status = STATUS_OK;
    if (zone == NULL) {
        if (anchors->zone_count == ANCHOR_ZONES_MAX)
            return error_set(err, STATUS_RANGE, "%s: trust anchors for more than %d zones", file,
                             ANCHOR_ZONES_MAX);
        anchors->zones = array_grow(anchors->zones, &anchors->zone_cap, anchors->zone_count,
                                    sizeof(*anchors->zones));
        zone = &anchors->zones[anchors->zone_count++];
        *zone = (struct anchor_zone){.name = record->owner, .source = file};
        if (state != NULL)
            status = set_paths(zone, state, err);
    }
    records_add(&zone->seed, record);
    return status;
}

static enum status read_seeds(struct anchors *anchors, const char *file, const char *state,
                              struct error *err)
{
    struct records records = {0};
    enum status status = read_records(file, NULL, &records, err);
    if (status == STATUS_OK && records.count == 0)
        status = error_set(err, STATUS_SYNTAX, "%s: no DNSKEY or DS record in it", file);
    for (size_t i = 0; i < records.count && status == STATUS_OK; i++)
        status = add_seed(anchors, file, state, &records.list[i], err);
    records_done(&records);
    return status;
}

static enum status check_seed(const struct anchor_zone *zone, struct error *err)
{
    char text[NAME_TEXT_MAX];
    for (size_t i = 0; i < zone->seed.count; i++)
        if (can_validate(&zone->seed.list[i]))
            return STATUS_OK;
    return error_set(err, STATUS_SYNTAX,
                     "%s: nothing can be validated by the anchors of %s; it needs one of algorithm "
                     "8, 10, 13, 14 or 15, a DS with a digest of type 2 or 4",
                     zone->source, name_to_text(zone->name.wire, text));
}

static void list_clear(struct anchors *anchors)
{
    for (size_t i = 0; i < anchors->count; i++) {
        free(anchors->list[i].record.text);
        free(anchors->list[i].record.remark);
    }
    free(anchors->list);
    anchors->list = NULL;
    anchors->count = 0;
    anchors->cap = 0;
}

// Moves the records into the list.
static void list_add(struct anchors *list, struct records *records, const char *source, bool seed)
{
    for (size_t i = 0; i < records->count; i++) {
        list->list = array_grow(list->list, &list->cap, list->count, sizeof(*list->list));
        struct anchor *anchor = &list->list[list->count++];
        *anchor = (struct anchor){.record = records->list[i], .source = source};
        anchor->state = seed ? ANCHOR_VALID : state_of(&anchor->record);
        if (anchor->record.remark == NULL || seed ||
            !find_number(anchor->record.remark, "lastchange=", &anchor->since))
            anchor->since = 0;
    }
    free(records->list);
    *records = (struct records){0};
}

static enum status list_zone(struct anchors *list, struct anchor_zone *zone, struct error *err)
{
    struct records records = {0};
    size_t trusted = 0;
    if (zone->path != NULL) {
        enum status status = read_records(zone->path, zone, &records, err);
        if (status != STATUS_OK) {
            records_done(&records);
            return status;
        }
        size_t before = list->count;
        list_add(list, &records, zone->path, false);
        for (size_t i = before; i < list->count; i++)
            trusted += anchor_is_trusted(&list->list[i]) && can_validate(&list->list[i].record);
    }
    // All keys revoked would mean that nothing below is validated any more (RFC 5011 §5). Bogus is the better answer
    // until the admin says which key holds now.
    if (trusted == 0) {
        for (size_t i = 0; i < zone->seed.count; i++)
            records_add(&records, &zone->seed.list[i]);
        list_add(list, &records, zone->source, true);
    }
    return STATUS_OK;
}

static bool trusts_same(const struct anchors *a, const struct anchors *b)
{
    size_t at = 0;
    for (size_t i = 0; i < a->count; i++) {
        if (!anchor_is_trusted(&a->list[i]))
            continue;
        while (at < b->count && !anchor_is_trusted(&b->list[at]))
            at++;
        if (at == b->count || !record_equal(&a->list[i].record, &b->list[at].record))
            return false;
        at++;
    }
    while (at < b->count && !anchor_is_trusted(&b->list[at]))
        at++;
    return at == b->count;
}

enum status anchors_refresh(struct anchors *anchors, bool *ret_changed, struct error *err)
{
    struct anchors list = {0};
    for (size_t i = 0; i < anchors->zone_count; i++) {
        enum status status = list_zone(&list, &anchors->zones[i], err);
        if (status != STATUS_OK) {
            list_clear(&list);
            return status;
        }
    }
    *ret_changed = !trusts_same(anchors, &list);
    list_clear(anchors);
    anchors->list = list.list;
    anchors->count = list.count;
    anchors->cap = list.cap;
    return STATUS_OK;
}

enum status anchors_open(const char *const *files, size_t count, const char *state,
                         struct anchors *ret, struct error *err)
{
    struct anchors anchors = {0};
    bool changed;
    enum status status = STATUS_OK;
    for (size_t i = 0; i < count && status == STATUS_OK; i++)
        status = read_seeds(&anchors, files[i], state, err);
    for (size_t i = 0; i < anchors.zone_count && status == STATUS_OK; i++) {
        records_sort(&anchors.zones[i].seed);
        status = check_seed(&anchors.zones[i], err);
        if (status == STATUS_OK && state != NULL)
            prepare(&anchors.zones[i], state);
    }
    if (status == STATUS_OK)
        status = anchors_refresh(&anchors, &changed, err);
    if (status == STATUS_OK)
        *ret = anchors;
    else
        anchors_done(&anchors);
    return status;
}

void anchors_done(struct anchors *anchors)
{
    list_clear(anchors);
    for (size_t i = 0; i < anchors->zone_count; i++) {
        records_done(&anchors->zones[i].seed);
        free(anchors->zones[i].path);
        free(anchors->zones[i].seed_path);
        free(anchors->zones[i].complaint);
    }
    free(anchors->zones);
    *anchors = (struct anchors){0};
}
