// SPDX-License-Identifier: ISC
#include "config/defaults.h"

#include <errno.h>
#include <glob.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "config/values.h"

#define FOUND_MAX 16 // as many as may be written; sshd makes three host keys

const struct surroundings surroundings_of_box = {
    .certificates = "/etc/letsencrypt/live",
    .host_keys = "/etc/ssh/ssh_host_*_key.pub",
    .tls_next = "/etc/zonebox/tls-next/*.pub",
};

char *defaults_certificate(const struct surroundings *surroundings, const char *hostname)
{
    return xasprintf("%s/%s/fullchain.pem", surroundings->certificates, hostname);
}

static void default_nameservers(struct arena *arena, struct config_box *box)
{
    static const char *const labels[] = {"ns1", "ns2"};
    box->nameservers = arena_struct(arena, 2 * sizeof(*box->nameservers));
    box->nameserver_count = 2;
    for (size_t i = 0; i < 2; i++)
        box->nameservers[i] = (struct config_nameserver){
            .name = arena_printf(arena, "%s.%s", labels[i], box->hostname)};
}

static void default_certificate(struct arena *arena, struct config_box *box,
                                const struct surroundings *surroundings)
{
    char *path = defaults_certificate(surroundings, box->hostname);
    struct stat info;
    // Certbot's directory is closed to others: what cannot be seen may be there, and reading it
    // then says why not.
    if (stat(path, &info) == 0 || errno == EACCES) {
        box->tls = arena_struct(arena, sizeof(*box->tls));
        box->tls[0] = (struct config_text){.text = arena_text(arena, path)};
        box->tls_count = 1;
    }
    free(path);
}

static void default_glob(struct arena *arena, const char *pattern, struct config_text **ret,
                         size_t *ret_count)
{
    glob_t found = {0};
    if (pattern != NULL && glob(pattern, 0, NULL, &found) == 0) { // sorted
        size_t count = found.gl_pathc < FOUND_MAX ? found.gl_pathc : FOUND_MAX;
        *ret = arena_struct(arena, count * sizeof(**ret));
        for (size_t i = 0; i < count; i++)
            (*ret)[i] = (struct config_text){.text = arena_text(arena, found.gl_pathv[i])};
        *ret_count = count;
    }
    globfree(&found);
}

void defaults_services(struct config *config, struct config_mail *mail)
{
    static const char *const names[] = {"submissions", "imaps"};
    mail->services = arena_struct(&config->arena, 2 * sizeof(*mail->services));
    mail->service_count = 2;
    for (size_t i = 0; i < 2; i++)
        mail->services[i] = (struct config_service){.name = arena_text(&config->arena, names[i]),
                                                    .port = value_service_port(names[i])};
}

void defaults_mail(struct config_mail *mail)
{
    if (!mail->dmarc.subdomains_given)
        mail->dmarc.subdomains = mail->dmarc.policy;
}

void defaults_ttl(struct config_ttl *ttl)
{
    uint32_t *const rest[] = {&ttl->address, &ttl->mx,  &ttl->txt, &ttl->tlsa,
                              &ttl->sshfp,   &ttl->srv, &ttl->caa};
    for (size_t i = 0; i < sizeof(rest) / sizeof(rest[0]); i++)
        if (*rest[i] == 0)
            *rest[i] = ttl->standard;
}

void defaults_dnssec(struct config_dnssec_policy *policy)
{
    if (policy->signature_refresh == 0)
        policy->signature_refresh = policy->signature_lifetime / 2;
}

static void default_resolver(struct arena *arena, struct config_resolver *resolver)
{
    static const char *const listen[] = {"127.0.0.1", "::1"};
    if (resolver->listen_count == 0) {
        resolver->listen = arena_struct(arena, 2 * sizeof(*resolver->listen));
        for (; resolver->listen_count < 2; resolver->listen_count++)
            (void)!address_parse(listen[resolver->listen_count], 53,
                                 &resolver->listen[resolver->listen_count], NULL);
    }
    if (resolver->trust_anchor_count == 0) {
        resolver->trust_anchors = arena_struct(arena, sizeof(*resolver->trust_anchors));
        resolver->trust_anchors[0] = (struct config_text){
            .text = arena_text(arena, "/usr/share/dns/root.key")}; // dns-root-data
        resolver->trust_anchor_count = 1;
    }
}

// Certbot's names: a key lies beside each chain, in a directory of its own.
static void default_tls(struct arena *arena, const struct config_box *box,
                        struct config_server_tls *tls)
{
    static const char chain[] = "/fullchain.pem";
    if (tls->certificate == NULL && box->tls_count > 0)
        tls->certificate = box->tls[0].text;
    size_t len = tls->certificate != NULL ? strlen(tls->certificate) : 0;
    if (tls->key != NULL || len < sizeof(chain))
        return;
    size_t directory = len - strlen(chain);
    if (strcmp(tls->certificate + directory, chain) == 0)
        tls->key = arena_printf(arena, "%.*s/privkey.pem", (int)directory, tls->certificate);
}

void defaults_begin(struct config *config)
{
    struct config_box *box = &config->box;
    box->tls_ports = arena_struct(&config->arena, sizeof(*box->tls_ports));
    box->tls_ports[0] = 25;
    box->tls_port_count = 1;
    box->mail.srv = true;
    defaults_services(config, &box->mail);
    box->mail.dkim_algorithms = CONFIG_DKIM_RSA | CONFIG_DKIM_ED25519;
}

static void default_lists(struct config *config, const struct surroundings *surroundings)
{
    struct arena *arena = &config->arena;
    struct config_box *box = &config->box;
    if (box->nameserver_count == 0 && box->hostname != NULL)
        default_nameservers(arena, box);
    if (!box->tls_given && box->hostname != NULL && surroundings->certificates != NULL)
        default_certificate(arena, box, surroundings);
    if (!box->ssh_given)
        default_glob(arena, surroundings->host_keys, &box->ssh, &box->ssh_count);
    if (!box->tls_next_given)
        default_glob(arena, surroundings->tls_next, &box->tls_next, &box->tls_next_count);
    default_resolver(arena, &config->resolver);
    default_tls(arena, box, &config->server.tls);
}

void defaults_apply(struct config *config, const struct surroundings *surroundings)
{
    default_lists(config, surroundings);
    defaults_mail(&config->box.mail);
    defaults_ttl(&config->ttl);
    defaults_dnssec(&config->dnssec);
}
