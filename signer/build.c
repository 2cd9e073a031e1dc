// SPDX-License-Identifier: ISC
#include "signer/build.h"

#include <stdlib.h>
#include <string.h>

#include <xxhash.h>

#include "base/alloc.h"
#include "base/log.h"
#include "dns/serial.h"
#include "dns/types.h"
#include "dns/wire.h"
#include "signer/compile.h"
#include "signer/dkim.h"
#include "signer/dsboot.h"
#include "signer/judge.h"
#include "signer/life.h"
#include "signer/notes.h"
#include "signer/queue.h"
#include "signer/verify_late.h"

void build_slim(struct build *build)
{
    sign_free(build->signing);
    build->signing = NULL;
    records_free(build->records);
    build->records = NULL;
    dnskey_set_done(&build->keys);
    buf_done(&build->image);
}

void build_done(struct build *build)
{
    if (build->zone != NULL) {
        build->zone->in_batch = build->zone->overtaken = false;
        queue_settle(build->zone);
    }
    build_slim(build);
    zone_state_done(&build->state);
    *build = (struct build){0};
}

// ── What is published ────────────────────────────────────────────────────────────────────────────

enum status build_open(struct store_reader *serve, const struct name_key *apex, struct image *ret,
                       struct error *err)
{
    struct store_entry entry;
    enum status status = store_get(serve, STORE_IMAGES, apex->octets, apex->len, &entry);
    if (status != STATUS_OK)
        return status;
    return image_open(entry.value, entry.value_len, ret, err);
}

static uint32_t transfer_time(const struct image *image)
{
    const struct image_rrset *rrset = image_rrset(image, image->nodes, RR_TYPE_SOA);
    struct image_cursor cursor;
    struct image_rr rr;
    const size_t timers = 20, refresh = 4, retry = 8; // from the serial on
    if (rrset == NULL)
        return 0;
    image_rrs(&cursor, image, rrset, false);
    if (!image_rrs_next(&cursor, &rr) || rr.rdata_len < timers)
        return 0;
    const uint8_t *serial = rr.rdata + rr.rdata_len - timers;
    uint64_t sum = (uint64_t)wire_get_u32(serial + refresh) + wire_get_u32(serial + retry);
    return sum < UINT32_MAX ? (uint32_t)sum : UINT32_MAX;
}

static uint32_t largest_ttl(const struct image *image)
{
    uint32_t largest = 0;
    for (uint32_t i = 0; i < image->header->rrset_count; i++)
        largest = image->rrsets[i].ttl > largest ? image->rrsets[i].ttl : largest;
    return largest;
}

struct zone_published build_published(const struct image *image)
{
    const struct image_header *header = image->header;
    return (struct zone_published){
        .exists = true,
        .is_signed = (header->flags & IMAGE_SIGNED) != 0,
        .serial = header->serial,
        .content = header->meta.content,
        .made_at = header->meta.made_at,
        .expires_at = header->meta.expires_at,
        .transfer_s = transfer_time(image),
        .largest_ttl = largest_ttl(image),
        .has_nsec3 = (header->flags & IMAGE_NSEC3) != 0,
        .id = header->checksum,
    };
}

void build_look(struct store_reader *serve, struct zone *zone, struct error *err)
{
    struct image image;
    zone->published = (struct zone_published){.exists = false};
    if (build_open(serve, &zone->key, &image, err) != STATUS_OK)
        return;
    zone->published = build_published(&image);
    public_keys_done(&zone->keys);
    public_keys_read(&image, zone->state.mode == STATE_UNSIGNED, &zone->keys);
    dsboot_take(zone, &image);
}

int64_t build_due_at(const struct zone *zone)
{
    if (!zone->published.is_signed || zone_dnssec(zone) == CONFIG_DNSSEC_PRESIGNED)
        return INT64_MAX;
    struct plan_policy policy = zone_policy(zone);
    return plan_due_at(&policy, zone->published.expires_at);
}

bool build_is_due(const struct zone *zone, int64_t now)
{
    int64_t due_at = build_due_at(zone);
    // Made by a clock that was set back since: for validators it is not valid yet.
    bool too_early = due_at != INT64_MAX && now < zone->published.made_at - PLAN_BACKDATE;
    return too_early || now >= due_at;
}

// ── Inputs ───────────────────────────────────────────────────────────────────────────────────────

// Does the zone have the host name, and with it all that comes from certificates and host keys?
static bool has_hostname(const struct build_context *context, const struct zone *zone)
{
    struct name hostname;
    if (name_from_text(context->inputs->config->box.hostname, &hostname, NULL) != STATUS_OK ||
        !name_is_under(hostname.wire, zone->wire.wire))
        return false;
    for (size_t i = 0; i < zone->target->child_count; i++) {
        struct name child;
        if (name_from_text(zone->target->children[i]->name, &child, NULL) == STATUS_OK &&
            name_is_under(hostname.wire, child.wire))
            return false;
    }
    return true;
}

// The inputs that only this zone is made of: its zone file; for the zone with the host name certificates, next keys and
// host keys. Records files are not kept: a bad one fails its zone, which stays as it is published. The caller frees the
// array.
static size_t own_inputs(const struct build_context *context, const struct zone *zone,
                         const struct input_file ***ret)
{
    const struct inputs *inputs = context->inputs;
    const char *path = zone_file_path(zone);
    const struct input_file *zone_file = path != NULL ? inputs_file(inputs, path) : NULL;
    bool host = has_hostname(context, zone);
    *ret = xcalloc((host ? inputs->file_count : 0) + 1, sizeof(**ret));
    size_t count = 0;
    for (size_t i = 0; host && i < inputs->file_count; i++)
        if (inputs->files[i].kind != INPUT_ZONE_FILE && inputs->files[i].kind != INPUT_RECORDS_FILE)
            (*ret)[count++] = &inputs->files[i];
    if (zone_file != NULL)
        (*ret)[count++] = zone_file;
    return count;
}

static bool is_good_news(const struct build_context *context, const struct input_file *file)
{
    return !lastgood_is_bad(context->lastgood, file->path) &&
           lastgood_is_news(file, context->state);
}

bool build_has_news(const struct build_context *context, const struct zone *zone)
{
    const struct input_file **files;
    size_t count = own_inputs(context, zone, &files);
    bool found = false;
    for (size_t i = 0; !found && i < count; i++)
        found = is_good_news(context, files[i]);
    free(files);
    return found;
}

enum status build_keep_inputs(const struct build_context *context, const struct zone *zone,
                              struct store_txn *txn, struct error *err)
{
    const struct input_file **files;
    size_t count = own_inputs(context, zone, &files);
    enum status status = STATUS_OK;
    for (size_t i = 0; status == STATUS_OK && i < count; i++)
        if (is_good_news(context, files[i]))
            status = state_input_put(txn, files[i]->path, files[i]->octets, files[i]->len, err);
    free(files);
    return status;
}

// Those that no note complains about any more.
static void praise_inputs(const struct build_context *context, const struct zone *zone,
                          const struct zone_content *content)
{
    const struct input_file **files;
    size_t count = own_inputs(context, zone, &files);
    for (size_t i = 0; i < count; i++) {
        const char *path = files[i]->path;
        bool good = files[i]->octets != NULL && !lastgood_is_used(context->lastgood, path);
        for (size_t k = 0; good && k < content->note_count; k++)
            good = !content->notes[k].error || content->notes[k].input == NULL ||
                   strcmp(content->notes[k].input, path) != 0;
        if (good)
            lastgood_is_good(context->lastgood, path);
    }
    free(files);
}

static bool swap_bad_inputs(const struct build_context *context, const struct zone_content *content)
{
    bool swapped = false;
    for (size_t i = 0; i < content->note_count; i++) {
        const struct zone_note *note = &content->notes[i];
        if (note->error && note->input != NULL && zone_note_holds(note, context->now) &&
            lastgood_use(context->lastgood, context->inputs, note->input, context->state,
                         note->text))
            swapped = true;
    }
    return swapped;
}

static enum status generate(const struct build_context *context, struct zone *zone,
                            struct zone_content **ret, struct error *err)
{
    const struct zone_dkim *dkim = zone->dkim;
    struct zonegen_keys keys = {
        .dnssec_directory = context->keyring->directory,
        .dkim_directory = context->dkim_directory,
        .dkim = dkim != NULL && dkim->is_whole ? dkim->list : NULL,
        .dkim_count = dkim != NULL && dkim->is_whole ? dkim->count : 0,
        .tls = context->tls,
        .listing = &context->keyring->listing,
        .is_offered = judge_is_offered,
        .context = context->zones,
    };
    for (;;) { // each turn swaps an input; none is swapped twice
        enum status status = zonegen_make(context->inputs, &keys, zone->target, ret, err);
        const char *path = zone_file_path(zone);
        if (status != STATUS_OK) {
            if (path == NULL ||
                !lastgood_use(context->lastgood, context->inputs, path, context->state, err->text))
                return status;
            continue;
        }
        if (!swap_bad_inputs(context, *ret))
            return STATUS_OK;
        zone_content_free(*ret);
    }
}

// ── Records ──────────────────────────────────────────────────────────────────────────────────────

static enum status take_content(const struct build_context *context, struct zone *zone,
                                struct records *records, struct error *err)
{
    struct zone_content *content = NULL;
    enum status status = generate(context, zone, &content, err);
    if (status != STATUS_OK)
        return status;
    status = judge_content(context, zone, content, err);
    for (size_t i = 0; status == STATUS_OK && i < content->record_count; i++)
        if (content->records[i].rr != NULL)
            status = records_add_rr(records, content->records[i].rr, err);
    if (status == STATUS_OK)
        status = judge_keep_dkim(context, zone, content, records, err);
    if (status == STATUS_OK) {
        praise_inputs(context, zone, content);
        zone->notes = notes_take(zone->notes, content);
        notes_tell(zone->notes, zone->name, context->now);
    }
    zone_content_free(content);
    return status;
}

static enum status take_published(const struct build_context *context, struct build *build,
                                  struct error *err)
{
    struct image image;
    enum status status = build_open(context->serve, &build->zone->key, &image, err);
    if (status != STATUS_OK)
        return status;
    build->denial = (image.header->flags & IMAGE_NSEC3) != 0 ? DENIAL_NSEC3 : DENIAL_NSEC;
    return records_add_image(build->records, &image, true, err);
}

// Two zones with the same records are different content when other keys sign them or another chain denies what is not
// there, and signed and not signed are.
static uint64_t content_of(const struct build *build)
{
    const uint32_t kind[] = {(uint32_t)build->dnssec,
                             build->dnssec == CONFIG_DNSSEC_ON ? (uint32_t)build->denial : 0};
    uint64_t content = XXH3_64bits_withSeed(kind, sizeof(kind), records_digest(build->records));
    for (size_t i = 0; i < build->keys.count;
         i++) { // sorted; two that change places make a difference
        const struct dnskey *key = &build->keys.keys[i];
        const uint32_t use[] = {key->tag, key->algorithm, key->use};
        if (key->use != 0)
            content = XXH3_64bits_withSeed(use, sizeof(use), content);
    }
    return content;
}

static enum status collect_records(const struct build_context *context, struct build *build,
                                   struct error *err)
{
    struct zone *zone = build->zone;
    build->records = records_new(zone->wire.wire);
    build->denial = zone->target->policy->nsec3 ? DENIAL_NSEC3 : DENIAL_NSEC;
    enum status status = zone->from_published ? take_published(context, build, err)
                                              : take_content(context, zone, build->records, err);
    if (status == STATUS_OK)
        status = dsboot_add(context->zones, zone, build->records, err);
    if (status == STATUS_OK)
        status = life_step(context, build, err);
    if (status != STATUS_OK)
        return status;
    records_arrange(build->records);
    build->content = zone->from_published ? zone->published.content : content_of(build);
    return STATUS_OK;
}

// ── The serial ───────────────────────────────────────────────────────────────────────────────────

// The last serial that anybody may have seen. What serve/ says counts only while it is ours.
static bool last_serial(const struct build_context *context, const struct zone *zone, uint32_t *ret)
{
    bool remembered = zone->state.mode != STATE_NEVER && !zone->state.lost;
    bool published = zone->published.exists && (!context->distrust || !remembered);
    if (remembered)
        *ret = zone->state.serial;
    if (published && (!remembered || serial_is_later(zone->published.serial, *ret)))
        *ret = zone->published.serial;
    return remembered || published;
}

static enum status choose_serial(const struct build_context *context, struct build *build,
                                 struct error *err)
{
    const struct zone *zone = build->zone;
    struct records_soa soa;
    if (!records_soa(build->records, &soa))
        return error_set(err, STATUS_BOGUS, "the zone has no SOA");
    uint32_t last = 0;
    bool any = last_serial(context, zone, &last);
    bool as_in_file = build->dnssec == CONFIG_DNSSEC_PRESIGNED ||
                      (build->dnssec == CONFIG_DNSSEC_OFF && zone_file_path(zone) != NULL);
    if (!as_in_file) {
        build->state.serial = any ? plan_serial_next(last, context->now, soa.serial)
                                  : plan_serial_first(context->now, soa.serial);
        records_set_serial(build->records, build->state.serial);
        return STATUS_OK;
    }
    // Secondaries would not take it (RFC 1982 §3.2).
    if (any && last != soa.serial && !serial_is_later(soa.serial, last))
        return error_set(err, STATUS_RANGE,
                         "%s: its serial %u lies behind %u, which was published already; raise it",
                         zone_file_path(zone), soa.serial, last);
    build->state.serial = soa.serial;
    return STATUS_OK;
}

// ── Both halves ──────────────────────────────────────────────────────────────────────────────────

static enum status start_signing(const struct build_context *context, struct build *build,
                                 struct error *err)
{
    struct zone *zone = build->zone;
    struct image previous;
    bool trusted =
        !context->distrust && build_open(context->serve, &zone->key, &previous, NULL) == STATUS_OK;
    struct sign_request request = {
        .records = build->records,
        .keys = &build->keys,
        .previous = trusted ? &previous : NULL,
        .policy = zone_policy(zone),
        .now = context->now,
    };
    enum status status = chain_add(build->records, build->denial, err);
    if (status == STATUS_OK)
        status = sign_prepare(&request, &build->signing, err);
    if (status == STATUS_OK)
        build->expires_at = build->signing->expires_at;
    return status;
}

static bool is_unchanged(const struct build_context *context, const struct build *build)
{
    const struct zone *zone = build->zone;
    return zone->published.exists && !context->distrust &&
           zone->published.content == build->content && !build_is_due(zone, context->now);
}

// What is remembered of a zone that stays as it is published: the keyset may have changed all the same.
static enum build_outcome leave(struct build *build)
{
    const struct zone_state *before = &build->zone->state;
    build->state.serial = before->serial;
    build->state.mode = before->mode;
    build->state_changed = build->zone->keyset_unsaved ||
                           build->state.keyset_len != before->keyset_len ||
                           (before->keyset_len > 0 &&
                            memcmp(build->state.keyset, before->keyset, before->keyset_len) != 0);
    return BUILD_UNCHANGED;
}

enum build_outcome build_prepare(const struct build_context *context, struct zone *zone,
                                 struct build *ret, enum status *ret_status, struct error *err)
{
    static const enum state_mode modes[] = {
        [CONFIG_DNSSEC_ON] = STATE_SIGNED,
        [CONFIG_DNSSEC_OFF] = STATE_UNSIGNED,
        [CONFIG_DNSSEC_PRESIGNED] = STATE_PRESIGNED,
    };
    *ret = (struct build){.zone = zone};
    size_t ordered = context->orders->count, keys_ordered = context->key_orders->count;
    enum status status = STATUS_OK;
    if (!zone->from_published)
        status = dkim_keep(context, zone, context->orders, err);
    if (status == STATUS_OK && context->orders->count > ordered) {
        zone_dkim_slim(zone->dkim);
        return BUILD_WAITS;
    }
    if (status == STATUS_OK)
        status = collect_records(context, ret, err);
    zone_dkim_slim(zone->dkim);
    if (context->key_orders->count > keys_ordered)
        return BUILD_WAITS;
    if (status == STATUS_OK && is_unchanged(context, ret))
        return leave(ret);
    if (status == STATUS_OK)
        status = choose_serial(context, ret, err);
    ret->state.mode = modes[ret->dnssec];
    if (status == STATUS_OK && ret->dnssec == CONFIG_DNSSEC_ON)
        status = start_signing(context, ret, err);
    else if (status == STATUS_OK)
        ret->expires_at = compile_first_expiration(ret->records, context->now);
    *ret_status = status;
    return status == STATUS_OK ? BUILD_READY : BUILD_FAILED;
}

enum status build_finish(const struct build_context *context, struct build *build,
                         struct error *err)
{
    const struct zone *zone = build->zone;
    enum config_dnssec dnssec = build->dnssec;
    enum status status = STATUS_OK;
    if (build->signing != NULL) {
        build->is_signed = true;
        build->signatures_made = build->signing->job_count;
        build->signatures_kept = build->signing->reused_count;
        status = sign_finish(build->signing, err);
    }
    struct plan_policy policy = zone_policy(zone);
    struct image_meta meta = {
        .content = build->content,
        .made_at = context->now,
        .resign_at = dnssec == CONFIG_DNSSEC_ON ? plan_due_at(&policy, build->expires_at) : 0,
        .expires_at = build->expires_at,
    };
    struct image image;
    if (status == STATUS_OK)
        status = compile_image(&build->records, &build->signing, &meta, &build->image, err);
    if (status == STATUS_OK)
        status = image_open(build->image.data, build->image.len, &image, err);
    if (status != STATUS_OK)
        return status;
    struct keyset set, before;
    life_read(&build->state, &set);
    life_read(&zone->state, &before);
    struct verify_request request = {
        .image = &image,
        .apex = zone->wire.wire,
        .dnssec = dnssec,
        .denial = build->denial,
        .keys = &build->keys,
        .policy = policy,
        .serial = build->state.serial,
        .now = context->now,
        .choice = context->verify,
        .later = context->later,
        .keyset = set.begun && dnssec != CONFIG_DNSSEC_PRESIGNED ? &set : NULL,
        .keyset_before = &before,
    };
    return verify_image(&request, err);
}

enum status build_verified(const struct build_context *context, const struct build *build,
                           struct error *err)
{
    struct image image;
    image_trust(build->image.data, &image);
    return verify_late_result(context->later, &image, err);
}
