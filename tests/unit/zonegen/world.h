// SPDX-License-Identifier: ISC
// The little world that a zone is made from in these tests: a scratch directory (the working directory) with a
// configuration, the files that it names, and keys in state/.
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/file.h"
#include "tests/support/scratch.h"
#include "config/inputs.h"
#include "zonegen/zonegen.h"

struct world {
    struct inputs *inputs;
    struct zone_target *targets;
    size_t count;
    struct config_mail *own[8];
};

static const struct zonegen_keys keys = {.dnssec_directory = "state/keys",
                                         .dkim_directory = "state/dkim"};

// Of the processor, so that a busy machine does not count.
static inline int64_t seconds_used(void)
{
    struct timespec used;
    if (clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used) != 0)
        fail_msg("no clock of the process");
    return used.tv_sec;
}

// A configuration: the host box.example.com with documentation addresses, and `more` lines. Absent tls: and ssh: would
// look into the machine's own /etc, so both are set to nothing unless `more` has them.
static inline struct world world(const char *box_more, const char *more)
{
    struct world world = {0};
    struct config_errors *errors = xcalloc(1, sizeof(*errors));
    char *text = xasprintf(
        "box:\n  hostname: box.example.com\n%s%s%s%sstate: state\n",
        strstr(box_more, "addresses: ") == NULL || strstr(box_more, "nameservers: ") != NULL
            ? "  addresses: [192.0.2.10, \"2001:db8::10\"]\n"
            : "",
        strstr(box_more, "ssh:") == NULL ? "  tls: []\n  ssh: []\n" : "", box_more, more);
    put_file("zonebox.yaml", text);
    if (inputs_read("zonebox.yaml", &world.inputs, errors) != STATUS_OK)
        fail_msg("%s", errors->list[0].text);
    world.count = zonegen_targets(world.inputs->config, &world.targets);
    free(errors);
    free(text);
    return world;
}

static inline void world_done(struct world *world)
{
    for (size_t i = 0; i < sizeof(world->own) / sizeof(world->own[0]); i++) {
        if (world->own[i] != NULL)
            world->inputs->config->domains[i].mail = &world->inputs->config->box.mail;
        free(world->own[i]);
    }
    free(world->targets);
    inputs_free(world->inputs);
}

// The mail options of the domain at an index, a copy for the test to change. Freed with world_done.
static inline struct config_mail *own_mail(struct world *world, size_t index)
{
    struct config *config = world->inputs->config;
    struct config_mail *mail = xmemdup(&config->box.mail, sizeof(*mail));
    world->own[index] = mail;
    config->domains[index].mail = mail;
    return mail;
}

// After a change that says which zones there are, or what they must know of each other.
static inline void find_targets(struct world *world)
{
    free(world->targets);
    world->count = zonegen_targets(world->inputs->config, &world->targets);
}

static inline struct config_text words(const char *text)
{
    static char room[16][256];
    static size_t next;
    char *copy = room[next++ % 16];
    snprintf(copy, sizeof(room[0]), "%s", text);
    return (struct config_text){.text = copy};
}

static inline struct zone_content *make_zone(const struct world *world, const char *name)
{
    struct zone_content *content = NULL;
    struct error err = {0};
    const struct zone_target *target = zonegen_target_find(world->targets, world->count, name);
    assert_non_null(target);
    if (zonegen_make(world->inputs, &keys, target, &content, &err) != STATUS_OK)
        fail_msg("%s", err.text);
    return content;
}

static inline char *dump_zone(const struct world *world, const char *name)
{
    struct buf text = {0};
    struct zone_content *content = make_zone(world, name);
    zone_content_dump(content, &text);
    zone_content_free(content);
    char *ret = xstrdup(buf_text(&text));
    buf_done(&text);
    return ret;
}

static inline void assert_zone_refused(const struct world *world, const char *name,
                                       const char *text)
{
    struct zone_content *content = NULL;
    struct error err = {0};
    const struct zone_target *target = zonegen_target_find(world->targets, world->count, name);
    assert_non_null(target);
    assert_int_equal(zonegen_make(world->inputs, &keys, target, &content, &err), STATUS_SYNTAX);
    if (strstr(err.text, text) == NULL)
        fail_msg("no \"%s\" in %s", text, err.text);
}

// Blanks count as one, so that columns do not matter.
static inline bool has_line(const char *text, const char *line)
{
    size_t at = 0;
    for (const char *c = text; *c != '\0'; c++) {
        if (*c == ' ' && c > text && c[-1] == ' ')
            continue;
        bool starts = c == text || c[-1] == '\n';
        at = (starts || at > 0) && *c == line[at] ? at + 1 : starts && *c == line[0];
        if (line[at] == '\0' && c[1] == '\n')
            return true;
        if (line[at] == '\0')
            at = 0;
        if (*c == '\n')
            at = 0;
    }
    return false;
}

static inline void assert_line(const char *text, const char *line)
{
    if (!has_line(text, line))
        fail_msg("no line \"%s\" in\n%s", line, text);
}

static inline void assert_no(const char *text, const char *words)
{
    if (strstr(text, words) != NULL)
        fail_msg("\"%s\" is in\n%s", words, text);
}

static inline void assert_has(const char *text, const char *words)
{
    if (strstr(text, words) == NULL)
        fail_msg("no \"%s\" in\n%s", words, text);
}

static inline const struct zone_note *find_note(const struct zone_content *content,
                                                const char *words)
{
    for (size_t i = 0; i < content->note_count; i++) {
        if (strstr(content->notes[i].text, words) != NULL)
            return &content->notes[i];
    }
    return NULL;
}
