// SPDX-License-Identifier: ISC
#include "probe/tls_parts.h"

#include <openssl/err.h>
#include <openssl/sha.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/alloc.h"

// What is presented is looked at, whatever it is worth, so weak keys and digests are no reason to stop
// (SECLEVEL=0). The signatures that a client takes decide which certificate it gets: by cipher suites up to TLS 1.2
// (RFC 5246 §7.4.2), by signature_algorithms in TLS 1.3 (RFC 9846 §4.5.1.2).
static const struct {
    const char *ciphers;
    const char *signatures; // NULL: all
} kinds[TLS_KINDS] = {
    [TLS_KIND_ANY] = {"ALL:!aNULL:!eNULL:@SECLEVEL=0", NULL},
    [TLS_KIND_RSA] = {"aRSA:!eNULL:@SECLEVEL=0",
                      "rsa_pss_rsae_sha256:rsa_pss_rsae_sha384:rsa_pss_rsae_sha512:"
                      "rsa_pss_pss_sha256:rsa_pss_pss_sha384:rsa_pss_pss_sha512:"
                      "RSA+SHA256:RSA+SHA384:RSA+SHA512:RSA+SHA1"},
    [TLS_KIND_ECDSA] = {"aECDSA:!eNULL:@SECLEVEL=0",
                        "ECDSA+SHA256:ECDSA+SHA384:ECDSA+SHA512:ed25519:ed448:ECDSA+SHA1"},
};

static const char *reason_of(unsigned long code)
{
    const char *reason = code != 0 ? ERR_reason_error_string(code) : NULL;
    return reason != NULL ? reason : "TLS failed";
}

static SSL_CTX *context_new(enum tls_kind kind)
{
    SSL_CTX *context = SSL_CTX_new(TLS_client_method());
    if (context == NULL)
        return NULL;
    SSL_CTX_set_verify(context, SSL_VERIFY_NONE, NULL); // verified all the same, and gone on with
    SSL_CTX_set_verify_depth(context, TLS_CHAIN_MAX);
    SSL_CTX_set_max_cert_list(context, TLS_CHAIN_OCTETS_MAX);
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_LEGACY_SERVER_CONNECT);
    bool fine = SSL_CTX_set_min_proto_version(context, 0) == 1 &&
                SSL_CTX_set_cipher_list(context, kinds[kind].ciphers) == 1 &&
                (kinds[kind].signatures == NULL ||
                 SSL_CTX_set1_sigalgs_list(context, kinds[kind].signatures) == 1);
    if (!fine) {
        SSL_CTX_free(context);
        return NULL;
    }
    return context;
}

enum status tls_contexts_new(const char *authorities, SSL_CTX *ret[TLS_KINDS], struct error *err)
{
    // The system's settings are for those who want to be protected; they would hide what is there.
    OPENSSL_init_ssl(OPENSSL_INIT_NO_LOAD_CONFIG, NULL);
    for (unsigned kind = 0; kind < TLS_KINDS; kind++) {
        ret[kind] = context_new(kind);
        if (ret[kind] == NULL)
            return error_set(err, STATUS_CRYPTO, "no TLS: %s", reason_of(ERR_peek_last_error()));
        if (kind > 0) {
            SSL_CTX_set1_cert_store(ret[kind], SSL_CTX_get_cert_store(ret[0]));
            continue;
        }
        if (authorities == NULL || SSL_CTX_load_verify_locations(ret[0], authorities, NULL) == 1)
            continue;
        error_set(err, STATUS_IO, "%s: cannot read certificates: %s", authorities,
                  reason_of(ERR_peek_last_error()));
        ERR_clear_error();
        return STATUS_IO;
    }
    return STATUS_OK;
}

SSL *tls_session_new(SSL_CTX *context, const char *host, BIO **ret_in, BIO **ret_out)
{
    SSL *session = SSL_new(context);
    BIO *in = BIO_new(BIO_s_mem());
    BIO *out = BIO_new(BIO_s_mem());
    if (session == NULL || in == NULL || out == NULL) {
        BIO_free(in);
        BIO_free(out);
        SSL_free(session);
        return NULL;
    }
    SSL_set_bio(session, in, out);
    SSL_set_connect_state(session);
    SSL_set_hostflags(session, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    if (SSL_set1_host(session, host) != 1 || SSL_set_tlsext_host_name(session, host) != 1) {
        SSL_free(session);
        return NULL;
    }
    *ret_in = in;
    *ret_out = out;
    return session;
}

// ── Certificates ─────────────────────────────────────────────────────────────────────────────────

static int64_t read_time(const ASN1_TIME *asn1)
{
    struct tm tm;
    return ASN1_TIME_to_tm(asn1, &tm) == 1 ? (int64_t)timegm(&tm) : 0;
}

static bool read_certificate(const X509 *x509, struct tls_certificate *ret)
{
    unsigned char *der = NULL;
    unsigned char *spki = NULL;
    int der_len = i2d_X509(x509, &der);
    int spki_len = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(x509), &spki);
    *ret = (struct tls_certificate){.der = der, .spki_der = spki};
    if (der_len <= 0 || spki_len <= 0)
        return false;
    ret->der_len = (size_t)der_len;
    ret->spki_der_len = (size_t)spki_len;
    ret->not_after = read_time(X509_get0_notAfter(x509));
    SHA256(der, ret->der_len, ret->digest);
    SHA256(spki, ret->spki_der_len, ret->spki);
    return true;
}

void tls_chain_free(struct tls_answer *answer)
{
    for (size_t i = 0; i < answer->chain_count; i++) {
        OPENSSL_free((void *)(uintptr_t)answer->chain[i].der);
        OPENSSL_free((void *)(uintptr_t)answer->chain[i].spki_der);
    }
    answer->chain_count = 0;
}

void tls_chain_read(SSL *session, struct tls_answer *answer)
{
    STACK_OF(X509) *chain = SSL_get_peer_cert_chain(session);
    long verified = SSL_get_verify_result(session);
    for (int i = 0; chain != NULL && i < sk_X509_num(chain) && i < TLS_CHAIN_MAX; i++)
        if (!read_certificate(sk_X509_value(chain, i), &answer->chain[answer->chain_count++]))
            break;
    answer->version = SSL_get_version(session);
    if (answer->chain_count == 0 || answer->chain[answer->chain_count - 1].der_len == 0) {
        tls_chain_free(answer);
        answer->outcome = TLS_BROKEN;
        snprintf(answer->text, sizeof(answer->text), "no certificate that can be read");
        return;
    }
    answer->outcome = TLS_PRESENTED;
    answer->trusted = verified == X509_V_OK;
    if (!answer->trusted)
        snprintf(answer->untrusted, sizeof(answer->untrusted), "%s",
                 X509_verify_cert_error_string(verified));
}

// "I have no certificate for you" comes as handshake_failure (RFC 9846 §4.2.1); a host that sends one of another
// kind all the same has no other.
static bool is_other_kind(unsigned long code)
{
    if (ERR_GET_LIB(code) != ERR_LIB_SSL)
        return false;
    switch (ERR_GET_REASON(code)) {
    case SSL_R_SSLV3_ALERT_HANDSHAKE_FAILURE:
    case SSL_R_TLSV1_ALERT_INSUFFICIENT_SECURITY:
    case SSL_R_WRONG_SIGNATURE_TYPE:
    case SSL_R_WRONG_CERTIFICATE_TYPE:
    case SSL_R_WRONG_CIPHER_RETURNED:
        return true;
    default:
        return false;
    }
}

void tls_failure_read(enum tls_kind kind, struct tls_answer *answer)
{
    unsigned long code = ERR_peek_error();
    answer->outcome = kind != TLS_KIND_ANY && is_other_kind(code) ? TLS_NO_SUCH_KEY : TLS_BROKEN;
    snprintf(answer->text, sizeof(answer->text), "%s", reason_of(code));
    ERR_clear_error();
}
