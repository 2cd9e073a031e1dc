// SPDX-License-Identifier: ISC
// `zonebox status`: asks all programs, and decides what is wrong.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/alloc.h"
#include "daemon/zonebox.h"

// So many zones fit a screen; of more, only those with an error are listed unless --all.
#define LISTED_MAX 20
// Who renews in time does so weeks before; certbot begins a month before.
#define CERTIFICATE_SOON_S (7 * 86400)
// What the names of the name server's processes begin with.
#define SERVER "zone-server."

// ── What is wrong ────────────────────────────────────────────────────────────────────────────────

static void add_problem(json_t *problems, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
static void add_problem(json_t *problems, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    json_array_append_new(problems, json_vsprintf(format, args));
    va_end(args);
}

// A text of several lines, each a problem.
static void add_lines(json_t *problems, const char *text)
{
    while (*text != '\0') {
        size_t len = strcspn(text, "\n");
        if (len > 0)
            json_array_append_new(problems, json_stringn(text, len));
        text += len + (text[len] == '\n' ? 1 : 0);
    }
}

static void judge_child(const json_t *child, json_t *problems)
{
    const char *name = zonebox_text(child, "name");
    const char *state = zonebox_text(child, "state");
    const char *exit = zonebox_text(child, "last-exit");
    const char *error = zonebox_text(child, "last-error");
    // What is ending is being replaced, and its successor runs already.
    if (strcmp(state, "running") == 0 || strcmp(state, "ending") == 0)
        return;
    add_problem(problems, "%s does not run%s%s%s%s%s", name,
                strcmp(state, "waiting") == 0 ? " and is started again soon" : "",
                exit[0] != '\0' ? "; it ended with " : "", exit,
                error[0] != '\0' ? "; its last error: " : "", error);
}

static void judge_zoned(const json_t *zoned, json_t *problems)
{
    size_t i;
    json_t *child;
    add_lines(problems, zonebox_text(zoned, "config-error"));
    add_lines(problems, zonebox_text(zoned, "listen-error"));
    if (json_array_size(json_object_get(zoned, "listen")) == 0)
        add_problem(problems, "there is no address to serve the zones on");
    json_array_foreach(json_object_get(zoned, "programs"), i, child) judge_child(child, problems);
}

// A certificate's key that servers do not have: senders that validate refuse them.
static void judge_tls(const json_t *signer, json_t *problems)
{
    size_t i;
    json_t *key;
    json_array_foreach(json_object_get(json_object_get(signer, "tls"), "keys"), i, key)
    {
        const char *waits = zonebox_text(key, "waits-for");
        if (strcmp(zonebox_text(key, "state"), "current") == 0 && waits[0] != '\0')
            add_problem(problems, "TLS key of %s: %s", zonebox_text(key, "file"), waits);
    }
}

// Adds the errors of these zones. Returns how many have one.
static size_t judge_zones(const json_t *zones, json_t *problems)
{
    size_t i, listed = 0;
    json_t *zone;
    json_array_foreach(zones, i, zone)
    {
        const char *words = zonebox_text(zone, "error"), *name = zonebox_text(zone, "name");
        if (words[0] == '\0')
            continue;
        listed++;
        add_problem(problems, "%s%s%s", strstr(words, name) == words ? "" : name,
                    strstr(words, name) == words ? "" : ": ", words);
    }
    return listed;
}

static void judge_signer(const json_t *signer, json_t *problems)
{
    size_t i;
    json_t *error;
    json_array_foreach(json_object_get(signer, "errors"), i, error)
        add_problem(problems, "%s", json_string_value(error));
    judge_tls(signer, problems);
    size_t listed = judge_zones(json_object_get(signer, "zones"), problems);
    listed += judge_zones(json_object_get(signer, "external"), problems);
    if (zonebox_number(signer, "wrong") > (int64_t)listed) // one zone was asked for
        add_problem(problems, "%lld other zones have an error",
                    (long long)(zonebox_number(signer, "wrong") - (int64_t)listed));
}

static void judge_resolver(const json_t *resolver, json_t *problems)
{
    size_t i;
    json_t *anchor;
    json_array_foreach(json_object_get(resolver, "anchors"), i, anchor)
    {
        const char *state = zonebox_text(anchor, "state");
        // RFC 5011 §4.1: a key that is missing is trusted still.
        if (strcmp(state, "valid") == 0 || strcmp(state, "missing") == 0)
            return;
    }
    add_problem(problems, "zone-resolver has no valid trust anchor: no answer is secure");
}

static void judge_certificate(const json_t *tls, json_t *problems)
{
    int64_t left = zonebox_number(tls, "certificate-expires") - (int64_t)time(NULL);
    if (left < 0)
        add_problem(problems, "the certificate of DNS over TLS has expired");
    else if (left < CERTIFICATE_SOON_S)
        add_problem(problems, "the certificate of DNS over TLS expires in %lld days",
                    (long long)(left / 86400));
}

static void judge_program(const char *name, const json_t *reply, json_t *problems)
{
    if (json_object_get(reply, "ok") == NULL || json_is_false(json_object_get(reply, "ok")))
        add_problem(problems, "%s", zonebox_text(reply, "error"));
    else if (strcmp(name, "zone-signer") == 0)
        judge_signer(reply, problems);
    else if (strcmp(name, "zone-resolver") == 0)
        judge_resolver(reply, problems);
    else if (json_is_false(json_object_get(reply, "store-open")))
        add_problem(problems, "%s cannot read the zones yet", name);
    const json_t *tls = json_object_get(reply, "tls"); // zone-signer has one of another kind
    if (json_object_get(tls, "certificate-expires") != NULL)
        judge_certificate(tls, problems);
}

// ── Asking ───────────────────────────────────────────────────────────────────────────────────────

static json_t *ask(const char *sockets, const char *program, const char *command, const char *zones)
{
    json_t *reply = NULL;
    struct error err = {0};
    json_t *request = json_pack("{ss}", "command", command);
    if (strcmp(program, "zone-signer") == 0)
        json_object_set_new(request, "zones", json_string(zones));
    if (zonebox_ask(sockets, program, request, &reply, &err) == STATUS_OK)
        return reply;
    reply = json_object();
    json_object_set_new(reply, "ok", json_false());
    json_object_set_new(reply, "error", json_string(err.text));
    return reply;
}

static bool answers(const json_t *reply)
{
    return json_is_true(json_object_get(reply, "ok"));
}

// Each process of the name server can tell what all of them counted: one that answers is asked, once.
static void ask_for_statistics(const char *sockets, const char *program, const json_t *told,
                               json_t *status)
{
    if (strncmp(program, SERVER, strlen(SERVER)) != 0 || !answers(told) ||
        json_object_get(status, "statistics") != NULL)
        return;
    json_t *reply = ask(sockets, program, "statistics", NULL);
    bool answered = answers(reply);
    json_object_del(reply, "ok");
    json_object_del(reply, "program");
    if (answered)
        json_object_set(status, "statistics", reply);
    json_decref(reply);
}

json_t *zonebox_gather(const char *sockets, const char *zones)
{
    json_t *status = json_object(), *problems = json_array(), *programs = json_object();
    json_t *zoned = ask(sockets, "zoned", "status", zones);
    const json_t *paths = json_object_get(zoned, "sockets");
    size_t i;
    json_t *child;
    if (answers(zoned))
        judge_zoned(zoned, problems);
    else
        add_problem(problems, "%s", zonebox_text(zoned, "error"));
    json_array_foreach(json_object_get(zoned, "programs"), i, child)
    {
        const char *name = zonebox_text(child, "name");
        // One that does not run is a problem already.
        if (json_object_get(paths, name) == NULL ||
            strcmp(zonebox_text(child, "state"), "running") != 0)
            continue;
        json_t *reply = ask(sockets, name, "status", zones);
        judge_program(name, reply, problems);
        ask_for_statistics(sockets, name, reply, status);
        json_object_set_new(programs, name, reply);
    }
    json_object_set_new(status, "ok", json_boolean(json_array_size(problems) == 0));
    json_object_set_new(status, "problems", problems);
    json_object_set_new(status, "zoned", answers(zoned) ? json_incref(zoned) : json_null());
    json_object_set_new(status, "programs", programs);
    if (json_object_get(status, "statistics") == NULL)
        json_object_set_new(status, "statistics", json_null());
    json_decref(zoned);
    return status;
}

static json_t *signer_of(const json_t *status)
{
    return json_object_get(json_object_get(status, "programs"), "zone-signer");
}

static bool print_json(const json_t *status)
{
    bool good = json_dumpf(status, stdout, JSON_INDENT(2)) == 0 && putchar('\n') != EOF;
    return good;
}

// Of a zone that was asked for and is none of ours, the reply of the signer is an error; all else is well.
static int print(const struct zonebox *zonebox, const json_t *status, bool list)
{
    struct buf text = {0};
    bool good = true;
    if (zonebox->json) {
        good = print_json(status);
    } else {
        struct zonebox_view view = {
            .now = (int64_t)time(NULL),
            .list_zones = list,
            .is_one = zonebox->word_count > 0,
            .has_marks = zonebox_has_marks(stdout),
        };
        zonebox_show(status, &view, &text);
        good = fwrite(text.data, 1, text.len, stdout) == text.len;
        buf_done(&text);
    }
    good = fflush(stdout) == 0 && good;
    return good && json_is_true(json_object_get(status, "ok")) ? ZONEBOX_FINE : ZONEBOX_WRONG;
}

int zonebox_status(const struct zonebox *zonebox)
{
    char *sockets = zonebox_sockets(zonebox);
    const char *zone = zonebox->word_count > 0 ? zonebox->words[0] : NULL;
    bool all = zonebox->json || zonebox->all;
    json_t *status = zonebox_gather(sockets, zone != NULL ? zone : all ? "all" : "open");
    bool list = all || zone != NULL;
    int64_t count = zonebox_number(signer_of(status), "zone-count") +
                    zonebox_number(signer_of(status), "external-count");
    if (!list && count > 0 && count <= LISTED_MAX) {
        json_decref(status);
        status = zonebox_gather(sockets, "all");
        list = true;
    }
    int code = print(zonebox, status, list);
    json_decref(status);
    free(sockets);
    return code;
}
