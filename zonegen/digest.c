// SPDX-License-Identifier: ISC
// Has anything changed that a zone is made from? The configuration's part of the answer in one number, so that a change
// to one of many domains makes one zone anew.
#include "zonegen/maker.h"

#include <string.h>

#include <xxhash.h>

// Each step hashes what is next with what came before as the seed; the NUL goes with a text, so that none runs into the
// next.
static uint64_t put_text(uint64_t before, const char *text)
{
    return XXH3_64bits_withSeed(text, strlen(text) + 1, before);
}

static uint64_t put_number(uint64_t before, uint64_t number)
{
    return XXH3_64bits_withSeed(&number, sizeof(number), before);
}

static uint64_t put_zone(uint64_t before, const struct zone_target *zone)
{
    if (zone == NULL)
        return put_number(before, 0);
    uint64_t now = put_text(put_number(before, 1), zone->name);
    return put_number(now, zone->domain != NULL ? zone->domain->digest : 0);
}

uint64_t servers_digest(const struct zone_target *any,
                        const struct config_nameserver *const *servers, size_t count)
{
    char text[ADDRESS_TEXT_MAX];
    uint64_t now = 0;
    for (size_t i = 0; i < count; i++) {
        const struct zone_target *zone = target_of(any, servers[i]->name);
        now = put_text(put_text(now, servers[i]->name), zone != NULL ? zone->name : "");
        for (size_t k = 0; k < servers[i]->address_count; k++)
            now = put_text(now, address_text(&servers[i]->addresses[k].address, false, text));
    }
    return now;
}

static uint64_t put_reports(uint64_t now, const struct zone_target *target,
                            const struct config_text *addresses, size_t count)
{
    char domain[REPORT_DOMAIN_MAX];
    for (size_t i = 0; i < count; i++) {
        const struct zone_target *zone =
            report_domain(addresses[i].text, domain) ? target_of(target, domain) : NULL;
        now = put_text(now, zone != NULL ? target_top(zone)->name : "");
    }
    return now;
}

static uint64_t put_reports_of(uint64_t now, const struct zone_target *target,
                               const struct config_mail *mail)
{
    now = put_reports(now, target, mail->dmarc.reports, mail->dmarc.report_count);
    return put_reports(now, target, mail->dmarc.failures, mail->dmarc.failure_count);
}

uint64_t target_digest(const struct config *config, const struct zone_target *target,
                       uint64_t servers)
{
    uint64_t now = put_zone(put_number(config->digest, servers), target);
    now = put_reports_of(now, target,
                         target->domain != NULL ? target->domain->mail : &config->box.mail);
    for (size_t i = 0; i < target->inside_count; i++) {
        now = put_number(put_text(now, target->inside[i]->name), target->inside[i]->digest);
        now = put_reports_of(now, target, target->inside[i]->mail);
    }
    now = put_number(now, target->inside_count);
    for (size_t i = 0; i < target->reporter_count; i++)
        now = put_text(now, target->reporters[i].name);
    now = put_number(now, target->reporter_count);
    for (size_t i = 0; i < target->child_count; i++)
        now = put_zone(now, target->children[i]);
    now = put_number(now, target->child_count);
    for (const struct zone_target *above = target->parent; above != NULL; above = above->parent)
        now = put_text(now, above->name);
    return now;
}
