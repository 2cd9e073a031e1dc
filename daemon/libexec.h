// SPDX-License-Identifier: ISC
// Where the programs are that zoned and zonebox start: beside the one that asks in a build tree, in libexec relative to
// it when installed, so that a prefix can be moved.
#pragma once

#include "base/status.h"

// The directory, absolute; the caller frees. given: look there only, or NULL. relative: libexec as seen from the
// directory of the program that asks. NOT_FOUND when they are nowhere.
enum status libexec_find(const char *given, const char *relative, char **ret, struct error *err);
