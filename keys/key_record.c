// SPDX-License-Identifier: ISC
// The DNSKEY record in a .key file.
#include "keys/key_files.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/file.h"
#include "keys/base64.h"

// Octets of the longest public key there is room for, three quarters of its base64.
#define PUBLIC_MAX 1026

ldns_rr *key_record(const char *zone, uint16_t flags, uint8_t algorithm, const struct buf *public)
{
    ldns_rdf *owner = ldns_dname_new_frm_str(zone);
    if (owner == NULL)
        return NULL;
    ldns_dname2canonical(owner);
    ldns_rr *rr = ldns_rr_new_frm_type(LDNS_RR_TYPE_DNSKEY);
    ldns_rr_set_owner(rr, owner);
    ldns_rr_set_ttl(rr, 0);
    ldns_rr_set_rdf(rr, ldns_native2rdf_int16(LDNS_RDF_TYPE_INT16, flags), 0);
    ldns_rr_set_rdf(rr, ldns_native2rdf_int8(LDNS_RDF_TYPE_INT8, 3), 1); // RFC 4034 §2.1.2
    ldns_rr_set_rdf(rr, ldns_native2rdf_int8(LDNS_RDF_TYPE_ALG, algorithm), 2);
    ldns_rr_set_rdf(rr, ldns_rdf_new_frm_data(LDNS_RDF_TYPE_B64, public->len, public->data), 3);
    return rr;
}

// ── As key programs write it ─────────────────────────────────────────────────────────────────────

// The next word of a line, or one of no length at its end.
static const char *next_word(const char **at, size_t *ret_len)
{
    const char *word = *at + strspn(*at, " \t");
    *ret_len = strcspn(word, " \t");
    *at = word + *ret_len;
    return word;
}

static bool is_word(const char *word, size_t len, const char *wanted)
{
    return len == strlen(wanted) && strncasecmp(word, wanted, len) == 0;
}

static bool read_number(const char *word, size_t len, uint32_t most, uint32_t *ret)
{
    uint64_t number = 0;
    if (len == 0 || len > 10)
        return false;
    for (size_t i = 0; i < len; i++) {
        if (word[i] < '0' || word[i] > '9')
            return false;
        number = number * 10 + (uint64_t)(word[i] - '0');
    }
    *ret = (uint32_t)number;
    return number <= most;
}

static bool read_number_word(const char **at, uint32_t most, uint32_t *ret)
{
    size_t len;
    const char *word = next_word(at, &len);
    return read_number(word, len, most, ret);
}

// The zone's name, with the last dot.
static bool is_owner(const char *word, size_t len, const char *zone)
{
    size_t zone_len = strlen(zone);
    zone_len -= zone_len > 0 && zone[zone_len - 1] == '.' ? 1 : 0;
    return len == zone_len + 1 && word[zone_len] == '.' && strncasecmp(word, zone, zone_len) == 0;
}

// "IN DNSKEY", with a TTL in front or not.
static bool read_type(const char **at, uint32_t *ret_ttl)
{
    size_t len;
    const char *word = next_word(at, &len);
    *ret_ttl = LDNS_DEFAULT_TTL;
    if (read_number(word, len, INT32_MAX, ret_ttl))
        word = next_word(at, &len);
    if (!is_word(word, len, "IN"))
        return false;
    word = next_word(at, &len);
    return is_word(word, len, "DNSKEY");
}

// What is left of the line but for a comment.
static bool read_public(const char *at, struct buf *ret)
{
    char base64[PUBLIC_MAX / 3 * 4];
    uint8_t octets[PUBLIC_MAX];
    size_t count = 0, len;
    for (const char *word; (word = next_word(&at, &len))[0] != ';' && len > 0;) {
        if (len > sizeof(base64) - count)
            return false;
        memcpy(base64 + count, word, len);
        count += len;
    }
    long decoded = base64_read(base64, count, octets, sizeof(octets));
    if (decoded > 0)
        buf_put(ret, octets, (size_t)decoded);
    return decoded > 0;
}

// The record of a line as BIND, ldns and we write it; for one parser of all that a record may look like, it takes long.
// NULL: it may be one all the same.
static ldns_rr *read_plain(const char *line, const char *zone)
{
    const char *at = line;
    uint32_t ttl, flags, protocol, algorithm;
    struct buf public = {0};
    ldns_rr *rr = NULL;
    size_t len;
    const char *owner = next_word(&at, &len);
    if (is_owner(owner, len, zone) && read_type(&at, &ttl) &&
        read_number_word(&at, UINT16_MAX, &flags) && read_number_word(&at, 3, &protocol) &&
        protocol == 3 && read_number_word(&at, UINT8_MAX, &algorithm) && read_public(at, &public))
        rr = key_record(zone, (uint16_t)flags, (uint8_t)algorithm, &public);
    if (rr != NULL)
        ldns_rr_set_ttl(rr, ttl);
    buf_done(&public);
    return rr;
}

// ── The file ─────────────────────────────────────────────────────────────────────────────────────

// The one record of a .key file; comments may carry times.
static enum status parse(const char *text, const char *zone, struct dnskey *key, struct error *err)
{
    struct dnskey_times times = {0};
    char *copy = xstrdup(text);
    char *rest = copy;
    enum status status = STATUS_OK;
    for (char *line; status == STATUS_OK && (line = strsep(&rest, "\r\n")) != NULL;) {
        line += strspn(line, " \t");
        if (line[0] == ';') {
            status = key_times_line(&times, line + 1 + strspn(line + 1, " \t"), err);
            continue;
        }
        if (line[0] == '\0')
            continue;
        if (key->rr != NULL)
            status = error_set(err, STATUS_SYNTAX, "more than one record");
        else if ((key->rr = read_plain(line, zone)) == NULL &&
                 ldns_rr_new_frm_str(&key->rr, line, 0, NULL, NULL) != LDNS_STATUS_OK)
            status = error_set(err, STATUS_SYNTAX, "not a DNSKEY record in one line");
    }
    free(copy);
    if (status == STATUS_OK && key->rr == NULL)
        status = error_set(err, STATUS_SYNTAX, "no record in it");
    key->times = times;
    return status;
}

// Does the record say what the name of its file says?
static enum status check_record(const ldns_rr *rr, const char *zone, const struct key_name *name,
                                struct error *err)
{
    if (ldns_rr_get_type(rr) != LDNS_RR_TYPE_DNSKEY || ldns_rr_get_class(rr) != LDNS_RR_CLASS_IN)
        return error_set(err, STATUS_SYNTAX, "the record is no DNSKEY of class IN");
    ldns_rdf *apex = ldns_dname_new_frm_str(zone);
    bool same = apex != NULL && ldns_dname_compare(apex, ldns_rr_owner(rr)) == 0;
    ldns_rdf_deep_free(apex);
    if (!same)
        return error_set(err, STATUS_STATE, "the key inside is of another zone than %s", zone);
    unsigned algorithm = ldns_rdf2native_int8(ldns_rr_dnskey_algorithm(rr));
    unsigned flags = ldns_rdf2native_int16(ldns_rr_dnskey_flags(rr));
    unsigned tag = ldns_calc_keytag(rr);
    if (ldns_rdf2native_int8(ldns_rr_dnskey_protocol(rr)) != 3 || (flags & DNSKEY_FLAGS_ZONE) == 0)
        return error_set(err, STATUS_SYNTAX, "not a zone key (flags 256 or 257, protocol 3)");
    if (algorithm != name->algorithm || tag != name->tag)
        return error_set(err, STATUS_STATE, "the key inside has algorithm %u and tag %u", algorithm,
                         tag);
    if (key_algorithm(name->algorithm) == NULL)
        return error_set(err, STATUS_RANGE,
                         "algorithm %u is not one that zonebox signs with (8, 10, 13, 14, 15, 16)",
                         algorithm);
    return STATUS_OK;
}

enum status key_file_public(const char *path, const char *zone, const struct key_name *name,
                            struct dnskey *key, struct error *err)
{
    struct buf text = {0};
    enum status status = file_read(path, KEY_FILE_MAX, &text, err);
    if (status == STATUS_OK) {
        status = parse(buf_text(&text), zone, key, err);
        if (status == STATUS_OK)
            status = check_record(key->rr, zone, name, err);
        if (status != STATUS_OK)
            status = error_prefix(err, status, "%s", path);
    }
    buf_done(&text);
    if (status != STATUS_OK)
        return status;
    key->path = xstrdup(path);
    key->tag = name->tag;
    key->algorithm = name->algorithm;
    key->flags = ldns_rdf2native_int16(ldns_rr_dnskey_flags(key->rr));
    return STATUS_OK;
}
