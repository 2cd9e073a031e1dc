// SPDX-License-Identifier: ISC
#include "signer/queue.h"

#include "base/log.h"
#include "signer/build.h"
#include "signer/dkim.h"
#include "signer/notes.h"
#include "signer/publisher.h"

// Turns of one class come behind all of those before it.
#define CLASS_SPAN (INT64_C(1) << 60)
enum turn_class { TURN_HOST, TURN_URGENT, TURN_OTHERS, TURN_EXTERNAL };

static size_t item_of(const struct queue *queue, const struct zone *zone)
{
    const struct zones *zones = queue->zones;
    return zone_is_external(zone) ? zones->count + (size_t)(zone - zones->externals)
                                  : (size_t)(zone - zones->list);
}

static struct zone *zone_of(const struct queue *queue, size_t item)
{
    const struct zones *zones = queue->zones;
    return item < zones->count ? &zones->list[item] : &zones->externals[item - zones->count];
}

static enum turn_class class_of(const struct queue *queue, const struct zone *zone)
{
    if (zone_is_external(zone))
        return TURN_EXTERNAL;
    if (zone == &queue->zones->list[queue->zones->host])
        return TURN_HOST;
    return zone->urgent ? TURN_URGENT : TURN_OTHERS;
}

// ── When ─────────────────────────────────────────────────────────────────────────────────────────

static int64_t earlier(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static int64_t look_time(const struct queue *queue, const struct zone *zone)
{
    if (zone->failed)
        return zone->retry_at;
    if (zone_is_external(zone))
        return zone_dkim_next(zone->dkim);
    int64_t at = build_is_due(zone, queue->now) ? queue->now : build_due_at(zone);
    return earlier(earlier(at, zone->life_next), zone_dkim_next(zone->dkim));
}

static int64_t alarm_time(const struct zone *zone)
{
    if (zone->alarmed || zone->published.expires_at == 0)
        return DUE_NEVER;
    return zone->published.expires_at - zone_policy(zone).refresh / 2;
}

static void place(struct queue *queue, struct zone *zone)
{
    size_t item = item_of(queue, zone);
    bool turn = zone->waiting && !zone->in_batch && zone->busy_below == 0;
    bool time = !zone->waiting && !zone->in_batch;
    bool words = !zone_is_external(zone);
    due_set(&queue->turns, item,
            turn ? (int64_t)class_of(queue, zone) * CLASS_SPAN + zone->turn : DUE_NEVER);
    due_set(&queue->looks, item, time ? look_time(queue, zone) : DUE_NEVER);
    due_set(&queue->words, item,
            words ? earlier(alarm_time(zone), notes_next(zone->notes, queue->now)) : DUE_NEVER);
}

// The zone above waits for this one while that has something to do.
static void count_above(struct queue *queue, struct zone *zone)
{
    bool busy = zone->waiting || zone->in_batch;
    struct zone *above = zone_is_external(zone) || busy == zone->counted_above
                             ? NULL
                             : zones_find(queue->zones, zone->target->parent);
    zone->counted_above = busy;
    if (above == NULL)
        return;
    above->busy_below += busy ? 1 : SIZE_MAX;
    place(queue, above);
}

void queue_settle(struct zone *zone)
{
    struct queue *queue = zone->queue;
    if (queue == NULL)
        return;
    if (zone->waiting && zone->turn == 0)
        zone->turn = ++queue->last_turn;
    if (!zone->waiting)
        zone->turn = 0;
    place(queue, zone);
    count_above(queue, zone);
}

void queue_touch(struct zone *zone)
{
    zone->waiting = true;
    queue_settle(zone);
}

static void settle_all(struct queue *queue)
{
    // Zones below others stand behind them.
    for (size_t i = queue->zones->count; i-- > 0;)
        queue_settle(&queue->zones->list[i]);
    for (size_t i = 0; i < queue->zones->external_count; i++)
        queue_settle(&queue->zones->externals[i]);
}

void queue_reset(struct queue *queue, struct zones *zones, int64_t now)
{
    size_t count = zones->count + zones->external_count;
    queue->zones = zones;
    queue->now = now;
    due_reset(&queue->turns, count);
    due_reset(&queue->looks, count);
    due_reset(&queue->words, count);
    for (size_t i = 0; i < count; i++) {
        struct zone *zone = zone_of(queue, i);
        zone->queue = queue;
        zone->counted_above = false;
        zone->busy_below = 0;
    }
    settle_all(queue);
}

void queue_done(struct queue *queue)
{
    due_done(&queue->turns);
    due_done(&queue->looks);
    due_done(&queue->words);
}

// ── The tick ─────────────────────────────────────────────────────────────────────────────────────

static void raise_alarm(struct zone *zone, int64_t now)
{
    if (zone->alarmed || !publisher_runs_out(zone, now))
        return;
    zone->alarmed = true;
    log_event(LOG_LEVEL_ERROR, "signatures-run-out", "zone", zone->name, "seconds-left",
              log_u64(zone->published.expires_at - now), "reason",
              zone->complaint != NULL ? zone->complaint : "they were not renewed in time", NULL);
}

bool queue_wake(struct queue *queue, int64_t now)
{
    size_t item = 0;
    bool back = now < queue->now;
    queue->now = now;
    if (back)
        settle_all(queue);
    while (due_first(&queue->words, &item) <= now) {
        struct zone *zone = zone_of(queue, item);
        queue->woken++;
        raise_alarm(zone, now);
        notes_tell(zone->notes, zone->name, now);
        place(queue, zone);
    }
    while (due_first(&queue->looks, &item) <= now) {
        queue->woken++;
        queue_touch(zone_of(queue, item));
    }
    return queue_next(queue) != NULL;
}

struct zone *queue_next(const struct queue *queue)
{
    size_t item;
    return due_first(&queue->turns, &item) != DUE_NEVER ? zone_of(queue, item) : NULL;
}

int64_t queue_time(const struct queue *queue)
{
    if (due_first(&queue->turns, NULL) != DUE_NEVER)
        return 0;
    return earlier(due_first(&queue->looks, NULL), due_first(&queue->words, NULL));
}
