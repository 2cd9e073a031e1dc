// SPDX-License-Identifier: ISC
#include "daemon/certificate_files.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/sealed.h"

#define CERTIFICATES_MAX (1U << 20) // octets, as of box.tls
#define KEY_MAX          (64U << 10)

static enum status copy(const char *path, int from, size_t most, int to, struct error *err)
{
    struct stat info;
    if (fstat(from, &info) != 0)
        return error_set_errno(err, errno, "%s", path);
    if (!S_ISREG(info.st_mode))
        return error_set(err, STATUS_IO, "%s: not a file", path);
    for (size_t done = 0; done <= most;) {
        ssize_t len = sendfile(to, from, NULL, most + 1 - done);
        if (len < 0 && errno != EINTR)
            return error_set_errno(err, errno, "%s: cannot be read", path);
        if (len == 0)
            return STATUS_OK;
        done += len > 0 ? (size_t)len : 0;
    }
    return error_set(err, STATUS_RANGE, "%s: larger than %zu octets", path, most);
}

static enum status append(const char *path, size_t most, int to, struct error *err)
{
    int from = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (from < 0)
        return error_set_errno(err, errno, "%s", path);
    enum status status = copy(path, from, most, to, err);
    close(from);
    if (status == STATUS_OK && write(to, "\n", 1) != 1) // a file may end without
        status = error_set_errno(err, errno, "%s: cannot be kept", path);
    return status;
}

enum status certificate_files_read(const char *certificate, const char *key, int *ret_fd,
                                   struct error *err)
{
    int fd;
    enum status status = sealed_make("zonebox-certificate", &fd, err);
    if (status != STATUS_OK)
        return status;
    status = append(certificate, CERTIFICATES_MAX, fd, err);
    if (status == STATUS_OK && strcmp(certificate, key) != 0)
        status = append(key, KEY_MAX, fd, err);
    return sealed_finish(fd, status, SEALED_OCTETS, ret_fd, err);
}

bool certificate_files_equal(int a, int b)
{
    struct stat of_a, of_b;
    if (fstat(a, &of_a) != 0 || fstat(b, &of_b) != 0 || of_a.st_size != of_b.st_size)
        return false;
    size_t len = (size_t)of_a.st_size;
    void *in_a = mmap(NULL, len, PROT_READ, MAP_PRIVATE, a, 0);
    void *in_b = mmap(NULL, len, PROT_READ, MAP_PRIVATE, b, 0);
    bool equal = in_a != MAP_FAILED && in_b != MAP_FAILED && memcmp(in_a, in_b, len) == 0;
    if (in_a != MAP_FAILED)
        munmap(in_a, len);
    if (in_b != MAP_FAILED)
        munmap(in_b, len);
    return equal;
}
