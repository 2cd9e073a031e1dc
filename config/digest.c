// SPDX-License-Identifier: ISC
#include "config/digest.h"

#include <string.h>

#include <xxhash.h>

// Each step hashes what is next with what came before as the seed. Texts differ from the kinds by what they are hashed
// with: length and NUL included, so that no text runs into the next.
static uint64_t put_text(uint64_t before, const char *text)
{
    return XXH3_64bits_withSeed(text, strlen(text) + 1, before);
}

static uint64_t put_kind(uint64_t before, char kind)
{
    return XXH3_64bits_withSeed(&kind, 1, before);
}

static uint64_t put_node(uint64_t before, const struct node *node)
{
    if (node->kind == NODE_TEXT) // an empty value and '' are not the same
        return put_text(put_kind(before, node_is_empty(node) ? '~' : 't'), node->text);
    uint64_t now = put_kind(before, node->kind == NODE_LIST ? '[' : '{');
    for (const struct node *child = node->first; child != NULL; child = child->next) {
        if (node->kind == NODE_MAPPING)
            now = put_text(now, child->key);
        now = put_node(now, child); // no deeper than TREE_DEPTH_MAX
    }
    return put_kind(now, ']');
}

uint64_t digest_node(const struct node *node)
{
    return put_node(0, node);
}

uint64_t digest_without(const struct node *mapping, const char *one, const char *other)
{
    uint64_t now = 0;
    for (const struct node *child = mapping->first; child != NULL; child = child->next)
        if (strcmp(child->key, one) != 0 && strcmp(child->key, other) != 0)
            now = put_node(put_text(now, child->key), child);
    return now;
}
