// SPDX-License-Identifier: ISC
#include "signer/dkim_tables.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/alloc.h"
#include "base/file.h"
#include "base/log.h"
#include "signer/dkim.h"

#define RETRY_S 60
// Rest after writing, times what it took: a tenth of the time at most.
#define REST 9
// Octets that are read to compare: a million domains.
#define FILE_MAX (512U << 20)

static const char head[] = "# Written by zone-signer; it is made anew when a key is replaced.\n";

void dkim_tables_done(struct dkim_tables *tables)
{
    free(tables->directory);
    free(tables->trouble);
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

static int64_t monotonic_ms(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (int64_t)time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

static enum status write_changed(const char *directory, const char *name, const struct buf *wanted,
                                 struct error *err)
{
    char *path = path_join(directory, name);
    struct buf there = {0};
    enum status status = file_read(path, FILE_MAX, &there, NULL);
    bool same = status == STATUS_OK && there.len == wanted->len &&
                memcmp(there.data, wanted->data, wanted->len) == 0;
    status = same ? STATUS_OK : file_write(path, wanted->data, wanted->len, 0640, err);
    buf_done(&there);
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
    enum status status = write_changed(tables->directory, "KeyTable", &texts.keys, err);
    if (status == STATUS_OK)
        status = write_changed(tables->directory, "SigningTable", &texts.signing, err);
    if (status == STATUS_OK)
        status = write_changed(tables->directory, "rspamd.conf", &texts.rspamd, err);
    buf_done(&texts.keys);
    buf_done(&texts.signing);
    buf_done(&texts.rspamd);
    return status;
}

static void fail(struct dkim_tables *tables, const struct error *err, int64_t now)
{
    tables->retry_at = now + RETRY_S;
    if (tables->trouble != NULL && strcmp(tables->trouble, err->text) == 0)
        return;
    log_event(LOG_LEVEL_ERROR, "dkim-tables-not-written", "reason", err->text, NULL);
    free(tables->trouble);
    tables->trouble = xstrdup(err->text);
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

void dkim_tables_write(struct dkim_tables *tables, const struct zones *zones, bool round_is_over,
                       int64_t now)
{
    struct error err = {0};
    int64_t start = monotonic_ms();
    if (!tables->stale || now < tables->retry_at ||
        (!round_is_over && (start < tables->rest_ms || !is_whole(zones))))
        return;
    enum status status = write_all(tables, zones, &err);
    int64_t end = monotonic_ms();
    tables->rest_ms = end + REST * (end - start + 1);
    if (status != STATUS_OK) {
        fail(tables, &err, now);
        return;
    }
    if (tables->trouble != NULL)
        log_event(LOG_LEVEL_NOTICE, "dkim-tables-written-again", NULL);
    free(tables->trouble);
    tables->trouble = NULL;
    tables->stale = false;
    tables->retry_at = 0;
}
