// SPDX-License-Identifier: ISC
#include "keys/key_import.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/pem.h>

#include "base/alloc.h"
#include "base/file.h"
#include "keys/key_files.h"
#include "keys/key_state.h"
#include "keys/pem.h"

#define MAIL_IN_A_BOX "_domain_"
#define RSA_BITS_MIN  1024 // RFC 5702 §2.1: 512, which nobody should trust
#define RSA_BITS_MAX  4096 // RFC 3110 §2

struct importing {
    const struct key_import_place *place;
    char *prefix; // "K<zone>.+"
    struct key_imports imports;
    size_t cap;
};

// ── Names ────────────────────────────────────────────────────────────────────────────────────────

// The length of path without the ending of a part of a pair, as "K….+013+12345", or 0: it is none.
static size_t base_len(const char *path)
{
    static const char *const endings[] = {"", ".key", ".private", ".state", ".ds"};
    const char *slash = strrchr(path, '/');
    const char *name = slash != NULL ? slash + 1 : path;
    const char *plus = strrchr(name, '+');
    if (name[0] != 'K' || plus == NULL || plus - name < 5 || plus[-4] != '+' ||
        strspn(plus + 1, "0123456789") != 5)
        return 0;
    for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++)
        if (strcmp(plus + 6, endings[i]) == 0)
            return (size_t)(plus + 6 - path);
    return 0;
}

// Whose files are these: the zone's, or those of all domains of Mail-in-a-Box?
static enum status find_owner(const struct importing *importing, const char *base,
                              const char **ret_owner, struct key_name *ret, struct error *err)
{
    const char *slash = strrchr(base, '/');
    char *name = xasprintf("%s.key", slash != NULL ? slash + 1 : base);
    enum status status = STATUS_OK;
    if (key_file_is(name, importing->prefix, ret))
        *ret_owner = importing->place->zone;
    else if (key_file_is(name, "K" MAIL_IN_A_BOX ".+", ret))
        *ret_owner = MAIL_IN_A_BOX;
    else
        status = error_set(err, STATUS_STATE, "%s: a key of another zone than %s", base,
                           importing->place->zone);
    free(name);
    return status;
}

static enum status judge_algorithm(const char *path, uint8_t algorithm, struct error *err)
{
    if (key_algorithm(algorithm) != NULL)
        return STATUS_OK;
    if (algorithm == 5 || algorithm == 7)
        return error_set(
            err, STATUS_RANGE,
            "%s: algorithm %u is RSA with SHA-1, which zonebox does not sign with, nor do all "
            "validators accept it (RFC 9905): roll to ECDSAP256SHA256 at the old place, then bring "
            "that key; or take the DS out at the registrar, wait until it has expired, and begin "
            "here with a new key",
            path, algorithm);
    return error_set(err, STATUS_RANGE,
                     "%s: algorithm %u is not one that zonebox signs with (8, 10, 13, 14, 15, 16)",
                     path, algorithm);
}

// ── Pairs ────────────────────────────────────────────────────────────────────────────────────────

static enum status need_parts(const char *base, struct error *err)
{
    static const char *const parts[][2] = {{"key", "private"}, {"private", "key"}};
    enum status status = STATUS_OK;
    for (size_t i = 0; status == STATUS_OK && i < 2; i++) {
        char *path = xasprintf("%s.%s", base, parts[i][0]);
        if (access(path, F_OK) != 0)
            status =
                error_set_errno(err, errno, "%s: it belongs to %s.%s", path, base, parts[i][1]);
        free(path);
    }
    return status;
}

static enum status apply_state(const struct importing *importing, const char *base,
                               struct dnskey_times *times, struct error *err)
{
    struct buf text = {0};
    char *path = xasprintf("%s.state", base);
    enum status status =
        access(path, F_OK) == 0 ? file_read(path, KEY_FILE_MAX, &text, err) : STATUS_NOT_FOUND;
    if (status == STATUS_OK) {
        buf_put_u8(&text, 0);
        status = key_state_apply((char *)text.data, importing->place->now, times, err);
        if (status != STATUS_OK)
            status = error_prefix(err, status, "%s", path);
    } else if (status == STATUS_NOT_FOUND) {
        status = STATUS_OK; // not every tool has one
    }
    buf_done(&text);
    free(path);
    return status;
}

static enum status load_pair(const char *base, const char *owner, const struct key_name *name,
                             struct dnskey *ret, struct error *err)
{
    char *directory = path_directory(base);
    const char *slash = strrchr(base, '/');
    char *file = xasprintf("%s.key", slash != NULL ? slash + 1 : base);
    const struct dnskey_listing listing = {directory, &file, 1};
    const struct dnskey_id id = {name->tag, name->algorithm};
    const struct dnskey_ids one = {&id, 1};
    struct dnskey_set set = {0};
    enum status status = dnskey_load_known(&listing, owner, &one, true, &set, err);
    if (status == STATUS_OK) {
        *ret = set.keys[0]; // the name was looked at before
        free(set.keys);
    }
    free(file);
    free(directory);
    return status;
}

// ── One key ──────────────────────────────────────────────────────────────────────────────────────

static bool is_over(const struct dnskey_times *times, int64_t now)
{
    return (times->inactive != 0 && times->inactive <= now) ||
           (times->remove != 0 && times->remove <= now);
}

static bool exists(const char *base, const char *ending)
{
    char *path = xasprintf("%s.%s", base, ending);
    bool found = access(path, F_OK) == 0;
    free(path);
    return found;
}

static enum status look_at_half(const char *base, struct key_import *import, struct error *err)
{
    char *path = xasprintf("%s.private", base);
    struct buf public = {0};
    struct dnskey_times times;
    EVP_PKEY *there = NULL;
    enum status status =
        key_file_private(path, import->key.algorithm, &there, &times, &public, err);
    import->is_half_there = status == STATUS_OK && EVP_PKEY_eq(there, import->key.private) == 1;
    if (status == STATUS_OK && !import->is_half_there)
        status = error_set(err, STATUS_EXISTS, "%s: is there already, and another key", path);
    EVP_PKEY_free(there);
    buf_done(&public);
    free(path);
    return status;
}

// Is the key in the directory, as it is here? EXISTS when another one is.
static enum status look_for(const char *base, const char *zone, struct key_import *import,
                            struct error *err)
{
    bool has_public = exists(base, "key");
    if (!has_public && !exists(base, "private"))
        return STATUS_OK;
    if (!has_public)
        return look_at_half(base, import, err);
    const struct key_name name = {import->key.algorithm, import->key.tag, false};
    struct dnskey there = {0};
    enum status status = load_pair(base, zone, &name, &there, err);
    if (status != STATUS_OK)
        return error_prefix(err, status, "the files that are there already do not hold up");
    import->is_there = ldns_rr_compare(there.rr, import->key.rr) == 0;
    dnskey_done(&there);
    if (!import->is_there)
        return error_set(err, STATUS_EXISTS, "%s.key: is there already, and another key", base);
    return STATUS_OK;
}

// Takes private over, on success and on failure. public: the field of the DNSKEY.
static enum status take_key(struct importing *importing, uint16_t flags, uint8_t algorithm,
                            EVP_PKEY *private, const struct dnskey_times *times, struct error *err)
{
    struct buf public = {0};
    EVP_PKEY *again = NULL;
    ldns_rr *rr = NULL;
    enum status status = private_key_again(private, algorithm, &again, &public, err);
    EVP_PKEY_free(private);
    if (status == STATUS_OK &&
        (rr = key_record(importing->place->zone, flags, algorithm, &public)) == NULL)
        status = error_set(err, STATUS_SYNTAX, "%s: not a zone name", importing->place->zone);
    buf_done(&public);
    if (status != STATUS_OK) {
        EVP_PKEY_free(again);
        return status;
    }
    struct key_imports *imports = &importing->imports;
    imports->list =
        array_grow(imports->list, &importing->cap, imports->count, sizeof(*imports->list));
    struct key_import *import = &imports->list[imports->count++];
    *import = (struct key_import){.is_over = is_over(times, importing->place->now)};
    struct dnskey_id id = {ldns_calc_keytag(rr), algorithm};
    char *base = key_file_base(importing->place->directory, importing->place->zone, id);
    key_set(&import->key, rr, again, base, times);
    status = look_for(base, importing->place->zone, import, err);
    free(base);
    return status;
}

static enum status take_pair(struct importing *importing, const char *base, struct error *err)
{
    struct key_name name;
    const char *owner;
    struct dnskey key = {0};
    enum status status = find_owner(importing, base, &owner, &name, err);
    if (status == STATUS_OK)
        status = judge_algorithm(base, name.algorithm, err);
    if (status == STATUS_OK)
        status = need_parts(base, err);
    if (status == STATUS_OK)
        status = load_pair(base, owner, &name, &key, err);
    if (status == STATUS_OK)
        status = apply_state(importing, base, &key.times, err);
    if (status == STATUS_OK) {
        status = take_key(importing, key.flags, key.algorithm, key.private, &key.times, err);
        key.private = NULL; // taken over
    }
    dnskey_done(&key);
    return status;
}

// ── PEM ──────────────────────────────────────────────────────────────────────────────────────────

static uint8_t algorithm_of(const EVP_PKEY *key)
{
    static const uint8_t numbers[] = {13, 14, 15, 16};
    int bits = EVP_PKEY_get_bits(key);
    if (EVP_PKEY_is_a(key, "RSA"))
        return bits >= RSA_BITS_MIN && bits <= RSA_BITS_MAX ? 8 : 0;
    for (size_t i = 0; i < sizeof(numbers); i++)
        if (private_key_is_of(key, numbers[i]))
            return numbers[i];
    return 0;
}

static enum status take_pem(struct importing *importing, const char *path, struct error *err)
{
    static const struct dnskey_times none;
    struct buf text = {0};
    buf_reserve(&text, KEY_FILE_MAX + 16384); // never grows: no copy of the secret stays behind
    enum status status = file_read(path, KEY_FILE_MAX, &text, err);
    BIO *bio = status == STATUS_OK ? BIO_new_mem_buf(text.data, (int)text.len) : NULL;
    EVP_PKEY *key =
        bio != NULL ? PEM_read_bio_PrivateKey(bio, NULL, pem_no_pass_phrase, NULL) : NULL;
    uint8_t algorithm = key != NULL ? algorithm_of(key) : 0;
    BIO_free(bio);
    ERR_clear_error();
    buf_wipe(&text);
    if (status != STATUS_OK)
        return status;
    if (key == NULL)
        return error_set(
            err, STATUS_SYNTAX,
            "%s: neither a part of a key pair (K….key, K….private) nor a private key in "
            "PEM form without a pass phrase",
            path);
    if (algorithm == 0) {
        EVP_PKEY_free(key);
        return error_set(
            err, STATUS_RANGE,
            "%s: not a key that can sign zones: P-256, P-384, Ed25519, Ed448, or RSA of "
            "%d to %d bits",
            path, RSA_BITS_MIN, RSA_BITS_MAX);
    }
    return take_key(importing, DNSKEY_FLAGS_SEP, algorithm, key, &none, err);
}

// ── All ──────────────────────────────────────────────────────────────────────────────────────────

// Several parts of one pair, as a shell's K* finds them, are one key.
static bool is_first(const char *const *files, size_t index)
{
    size_t len = base_len(files[index]);
    for (size_t i = 0; i < index; i++)
        if (len > 0 ? base_len(files[i]) == len && strncmp(files[i], files[index], len) == 0
                    : strcmp(files[i], files[index]) == 0)
            return false;
    return true;
}

static int compare(const void *a, const void *b)
{
    const struct dnskey *left = &((const struct key_import *)a)->key;
    const struct dnskey *right = &((const struct key_import *)b)->key;
    int order = (left->tag > right->tag) - (left->tag < right->tag);
    return order != 0 ? order : left->algorithm - right->algorithm;
}

static enum status judge_set(struct importing *importing, struct error *err)
{
    const struct key_imports *imports = &importing->imports;
    if (imports->count == 0)
        return error_set(err, STATUS_SYNTAX, "%s: which files?", importing->place->zone);
    qsort(imports->list, imports->count, sizeof(*imports->list), compare);
    for (size_t i = 1; i < imports->count; i++)
        if (compare(&imports->list[i - 1], &imports->list[i]) == 0)
            return error_set(err, STATUS_EXISTS, "%s: key %u of algorithm %u comes twice",
                             importing->place->zone, imports->list[i].key.tag,
                             imports->list[i].key.algorithm);
    return STATUS_OK;
}

enum status key_import_read(const struct key_import_place *place, const char *const *files,
                            size_t count, struct key_imports *ret, struct error *err)
{
    struct importing importing = {.place = place, .prefix = key_file_prefix(place->zone)};
    enum status status = STATUS_OK;
    for (size_t i = 0; status == STATUS_OK && i < count; i++) {
        size_t len = base_len(files[i]);
        if (!is_first(files, i))
            continue;
        if (len == 0) {
            status = take_pem(&importing, files[i], err);
            continue;
        }
        char *base = xasprintf("%.*s", (int)len, files[i]);
        status = take_pair(&importing, base, err);
        free(base);
    }
    if (status == STATUS_OK)
        status = judge_set(&importing, err);
    free(importing.prefix);
    if (status != STATUS_OK)
        key_imports_done(&importing.imports);
    *ret = importing.imports;
    return status;
}

static enum status write_one(const struct key_import *import, struct error *err)
{
    if (import->is_there)
        return STATUS_OK;
    if (import->is_half_there)
        return key_file_create_public(&import->key, err);
    return key_files_create(&import->key, err);
}

enum status key_import_write(const struct key_imports *imports, struct error *err)
{
    enum status status = STATUS_OK;
    size_t done = 0;
    for (; status == STATUS_OK && done < imports->count; done++)
        status = write_one(&imports->list[done], err);
    // The last one has left nothing.
    for (size_t i = 0; status != STATUS_OK && i + 1 < done; i++)
        if (!imports->list[i].is_there && !imports->list[i].is_half_there)
            key_files_remove(&imports->list[i].key);
    return status;
}

void key_imports_done(struct key_imports *imports)
{
    for (size_t i = 0; i < imports->count; i++)
        dnskey_done(&imports->list[i].key);
    free(imports->list);
    *imports = (struct key_imports){0};
}
