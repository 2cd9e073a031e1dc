// SPDX-License-Identifier: ISC
#include "signer/dkim_tables.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "base/file.h"
#include "base/log.h"
#include "signer/dkim.h"

static const char head[] = "# Written by zone-signer; it is made anew when a key is replaced.\n";

void dkim_tables_done(struct dkim_tables *tables)
{
    free(tables->directory);
    kept_file_done(&tables->kept);
    *tables = (struct dkim_tables){.directory = NULL};
}

// ── The texts ────────────────────────────────────────────────────────────────────────────────────

struct texts {
    const char *directory;
    enum dkim_algorithm algorithm; // of OpenDKIM's tables
    struct buf keys;
    struct buf signing;
    struct buf rspamd;
};

static void put_key(struct texts *texts, const char *domain, const struct dkim_key *key)
{
    if (key->algorithm != texts->algorithm || !key->has_private || key->trouble != NULL ||
        (key->state != DKIM_ACTIVE && key->state != DKIM_RETIRING))
        return;
    buf_printf(&texts->keys, "%s._domainkey.%s %s:%s:%s/%s/%s.private\n", key->selector, domain,
               domain, key->selector, texts->directory, domain, key->selector);
}

static void put_selector(struct texts *texts, const char *domain, const struct dkim_key *key)
{
    if (key != NULL)
        buf_printf(&texts->rspamd, "      { selector = \"%s\"; path = \"%s/%s/%s.private\"; }\n",
                   key->selector, texts->directory, domain, key->selector);
}

static void put_domain(struct texts *texts, const struct dkim_domain *domain)
{
    const struct dkim_key *signer = dkim_signer(&domain->set, texts->algorithm);
    const struct dkim_key *rsa = dkim_signer(&domain->set, DKIM_RSA);
    const struct dkim_key *ed25519 = dkim_signer(&domain->set, DKIM_ED25519);
    for (size_t i = 0; i < domain->set.count; i++)
        put_key(texts, domain->name, &domain->set.list[i]);
    if (signer != NULL)
        buf_printf(&texts->signing, "%s %s._domainkey.%s\n", domain->name, signer->selector,
                   domain->name);
    if (rsa == NULL && ed25519 == NULL)
        return;
    buf_printf(&texts->rspamd, "  \"%s\" {\n    selectors [\n", domain->name);
    put_selector(texts, domain->name, rsa);
    put_selector(texts, domain->name, ed25519);
    buf_put_text(&texts->rspamd, "    ]\n  }\n");
}

static void put_domains(struct texts *texts, const struct zone *list, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct zone_dkim *dkim = list[i].dkim;
        for (size_t k = 0; dkim != NULL && k < dkim->count; k++)
            put_domain(texts, &dkim->list[k]);
    }
}

static void print(struct texts *texts, const struct zones *zones)
{
    buf_put_text(&texts->keys, head);
    buf_put_text(&texts->signing, head);
    buf_put_text(&texts->rspamd, head);
    buf_put_text(&texts->rspamd, "domain {\n");
    put_domains(texts, zones->list, zones->count);
    put_domains(texts, zones->externals, zones->external_count);
    buf_put_text(&texts->rspamd, "}\n");
}

// ── Writing ──────────────────────────────────────────────────────────────────────────────────────

static enum status put_file(const char *directory, const char *name, const struct buf *wanted,
                            struct error *err)
{
    char *path = path_join(directory, name);
    enum status status = file_update(path, wanted->data, wanted->len, 0640, err);
    free(path);
    return status;
}

static enum status write_all(const struct dkim_tables *tables, const struct zones *zones,
                             struct error *err)
{
    bool rsa = (zones->inputs->config->box.mail.dkim_algorithms & DKIM_RSA) != 0;
    struct texts texts = {.directory = tables->directory,
                          .algorithm = rsa ? DKIM_RSA : DKIM_ED25519};
    print(&texts, zones);
    // The order matters: what signing names is in keys.
    enum status status = put_file(tables->directory, "KeyTable", &texts.keys, err);
    if (status == STATUS_OK)
        status = put_file(tables->directory, "SigningTable", &texts.signing, err);
    if (status == STATUS_OK)
        status = put_file(tables->directory, "rspamd.conf", &texts.rspamd, err);
    buf_done(&texts.keys);
    buf_done(&texts.signing);
    buf_done(&texts.rspamd);
    return status;
}

static bool are_known(const struct zone *list, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct zone *zone = &list[i];
        if (zone->dkim == NULL && zone->target->domain != NULL && zone_file_path(zone) == NULL)
            return false;
    }
    return true;
}

// After a start, zones are looked at one after the other: tables of the first ones would take the others' keys away.
static bool is_whole(const struct zones *zones)
{
    return are_known(zones->list, zones->count) &&
           are_known(zones->externals, zones->external_count);
}

void dkim_tables_write(struct dkim_tables *tables, const struct zones *zones, enum kept_when when,
                       int64_t now)
{
    struct error err = {0};
    if (!kept_file_is_due(&tables->kept, when, now) || (when == KEPT_IN_TIME && !is_whole(zones)))
        return;
    kept_file_begin(&tables->kept);
    enum status status = write_all(tables, zones, &err);
    enum kept_news news = kept_file_end(&tables->kept, status, &err, now);
    if (news == KEPT_FAILED)
        log_event(LOG_LEVEL_ERROR, "dkim-tables-not-written", "reason", err.text, NULL);
    else if (news == KEPT_AGAIN)
        log_event(LOG_LEVEL_NOTICE, "dkim-tables-written-again", NULL);
}
