// SPDX-License-Identifier: ISC
// OBSERVE_NOTIFY_CDS: the parent's DSYNC targets are looked for (dsync.h) and told, RFC 9859 §4. A target's addresses
// are tried one after the other, over UDP and then TCP, until one of them answers: that answer is the target's.
//
// DSYNC counts only when the resolver found it secure (RFC 9859 §5 leaves that to the sender): where the parent is not
// signed there is no DS to change either. The target's addresses need not be: a NOTIFY to the wrong host tells it that
// records have changed which everybody can read, and changes nothing.
#include <stdlib.h>

#include "base/alloc.h"
#include "dns/types.h"
#include "probe/dsync.h"
#include "probe/observation.h"
#include "probe/records.h"

// Of one target that are tried: each costs a timeout for UDP and one for TCP.
#define NOTICE_ADDRESSES_MAX 4

// ── Telling a target ─────────────────────────────────────────────────────────────────────────────

struct notice {
    struct errand *errand;
    struct dsync_target to;
    struct address list[NOTICE_ADDRESSES_MAX];
    size_t count;
    size_t next;
    bool over_tcp;
};

static void notice_done(struct notice *notice)
{
    errand_done(notice->errand);
    free(notice);
}

static void send_notice(struct notice *notice);

static void on_answer(void *data, struct ask_answer *got)
{
    struct notice *notice = data;
    struct target *target = notice->errand->target;
    if (got->packet != NULL) {
        if (ldns_pkt_get_rcode(got->packet) == LDNS_RCODE_NOERROR)
            target->has = true;
        else
            target->has_not = true;
        notice_done(notice);
        return;
    }
    notice->next += notice->over_tcp;
    notice->over_tcp = !notice->over_tcp;
    send_notice(notice);
}

static void send_notice(struct notice *notice)
{
    struct observation *observation = notice->errand->observation;
    if (notice->next == notice->count || observation->told) {
        notice_done(notice);
        return;
    }
    notice->errand->target->address = notice->list[notice->next];
    struct ask_question question = {.server = notice->list[notice->next],
                                    .name = observation->question.zone,
                                    .type = RR_TYPE_CDS,
                                    .transport = notice->over_tcp ? ASK_TCP : ASK_UDP,
                                    .udp_only = true,
                                    .notify = true};
    asker_ask(observation->world->resolver.asker, &question, on_answer, notice);
}

static void on_addresses(void *data, const struct resolve_addresses *addresses)
{
    struct notice *notice = data;
    while (notice->count < addresses->count && notice->count < NOTICE_ADDRESSES_MAX) {
        notice->list[notice->count] = addresses->list[notice->count];
        notice->count++;
    }
    send_notice(notice);
}

static void tell_target(struct observation *observation, const struct dsync_target *to, size_t name)
{
    static const struct address none;
    struct notice *notice = xcalloc(1, sizeof(*notice));
    struct target *target = observation_target(observation, &none, name);
    notice->errand = errand_new(observation, target);
    notice->to = *to;
    resolve_addresses(&observation->world->resolver, notice->to.host.wire, to->port, on_addresses,
                      notice);
}

// ── Looking for targets ──────────────────────────────────────────────────────────────────────────

struct order {
    struct observation *observation;
    struct dsync_search search;
    struct name looked; // at, now
};

static void order_done(struct order *order)
{
    order->observation->begun = true;
    observation_release(order->observation);
    free(order);
}

static void look(struct order *order);

static void on_records(void *data, const struct resolve_answer *answer)
{
    struct order *order = data;
    struct observation *observation = order->observation;
    struct dsync_target targets[DSYNC_TARGETS_MAX];
    struct name apex;
    if (answer->outcome == RESOLVE_NONE && !observation->told) {
        bool known = records_apex(answer->packet, order->looked.wire, &apex);
        dsync_go_on(&order->search, known ? apex.wire : NULL);
        look(order);
        return;
    }
    if (answer->outcome == RESOLVE_UNKNOWN)
        observation->answer.unknown++;
    if (answer->outcome == RESOLVE_FOUND && answer->secure && !observation->told) {
        size_t count =
            dsync_targets(ldns_pkt_answer(answer->packet), answer->canonical.wire, targets);
        for (size_t i = 0; i < count; i++)
            tell_target(observation, &targets[i], i);
    }
    order_done(order);
}

static void look(struct order *order)
{
    if (dsync_name(&order->search, &order->looked))
        resolve_validated(&order->observation->world->resolver, order->looked.wire, RR_TYPE_DSYNC,
                          on_records, order);
    else
        order_done(order);
}

void observe_notify_cds(struct observation *observation)
{
    struct order *order = xcalloc(1, sizeof(*order));
    order->observation = observation;
    dsync_begin(&order->search, observation->question.zone);
    look(order);
}
