// SPDX-License-Identifier: ISC
#include "config/defaults.h"

#include <errno.h>
#include <glob.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/alloc.h"

#define HOST_KEYS_MAX 16 // as many as may be written; sshd makes three

const struct surroundings surroundings_of_box = {
    .certificates = "/etc/letsencrypt/live",
    .host_keys = "/etc/ssh/ssh_host_*_key.pub",
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

static void default_host_keys(struct config_box *box, const struct surroundings *surroundings)
{
    glob_t found = {0};
    if (glob(surroundings->host_keys, 0, NULL, &found) == 0) { // sorted
        size_t count = found.gl_pathc < HOST_KEYS_MAX ? found.gl_pathc : HOST_KEYS_MAX;
        box->ssh = xcalloc(count, sizeof(*box->ssh));
        for (; box->ssh_count < count; box->ssh_count++)
            box->ssh[box->ssh_count].text = xstrdup(found.gl_pathv[box->ssh_count]);
    }
    globfree(&found);
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
        default_host_keys(box, surroundings);
    default_resolver(&config->resolver);
    if (config->dnssec.signature_refresh == 0)
        config->dnssec.signature_refresh = config->dnssec.signature_lifetime / 2;
}
