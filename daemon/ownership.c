// SPDX-License-Identifier: ISC
#include "daemon/ownership.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/file.h"
#include "base/log.h"

#define DEPTH_MAX 4 // dkim/ has one level, the others none

// What is being repaired, and for whom.
struct repair {
    const struct ownership *wanted;
    // The directory is of the right user and only its group is not: what others have in it is none of ours.
    bool group_only;
    size_t left; // files and directories that were not given away
    char *first_left;
};

static void leave(struct repair *repair, const char *path)
{
    if (repair->left++ == 0)
        repair->first_left = xstrdup(path);
}

static bool is_given(const struct ownership *wanted, const struct stat *info)
{
    return info->st_uid == wanted->uid && (wanted->gid == (gid_t)-1 || info->st_gid == wanted->gid);
}

static bool give(const struct repair *repair, int fd, const struct stat *info)
{
    const struct ownership *wanted = repair->wanted;
    if (repair->group_only && info->st_uid != wanted->uid)
        return false;
    return is_given(wanted, info) || fchownat(fd, "", wanted->uid, wanted->gid, AT_EMPTY_PATH) == 0;
}

static bool repair_entries(struct repair *repair, int fd, const char *path, unsigned depth);

static bool repair_directory(struct repair *repair, int parent, const char *name, const char *path,
                             unsigned depth)
{
    int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    struct stat info;
    bool done = fd >= 0 && fstat(fd, &info) == 0 && depth < DEPTH_MAX &&
                repair_entries(repair, fd, path, depth + 1) && give(repair, fd, &info);
    // After its owner, since a change of that may take the set-group-ID bit away.
    if (done && (repair->wanted->mode & S_ISGID) != 0)
        done = fchmod(fd, (info.st_mode & 07777) | S_ISGID) == 0;
    if (fd >= 0)
        close(fd);
    return done;
}

// Repairs one entry; false when it was left as it is.
static bool repair_entry(struct repair *repair, int parent, const char *name, const char *path,
                         unsigned depth)
{
    // O_PATH opens nothing: a FIFO does not block, a device does nothing.
    int fd = openat(parent, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
    struct stat info;
    bool done = false;
    if (fd >= 0 && fstat(fd, &info) == 0) {
        if (S_ISDIR(info.st_mode))
            done = repair_directory(repair, parent, name, path, depth);
        else
            done = S_ISREG(info.st_mode) && info.st_nlink == 1 && give(repair, fd, &info);
    }
    if (fd >= 0)
        close(fd);
    return done;
}

// Everything in the directory. False when it cannot be read.
static bool repair_entries(struct repair *repair, int fd, const char *path, unsigned depth)
{
    int copy = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *listing = copy >= 0 ? fdopendir(copy) : NULL;
    if (listing == NULL) {
        if (copy >= 0)
            close(copy);
        return false;
    }
    for (const struct dirent *entry; (entry = readdir(listing)) != NULL;) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        char *entry_path = path_join(path, entry->d_name);
        if (!repair_entry(repair, fd, entry->d_name, entry_path, depth))
            leave(repair, entry_path);
        free(entry_path);
    }
    closedir(listing);
    return true;
}

static enum status give_directory(int fd, const char *path, const struct stat *info,
                                  const struct ownership *wanted, struct error *err)
{
    if (fchown(fd, wanted->uid, wanted->gid) == 0)
        return STATUS_OK;
    if (info->st_uid != wanted->uid && geteuid() != 0)
        return error_set(err, STATUS_DENIED,
                         "%s: belongs to user %u; start zoned as that user or as root", path,
                         (unsigned)info->st_uid);
    return error_set_errno(err, errno, "%s: cannot give it to user %u and group %u", path,
                           (unsigned)wanted->uid, (unsigned)wanted->gid);
}

static enum status repair_all(int fd, const char *path, const struct stat *info,
                              const struct ownership *wanted, struct error *err)
{
    struct repair repair = {.wanted = wanted, .group_only = info->st_uid == wanted->uid};
    if (geteuid() == 0 && !repair_entries(&repair, fd, path, 0))
        return error_set_errno(err, errno, "%s: cannot read the directory", path);
    enum status status = give_directory(fd, path, info, wanted, err);
    if (status != STATUS_OK) {
        free(repair.first_left);
        return status;
    }
    log_event(LOG_LEVEL_NOTICE, "owner-repaired", "directory", path, "uid", log_u64(wanted->uid),
              "gid", log_u64(wanted->gid), NULL);
    if (repair.left > 0)
        log_event(LOG_LEVEL_WARNING, "owner-not-repaired", "files", log_u64(repair.left), "first",
                  repair.first_left, "reason",
                  "neither a directory nor a regular file with one name", NULL);
    free(repair.first_left);
    return STATUS_OK;
}

static enum status ensure_open(int fd, const char *path, bool made, const struct ownership *wanted,
                               struct error *err)
{
    struct stat info;
    if (fstat(fd, &info) != 0)
        return error_set_errno(err, errno, "%s", path);
    if (!is_given(wanted, &info)) {
        enum status status = made ? give_directory(fd, path, &info, wanted, err)
                                  : repair_all(fd, path, &info, wanted, err);
        if (status != STATUS_OK)
            return status;
        info.st_mode &= ~(mode_t)S_ISGID; // which the change of owner may have taken away
    }
    if ((info.st_mode & 07777) != wanted->mode && fchmod(fd, wanted->mode) != 0)
        return error_set_errno(err, errno, "%s: cannot set its mode", path);
    return STATUS_OK;
}

enum status ownership_ensure(const char *parent, const char *name, const struct ownership *wanted,
                             struct error *err)
{
    char *path = path_join(parent, name);
    enum status status = STATUS_OK;
    int fd = -1;
    bool made = mkdir(path, wanted->mode & 0700) == 0;
    if (!made && errno != EEXIST)
        status = error_set_errno(err, errno, "%s: cannot make the directory", path);
    if (status == STATUS_OK) {
        fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (fd < 0 && (errno == ENOTDIR || errno == ELOOP))
            status = error_set(err, STATUS_EXISTS,
                               "%s: not a directory (nor may it be a symbolic link)", path);
        else if (fd < 0)
            status = error_set_errno(err, errno, "%s: cannot open", path);
    }
    if (status == STATUS_OK)
        status = ensure_open(fd, path, made, wanted, err);
    if (fd >= 0)
        close(fd);
    free(path);
    return status;
}

static enum status take_open(int fd, const char *path, struct error *err)
{
    struct stat info;
    if (fstat(fd, &info) != 0)
        return error_set_errno(err, errno, "%s", path);
    if (!S_ISREG(info.st_mode) || info.st_nlink != 1)
        return error_set(err, STATUS_EXISTS, "%s: not a regular file with one name", path);
    if (info.st_uid != geteuid() && fchownat(fd, "", geteuid(), getegid(), AT_EMPTY_PATH) != 0)
        return error_set_errno(err, errno, "%s: cannot take it from user %u", path,
                               (unsigned)info.st_uid);
    return STATUS_OK;
}

enum status ownership_take_file(const char *parent, const char *name, struct error *err)
{
    char *path = path_join(parent, name);
    enum status status = STATUS_OK;
    int fd = open(path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
    if (fd >= 0)
        status = take_open(fd, path, err);
    else if (errno != ENOENT)
        status = error_set_errno(err, errno, "%s", path);
    if (fd >= 0)
        close(fd);
    free(path);
    return status;
}
