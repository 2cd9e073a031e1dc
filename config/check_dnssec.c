// SPDX-License-Identifier: ISC
// What must hold between the options of `dnssec:`, in the box's policy and in each domain's. A domain has what it does
// not write from the box, so the two that contradict each other may stand in two places: the complaint is where the
// domain says something, and has both values.
#include <stdio.h>
#include <string.h>

#include "config/check.h"
#include "config/values.h"

// A policy, and where it is written.
struct view {
    const struct reader *reader;
    const struct config_dnssec_policy *policy;
    const struct config_ttl *ttl;
    const struct config_domain *domain; // NULL: the box's
};

static bool same_place(struct config_place a, struct config_place b)
{
    return a.file == b.file && a.line == b.line && a.column == b.column;
}

// Is the option that has this place written here, or is it the box's, that has its place?
static bool is_own(const struct view *view, struct config_place place, struct config_place boxes)
{
    return place.line != 0 && (view->domain == NULL || !same_place(place, boxes));
}

static void complain(const struct view *view, struct config_place place, struct config_place boxes,
                     const char *option, const char *words)
{
    char path[80];
    const struct config_domain *domain = view->domain;
    if (domain != NULL && !is_own(view, place, boxes))
        place = domain->dnssec_place.line != 0 ? domain->dnssec_place : domain->place;
    snprintf(path, sizeof(path), "%sdnssec.%s", domain != NULL ? "domains." : "", option);
    reader_complain(view->reader, place, path, "%s", words);
}

static const char *duration(uint64_t seconds, char ret[VALUE_DURATION_MAX])
{
    return value_duration(seconds * 1000, ret);
}

static void check_refresh(const struct view *view)
{
    const struct config_dnssec_policy *policy = view->policy;
    char refresh[VALUE_DURATION_MAX], lifetime[VALUE_DURATION_MAX], words[160];
    if (policy->refresh_place.line == 0 || policy->signature_lifetime == 0 || // default, or wrong
        policy->signature_refresh < policy->signature_lifetime)
        return;
    snprintf(words, sizeof(words),
             "%s is not less than the lifetime of a signature, %s; write a shorter time",
             duration(policy->signature_refresh, refresh),
             duration(policy->signature_lifetime, lifetime));
    complain(view, policy->refresh_place, view->reader->dnssec.refresh_place, "signature-refresh",
             words);
}

// One of the two lifetimes of keys, where it is written.
struct lifetime {
    const char *option;
    uint32_t seconds;
    struct config_place place, boxes;
};

// A key that is exchanged before its signatures end has made them for too long; and its successor has to be in all
// caches before it signs (RFC 7583 §3.2.1: Ipub).
static void check_lifetime(const struct view *view, const struct lifetime *key)
{
    const struct config_dnssec_policy *policy = view->policy;
    char shown[VALUE_DURATION_MAX], other[VALUE_DURATION_MAX], words[240];
    uint64_t ahead = (uint64_t)view->ttl->dnskey + policy->propagation_delay;
    if (key->place.line == 0 || key->seconds == 0)
        return;
    duration(key->seconds, shown);
    if (key->seconds < policy->signature_lifetime)
        snprintf(words, sizeof(words),
                 "%s is less than the lifetime of a signature, %s; write a longer time, or a "
                 "shorter signature-lifetime",
                 shown, duration(policy->signature_lifetime, other));
    else if (key->seconds <= ahead)
        snprintf(
            words, sizeof(words),
            "%s is over before a successor can be known everywhere, which takes %s (ttl.dnskey "
            "and propagation-delay); write a longer time",
            shown, duration(ahead, other));
    else
        return;
    complain(view, key->place, key->boxes, key->option, words);
}

static void check_policy(const struct view *view)
{
    const struct config_dnssec_policy *policy = view->policy, *box = &view->reader->dnssec;
    const struct lifetime ksk = {"ksk-lifetime", policy->ksk_lifetime, policy->ksk_place,
                                 box->ksk_place};
    const struct lifetime zsk = {"zsk-lifetime", policy->zsk_lifetime, policy->zsk_place,
                                 box->zsk_place};
    check_refresh(view);
    check_lifetime(view, &ksk);
    if (policy->split_keys)
        check_lifetime(view, &zsk);
}

static void check_keys(const struct view *view)
{
    const struct config_dnssec_policy *policy = view->policy;
    struct config_place boxes = view->reader->dnssec.zsk_place;
    if (!policy->split_keys && policy->zsk_lifetime != 0 && // never, or wrong
        is_own(view, policy->zsk_place, boxes))
        complain(view, policy->zsk_place, boxes, "zsk-lifetime",
                 "there is no ZSK with `keys: csk`; write ksk-lifetime, or `keys: ksk+zsk`");
}

void check_policies(const struct reader *reader)
{
    const struct config *config = reader->config;
    const struct view box = {reader, &config->dnssec, &config->ttl, NULL};
    bool split = false; // the box's lifetime of a ZSK is some domain's
    check_policy(&box);
    for (size_t i = 0; i < config->domain_count; i++) {
        const struct config_domain *domain = &config->domains[i];
        if (domain->policy == NULL || domain->ttl == NULL) // wrong, and said
            continue;
        const struct view view = {reader, domain->policy, domain->ttl, domain};
        split = split || domain->policy->split_keys;
        if (domain->policy == &config->dnssec && domain->ttl == &config->ttl)
            continue; // as looked at above
        check_policy(&view);
        check_keys(&view);
    }
    if (!split)
        check_keys(&box);
}
