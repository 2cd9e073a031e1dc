// SPDX-License-Identifier: ISC
#include "signer/source.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "dns/wire.h"

#define SNAPSHOT_HEAD 8 // octets of length before each
#define READ_SIZE     65536

void source_log_errors(const struct config_errors *errors)
{
    struct error more = {0};
    const char *line;
    for (size_t i = 0; (line = config_errors_line(errors, i, &more)) != NULL; i++)
        log_event(LOG_LEVEL_ERROR, "config-wrong", "reason", line, NULL);
}

static void complain(struct source *source, const struct config_errors *errors)
{
    if (config_errors_equal(errors, &source->complaint))
        return;
    source_log_errors(errors);
    log_event(LOG_LEVEL_WARNING, "config-kept", "reason",
              "the configuration does not hold up: everything stays as it was", NULL);
    source->complaint = *errors;
}

// What arrives is the owner's, and changed by it: these share what they are made of.
static void keep_last(struct source *source, const struct inputs *inputs)
{
    inputs_free(source->last);
    source->last = inputs_share(inputs);
}

// ── Files ────────────────────────────────────────────────────────────────────────────────────────

static void on_quiet(uv_timer_t *timer);

static void look_in(struct source *source, uint64_t ms)
{
    if (ms > 0)
        uv_timer_start(&source->quiet, on_quiet, ms, 0);
}

static void look(struct source *source, bool everything)
{
    struct inputs *fresh = NULL;
    struct config_errors errors = {0};
    uint64_t again_ms = 0;
    enum status status =
        inputs_follow_look(&source->follower, source->last, everything, &fresh, &again_ms, &errors);
    if (again_ms > 0) {
        look_in(source, again_ms);
        return;
    }
    if (status == STATUS_OK) {
        source->complaint.count = 0;
        keep_last(source, fresh);
    } else {
        complain(source, &errors);
    }
    look_in(source, inputs_follow_set(&source->follower, source->last, status == STATUS_OK));
    if (status == STATUS_OK)
        source->arrived(source, fresh);
}

void source_look(struct source *source)
{
    if (source->config_path != NULL && !source->once)
        look(source, true);
}

static void on_quiet(uv_timer_t *timer)
{
    look(timer->data, false);
}

static void on_patrol(uv_timer_t *timer)
{
    look(timer->data, true);
}

static void on_files(uv_poll_t *poll, int status, int events)
{
    (void)events;
    struct source *source = poll->data;
    if (status < 0) {
        log_event(LOG_LEVEL_WARNING, "watch-lost", "reason", uv_strerror(status), NULL);
        uv_poll_stop(poll); // the patrol goes on
    } else {
        look_in(source, inputs_follow_events(&source->follower, uv_now(poll->loop)));
    }
}

// ── Snapshots ────────────────────────────────────────────────────────────────────────────────────

// Reads what there is. False at the end of the stream or when it cannot be read.
static bool receive(struct source *source)
{
    for (;;) {
        buf_reserve(&source->received, READ_SIZE);
        ssize_t got = read(source->fd, source->received.data + source->received.len, READ_SIZE);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0 && errno == EAGAIN)
            return true;
        if (got <= 0)
            return false;
        source->received.len += (size_t)got;
        if (source->received.len > SNAPSHOT_HEAD + (size_t)INPUTS_SNAPSHOT_MAX + READ_SIZE)
            return true; // what is whole in it is taken first
    }
}

// Finds the newest whole snapshot. *ret_end: how much is done with. False: the stream makes no sense.
static bool find_newest(const struct buf *received, const uint8_t **ret, size_t *ret_len,
                        size_t *ret_end)
{
    *ret = NULL;
    *ret_end = 0;
    while (received->len - *ret_end >= SNAPSHOT_HEAD) {
        const uint8_t *head = received->data + *ret_end;
        uint64_t len = wire_get_u64(head);
        if (len > INPUTS_SNAPSHOT_MAX)
            return false;
        if (received->len - *ret_end - SNAPSHOT_HEAD < len)
            break;
        *ret = head + SNAPSHOT_HEAD;
        *ret_len = len;
        *ret_end += SNAPSHOT_HEAD + len;
    }
    return true;
}

static void take_snapshot(struct source *source, const uint8_t *octets, size_t len)
{
    struct inputs *fresh = NULL;
    struct config_errors errors = {0};
    if (inputs_decode(octets, len, source->last, &fresh, &errors) != STATUS_OK) {
        complain(source, &errors);
        return;
    }
    source->complaint.count = 0;
    keep_last(source, fresh);
    source->arrived(source, fresh);
}

static void on_snapshot(uv_poll_t *poll, int status, int events)
{
    (void)events;
    struct source *source = poll->data;
    const uint8_t *newest = NULL;
    size_t len = 0, end = 0;
    bool more = status >= 0 && receive(source);
    bool sound = find_newest(&source->received, &newest, &len, &end);
    if (newest != NULL)
        take_snapshot(source, newest, len);
    source->received.len -= end;
    if (end > 0)
        memmove(source->received.data, source->received.data + end, source->received.len);
    if (more && sound)
        return;
    if (!sound)
        log_event(LOG_LEVEL_ERROR, "inputs-garbled", "reason", "no snapshot is that long", NULL);
    uv_poll_stop(poll);
    source->ended(source);
}

// ── Beginning and end ────────────────────────────────────────────────────────────────────────────

static void poll_start(struct source *source, uv_loop_t *loop, int fd, uv_poll_cb done)
{
    source->polls = fd >= 0 && uv_poll_init(loop, &source->poll, fd) == 0;
    if (!source->polls)
        return;
    source->poll.data = source;
    uv_poll_start(&source->poll, UV_READABLE, done);
}

void source_start(struct source *source, uv_loop_t *loop, const struct inputs *inputs)
{
    uv_timer_init(loop, &source->quiet);
    uv_timer_init(loop, &source->patrol);
    source->quiet.data = source->patrol.data = source;
    if (source->config_path == NULL) {
        fcntl(source->fd, F_SETFL, fcntl(source->fd, F_GETFL) | O_NONBLOCK);
        poll_start(source, loop, source->fd, on_snapshot);
        if (!source->polls)
            source->ended(source);
        return;
    }
    if (source->once)
        return;
    keep_last(source, inputs);
    inputs_follow_begin(&source->follower, source->config_path);
    poll_start(source, loop, inputs_follow_fd(&source->follower), on_files);
    uv_timer_start(&source->patrol, on_patrol, INPUTS_PATROL_MS, INPUTS_PATROL_MS);
    look_in(source, inputs_follow_set(&source->follower, inputs, false));
}

void source_stop(struct source *source)
{
    uv_close((uv_handle_t *)&source->quiet, NULL);
    uv_close((uv_handle_t *)&source->patrol, NULL);
    if (source->polls)
        uv_close((uv_handle_t *)&source->poll, NULL);
}

void source_done(struct source *source)
{
    inputs_follow_end(&source->follower);
    inputs_free(source->last);
    buf_done(&source->received);
}
