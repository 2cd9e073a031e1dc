// SPDX-License-Identifier: ISC
// MTA-STS (RFC 8461): senders that do not know DANE fetch a policy from a web server, and this record says when it has
// changed. The policy follows from the zone, so that the two never differ.
#include "zonegen/maker.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>

#include "base/alloc.h"

static const char *const modes[] = {
    [CONFIG_STS_ENFORCE] = "enforce",
    [CONFIG_STS_TESTING] = "testing",
    [CONFIG_STS_NONE] = "none",
};

// Writes a line per exchanger of the name; false when there is none but the null one.
static bool put_exchangers(const struct zone_content *content, const struct owners *owners,
                           const ldns_rdf *name, struct buf *ret)
{
    bool any = false;
    size_t *list = NULL;
    size_t count = owners_list(owners, content->records, name, &list);
    for (size_t i = 0; i < count; i++) {
        const ldns_rr *rr = content->records[list[i]].rr;
        if (ldns_rr_get_type(rr) != LDNS_RR_TYPE_MX)
            continue;
        char *host = ldns_rdf2str(ldns_rr_rdf(rr, 1));
        size_t len = strlen(host);
        if (len > 1) // not the null MX (RFC 7505)
            buf_printf(ret, "mx: %.*s\n", (int)len - 1, host);
        any = any || len > 1;
        free(host);
    }
    free(list);
    return any;
}

bool zonegen_mta_sts_policy(const struct zone_content *content, const struct owners *owners,
                            const struct config_domain *domain, struct buf *ret)
{
    const struct config_mta_sts *policy = &domain->mail->mta_sts;
    struct buf exchangers = {0};
    ldns_rdf *name = NULL;
    if (!domain->has_mail || !policy->enabled)
        return false;
    name = ldns_dname_new_frm_str(domain->name);
    bool any = name != NULL && put_exchangers(content, owners, name, &exchangers);
    if (any)
        buf_printf(ret, "version: STSv1\nmode: %s\n%smax_age: %u\n", modes[policy->mode],
                   buf_text(&exchangers), policy->max_age);
    ldns_rdf_deep_free(name);
    buf_done(&exchangers);
    return any;
}

#define ID_LEN 32 // RFC 8461 §3.1: at most that many letters and digits

static bool policy_id(const struct buf *policy, char ret[ID_LEN + 1])
{
    unsigned char digest[32];
    size_t len = 0;
    if (!EVP_Q_digest(NULL, "SHA256", NULL, policy->data, policy->len, digest, &len))
        return false;
    for (size_t i = 0; i < ID_LEN / 2; i++)
        snprintf(ret + 2 * i, 3, "%02x", digest[i]);
    return true;
}

// The policy in one line, for people.
static char *one_line(struct buf *policy)
{
    struct buf line = {0};
    for (const char *c = buf_text(policy); c[0] != '\0' && c[1] != '\0'; c++) {
        if (*c == '\n')
            buf_put_text(&line, " / ");
        else
            buf_put(&line, c, 1);
    }
    char *ret = xstrdup(buf_text(&line));
    buf_done(&line);
    return ret;
}

void make_mta_sts(struct zone_maker *maker)
{
    struct buf policy = {0};
    char id[ID_LEN + 1];
    const struct zone_content *content = maker->content;
    owners_follow(&maker->owners, content->records, content->record_count);
    if (maker->domain != NULL &&
        zonegen_mta_sts_policy(content, &maker->owners, maker->domain, &policy) &&
        policy_id(&policy, id)) {
        char *owner = xasprintf("_mta-sts.%s", maker->name);
        char *shown = one_line(&policy);
        char *why = xasprintf("MTA-STS: the policy with this id has to be at "
                              "https://mta-sts.%s/.well-known/mta-sts.txt: %s (RFC 8461 §3)",
                              maker->name, shown);
        maker_add_text(maker, owner, why, "v=STSv1; id=%s;", id);
        free(why);
        free(shown);
        free(owner);
    }
    buf_done(&policy);
}

void make_mta_sts_addresses(struct zone_maker *maker)
{
    char *owner = xasprintf("mta-sts.%s", maker->name);
    if (maker->domain->mail->mta_sts.enabled)
        make_box_addresses(maker, owner,
                           "addresses of the web server that has the MTA-STS policy "
                           "(RFC 8461 §3.3)");
    free(owner);
}
