// SPDX-License-Identifier: ISC
// `zonebox import`: DNSSEC keys that were made elsewhere become a domain's own. zone-signer reads and writes the files,
// as a one-shot; one that runs is asked before whether it would take the keys, and told after.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/file.h"
#include "daemon/zonebox.h"

struct import {
    const struct zonebox *zonebox;
    const char *zone;                   // in A-labels where the configuration has it
    const struct config_domain *domain; // NULL: not configured (yet)
    char *directory;                    // of the keys
    json_t *keys;                       // for the signer: those in use
    bool known;                         // the signer runs, and has the zone
    bool adopted;                       // it has no keys of its own there
};

// ── Before ───────────────────────────────────────────────────────────────────────────────────────

static const struct config_domain *find_domain(const struct config *config, const char *name)
{
    for (size_t i = 0; i < config->domain_count; i++)
        if (strcasecmp(config->domains[i].name, name) == 0)
            return &config->domains[i];
    return NULL;
}

static enum status judge_domain(const struct import *import, struct error *err)
{
    const struct config_domain *domain = import->domain;
    if (domain == NULL)
        return STATUS_OK;
    if (domain->in_parent)
        return error_set(err, STATUS_STATE,
                         "%s is part of the zone above (zone: parent) and has no keys of its own",
                         domain->name);
    if (domain->mode == CONFIG_EXTERNAL)
        return error_set(err, STATUS_STATE,
                         "%s is served by others (mode: external), who sign it: keys are of no use "
                         "here",
                         domain->name);
    return STATUS_OK;
}

// ── The one-shot ─────────────────────────────────────────────────────────────────────────────────

static enum status run_signer(const struct import *import, bool dry, struct buf *ret,
                              struct error *err)
{
    const struct zonebox *zonebox = import->zonebox;
    size_t count = 0;
    const char **arguments = xcalloc(zonebox->word_count + 6, sizeof(*arguments));
    arguments[count++] = "--import";
    arguments[count++] = import->directory;
    if (dry)
        arguments[count++] = "--dry-run";
    arguments[count++] = "--";
    arguments[count++] = import->zone;
    for (size_t i = 1; i < zonebox->word_count; i++)
        arguments[count++] = zonebox->words[i];
    enum status status = zonebox_run_signer(arguments, ret, err);
    free(arguments);
    return status;
}

struct line { // signer/import.h
    unsigned tag, algorithm, flags;
    char place[8], use[8];
    const char *path;
};

static bool read_line(const char *text, struct line *ret)
{
    int at = 0;
    if (sscanf(text, "%u %u %u %7s %7s %n", &ret->tag, &ret->algorithm, &ret->flags, ret->place,
               ret->use, &at) != 5 ||
        at == 0)
        return false;
    ret->path = text + at;
    return true;
}

static enum status list_keys(struct import *import, struct error *err)
{
    struct buf output = {0};
    struct line key;
    enum status status = run_signer(import, true, &output, err);
    char *text = xstrdup(buf_text(&output)), *rest = text;
    for (char *line; status == STATUS_OK && (line = strsep(&rest, "\n")) != NULL;)
        if (read_line(line, &key) && strcmp(key.use, "used") == 0)
            json_array_append_new(import->keys,
                                  json_pack("{si si si}", "tag", (int)key.tag, "algorithm",
                                            (int)key.algorithm, "flags", (int)key.flags));
    free(text);
    buf_done(&output);
    return status;
}

static void say_keys(const char *output, bool dry)
{
    struct line key;
    char *text = xstrdup(output), *rest = text;
    for (char *line; (line = strsep(&rest, "\n")) != NULL;) {
        if (!read_line(line, &key))
            continue;
        bool there = strcmp(key.place, "there") == 0;
        printf("%s %u, algorithm %u, %s: %s%s\n", key.flags == 256 ? "ZSK" : "KSK or CSK", key.tag,
               key.algorithm,
               there ? "there already"
               : dry ? "would be written"
                     : "written",
               key.path,
               strcmp(key.use, "over") == 0
                   ? "\n    (by its times it is out of use, and is only kept)"
                   : "");
    }
    free(text);
}

// ── The signer that runs ─────────────────────────────────────────────────────────────────────────

static enum status order(struct import *import, bool dry, struct error *err)
{
    json_t *reply = NULL;
    char *sockets = zonebox_sockets(import->zonebox);
    json_t *request = json_pack("{sssssOsb}", "command", "import", "zone", import->zone, "keys",
                                import->keys, "dry", (int)dry);
    enum status status = zonebox_ask(sockets, "zone-signer", request, &reply, err);
    free(sockets);
    import->known = status == STATUS_OK;
    if (status == STATUS_OK)
        import->adopted = json_is_true(json_object_get(reply, "adopted"));
    json_decref(reply);
    return status;
}

static void say_end(const struct import *import)
{
    const char *zone = import->zone;
    struct buf text = {0};
    char *words;
    if (import->domain == NULL)
        words = xasprintf("%s is not in the configuration. As soon as it is, it is signed with "
                          "these keys, as their times say: the DS at the registrar stays good.",
                          zone);
    else if (!import->known)
        words = xasprintf("zone-signer does not run. When it does, %s is signed with these keys if "
                          "it was never signed here; if it was, run this again then.",
                          zone);
    else if (import->adopted)
        words = xasprintf("%s has no keys of its own yet: it is signed with these, as their times "
                          "say.",
                          zone);
    else
        words = xasprintf("%s is signed here already. These keys take the place of its own, step "
                          "by step; the DS at the registrar changes on the way: `zonebox status "
                          "%s` says what is waited for.",
                          zone, zone);
    zonebox_wrap(words, 0, &text);
    puts(buf_text(&text));
    free(words);
    buf_done(&text);
}

// ── All of it ────────────────────────────────────────────────────────────────────────────────────

static enum status judge(struct import *import, struct error *err)
{
    enum status status = judge_domain(import, err);
    if (status == STATUS_OK)
        status = list_keys(import, err);
    if (status == STATUS_OK && import->domain != NULL)
        status = order(import, true, err);
    return status == STATUS_NOT_FOUND ? STATUS_OK : status; // it does not run
}

static enum status do_it(struct import *import, struct error *err)
{
    struct buf output = {0};
    bool dry = import->zonebox->dry_run;
    enum status status = judge(import, err);
    if (status == STATUS_OK)
        status = run_signer(import, dry, &output, err);
    if (status == STATUS_OK)
        say_keys(buf_text(&output), dry);
    buf_done(&output);
    if (status == STATUS_OK && import->known && !dry)
        status = order(import, false, err);
    if (status == STATUS_OK && dry)
        printf("Nothing was written. With these keys:\n");
    if (status == STATUS_OK)
        say_end(import);
    return status;
}

int zonebox_import(const struct zonebox *zonebox)
{
    struct config *config = zonebox_load(zonebox);
    if (config == NULL)
        return ZONEBOX_WRONG;
    const struct config_domain *domain = find_domain(config, zonebox->words[0]);
    struct import import = {
        .zonebox = zonebox,
        .zone = domain != NULL ? domain->name : zonebox->words[0],
        .domain = domain,
        .directory = path_join(config->state, "keys"),
        .keys = json_array(),
    };
    struct error err = {0};
    enum status status = do_it(&import, &err);
    if (status != STATUS_OK)
        zonebox_complain(err.text);
    json_decref(import.keys);
    free(import.directory);
    config_free(config);
    return status == STATUS_OK ? ZONEBOX_FINE : ZONEBOX_WRONG;
}
