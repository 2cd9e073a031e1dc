// SPDX-License-Identifier: ISC
#include "signer/judge.h"

#include <string.h>

#include "dns/types.h"
#include "signer/life.h"
#include "signer/zones.h"

// ── What is lost ─────────────────────────────────────────────────────────────────────────────────

// One key that cannot be used takes nothing else from a zone: its published record stays (judge_keep_dkim).
static bool is_dkim_file(const struct build_context *context, const char *path)
{
    size_t len = strlen(context->dkim_directory);
    return path != NULL && strncmp(path, context->dkim_directory, len) == 0 && path[len] == '/';
}

// An input that has an error here could not be helped by a last good state. One that never was good takes nothing from
// a zone; where that is not known, the published zone stays.
static enum status judge_notes(const struct build_context *context, const struct zone *zone,
                               const struct zone_content *content, struct error *err)
{
    for (size_t i = 0; i < content->note_count; i++) {
        const struct zone_note *note = &content->notes[i];
        if (!note->error || !zone_note_holds(note, context->now))
            continue;
        bool known = note->input != NULL && inputs_file(context->inputs, note->input) != NULL &&
                     zone->state.mode != STATE_NEVER;
        known = known || is_dkim_file(context, note->input);
        if (zone->published.exists && !known)
            return error_set(err, STATUS_STATE, "%s", note->text);
        lastgood_complain(context->lastgood, note->input != NULL ? note->input : zone->name,
                          note->text);
    }
    return STATUS_OK;
}

struct gap { // "owner. TYPE", as zonegen writes it
    struct name owner;
    uint16_t type;
};

static bool read_gap(const char *missing, struct gap *ret)
{
    char owner[NAME_TEXT_MAX];
    const char *space = strrchr(missing, ' ');
    if (space == NULL || (size_t)(space - missing) >= sizeof(owner))
        return false;
    memcpy(owner, missing, (size_t)(space - missing));
    owner[space - missing] = '\0';
    ret->type = (uint16_t)ldns_get_rr_type_by_name(space + 1);
    return name_from_text(owner, &ret->owner, NULL) == STATUS_OK;
}

static bool content_has(const struct zone_content *content, const struct gap *gap)
{
    for (size_t i = 0; i < content->record_count; i++) {
        const ldns_rr *rr = content->records[i].rr;
        if (rr != NULL && ldns_rr_get_type(rr) == (ldns_rr_type)gap->type &&
            name_equal(ldns_rdf_data(ldns_rr_owner(rr)), gap->owner.wire))
            return true;
    }
    return false;
}

// What is published and would not be there any more, or NULL.
static const struct image_rrset *find_lost(const struct image *image, const struct zone *zone,
                                           const struct zone_content *content,
                                           const struct gap *gap)
{
    struct name_key key;
    if (!name_is_under(gap->owner.wire, zone->wire.wire))
        return NULL;
    name_key(gap->owner.wire, &key);
    const struct image_node *node =
        image_find(image, key.octets + zone->key.len, (size_t)(key.len - zone->key.len));
    const struct image_rrset *rrset = node != NULL ? image_rrset(image, node, gap->type) : NULL;
    return rrset != NULL && !content_has(content, gap) ? rrset : NULL;
}

static bool is_dkim_gap(const struct zone_record *record, const struct gap *gap)
{
    return gap->type == RR_TYPE_TXT && strstr(record->missing, "._domainkey.") != NULL;
}

// `tls: []` is a choice and no mishap.
static bool is_chosen(const struct config_box *box, const struct gap *gap)
{
    return (gap->type == LDNS_RR_TYPE_TLSA && box->tls_given && box->tls_count == 0) ||
           (gap->type == LDNS_RR_TYPE_SSHFP && box->ssh_given && box->ssh_count == 0);
}

// An RRset for which something is lacking now (the network is not up yet, certbot's directory is not mounted) and that
// is published must not vanish.
static enum status judge_gaps(const struct build_context *context, const struct zone *zone,
                              const struct zone_content *content, struct error *err)
{
    struct image image;
    if (context->distrust || build_open(context->serve, &zone->key, &image, NULL) != STATUS_OK)
        return STATUS_OK;
    for (size_t i = 0; i < content->record_count; i++) {
        const struct zone_record *record = &content->records[i];
        struct gap gap;
        if (record->rr != NULL || !read_gap(record->missing, &gap) || is_dkim_gap(record, &gap) ||
            is_chosen(&context->inputs->config->box, &gap))
            continue;
        bool lost = find_lost(&image, zone, content, &gap) != NULL;
        if (!lost && gap.type == RR_TYPE_A) { // stands for addresses of both kinds
            gap.type = RR_TYPE_AAAA;
            lost = find_lost(&image, zone, content, &gap) != NULL;
        }
        if (lost)
            return error_set(err, STATUS_STATE, "%s would be lost: %s", record->missing,
                             record->why);
    }
    return STATUS_OK;
}

enum status judge_content(const struct build_context *context, const struct zone *zone,
                          const struct zone_content *content, struct error *err)
{
    enum status status = judge_notes(context, zone, content, err);
    return status == STATUS_OK ? judge_gaps(context, zone, content, err) : status;
}

enum status judge_keep_dkim(const struct build_context *context, const struct zone *zone,
                            const struct zone_content *content, struct records *records,
                            struct error *err)
{
    struct image image;
    struct image_cursor cursor;
    struct image_rr rr;
    enum status status = STATUS_OK;
    if (context->distrust || build_open(context->serve, &zone->key, &image, NULL) != STATUS_OK)
        return STATUS_OK;
    for (size_t i = 0; i < content->record_count; i++) {
        const struct zone_record *record = &content->records[i];
        struct gap gap;
        if (record->rr != NULL || !read_gap(record->missing, &gap) || !is_dkim_gap(record, &gap))
            continue;
        const struct image_rrset *lost = find_lost(&image, zone, content, &gap);
        if (lost == NULL)
            continue;
        image_rrs(&cursor, &image, lost, false);
        while (status == STATUS_OK && image_rrs_next(&cursor, &rr))
            status = records_add(records, &rr, err);
    }
    return status;
}

// ── What a DS may name ───────────────────────────────────────────────────────────────────────────

bool judge_is_offered(void *zones, const struct zone_target *child, const ldns_rr *dnskey)
{
    const struct zone *zone = zones_find(zones, child);
    struct keyset set;
    if (zone == NULL)
        return false;
    life_read(&zone->state, &set);
    struct dnskey_id id = {ldns_calc_keytag(dnskey),
                           ldns_rdf2native_int8(ldns_rr_dnskey_algorithm(dnskey))};
    size_t slot = set.begun ? keyset_find(&set, id) : KEYSET_KEYS_MAX;
    return slot < KEYSET_KEYS_MAX && (set.offered & keyset_bit(slot)) != 0;
}
