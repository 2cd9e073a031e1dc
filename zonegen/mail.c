// SPDX-License-Identifier: ISC
// Where mail for a domain goes (RFC 5321 §5), and who may send mail of it (SPF, RFC 7208).
#include "zonegen/maker.h"

#include <string.h>

#include "dns/spf.h"

void make_mx(struct zone_maker *maker)
{
    maker_add(maker, maker->name, "MX", "mail for the domain comes to this machine (RFC 5321 §5.1)",
              "10 %s.", maker->config->box.hostname);
}

// `self` is the mechanism for this machine: its name is the exchanger's (mx), or the name itself (a).
static void put_spf(const struct config_spf *spf, const char *self, struct buf *ret)
{
    buf_printf(ret, "v=spf1 %s", self);
    for (size_t i = 0; i < spf->relay_count; i++)
        buf_printf(ret, " %s", spf->relays[i].text);
    buf_put_text(ret, spf->soft ? " ~all" : " -all");
}

static void add_spf(struct zone_maker *maker, const struct config_spf *spf, const char *owner,
                    const char *self, const char *why)
{
    struct buf text = {0};
    put_spf(spf, self, &text);
    maker_add_text(maker, owner, why, "%s", buf_text(&text));
    buf_done(&text);
}

void make_spf(struct zone_maker *maker)
{
    const struct config_spf *spf = &maker->domain->mail->spf;
    if (spf->enabled)
        add_spf(maker, spf, maker->name, "mx",
                spf->relay_count == 0
                    ? "SPF: only the mail exchanger sends mail of this domain (RFC 7208)"
                    : "SPF: only the mail exchanger and the relays of the configuration send mail "
                      "of this domain (RFC 7208)");
}

void make_host_spf(struct zone_maker *maker)
{
    const struct config_spf *spf = &maker->config->box.mail.spf;
    if (spf->enabled)
        add_spf(maker, spf, maker->config->box.hostname, "a",
                "SPF: for this machine's greeting, and its own mail, which has nobody's domain "
                "(RFC 7208 §2.3, §2.4)");
}

// ── What the configuration says ──────────────────────────────────────────────────────────────────

static const char *wrong_relay(const char *relay, struct error *why)
{
    struct spf_term term;
    if (spf_parse_term(relay, strlen(relay), &term, why) != STATUS_OK)
        return why->text;
    if (term.kind == SPF_ALL)
        return "`all:` says what becomes of the others, and comes last";
    if (term.kind == SPF_PTR)
        return "ptr is not to be used (RFC 7208 §5.5); name the relay by ip4:, ip6: or a:";
    if (term.kind >= SPF_REDIRECT)
        return "a modifier is no relay; the relay's record is taken in by include:";
    return strchr("+-~?", relay[0]) != NULL ? "a relay is written without a qualifier" : NULL;
}

// A record with one mistake makes all mail of the domain fail (RFC 7208 §2.6.7), so none is published that has any.
static void check_spf(struct zone_maker *maker, const struct config_spf *spf)
{
    struct buf text = {0};
    struct spf parsed;
    size_t wrong = 0;
    for (size_t i = 0; i < spf->relay_count; i++) {
        struct error why = {0};
        const char *words = wrong_relay(spf->relays[i].text, &why);
        struct zone_place place = config_zone_place(maker->config, &spf->relays[i].place);
        if (words != NULL)
            maker_refuse(maker, &place, "spf: relays: %s: %s", spf->relays[i].text, words);
        wrong += words != NULL;
    }
    put_spf(spf, "mx", &text);
    if (wrong == 0 && spf->relay_count > 0 &&
        spf_parse(buf_text(&text), text.len, &parsed, NULL) == STATUS_OK &&
        parsed.lookups > SPF_LOOKUPS_MAX) {
        struct zone_place place = config_zone_place(maker->config, &spf->relays[0].place);
        maker_refuse(maker, &place,
                     "spf: relays: with %u terms to be looked up no mail of the domain passes, %d "
                     "are the most (RFC 7208 §4.6.4); write relays as ip4: and ip6:, or fewer",
                     parsed.lookups, SPF_LOOKUPS_MAX);
    }
    buf_done(&text);
}

void check_mail(struct zone_maker *maker)
{
    const struct zone_target *target = maker->target;
    const struct config_domain *own = target->domain;
    const struct config_spf *box = &maker->config->box.mail.spf;
    if (target_holds(target, maker->config->box.hostname))
        check_spf(maker, box);
    if (own != NULL && own->has_mail)
        check_spf(maker, &own->mail->spf);
    for (size_t i = 0; i < target->inside_count; i++) {
        if (target->inside[i]->has_mail)
            check_spf(maker, &target->inside[i]->mail->spf);
    }
}
