// SPDX-License-Identifier: ISC
#include "probe/judge.h"

#include <stdlib.h>

// What could not be made cannot be looked for.
static void judge_missing(struct judge *judge)
{
    const struct expect_zone *zone = judge->zone;
    for (size_t i = 0; i < zone->missing_count; i++) {
        const struct expect_missing *missing = &zone->missing[i];
        verdict_add(judge->verdicts, CHECK_CONFIGURATION, VERDICT_UNKNOWN,
                    judge_text(judge, "%s %s", missing->name, missing->type),
                    "what this should be is not known here: %s", missing->why);
        verdict_todo(judge->verdicts, "See `zonegen --check`; run as root it can read more");
    }
}

static void done(struct judge *judge)
{
    for (size_t i = 0; i < judge->list_count; i++)
        ldns_rr_list_free(judge->lists[i]);
    free(judge->lists);
    arena_done(&judge->arena);
}

static bool is_open(struct facts *facts)
{
    const struct fact *fact;
    for (size_t i = 0; (fact = facts_wanted(facts, i)) != NULL; i++)
        if (!fact->known)
            return true;
    return false;
}

void judge_zone(const struct expect_zone *zone, struct facts *facts, int64_t now,
                struct verdicts *verdicts, bool *ret_open)
{
    struct judge judge = {.zone = zone, .facts = facts, .now = now, .verdicts = verdicts};
    if (zone->error != NULL) {
        verdict_add(verdicts, CHECK_CONFIGURATION, VERDICT_WRONG, zone->name,
                    "the zone cannot be made: %s", zone->error);
        verdict_todo(verdicts, "Put that right (zonegen --check), then check again");
        *ret_open = false;
        return;
    }
    judge_parent(&judge);
    judge_servers(&judge);
    judge_dnssec(&judge);
    judge_ds(&judge);
    judge_records(&judge);
    judge_host(&judge);
    judge_mail(&judge);
    judge_missing(&judge);
    *ret_open = is_open(facts);
    if (!*ret_open)
        judge_record_signatures(&judge);
    verdicts_sort(verdicts);
    done(&judge);
}
