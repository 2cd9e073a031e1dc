// SPDX-License-Identifier: ISC
// The one rule of all rollovers: whatever a cache has of DS, DNSKEY and signatures holds together.
#include "keys/keyset.h"

// Is one of these keys of that algorithm?
static bool has_algorithm(const struct keyset *set, keyset_mask keys, uint8_t algorithm)
{
    for (size_t i = 0; i < KEYSET_KEYS_MAX; i++)
        if ((keys & keyset_bit(i)) != 0 && set->keys[i].id.algorithm == algorithm)
            return true;
    return false;
}

// Has each algorithm among `keys` one of `others`?
static bool covers(const struct keyset *set, keyset_mask keys, keyset_mask others)
{
    for (size_t i = 0; i < KEYSET_KEYS_MAX; i++)
        if ((keys & keyset_bit(i)) != 0 && !has_algorithm(set, others, set->keys[i].id.algorithm))
            return false;
    return true;
}

struct combination {
    const struct keyset_version *of[KEYSET_COMPONENTS];
};

// How well it holds for who goes by the DS of these keys: 3: in every way; 2: for validators that ask for each
// algorithm of the DS; 1: for those that are content with one (RFC 6840 §5.11); 0: for none.
static int grade_by(const struct keyset *set, keyset_mask ds, const struct combination *c)
{
    const struct keyset_version *dnskeys = c->of[KEYSET_DNSKEYS];
    keyset_mask in = dnskeys->keys, entry = ds & in & dnskeys->signers;
    keyset_mask rest = in & c->of[KEYSET_SIGNATURES]->keys;
    if (ds == 0)
        return 3;
    if (covers(set, ds, entry) && covers(set, in, in & dnskeys->signers) && covers(set, in, rest))
        return 3;
    if (covers(set, ds, entry) && covers(set, ds, rest))
        return 2;
    return entry != 0 && rest != 0 ? 1 : 0;
}

// The worse of the two ways to read the DS.
static int grade(const struct keyset *set, const struct combination *c)
{
    const struct keyset_version *ds = c->of[KEYSET_DS];
    int by_all = grade_by(set, ds->keys, c), by_strong = grade_by(set, ds->signers, c);
    return by_strong < by_all ? by_strong : by_all;
}

bool keyset_validates(const struct keyset *set, const struct keyset_version *ds,
                      const struct keyset_version *dnskeys, const struct keyset_version *signatures)
{
    struct combination all = {
        {[KEYSET_DS] = ds, [KEYSET_DNSKEYS] = dnskeys, [KEYSET_SIGNATURES] = signatures}};
    return grade(set, &all) == 3;
}

// What only may have been: a DS that was neither seen nor is offered any more; what an adopted zone was before
// (since 0).
static bool is_assumed(const struct keyset *set, const struct combination *c)
{
    const struct keyset_version *ds = c->of[KEYSET_DS];
    return (ds->seen_at == 0 && ds->keys != set->offered) || c->of[KEYSET_DNSKEYS]->since == 0 ||
           c->of[KEYSET_SIGNATURES]->since == 0;
}

// Goes through every combination of the three histories; what `fixed` gives takes the place of one of them.
static bool all_hold(const struct keyset *set, enum keyset_component component,
                     const struct keyset_version *fixed)
{
    const struct keyset_history *h = set->history;
    size_t counts[KEYSET_COMPONENTS];
    for (size_t c = 0; c < KEYSET_COMPONENTS; c++)
        counts[c] = fixed != NULL && c == component ? 1 : h[c].count;
    size_t total = counts[0] * counts[1] * counts[2];
    for (size_t n = 0; n < total; n++) {
        size_t at[KEYSET_COMPONENTS] = {n % counts[0], n / counts[0] % counts[1],
                                        n / counts[0] / counts[1]};
        struct combination all;
        for (size_t c = 0; c < KEYSET_COMPONENTS; c++)
            all.of[c] = fixed != NULL && c == component ? fixed : &h[c].list[at[c]];
        int good = grade(set, &all);
        // Between 2 and 3 the DS makes no difference.
        bool fine = good == 3 || (good == 2 && fixed != NULL && component == KEYSET_DS);
        if (fine || (fixed == NULL && is_assumed(set, &all)))
            continue;
        if (fixed == NULL || component == KEYSET_DS)
            return false;
        all.of[component] = &h[component].list[h[component].count - 1];
        if (good < grade(set, &all))
            return false;
    }
    return true;
}

bool keyset_holds(const struct keyset *set)
{
    return all_hold(set, KEYSET_DS, NULL);
}

bool keyset_would_hold(const struct keyset *set, enum keyset_component component,
                       const struct keyset_version *version)
{
    return all_hold(set, component, version);
}
