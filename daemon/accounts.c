// SPDX-License-Identifier: ISC
#include "daemon/accounts.h"

#include <errno.h>
#include <pwd.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/alloc.h"

extern char **environ;

// Where the tools are, whatever PATH says: this runs as root.
static const char *const places[] = {"/usr/bin/", "/usr/sbin/", "/bin/", "/sbin/"};

// The path of the tool, or NULL. The caller frees.
static char *find_tool(const char *name)
{
    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
        char *path = xasprintf("%s%s", places[i], name);
        if (access(path, X_OK) == 0)
            return path;
        free(path);
    }
    return NULL;
}

// What it has to complain about it says itself, to standard error.
static enum status run_tool(char *const *arguments, struct error *err)
{
    pid_t pid;
    int code = 0;
    int failed = posix_spawn(&pid, arguments[0], NULL, NULL, arguments, environ);
    if (failed != 0)
        return error_set_errno(err, failed, "%s: cannot be started", arguments[0]);
    while (waitpid(pid, &code, 0) < 0)
        if (errno != EINTR)
            return error_set_errno(err, errno, "%s", arguments[0]);
    if (!WIFEXITED(code) || WEXITSTATUS(code) != 0)
        return error_set(err, STATUS_IO, "%s could not make the user; it has said why",
                         arguments[0]);
    return STATUS_OK;
}

static enum status make(const char *name, struct error *err)
{
    char *sysusers = find_tool("systemd-sysusers");
    char *useradd = sysusers == NULL ? find_tool("useradd") : NULL;
    char *line = xasprintf("u %s - \"zonebox\"", name); // sysusers.d(5)
    char *user = xstrdup(name);
    enum status status;
    if (sysusers != NULL) {
        char *const arguments[] = {sysusers, (char[]){"--inline"}, line, NULL};
        status = run_tool(arguments, err);
    } else if (useradd != NULL) {
        char *const arguments[] = {useradd,
                                   (char[]){"--system"},
                                   (char[]){"--user-group"},
                                   (char[]){"--no-create-home"},
                                   (char[]){"--home-dir=/nonexistent"},
                                   (char[]){"--shell=/usr/sbin/nologin"},
                                   user,
                                   NULL};
        status = run_tool(arguments, err);
    } else {
        status = error_set(err, STATUS_NOT_FOUND,
                           "there is neither systemd-sysusers nor useradd here; make a user %s "
                           "with a group of its own",
                           name);
    }
    free(sysusers);
    free(useradd);
    free(line);
    free(user);
    return status;
}

enum status account_make_user(const char *name, bool *ret_made, struct error *err)
{
    *ret_made = false;
    if (strspn(name, "0123456789") == strlen(name) || getpwnam(name) != NULL)
        return STATUS_OK;
    enum status status = make(name, err);
    if (status == STATUS_OK && getpwnam(name) == NULL)
        status = error_set(err, STATUS_STATE, "the user %s was made and is not there", name);
    *ret_made = status == STATUS_OK;
    return status;
}
