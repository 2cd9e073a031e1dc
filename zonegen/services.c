// SPDX-License-Identifier: ISC
// Where the clients of a domain's people find its services (SRV, RFC 2782), and where they look for their settings.
#include "zonegen/maker.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"

// What clients ask for. Of each, the record says where it is or, with the root as target, that it is not offered:
// RFC 2782, RFC 6186 §3.4.
static const struct service {
    const char *name;
    unsigned
        weight; // RFC 6186 §3 writes 1, RFC 2782 wants 0 where there is nothing to choose between
    const char *why;
} services[] = {
    {"submissions", 1, "where mail programs hand in mail, over TLS from the start (RFC 8314 §5.1)"},
    {"submission", 1, "where mail programs hand in mail, with STARTTLS (RFC 6186 §3.1)"},
    {"imaps", 1,
     "where mail programs read mail, over TLS from the start (RFC 6186 §3.2, RFC 8314)"},
    {"imap", 1, "where mail programs read mail, with STARTTLS (RFC 6186 §3.2)"},
    {"pop3s", 1, "where mail programs fetch mail, over TLS from the start (RFC 6186 §3.3)"},
    {"pop3", 1, "where mail programs fetch mail, with STARTTLS (RFC 6186 §3.3)"},
    {"sieve", 0, "where mail programs change filters (RFC 5804 §1.8)"},
    {"caldavs", 0, "where calendars are (RFC 6764 §3)"},
    {"caldav", 0, "where calendars are, without TLS (RFC 6764 §3)"},
    {"carddavs", 0, "where address books are (RFC 6764 §3)"},
    {"carddav", 0, "where address books are, without TLS (RFC 6764 §3)"},
    {"jmap", 0, "where mail programs find JMAP (RFC 8620 §2.2)"},
};

#define SERVICE_COUNT (sizeof(services) / sizeof(services[0]))

static const struct service *known_service(const char *name)
{
    for (size_t i = 0; i < SERVICE_COUNT; i++) {
        if (strcmp(services[i].name, name) == 0)
            return &services[i];
    }
    return NULL;
}

static bool is_offered(const struct config_mail *mail, const char *name)
{
    for (size_t i = 0; i < mail->service_count; i++) {
        if (strcmp(mail->services[i].name, name) == 0)
            return true;
    }
    return false;
}

static void add_service(struct zone_maker *maker, const struct config_service *offered)
{
    const struct service *known = known_service(offered->name);
    const char *host = offered->host != NULL ? offered->host : maker->config->box.hostname;
    char *owner = xasprintf("_%s._tcp.%s", offered->name, maker->name);
    char *why = xasprintf("service: %s", known != NULL ? known->why : "where it is (RFC 2782)");
    maker_add(maker, owner, "SRV", why, "0 %u %u %s.", known != NULL ? known->weight : 0,
              offered->port, host);
    free(why);
    free(owner);
}

void make_services(struct zone_maker *maker)
{
    const struct config_mail *mail = maker->domain->mail;
    if (!mail->srv)
        return;
    for (size_t i = 0; i < mail->service_count; i++)
        add_service(maker, &mail->services[i]);
    for (size_t i = 0; i < SERVICE_COUNT; i++) {
        if (is_offered(mail, services[i].name))
            continue;
        char *owner = xasprintf("_%s._tcp.%s", services[i].name, maker->name);
        maker_add(maker, owner, "SRV",
                  "services that are not offered, so that nobody tries (RFC 2782, RFC 6186 §3.4)",
                  "0 0 0 .");
        free(owner);
    }
}

void make_autoconfig(struct zone_maker *maker)
{
    if (!maker->domain->mail->autoconfig)
        return;
    char *autoconfig = xasprintf("autoconfig.%s", maker->name);
    char *autodiscover = xasprintf("autodiscover.%s", maker->name);
    char *service = xasprintf("_autodiscover._tcp.%s", maker->name);
    make_box_addresses(maker, autoconfig,
                       "where Thunderbird and others ask for the settings of the domain's mail "
                       "(addresses: RFC 1035 §3.4.1, RFC 3596)");
    make_box_addresses(
        maker, autodiscover,
        "where Outlook asks for the settings of the domain's mail (addresses: RFC 1035 "
        "§3.4.1, RFC 3596)");
    maker_add(maker, service, "SRV",
              "where Outlook asks for the settings of the domain's mail (RFC 2782)", "0 0 443 %s.",
              maker->config->box.hostname);
    free(service);
    free(autodiscover);
    free(autoconfig);
}
