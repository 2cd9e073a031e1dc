// SPDX-License-Identifier: ISC
// A directory of its own for a test program: the set-up and tear-down of a cmocka group.
#pragma once

extern char *scratch; // its path, between the two

int make_scratch(void **state);
int remove_scratch(void **state); // with all that is in it
