// SPDX-License-Identifier: ISC
// The directory of a domain's DKIM keys: reading it, and changing states.
#include "keys/dkim.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/pem.h>

#include "base/alloc.h"
#include "base/file.h"
#include "keys/dkim_public.h"
#include "keys/pem.h"
#include "keys/private_key.h"

#define DKIM_FILE_MAX  (64U << 10)
#define PRIVATE_SUFFIX ".private"
#define PUBLIC_SUFFIX  ".pub"

// ── Names and paths ──────────────────────────────────────────────────────────────────────────────

// Domain and selector become parts of a path: they must be names and nothing else.
static enum status check_part(const char *text, struct error *err)
{
    for (const char *c = text; *c != '\0'; c++) {
        if (!isalnum((unsigned char)*c) && strchr("-_.", *c) == NULL)
            return error_set(err, STATUS_SYNTAX, "DKIM: \"%s\" is no domain name", text);
    }
    if (text[0] == '.' || text[0] == '\0')
        return error_set(err, STATUS_SYNTAX, "DKIM: \"%s\" is no domain name", text);
    return STATUS_OK;
}

static enum status check_parts(const char *domain, const char *selector, struct error *err)
{
    enum status status = check_part(domain, err);
    return status == STATUS_OK ? check_part(selector, err) : status;
}

char *dkim_private_path(const char *directory, const char *domain, const char *selector)
{
    return xasprintf("%s/%s/%s" PRIVATE_SUFFIX, directory, domain, selector);
}

static char *public_path(const char *directory, const char *domain, const char *selector)
{
    return xasprintf("%s/%s/%s" PUBLIC_SUFFIX, directory, domain, selector);
}

// The selector that a file of this name is of, or NULL. Editors' files and others with a dot in front are none. The
// caller frees.
static char *selector_of(const char *name, const char *suffix)
{
    size_t len = strlen(name);
    size_t suffix_len = strlen(suffix);
    if (name[0] == '.' || len <= suffix_len || strcmp(name + len - suffix_len, suffix) != 0)
        return NULL;
    return xasprintf("%.*s", (int)(len - suffix_len), name);
}

// ── Reading ──────────────────────────────────────────────────────────────────────────────────────

struct selectors {
    char **list;
    size_t count, cap;
};

struct listing {
    struct selectors publics, privates;
    bool is_left; // something for file_sweep
};

static void free_texts(char **list, size_t count)
{
    for (size_t i = 0; i < count; i++)
        free(list[i]);
    free(list);
}

static int compare_texts(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool take_selector(struct selectors *selectors, const char *name, const char *suffix)
{
    char *selector = selector_of(name, suffix);
    if (selector == NULL)
        return false;
    selectors->list =
        array_grow(selectors->list, &selectors->cap, selectors->count, sizeof(*selectors->list));
    selectors->list[selectors->count++] = selector;
    return true;
}

static void sort_selectors(struct selectors *selectors)
{
    if (selectors->count > 0)
        qsort(selectors->list, selectors->count, sizeof(*selectors->list), compare_texts);
}

static enum status read_listing(const char *path, bool *ret_exists, struct listing *ret,
                                struct error *err)
{
    DIR *dir = opendir(path);
    *ret_exists = dir != NULL;
    if (dir == NULL)
        return errno == ENOENT ? STATUS_OK
                               : error_set_errno(err, errno, "%s: cannot read it", path);
    for (const struct dirent *entry; (entry = readdir(dir)) != NULL;) {
        ret->is_left = ret->is_left || file_is_left(entry->d_name);
        if (ret->publics.count + ret->privates.count <= 2 * DKIM_KEYS_MAX &&
            !take_selector(&ret->publics, entry->d_name, PUBLIC_SUFFIX))
            (void)take_selector(&ret->privates, entry->d_name, PRIVATE_SUFFIX);
    }
    closedir(dir);
    if (ret->publics.count > DKIM_KEYS_MAX || ret->privates.count > DKIM_KEYS_MAX)
        return error_set(err, STATUS_RANGE, "%s: more than %d DKIM keys", path, DKIM_KEYS_MAX);
    sort_selectors(&ret->publics);
    sort_selectors(&ret->privates);
    return STATUS_OK;
}

static bool has_private(const struct dkim_set *set, const char *selector)
{
    return set->private_count > 0 && bsearch(&selector, set->privates, set->private_count,
                                             sizeof(*set->privates), compare_texts) != NULL;
}

// As file_read, in half as many system calls: ten thousand domains have twice as many files.
static enum status read_text(const char *path, struct buf *ret, int64_t *ret_changed,
                             struct error *err)
{
    struct stat info;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return error_set_errno(err, errno, "%s: cannot open", path);
    enum status status = STATUS_OK;
    if (fstat(fd, &info) != 0)
        status = error_set_errno(err, errno, "%s: cannot look at it", path);
    else if (!S_ISREG(info.st_mode) || info.st_size > DKIM_FILE_MAX)
        status = error_set(err, STATUS_IO, "%s: not a regular file of at most %u octets", path,
                           DKIM_FILE_MAX);
    if (status == STATUS_OK) {
        uint8_t *octets = buf_extend(ret, (size_t)info.st_size);
        ssize_t got = read(fd, octets, (size_t)info.st_size);
        if (got < 0)
            status = error_set_errno(err, errno, "%s: cannot read", path);
        ret->len = got > 0 ? (size_t)got : 0; // shorter when it is just being written
        *ret_changed = (int64_t)info.st_ctim.tv_sec;
    }
    close(fd);
    return status;
}

// Reads what the public file says into a key. What cannot be read is its trouble.
static void read_public(const char *directory, const char *domain, struct dkim_key *key)
{
    char *path = public_path(directory, domain, key->selector);
    struct buf text = {0};
    struct error err = {0};
    int64_t arrived = 0;
    enum status status = check_part(key->selector, &err);
    if (status != STATUS_OK)
        (void)error_prefix(&err, status, "%s", path);
    else
        status = read_text(path, &text, &arrived, &err);
    // The time of the inode's change: when it came here, whatever copying has kept.
    key->state = DKIM_ACTIVE;
    key->created = key->changed = arrived;
    if (status == STATUS_OK) {
        status = dkim_public_head(&text, key, &err);
        key->lines_wrong = status != STATUS_OK;
        if (status == STATUS_OK)
            status = dkim_public_block(&text, key, &err);
        if (status != STATUS_OK)
            (void)error_prefix(&err, status, "%s", path);
    }
    if (status != STATUS_OK)
        key->trouble = xstrdup(err.text);
    buf_done(&text);
    free(path);
}

enum status dkim_load(const char *directory, const char *domain, struct dkim_set *ret,
                      struct error *err)
{
    struct listing listing = {.is_left = false};
    *ret = (struct dkim_set){0};
    enum status status = check_part(domain, err);
    if (status != STATUS_OK)
        return status;
    char *path = path_join(directory, domain);
    status = read_listing(path, &ret->exists, &listing, err);
    free(path);
    ret->is_left = listing.is_left;
    ret->privates = listing.privates.list;
    ret->private_count = listing.privates.count;
    if (status != STATUS_OK) {
        free_texts(listing.publics.list, listing.publics.count);
        return status;
    }
    if (listing.publics.count > 0)
        ret->list = xcalloc(listing.publics.count, sizeof(*ret->list));
    for (size_t i = 0; i < listing.publics.count; i++) {
        struct dkim_key *key = &ret->list[ret->count++];
        key->selector = listing.publics.list[i]; // moved
        key->has_private = has_private(ret, key->selector);
        read_public(directory, domain, key);
    }
    free(listing.publics.list);
    return STATUS_OK;
}

void dkim_set_done(struct dkim_set *set)
{
    for (size_t i = 0; i < set->count; i++) {
        free(set->list[i].selector);
        free(set->list[i].p);
        free(set->list[i].trouble);
    }
    free(set->list);
    free_texts(set->privates, set->private_count);
    *set = (struct dkim_set){0};
}

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

// The times of the inode's change: copying or renaming a file into place cannot fake them.
static enum status is_complete(const char *private, const char *public, bool *ret,
                               struct error *err)
{
    struct stat own;
    struct stat other;
    *ret = false;
    if (stat(private, &own) != 0)
        return error_set_errno(err, errno, "%s: cannot look at it", private);
    if (stat(public, &other) == 0)
        *ret = !is_later(&own.st_ctim, &other.st_ctim);
    else if (errno != ENOENT)
        return error_set_errno(err, errno, "%s: cannot look at it", public);
    return STATUS_OK;
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

static enum status complete_one(const char *directory, const char *domain,
                                const struct dkim_set *set, const char *selector, bool *ret_changed,
                                struct error *err)
{
    const struct dkim_key *known = find_key(set, selector);
    char *private = dkim_private_path(directory, domain, selector);
    char *public = public_path(directory, domain, selector);
    bool complete = false;
    enum status status = check_part(selector, err);
    if (status == STATUS_OK)
        status = is_complete(private, public, &complete, err);
    bool is_left = known != NULL && known->lines_wrong; // dkim_load has its trouble
    if (status == STATUS_OK && !is_left &&
        (!complete || (known != NULL && known->trouble != NULL))) {
        status = write_again(directory, domain, known, selector, err);
        *ret_changed = *ret_changed || status == STATUS_OK;
    }
    free(private);
    free(public);
    return status;
}

enum status dkim_complete(const char *directory, const char *domain, const struct dkim_set *set,
                          bool *ret_changed, struct error *err)
{
    *ret_changed = false;
    enum status status = check_part(domain, err);
    if (status != STATUS_OK)
        return status;
    for (size_t i = 0; i < set->private_count; i++) {
        struct error own = {0};
        enum status result =
            complete_one(directory, domain, set, set->privates[i], ret_changed, &own);
        if (result != STATUS_OK && status == STATUS_OK)
            status = error_set(err, result, "%s", own.text);
    }
    return status;
}
