// SPDX-License-Identifier: ISC
// What stands in TXT records of strangers: "owner\ntext". Whatever comes out points into the text, and what is taken as
// a term or a tag is taken alone, too.
#include "tests/fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "dns/spf.h"
#include "dns/tag_list.h"

static bool inside(const char *at, size_t at_len, const char *text, size_t len)
{
    return at_len == 0 || (at >= text && at + at_len <= text + len);
}

static void try_spf(const char *text, size_t len)
{
    struct spf spf;
    struct error err = {0};
    if (spf_parse(text, len, &spf, &err) != STATUS_OK) {
        MUST(err.text[0] != '\0');
        return;
    }
    MUST(spf_is(text, len) && spf.lookups <= spf.count);
    for (size_t i = 0; i < spf.count; i++) {
        const struct spf_term *term = &spf.terms[i];
        struct spf_term alone;
        MUST(inside(term->text, term->text_len, text, len));
        MUST(inside(term->domain, term->domain_len, term->text, term->text_len));
        MUST(spf_parse_term(term->text, term->text_len, &alone, &err) == STATUS_OK);
        MUST(alone.kind == term->kind && alone.prefix4 <= 32 && alone.prefix6 <= 128);
    }
}

static void try_tags(const char *text, size_t len)
{
    struct tag_list list;
    struct error err = {0};
    enum status status = tag_list_parse(text, len, &list, &err);
    MUST((status == STATUS_OK) == (err.text[0] == '\0'));
    for (size_t i = 0; i < list.count; i++) {
        const struct tag *tag = &list.tags[i];
        MUST(tag->name_len > 0 && inside(tag->name, tag->name_len, text, len));
        MUST(inside(tag->value, tag->value_len, text, len));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t len)
{
    // Blocks of their own, so that a read past the end is seen.
    const uint8_t *end = len > 0 ? memchr(octets, '\n', len) : NULL;
    size_t owner_len = end != NULL ? (size_t)(end - octets) : 0;
    size_t text_len = end != NULL ? len - owner_len - 1 : len;
    char *owner = xcalloc(owner_len + 1, 1);
    char *text = xmalloc(text_len > 0 ? text_len : 1);
    if (owner_len > 0)
        memcpy(owner, octets, owner_len);
    if (text_len > 0)
        memcpy(text, octets + len - text_len, text_len);
    try_spf(text, text_len);
    try_tags(text, text_len);
    for (enum txt_family family = TXT_OTHER; family <= TXT_REPORT; family++) {
        struct error err = {0};
        enum status status = txt_check(family, text, text_len, &err);
        MUST((status == STATUS_OK) == (err.text[0] == '\0'));
    }
    (void)txt_family(owner, text, text_len);
    free(text);
    free(owner);
    return 0;
}
