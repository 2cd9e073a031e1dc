// SPDX-License-Identifier: ISC
// Lets zone-signer publish once for `zonebox init`, so that keys and zones are there before anything is served.
#pragma once

#include "base/status.h"
#include "daemon/rights.h"

// As the user (NULL: the one we are). The signer gets the inputs as from zoned, since certificates and host keys may be
// root's to read. STATE when something is not as it should be; the signer has logged what.
enum status first_run(const char *config_path, const struct rights_user *user, struct error *err);
