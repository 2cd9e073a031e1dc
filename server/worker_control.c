// SPDX-License-Identifier: ISC
// What a worker is told and asked on its control socket (server/worker.h).
#include <jansson.h>

#include "base/log.h"
#include "base/quarantine.h"
#include "server/worker_parts.h"
#include "server/zones.h"

// ── Draining ─────────────────────────────────────────────────────────────────────────────────────

// Reads a number up to `most`; absent: 0.
static bool read_count(const json_t *request, const char *key, unsigned most, unsigned *ret)
{
    const json_t *value = json_object_get(request, key);
    json_int_t number = json_integer_value(value);
    if ((value != NULL && !json_is_integer(value)) || number < 0 || number > most)
        return false;
    *ret = (unsigned)number;
    return true;
}

static enum status run_drain(void *data, const json_t *request, json_t *reply, struct error *err)
{
    struct worker *worker = data;
    unsigned from = 0, count = 0;
    if (json_object_get(request, "count") == NULL ||
        !read_count(request, "from", worker->sockets.standby_count, &from) ||
        !read_count(request, "count", worker->sockets.standby_count - from, &count))
        return error_set(err, STATUS_RANGE,
                         "drain: \"from\" and \"count\" name some of the %u standby sockets",
                         worker->sockets.standby_count);
    enum status status = sockets_drain(&worker->sockets, from, count, err);
    if (status != STATUS_OK)
        return status;
    if (count > 0)
        log_event(LOG_LEVEL_INFO, "draining", "from", log_u64(from), "count", log_u64(count), NULL);
    else
        log_event(LOG_LEVEL_INFO, "drained", NULL);
    json_object_set_new(reply, "draining", json_integer(count));
    return STATUS_OK;
}

// ── Images that are set aside ────────────────────────────────────────────────────────────────────

static enum status run_set_aside(void *data, const json_t *request, json_t *reply,
                                 struct error *err)
{
    struct worker *worker = data;
    const char *image = json_string_value(json_object_get(request, "image"));
    uint64_t id;
    (void)reply;
    if (image == NULL || !quarantine_read(image, &id))
        return error_set(err, STATUS_SYNTAX, "set-aside: \"image\" is 16 hexadecimal digits");
    zones_set_aside(worker->responder.zones, id);
    log_event(LOG_LEVEL_NOTICE, "image-set-aside", "image", image, NULL);
    return STATUS_OK;
}

// ── Status ───────────────────────────────────────────────────────────────────────────────────────

static json_t *tls_status(const struct worker *worker)
{
    struct statistics sum;
    statistics_of_slot(&worker->reports.pages, PAGES_SLOT_TLS, &sum);
    uint64_t resumed = sum.handshakes[HANDSHAKE_RESUMED];
    return json_pack("{s:I,s:I,s:I,s:I,s:I}", "certificate-expires",
                     (json_int_t)tls_times(worker->tls).until, "handshakes",
                     (json_int_t)(sum.handshakes[HANDSHAKE_FULL] + resumed), "resumed",
                     (json_int_t)resumed, "failed", (json_int_t)sum.handshakes[HANDSHAKE_FAILED],
                     "delayed", (json_int_t)sum.delayed);
}

static enum status run_status(void *data, const json_t *request, json_t *reply, struct error *err)
{
    const struct worker *worker = data;
    (void)request;
    (void)err;
    reports_status(&worker->reports, reply);
    if (worker->tls != NULL)
        json_object_set_new(reply, "tls", tls_status(worker));
    return STATUS_OK;
}

static enum status run_statistics(void *data, const json_t *request, json_t *reply,
                                  struct error *err)
{
    const struct worker *worker = data;
    (void)request;
    (void)err;
    reports_statistics(&worker->reports, reply);
    return STATUS_OK;
}

const struct control_command worker_commands[] = {
    {"status", run_status}, {"statistics", run_statistics},
    {"drain", run_drain},   {"set-aside", run_set_aside},
    {NULL, NULL},
};
