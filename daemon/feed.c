// SPDX-License-Identifier: ISC
#include "daemon/feed.h"

#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "daemon/network.h"

void feed_log_errors(const struct config_errors *errors)
{
    struct error more = {0};
    const char *line;
    for (size_t i = 0; (line = config_errors_line(errors, i, &more)) != NULL; i++)
        log_event(LOG_LEVEL_ERROR, "config-wrong", "reason", line, NULL);
}

static void complain(struct feed *feed, const struct config_errors *errors)
{
    if (config_errors_equal(errors, &feed->complaint))
        return;
    feed_log_errors(errors);
    log_event(LOG_LEVEL_WARNING, "config-kept", "reason",
              "the configuration does not hold up: everything stays as it was", NULL);
    feed->complaint = *errors;
}

static void take_over(struct feed *feed, struct inputs *fresh)
{
    struct config_errors errors = {.count = 1};
    bool same = inputs_equal(fresh, feed->inputs);
    if (!same && !feed->accept(feed, fresh, &errors.list[0])) {
        complain(feed, &errors);
        inputs_free(fresh);
        return;
    }
    feed->complaint.count = 0;
    if (same) {
        inputs_free(fresh);
        return;
    }
    struct inputs *old = feed->inputs;
    feed->inputs = fresh;
    feed->changed(feed);
    inputs_free(old);
}

static void on_quiet(uv_timer_t *timer);

static void watch(struct feed *feed)
{
    if (inputs_watch_set(feed->watch, feed->config_path, feed->inputs))
        uv_timer_start(&feed->quiet, on_quiet, INPUTS_QUIET_MS,
                       0); // it was not watched while it was read
}

static void look(struct feed *feed)
{
    struct inputs *fresh = NULL;
    struct config_errors errors = {0};
    if (inputs_read(feed->config_path, &fresh, &errors) == STATUS_OK)
        take_over(feed, fresh);
    else
        complain(feed, &errors);
    watch(feed);
}

void feed_look(struct feed *feed)
{
    feed->complaint.count = 0;
    look(feed);
}

static void on_quiet(uv_timer_t *timer)
{
    struct feed *feed = timer->data;
    feed->first_ms = 0;
    look(feed);
}

static void on_patrol(uv_timer_t *timer)
{
    look(timer->data);
}

// Something happened: look when no more happens, or at the latest INPUTS_LATEST_MS after the first step.
static void expect_more(struct feed *feed, uv_loop_t *loop)
{
    uv_timer_start(&feed->quiet, on_quiet, inputs_wait_ms(&feed->first_ms, uv_now(loop)), 0);
}

static void lose(uv_poll_t *poll, const char *what)
{
    log_event(LOG_LEVEL_WARNING, "watch-lost", "of", what, NULL);
    uv_poll_stop(poll); // the patrol goes on
}

static void on_files(uv_poll_t *poll, int status, int events)
{
    (void)events;
    struct feed *feed = poll->data;
    if (status < 0)
        lose(poll, "files");
    else if (inputs_watch_drain(feed->watch))
        expect_more(feed, poll->loop);
}

static void on_addresses(uv_poll_t *poll, int status, int events)
{
    (void)events;
    struct feed *feed = poll->data;
    if (status < 0 || !network_watch_drain(feed->address_fd))
        lose(poll, "addresses");
    else
        expect_more(feed, poll->loop);
}

static bool start_poll(struct feed *feed, uv_loop_t *loop, int fd, uv_poll_t *poll, uv_poll_cb done)
{
    if (fd < 0 || uv_poll_init(loop, poll, fd) != 0)
        return false;
    poll->data = feed;
    uv_poll_start(poll, UV_READABLE, done);
    return true;
}

void feed_start(struct feed *feed, uv_loop_t *loop)
{
    uv_timer_init(loop, &feed->quiet);
    uv_timer_init(loop, &feed->patrol);
    feed->quiet.data = feed->patrol.data = feed;
    uv_timer_start(&feed->patrol, on_patrol, INPUTS_PATROL_MS, INPUTS_PATROL_MS);
    feed->watch = inputs_watch_new();
    feed->polls_files =
        start_poll(feed, loop, inputs_watch_fd(feed->watch), &feed->files, on_files);
    feed->address_fd = network_watch_open();
    feed->polls_addresses =
        start_poll(feed, loop, feed->address_fd, &feed->addresses, on_addresses);
    watch(feed);
    expect_more(feed, loop); // an address may have come since the first reading
}

void feed_stop(struct feed *feed)
{
    uv_close((uv_handle_t *)&feed->quiet, NULL);
    uv_close((uv_handle_t *)&feed->patrol, NULL);
    // libuv lets go of a polled descriptor at once, so both may be closed here.
    if (feed->polls_files)
        uv_close((uv_handle_t *)&feed->files, NULL);
    if (feed->polls_addresses)
        uv_close((uv_handle_t *)&feed->addresses, NULL);
    if (feed->address_fd >= 0)
        close(feed->address_fd);
    inputs_watch_free(feed->watch);
    feed->watch = NULL;
}
