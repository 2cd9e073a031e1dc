// SPDX-License-Identifier: ISC
#include "keys/dkim_plan.h"

struct planning {
    const struct dkim_set *set;
    const struct dkim_policy *policy;
    int64_t now;
    struct dkim_plan *plan;
};

static const enum dkim_algorithm algorithms[DKIM_ALGORITHMS] = {DKIM_RSA, DKIM_ED25519};

static int64_t smaller(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

// ── How long ─────────────────────────────────────────────────────────────────────────────────────

static int64_t pending_s(const struct dkim_policy *policy)
{
    int64_t wait = DKIM_PENDING_S;
    if (policy->lifetime > 0)
        wait = smaller(wait, policy->lifetime / 4);
    return wait > 2 * policy->ttl ? wait : 2 * policy->ttl;
}

static int64_t retiring_s(const struct dkim_policy *policy)
{
    return policy->lifetime > 0 ? smaller(DKIM_RETIRING_S, policy->lifetime) : DKIM_RETIRING_S;
}

static int64_t revoked_s(const struct dkim_policy *policy)
{
    return policy->lifetime > 0 ? smaller(DKIM_REVOKED_S, 4 * policy->lifetime) : DKIM_REVOKED_S;
}

// ── Steps and times ──────────────────────────────────────────────────────────────────────────────

static void step(const struct planning *p, enum dkim_action action, const struct dkim_key *key,
                 const char *why)
{
    if (p->plan->count < DKIM_STEPS_MAX)
        p->plan->steps[p->plan->count++] =
            (struct dkim_step){action, key->algorithm, (size_t)(key - p->set->list), why};
}

static void make(const struct planning *p, enum dkim_algorithm algorithm, const char *why)
{
    if (p->plan->count < DKIM_STEPS_MAX)
        p->plan->steps[p->plan->count++] = (struct dkim_step){DKIM_MAKE, algorithm, 0, why};
}

// Is it so long after `since`? If not, the plan is asked again then.
static bool is_over(const struct planning *p, int64_t since, int64_t wait)
{
    int64_t due = smaller(since, p->now) + wait;
    if (due <= p->now)
        return true;
    p->plan->next = smaller(p->plan->next, due);
    return false;
}

// ── What there is ────────────────────────────────────────────────────────────────────────────────

static bool is_ours(const struct dkim_key *key)
{
    return key->trouble == NULL && !dkim_is_foreign(key);
}

static const struct dkim_key *find(const struct planning *p, enum dkim_algorithm algorithm,
                                   enum dkim_state state)
{
    for (size_t i = 0; i < p->set->count; i++) {
        const struct dkim_key *key = &p->set->list[i];
        if (is_ours(key) && key->has_private && key->algorithm == algorithm && key->state == state)
            return key;
    }
    return NULL;
}

static bool is_wanted(const struct planning *p, enum dkim_algorithm algorithm)
{
    return (p->policy->algorithms & algorithm) != 0;
}

// Does anybody sign for the domain, with any key, or with one that is wanted?
static bool any_signer(const struct planning *p, bool wanted)
{
    for (size_t i = 0; i < DKIM_ALGORITHMS; i++)
        if ((!wanted || is_wanted(p, algorithms[i])) && dkim_signer(p->set, algorithms[i]) != NULL)
            return true;
    return false;
}

// May it sign before anybody can have missed its record? In a zone of others a key of another kind does not wait for
// the one beside it, whose record was pasted before or after; but what has to replace a key waits.
static bool is_first(const struct planning *p, const struct dkim_key *key)
{
    if (p->policy->sight == DKIM_SEEN_HERE)
        return !any_signer(p, false);
    for (size_t i = 0; i < DKIM_ALGORITHMS; i++)
        if ((!is_wanted(p, algorithms[i]) || algorithms[i] == key->algorithm) &&
            dkim_signer(p->set, algorithms[i]) != NULL)
            return false;
    return true;
}

// One that is retiring and could sign again at once.
static const struct dkim_key *find_returning(const struct planning *p,
                                             enum dkim_algorithm algorithm)
{
    for (size_t i = p->set->count; i-- > 0;) {
        const struct dkim_key *key = &p->set->list[i];
        if (is_ours(key) && key->has_private && key->is_published && key->algorithm == algorithm &&
            key->state == DKIM_RETIRING)
            return key;
    }
    return NULL;
}

// ── State by state ───────────────────────────────────────────────────────────────────────────────

// Its record is pasted by somebody where others serve the zone. Who looks there comes back with what was seen.
static void plan_seen(const struct planning *p, const struct dkim_key *key)
{
    if (key->announced != 0 && key->is_missed)
        step(p, DKIM_MISS, key, "a name server does not have its record");
    else if (key->is_published && key->announced == 0)
        step(p, DKIM_ANNOUNCE, key, "all name servers were seen with its record");
    else if (key->announced != 0 && is_over(p, key->announced, pending_s(p->policy)) &&
             key->is_published)
        step(p, DKIM_ACTIVATE, key, "its record is known by now");
}

static void plan_pending(const struct planning *p, const struct dkim_key *key)
{
    if (!key->has_private) {
        step(p, DKIM_REMOVE, key, "its private file is gone");
    } else if (!is_wanted(p, key->algorithm)) {
        step(p, DKIM_REMOVE, key, "keys of its kind are not wanted any more");
    } else if (p->policy->lifetime == 0 && dkim_signer(p->set, key->algorithm) != NULL) {
        step(p, DKIM_REMOVE, key, "keys are not replaced any more");
    } else if (is_first(p, key) && (p->policy->sight != DKIM_SEEN_BY_PROBE || key->is_published)) {
        step(p, DKIM_ACTIVATE, key, "no other key signs");
    } else if (p->policy->sight != DKIM_SEEN_HERE) {
        plan_seen(p, key);
    } else if (!key->is_published) {
        int64_t look = smaller(DKIM_LOOK_S, pending_s(p->policy));
        p->plan->next = smaller(p->plan->next, p->now + (look > 0 ? look : 1));
    } else if (key->announced == 0) {
        step(p, DKIM_ANNOUNCE, key, "its record is published");
    } else if (is_over(p, key->announced, pending_s(p->policy))) {
        step(p, DKIM_ACTIVATE, key, "its record is known by now");
    }
}

static void plan_successor(const struct planning *p, const struct dkim_key *key)
{
    int64_t lifetime = p->policy->lifetime;
    int64_t early = lifetime - pending_s(p->policy);
    if (lifetime > 0 && p->policy->sight != DKIM_UNSEEN &&
        find(p, key->algorithm, DKIM_PENDING) == NULL &&
        is_over(p, key->changed, early > 0 ? early : 0))
        make(p, key->algorithm, "the key that signs has reached its lifetime");
}

static void plan_active(const struct planning *p, const struct dkim_key *key)
{
    const struct dkim_key *signer = dkim_signer(p->set, key->algorithm);
    if (!key->has_private)
        step(p, DKIM_RETIRE, key, "its private file is gone");
    else if (p->policy->algorithms == 0)
        step(p, DKIM_RETIRE, key, "the configuration has `dkim: no`");
    else if (!is_wanted(p, key->algorithm) && any_signer(p, true))
        step(p, DKIM_RETIRE, key, "keys of its kind are not wanted any more");
    else if (key != signer && (key->made || signer->made))
        step(p, DKIM_RETIRE, key, "a newer key signs");
    else if (key == signer && is_wanted(p, key->algorithm))
        plan_successor(p, key);
}

static void plan_key(const struct planning *p, const struct dkim_key *key)
{
    int64_t latest = p->now + DKIM_SLACK_S;
    if (key->created > latest || key->announced > latest || key->changed > latest) {
        step(p, DKIM_RESTAMP, key, "its times lie in the future");
        return;
    }
    switch (key->state) {
    case DKIM_PENDING:
        plan_pending(p, key);
        break;
    case DKIM_ACTIVE:
        plan_active(p, key);
        break;
    case DKIM_RETIRING:
        if (is_over(p, key->changed, retiring_s(p->policy)))
            step(p, DKIM_REVOKE, key, "mail that was signed with it is delivered or given up");
        break;
    case DKIM_REVOKED:
        if (is_over(p, key->changed, revoked_s(p->policy)))
            step(p, DKIM_REMOVE, key, "it is revoked for long enough");
        break;
    case DKIM_REMOVED:
        if (key->made) // the lines were written by hand, or deleting it failed
            step(p, DKIM_REMOVE, key, "it is to be removed");
        break;
    }
}

static void plan_algorithm(const struct planning *p, enum dkim_algorithm algorithm)
{
    if (!is_wanted(p, algorithm) || dkim_signer(p->set, algorithm) != NULL ||
        find(p, algorithm, DKIM_PENDING) != NULL)
        return;
    const struct dkim_key *returning = find_returning(p, algorithm);
    if (returning != NULL)
        step(p, DKIM_ACTIVATE, returning, "it is wanted again");
    else
        make(p, algorithm, "there is none");
}

void dkim_plan(const struct dkim_set *set, const struct dkim_policy *policy, int64_t now,
               struct dkim_plan *ret)
{
    struct planning planning = {set, policy, now, ret};
    *ret = (struct dkim_plan){.next = INT64_MAX};
    // First what returns, since its time may be over at the same moment.
    for (size_t i = 0; i < DKIM_ALGORITHMS; i++)
        plan_algorithm(&planning, algorithms[i]);
    if (ret->count > 0)
        return;
    for (size_t i = 0; i < set->count; i++)
        if (is_ours(&set->list[i]))
            plan_key(&planning, &set->list[i]);
}

void dkim_apply(const struct dkim_step *step, struct dkim_key *key, int64_t now)
{
    static const enum dkim_state states[] = {
        [DKIM_ACTIVATE] = DKIM_ACTIVE,
        [DKIM_RETIRE] = DKIM_RETIRING,
        [DKIM_REVOKE] = DKIM_REVOKED,
        [DKIM_REMOVE] = DKIM_REMOVED,
    };
    switch (step->action) {
    case DKIM_MAKE:
        break;
    case DKIM_ANNOUNCE:
        key->announced = now;
        break;
    case DKIM_MISS:
        key->announced = 0;
        break;
    case DKIM_RESTAMP:
        key->created = smaller(key->created, now);
        key->announced = smaller(key->announced, now);
        key->changed = smaller(key->changed, now);
        break;
    default:
        key->state = states[step->action];
        key->changed = now;
    }
}
