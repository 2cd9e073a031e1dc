// SPDX-License-Identifier: ISC
#include "resolver/follow.h"

#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/file.h"
#include "base/log.h"
#include "dns/types.h"
#include "resolver/unbound_log.h"

#define RUN_MS   60000 // then what has not answered is given up until the next time
#define RETRY_MS 10000 // after the first failure; doubled by each
#define RETRY_MAX_MS                                                                               \
    3600000 // RFC 5011 §2.3: an hour is the least for a zone that answers now and then
#define LOOK_MAX_MS 3600000 // how long to sleep at most, as clocks are set and boxes are suspended
#define ROOM        (64U << 10) // octets that must be free for the state files, which have 2 kB each

struct follower {
    struct follower_plan plan;
    follower_looked *looked;
    void *data;
    uv_timer_t timer;
    struct ub_ctx *context; // while it looks
    size_t unanswered;
    int64_t *successes; // of each zone before it looked
    uint64_t retry_ms;
};

static void on_start(uv_timer_t *timer);
static void on_finish(uv_timer_t *timer);

// libunbound ends the whole process when it cannot write a state file: better not to look than that.
static bool has_room(const struct follower *follower)
{
    struct error err = {0};
    char *path = path_join(follower->plan.settings->state, "room");
    void *octets = xcalloc(1, ROOM);
    enum status status = file_write(path, octets, ROOM, 0600, &err);
    if (status == STATUS_OK)
        unlink(path);
    else
        log_event(LOG_LEVEL_ERROR, "anchors-not-followed", "reason", err.text, NULL);
    free(octets);
    free(path);
    return status == STATUS_OK;
}

static void on_unbound_answer(void *data, int rcode, void *packet, int len, int security,
                              char *why_bogus, int was_ratelimited)
{
    struct follower *follower = data;
    (void)rcode;
    (void)packet;
    (void)len;
    (void)security;
    (void)why_bogus;
    (void)was_ratelimited;
    if (--follower->unanswered == 0) // the context may not be deleted from here
        uv_timer_start(&follower->timer, on_finish, 0, 0);
}

static size_t count_followed(const struct anchors *anchors)
{
    size_t count = 0;
    for (size_t i = 0; i < anchors->zone_count; i++)
        if (anchors->zones[i].path != NULL)
            count++;
    return count;
}

// Any question about a zone needs its keys.
static void ask(struct follower *follower)
{
    struct buf name = {0};
    follower->unanswered = count_followed(follower->plan.anchors); // some answers come at once
    uv_timer_start(&follower->timer, on_finish, RUN_MS, 0);
    for (size_t i = 0; i < follower->plan.anchors->zone_count; i++) {
        if (follower->plan.anchors->zones[i].path == NULL)
            continue;
        buf_clear(&name);
        owner_print(follower->plan.anchors->zones[i].name.wire, &name);
        follower->successes[i] = follower->plan.anchors->zones[i].last_success;
        int failure = ub_resolve_event(follower->context, buf_text(&name), RR_TYPE_SOA, RR_CLASS_IN,
                                       follower, on_unbound_answer, NULL);
        if (failure != 0) {
            log_event(LOG_LEVEL_ERROR, "anchors-not-followed", "reason", ub_strerror(failure),
                      NULL);
            uv_timer_start(&follower->timer, on_finish, 0, 0);
            break;
        }
    }
    buf_done(&name);
}

static void retry_later(struct follower *follower)
{
    uv_timer_start(&follower->timer, on_start, follower->retry_ms, 0);
    follower->retry_ms *= 2;
    if (follower->retry_ms > RETRY_MAX_MS)
        follower->retry_ms = RETRY_MAX_MS;
}

static void look(struct follower *follower)
{
    struct context_plan plan = {.settings = follower->plan.settings,
                                .anchors = follower->plan.anchors,
                                .asks_loopback = follower->plan.asks_loopback,
                                .follows = true};
    struct buf text = {0};
    struct error err = {0};
    context_text(&plan, &text);
    if (has_room(follower)) {
        if (context_new(follower->plan.contexts, &text, &follower->context, &err) != STATUS_OK) {
            log_event(LOG_LEVEL_ERROR, "anchors-not-followed", "reason", err.text, NULL);
            follower->context = NULL;
        }
    }
    buf_done(&text);
    if (follower->context != NULL) {
        ub_ctx_debugout(follower->context, unbound_log());
        ask(follower);
    } else {
        retry_later(follower);
    }
}

// Sleeps until the first zone wants to be looked at.
static void schedule(struct follower *follower)
{
    int64_t now = (int64_t)time(NULL);
    int64_t wait = LOOK_MAX_MS / 1000;
    for (size_t i = 0; i < follower->plan.anchors->zone_count; i++) {
        const struct anchor_zone *zone = &follower->plan.anchors->zones[i];
        if (zone->path != NULL && zone->next_probe - now < wait)
            wait = zone->next_probe - now;
    }
    uv_timer_start(&follower->timer, on_start, wait > 1 ? (uint64_t)wait * 1000 : 1000, 0);
}

static bool zone_is_due(const struct anchor_zone *zone)
{
    return zone->path != NULL && zone->next_probe <= (int64_t)time(NULL);
}

static bool is_due(const struct follower *follower)
{
    for (size_t i = 0; i < follower->plan.anchors->zone_count; i++)
        if (zone_is_due(&follower->plan.anchors->zones[i]))
            return true;
    return false;
}

bool follower_is_needed(const struct anchors *anchors)
{
    return count_followed(anchors) > 0;
}

static void on_start(uv_timer_t *timer)
{
    struct follower *follower = timer->data;
    if (is_due(follower))
        look(follower);
    else
        schedule(follower);
}

static bool all_answered(const struct follower *follower)
{
    for (size_t i = 0; i < follower->plan.anchors->zone_count; i++)
        if (follower->plan.anchors->zones[i].last_success == follower->successes[i] &&
            zone_is_due(&follower->plan.anchors->zones[i]))
            return false;
    return true;
}

static void on_finish(uv_timer_t *timer)
{
    struct follower *follower = timer->data;
    struct error err = {0};
    bool changed = false;
    ub_ctx_delete(follower->context);
    follower->context = NULL;
    enum status status = anchors_refresh(follower->plan.anchors, &changed, &err);
    if (status != STATUS_OK)
        log_event(LOG_LEVEL_ERROR, "anchors-not-followed", "reason", err.text, NULL);
    if (status == STATUS_OK && all_answered(follower)) {
        follower->retry_ms = RETRY_MS;
        schedule(follower);
    } else {
        retry_later(follower);
    }
    follower->looked(follower->data, changed);
}

struct follower *follower_new(const struct follower_plan *plan, follower_looked *looked, void *data)
{
    struct follower *follower = xcalloc(1, sizeof(*follower));
    follower->plan = *plan;
    follower->looked = looked;
    follower->data = data;
    follower->retry_ms = RETRY_MS;
    follower->successes = xcalloc(plan->anchors->zone_count + 1, sizeof(*follower->successes));
    uv_timer_init(plan->contexts->events.loop, &follower->timer);
    follower->timer.data = follower;
    uv_timer_start(&follower->timer, on_start, 0, 0);
    return follower;
}

static void on_closed(uv_handle_t *handle)
{
    struct follower *follower = handle->data;
    free(follower->successes);
    free(follower);
}

void follower_close(struct follower *follower)
{
    if (follower == NULL)
        return;
    ub_ctx_delete(follower->context); // NULL is fine
    uv_close((uv_handle_t *)&follower->timer, on_closed);
}
