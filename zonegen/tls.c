// SPDX-License-Identifier: ISC
// TLSA records: DANE for the mail exchanger (RFC 6698, RFC 7671, RFC 7672), for each port asked for the keys of the
// certificates, the keys to come, and those that a server may still have (keys/tls_plan.h).
#include "zonegen/maker.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "base/alloc.h"
#include "base/time_text.h"
#include "keys/pem.h"
#include "keys/tls_spki.h"
#include "keys/tls_text.h"
#include "zonegen/tls_files.h"

#define SMTP 25

struct tlsa_maker {
    struct zone_maker *maker;
    const struct tls_plan *plan;
    struct tls_digests done;
    bool announces; // a key is known that the servers may have now
};

// ── Records ──────────────────────────────────────────────────────────────────────────────────────

// One record per port: "usage 1 1 digest". why has one %s, for what answers there.
static void add_ports(const struct tlsa_maker *tlsa, unsigned usage,
                      const uint8_t digest[TLS_DIGEST_LEN], const char *why)
{
    const struct config_box *box = &tlsa->maker->config->box;
    char hex[TLS_DIGEST_HEX];
    tls_digest_text(digest, hex);
    for (size_t i = 0; i < box->tls_port_count; i++) {
        unsigned port = box->tls_ports[i];
        char *owner = xasprintf("_%u._tcp.%s", port, box->hostname);
        char *full = xasprintf("DANE for the %sserver on port %u: %s", port == SMTP ? "mail " : "",
                               port, why);
        maker_add(tlsa->maker, owner, "TLSA", full, "%u 1 1 %s", usage, hex);
        free(full);
        free(owner);
    }
}

static void add_key(struct tlsa_maker *tlsa, const uint8_t digest[TLS_DIGEST_LEN], const char *why)
{
    const struct tls_key *key = tls_plan_find(tlsa->plan, digest);
    if ((key != NULL && key->forgotten) || tls_digests_have(&tlsa->done, digest))
        return;
    tls_digests_add(&tlsa->done, digest);
    add_ports(tlsa, 3, digest, why);
}

static void add_gap(const struct tlsa_maker *tlsa, const char *why)
{
    const struct config_box *box = &tlsa->maker->config->box;
    for (size_t i = 0; i < box->tls_port_count; i++) {
        char *owner = xasprintf("_%u._tcp.%s", box->tls_ports[i], box->hostname);
        maker_missing(tlsa->maker, owner, "TLSA", "%s", why);
        free(owner);
    }
}

// ── Certificates ─────────────────────────────────────────────────────────────────────────────────

static int64_t asn1_seconds(const ASN1_TIME *when)
{
    struct tm utc = {0};
    return ASN1_TIME_to_tm(when, &utc) == 1 ? (int64_t)timegm(&utc) : 0;
}

#define DATE_MAX 32

static const char *date_text(int64_t when, char text[DATE_MAX])
{
    time_t seconds = (time_t)when;
    struct tm utc;
    if (gmtime_r(&seconds, &utc) == NULL || strftime(text, DATE_MAX, "%Y-%m-%d", &utc) == 0)
        return "an unknown day";
    return text;
}

// RFC 7671 §5.1: usage 3 looks at neither names nor dates; other clients of the same certificate do.
static void note_certificate(struct zone_maker *maker, const struct input_file *file)
{
    char day[DATE_MAX];
    const char *path = file->path, *hostname = maker->config->box.hostname;
    BIO *bio = BIO_new_mem_buf(file->octets, (int)file->len);
    X509 *certificate =
        PEM_read_bio_X509(bio, NULL, pem_no_pass_phrase, NULL); // which has been read before
    int64_t start = asn1_seconds(X509_get0_notBefore(certificate));
    int64_t end = asn1_seconds(X509_get0_notAfter(certificate));
    if (X509_check_host(certificate, hostname, 0, 0, NULL) != 1)
        maker_note(maker, false, path, "%s: the certificate is not for %s", path, hostname);
    if (start != 0)
        maker_note(maker, false, path, "%s: the certificate is not valid before %s", path,
                   date_text(start, day))
            ->until = start;
    if (end != 0)
        maker_note(maker, false, path, "%s: the certificate expired on %s; renew it", path,
                   date_text(end, day))
            ->from = end;
    ERR_clear_error();
    X509_free(certificate);
    BIO_free(bio);
}

static void refuse_file(const struct tlsa_maker *tlsa, const struct input_file *file,
                        const struct config_text *named, const char *words)
{
    char *told = NULL;
    if (file == NULL || file->octets == NULL)
        told = xstrdup(file != NULL ? file->error.text : "a file for TLS was not read");
    else
        told = xasprintf("%s: %s", named->text, words);
    maker_note_input(tlsa->maker, &named->place, named->text, told);
    free(told);
}

static void add_certificate(struct tlsa_maker *tlsa, const struct config_text *named)
{
    const char *path = named->text;
    const struct input_file *file = inputs_file(tlsa->maker->inputs, path);
    const char *shown = display_path(tlsa->maker->config, path);
    bool is_read = file != NULL && file->octets != NULL;
    struct tls_chain chain;
    char *why;
    if (is_read && tls_spki_of_chain(file->octets, file->len, &chain, NULL) == STATUS_OK) {
        why = xasprintf("the public key that it has, from %s (RFC 7672 §3.1.1)", shown);
        add_key(tlsa, chain.key, why);
        note_certificate(tlsa->maker, file);
    } else {
        why = is_read ? xasprintf("%s has no certificate in PEM form", shown)
                      : xasprintf("the certificate %s cannot be read", shown);
        add_gap(tlsa, why);
        refuse_file(tlsa, file, named, "no certificate in PEM form");
    }
    free(why);
}

// RFC 7671 §5.2, RFC 7672 §3.1.2: a second way to match, for as long as the certificates come from the same CA.
static void add_issuer(struct tlsa_maker *tlsa, const char *path)
{
    const struct input_file *file = inputs_file(tlsa->maker->inputs, path);
    struct tls_chain chain;
    if (file == NULL || file->octets == NULL ||
        tls_spki_of_chain(file->octets, file->len, &chain, NULL) != STATUS_OK)
        return; // which is said already
    if (!chain.has_issuer) {
        maker_note(tlsa->maker, false, path,
                   "%s: the certificate of its issuer is not in the file, so there is no `2 1 1` "
                   "for it; take the full chain",
                   path);
        return;
    }
    char *why = xasprintf("the public key of the CA that issued %s (RFC 7671 §5.2)",
                          display_path(tlsa->maker->config, path));
    add_ports(tlsa, 2, chain.issuer, why);
    free(why);
}

// ── Keys to come, and keys that go ───────────────────────────────────────────────────────────────

static char *next_why(const struct tls_key *key, const char *from)
{
    char time[TIME_TEXT_MAX];
    if (key != NULL && (key->state == TLS_SAFE || (key->state == TLS_NEXT && key->safe_at != 0)))
        return xasprintf("the next key, from %s; safe to deploy after %s (RFC 7671 §8.1)", from,
                         time_text(key->safe_at, time));
    return xasprintf("the next key, from %s; not to be deployed before all name servers were seen "
                     "with this record (RFC 7671 §8.1)",
                     from);
}

static void add_next(struct tlsa_maker *tlsa, const struct config_text *named)
{
    const char *path = named->text;
    const struct input_file *file = inputs_file(tlsa->maker->inputs, path);
    uint8_t digest[TLS_DIGEST_LEN];
    if (file == NULL || file->octets == NULL ||
        tls_spki_of_public(file->octets, file->len, digest, NULL) != STATUS_OK) {
        refuse_file(tlsa, file, named, "no public key in PEM form");
        return;
    }
    if (!tlsa->announces) {
        maker_note(tlsa->maker, false, path,
                   "%s: the next key waits until a certificate is known: its TLSA record alone "
                   "would have senders refuse the server",
                   path);
        return;
    }
    char *why =
        next_why(tls_plan_find(tlsa->plan, digest), display_path(tlsa->maker->config, path));
    add_key(tlsa, digest, why);
    free(why);
}

// What the plan has and no file: nothing is withdrawn because a file is not there.
static void add_planned(struct tlsa_maker *tlsa, const struct tls_key *key)
{
    char time[TIME_TEXT_MAX];
    char *why = NULL;
    if (key->state == TLS_CURRENT)
        why = xasprintf("a public key that it has; its certificate cannot be read now");
    else if (key->state == TLS_LEAVING)
        why = xasprintf("a public key that it may still have; no certificate has it since %s",
                        time_text(key->since, time));
    else if (key->state != TLS_DROPPED)
        why = next_why(key, "a file that cannot be read now");
    if (why != NULL)
        add_key(tlsa, key->digest, why);
    free(why);
}

// The plan of the keys, from where it is to be had. An unreadable one is none, with a note.
static const struct tls_plan *find_plan(struct zone_maker *maker, struct tls_plan *room)
{
    struct error err = {0};
    *room = (struct tls_plan){.begun = false};
    if (maker->keys->tls != NULL)
        return maker->keys->tls;
    if (maker->keys->public_directory != NULL) {
        enum status status = tls_plan_load(maker->keys->public_directory, room, &err);
        if (status != STATUS_OK && status != STATUS_NOT_FOUND)
            maker_note(maker, false, NULL, "%s", err.text);
    }
    return room;
}

void make_tlsa(struct zone_maker *maker)
{
    const struct config_box *box = &maker->config->box;
    if (!target_holds(maker->target, box->hostname))
        return;
    struct tls_plan *room = xmalloc(sizeof(*room));
    struct tlsa_maker tlsa = {.maker = maker, .plan = find_plan(maker, room)};
    for (size_t i = 0; i < box->tls_count; i++)
        add_certificate(&tlsa, &box->tls[i]);
    for (size_t i = 0; box->tls_issuer && i < box->tls_count; i++)
        add_issuer(&tlsa, box->tls[i].text);
    tlsa.announces = tlsa.done.count > 0 || tls_plan_knows_servers(tlsa.plan);
    bool declined = tls_is_declined(maker->config);
    for (size_t i = 0; i < box->tls_next_count && !declined; i++)
        add_next(&tlsa, &box->tls_next[i]);
    for (size_t i = 0; i < tlsa.plan->count && tlsa.announces && !declined; i++)
        add_planned(&tlsa, &tlsa.plan->keys[i]);
    if (box->tls_count == 0) {
        char *why = xasprintf("no certificate was found; get one for %s (certbot), or name it in "
                              "the configuration: box: tls:",
                              box->hostname);
        add_gap(&tlsa, why);
        free(why);
    }
    free(room);
}
