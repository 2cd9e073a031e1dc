// SPDX-License-Identifier: ISC
#include "config/kept_tree.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"

struct kept_tree {
    unsigned users;
    struct tree tree; // with an empty arena: its nodes and texts are behind this
    size_t size;
    _Alignas(max_align_t) unsigned char octets[];
};

// ── How large ────────────────────────────────────────────────────────────────────────────────────

// Nodes come first and texts behind them, so that nothing is lost to alignment.
struct extent {
    size_t nodes, octets;
};

static size_t text_size(const char *text)
{
    return text != NULL ? strlen(text) + 1 : 0;
}

// No deeper than TREE_DEPTH_MAX.
static void measure(const struct node *node, struct extent *extent)
{
    for (; node != NULL; node = node->next) {
        extent->nodes++;
        extent->octets += text_size(node->text) + text_size(node->key);
        measure(node->first, extent);
    }
}

// ── Copying ──────────────────────────────────────────────────────────────────────────────────────

struct copying {
    struct node *nodes;
    char *octets;
};

static const char *copy_text(struct copying *copying, const char *text)
{
    size_t size = text_size(text);
    if (size == 0)
        return NULL;
    char *copy = memcpy(copying->octets, text, size);
    copying->octets += size;
    return copy;
}

static struct node *copy_all(struct copying *copying, const struct node *node)
{
    struct node *first = NULL, **link = &first;
    for (; node != NULL; node = node->next) {
        struct node *copy = copying->nodes++;
        *copy = *node;
        copy->text = copy_text(copying, node->text);
        copy->key = copy_text(copying, node->key);
        copy->first = copy_all(copying, node->first);
        *link = copy;
        link = &copy->next;
    }
    return first;
}

struct kept_tree *kept_tree_make(const struct tree *tree, size_t *size)
{
    struct extent extent = {0};
    measure(tree->root, &extent);
    size_t own = sizeof(struct kept_tree) + extent.nodes * sizeof(struct node) + extent.octets;
    if (*size > KEPT_TREES_MAX || own > KEPT_TREES_MAX - *size)
        return NULL;
    struct kept_tree *kept = xmalloc(own);
    struct node *nodes = (struct node *)(void *)kept->octets;
    struct copying copying = {nodes, (char *)(nodes + extent.nodes)};
    *kept = (struct kept_tree){.users = 1, .size = own};
    kept->tree.root = copy_all(&copying, tree->root);
    kept->tree.is_whole = tree->is_whole;
    *size += own;
    return kept;
}

struct kept_tree *kept_tree_use(struct kept_tree *kept, size_t *size)
{
    kept->users++;
    *size += kept->size;
    return kept;
}

void kept_tree_free(struct kept_tree *kept)
{
    if (kept != NULL && --kept->users == 0)
        free(kept);
}

const struct tree *kept_tree_tree(const struct kept_tree *kept)
{
    return &kept->tree;
}
