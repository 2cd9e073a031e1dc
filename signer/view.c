// SPDX-License-Identifier: ISC
#include "signer/view.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <ldns/ldns.h>

#include "base/alloc.h"
#include "dns/types.h"

static bool is_below(const struct image *image, const struct image_node *node,
                     const struct image_node *above)
{
    return node->key_len > above->key_len &&
           memcmp(image_node_key(image, node), image_node_key(image, above), above->key_len) == 0;
}

void view_init(struct view *view, const struct image *image)
{
    uint32_t count = image->header->node_count;
    view->image = image;
    view->places = xcalloc(count, 1);
    const struct image_node *above =
        NULL; // last cut or DNAME: what is below follows in canonical order
    for (uint32_t i = 0; i < count; i++) {
        const struct image_node *node = &image->nodes[i];
        if (above != NULL && is_below(image, node, above)) {
            view->places[i] = VIEW_OCCLUDED;
            continue;
        }
        bool cut = node->key_len > 0 && image_rrset(image, node, RR_TYPE_NS) != NULL;
        if (cut || image_rrset(image, node, RR_TYPE_DNAME) != NULL)
            above = node;
        view->places[i] = cut ? VIEW_CUT : node->rrset_count == 0 ? VIEW_EMPTY : VIEW_AUTHORITATIVE;
    }
}

void view_done(struct view *view)
{
    free(view->places);
    view->places = NULL;
}

bool view_is_signed(const struct view *view, const struct image_rrset *rrset)
{
    if (rrset->node >= view->image->header->node_count)
        return true; // NSEC3
    enum view_place place = view->places[rrset->node];
    if (place == VIEW_CUT) // RFC 4035 §2.2
        return rrset->type == RR_TYPE_DS || rrset->type == RR_TYPE_NSEC;
    return place == VIEW_AUTHORITATIVE;
}

const char *view_words(const struct image *image, const struct image_rrset *rrset,
                       char text[VIEW_WORDS_MAX])
{
    char name[NAME_TEXT_MAX];
    char *type = ldns_rr_type2str((ldns_rr_type)rrset->type);
    snprintf(text, VIEW_WORDS_MAX, "%s %s",
             name_to_text(image_node_name(image, &image->nodes[rrset->node]), name),
             type != NULL ? type : "?");
    free(type);
    return text;
}
