// SPDX-License-Identifier: ISC
#include "signer/verify_late.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "keys/ecdsa_check.h"
#include "signer/view.h"

struct subject {
    const struct image_header *image;
    uint32_t rrset;
};

struct verify_later {
    struct ecdsa_checks *checks;
    struct subject *subjects; // when they were run, those that are wrong
    size_t count, cap;
};

struct verify_later *verify_later_new(void)
{
    struct verify_later *later = xcalloc(1, sizeof(*later));
    later->checks = ecdsa_checks_new();
    return later;
}

void verify_later_free(struct verify_later *later)
{
    if (later == NULL)
        return;
    ecdsa_checks_free(later->checks);
    free(later->subjects);
    free(later);
}

static enum status is_wrong(const struct image *image, const struct image_rrset *rrset,
                            struct error *err)
{
    char words[VIEW_WORDS_MAX];
    return error_set(err, STATUS_BOGUS, "%s: its signature does not verify",
                     view_words(image, rrset, words));
}

// Another image may come to lie where this one is, which is given up.
static void forget(struct verify_later *later, const struct image *image)
{
    for (size_t i = later->count; i > 0 && later->subjects[i - 1].image == image->header; i--)
        later->subjects[i - 1].image = NULL;
}

enum status verify_soon(struct verify_later *later, struct verifier *verifier,
                        const struct image *image, const struct image_rrset *rrset,
                        struct error *err)
{
    verifier_defer(verifier, &(struct signing_later){later->checks, later->count});
    later->subjects =
        array_grow(later->subjects, &later->cap, later->count, sizeof(*later->subjects));
    later->subjects[later->count++] =
        (struct subject){image->header, (uint32_t)(rrset - image->rrsets)};
    if (verifier_check(verifier, image, rrset, NULL))
        return STATUS_OK;
    forget(later, image);
    return is_wrong(image, rrset, err);
}

void verify_late(struct verify_later *later)
{
    bool *wrong = xcalloc(later->count + 1, sizeof(*wrong));
    size_t kept = 0;
    ecdsa_checks_run(later->checks, wrong);
    for (size_t i = 0; i < later->count; i++)
        if (wrong[i])
            later->subjects[kept++] = later->subjects[i];
    later->count = kept;
    free(wrong);
}

enum status verify_late_result(const struct verify_later *later, const struct image *image,
                               struct error *err)
{
    for (size_t i = 0; i < later->count; i++)
        if (later->subjects[i].image == image->header)
            return is_wrong(image, &image->rrsets[later->subjects[i].rrset], err);
    return STATUS_OK;
}
