// SPDX-License-Identifier: ISC
// One-shots of zone-signer, which is the program that knows about private keys.
#include <errno.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/file.h"
#include "daemon/libexec.h"
#include "daemon/zonebox.h"

#define OUTPUT_MAX (1U << 20) // octets: some lines are what is expected

static enum status hear(pid_t pid, int fd, struct buf *ret, struct error *err)
{
    int code = -1;
    ssize_t got;
    do {
        buf_reserve(ret, 4096);
        got = read(fd, ret->data + ret->len, 4096);
        ret->len += got > 0 ? (size_t)got : 0;
    } while ((got > 0 && ret->len < OUTPUT_MAX) || (got < 0 && errno == EINTR));
    close(fd);
    while (waitpid(pid, &code, 0) < 0)
        if (errno != EINTR)
            return error_set_errno(err, errno, "zone-signer");
    if (code != 0)
        return error_set(err, STATUS_STATE, "nothing was done; what zone-signer said says why");
    return STATUS_OK;
}

static enum status run(const char *program, char **arguments, struct buf *ret, struct error *err)
{
    posix_spawn_file_actions_t actions;
    int ends[2];
    pid_t pid;
    if (pipe(ends) != 0)
        return error_set_errno(err, errno, "zone-signer");
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
    posix_spawn_file_actions_addclose(&actions, ends[0]);
    int failed = posix_spawn(&pid, program, &actions, NULL, arguments, environ);
    posix_spawn_file_actions_destroy(&actions);
    close(ends[1]);
    if (failed == 0)
        return hear(pid, ends[0], ret, err);
    close(ends[0]);
    return error_set_errno(err, failed, "%s: cannot be started", program);
}

enum status zonebox_run_signer(const char *const *arguments, struct buf *ret, struct error *err)
{
    char *libexec = NULL;
    size_t count = 0;
    enum status status = libexec_find(NULL, ZONEBOX_LIBEXEC, &libexec, err);
    if (status != STATUS_OK)
        return status;
    while (arguments[count] != NULL)
        count++;
    char *program = path_join(libexec, "zone-signer");
    char **copies = xcalloc(count + 2, sizeof(*copies));
    copies[0] = xstrdup("zone-signer");
    for (size_t i = 0; i < count; i++)
        copies[i + 1] = xstrdup(arguments[i]);
    status = run(program, copies, ret, err);
    for (size_t i = 0; copies[i] != NULL; i++)
        free(copies[i]);
    free(copies);
    free(program);
    free(libexec);
    return status;
}
