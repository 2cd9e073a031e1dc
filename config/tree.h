// SPDX-License-Identifier: ISC
// YAML text → a small tree with line and column on every node. libyaml does the reading; this part
// keeps it to what a configuration needs and to bounded work: one document, no anchors, aliases,
// tags or merge keys (so nothing can grow beyond the text), keys are plain text and stand once in
// their mapping, quotas on depth and nodes.
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/status.h"
#include "config/config.h"

#define TREE_DEPTH_MAX 16          // the deepest option lies 5 deep; more is a mistake or malice
#define TREE_NODES_MAX 1000000U    // 100,000 domains with all their options are 700,000
#define TREE_TEXT_MAX  (64U << 10) // one value; the longest sensible one is a file name of 4 kB

enum node_kind { NODE_TEXT, NODE_LIST, NODE_MAPPING };

struct node {
    enum node_kind kind;
    struct config_place place;
    const char *text;   // NODE_TEXT, without octets NUL
    bool quoted;        // 'text' or "text", so an empty one is meant
    struct node *first; // items of a list, values of a mapping, in the order of the file
    struct node *next;
    const char *key; // in a mapping
    struct config_place key_place;
};

struct tree {
    struct node *root;  // NULL: nothing in the file
    bool is_whole;      // read to the end
    struct arena arena; // of all nodes and texts
};

// Fills *ret. file is what places say (config_place). On failure (SYNTAX) errors has a line; a key that stands twice
// adds a line, is left out of the tree, and fails too, but leaves the tree whole. tree_done releases in every case.
enum status tree_parse(const struct config_file *source, unsigned file, struct tree *ret,
                       struct config_errors *errors);
void tree_done(struct tree *tree);

// Is it the empty value, as behind "key:", or one of YAML's words for it?
bool node_is_empty(const struct node *node);
