// SPDX-License-Identifier: ISC
// Which certification authorities may issue certificates (CAA, RFC 8659), for which account and how proved (RFC 8657),
// and for mail (RFC 9495).
#include "zonegen/maker.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "base/alloc.h"
#include "keys/pem.h"

#define CAA_WHY "CAA: only this authority may issue certificates (RFC 8659 §4.2)"

// ── Whose certificate it is ──────────────────────────────────────────────────────────────────────

// The organisation in a certificate's issuer, and the domain that its CA has in CAA records (their documentation).
static const struct {
    const char *organisation;
    const char *domain;
} authorities[] = {
    {"Let's Encrypt", "letsencrypt.org"},
    {"(STAGING) Let's Encrypt", "letsencrypt.org"},
    {"Google Trust Services", "pki.goog"},
    {"Google Trust Services LLC", "pki.goog"},
    {"ZeroSSL", "sectigo.com"},
    {"ZeroSSL GmbH", "sectigo.com"},
    {"Sectigo Limited", "sectigo.com"},
    {"DigiCert Inc", "digicert.com"},
    {"DigiCert, Inc.", "digicert.com"},
    {"GlobalSign nv-sa", "globalsign.com"},
    {"Buypass AS-983163327", "buypass.com"},
    {"SSL Corporation", "ssl.com"},
    {"SSL Corp", "ssl.com"},
    {"Actalis S.p.A.", "actalis.it"},
    {"Hellenic Academic and Research Institutions CA", "harica.gr"},
    {"SwissSign AG", "swisssign.com"},
    {"GoDaddy.com, Inc.", "godaddy.com"},
    {"Amazon", "amazon.com"},
};

#define ORGANISATION_MAX 128

// The first certificate of the file: its issuer's organisation, "" when it has none. False: there is no certificate.
static bool issuer_of(const struct input_file *file, char ret[ORGANISATION_MAX])
{
    if (file == NULL || file->octets == NULL)
        return false;
    BIO *bio = BIO_new_mem_buf(file->octets, (int)file->len);
    X509 *certificate = PEM_read_bio_X509(bio, NULL, pem_no_pass_phrase, NULL);
    ret[0] = '\0';
    if (certificate != NULL &&
        X509_NAME_get_text_by_NID(X509_get_issuer_name(certificate), NID_organizationName, ret,
                                  ORGANISATION_MAX) < 0)
        ret[0] = '\0';
    bool good = certificate != NULL;
    ERR_clear_error();
    X509_free(certificate);
    BIO_free(bio);
    return good;
}

// The CA of the box's first certificate, or NULL: nobody knows yet, or here.
static const char *automatic_issuer(struct zone_maker *maker)
{
    const struct config_box *box = &maker->config->box;
    char organisation[ORGANISATION_MAX];
    const char *path = box->tls_count > 0 ? box->tls[0].text : NULL;
    if (path == NULL || !issuer_of(inputs_file(maker->inputs, path), organisation))
        return NULL; // which the TLSA records' maker says
    for (size_t i = 0; i < sizeof(authorities) / sizeof(authorities[0]); i++) {
        if (strcmp(authorities[i].organisation, organisation) == 0)
            return authorities[i].domain;
    }
    maker_note(maker, false, path,
               "%s: the issuer%s%s is not known here, so there is no CAA record for %s; write the "
               "issuer's domain into the configuration: box: caa: {issue: …}",
               path, organisation[0] != '\0' ? " " : "", organisation, box->hostname);
    return NULL;
}

// ── Records ──────────────────────────────────────────────────────────────────────────────────────

static void add_property(struct zone_maker *maker, const char *owner, const char *tag,
                         const char *why, const char *value)
{
    struct buf quoted = {0};
    for (const char *c = value; *c != '\0'; c++) {
        if (*c == '"' || *c == '\\')
            buf_put_text(&quoted, "\\");
        buf_put(&quoted, c, 1);
    }
    maker_add(maker, owner, "CAA", why, "0 %s \"%s\"", tag, buf_text(&quoted));
    buf_done(&quoted);
}

// "ca.example; accounturi=…; validationmethods=a,b". RFC 8657 §3: one account a record.
static void add_issuer(struct zone_maker *maker, const char *owner, const char *tag,
                       const struct config_caa *caa, const char *ca)
{
    struct buf methods = {0};
    for (size_t i = 0; i < caa->method_count; i++)
        buf_printf(&methods, "%s%s", i == 0 ? "; validationmethods=" : ",", caa->methods[i].text);
    for (size_t i = 0; i == 0 || i < caa->account_count; i++) {
        const char *account = caa->account_count > 0 ? caa->accounts[i].text : NULL;
        char *value = xasprintf("%s%s%s%s", ca, account != NULL ? "; accounturi=" : "",
                                account != NULL ? account : "", buf_text(&methods));
        add_property(maker, owner, tag,
                     account != NULL || caa->method_count > 0
                         ? "CAA: only this authority may issue certificates, to whom and how the "
                           "parameters say (RFC 8659 §4.2, RFC 8657)"
                         : CAA_WHY,
                     value);
        free(value);
    }
    buf_done(&methods);
}

// RFC 8657 §4: IANA's registry of ACME validation methods; others of a CA begin with "ca-". A CA that finds none that
// it knows issues nothing, which is seen months later.
static bool is_known_method(const char *method)
{
    static const char *const known[] = {
        "http-01",      "dns-01",       "tls-alpn-01",    "dns-account-01", "dns-persist-01",
        "onion-csr-01", "bp-nodeid-00", "email-reply-00", "tkauth-01",
    };
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        if (strcmp(known[i], method) == 0)
            return true;
    }
    return strncmp(method, "ca-", 3) == 0;
}

static void note_methods(struct zone_maker *maker, const struct config_caa *caa)
{
    const struct zone_place place = config_zone_place(maker->config, &caa->place);
    for (size_t i = 0; i < caa->method_count; i++) {
        if (!is_known_method(caa->methods[i].text))
            maker_remark(maker, &place,
                         "caa: \"%s\" is no method of validation that is known (http-01, dns-01, "
                         "tls-alpn-01); a CA that does not know it issues no certificate (RFC 8657 "
                         "§4)",
                         caa->methods[i].text);
    }
}

#define NOBODY_WHY "CAA: nobody may issue such certificates (RFC 8659 §4.2, §4.3)"
#define MAIL_WHY   "CAA: who may issue certificates for mail, `;` is nobody (RFC 9495)"

// An empty list that was written is ";": nobody may.
static void add_caa(struct zone_maker *maker, const char *owner, const struct config_caa *caa)
{
    note_methods(maker, caa);
    if (caa->issue_given && caa->issue_count == 0)
        add_property(maker, owner, "issue", NOBODY_WHY, ";");
    for (size_t i = 0; i < caa->issue_count; i++)
        add_issuer(maker, owner, "issue", caa, caa->issue[i].text);
    if (caa->issuewild_given && caa->issuewild_count == 0)
        add_property(maker, owner, "issuewild", NOBODY_WHY, ";");
    for (size_t i = 0; i < caa->issuewild_count; i++)
        add_issuer(maker, owner, "issuewild", caa, caa->issuewild[i].text);
    if (caa->issuemail_given && caa->issuemail_count == 0)
        add_property(maker, owner, "issuemail", MAIL_WHY, ";");
    for (size_t i = 0; i < caa->issuemail_count; i++) // without parameters
        add_property(maker, owner, "issuemail", MAIL_WHY, caa->issuemail[i].text);
    for (size_t i = 0; i < caa->iodef_count; i++)
        add_property(maker, owner, "iodef",
                     "CAA: where an authority tells of requests that it refused (RFC 8659 §4.4)",
                     caa->iodef[i].text);
}

void make_caa(struct zone_maker *maker)
{
    const struct config_caa *caa = maker->domain != NULL ? &maker->domain->caa : NULL;
    if (caa != NULL && caa->given && !caa->none)
        add_caa(maker, maker->name, caa);
}

void make_host_caa(struct zone_maker *maker)
{
    const struct config_box *box = &maker->config->box;
    const struct config_caa *caa = &box->caa;
    if (caa->none)
        return;
    const char *issuer = caa->issue_given ? NULL : automatic_issuer(maker);
    if (issuer != NULL)
        add_issuer(maker, box->hostname, "issue", caa, issuer);
    add_caa(maker, box->hostname, caa);
}
