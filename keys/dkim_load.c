// SPDX-License-Identifier: ISC
// Reads the directory of a domain's DKIM keys. Ten thousand domains have four times as many files, so each file costs
// as few system calls as it can: all are opened from the directory, and private ones only looked at.
#include "keys/dkim.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/file.h"
#include "keys/dkim_files.h"
#include "keys/dkim_public.h"

enum status dkim_part_check(const char *text, struct error *err)
{
    for (const char *c = text; *c != '\0'; c++) {
        if (!isalnum((unsigned char)*c) && strchr("-_.", *c) == NULL)
            return error_set(err, STATUS_SYNTAX, "DKIM: \"%s\" is no domain name", text);
    }
    if (text[0] == '.' || text[0] == '\0')
        return error_set(err, STATUS_SYNTAX, "DKIM: \"%s\" is no domain name", text);
    return STATUS_OK;
}

// ── The list of files ────────────────────────────────────────────────────────────────────────────

// The selector that a file of this name is of, or NULL. Editors' files and others with a dot in front are none. The
// caller frees.
static char *selector_of(const char *name, const char *suffix)
{
    size_t len = strlen(name);
    size_t suffix_len = strlen(suffix);
    if (name[0] == '.' || len <= suffix_len || strcmp(name + len - suffix_len, suffix) != 0)
        return NULL;
    char *selector = xmemdup(name, len - suffix_len + 1);
    selector[len - suffix_len] = '\0';
    return selector;
}

struct listing {
    struct dkim_set *set;
    size_t cap, private_cap;
};

// More than are allowed are no use: one tells it.
static void take_name(struct listing *listing, const char *name)
{
    struct dkim_set *set = listing->set;
    char *selector;
    set->is_left = set->is_left || file_is_left(name);
    if (set->count > DKIM_KEYS_MAX || set->private_count > DKIM_KEYS_MAX)
        return;
    if ((selector = selector_of(name, DKIM_PUBLIC)) != NULL) {
        set->list = array_grow(set->list, &listing->cap, set->count, sizeof(*set->list));
        set->list[set->count++] = (struct dkim_key){.selector = selector};
    } else if ((selector = selector_of(name, DKIM_PRIVATE)) != NULL) {
        set->privates = array_grow(set->privates, &listing->private_cap, set->private_count,
                                   sizeof(*set->privates));
        set->privates[set->private_count++] = (struct dkim_private){.selector = selector};
    }
}

static int compare_keys(const void *a, const void *b)
{
    return strcmp(((const struct dkim_key *)a)->selector, ((const struct dkim_key *)b)->selector);
}

static int compare_privates(const void *a, const void *b)
{
    return strcmp(((const struct dkim_private *)a)->selector,
                  ((const struct dkim_private *)b)->selector);
}

// Without opendir(): its stream costs as much as the list of so few files.
static enum status list(int directory, const char *path, struct dkim_set *ret, struct error *err)
{
    struct listing listing = {.set = ret};
    _Alignas(struct dirent64) char octets[4096];
    ssize_t len;
    while ((len = getdents64(directory, octets, sizeof(octets))) > 0)
        for (ssize_t at = 0; at < len;) {
            const struct dirent64 *entry = (const void *)(octets + at);
            take_name(&listing, entry->d_name);
            at += entry->d_reclen;
        }
    if (len < 0)
        return error_set_errno(err, errno, "%s: cannot read it", path);
    if (ret->count > DKIM_KEYS_MAX || ret->private_count > DKIM_KEYS_MAX)
        return error_set(err, STATUS_RANGE, "%s: more than %d DKIM keys", path, DKIM_KEYS_MAX);
    if (ret->count > 0)
        qsort(ret->list, ret->count, sizeof(*ret->list), compare_keys);
    if (ret->private_count > 0)
        qsort(ret->privates, ret->private_count, sizeof(*ret->privates), compare_privates);
    return STATUS_OK;
}

// ── The files ────────────────────────────────────────────────────────────────────────────────────

static void look_at_private(int directory, struct dkim_private *private)
{
    char name[NAME_MAX + 1];
    struct stat info;
    (void)snprintf(name, sizeof(name), "%s" DKIM_PRIVATE, private->selector);
    if (fstatat(directory, name, &info, 0) != 0) {
        private->reason = errno;
        return;
    }
    private->arrived = info.st_ctim;
}

static enum status read_public(int directory, const char *name, struct dkim_key *key,
                               struct error *err)
{
    struct buf text = {0};
    struct stat info = {.st_nlink = 0};
    enum status status = dkim_part_check(key->selector, err);
    if (status != STATUS_OK)
        return error_prefix(err, status, "%s", name);
    status = file_read_at(directory, name, DKIM_FILE_MAX, &text, &info, err);
    // The time of the inode's change: when it came here, whatever copying has kept.
    key->arrived = info.st_ctim;
    key->created = key->changed = (int64_t)info.st_ctim.tv_sec;
    if (status == STATUS_OK) {
        status = dkim_public_head(&text, key, err);
        key->lines_wrong = status != STATUS_OK;
        if (status == STATUS_OK)
            status = dkim_public_block(&text, key, err);
        if (status != STATUS_OK)
            (void)error_prefix(err, status, "%s", name);
    }
    buf_done(&text);
    return status;
}

static bool has_private(const struct dkim_set *set, char *selector)
{
    const struct dkim_private like = {.selector = selector};
    return set->private_count > 0 && bsearch(&like, set->privates, set->private_count,
                                             sizeof(*set->privates), compare_privates) != NULL;
}

// What the public file says, and whether there is a private one. What cannot be read is the key's trouble.
static void read_key(int directory, const char *path, const struct dkim_set *set,
                     struct dkim_key *key)
{
    char name[NAME_MAX + 1];
    struct error err = {0};
    (void)snprintf(name, sizeof(name), "%s" DKIM_PUBLIC, key->selector);
    key->state = DKIM_ACTIVE;
    key->has_private = has_private(set, key->selector);
    if (read_public(directory, name, key, &err) != STATUS_OK)
        key->trouble = xasprintf("%s/%s", path, err.text);
}

static enum status load(const char *path, struct dkim_set *ret, struct error *err)
{
    int directory = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    ret->exists = directory >= 0;
    if (directory < 0)
        return errno == ENOENT ? STATUS_OK
                               : error_set_errno(err, errno, "%s: cannot read it", path);
    enum status status = list(directory, path, ret, err);
    for (size_t i = 0; status == STATUS_OK && i < ret->private_count; i++)
        look_at_private(directory, &ret->privates[i]);
    for (size_t i = 0; status == STATUS_OK && i < ret->count; i++)
        read_key(directory, path, ret, &ret->list[i]);
    close(directory);
    return status;
}

enum status dkim_load(const char *directory, const char *domain, struct dkim_set *ret,
                      struct error *err)
{
    *ret = (struct dkim_set){0};
    enum status status = dkim_part_check(domain, err);
    if (status != STATUS_OK)
        return status;
    char *path = path_join(directory, domain);
    struct dkim_set set = {0};
    status = load(path, &set, err);
    free(path);
    if (status == STATUS_OK) {
        *ret = set;
    } else {
        ret->exists = set.exists;
        ret->is_left = set.is_left;
        dkim_set_done(&set);
    }
    return status;
}

void dkim_set_done(struct dkim_set *set)
{
    for (size_t i = 0; i < set->count; i++) {
        free(set->list[i].selector);
        free(set->list[i].p);
        free(set->list[i].trouble);
    }
    for (size_t i = 0; i < set->private_count; i++)
        free(set->privates[i].selector);
    free(set->list);
    free(set->privates);
    *set = (struct dkim_set){0};
}
