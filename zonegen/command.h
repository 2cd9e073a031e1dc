// SPDX-License-Identifier: ISC
// The command `zonegen`: what it was asked for (arguments.c), what it works with (zonegen_main.c), what it does
// (actions.c).
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dns/store.h"
#include "zonegen/zonegen.h"

enum exit_code { EXIT_FINE, EXIT_WRONG, EXIT_USAGE };

enum action { ACTION_NONE, ACTION_DUMP, ACTION_DS, ACTION_CHECK };

struct arguments {
    const char *config_path;
    enum action action;
    bool served; // --signed
    bool json;
    char **domains;
    size_t domain_count;
};

struct program {
    const struct arguments *arguments;
    struct inputs *inputs;
    struct zone_target *targets;
    size_t target_count;
    struct dnskey_listing listing;
    struct zonegen_keys keys;
    int64_t now;
    enum exit_code code;
};

// Returns a negative number to go on, else the exit status.
int parse_arguments(int argc, char **argv, struct arguments *ret);

// Says it on standard error; the exit status will be that something is wrong.
void complain(struct program *program, const char *text);

// Does what was asked for.
void act(struct program *program);
