// SPDX-License-Identifier: ISC
// A world of few servers, as the judges see it: each answers from a zone in text, and can be given faults.
#pragma once

#include "probe/judge.h"

#define WORLD_SERVERS_MAX 8
#define WORLD_NOW         1800000000

struct world_server {
    const char *address;
    const char *zone;    // that it serves
    const char *records; // lines of a master file; names absolute
    bool udp_silent, tcp_silent, udp_refused, tcp_refused;
    bool lame, no_edns, recursive, no_authority;
    const char *silent_about; // "example.com DS": no answer to that
};

struct world {
    struct world_server servers[WORLD_SERVERS_MAX]; // from the root down
    size_t server_count;
    const char *elsewhere; // further records that the resolver knows
    const char *dead;      // a name, or a name and a type, that the resolver gets no answer for
    bool resolver_silent;
    enum fact_outcome tls; // what the host's ports come to
    const char *spki;      // of the certificate there
    enum fact_outcome https;
    unsigned code;
    const char *policy;
};

// Judges the only zone of the JSON until nothing is wanted. The caller clears the verdicts.
void world_judge(const struct world *world, const char *json, struct verdicts *ret);
// Settles all that is wanted. Returns whether anything was.
bool world_settle(const struct world *world, struct facts *facts, size_t *begun);
