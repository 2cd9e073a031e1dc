// SPDX-License-Identifier: ISC
// The trees of included files, kept from one reading of the configuration to the next: of 10,000 files of which one
// has changed one is parsed. Each is one piece of memory, shared by all configurations that have the same text in the
// same place. Not for several threads.
#pragma once

#include <stddef.h>

#include "config/tree.h"

// So many octets of trees a configuration keeps; 10,000 files of a domain each have 5 million.
#define KEPT_TREES_MAX (64U << 20)

struct kept_tree;

// A copy with one user. size: counts the octets of all; NULL when there would be more than KEPT_TREES_MAX.
struct kept_tree *kept_tree_make(const struct tree *tree, size_t *size);
// One user more, and counted as above.
struct kept_tree *kept_tree_use(struct kept_tree *kept, size_t *size);
void kept_tree_free(struct kept_tree *kept); // one user less; NULL is fine

// Its own.
const struct tree *kept_tree_tree(const struct kept_tree *kept);
