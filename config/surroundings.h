// SPDX-License-Identifier: ISC
// What reading a configuration takes from the box besides its text, so that a test or a snapshot
// (config/inputs.h) can give it instead.
#pragma once

#include "config/config.h"
#include "config/inputs.h"

struct surroundings {
    const char
        *directory; // relative paths start here, absolute; NULL: where the configuration lies
    const char *certificates; // certbot's live/ directory; NULL: there is no default certificate
    const char *host_keys;    // glob of SSH public keys; NULL: there are no default keys
    const char *tls_next;     // glob of public keys to come; NULL: there are none
    // The files that the configuration includes, in order; has_included false: they are looked for and read.
    const struct config_file *included;
    size_t included_count;
    bool has_included;
    // A configuration that was read before, or NULL: what stands there in the same place is not parsed again.
    const struct config *known;
};

// Debian's places.
extern const struct surroundings surroundings_of_box;

// config_parse with other surroundings.
enum status config_parse_in(const struct surroundings *surroundings, const char *path,
                            const char *text, size_t len, struct config **ret,
                            struct config_errors *errors);
// inputs_read with other surroundings.
enum status inputs_read_in(const struct surroundings *surroundings, const char *config_path,
                           struct inputs **ret, struct config_errors *errors);
// inputs_read_seen with other surroundings.
enum status inputs_read_seen_in(const struct surroundings *surroundings, const char *config_path,
                                const struct inputs *old, const struct inputs_seen *seen,
                                struct inputs **ret, struct config_errors *errors);
// inputs_watch_set with other surroundings.
bool inputs_watch_set_in(struct inputs_watch *watch, const struct surroundings *surroundings,
                         const char *config_path, const struct inputs *inputs);
