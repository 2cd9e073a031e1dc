// SPDX-License-Identifier: ISC
#include "config/defaults.h"

#include <errno.h>
#include <glob.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/alloc.h"

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

static void default_nameservers(struct config_box *box)
{
    static const char *const labels[] = {"ns1", "ns2"};
    box->nameservers = xcalloc(2, sizeof(*box->nameservers));
    box->nameserver_count = 2;
    for (size_t i = 0; i < 2; i++)
        box->nameservers[i].name = xasprintf("%s.%s", labels[i], box->hostname);
}

static void default_certificate(struct config_box *box, const struct surroundings *surroundings)
{
    char *path = defaults_certificate(surroundings, box->hostname);
    struct stat info;
    // Certbot's directory is closed to others: what cannot be seen may be there, and reading it
    // then says why not.
    if (stat(path, &info) != 0 && errno != EACCES) {
        free(path);
        return;
    }
    box->tls = xcalloc(1, sizeof(*box->tls));
    box->tls_count = 1;
    box->tls[0].text = path;
}

static void default_glob(const char *pattern, struct config_text **ret, size_t *ret_count)
{
    glob_t found = {0};
    if (glob(pattern, 0, NULL, &found) == 0) { // sorted
        size_t count = found.gl_pathc < FOUND_MAX ? found.gl_pathc : FOUND_MAX;
        *ret = xcalloc(count, sizeof(**ret));
        for (size_t i = 0; i < count; i++)
            (*ret)[i].text = xstrdup(found.gl_pathv[i]);
        *ret_count = count;
    }
    globfree(&found);
}

static void default_mail(struct config_mail *mail)
{
    static const char *const names[] = {"submissions", "imaps"};
    static const uint32_t ports[] = {465, 993};
    mail->spf.enabled = true;
    mail->dmarc = (struct config_dmarc){.enabled = true,
                                        .policy = CONFIG_DMARC_QUARANTINE,
                                        .subdomains = CONFIG_DMARC_QUARANTINE,
                                        .nonexistent = CONFIG_DMARC_REJECT};
    mail->mta_sts = (struct config_mta_sts){.mode = CONFIG_STS_ENFORCE, .max_age = 4 * 604800};
    mail->srv = true;
    mail->services = xcalloc(2, sizeof(*mail->services));
    mail->service_count = 2;
    for (size_t i = 0; i < 2; i++)
        mail->services[i] = (struct config_service){.name = xstrdup(names[i]), .port = ports[i]};
    mail->dkim_algorithms = CONFIG_DKIM_RSA | CONFIG_DKIM_ED25519;
}

static void default_ttls(struct config_ttl *ttl)
{
    uint32_t *const rest[] = {&ttl->address, &ttl->mx,  &ttl->txt, &ttl->tlsa,
                              &ttl->sshfp,   &ttl->srv, &ttl->caa};
    for (size_t i = 0; i < sizeof(rest) / sizeof(rest[0]); i++)
        if (*rest[i] == 0)
            *rest[i] = ttl->standard;
}

static void default_domains(struct config *config)
{
    for (size_t i = 0; i < config->domain_count; i++) {
        struct config_domain *domain = &config->domains[i];
        domain->mail = &config->box.mail;
        domain->ttl = &config->ttl;
        domain->dkim = config->box.dkim;
    }
}

static void default_resolver(struct config_resolver *resolver)
{
    static const char *const listen[] = {"127.0.0.1", "::1"};
    if (resolver->listen_count == 0) {
        resolver->listen = xcalloc(2, sizeof(*resolver->listen));
        for (; resolver->listen_count < 2; resolver->listen_count++)
            (void)!address_parse(listen[resolver->listen_count], 53,
                                 &resolver->listen[resolver->listen_count], NULL);
    }
    if (resolver->trust_anchor_count == 0) {
        resolver->trust_anchors = xcalloc(1, sizeof(*resolver->trust_anchors));
        resolver->trust_anchors[0].text = xstrdup("/usr/share/dns/root.key"); // dns-root-data
        resolver->trust_anchor_count = 1;
    }
}

void defaults_apply(struct config *config, const struct surroundings *surroundings)
{
    struct config_box *box = &config->box;
    if (box->nameserver_count == 0 && box->hostname != NULL)
        default_nameservers(box);
    if (!box->tls_given && box->hostname != NULL && surroundings->certificates != NULL)
        default_certificate(box, surroundings);
    if (!box->ssh_given && surroundings->host_keys != NULL)
        default_glob(surroundings->host_keys, &box->ssh, &box->ssh_count);
    if (surroundings->tls_next != NULL)
        default_glob(surroundings->tls_next, &box->tls_next, &box->tls_next_count);
    box->tls_ports = xcalloc(1, sizeof(*box->tls_ports));
    box->tls_ports[0] = 25;
    box->tls_port_count = 1;
    default_mail(&box->mail);
    default_ttls(&config->ttl);
    default_domains(config);
    config->files = xcalloc(1, sizeof(*config->files));
    config->files[0].path = config->path;
    config->file_count = 1;
    default_resolver(&config->resolver);
    if (config->dnssec.signature_refresh == 0)
        config->dnssec.signature_refresh = config->dnssec.signature_lifetime / 2;
}
