// SPDX-License-Identifier: ISC
// The mail server's host: the names of its addresses, and the certificates that its ports present, against TLSA.
#include <openssl/evp.h>
#include <string.h>

#include "probe/judge.h"

// ── Names of addresses ───────────────────────────────────────────────────────────────────────────

// Does the host's name lead back to the address? The servers' answers are judged as records; here counts what others
// find by way of a resolver.
static bool leads_back(struct judge *judge, const struct address *address)
{
    struct address *addresses;
    size_t count;
    if (judge->is_lost ||
        judge_addresses(judge, judge->zone->host.name, 53, &addresses, &count) != REPLY_READY)
        return true; // not known, and not held against it
    for (size_t i = 0; i < count; i++)
        if (address_equal(&addresses[i], address))
            return true;
    return false;
}

static void judge_ptr(struct judge *judge, const struct address *address)
{
    const char *host = judge->zone->host.name;
    char text[ADDRESS_TEXT_MAX];
    const char *subject = judge_text(judge, "%s", address_text(address, false, text));
    const char *reverse = judge_reverse_name(judge, address), *why;
    ldns_rr_list *list;
    enum judge_reply reply = judge_resolve(judge, reverse, LDNS_RR_TYPE_PTR, &list, &why);
    if (reply == REPLY_UNKNOWN)
        verdict_add(judge->verdicts, CHECK_PTR, VERDICT_UNKNOWN, subject, "%s: %s", reverse, why);
    if (reply != REPLY_READY)
        return;
    size_t count;
    const char **names = judge_names(judge, list, &count);
    bool named = false;
    for (size_t i = 0; i < count; i++)
        named = named || name_is(names[i], host);
    if (named && leads_back(judge, address)) {
        verdict_add(judge->verdicts, CHECK_PTR, VERDICT_OK, subject, "is %s, there and back", host);
        return;
    }
    if (named) {
        verdict_add(judge->verdicts, CHECK_PTR, VERDICT_WRONG, subject,
                    "is named %s, but %s leads elsewhere", host, host);
        verdict_todo(judge->verdicts,
                     "See why the world finds other addresses for %s than the "
                     "configuration has: the other verdicts may say so",
                     host);
        return;
    }
    if (count == 0)
        verdict_add(judge->verdicts, CHECK_PTR, VERDICT_WRONG, subject,
                    "has no name (PTR): many mail servers take nothing from it");
    else
        verdict_add(judge->verdicts, CHECK_PTR, VERDICT_WRONG, subject,
                    "has the name (PTR) %s, not the host's: many mail servers take nothing from it",
                    judge_join(judge, names, count));
    verdict_todo(judge->verdicts,
                 "Ask whoever gave you the address to set its reverse name: %s PTR %s", reverse,
                 host);
}

// ── Certificates ─────────────────────────────────────────────────────────────────────────────────

// RFC 6698 §2.1: selector and matching type.
static bool certificate_fits(const ldns_rr *tlsa, const struct fact_certificate *certificate)
{
    uint8_t selector = ldns_rdf2native_int8(ldns_rr_rdf(tlsa, 1));
    uint8_t matching = ldns_rdf2native_int8(ldns_rr_rdf(tlsa, 2));
    const ldns_rdf *data = ldns_rr_rdf(tlsa, 3);
    const uint8_t *octets = selector == 0 ? certificate->der : certificate->spki;
    size_t len = selector == 0 ? certificate->der_len : certificate->spki_len;
    uint8_t digest[EVP_MAX_MD_SIZE];
    unsigned digest_len = 0;
    if (selector > 1 || matching > 2)
        return false;
    if (matching > 0) {
        if (EVP_Digest(octets, len, digest, &digest_len,
                       matching == 1 ? EVP_sha256() : EVP_sha512(), NULL) != 1)
            return false;
        octets = digest;
        len = digest_len;
    }
    return len == ldns_rdf_size(data) && memcmp(octets, ldns_rdf_data(data), len) == 0;
}

// RFC 7672 §3.1: usage 3 is about the host's own certificate, 2 about one above it; 0 and 1 are not for mail.
static bool tlsa_fits(const ldns_rr *tlsa, const struct fact *fact)
{
    uint8_t usage = ldns_rdf2native_int8(ldns_rr_rdf(tlsa, 0));
    if (ldns_rr_rd_count(tlsa) < 4 || (usage != 2 && usage != 3))
        return false;
    size_t first = usage == 3 ? 0 : 1, end = usage == 3 ? 1 : fact->chain_count;
    for (size_t i = first; i < end; i++)
        if (certificate_fits(tlsa, &fact->chain[i]))
            return true;
    return false;
}

static bool any_fits(const ldns_rr_list *tlsa, const struct fact *fact)
{
    for (size_t i = 0; i < ldns_rr_list_rr_count(tlsa); i++)
        if (tlsa_fits(ldns_rr_list_rr(tlsa, i), fact))
            return true;
    return false;
}

static const char *wanted_tlsa(struct judge *judge, const struct fact *fact)
{
    uint8_t digest[EVP_MAX_MD_SIZE];
    unsigned len = 0;
    const char *text = "3 1 1 ";
    if (EVP_Digest(fact->chain[0].spki, fact->chain[0].spki_len, digest, &len, EVP_sha256(),
                   NULL) != 1)
        return "unknown";
    for (unsigned i = 0; i < len; i++)
        text = judge_text(judge, "%s%02x", text, digest[i]);
    return text;
}

// A port of the host at one address.
struct port {
    const char *subject;
    const char *owner; // of its TLSA records
    uint16_t number;
    const ldns_rr_list *tlsa; // as the world has them; NULL: not known
    size_t presented;         // certificates seen
};

static void judge_presented(struct judge *judge, struct port *port, enum fact_key key,
                            const struct fact *fact)
{
    const char *kind = key == FACT_KEY_RSA ? "RSA" : "ECDSA";
    port->presented++;
    if (port->tlsa == NULL || ldns_rr_list_rr_count(port->tlsa) == 0)
        return; // the records are judged as such
    if (any_fits(port->tlsa, fact)) {
        verdict_add(judge->verdicts, CHECK_TLSA, VERDICT_OK, port->subject,
                    "the %s certificate there is one that %s names", kind, port->owner);
        return;
    }
    verdict_add(judge->verdicts, CHECK_TLSA, VERDICT_WRONG, port->subject,
                "the %s certificate there (%s) is none that the TLSA records at %s name: senders "
                "with DANE do not deliver",
                kind, wanted_tlsa(judge, fact), port->owner);
    verdict_todo(judge->verdicts,
                 "Is that certificate file in `box: tls:`, and did the server load the file that "
                 "is there now? Put it there, or the certificate of before back, and see "
                 "zonebox status");
}

static void judge_outcome(struct judge *judge, const struct port *port, const struct fact *fact)
{
    switch (fact->outcome) {
    case FACT_NO_STARTTLS:
        verdict_add(judge->verdicts, CHECK_TLSA, VERDICT_WRONG, port->subject,
                    "the mail server offers no STARTTLS: senders with DANE do not deliver, others "
                    "deliver in the open");
        verdict_todo(judge->verdicts,
                     "Turn TLS on there (Postfix: smtpd_tls_security_level = may, with "
                     "smtpd_tls_chain_files or smtpd_tls_cert_file; `zonebox setup postfix`)");
        break;
    case FACT_BROKEN:
        verdict_add(judge->verdicts, CHECK_TLSA, VERDICT_WRONG, port->subject, "%s", fact->words);
        verdict_todo(judge->verdicts, "See the log of the server that has port %u there",
                     port->number);
        break;
    default:
        verdict_add(judge->verdicts, CHECK_TLSA, VERDICT_UNKNOWN, port->subject,
                    "what it presents is not known: %s", fact->words);
        verdict_todo(judge->verdicts,
                     "See that the server runs and a firewall lets port %u through. Behind NAT, or "
                     "where the provider blocks the port, check from another network",
                     port->number);
        break;
    }
}

static void judge_port_at(struct judge *judge, struct port *port, const struct address *address)
{
    const char *host = judge->zone->host.name;
    const struct fact *ecdsa = facts_tls(judge->facts, address, FACT_KEY_ECDSA, host);
    const struct fact *rsa = facts_tls(judge->facts, address, FACT_KEY_RSA, host);
    if (ecdsa == NULL || rsa == NULL)
        return;
    if (ecdsa->outcome == FACT_ANSWERED)
        judge_presented(judge, port, FACT_KEY_ECDSA, ecdsa);
    if (rsa->outcome == FACT_ANSWERED)
        judge_presented(judge, port, FACT_KEY_RSA, rsa);
    if (ecdsa->outcome == FACT_NO_SUCH_KEY && rsa->outcome == FACT_NO_SUCH_KEY) {
        verdict_add(judge->verdicts, CHECK_TLSA, VERDICT_WRONG, port->subject,
                    "it presents neither an ECDSA nor an RSA certificate");
        verdict_todo(judge->verdicts, "See which certificate the server there has, and its log");
        return;
    }
    // Said once when both look-ups came to the same.
    bool lost = ecdsa->outcome != FACT_ANSWERED && ecdsa->outcome != FACT_NO_SUCH_KEY;
    if (lost)
        judge_outcome(judge, port, ecdsa);
    if (rsa->outcome != FACT_ANSWERED && rsa->outcome != FACT_NO_SUCH_KEY &&
        !(lost && rsa->outcome == ecdsa->outcome))
        judge_outcome(judge, port, rsa);
}

static void judge_port(struct judge *judge, uint16_t number)
{
    const struct expect_host *host = &judge->zone->host;
    const char *owner = judge_text(judge, "_%u._tcp.%s", number, host->name), *why;
    ldns_rr_list *tlsa;
    if (judge_look(judge, owner, LDNS_RR_TYPE_TLSA, &tlsa, &why) == REPLY_OPEN)
        return;
    for (size_t i = 0; i < host->address_count; i++) {
        struct address address = host->addresses[i];
        char text[ADDRESS_TEXT_MAX];
        if (address.any.sa_family == AF_INET)
            address.v4.sin_port = htons(number);
        else
            address.v6.sin6_port = htons(number);
        struct port port = {
            .subject = judge_text(judge, "%s port %u", address_text(&address, false, text), number),
            .owner = owner,
            .number = number,
            .tlsa = tlsa,
        };
        judge_port_at(judge, &port, &address);
    }
}

void judge_host(struct judge *judge)
{
    const struct expect_host *host = &judge->zone->host;
    if (!judge->zone->has_host)
        return;
    for (size_t i = 0; i < host->address_count; i++)
        if (address_scope(&host->addresses[i]) == ADDRESS_GLOBAL)
            judge_ptr(judge, &host->addresses[i]);
    for (size_t i = 0; i < host->port_count; i++)
        judge_port(judge, host->ports[i]);
}
