// SPDX-License-Identifier: ISC
#include "keys/dkim_public.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "base/alloc.h"
#include "keys/base64.h"
#include "keys/pem.h"

#define MADE_BY       "zone-signer"
#define LINE_MAX_LEN  200
#define ED25519_LEN   32
#define PEM_BEGINNING "-----BEGIN "
#define PEM_LINE_MAX  76
#define DER_MAX       1536 // an RSA key of 4096 bits with a large exponent has less; a multiple of three

// The SubjectPublicKeyInfo of an Ed25519 key, all but the key itself (RFC 8410 §4).
static const uint8_t ed25519_head[] = {0x30, 0x2a, 0x30, 0x05, 0x06, 0x03,
                                       0x2b, 0x65, 0x70, 0x03, 0x21, 0x00};

static const char *const state_names[] = {
    [DKIM_PENDING] = "pending", [DKIM_ACTIVE] = "active",   [DKIM_RETIRING] = "retiring",
    [DKIM_REVOKED] = "revoked", [DKIM_REMOVED] = "removed",
};

#define STATES (sizeof(state_names) / sizeof(state_names[0]))

const char *dkim_state_name(enum dkim_state state)
{
    return state_names[state];
}

const char *dkim_algorithm_name(enum dkim_algorithm algorithm)
{
    return algorithm == DKIM_ED25519 ? "ed25519" : "rsa";
}

char *dkim_record_text(const struct dkim_key *key)
{
    struct buf text = {0};
    buf_printf(&text, "v=DKIM1; k=%s; h=sha256; p=", dkim_algorithm_name(key->algorithm));
    if (key->state != DKIM_REVOKED)
        base64_put(key->p, key->p_len, &text);
    buf_put_u8(&text, 0);
    return (char *)text.data;
}

// ── Header lines ─────────────────────────────────────────────────────────────────────────────────

static enum status read_state(const char *value, struct dkim_key *key, struct error *err)
{
    for (size_t i = 0; i < STATES; i++)
        if (strcmp(value, state_names[i]) == 0) {
            key->state = (enum dkim_state)i;
            return STATUS_OK;
        }
    return error_set(err, STATUS_SYNTAX,
                     "State: \"%s\" is none; write pending, active, retiring, revoked or removed",
                     value);
}

static enum status read_time(const char *value, int64_t *ret, struct error *err)
{
    struct tm parts = {0};
    const char *end = strptime(value, "%Y-%m-%dT%H:%M:%SZ", &parts);
    if (end == NULL || *end != '\0')
        return error_set(err, STATUS_SYNTAX,
                         "\"%s\" is no time; write it like 2026-11-22T06:45:00Z", value);
    *ret = (int64_t)timegm(&parts);
    return STATUS_OK;
}

static enum status read_line(const char *name, const char *value, struct dkim_key *key,
                             struct error *err)
{
    if (strcmp(name, "Made-By") == 0)
        key->made = strcmp(value, MADE_BY) == 0;
    if (strcmp(name, "State") == 0)
        return read_state(value, key, err);
    if (strcmp(name, "Created") == 0)
        return read_time(value, &key->created, err);
    if (strcmp(name, "Announced") == 0)
        return read_time(value, &key->announced, err);
    if (strcmp(name, "Changed") == 0)
        return read_time(value, &key->changed, err);
    return STATUS_OK;
}

enum status dkim_public_head(const struct buf *text, struct dkim_key *key, struct error *err)
{
    const char *at = (const char *)text->data;
    const char *end = at + text->len;
    char line[LINE_MAX_LEN];
    while (at < end &&
           strncmp(at, PEM_BEGINNING,
                   (size_t)(end - at) < strlen(PEM_BEGINNING) ? (size_t)(end - at)
                                                              : strlen(PEM_BEGINNING)) != 0) {
        const char *newline = memchr(at, '\n', (size_t)(end - at));
        size_t len = (size_t)((newline != NULL ? newline : end) - at);
        if (len < sizeof(line)) { // longer ones are not ours
            memcpy(line, at, len);
            line[len] = '\0';
            char *value = strstr(line, ": ");
            if (value != NULL) {
                *value = '\0';
                enum status status = read_line(line, value + 2, key, err);
                if (status != STATUS_OK)
                    return status;
            }
        }
        at = newline != NULL ? newline + 1 : end;
    }
    return STATUS_OK;
}

static void print_time(struct buf *ret, const char *name, int64_t seconds)
{
    time_t time = (time_t)seconds;
    struct tm parts;
    char text[40];
    if (seconds != 0 && gmtime_r(&time, &parts) != NULL &&
        strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &parts) > 0)
        buf_printf(ret, "%s: %s\n", name, text);
}

void dkim_public_print(const struct dkim_key *key, struct buf *ret)
{
    if (key->made)
        buf_put_text(ret, "Made-By: " MADE_BY "\n");
    if (key->made || key->changed != 0)
        buf_printf(ret, "State: %s\n", dkim_state_name(key->state));
    print_time(ret, "Created", key->created);
    print_time(ret, "Announced", key->announced);
    print_time(ret, "Changed", key->changed);
    struct buf der = {0};
    if (key->algorithm == DKIM_ED25519)
        buf_put(&der, ed25519_head, sizeof(ed25519_head));
    buf_put(&der, key->p, key->p_len);
    BIO *bio = BIO_new(BIO_s_mem());
    if (bio == NULL || PEM_write_bio(bio, PEM_STRING_PUBLIC, "", der.data, (long)der.len) <= 0)
        abort(); // as base/alloc.h does
    char *text = NULL;
    size_t len = (size_t)BIO_get_mem_data(bio, &text);
    buf_put(ret, text, len);
    BIO_free(bio);
    buf_done(&der);
}

// ── The key ──────────────────────────────────────────────────────────────────────────────────────

enum status dkim_public_take(const EVP_PKEY *key, enum dkim_algorithm *ret_algorithm,
                             struct buf *ret_p, struct error *err)
{
    uint8_t raw[ED25519_LEN];
    size_t raw_len = sizeof(raw);
    ERR_clear_error();
    if (key == NULL)
        return error_set(err, STATUS_SYNTAX, "no key in PEM form without a pass phrase");
    if (EVP_PKEY_is_a(key, "ED25519") && EVP_PKEY_get_raw_public_key(key, raw, &raw_len) == 1) {
        *ret_algorithm = DKIM_ED25519;
        buf_put(ret_p, raw, raw_len);
        return STATUS_OK;
    }
    int bits = EVP_PKEY_get_bits(key);
    if (!EVP_PKEY_is_a(key, "RSA") || bits < DKIM_BITS_MIN || bits > DKIM_BITS_MAX)
        return error_set(err, STATUS_RANGE,
                         "neither an RSA key of %d to %d bits nor an Ed25519 key (RFC 8301 §3.2, "
                         "RFC 8463)",
                         DKIM_BITS_MIN, DKIM_BITS_MAX);
    unsigned char *der = NULL;
    int len = i2d_PUBKEY(key, &der);
    if (len <= 0)
        return error_set(err, STATUS_CRYPTO, "cannot encode the key");
    *ret_algorithm = DKIM_RSA;
    buf_put(ret_p, der, (size_t)len);
    OPENSSL_free(der);
    return STATUS_OK;
}

// Steps over the tag and length of one DER element, which must end with `end` or before. NULL when it is another one.
static const uint8_t *enter_der(const uint8_t *at, const uint8_t *end, int wanted,
                                const uint8_t **ret_end)
{
    long len;
    int tag, class;
    if (at == NULL || at >= end ||
        (ASN1_get_object(&at, &len, &tag, &class, end - at) & ~V_ASN1_CONSTRUCTED) != 0 ||
        tag != wanted)
        return NULL;
    *ret_end = at + len;
    return at;
}

// Is this the SubjectPublicKeyInfo of an RSA key of a good size, written as DER wants it (RFC 3279 §2.3.1)? OpenSSL's
// decoder takes 0.4 ms for a key, which is most of what the second start of 10,000 mail zones would cost.
static bool is_rsa_public(const uint8_t *der, long len)
{
    static const uint8_t algorithm[] = {0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86,
                                        0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00};
    const uint8_t *end = der + len, *outer = NULL, *bits = NULL, *pair = NULL, *number = NULL;
    const uint8_t *at = enter_der(der, end, V_ASN1_SEQUENCE, &outer);
    if (at == NULL || outer != end || outer - at < (long)sizeof(algorithm) ||
        memcmp(at, algorithm, sizeof(algorithm)) != 0)
        return false;
    at = enter_der(at + sizeof(algorithm), end, V_ASN1_BIT_STRING, &bits);
    if (at == NULL || bits != end || at == end || *at != 0)
        return false;
    at = enter_der(enter_der(at + 1, end, V_ASN1_SEQUENCE, &pair), end, V_ASN1_INTEGER, &number);
    if (at == NULL || pair != end || number >= end || number - at < 2 || at[0] != 0 ||
        (at[1] & 0x80) == 0)
        return false;
    // A modulus of whole octets has its highest bit set, so that DER puts a zero before it.
    long modulus_bits = (number - at - 1) * 8;
    at = enter_der(number, end, V_ASN1_INTEGER, &outer);
    return at != NULL && outer == end && modulus_bits >= DKIM_BITS_MIN &&
           modulus_bits <= DKIM_BITS_MAX;
}

// The DER in a PEM block that is as we and openssl write it: whole lines of base64, nothing else (RFC 7468 §3). Of
// more octets than a key that is taken has, or of another form: -1, and OpenSSL says what it is.
static long plain_block(const struct buf *text, uint8_t ret[DER_MAX])
{
    static const char head[] = "-----BEGIN " PEM_STRING_PUBLIC "-----\n";
    static const char end[] = "-----END " PEM_STRING_PUBLIC "-----\n";
    char base64[DER_MAX / 3 * 4];
    size_t len = 0;
    const char *at = memmem(text->data, text->len, head, strlen(head));
    const char *stop = (const char *)text->data + text->len;
    if (at == NULL || (at > (const char *)text->data && at[-1] != '\n'))
        return -1;
    for (at += strlen(head); at < stop && *at != '-';) {
        const char *newline = memchr(at, '\n', (size_t)(stop - at));
        size_t line = newline != NULL ? (size_t)(newline - at) : 0;
        if (line == 0 || line > PEM_LINE_MAX || line > sizeof(base64) - len)
            return -1;
        memcpy(base64 + len, at, line);
        len += line;
        at = newline + 1;
    }
    if ((size_t)(stop - at) < strlen(end) || memcmp(at, end, strlen(end)) != 0)
        return -1;
    return base64_read(base64, len, ret, DER_MAX);
}

// Takes such a key.
static bool take_plain(const struct buf *text, struct dkim_key *key)
{
    uint8_t der[DER_MAX];
    long len = plain_block(text, der);
    if (len == (long)sizeof(ed25519_head) + ED25519_LEN &&
        memcmp(der, ed25519_head, sizeof(ed25519_head)) == 0) {
        key->algorithm = DKIM_ED25519;
        key->p_len = ED25519_LEN;
        key->p = xmemdup(der + sizeof(ed25519_head), ED25519_LEN);
    } else if (len > 0 && is_rsa_public(der, len)) {
        key->algorithm = DKIM_RSA;
        key->p_len = (size_t)len;
        key->p = xmemdup(der, (size_t)len);
    }
    ERR_clear_error();
    return key->p != NULL;
}

enum status dkim_public_block(const struct buf *text, struct dkim_key *key, struct error *err)
{
    if (take_plain(text, key))
        return STATUS_OK;
    BIO *bio = BIO_new_mem_buf(text->data, (int)text->len);
    EVP_PKEY *pkey = PEM_read_bio_PUBKEY(bio, NULL, pem_no_pass_phrase, NULL);
    struct buf p = {0};
    enum status status = dkim_public_take(pkey, &key->algorithm, &p, err);
    if (status == STATUS_OK) {
        key->p_len = p.len;
        key->p = xmemdup(p.data, p.len);
    }
    buf_done(&p);
    EVP_PKEY_free(pkey);
    BIO_free(bio);
    return status;
}
