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

// False: they are not in force, and not the same either.
static bool take_over(struct feed *feed, struct inputs *fresh)
{
    struct config_errors errors = {.count = 1};
    bool same = inputs_equal(fresh, feed->inputs);
    if (!same && !feed->accept(feed, fresh, &errors.list[0])) {
        complain(feed, &errors);
        inputs_free(fresh);
        return false;
    }
    feed->complaint.count = 0;
    if (same) {
        inputs_free(fresh);
        return true;
    }
    struct inputs *old = feed->inputs;
    feed->inputs = fresh;
    feed->changed(feed);
    inputs_free(old);
    return true;
}

static void on_quiet(uv_timer_t *timer);

static void look_in(struct feed *feed, uint64_t ms)
{
    if (ms > 0)
        uv_timer_start(&feed->quiet, on_quiet, ms, 0);
}

static void look(struct feed *feed, bool everything)
{
    struct inputs *fresh = NULL;
    struct config_errors errors = {0};
    uint64_t again_ms = 0;
    bool taken = false;
    enum status status =
        inputs_follow_look(&feed->follower, feed->inputs, everything, &fresh, &again_ms, &errors);
    if (again_ms > 0) {
        look_in(feed, again_ms);
        return;
    }
    if (status == STATUS_OK)
        taken = take_over(feed, fresh);
    else
        complain(feed, &errors);
    look_in(feed, inputs_follow_set(&feed->follower, feed->inputs, taken));
    feed->looked(feed);
}

void feed_look(struct feed *feed)
{
    feed->complaint.count = 0;
    look(feed, true);
}

static void on_quiet(uv_timer_t *timer)
{
    look(timer->data, false);
}

static void on_patrol(uv_timer_t *timer)
{
    look(timer->data, true);
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
    else
        look_in(feed, inputs_follow_events(&feed->follower, uv_now(poll->loop)));
}

static void on_addresses(uv_poll_t *poll, int status, int events)
{
    (void)events;
    struct feed *feed = poll->data;
    if (status < 0 || !network_watch_drain(feed->address_fd))
        lose(poll, "addresses");
    else
        look_in(feed, inputs_follow_others(&feed->follower, uv_now(poll->loop)));
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
    inputs_follow_begin(&feed->follower, feed->config_path);
    feed->polls_files =
        start_poll(feed, loop, inputs_follow_fd(&feed->follower), &feed->files, on_files);
    feed->address_fd = network_watch_open();
    feed->polls_addresses =
        start_poll(feed, loop, feed->address_fd, &feed->addresses, on_addresses);
    (void)inputs_follow_set(&feed->follower, feed->inputs, false);
    // A file or an address may have changed since the first reading.
    look_in(feed, inputs_follow_others(&feed->follower, uv_now(loop)));
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
    inputs_follow_end(&feed->follower);
}
