// SPDX-License-Identifier: ISC
// The two halves of confine(): for base/confine.c only.
#pragma once

#include "base/confine.h"

// Landlock. *ret_abi is 0 where the kernel has none.
enum status confine_files(const struct confine_profile *profile, unsigned *ret_abi,
                          struct error *err);
// seccomp.
enum status confine_calls(unsigned groups, struct error *err);
