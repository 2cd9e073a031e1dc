// SPDX-License-Identifier: ISC
// Tree → struct config, by the table of options: types, bounds, defaults, unknown keys. The box comes first, wherever
// it stands in the file, since domains inherit from it; between the two, defaults.c fills in what the table does not
// say.
#pragma once

#include "config/config.h"
#include "config/tree.h"

struct reader {
    struct config *config;
    struct config_errors *errors;
    // What domains inherit: without what follows from the other TTLs, and from the lifetime of signatures.
    struct config_ttl ttl;
    struct config_dnssec_policy dnssec;
    // Grows while files are read; read_finish hands it to the configuration.
    struct config_domain *domains;
    size_t domain_count, domain_cap;
};

// All but the domains. All errors are counted; what is wrong is left at its default or zero. False when there is
// nothing to go on with.
bool read_box(struct reader *reader, const struct tree *tree);
// Appends the domains of the configuration, or of an included file, which may hold nothing else.
void read_domains(struct reader *reader, const struct tree *tree);
void read_included(struct reader *reader, const struct tree *tree);
void read_finish(struct reader *reader);

// Counts "path:line:col: option: words" as an error. option "": without one.
void reader_complain(const struct reader *reader, struct config_place place, const char *option,
                     const char *format, ...) __attribute__((format(printf, 4, 5)));
