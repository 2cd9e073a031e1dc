// SPDX-License-Identifier: ISC
#include "config/check.h"

#include <stdio.h>
#include <string.h>
#include <sys/un.h>

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

// Certificate and key are of no use without each other. That there is no certificate yet is no mistake.
static void check_tls(const struct reader *reader)
{
    const struct config_server_tls *tls = &reader->config->server.tls;
    const struct config_server *server = &reader->config->server;
    char text[ADDRESS_TEXT_MAX];
    if (!tls->enabled)
        return;
    if (tls->certificate == NULL && reader->config->box.tls_given)
        reader_complain(reader, tls->place, "server.tls",
                        "the box has no certificate (box.tls); write `certificate: FILE` here, or "
                        "`tls: no`");
    if (tls->certificate != NULL && tls->key == NULL)
        reader_complain(reader, tls->place, "server.tls",
                        "where is the key of %s? Write `tls: {key: FILE}`", tls->certificate);
    for (size_t i = 0; i < tls->listen_count; i++)
        if (is_among(&tls->listen[i], server->listen, server->listen_count) ||
            is_among(&tls->listen[i], reader->config->resolver.listen,
                     reader->config->resolver.enabled ? reader->config->resolver.listen_count : 0))
            reader_complain(reader, tls->listen_place, "server.tls.listen",
                            "%s is listened on without TLS; write another port, 853 is usual",
                            address_text(&tls->listen[i], true, text));
    for (size_t i = 0; i < server->listen_count && tls->listen_count == 0; i++)
        if (address_port(&server->listen[i]) == CONFIG_PORT_TLS)
            reader_complain(reader, tls->place, "server.tls",
                            "%s is listened on without TLS; write another port in `server: "
                            "listen:`, or `tls: {listen: …}`",
                            address_text(&server->listen[i], true, text));
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
                {"user.probe", user->probe, user->probe_place},
                {"user.tls", user->tls, user->tls_place}};
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

// RFC 7208 §4.6.4: whoever looks up more than ten gives up with an error. The record's own `mx` is one.
static void check_spf(const struct reader *reader, const struct config_mail *mail,
                      const char *option)
{
    size_t lookups = 1;
    for (size_t i = 0; i < mail->spf.relay_count; i++) {
        const char *relay = mail->spf.relays[i].text;
        lookups += relay != NULL && strncmp(relay, "ip", 2) != 0 ? 1 : 0;
    }
    if (lookups > 10)
        reader_complain(reader, mail->spf.place, option,
                        "receivers would have to look up %zu names, and stop after 10; write "
                        "addresses (ip4:, ip6:) in place of names",
                        lookups);
}

static void check_spfs(const struct reader *reader)
{
    const struct config *config = reader->config;
    check_spf(reader, &config->box.mail, "box.spf.relays");
    for (size_t i = 0; i < config->domain_count; i++) {
        const struct config_mail *mail = config->domains[i].mail;
        // What is the box's was looked at with it.
        if (mail != NULL && mail->spf.relays != config->box.mail.spf.relays)
            check_spf(reader, mail, "domains.spf.relays");
    }
}

// Dated selectors are PREFIX-ed25519-YYYYMMDD, in one label, and -2 behind it for the second of a day.
static void check_selector(const struct reader *reader)
{
    const struct config_box *box = &reader->config->box;
    if (box->dkim_selector == NULL)
        return;
    const char *dot = strrchr(box->dkim_selector, '.');
    const char *last = dot != NULL ? dot + 1 : box->dkim_selector;
    size_t most = 63 - strlen("-ed25519-20260101-9");
    if (strlen(last) > most)
        reader_complain(reader, box->dkim_selector_place, "box.dkim.selector",
                        "too long: algorithm and date are put behind it; it may have %zu octets",
                        most);
}

static void check_host_name(const struct reader *reader)
{
    const struct config_box *box = &reader->config->box;
    size_t port = strlen("25");
    char text[12];
    for (size_t i = 0; i < box->tls_port_count; i++) {
        int len = snprintf(text, sizeof(text), "%u", box->tls_ports[i]);
        port = (size_t)len > port ? (size_t)len : port;
    }
    size_t longest = NAME_MAX_OCTETS - strlen("_._tcp.") - port;
    if (box->hostname != NULL && strlen(box->hostname) > longest)
        reader_complain(reader, box->hostname_place, "box.hostname",
                        "too long for its TLSA record; it may have %zu octets", longest);
}

void check_config(const struct reader *reader)
{
    check_host_name(reader);
    check_selector(reader);
    check_spfs(reader);
    check_domains(reader);
    check_policies(reader);
    check_resolver(reader);
    check_tls(reader);
    check_control(reader);
    check_users(reader);
}
