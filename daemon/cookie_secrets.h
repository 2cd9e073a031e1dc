// SPDX-License-Identifier: ISC
// What workers make cookies with (base/secrets.h): a master secret of this process, the same as long as it lives,
// whichever workers come and go; or those of the file that `cookie-secrets:` names, which is looked at again and again.
#pragma once

#include <stdbool.h>

#include "base/secrets.h"
#include "config/config.h"
#include "daemon/zoned.h"

// How often the file is looked at: soon enough for somebody who rolls the secrets of several servers by hand.
#define COOKIE_SECRETS_LOOK_MS 1000

// The secrets for these settings. A file that does not hold up changes nothing: what was in force (shared secrets, else
// the master secret) stays so, with a line in the log.
struct secrets cookie_secrets_wanted(struct zoned *zoned, const struct config_server *server);
// Calls `changed` whenever the file has others than are in force.
void cookie_secrets_start(struct zoned *zoned, void (*changed)(struct zoned *zoned));
void cookie_secrets_close(struct zoned *zoned);
