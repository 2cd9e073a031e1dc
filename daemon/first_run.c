// SPDX-License-Identifier: ISC
#include "daemon/first_run.h"

#include <errno.h>
#include <grp.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/file.h"
#include "config/inputs.h"
#include "daemon/launch.h"
#include "daemon/libexec.h"

#define INPUTS_FD 3

// In the child, up to the exec: only what may be called after fork.
static void become_signer(const char *program, char *const *environment,
                          const struct rights_user *user, int inputs)
{
    char *const arguments[] = {(char[]){"zone-signer"}, (char[]){"--inputs"}, (char[]){"3"},
                               (char[]){"--once"}, NULL};
    bool good = user == NULL ||
                (setgroups(0, NULL) == 0 && setgid(user->gid) == 0 && setuid(user->uid) == 0);
    if (inputs != INPUTS_FD)
        good = good && dup2(inputs, INPUTS_FD) == INPUTS_FD;
    if (good && chdir("/") == 0 && close_range(INPUTS_FD + 1, ~0U, 0) == 0)
        execve(program, arguments, environment);
    _exit(127);
}

static bool send_all(int fd, const struct buf *octets)
{
    for (size_t sent = 0; sent < octets->len;) {
        ssize_t len = write(fd, octets->data + sent, octets->len - sent);
        if (len < 0 && errno != EINTR)
            return false;
        sent += len > 0 ? (size_t)len : 0;
    }
    return true;
}

static enum status wait_for(pid_t pid, struct error *err)
{
    int code = 0;
    while (waitpid(pid, &code, 0) < 0)
        if (errno != EINTR)
            return error_set_errno(err, errno, "zone-signer");
    if (WIFEXITED(code) && WEXITSTATUS(code) == 0)
        return STATUS_OK;
    if (WIFEXITED(code) && WEXITSTATUS(code) == 127)
        return error_set(err, STATUS_DENIED, "zone-signer cannot be started as its user");
    return error_set(err, STATUS_STATE,
                     "zone-signer could not publish all zones; what it wrote above says why");
}

static enum status run(const char *program, const struct rights_user *user,
                       const struct buf *snapshot, struct error *err)
{
    int ends[2];
    if (pipe(ends) != 0)
        return error_set_errno(err, errno, "no pipe");
    char **environment = launch_environment(NULL);
    pid_t pid = fork();
    if (pid == 0) {
        close(ends[1]);
        become_signer(program, environment, user, ends[0]);
    }
    int failed = errno;
    launch_environment_free(environment);
    close(ends[0]);
    if (pid < 0) {
        close(ends[1]);
        return error_set_errno(err, failed, "no process");
    }
    signal(SIGPIPE, SIG_IGN); // how it ended says more
    (void)!send_all(ends[1], snapshot);
    close(ends[1]);
    return wait_for(pid, err);
}

enum status first_run(const char *config_path, const struct rights_user *user, struct error *err)
{
    struct inputs *inputs = NULL;
    struct config_errors errors = {0};
    struct buf snapshot = {0};
    char *libexec = NULL, *program = NULL;
    if (inputs_read(config_path, &inputs, &errors) != STATUS_OK)
        return error_set(err, STATUS_SYNTAX, "%s", errors.list[0].text);
    enum status status = libexec_find(NULL, ZONEBOX_LIBEXEC, &libexec, err);
    if (status == STATUS_OK) {
        struct buf octets = {0};
        inputs_encode(inputs, &octets);
        buf_put_u32(&snapshot, 0); // its length in eight octets (INPUTS_SNAPSHOT_MAX fits in four)
        buf_put_u32(&snapshot, (uint32_t)octets.len);
        buf_put(&snapshot, octets.data, octets.len);
        buf_done(&octets);
        program = path_join(libexec, "zone-signer");
        status = run(program, user, &snapshot, err);
    }
    buf_done(&snapshot);
    inputs_free(inputs);
    free(program);
    free(libexec);
    return status;
}
