// SPDX-License-Identifier: ISC
// A zone's records: which makers run for it, in the order of the dump. What each record must say is decided by the
// makers, one topic a file; how it gets into the zone in content.c.
#include "zonegen/custom.h"

#include <string.h>

#include "zonegen/zone_check.h"

// Once a zone, before the names in it and behind them.
static void (*const first[])(struct zone_maker *maker) = {
    make_soa,
    make_ns,
    make_nameserver_addresses,
};
static void (*const last[])(struct zone_maker *maker) = {
    make_tlsa,
    make_sshfp,
    make_report_authorisation,
    make_delegations,
};

// What the host name needs where it is no domain with mail.
static void (*const host[])(struct zone_maker *maker) = {
    make_host_spf,
    make_host_dmarc,
    make_host_tls_rpt,
};

enum name_kind {
    HOST = 1, // the host name, where it is no domain
    MAIL = 2, // a domain with mail
    BARE = 4, // a domain without
    REVERSE = 8,
};

// For each name that the zone is about.
static const struct {
    unsigned kinds; // enum name_kind
    void (*make)(struct zone_maker *maker);
} named[] = {
    {HOST | MAIL | BARE, make_addresses},
    {REVERSE, make_ptr},
    {MAIL, make_mx},
    {MAIL, make_spf},
    {MAIL, make_dkim},
    {MAIL, make_dmarc},
    {MAIL, make_tls_rpt},
    {MAIL, make_mta_sts_addresses},
    {MAIL, make_services},
    {MAIL, make_autoconfig},
    {MAIL | BARE, make_caa},
};

static enum name_kind kind_of(const struct zone_target *target, const struct config_domain *domain)
{
    if (target_is_reverse(target))
        return REVERSE;
    return domain == NULL ? HOST : domain->has_mail ? MAIL : BARE;
}

static void make_named(struct zone_maker *maker, const struct config_domain *domain)
{
    enum name_kind kind = kind_of(maker->target, domain);
    maker_turn_to(maker, domain);
    for (size_t i = 0; i < sizeof(named) / sizeof(named[0]); i++) {
        if (named[i].kinds & kind)
            named[i].make(maker);
    }
}

// The domain of this zone that has the host's name, or NULL.
static const struct config_domain *host_domain(const struct zone_maker *maker)
{
    const struct zone_target *target = maker->target;
    const char *hostname = maker->config->box.hostname;
    for (size_t i = 0; i < target->inside_count; i++) {
        if (strcmp(target->inside[i]->name, hostname) == 0)
            return target->inside[i];
    }
    return strcmp(target->name, hostname) == 0 ? target->domain : NULL;
}

static void make_host(struct zone_maker *maker)
{
    const struct config_domain *domain = host_domain(maker);
    if (!target_holds(maker->target, maker->config->box.hostname))
        return;
    make_host_addresses(maker);
    for (size_t i = 0; i < sizeof(host) / sizeof(host[0]); i++) {
        if (domain == NULL || !domain->has_mail)
            host[i](maker);
    }
    if (domain == NULL || !domain->caa.given) // the domain's own says more
        make_host_caa(maker);
}

// What follows from the records that are there, whoever wrote them.
static void follow_up(struct zone_maker *maker)
{
    const struct zone_target *target = maker->target;
    make_mta_sts(maker);
    for (size_t i = 0; i < target->inside_count; i++) {
        maker_turn_to(maker, target->inside[i]);
        make_mta_sts(maker);
    }
    maker_turn_to(maker, target->domain);
    make_silent(maker);
}

static void generate(struct zone_maker *maker)
{
    const struct zone_target *target = maker->target;
    check_mail(maker);
    if (custom_read(maker) != STATUS_OK)
        return; // what follows from a record that is not understood is no news
    for (size_t i = 0; i < sizeof(first) / sizeof(first[0]); i++)
        first[i](maker);
    make_named(maker, target->domain);
    for (size_t i = 0; i < target->inside_count; i++)
        make_named(maker, target->inside[i]);
    maker_turn_to(maker, target->domain);
    make_host(maker);
    for (size_t i = 0; i < sizeof(last) / sizeof(last[0]); i++)
        last[i](maker);
    custom_put(maker);
    follow_up(maker);
    zone_check(maker);
}

static enum status refusal(const struct zone_maker *maker, struct error *err)
{
    if (maker->refused == 1)
        return error_set(err, STATUS_SYNTAX, "%s", maker->refusal.text);
    return error_set(err, STATUS_SYNTAX, "%s (and %zu more; `zonegen --check` tells them)",
                     maker->refusal.text, maker->refused - 1);
}

enum status zonegen_examine(const struct inputs *inputs, const struct zonegen_keys *keys,
                            const struct zone_target *target, struct zone_content **ret,
                            struct error *err)
{
    struct zone_maker maker = zone_maker(inputs, keys, target);
    enum status status = STATUS_OK;
    if (target->domain != NULL && target->domain->zone_file != NULL)
        status = zone_file_make(&maker, err);
    else
        generate(&maker);
    if (status == STATUS_OK)
        note_addresses(&maker);
    else if (maker.refused == 0)
        maker_refuse(&maker, &(struct zone_place){0}, "%s", err->text);
    if (maker.refused > 0)
        status = status != STATUS_OK ? status : refusal(&maker, err);
    *ret = maker.content;
    maker_done(&maker);
    return status;
}

enum status zonegen_make(const struct inputs *inputs, const struct zonegen_keys *keys,
                         const struct zone_target *target, struct zone_content **ret,
                         struct error *err)
{
    struct zone_content *content = NULL;
    enum status status = zonegen_examine(inputs, keys, target, &content, err);
    if (status == STATUS_OK)
        *ret = content;
    else
        zone_content_free(content);
    return status;
}
