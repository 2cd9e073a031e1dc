// SPDX-License-Identifier: ISC
// The command `zonegen`: what it was asked for (arguments.c), what it works with (zonegen_main.c), what it does
// (actions.c; compare.c for --diff).
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "zonegen/across.h"
#include "zonegen/json.h"
#include "zonegen/signed.h"
#include "zonegen/zonegen.h"

// Of --diff as diff(1) has it: 0 no difference, 1 some, 2 trouble of any kind.
enum exit_code { EXIT_FINE, EXIT_WRONG, EXIT_USAGE, EXIT_DIFFERENT = 1, EXIT_TROUBLE = 2 };

enum action {
    ACTION_NONE,
    ACTION_DUMP,
    ACTION_DS,
    ACTION_DIFF,
    ACTION_CHECK,
    ACTION_SCHEMA,
    ACTION_HELP_CONFIG,
};

enum style { STYLE_ZONE, STYLE_PASTE };

struct arguments {
    const char *config_path;
    enum action action;
    bool served; // --signed
    bool json;
    bool style_given;
    enum style style;
    char **domains; // of --help-config the option
    size_t domain_count;
};

struct program {
    const struct arguments *arguments;
    struct inputs *inputs;
    struct zone_target *targets;
    size_t target_count;
    struct offers offers;
    struct dnskey_listing listing;
    struct zonegen_keys keys;
    int64_t now;
    bool wrong; // something was complained about
    bool differs;
};

// What an action works with from zone to zone.
struct work {
    struct program *program;
    struct buf text; // what it prints of the zone
    struct json_output json;
    struct served served; // of --signed and --diff
    struct across across; // of --check
    bool printed;         // something is on standard output already
};

// As arguments_read, of base/arguments.h.
int parse_arguments(int argc, char **argv, struct arguments *ret);
// What was asked for that needs no configuration. As parse_arguments.
int act_without_config(const struct arguments *arguments);
void act(struct program *program);

// Says it on standard error; something is wrong then.
void complain(struct program *program, const char *text);
// May what goes to this descriptor have colours? A terminal, and nobody said NO_COLOR (no-color.org).
bool wants_colours(int fd);

typedef void zone_action(struct work *work, const struct zone_target *target);

// Runs the action on the zones that were asked for, in the order of the configuration.
void for_each_zone(struct work *work, zone_action *action);
// Prints what there is of a zone, an empty line between two.
void print_zone(struct work *work);
// Says it when not the newest image of the zone is what is served.
void note_aside(struct work *work, const char *zone);
// NULL when there can be no such zone, which is said then.
struct zone_content *make_zone(struct work *work, const struct zone_target *target);
void print_notes(struct program *program, const struct zone_content *content);

void compare_all(struct work *work);
