// SPDX-License-Identifier: ISC
// `zonebox check`: what the zones should be, against what the world sees.
//
//     zonegen --dump --json [DOMAIN…] ──► zone-probe --check ──► a line of JSON per verdict ──► text, or as it is
//
// zone-probe talks to strangers, and so runs as its own user when root asks. Nothing of a running zoned is needed.
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/file.h"
#include "daemon/launch.h"
#include "daemon/libexec.h"
#include "daemon/rights.h"
#include "daemon/zonebox.h"
#include "daemon/zonebox_verdicts.h"

// ── Two programs and a pipe ──────────────────────────────────────────────────────────────────────

struct pipeline {
    char *zonegen, *probe; // paths
    char *resolver;        // "127.0.0.1@53"
    struct rights rights;
    pid_t zonegen_pid, probe_pid;
    int notes;   // what zonegen wrote to standard error: notes, unless it failed
    FILE *lines; // what zone-probe says
};

// In the child, up to the exec: only what may be called after fork.
static void become(const char *program, char *const *arguments, char *const *environment,
                   const struct rights_user *user, const int ends[3])
{
    bool good = user == NULL ||
                (setgroups(0, NULL) == 0 && setgid(user->gid) == 0 && setuid(user->uid) == 0);
    good = good && dup2(ends[0], STDIN_FILENO) >= 0 && dup2(ends[1], STDOUT_FILENO) >= 0 &&
           dup2(ends[2], STDERR_FILENO) >= 0 && close_range(STDERR_FILENO + 1, ~0U, 0) == 0;
    if (good && environment != NULL)
        execve(program, arguments, environment);
    else if (good)
        execv(program, arguments);
    _exit(127);
}

static pid_t start_zonegen(const struct pipeline *pipeline, const struct zonebox *zonebox,
                           int output)
{
    char **arguments = xcalloc(zonebox->word_count + 8, sizeof(*arguments));
    size_t count = 0;
    int ends[3] = {STDIN_FILENO, output, pipeline->notes};
    arguments[count++] = (char[]){"zonegen"};
    arguments[count++] = (char[]){"--config"};
    arguments[count++] = (char *)(uintptr_t)zonebox->config_path;
    arguments[count++] = (char[]){"--dump"};
    arguments[count++] = (char[]){"--json"};
    arguments[count++] = (char[]){"--"};
    for (size_t i = 0; i < zonebox->word_count; i++)
        arguments[count++] = zonebox->words[i];
    pid_t pid = fork();
    if (pid == 0)
        become(pipeline->zonegen, arguments, NULL, NULL, ends);
    free(arguments);
    return pid;
}

static pid_t start_probe(const struct pipeline *pipeline, int input, int output)
{
    int ends[3] = {input, output, STDERR_FILENO};
    char *arguments[] = {(char[]){"zone-probe"}, (char[]){"--check"}, (char[]){"--resolver"},
                         pipeline->resolver, NULL};
    char **environment = launch_environment(NULL);
    const struct rights_user *user = rights_of(&pipeline->rights, &pipeline->rights.probe);
    pid_t pid = fork();
    if (pid == 0)
        become(pipeline->probe, arguments, environment, user, ends);
    launch_environment_free(environment);
    return pid;
}

static enum status start(struct pipeline *pipeline, const struct zonebox *zonebox,
                         struct error *err)
{
    int zones[2], verdicts[2];
    pipeline->notes = memfd_create("notes", MFD_CLOEXEC);
    if (pipeline->notes < 0)
        return error_set_errno(err, errno, "no memory for notes");
    if (pipe2(zones, O_CLOEXEC) != 0)
        return error_set_errno(err, errno, "no pipe");
    if (pipe2(verdicts, O_CLOEXEC) != 0) {
        int failed = errno;
        close(zones[0]);
        close(zones[1]);
        return error_set_errno(err, failed, "no pipe");
    }
    pipeline->zonegen_pid = start_zonegen(pipeline, zonebox, zones[1]);
    if (pipeline->zonegen_pid > 0)
        pipeline->probe_pid = start_probe(pipeline, zones[0], verdicts[1]);
    int failed = errno;
    close(zones[0]);
    close(zones[1]);
    close(verdicts[1]);
    pipeline->lines = fdopen(verdicts[0], "r");
    if (pipeline->zonegen_pid < 0 || pipeline->probe_pid < 0 || pipeline->lines == NULL)
        return error_set_errno(err, failed, "no process");
    return STATUS_OK;
}

// The exit status; 127: it could not be started, 128: a signal ended it.
static int wait_for(pid_t pid)
{
    int code = 0;
    while (waitpid(pid, &code, 0) < 0)
        if (errno != EINTR)
            return 127;
    return WIFEXITED(code) ? WEXITSTATUS(code) : 128;
}

// ── Preparing ────────────────────────────────────────────────────────────────────────────────────

static enum status find_programs(struct pipeline *pipeline, struct error *err)
{
    char self[4096], *libexec = NULL;
    ssize_t len = readlink("/proc/self/exe", self, sizeof(self) - 1);
    self[len > 0 ? len : 0] = '\0';
    char *beside = path_directory(self);
    pipeline->zonegen = path_join(beside, "zonegen");
    free(beside);
    enum status status = libexec_find(NULL, ZONEBOX_LIBEXEC, &libexec, err);
    if (status == STATUS_OK)
        pipeline->probe = path_join(libexec, "zone-probe");
    free(libexec);
    return status;
}

// The box's own, which recurses itself; where there is none, whoever has its place.
static char *find_resolver(const struct config *config)
{
    char text[ADDRESS_TEXT_MAX];
    if (!config->resolver.enabled || config->resolver.listen_count == 0)
        return xstrdup("127.0.0.1@53");
    return xstrdup(address_text(&config->resolver.listen[0], true, text));
}

static enum status prepare(struct pipeline *pipeline, const struct config *config,
                           struct error *err)
{
    enum status status = rights_read(config, &pipeline->rights, err);
    if (status == STATUS_OK)
        status = find_programs(pipeline, err);
    pipeline->resolver = find_resolver(config);
    return status;
}

// ── The command ──────────────────────────────────────────────────────────────────────────────────

static void read_lines(const struct pipeline *pipeline, struct verdicts_view *view)
{
    char *line = NULL;
    size_t cap = 0;
    while (getline(&line, &cap, pipeline->lines) > 0) {
        json_t *verdict = json_loads(line, 0, NULL);
        if (json_is_object(verdict))
            verdicts_view_add(view, verdict);
        json_decref(verdict);
    }
    free(line);
}

// zonegen's notes have their place in `zonegen --check`; what it has to say when it fails is for now.
static void show_failure(const struct pipeline *pipeline)
{
    char octets[4096];
    ssize_t len;
    off_t at = 0;
    for (; (len = pread(pipeline->notes, octets, sizeof(octets), at)) > 0; at += len)
        fwrite(octets, 1, (size_t)len, stderr);
}

// Whether both came to their end; what they had to say about it, they said on standard error. For zone-probe, 1 is also
// that something is wrong.
static bool end(struct pipeline *pipeline, const struct verdicts_view *view)
{
    int zonegen = wait_for(pipeline->zonegen_pid);
    int probe = wait_for(pipeline->probe_pid);
    if (zonegen != 0)
        show_failure(pipeline);
    bool looked = probe == 0 || (probe == 1 && verdicts_view_is_wrong(view));
    if (!looked && zonegen <= 1)
        zonebox_complain("zone-probe could not look at the world; what it said is not all");
    // 1 from zonegen is about a zone, and among the verdicts.
    return zonegen <= 1 && looked;
}

int zonebox_check(const struct zonebox *zonebox)
{
    struct pipeline pipeline = {.notes = -1};
    struct verdicts_view view = {0};
    struct error err = {0};
    struct config *config = zonebox_load(zonebox);
    int code = ZONEBOX_WRONG;
    if (config == NULL)
        return ZONEBOX_WRONG;
    enum status status = prepare(&pipeline, config, &err);
    if (status == STATUS_OK)
        status = start(&pipeline, zonebox, &err);
    if (status == STATUS_OK) {
        verdicts_view_begin(&view, stdout, zonebox);
        read_lines(&pipeline, &view);
        bool whole = end(&pipeline, &view);
        bool fine = verdicts_view_end(&view, whole);
        code = whole && fine ? ZONEBOX_FINE : ZONEBOX_WRONG;
    } else {
        zonebox_complain(err.text);
    }
    if (pipeline.lines != NULL)
        fclose(pipeline.lines);
    if (pipeline.notes >= 0)
        close(pipeline.notes);
    free(pipeline.zonegen);
    free(pipeline.probe);
    free(pipeline.resolver);
    config_free(config);
    return code;
}
