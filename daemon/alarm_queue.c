// SPDX-License-Identifier: ISC
#include "daemon/alarm_queue.h"

#include <stdio.h>
#include <string.h>

static bool is_of(const struct alarm_kind *kind, const char *program, const char *event)
{
    return strcmp(kind->alarm.program, program) == 0 && strcmp(kind->alarm.event, event) == 0;
}

// The kind's place; for a new one that of the kind that was told longest ago, NULL when all wait.
static struct alarm_kind *find_place(struct alarm_queue *queue, const char *program,
                                     const char *event)
{
    struct alarm_kind *oldest = NULL;
    for (unsigned i = 0; i < ALARM_KINDS; i++) {
        struct alarm_kind *kind = &queue->kinds[i];
        if (is_of(kind, program, event))
            return kind;
        if (kind->alarm.count > 0)
            continue;
        if (oldest == NULL || (oldest->told && (!kind->told || kind->told_ms < oldest->told_ms)))
            oldest = kind;
    }
    if (oldest != NULL) {
        *oldest = (struct alarm_kind){0};
        snprintf(oldest->alarm.program, sizeof(oldest->alarm.program), "%s", program);
        snprintf(oldest->alarm.event, sizeof(oldest->alarm.event), "%s", event);
    }
    return oldest;
}

void alarm_queue_add(struct alarm_queue *queue, const char *program, const char *event,
                     const char *line, uint64_t now_ms)
{
    struct alarm_kind *kind = find_place(queue, program, event);
    if (kind == NULL) {
        queue->dropped++;
        return;
    }
    if (kind->alarm.count++ == 0)
        kind->since_ms = now_ms;
    snprintf(kind->alarm.line, sizeof(kind->alarm.line), "%s", line);
}

static void count_tokens(struct alarm_queue *queue, uint64_t now_ms)
{
    uint64_t fresh = (now_ms - queue->counted_ms) / ALARM_EVERY_MS;
    if (queue->tokens + fresh >= ALARM_BURST) {
        queue->tokens = ALARM_BURST;
        queue->counted_ms = now_ms;
    } else {
        queue->tokens += (unsigned)fresh;
        queue->counted_ms += fresh * ALARM_EVERY_MS;
    }
}

// How long this kind must wait for its own sake.
static uint64_t kind_wait(const struct alarm_kind *kind, uint64_t now_ms)
{
    if (!kind->told || now_ms - kind->told_ms >= ALARM_SAME_MS)
        return 0;
    return ALARM_SAME_MS - (now_ms - kind->told_ms);
}

bool alarm_queue_next(struct alarm_queue *queue, uint64_t now_ms, struct alarm *ret,
                      uint64_t *ret_wait_ms)
{
    struct alarm_kind *next = NULL;
    uint64_t shortest = UINT64_MAX;
    count_tokens(queue, now_ms);
    for (unsigned i = 0; i < ALARM_KINDS; i++) {
        struct alarm_kind *kind = &queue->kinds[i];
        if (kind->alarm.count == 0)
            continue;
        uint64_t wait = kind_wait(kind, now_ms);
        if (wait < shortest)
            shortest = wait;
        if (wait == 0 && (next == NULL || kind->since_ms < next->since_ms))
            next = kind;
    }
    if (next != NULL && queue->tokens == 0) {
        next = NULL;
        shortest = ALARM_EVERY_MS - (now_ms - queue->counted_ms);
    }
    *ret_wait_ms = shortest;
    if (next == NULL)
        return false;
    queue->tokens--;
    *ret = next->alarm;
    next->alarm.count = 0;
    next->told = true;
    next->told_ms = now_ms;
    return true;
}
