// SPDX-License-Identifier: ISC
// BIND's .state files (dnssec-policy): what it did with a key, which the times of the key's own files only scheduled.
// Internal to keys/.
#pragma once

#include <stdint.h>

#include "base/status.h"
#include "keys/dnskey.h"

// Makes times say what the text of the file says is so: an event that is due by its time and has not come is not given,
// one that came is given with the time of the change at the latest. A file that says no states (BIND has not used the
// key yet) changes nothing. SYNTAX when a line is broken. The text is modified.
enum status key_state_apply(char *text, int64_t now, struct dnskey_times *times, struct error *err);
