// SPDX-License-Identifier: ISC
#include "probe/check_expect.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/alloc.h"

#define FORMAT 1

// ── Members ──────────────────────────────────────────────────────────────────────────────────────

// What is being read, for errors.
struct reading {
    struct expect_zone *zone;
    struct error *err;
    enum status status; // the first thing that went wrong
};

static void complain(struct reading *reading, const char *member, const char *words)
{
    if (reading->status == STATUS_OK)
        reading->status =
            error_set(reading->err, STATUS_SYNTAX, "%s: %s: %s",
                      reading->zone->name != NULL ? reading->zone->name : "zone", member, words);
}

static const char *text_of(struct reading *reading, const json_t *object, const char *member)
{
    const char *text = json_string_value(json_object_get(object, member));
    if (text == NULL)
        complain(reading, member, "not there, or no text");
    return text != NULL ? text : "";
}

static unsigned number_of(struct reading *reading, const json_t *object, const char *member,
                          unsigned max)
{
    const json_t *value = json_object_get(object, member);
    json_int_t number = json_integer_value(value);
    if (!json_is_integer(value) || number < 0 || number > max)
        complain(reading, member, "not there, or no number in its range");
    return (unsigned)number;
}

// A list that may be missing; anything else in its place is a mistake.
static size_t list_of(struct reading *reading, const json_t *object, const char *member,
                      const json_t **ret)
{
    *ret = json_object_get(object, member);
    if (*ret != NULL && !json_is_array(*ret))
        complain(reading, member, "no list");
    return json_array_size(*ret);
}

static void *room(struct reading *reading, size_t count, size_t size)
{
    void *room = arena_struct(&reading->zone->arena, count * size + 1);
    memset(room, 0, count * size + 1);
    return room;
}

static size_t read_addresses(struct reading *reading, const json_t *object, struct address **ret)
{
    const json_t *list;
    size_t count = list_of(reading, object, "addresses", &list);
    *ret = room(reading, count, sizeof(**ret));
    for (size_t i = 0; i < count; i++) {
        const char *text = json_string_value(json_array_get(list, i));
        if (text == NULL || address_parse(text, 53, &(*ret)[i], NULL) != STATUS_OK)
            complain(reading, "addresses", "no address");
    }
    return count;
}

// ── Parts ────────────────────────────────────────────────────────────────────────────────────────

static void read_servers(struct reading *reading, const json_t *zone)
{
    const json_t *list;
    size_t count = list_of(reading, zone, "nameservers", &list);
    reading->zone->servers = room(reading, count, sizeof(struct expect_server));
    reading->zone->server_count = count;
    for (size_t i = 0; i < count; i++) {
        struct expect_server *server = &reading->zone->servers[i];
        const json_t *from = json_array_get(list, i);
        server->name = text_of(reading, from, "name");
        server->address_count = read_addresses(reading, from, &server->addresses);
    }
}

static void read_ds(struct reading *reading, const json_t *zone)
{
    const json_t *list;
    size_t count = list_of(reading, zone, "ds", &list);
    reading->zone->ds = room(reading, count, sizeof(struct expect_ds));
    reading->zone->ds_count = count;
    for (size_t i = 0; i < count; i++) {
        const json_t *from = json_array_get(list, i);
        reading->zone->ds[i] = (struct expect_ds){
            .tag = (uint16_t)number_of(reading, from, "tag", UINT16_MAX),
            .algorithm = (uint8_t)number_of(reading, from, "algorithm", UINT8_MAX),
            .digest_type = (uint8_t)number_of(reading, from, "digest-type", UINT8_MAX),
            .digest = text_of(reading, from, "digest"),
        };
    }
}

// Names come in order, so that those of one name are at the end.
static struct expect_rrset *rrset_of(struct expect_zone *zone, const char *name, ldns_rr_type type)
{
    for (size_t i = zone->rrset_count; i-- > 0;) {
        struct expect_rrset *rrset = &zone->rrsets[i];
        if (strcasecmp(rrset->name, name) != 0)
            break;
        if (rrset->type == type)
            return rrset;
    }
    struct expect_rrset *rrset = &zone->rrsets[zone->rrset_count++];
    *rrset = (struct expect_rrset){.name = name, .type = type, .records = ldns_rr_list_new()};
    return rrset;
}

static void read_record(struct reading *reading, const json_t *from)
{
    const char *name = text_of(reading, from, "name");
    const char *type = text_of(reading, from, "type");
    ldns_rr *rr = NULL;
    char *text =
        xasprintf("%s%s %u IN %s %s", name, strcmp(name, ".") == 0 ? "" : ".",
                  number_of(reading, from, "ttl", INT32_MAX), type, text_of(reading, from, "data"));
    if (reading->status == STATUS_OK &&
        ldns_rr_new_frm_str(&rr, text, 0, NULL, NULL) != LDNS_STATUS_OK)
        complain(reading, "records", text);
    free(text);
    if (rr != NULL)
        ldns_rr_list_push_rr(rrset_of(reading->zone, name, ldns_rr_get_type(rr))->records, rr);
}

static int compare_positions(const void *a, const void *b, void *list)
{
    size_t first = *(const size_t *)a, second = *(const size_t *)b;
    const char *one = json_string_value(json_object_get(json_array_get(list, first), "name"));
    const char *two = json_string_value(json_object_get(json_array_get(list, second), "name"));
    int order = strcasecmp(one != NULL ? one : "", two != NULL ? two : "");
    return order != 0 ? order : (first > second) - (first < second);
}

// By name, so that each is found quickly in zones of any size.
static void read_records(struct reading *reading, const json_t *zone)
{
    const json_t *list;
    size_t count = list_of(reading, zone, "records", &list);
    size_t *order = xmalloc((count + 1) * sizeof(*order));
    for (size_t i = 0; i < count; i++)
        order[i] = i;
    qsort_r(order, count, sizeof(*order), compare_positions, (void *)(uintptr_t)list);
    reading->zone->rrsets = room(reading, count, sizeof(struct expect_rrset));
    for (size_t i = 0; i < count && reading->status == STATUS_OK; i++)
        read_record(reading, json_array_get(list, order[i]));
    free(order);
}

static void read_missing(struct reading *reading, const json_t *zone)
{
    const json_t *list;
    size_t count = list_of(reading, zone, "missing", &list);
    reading->zone->missing = room(reading, count, sizeof(struct expect_missing));
    reading->zone->missing_count = count;
    for (size_t i = 0; i < count; i++) {
        const json_t *from = json_array_get(list, i);
        reading->zone->missing[i] = (struct expect_missing){
            .name = text_of(reading, from, "name"),
            .type = text_of(reading, from, "type"),
            .why = text_of(reading, from, "why"),
        };
    }
}

static void read_mails(struct reading *reading, const json_t *zone)
{
    const json_t *list, *selectors;
    size_t count = list_of(reading, zone, "mail-domains", &list);
    reading->zone->mails = room(reading, count, sizeof(struct expect_mail));
    reading->zone->mail_count = count;
    for (size_t i = 0; i < count; i++) {
        struct expect_mail *mail = &reading->zone->mails[i];
        const json_t *from = json_array_get(list, i);
        mail->name = text_of(reading, from, "name");
        mail->policy = json_string_value(json_object_get(from, "mta-sts-policy"));
        mail->selector_count = list_of(reading, from, "selectors", &selectors);
        mail->selectors = room(reading, mail->selector_count, sizeof(char *));
        for (size_t k = 0; k < mail->selector_count; k++) {
            mail->selectors[k] = json_string_value(json_array_get(selectors, k));
            if (mail->selectors[k] == NULL)
                complain(reading, "selectors", "no text");
        }
    }
}

static void read_host(struct reading *reading, const json_t *all, const json_t *host)
{
    struct expect_host *ret = &reading->zone->host;
    const json_t *list;
    ret->name = text_of(reading, all, "hostname");
    if (host == NULL)
        return;
    ret->address_count = read_addresses(reading, host, &ret->addresses);
    size_t count = list_of(reading, host, "tls-ports", &list);
    ret->ports = room(reading, count, sizeof(*ret->ports));
    ret->port_count = count;
    for (size_t i = 0; i < count; i++) {
        json_int_t port = json_integer_value(json_array_get(list, i));
        if (port < 1 || port > UINT16_MAX)
            complain(reading, "tls-ports", "no port");
        ret->ports[i] = (uint16_t)port;
    }
}

// Wherever the host's addresses are told.
static const json_t *find_host(const json_t *all)
{
    const json_t *zones = json_object_get(all, "zones");
    for (size_t i = 0; i < json_array_size(zones); i++) {
        const json_t *host = json_object_get(json_array_get(zones, i), "host");
        if (host != NULL)
            return host;
    }
    return NULL;
}

static enum expect_mode mode_of(struct reading *reading, const json_t *zone)
{
    static const char *const names[] = {
        [EXPECT_AUTHORITATIVE] = "authoritative",
        [EXPECT_HIDDEN_PRIMARY] = "hidden-primary",
        [EXPECT_EXTERNAL] = "external",
    };
    const char *text = text_of(reading, zone, "mode");
    for (enum expect_mode mode = EXPECT_AUTHORITATIVE; mode <= EXPECT_EXTERNAL; mode++)
        if (strcmp(names[mode], text) == 0)
            return mode;
    complain(reading, "mode", "none that is known");
    return EXPECT_AUTHORITATIVE;
}

// ── The whole ────────────────────────────────────────────────────────────────────────────────────

enum status expect_parse(const char *octets, size_t len, json_t **ret, struct error *err)
{
    json_error_t wrong;
    json_t *all = json_loadb(octets, len, JSON_REJECT_DUPLICATES, &wrong);
    *ret = NULL;
    if (all == NULL)
        return error_set(err, STATUS_SYNTAX,
                         "not the JSON of `zonegen --dump --json`: %s at line %d", wrong.text,
                         wrong.line);
    if (json_integer_value(json_object_get(all, "format")) != FORMAT ||
        !json_is_array(json_object_get(all, "zones"))) {
        json_decref(all);
        return error_set(err, STATUS_SYNTAX,
                         "not what `zonegen --dump --json` of this version writes: format %d is "
                         "wanted",
                         FORMAT);
    }
    *ret = all;
    return STATUS_OK;
}

size_t expect_count(const json_t *all)
{
    return json_array_size(json_object_get(all, "zones"));
}

enum status expect_zone_read(const json_t *all, size_t index, struct expect_zone **ret,
                             struct error *err)
{
    const json_t *from = json_array_get(json_object_get(all, "zones"), index);
    struct expect_zone *zone = xcalloc(1, sizeof(*zone));
    struct reading reading = {.zone = zone, .err = err, .status = STATUS_OK};
    zone->name = text_of(&reading, from, "name");
    zone->error = json_string_value(json_object_get(from, "error"));
    if (zone->error == NULL) {
        zone->mode = mode_of(&reading, from);
        zone->is_signed =
            strcmp(text_of(&reading, from, "dnssec"), "off") != 0 && zone->mode != EXPECT_EXTERNAL;
        read_servers(&reading, from);
        read_ds(&reading, from);
        read_records(&reading, from);
        read_missing(&reading, from);
        read_mails(&reading, from);
        read_host(&reading, all, find_host(all));
        zone->has_host = json_object_get(from, "host") != NULL;
    }
    *ret = NULL;
    if (reading.status != STATUS_OK)
        expect_zone_free(zone);
    else
        *ret = zone;
    return reading.status;
}

void expect_zone_free(struct expect_zone *zone)
{
    if (zone == NULL)
        return;
    for (size_t i = 0; i < zone->rrset_count; i++)
        ldns_rr_list_deep_free(zone->rrsets[i].records);
    arena_done(&zone->arena);
    free(zone);
}

const struct expect_rrset *expect_find(const struct expect_zone *zone, const char *name,
                                       ldns_rr_type type)
{
    size_t first = 0, end = zone->rrset_count;
    while (first < end) {
        size_t middle = first + (end - first) / 2;
        if (strcasecmp(zone->rrsets[middle].name, name) < 0)
            first = middle + 1;
        else
            end = middle;
    }
    for (; first < zone->rrset_count && strcasecmp(zone->rrsets[first].name, name) == 0; first++)
        if (zone->rrsets[first].type == type)
            return &zone->rrsets[first];
    return NULL;
}

enum status expect_all_read(const json_t *all, struct error *err)
{
    enum status status = STATUS_OK;
    for (size_t i = 0; i < expect_count(all) && status == STATUS_OK; i++) {
        struct expect_zone *zone;
        status = expect_zone_read(all, i, &zone, err);
        expect_zone_free(zone);
    }
    return status;
}
