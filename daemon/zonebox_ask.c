// SPDX-License-Identifier: ISC
// How zonebox finds the programs' control sockets and asks there.
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/control.h"
#include "base/file.h"
#include "daemon/rights.h"
#include "daemon/zonebox.h"

// Reading a configuration with 100,000 domains again takes zoned some seconds.
#define PATIENCE_MS 20000

void zonebox_complain(const char *words)
{
    fprintf(stderr, "zonebox: %s\n", words);
}

struct config *zonebox_load(const struct zonebox *zonebox)
{
    struct config *config = NULL;
    struct config_errors errors = {0};
    struct error more = {0};
    const char *line;
    if (config_load(zonebox->config_path, &config, &errors) == STATUS_OK)
        return config;
    for (size_t i = 0; (line = config_errors_line(&errors, i, &more)) != NULL; i++)
        zonebox_complain(line);
    return NULL;
}

// ── Where the sockets are ────────────────────────────────────────────────────────────────────────

// One in a directory that is closed to us may be there, and asking it then says so.
static bool has_socket(const char *directory)
{
    char *path = path_join(directory, "zoned.sock");
    struct stat info;
    bool has = stat(path, &info) == 0 || errno == EACCES;
    free(path);
    return has;
}

// Started by root they are in one place, by an ordinary user in another (daemon/rights.h); who asks may be either.
static char *look_in_both(const char *state)
{
    char *own = path_join(state, "control");
    bool root = geteuid() == 0;
    const char *first = root ? RIGHTS_CONTROL_DIRECTORY : own;
    const char *second = root ? own : RIGHTS_CONTROL_DIRECTORY;
    char *found = xstrdup(!has_socket(first) && has_socket(second) ? second : first);
    free(own);
    return found;
}

char *zonebox_sockets(const struct zonebox *zonebox)
{
    char *state = NULL, *control = NULL;
    struct error err = {0};
    if (zonebox->control != NULL)
        return xstrdup(zonebox->control);
    // zoned may run with the last good configuration: what is wrong with this one, it says itself.
    if (config_glance(zonebox->config_path, &state, &control, &err) != STATUS_OK) {
        if (zonebox->config_given)
            zonebox_complain(err.text);
        return xstrdup(RIGHTS_CONTROL_DIRECTORY);
    }
    if (control == NULL)
        control = look_in_both(state);
    free(state);
    return control;
}

// ── Asking ───────────────────────────────────────────────────────────────────────────────────────

// C0 and, as UTF-8 has them, C1: what a terminal would obey. Lines are kept apart where they are meant.
static void tame(char *text, bool lines)
{
    for (unsigned char *c = (unsigned char *)text; *c != '\0'; c++) {
        if (*c == 0xc2 && c[1] >= 0x80 && c[1] <= 0x9f)
            c[0] = c[1] = '?';
        else if (*c == '\n')
            *c = lines ? '\n' : ' ';
        else if (*c < 0x20 || *c == 0x7f)
            *c = '?';
    }
}

static bool is_tame(const char *key)
{
    char *text = xstrdup(key);
    tame(text, false);
    bool same = strcmp(text, key) == 0;
    free(text);
    return same;
}

// Depth is bounded by jansson's reader. No program of ours has a member whose name is not tame.
static void tame_all(json_t *value, bool lines)
{
    const char *key;
    json_t *member;
    void *next;
    size_t i;
    if (json_is_string(value)) {
        char *text = xstrdup(json_string_value(value));
        tame(text, lines);
        json_string_set(value, text);
        free(text);
    }
    json_object_foreach_safe(value, next, key, member)
    {
        if (is_tame(key))
            tame_all(member, lines);
        else
            json_object_del(value, key);
    }
    json_array_foreach(value, i, member) tame_all(member, lines);
}

void zonebox_tame(json_t *value)
{
    tame_all(value, false);
}

static void say_what_to_do(const char *program, const char *path, enum status status,
                           struct error *err)
{
    bool is_zoned = strcmp(program, "zoned") == 0;
    if (status == STATUS_NOT_FOUND && is_zoned)
        error_set(err, status,
                  "zoned does not run, or elsewhere: nobody listens on %s; start it, or name its "
                  "directory with --control",
                  path);
    else if (status == STATUS_NOT_FOUND)
        error_set(err, status, "%s does not run: nobody listens on %s; `zonebox status` says why",
                  program, path);
    else if (status == STATUS_DENIED)
        error_set(err, status,
                  "%s is not for this user; be root, or of the group that the configuration has "
                  "as `control: {group: NAME}`",
                  path);
    else if (status == STATUS_TIMEOUT)
        error_set(err, status,
                  "%s does not answer on %s: it is very busy, or hangs; try again, then look at "
                  "its log",
                  program, path);
    else
        error_prefix(err, status, "%s", program);
    tame(err->text, false);
}

enum status zonebox_ask(const char *sockets, const char *program, json_t *request, json_t **ret,
                        struct error *err)
{
    char *name = xasprintf("%s.sock", program);
    char *path = path_join(sockets, name);
    enum status status = control_ask(path, request, PATIENCE_MS, ret, err);
    json_decref(request);
    if (status == STATUS_OK)
        tame_all(*ret, strcmp(program, "zoned") == 0); // which is root, and no worse than us
    else
        say_what_to_do(program, path, status, err);
    free(path);
    free(name);
    return status;
}

const char *zonebox_text(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text != NULL ? text : "";
}

int64_t zonebox_number(const json_t *object, const char *key)
{
    return json_integer_value(json_object_get(object, key));
}
