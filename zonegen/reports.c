// SPDX-License-Identifier: ISC
// What becomes of mail that only claims to be ours (DMARC, RFC 9989), and who tells us: reports of DMARC (RFC 9990) and
// of TLS (RFC 8460).
#include "zonegen/maker.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"

static const char *const policies[] = {
    [CONFIG_DMARC_NONE] = "none",
    [CONFIG_DMARC_QUARANTINE] = "quarantine",
    [CONFIG_DMARC_REJECT] = "reject",
};

static const char *const deeds[] = {
    [CONFIG_DMARC_NONE] = "let pass",
    [CONFIG_DMARC_QUARANTINE] = "quarantine",
    [CONFIG_DMARC_REJECT] = "refuse",
};

// "; rua=uri,uri". What would end a URI in the list is encoded (RFC 9989 §4.8, RFC 8460 §3).
static void put_uris(const char *tag, const struct config_text *uris, size_t count, struct buf *ret)
{
    for (size_t i = 0; i < count; i++) {
        if (i == 0)
            buf_printf(ret, "; %s=", tag);
        else
            buf_put_text(ret, ",");
        for (const char *c = uris[i].text; *c != '\0'; c++) {
            if (strchr(",;!", *c) != NULL)
                buf_printf(ret, "%%%02X", (unsigned)*c);
            else
                buf_put(ret, c, 1);
        }
    }
}

static void add_dmarc(struct zone_maker *maker, const char *name, const struct config_dmarc *dmarc)
{
    struct buf text = {0};
    char *owner = xasprintf("_dmarc.%s", name);
    char *why =
        xasprintf("DMARC: %s what fails SPF and DKIM, %s names that do not exist%s (RFC 9989)",
                  deeds[dmarc->policy], deeds[dmarc->nonexistent],
                  dmarc->testing ? ", on trial: receivers are one step milder" : "");
    buf_printf(&text, "v=DMARC1; p=%s; sp=%s; np=%s", policies[dmarc->policy],
               policies[dmarc->subdomains], policies[dmarc->nonexistent]);
    buf_put_text(&text, dmarc->strict_dkim ? "; adkim=s" : "");
    buf_put_text(&text, dmarc->strict_spf ? "; aspf=s" : "");
    buf_put_text(&text, dmarc->testing ? "; t=y" : "");
    put_uris("rua", dmarc->reports, dmarc->report_count, &text);
    put_uris("ruf", dmarc->failures, dmarc->failure_count, &text);
    maker_add_text(maker, owner, why, "%s", buf_text(&text));
    free(why);
    free(owner);
    buf_done(&text);
}

// Reports go nowhere unless who gets them says so. Where that is not ours to say, somebody has to be asked.
static void note_foreign(struct zone_maker *maker, const char *name,
                         const struct config_text *addresses, size_t count)
{
    char domain[REPORT_DOMAIN_MAX];
    for (size_t i = 0; i < count; i++) {
        if (!report_domain(addresses[i].text, domain) ||
            !report_is_foreign(maker->target, name, domain))
            continue;
        const struct zone_target *zone = target_of(maker->target, domain);
        if (zone == NULL || (zone->domain != NULL && zone->domain->zone_file != NULL))
            maker_note(maker, false, NULL,
                       "DMARC reports of %s come only when %s welcomes them (RFC 9990 §4): "
                       "%s._report._dmarc.%s. TXT \"v=DMARC1;\" has to be in its zone",
                       name, domain, name, domain);
    }
}

static void make_dmarc_of(struct zone_maker *maker, const char *name,
                          const struct config_dmarc *dmarc)
{
    if (!dmarc->enabled)
        return;
    add_dmarc(maker, name, dmarc);
    note_foreign(maker, name, dmarc->reports, dmarc->report_count);
    note_foreign(maker, name, dmarc->failures, dmarc->failure_count);
}

void make_dmarc(struct zone_maker *maker)
{
    make_dmarc_of(maker, maker->name, &maker->domain->mail->dmarc);
}

void make_host_dmarc(struct zone_maker *maker)
{
    make_dmarc_of(maker, maker->config->box.hostname, &maker->config->box.mail.dmarc);
}

// ── Welcome to the reports of others ─────────────────────────────────────────────────────────────

static void welcome(struct zone_maker *maker, const char *name, const struct config_text *addresses,
                    size_t count)
{
    char domain[REPORT_DOMAIN_MAX];
    for (size_t i = 0; i < count; i++) {
        if (!report_domain(addresses[i].text, domain) || !target_holds(maker->target, domain) ||
            !report_is_foreign(maker->target, name, domain))
            continue;
        char *owner = xasprintf("%s._report._dmarc.%s", name, domain);
        maker_add_text(maker, owner,
                       "DMARC: reports of other domains of this machine are welcome here "
                       "(RFC 9990 §4)",
                       "v=DMARC1;");
        free(owner);
    }
}

void make_report_authorisation(struct zone_maker *maker)
{
    const struct zone_target *target = maker->target;
    for (size_t i = 0; i < target->reporter_count; i++) {
        const struct zone_reporter *reporter = &target->reporters[i];
        const struct config_dmarc *dmarc = &reporter->mail->dmarc;
        welcome(maker, reporter->name, dmarc->reports, dmarc->report_count);
        welcome(maker, reporter->name, dmarc->failures, dmarc->failure_count);
    }
}

// ── TLS-RPT ──────────────────────────────────────────────────────────────────────────────────────

static void add_tls_rpt(struct zone_maker *maker, const char *name, const struct config_mail *mail,
                        const char *why)
{
    struct buf text = {0};
    char *owner = xasprintf("_smtp._tls.%s", name);
    buf_put_text(&text, "v=TLSRPTv1");
    put_uris("rua", mail->tls_rpt, mail->tls_rpt_count, &text);
    if (mail->tls_rpt_count > 0)
        maker_add_text(maker, owner, why, "%s", buf_text(&text));
    free(owner);
    buf_done(&text);
}

void make_tls_rpt(struct zone_maker *maker)
{
    add_tls_rpt(maker, maker->name, maker->domain->mail,
                "TLS-RPT: where senders report failures of TLS on the way to the domain "
                "(RFC 8460 §3)");
}

// A report about DANE is for the name that has the TLSA records (RFC 8460 §1.1), and others may have it as exchanger.
void make_host_tls_rpt(struct zone_maker *maker)
{
    add_tls_rpt(maker, maker->config->box.hostname, &maker->config->box.mail,
                "TLS-RPT: where senders report failures of DANE with this machine (RFC 8460 §3)");
}
