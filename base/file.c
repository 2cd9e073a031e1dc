// SPDX-License-Identifier: ISC
#include "base/file.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"

#define READ_STEP 16384

// A file of the expected size takes one call: it ends where one octet more was asked for.
static enum status read_all(int fd, const char *path, size_t expected, size_t max, struct buf *ret,
                            struct error *err)
{
    size_t start = ret->len;
    size_t wanted = expected + 1;
    for (;;) {
        size_t left = max + 1 - (ret->len - start);
        size_t step = wanted < left ? wanted : left;
        buf_reserve(ret, step);
        ssize_t got = read(fd, ret->data + ret->len, step);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return error_set_errno(err, errno, "%s: cannot read", path);
        ret->len += (size_t)got;
        size_t len = ret->len - start;
        if (len > max)
            return error_set(err, STATUS_RANGE, "%s: larger than the %zu octets allowed", path,
                             max);
        if (got == 0 || ((size_t)got < step && len == expected))
            return STATUS_OK;
        wanted = READ_STEP;
    }
}

enum status file_read_at(int directory, const char *name, size_t max, struct buf *ret,
                         struct stat *ret_info, struct error *err)
{
    // O_NONBLOCK so that a FIFO in the place of a file does not hang the program.
    int fd = openat(directory, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return error_set_errno(err, errno, "%s: cannot open", name);
    enum status status;
    if (fstat(fd, ret_info) != 0)
        status = error_set_errno(err, errno, "%s: cannot stat", name);
    else if (!S_ISREG(ret_info->st_mode))
        status = error_set(err, STATUS_IO, "%s: not a regular file", name);
    else
        status = read_all(fd, name, (size_t)ret_info->st_size, max, ret, err);
    close(fd);
    return status;
}

enum status file_read(const char *path, size_t max, struct buf *ret, struct error *err)
{
    struct stat info;
    return file_read_at(AT_FDCWD, path, max, ret, &info, err);
}

static enum status write_all(int fd, const uint8_t *octets, size_t len, const char *path,
                             struct error *err)
{
    while (len > 0) {
        ssize_t put = write(fd, octets, len);
        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0)
            return error_set_errno(err, errno, "%s: cannot write", path);
        octets += put;
        len -= (size_t)put;
    }
    return STATUS_OK;
}

static enum status sync_directory_of(const char *path, struct error *err)
{
    char *directory = path_directory(path);
    int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    enum status status = STATUS_OK;
    if (fd < 0 || fsync(fd) != 0)
        status = error_set_errno(err, errno, "%s: cannot sync", directory);
    if (fd >= 0)
        close(fd);
    free(directory);
    return status;
}

// What is written first is called so; six characters of mkostemp(3) follow. A backup that somebody makes is not.
#define TEMPORARY     ".new-"
#define TEMPORARY_LEN (sizeof(TEMPORARY) - 1 + 6)

// Writes a temporary file beside path and syncs it; the caller renames or links it into place and frees *ret.
static enum status write_beside(const char *path, const void *octets, size_t len, mode_t mode,
                                char **ret, struct error *err)
{
    char *temporary = xasprintf("%s" TEMPORARY "XXXXXX", path);
    int fd = mkostemp(temporary, O_CLOEXEC); // 0600 from the start
    if (fd < 0) {
        enum status status = error_set_errno(err, errno, "%s: cannot create", path);
        free(temporary);
        return status;
    }
    enum status status = write_all(fd, octets, len, path, err);
    if (status == STATUS_OK && (fchmod(fd, mode) != 0 || fsync(fd) != 0))
        status = error_set_errno(err, errno, "%s: cannot sync", path);
    close(fd);
    if (status != STATUS_OK) {
        unlink(temporary);
        free(temporary);
        return status;
    }
    *ret = temporary;
    return STATUS_OK;
}

enum status file_write(const char *path, const void *octets, size_t len, mode_t mode,
                       struct error *err)
{
    char *temporary = NULL;
    enum status status = write_beside(path, octets, len, mode, &temporary, err);
    if (status != STATUS_OK)
        return status;
    if (rename(temporary, path) != 0) {
        status = error_set_errno(err, errno, "%s: cannot rename into place", path);
        unlink(temporary);
    } else {
        status = sync_directory_of(path, err);
    }
    free(temporary);
    return status;
}

enum status file_update(const char *path, const void *octets, size_t len, mode_t mode,
                        struct error *err)
{
    struct buf there = {0};
    bool same = file_read(path, len, &there, NULL) == STATUS_OK && there.len == len &&
                (len == 0 || memcmp(there.data, octets, len) == 0);
    buf_done(&there);
    return same ? STATUS_OK : file_write(path, octets, len, mode, err);
}

enum status file_create(const char *path, const void *octets, size_t len, mode_t mode,
                        struct error *err)
{
    char *temporary = NULL;
    enum status status = write_beside(path, octets, len, mode, &temporary, err);
    if (status != STATUS_OK)
        return status;
    // link(2), unlike rename(2), refuses to replace.
    if (link(temporary, path) != 0)
        status = error_set_errno(err, errno, "%s: cannot create", path);
    unlink(temporary);
    free(temporary);
    return status == STATUS_OK ? sync_directory_of(path, err) : status;
}

bool file_is_left(const char *name)
{
    size_t len = strlen(name);
    const char *end = name + len - (len > TEMPORARY_LEN ? TEMPORARY_LEN : len);
    bool good = len > TEMPORARY_LEN && strncmp(end, TEMPORARY, strlen(TEMPORARY)) == 0;
    for (end += strlen(TEMPORARY); good && *end != '\0'; end++)
        good = isalnum((unsigned char)*end);
    return good;
}

void file_sweep(const char *directory)
{
    DIR *dir = opendir(directory);
    if (dir == NULL)
        return;
    for (const struct dirent *entry; (entry = readdir(dir)) != NULL;)
        if (file_is_left(entry->d_name))
            (void)unlinkat(dirfd(dir), entry->d_name, 0);
    closedir(dir);
}

enum status directory_make(const char *path, mode_t mode, struct error *err)
{
    char *partial = xstrdup(path);
    enum status status = STATUS_OK;
    for (char *c = partial + 1; status == STATUS_OK; c++) {
        if (*c != '/' && *c != '\0')
            continue;
        char end = *c;
        *c = '\0';
        if (mkdir(partial, mode) != 0 && errno != EEXIST)
            status = error_set_errno(err, errno, "%s: cannot make the directory", partial);
        *c = end;
        if (end == '\0')
            break;
    }
    struct stat info;
    if (status == STATUS_OK && (stat(path, &info) != 0 || !S_ISDIR(info.st_mode)))
        status = error_set(err, STATUS_EXISTS, "%s: exists and is not a directory", path);
    free(partial);
    return status;
}

static long lock_holder(int fd)
{
    char text[24] = {0};
    if (pread(fd, text, sizeof(text) - 1, 0) <= 0)
        return 0;
    return strtol(text, NULL, 10);
}

enum status file_lock(const char *path, int *ret_fd, struct error *err)
{
    // Writing through somebody's symbolic link would spoil the file that it leads to.
    int fd = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        return error_set_errno(err, errno, "%s: cannot open the lock file", path);
    if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        enum status status =
            errno == EWOULDBLOCK
                ? error_set(err, STATUS_STATE, "%s: another process (pid %ld) uses this directory",
                            path, lock_holder(fd))
                : error_set_errno(err, errno, "%s: cannot lock", path);
        close(fd);
        return status;
    }
    char text[24];
    int len = snprintf(text, sizeof(text), "%ld\n", (long)getpid());
    if (ftruncate(fd, 0) != 0 || pwrite(fd, text, (size_t)len, 0) != len) {
        enum status status = error_set_errno(err, errno, "%s: cannot write", path);
        close(fd);
        return status;
    }
    *ret_fd = fd;
    return STATUS_OK;
}

char *path_join(const char *directory, const char *name)
{
    if (name[0] == '/')
        return xstrdup(name);
    size_t len = strlen(directory);
    const char *slash = len > 0 && directory[len - 1] == '/' ? "" : "/";
    return xasprintf("%s%s%s", directory, slash, name);
}

char *path_directory(const char *path)
{
    const char *slash = strrchr(path, '/');
    if (slash == NULL)
        return xstrdup(".");
    if (slash == path)
        return xstrdup("/");
    return xasprintf("%.*s", (int)(slash - path), path);
}
