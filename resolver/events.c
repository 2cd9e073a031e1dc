// SPDX-License-Identifier: ISC
#include "resolver/events.h"

#include <stdbool.h>
#include <stdlib.h>
#include <sys/time.h>

#include "base/alloc.h"

// An event waits for a descriptor, for a time, or for both; then what comes first calls it. A callback may delete,
// change or release its own event, so nothing is read from it afterwards.
struct event {
    struct ub_event super;
    uv_loop_t *loop;
    int fd;
    short bits;
    void (*call)(int fd, short bits, void *data);
    void *data;
    uv_timer_t timer;
    uv_poll_t *poll; // while it waits for the descriptor
};

static struct event *event_of(struct ub_event *super)
{
    return (struct event *)super; // its first member
}

static uint64_t milliseconds(const struct timeval *time)
{
    return (uint64_t)time->tv_sec * 1000 + ((uint64_t)time->tv_usec + 999) / 1000;
}

static void on_poll_closed(uv_handle_t *handle)
{
    free(handle);
}

// libunbound closes or passes on the descriptor right after, and the next socket may get its number: so a poll handle
// is for one wait only. uv_close takes it from the loop's table at once.
static void event_stop(struct event *event)
{
    uv_timer_stop(&event->timer);
    if (event->poll != NULL) {
        uv_close((uv_handle_t *)event->poll, on_poll_closed);
        event->poll = NULL;
    }
}

static void on_ready(uv_poll_t *poll, int status, int ready)
{
    struct event *event = poll->data;
    short bits = 0;
    if (status < 0) // it will find the error in reading or writing
        bits = event->bits & (UB_EV_READ | UB_EV_WRITE);
    if (ready & UV_READABLE)
        bits |= UB_EV_READ;
    if (ready & UV_WRITABLE)
        bits |= UB_EV_WRITE;
    if (!(event->bits & UB_EV_PERSIST))
        event_stop(event);
    else if (uv_is_active((uv_handle_t *)&event->timer))
        uv_timer_again(&event->timer); // the time is that without any activity
    event->call(event->fd, bits, event->data);
}

static void on_time(uv_timer_t *timer)
{
    struct event *event = timer->data;
    if (!(event->bits & UB_EV_PERSIST))
        event_stop(event);
    event->call(event->fd, UB_EV_TIMEOUT, event->data);
}

static int event_poll(struct event *event)
{
    int wanted = 0;
    if (event->bits & UB_EV_READ)
        wanted |= UV_READABLE;
    if (event->bits & UB_EV_WRITE)
        wanted |= UV_WRITABLE;
    if (event->fd < 0 || wanted == 0)
        return 0;
    uv_poll_t *poll = xcalloc(1, sizeof(*poll));
    if (uv_poll_init(event->loop, poll, event->fd) != 0) {
        free(poll);
        return -1;
    }
    poll->data = event;
    event->poll = poll;
    return uv_poll_start(poll, wanted, on_ready);
}

// ── What libunbound calls
// ─────────────────────────────────────────────────────────────────────────

static int event_add(struct ub_event *super, struct timeval *time)
{
    struct event *event = event_of(super);
    event_stop(event);
    if (time != NULL && (event->bits & UB_EV_TIMEOUT)) {
        uint64_t wait = milliseconds(time);
        uv_timer_start(&event->timer, on_time, wait, event->bits & UB_EV_PERSIST ? wait : 0);
    }
    return event_poll(event) == 0 ? 0 : -1;
}

static int event_delete(struct ub_event *super)
{
    event_stop(event_of(super));
    return 0;
}

static void event_add_bits(struct ub_event *super, short bits)
{
    event_of(super)->bits |= bits;
}

static void event_remove_bits(struct ub_event *super, short bits)
{
    event_of(super)->bits &= (short)~bits;
}

static void event_set_descriptor(struct ub_event *super, int fd)
{
    event_of(super)->fd = fd;
}

static int event_add_timer(struct ub_event *super, struct ub_event_base *base,
                           void (*call)(int, short, void *), void *data, struct timeval *time)
{
    struct event *event = event_of(super);
    (void)base;
    event->call = call;
    event->data = data;
    event->bits |= UB_EV_TIMEOUT;
    return event_add(super, time);
}

static void on_event_closed(uv_handle_t *handle)
{
    free(handle->data);
}

static void event_free(struct ub_event *super)
{
    if (super == NULL)
        return;
    struct event *event = event_of(super);
    event_stop(event);
    uv_close((uv_handle_t *)&event->timer, on_event_closed);
}

// Signals and Windows: libunbound has no use for them here, but wants the table full.
static int no_signal(struct ub_event *super, struct timeval *time)
{
    (void)super;
    (void)time;
    return -1;
}

static void no_windows_event(struct ub_event *super)
{
    (void)super;
}

static void no_windows_block(struct ub_event *super, int bits)
{
    (void)super;
    (void)bits;
}

static struct ub_event_vmt event_table = {
    .add_bits = event_add_bits,
    .del_bits = event_remove_bits,
    .set_fd = event_set_descriptor,
    .free = event_free,
    .add = event_add,
    .del = event_delete,
    .add_timer = event_add_timer,
    .del_timer = event_delete,
    .add_signal = no_signal,
    .del_signal = event_delete,
    .winsock_unregister_wsaevent = no_windows_event,
    .winsock_tcp_wouldblock = no_windows_block,
};

static struct ub_event *event_new(struct ub_event_base *base, int fd, short bits,
                                  void (*call)(int, short, void *), void *data)
{
    struct event *event = xcalloc(1, sizeof(*event));
    event->super = (struct ub_event){UB_EVENT_MAGIC, &event_table};
    event->loop = ((struct events *)base)->loop;
    event->fd = fd;
    event->bits = bits;
    event->call = call;
    event->data = data;
    uv_timer_init(event->loop, &event->timer);
    event->timer.data = event;
    return &event->super;
}

static void base_free(struct ub_event_base *base)
{
    (void)base;
}

static int base_dispatch(struct ub_event_base *base)
{
    (void)base;
    return -1;
}

static int base_exit(struct ub_event_base *base, struct timeval *time)
{
    (void)base;
    (void)time;
    return -1;
}

static struct ub_event *new_signal(struct ub_event_base *base, int fd,
                                   void (*call)(int, short, void *), void *data)
{
    (void)base;
    (void)fd;
    (void)call;
    (void)data;
    return NULL;
}

static struct ub_event *new_windows_event(struct ub_event_base *base, void *wsaevent,
                                          void (*call)(int, short, void *), void *data)
{
    (void)wsaevent;
    return new_signal(base, -1, call, data);
}

static struct ub_event_base_vmt base_table = {
    .free = base_free,
    .dispatch = base_dispatch,
    .loopexit = base_exit,
    .new_event = event_new,
    .new_signal = new_signal,
    .winsock_register_wsaevent = new_windows_event,
};

void events_init(struct events *events, uv_loop_t *loop)
{
    events->base = (struct ub_event_base){UB_EVENT_MAGIC, &base_table};
    events->loop = loop;
}
