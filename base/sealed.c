// SPDX-License-Identifier: ISC
#include "base/sealed.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

enum status sealed_make(const char *name, int *ret_fd, struct error *err)
{
    int fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (fd < 0)
        return error_set_errno(err, errno, "cannot make shared memory");
    *ret_fd = fd;
    return STATUS_OK;
}

enum status sealed_finish(int fd, enum status filled, enum sealed what, int *ret_fd,
                          struct error *err)
{
    int seals = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL;
    if (what == SEALED_OCTETS)
        seals |= F_SEAL_WRITE;
    if (filled == STATUS_OK && fcntl(fd, F_ADD_SEALS, seals) != 0)
        filled = error_set_errno(err, errno, "cannot seal shared memory");
    if (filled == STATUS_OK)
        *ret_fd = fd;
    else
        close(fd);
    return filled;
}
