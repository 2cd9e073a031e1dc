// SPDX-License-Identifier: ISC
// The end of key files: of the private part alone, since a compromised key is of no use to its owner, and of both when
// nobody needs them any more.
#include "keys/dnskey.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/file.h"
#include "keys/key_files.h"

enum status dnskey_destroy(const char *directory, const char *zone, struct dnskey_id id,
                           struct error *err)
{
    char *base = key_file_base(directory, zone, id);
    char *path = xasprintf("%s.private", base);
    struct stat info;
    enum status status = STATUS_OK;
    int fd = open(path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd >= 0 && fstat(fd, &info) == 0) {
        char zeros[4096] = {0};
        for (off_t left = info.st_size; left > 0; left -= (off_t)sizeof(zeros))
            if (write(fd, zeros, sizeof(zeros)) < 0)
                break;
        fsync(fd);
    }
    if (fd >= 0)
        close(fd);
    if (unlink(path) != 0 && errno != ENOENT)
        status = error_set_errno(err, errno, "%s: cannot be destroyed", path);
    free(path);
    free(base);
    return status;
}

// The times that count are those of the .private file, where there is one.
static bool is_over(const struct dnskey_listing *listing, const char *zone, struct dnskey_id id,
                    int64_t before)
{
    const struct dnskey_ids one = {&id, 1};
    struct dnskey_set set = {0};
    char *base = key_file_base(listing->directory, zone, id);
    char *private = xasprintf("%s.private", base);
    bool has_private = access(private, F_OK) == 0;
    bool over = dnskey_load_known(listing, zone, &one, has_private, &set, NULL) == STATUS_OK &&
                set.count == 1 && set.keys[0].times.remove != 0 &&
                set.keys[0].times.remove < before;
    dnskey_set_done(&set);
    free(private);
    free(base);
    return over;
}

static enum status remove_both(const char *directory, const char *file, const char *zone,
                               struct dnskey_id id, struct error *err)
{
    enum status status = dnskey_destroy(directory, zone, id, err);
    char *path = path_join(directory, file);
    if (status == STATUS_OK && unlink(path) != 0 && errno != ENOENT)
        status = error_set_errno(err, errno, "%s: cannot be removed", path);
    free(path);
    return status;
}

enum status dnskey_purge(const struct dnskey_listing *listing, const char *zone,
                         const struct dnskey_ids *kept, int64_t before, size_t *ret_count,
                         struct error *err)
{
    enum status status = STATUS_OK;
    struct key_name name;
    struct key_walk walk = key_walk_begin(listing, zone);
    *ret_count = 0;
    for (const char *file; status == STATUS_OK && (file = key_walk_next(&walk, &name)) != NULL;) {
        struct dnskey_id id = {name.tag, name.algorithm};
        if (name.private || key_name_is_in(&name, kept) || !is_over(listing, zone, id, before))
            continue;
        status = remove_both(listing->directory, file, zone, id, err);
        *ret_count += status == STATUS_OK ? 1 : 0;
    }
    key_walk_end(&walk);
    return status;
}
