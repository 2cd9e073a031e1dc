// SPDX-License-Identifier: ISC
#include "zonegen/across.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "zonegen/zone_check.h"

// Where the record was written; false: nowhere, and what zonebox makes has addresses.
static bool find_place(const struct config *config, const struct zone_target *target,
                       const struct zone_record *record, const char *host, struct zone_place *ret)
{
    *ret = record->place;
    if (ret->file != NULL)
        return true;
    if (ldns_rr_get_type(record->rr) != LDNS_RR_TYPE_SRV)
        return false;
    const struct config_service *service = zone_check_service(config, target, host);
    if (service != NULL)
        *ret = config_zone_place(config, &service->place);
    return service != NULL;
}

void across_gather(struct across *across, const struct inputs *inputs,
                   const struct zone_target *target, const struct zone_content *content)
{
    for (size_t i = 0; i < content->record_count; i++) {
        const struct zone_record *record = &content->records[i];
        const ldns_rdf *host = record->rr != NULL ? zone_check_host_of(record->rr) : NULL;
        char text[NAME_TEXT_MAX];
        struct zone_place place;
        if (host == NULL || ldns_rdf_size(host) == 1) // the root
            continue;
        name_to_text(ldns_rdf_data(host), text);
        text[strlen(text) - 1] = '\0';
        for (char *c = text; *c != '\0'; c++)
            *c = (char)name_lower((uint8_t)*c);
        const struct zone_target *in = target_of(target, text);
        if (in == NULL || in == target || !find_place(inputs->config, target, record, text, &place))
            continue;
        across->hosts =
            array_grow(across->hosts, &across->cap, across->count, sizeof(*across->hosts));
        struct across_host *ret = &across->hosts[across->count];
        *ret = (struct across_host){.from = target,
                                    .in = in,
                                    .title = record_title(record->rr),
                                    .place = place,
                                    .index = across->count};
        (void)!name_from_text(text, &ret->name, NULL);
        across->count++;
    }
}

static int compare_hosts(const void *a, const void *b)
{
    const struct across_host *x = a;
    const struct across_host *y = b;
    int order = strcmp(x->in->name, y->in->name);
    return order != 0 ? order : (x->index > y->index) - (x->index < y->index);
}

// One without addresses is not told: in a zone of others there may be more than is known here.
static bool is_alias(const struct zone_view *view, const struct across_host *host)
{
    ldns_rdf *name = ldns_rdf_new_frm_data(LDNS_RDF_TYPE_DNAME, host->name.len, host->name.wire);
    bool alias = view_look_up(view, name) == VIEW_HOST_ALIAS;
    ldns_rdf_deep_free(name);
    return alias;
}

static void tell_one(const struct across_host *host, across_tell *tell, void *context)
{
    bool from_file = host->from->domain != NULL && host->from->domain->zone_file != NULL;
    char text[NAME_TEXT_MAX];
    char *words = xasprintf("%s: points at %s, an alias in the zone %s; it takes the name that the "
                            "alias stands for (RFC 2181 §10.3)",
                            host->title, name_to_text(host->name.wire, text), host->in->name);
    struct error err = zone_place_words(&host->place, words);
    free(words);
    tell(context, host, !from_file, err.text);
}

void across_judge(struct across *across, const struct inputs *inputs,
                  const struct zonegen_keys *keys, across_tell *tell, void *context)
{
    if (across->count > 0)
        qsort(across->hosts, across->count, sizeof(*across->hosts), compare_hosts);
    for (size_t from = 0, to; from < across->count; from = to) {
        const struct zone_target *in = across->hosts[from].in;
        struct zone_content *content = NULL;
        struct zone_view view;
        for (to = from; to < across->count && across->hosts[to].in == in; to++)
            continue;
        if (zonegen_make(inputs, keys, in, &content, NULL) != STATUS_OK)
            continue; // which is said by who looks at that zone
        zone_view_content(&view, content);
        for (size_t i = from; i < to; i++) {
            if (is_alias(&view, &across->hosts[i]))
                tell_one(&across->hosts[i], tell, context);
        }
        zone_view_done(&view);
        zone_content_free(content);
    }
}

void across_done(struct across *across)
{
    for (size_t i = 0; i < across->count; i++)
        free(across->hosts[i].title);
    free(across->hosts);
    *across = (struct across){0};
}
