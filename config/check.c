// SPDX-License-Identifier: ISC
#include "config/check.h"

#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

#include "base/alloc.h"
#include "config/values.h"

#define NAME_MAX_OCTETS 253 // RFC 1035 §2.3.4: 255 on the wire

static int compare_domains(const void *left, const void *right)
{
    const struct config_domain *a = *(const struct config_domain *const *)left;
    const struct config_domain *b = *(const struct config_domain *const *)right;
    int order = strcmp(a->name, b->name);
    return order != 0 ? order : (a > b) - (a < b); // the order of the file among equals
}

static void check_domains_once(const struct reader *reader)
{
    const struct config *config = reader->config;
    const struct config_domain **sorted =
        xcalloc(config->domain_count, sizeof(struct config_domain *));
    size_t count = 0;
    for (size_t i = 0; i < config->domain_count; i++)
        if (config->domains[i].name != NULL)
            sorted[count++] = &config->domains[i];
    qsort(sorted, count, sizeof(struct config_domain *), compare_domains);
    for (size_t i = 1, first = 0; i < count; i++) {
        if (strcmp(sorted[i]->name, sorted[first]->name) != 0) {
            first = i;
            continue;
        }
        reader_complain(reader, sorted[i]->place, "domains",
                        "%s is listed twice, first in line %u; remove one", sorted[i]->name,
                        sorted[first]->place.line);
    }
    free(sorted);
}

static void check_domain(const struct reader *reader, const struct config_domain *domain)
{
    if (domain->dnssec == CONFIG_DNSSEC_PRESIGNED && domain->zone_file == NULL)
        reader_complain(reader, domain->place, "domains.dnssec",
                        "%s is to be presigned and has no zone file; write `zone-file: FILE`, or "
                        "`dnssec: yes` to have it signed here",
                        domain->name);
    if (domain->zone_file != NULL)
        return;
    // A generated zone is a mail domain's.
    if (strchr(domain->name, '_') != NULL)
        reader_complain(reader, domain->place, "domains.name",
                        "%s has \"_\" in it, which no mail domain has; only a zone with "
                        "`zone-file: FILE` may",
                        domain->name);
    const char *selector = reader->config->box.dkim_selector;
    size_t longest =
        strlen(domain->name) + strlen("._domainkey.") + (selector != NULL ? strlen(selector) : 0);
    if (longest > NAME_MAX_OCTETS)
        reader_complain(
            reader, domain->place, "domains.name",
            "%s is too long: the name of its DKIM record would have %zu octets; at most "
            "253 are possible",
            domain->name, longest);
}

static void check_refresh(const struct reader *reader)
{
    const struct config_dnssec_policy *dnssec = &reader->config->dnssec;
    if (dnssec->refresh_place.line == 0 || dnssec->signature_lifetime == 0 || // default, or wrong
        dnssec->signature_refresh < dnssec->signature_lifetime)
        return;
    char refresh[VALUE_DURATION_MAX], lifetime[VALUE_DURATION_MAX];
    reader_complain(reader, dnssec->refresh_place, "dnssec.signature-refresh",
                    "%s is not less than the lifetime of a signature, %s; write a shorter time",
                    value_duration(dnssec->signature_refresh * 1000ULL, refresh),
                    value_duration(dnssec->signature_lifetime * 1000ULL, lifetime));
}

static bool is_among(const struct address *address, const struct address *list, size_t count)
{
    for (size_t i = 0; i < count && address->any.sa_family != AF_UNSPEC; i++) // else it was wrong
        if (address_equal(address, &list[i]))
            return true;
    return false;
}

// Neither may the two take the same socket, nor may the resolver ask itself.
static void check_resolver(const struct reader *reader)
{
    const struct config_resolver *resolver = &reader->config->resolver;
    const struct config_server *server = &reader->config->server;
    char text[ADDRESS_TEXT_MAX];
    if (!resolver->enabled)
        return;
    for (size_t i = 0; i < resolver->listen_count; i++) {
        if (!is_among(&resolver->listen[i], server->listen, server->listen_count))
            continue;
        bool written = resolver->listen_place.line != 0;
        reader_complain(reader, written ? resolver->listen_place : server->listen_place,
                        written ? "resolver.listen" : "server.listen",
                        "%s is %s too; write another address or port for one of them, or "
                        "`resolver: no`",
                        address_text(&resolver->listen[i], true, text),
                        written ? "the server's" : "the resolver's default");
    }
    for (size_t i = 0; i < resolver->forward_count; i++)
        if (is_among(&resolver->forward[i].address, resolver->listen, resolver->listen_count))
            reader_complain(reader, resolver->forward_place, "resolver.forward",
                            "%s is this resolver itself; write another one, or leave the option "
                            "out for own recursion",
                            address_text(&resolver->forward[i].address, true, text));
}

// unix(7): sun_path. The longest name below is "zone-server.255.sock".
static void check_control(const struct reader *reader)
{
    const struct config_control *control = &reader->config->control;
    size_t longest =
        sizeof(((struct sockaddr_un *)NULL)->sun_path) - sizeof("/zone-server.255.sock");
    if (control->directory != NULL && strlen(control->directory) > longest)
        reader_complain(reader, control->directory_place, "control.directory",
                        "too long for the name of a socket below it; it may have %zu octets",
                        longest);
}

// One that holds no key and is taken over must not be the one that holds them all.
static void check_users(const struct reader *reader)
{
    const struct config_user *user = &reader->config->user;
    const struct {
        const char *option, *user;
        struct config_place place;
    } rows[] = {{"user.signer", user->signer, user->signer_place},
                {"user.server", user->server, user->server_place},
                {"user.resolver", user->resolver, user->resolver_place},
                {"user.probe", user->probe, user->probe_place}};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        for (size_t k = 0; k < sizeof(rows) / sizeof(rows[0]); k++) {
            bool later = rows[i].place.line > rows[k].place.line ||
                         (rows[i].place.line == rows[k].place.line &&
                          rows[i].place.column > rows[k].place.column);
            if (later && rows[i].user != NULL && rows[k].user != NULL &&
                strcmp(rows[i].user, rows[k].user) == 0)
                reader_complain(reader, rows[i].place, rows[i].option,
                                "\"%s\" is `%s` too; each program needs a user of its own",
                                rows[i].user, rows[k].option);
        }
}

void check_config(const struct reader *reader)
{
    const struct config *config = reader->config;
    const struct config_box *box = &config->box;
    size_t longest = NAME_MAX_OCTETS - strlen("_25._tcp.");
    if (box->hostname != NULL && strlen(box->hostname) > longest)
        reader_complain(reader, box->hostname_place, "box.hostname",
                        "too long for its TLSA record; it may have %zu octets", longest);
    check_domains_once(reader);
    for (size_t i = 0; i < config->domain_count; i++)
        if (config->domains[i].name != NULL)
            check_domain(reader, &config->domains[i]);
    check_refresh(reader);
    check_resolver(reader);
    check_control(reader);
    check_users(reader);
}
