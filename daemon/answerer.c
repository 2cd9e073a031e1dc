// SPDX-License-Identifier: ISC
#include "daemon/answerer.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/log.h"
#include "base/quarantine.h"
#include "daemon/set_aside.h"
#include "daemon/zoned.h"

// Who answers hears within a batch or two.
#define HEAR_MS 5000

void answerer_add(struct answerer *answerer)
{
    answerer->next = answerer->zoned->answerers;
    answerer->zoned->answerers = answerer;
}

void answerer_exited(const struct answerer *answerer, const struct child_exit *ending)
{
    uint64_t image = pages_handling(&answerer->zoned->pages, answerer->slot, ending->pid);
    set_aside_death(answerer->zoned, answerer->child, ending, image,
                    ending->pid == answerer->stuck_pid);
}

// ── Those that are stuck ─────────────────────────────────────────────────────────────────────────

static void look(struct answerer *answerer)
{
    int pid = child_pid(answerer->child);
    if (pid == 0 || pid == answerer->stuck_pid ||
        !stuck_look(&answerer->stuck, &answerer->zoned->pages, answerer->slot, pid,
                    stuck_cpu_ms(pid)))
        return;
    log_event(LOG_LEVEL_WARNING, "child-stuck", "child", answerer->child->log.name, "pid",
              log_u64(pid), NULL);
    answerer->stuck_pid = pid;
    uv_kill(pid, SIGKILL);
}

static void on_watch(uv_timer_t *timer)
{
    const struct zoned *zoned = timer->data;
    for (struct answerer *answerer = zoned->answerers; answerer != NULL; answerer = answerer->next)
        look(answerer);
}

void answerers_watch(struct zoned *zoned)
{
    zoned->watch.data = zoned;
    uv_timer_start(&zoned->watch, on_watch, STUCK_LOOK_MS, STUCK_LOOK_MS);
}

// ── Images that are set aside ────────────────────────────────────────────────────────────────────

struct order {
    struct answerer *answerer;
    uint64_t generation; // of the process that was told
};

static void on_told(void *data, enum status status, const json_t *reply, const struct error *err)
{
    struct order order = *(struct order *)data;
    struct answerer *answerer = order.answerer;
    (void)reply;
    free(data);
    if (status == STATUS_OK || answerer->zoned->stopping ||
        child_generation(answerer->child) != order.generation)
        return;
    log_event(LOG_LEVEL_WARNING, "set-aside-not-heard", "child", answerer->child->log.name,
              "reason", err->text, NULL);
    answerer->deaf(answerer);
}

void answerers_set_aside(struct zoned *zoned, uint64_t image)
{
    json_t *request =
        json_pack("{s:s,s:s}", "command", "set-aside", "image", quarantine_words(image));
    for (struct answerer *answerer = zoned->answerers; answerer != NULL;
         answerer = answerer->next) {
        if (answerer->child->state != CHILD_RUNNING)
            continue;
        struct order *order = xcalloc(1, sizeof(*order));
        *order = (struct order){answerer, child_generation(answerer->child)};
        control_tell(&zoned->loop, answerer->child->control, request, HEAR_MS, on_told, order);
    }
    json_decref(request);
}
