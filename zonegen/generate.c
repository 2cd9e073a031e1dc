// SPDX-License-Identifier: ISC
// A zone's records: which makers run for it, in the order of the dump. What each record must say is decided by the
// makers, one topic a file; how it gets into the zone in content.c.
#include "zonegen/custom.h"

// Once a zone, before the names in it and behind them.
static void (*const first[])(struct zone_maker *maker) = {
    make_soa,
    make_ns,
    make_nameserver_addresses,
};
static void (*const last[])(struct zone_maker *maker) = {
    make_host_addresses,
    make_tlsa,
    make_sshfp,
    make_delegations,
};

enum name_kind {
    HOST = 1, // the host name, where it is no domain
    MAIL = 2, // a domain with mail
    BARE = 4, // a domain without
};

// For each name that the zone is about.
static const struct {
    unsigned kinds; // enum name_kind
    void (*make)(struct zone_maker *maker);
} named[] = {
    {HOST | MAIL | BARE, make_addresses},
    {MAIL, make_mx},
    {MAIL, make_spf},
    {MAIL, make_dkim},
    {MAIL, make_dmarc},
};

static void make_named(struct zone_maker *maker, const struct config_domain *domain)
{
    unsigned kind = domain == NULL ? HOST : domain->has_mail ? MAIL : BARE;
    maker_turn_to(maker, domain);
    for (size_t i = 0; i < sizeof(named) / sizeof(named[0]); i++) {
        if (named[i].kinds & kind)
            named[i].make(maker);
    }
}

static void generate(struct zone_maker *maker)
{
    const struct zone_target *target = maker->target;
    if (custom_read(maker) != STATUS_OK)
        return; // what follows from a record that is not understood is no news
    for (size_t i = 0; i < sizeof(first) / sizeof(first[0]); i++)
        first[i](maker);
    make_named(maker, target->domain);
    for (size_t i = 0; i < target->inside_count; i++)
        make_named(maker, target->inside[i]);
    maker_turn_to(maker, target->domain);
    for (size_t i = 0; i < sizeof(last) / sizeof(last[0]); i++)
        last[i](maker);
    custom_put(maker);
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
