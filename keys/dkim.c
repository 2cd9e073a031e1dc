// SPDX-License-Identifier: ISC
// The files of a domain's DKIM keys: which of them signs, changing states, completing what was brought along.
#include "keys/dkim.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/pem.h>

#include "base/alloc.h"
#include "base/file.h"
#include "keys/dkim_files.h"
#include "keys/dkim_public.h"
#include "keys/pem.h"
#include "keys/private_key.h"

// ── Names and paths ──────────────────────────────────────────────────────────────────────────────

static enum status check_parts(const char *domain, const char *selector, struct error *err)
{
    enum status status = dkim_part_check(domain, err);
    return status == STATUS_OK ? dkim_part_check(selector, err) : status;
}

char *dkim_private_path(const char *directory, const char *domain, const char *selector)
{
    return xasprintf("%s/%s/%s" DKIM_PRIVATE, directory, domain, selector);
}

static char *public_path(const char *directory, const char *domain, const char *selector)
{
    return xasprintf("%s/%s/%s" DKIM_PUBLIC, directory, domain, selector);
}

// ── Whose it is ──────────────────────────────────────────────────────────────────────────────────

bool dkim_is_foreign(const struct dkim_key *key)
{
    return !key->made && !key->has_private;
}

static bool is_newer(const struct dkim_key *a, const struct dkim_key *b)
{
    if (a->changed != b->changed)
        return a->changed > b->changed;
    if (a->created != b->created)
        return a->created > b->created;
    return strcmp(a->selector, b->selector) > 0;
}

const struct dkim_key *dkim_signer(const struct dkim_set *set, enum dkim_algorithm algorithm)
{
    const struct dkim_key *newest = NULL;
    for (size_t i = 0; i < set->count; i++) {
        const struct dkim_key *key = &set->list[i];
        if (key->trouble == NULL && key->state == DKIM_ACTIVE && key->has_private &&
            key->algorithm == algorithm && (newest == NULL || is_newer(key, newest)))
            newest = key;
    }
    return newest;
}

// ── Writing ──────────────────────────────────────────────────────────────────────────────────────

enum status dkim_save(const char *directory, const char *domain, const struct dkim_key *key,
                      struct error *err)
{
    enum status status = check_parts(domain, key->selector, err);
    if (status != STATUS_OK)
        return status;
    char *path = public_path(directory, domain, key->selector);
    struct buf text = {0};
    dkim_public_print(key, &text);
    status = file_write(path, text.data, text.len, 0644, err);
    buf_done(&text);
    free(path);
    return status;
}

static enum status delete_file(const char *path, struct error *err)
{
    return unlink(path) == 0 || errno == ENOENT
               ? STATUS_OK
               : error_set_errno(err, errno, "%s: cannot delete it", path);
}

enum status dkim_delete(const char *directory, const char *domain, const struct dkim_key *key,
                        struct error *err)
{
    enum status status = check_parts(domain, key->selector, err);
    if (status != STATUS_OK)
        return status;
    char *private = dkim_private_path(directory, domain, key->selector);
    char *public = public_path(directory, domain, key->selector);
    // A private file alone would be taken for one that was brought along.
    status = delete_file(private, err);
    if (status == STATUS_OK)
        status = delete_file(public, err);
    free(private);
    free(public);
    return status;
}

enum status dkim_store(const char *directory, const char *domain, const char *selector,
                       const struct dkim_pair *pair, int64_t now, struct error *err)
{
    enum status status = check_parts(domain, selector, err);
    if (status != STATUS_OK)
        return status;
    struct dkim_key key = {
        .selector = xstrdup(selector),
        .algorithm = pair->algorithm,
        .state = DKIM_PENDING,
        .made = true,
        .created = now,
        .changed = now,
        .p = pair->p.data,
        .p_len = pair->p.len,
    };
    char *home = path_join(directory, domain);
    char *private = dkim_private_path(directory, domain, selector);
    char *public = public_path(directory, domain, selector);
    struct buf text = {0};
    dkim_public_print(&key, &text);
    // The group comes from the directory above, which is set-group-ID (box.dkim.group): mail software is in it, passes
    // through and reads the key, which is 0640.
    status = directory_make(home, 0750, err);
    if (status == STATUS_OK && access(private, F_OK) == 0)
        status = error_set(err, STATUS_EXISTS, "%s: exists already", private);
    // The public file first: without its private one it is a pending key that is dropped again.
    if (status == STATUS_OK)
        status = file_create(public, text.data, text.len, 0644, err);
    if (status == STATUS_OK)
        status = file_create(private, pair->private.data, pair->private.len, 0640, err);
    buf_done(&text);
    free(key.selector);
    free(home);
    free(private);
    free(public);
    return status;
}

// ── Completing ───────────────────────────────────────────────────────────────────────────────────

// Reads a private file into a public key.
static enum status read_private(const char *path, struct dkim_key *ret, struct error *err)
{
    struct buf text = {0}, p = {0};
    // Never grows, so that no copy of the secret stays behind.
    buf_reserve(&text, DKIM_FILE_MAX + 1);
    EVP_PKEY *key = NULL;
    enum status status = file_read(path, DKIM_FILE_MAX, &text, err);
    if (status == STATUS_OK) {
        BIO *bio = BIO_new_mem_buf(text.data, (int)text.len);
        key = PEM_read_bio_PrivateKey(bio, NULL, pem_no_pass_phrase, NULL);
        BIO_free(bio);
        status = dkim_public_take(key, &ret->algorithm, &p, err);
        if (status != STATUS_OK)
            (void)error_prefix(err, status, "%s", path);
    }
    buf_wipe(&text);
    EVP_PKEY_free(key);
    if (status == STATUS_OK) {
        ret->p_len = p.len;
        ret->p = xmemdup(p.data, p.len);
    }
    buf_done(&p);
    return status;
}

static bool is_later(const struct timespec *a, const struct timespec *b)
{
    return a->tv_sec != b->tv_sec ? a->tv_sec > b->tv_sec : a->tv_nsec > b->tv_nsec;
}

// Writes the public file from the private one. What known says of the key stays when it is the same, or when only its
// lines could be read.
static enum status write_again(const char *directory, const char *domain,
                               const struct dkim_key *known, const char *selector,
                               struct error *err)
{
    char *private = dkim_private_path(directory, domain, selector);
    struct dkim_key key = {.state = DKIM_ACTIVE};
    enum status status = read_private(private, &key, err);
    bool same = known != NULL && known->p_len == key.p_len && key.p_len > 0 &&
                memcmp(known->p, key.p, key.p_len) == 0;
    if (same || (known != NULL && known->p == NULL && known->made)) {
        key.made = known->made;
        key.state = known->state;
        key.created = known->created;
        key.announced = known->announced;
        key.changed = known->changed;
    }
    key.selector = xstrdup(selector);
    if (status == STATUS_OK)
        status = dkim_save(directory, domain, &key, err);
    free(key.selector);
    free(key.p);
    free(private);
    return status;
}

static const struct dkim_key *find_key(const struct dkim_set *set, const char *selector)
{
    for (size_t i = 0; i < set->count; i++)
        if (strcmp(set->list[i].selector, selector) == 0)
            return &set->list[i];
    return NULL;
}

// By the times of the inodes' change: copying or renaming a file into place cannot fake them.
static enum status complete_one(const char *directory, const char *domain,
                                const struct dkim_set *set, const struct dkim_private *private,
                                bool *ret_changed, struct error *err)
{
    const struct dkim_key *known = find_key(set, private->selector);
    enum status status = dkim_part_check(private->selector, err);
    if (status == STATUS_OK && private->reason != 0)
        status =
            error_set_errno(err, private->reason, "%s/%s/%s" DKIM_PRIVATE ": cannot look at it",
                            directory, domain, private->selector);
    bool is_left = known != NULL && known->lines_wrong; // dkim_load has its trouble
    bool is_whole =
        known != NULL && known->trouble == NULL && !is_later(&private->arrived, &known->arrived);
    if (status == STATUS_OK && !is_left && !is_whole) {
        status = write_again(directory, domain, known, private->selector, err);
        *ret_changed = *ret_changed || status == STATUS_OK;
    }
    return status;
}

enum status dkim_complete(const char *directory, const char *domain, const struct dkim_set *set,
                          bool *ret_changed, struct error *err)
{
    *ret_changed = false;
    enum status status = dkim_part_check(domain, err);
    if (status != STATUS_OK)
        return status;
    for (size_t i = 0; i < set->private_count; i++) {
        struct error own = {0};
        enum status result =
            complete_one(directory, domain, set, &set->privates[i], ret_changed, &own);
        if (result != STATUS_OK && status == STATUS_OK)
            status = error_set(err, result, "%s", own.text);
    }
    return status;
}
