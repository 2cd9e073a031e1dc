// SPDX-License-Identifier: ISC
#include "server/connections.h"

#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <netinet/tcp.h>
#include <unistd.h>

#include "base/acceptor.h"
#include "base/alloc.h"
#include "base/random.h"
#include "server/handshakes.h"

// Connections that wait in the kernel until they are accepted.
#define LISTEN_BACKLOG 256
// Connections that have a turn before the loop sees to others.
#define CONNECTIONS_TURN 16
// How often connections are looked at whether their time is up, as a share of the idle time.
#define IDLE_LOOKS 8
// When the end is told, queries that are on their way are read for so long.
#define LAST_MS 50
// How often those that wait for their handshake are looked at.
#define WAIT_MS 20

struct connection {
    struct client_connection quota;
    struct recent_entry waiting; // for its handshake, while `waits`
    struct connections *all;
    struct address client;
    struct query_stream stream;
    int fd;
    uint32_t watched;  // for EPOLLIN, EPOLLOUT or, while it waits, EPOLLRDHUP
    uint32_t wanted;   // what the way waits for
    bool ended;        // the client sends no more; it may still read
    bool left;         // it was told that no more answers come
    bool waits;        // its handshake may not begin yet: nothing is read
    max_align_t own[]; // the way's state
};

struct connections_listener {
    struct acceptor acceptor;
    struct connections *all;
    struct connections_listener *next;
    struct connections_listener **link; // what points here
};

struct connections {
    uv_loop_t *loop;
    const struct connection_way *way;
    uint64_t idle_ms;
    struct clients *clients;
    struct handshakes *handshakes; // NULL: no limit
    struct recent waiting;         // connections
    int epoll;
    unsigned handle_count; // whose memory libuv still uses
    bool ending;           // connections_end
    bool leaving;          // and no more is read
    uv_poll_t poll;        // of the epoll set
    uv_timer_t timer;
    uv_timer_t wait; // runs while connections wait
    struct connections_listener *listeners;
    struct stream_desk desk;
};

// ── One connection ───────────────────────────────────────────────────────────────────────────────

static struct connection *connection_of(struct client_connection *quota)
{
    return (struct connection *)(void *)((char *)quota - offsetof(struct connection, quota));
}

static void stop_when_last(struct connections *all)
{
    if (!all->ending || clients_count(all->clients) > 0)
        return;
    uv_timer_stop(&all->timer);
    uv_timer_stop(&all->wait);
    uv_poll_stop(&all->poll);
}

static void close_connection(struct connection *connection, enum statistics_close why)
{
    struct connections *all = connection->all;
    all->desk.statistics->closed[why]++;
    if (connection->waits)
        recent_remove(&all->waiting, &connection->waiting);
    if (all->way->close != NULL)
        all->way->close(connection->own, connection->fd);
    close(connection->fd); // which takes it out of the epoll set
    clients_remove(all->clients, &connection->quota);
    all->desk.statistics->connections = clients_count(all->clients);
    query_stream_done(&connection->stream);
    free(connection);
    stop_when_last(all);
}

// False when the connection was closed.
static bool watch(struct connection *connection, uint32_t events)
{
    if (connection->watched == events)
        return true;
    struct epoll_event event = {.events = events, .data.ptr = connection};
    int operation = connection->watched == 0 ? EPOLL_CTL_ADD : EPOLL_CTL_MOD;
    if (epoll_ctl(connection->all->epoll, operation, connection->fd, &event) != 0) {
        close_connection(connection, CLOSE_ERROR);
        return false;
    }
    connection->watched = events;
    return true;
}

static ssize_t write_replies(void *to, const uint8_t *octets, size_t len)
{
    struct connection *connection = to;
    ssize_t taken = connection->all->way->write(connection->own, connection->fd, octets, len);
    if (taken == WAY_WAIT_READ || taken == WAY_WAIT_WRITE) {
        connection->wanted = taken == WAY_WAIT_READ ? EPOLLIN : EPOLLOUT;
        return 0;
    }
    connection->wanted = EPOLLOUT; // if it was not all
    return taken;
}

// Ends our side of the stream, behind the answers, and waits for the client to end its own: closing with octets unread
// would reset the connection, and what the client has not taken yet would be lost. False when the connection was
// closed.
static bool leave(struct connection *connection)
{
    if (connection->left)
        return true;
    connection->left = true;
    if (connection->all->way->end(connection->own, connection->fd))
        return true;
    close_connection(connection, CLOSE_ERROR);
    return false;
}

// Does what the turn left to do. Returns whether more may be read now.
static bool settle(struct connection *connection, enum stream_state state)
{
    struct connections *all = connection->all;
    if (state == STREAM_ANSWERED)
        clients_active(all->clients, &connection->quota, uv_now(all->loop));
    if (state == STREAM_LOST) {
        close_connection(connection, CLOSE_ERROR);
        return false;
    }
    if (query_stream_is_blocked(&connection->stream)) {
        watch(connection, connection->wanted);
        return false;
    }
    if (connection->ended) {
        close_connection(connection, all->leaving ? CLOSE_END : CLOSE_CLIENT);
        return false;
    }
    return !all->leaving || leave(connection);
}

static bool is_opening(const struct connection *connection)
{
    const struct connection_way *way = connection->all->way;
    return way->is_opening != NULL && way->is_opening(connection->own);
}

static bool take(struct connection *connection, size_t len)
{
    if (connection->left)
        len = 0;
    return settle(connection, query_stream_take(&connection->stream, &connection->all->desk,
                                                connection, connection->all->desk.read, len));
}

static void read_turn(struct connection *connection)
{
    const struct connection_way *way = connection->all->way;
    uint8_t *octets = connection->all->desk.read;
    do {
        ssize_t len = way->read(connection->own, connection->fd, octets, STREAM_READ_MAX);
        if (len == WAY_WAIT_READ || len == WAY_WAIT_WRITE) {
            watch(connection, len == WAY_WAIT_READ ? EPOLLIN : EPOLLOUT);
            return;
        }
        if (len < 0) {
            close_connection(connection, CLOSE_ERROR);
            return;
        }
        connection->ended = len == WAY_END; // RFC 7766 §6.2.3: what was asked before is answered
        if (!take(connection, (size_t)len))
            return;
    } while (way->pending != NULL && way->pending(connection->own));
    watch(connection, EPOLLIN);
}

static void have_turn(struct connection *connection)
{
    if (connection->waits) {
        close_connection(connection, CLOSE_CLIENT);
        return;
    }
    connection->all->desk.client = &connection->client;
    if (!query_stream_is_blocked(&connection->stream)) {
        read_turn(connection);
        return;
    }
    const struct connection_way *way = connection->all->way;
    if (!settle(connection,
                query_stream_resume(&connection->stream, &connection->all->desk, connection)))
        return;
    if (way->pending != NULL && way->pending(connection->own))
        read_turn(connection);
    else
        watch(connection, EPOLLIN);
}

static void on_ready(uv_poll_t *poll, int status, int events)
{
    struct connections *all = poll->data;
    struct epoll_event ready[CONNECTIONS_TURN];
    (void)status;
    (void)events;
    int count = epoll_wait(all->epoll, ready, CONNECTIONS_TURN, 0);
    if (count <= 0)
        return;
    respond_begin(all->desk.responder);
    for (int i = 0; i < count; i++)
        have_turn(ready[i].data.ptr); // it may close itself, but no other
    respond_end(all->desk.responder);
}

// ── Comings and goings ───────────────────────────────────────────────────────────────────────────

// Out of descriptors is the quota reached by other means.
static bool on_no_room(struct acceptor *acceptor)
{
    const struct connections_listener *listener = acceptor->data;
    struct client_connection *oldest = clients_oldest(listener->all->clients);
    if (oldest == NULL)
        return false;
    close_connection(connection_of(oldest), CLOSE_ROOM);
    return true;
}

static void begin(struct connection *connection)
{
    struct connections *all = connection->all;
    if (all->way->open != NULL && !all->way->open(connection->own, connection->fd, all->way->data))
        close_connection(connection, CLOSE_ERROR);
    else
        watch(connection, EPOLLIN);
}

static bool may_begin(const struct connections *all, const struct address *client)
{
    return all->handshakes == NULL || all->ending ||
           handshakes_take(all->handshakes, client, uv_now(all->loop));
}

// At the end all of them begin, so that none is refused that came before.
static void on_wait(uv_timer_t *timer)
{
    struct connections *all = timer->data;
    struct recent_entry *newer;
    for (struct recent_entry *entry = all->waiting.oldest; entry != NULL; entry = newer) {
        newer = entry->newer;
        struct connection *connection =
            (struct connection *)(void *)((char *)entry - offsetof(struct connection, waiting));
        if (!may_begin(all, &connection->client))
            continue;
        recent_remove(&all->waiting, entry);
        connection->waits = false;
        clients_active(all->clients, &connection->quota, uv_now(all->loop)); // its time begins
        begin(connection);
    }
    if (all->waiting.count == 0)
        uv_timer_stop(&all->wait);
}

// Who comes while others wait does, too, until these have been looked at: else the latest would be the first.
static void begin_or_wait(struct connection *connection)
{
    struct connections *all = connection->all;
    if (all->waiting.count == 0 && may_begin(all, &connection->client)) {
        begin(connection);
        return;
    }
    if (all->waiting.count == 0)
        uv_timer_start(&all->wait, on_wait, WAIT_MS, WAIT_MS);
    recent_add(&all->waiting, &connection->waiting, uv_now(all->loop));
    connection->waits = true;
    all->desk.statistics->delayed++;
    watch(connection, EPOLLRDHUP); // who gives up waits no more
}

static void on_connection(struct acceptor *acceptor, int fd)
{
    const struct connections_listener *listener = acceptor->data;
    struct connections *all = listener->all;
    struct client_connection *oldest;
    enum clients_room room = clients_room(all->clients, &acceptor->peer, &oldest);
    if (room != CLIENTS_ROOM)
        close_connection(connection_of(oldest), room == CLIENTS_FULL ? CLOSE_ROOM : CLOSE_ADDRESS);
    struct connection *connection = xcalloc(1, sizeof(*connection) + all->way->own_size);
    connection->all = all;
    connection->client = acceptor->peer;
    connection->fd = fd;
    clients_add(all->clients, &connection->quota, &acceptor->peer, uv_now(all->loop));
    all->desk.statistics->connections = clients_count(all->clients);
    begin_or_wait(connection);
}

static void on_timer(uv_timer_t *timer)
{
    struct connections *all = timer->data;
    uint64_t now = uv_now(all->loop);
    struct client_connection *oldest;
    while ((oldest = clients_oldest(all->clients)) != NULL &&
           now - oldest->of_all.at >= all->idle_ms)
        close_connection(connection_of(oldest), CLOSE_IDLE);
}

struct connections *connections_new(uv_loop_t *loop, const struct connection_way *way,
                                    const struct connections_options *options)
{
    uint64_t seed[2];
    random_octets(seed, sizeof(seed));
    struct connections *all = xcalloc(1, sizeof(*all));
    all->loop = loop;
    all->way = way;
    all->idle_ms = options->idle_ms;
    all->clients = clients_new(options->limits, seed);
    if (options->handshakes > 0)
        all->handshakes = handshakes_new(options->handshakes, seed);
    all->desk.responder = options->responder;
    all->desk.statistics = options->statistics;
    all->desk.transport = way->transport;
    all->desk.write = write_replies;
    all->epoll = epoll_create1(EPOLL_CLOEXEC);
    uv_poll_init(loop, &all->poll, all->epoll);
    uv_timer_init(loop, &all->timer);
    uv_timer_init(loop, &all->wait);
    all->poll.data = all->timer.data = all->wait.data = all;
    all->handle_count = 3;
    uv_poll_start(&all->poll, UV_READABLE, on_ready);
    uint64_t period = all->idle_ms / IDLE_LOOKS + 1;
    uv_timer_start(&all->timer, on_timer, period, period);
    return all;
}

static void release(struct connections *all)
{
    if (--all->handle_count > 0)
        return;
    clients_free(all->clients);
    handshakes_free(all->handshakes);
    free(all);
}

static void on_listener_closed(struct acceptor *acceptor)
{
    struct connections_listener *listener = acceptor->data;
    release(listener->all);
    free(listener);
}

int connections_listen(struct connections *all, int fd, struct connections_listener **ret)
{
    struct connections_listener *listener = xcalloc(1, sizeof(*listener));
    listener->all = all;
    listener->next = all->listeners;
    listener->link = &all->listeners;
    if (listener->next != NULL)
        listener->next->link = &listener->next;
    all->listeners = listener;
    all->handle_count++;
    // Connections inherit it: a reply does not wait for the client's acknowledgement of the one before.
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
    listener->acceptor =
        (struct acceptor){.connected = on_connection, .make_room = on_no_room, .data = listener};
    int status = acceptor_open(&listener->acceptor, all->loop, fd, LISTEN_BACKLOG);
    if (status == 0)
        *ret = listener;
    else
        connections_unlisten(listener);
    return status;
}

void connections_unlisten(struct connections_listener *listener)
{
    if (listener == NULL)
        return;
    *listener->link = listener->next;
    if (listener->next != NULL)
        listener->next->link = listener->link;
    acceptor_close(&listener->acceptor, on_listener_closed);
}

unsigned connections_count(const struct connections *all)
{
    return clients_count(all->clients);
}

static void on_last_turn(uv_timer_t *timer)
{
    struct connections *all = timer->data;
    all->leaving = true;
    struct client_connection *newer;
    for (struct client_connection *quota = clients_oldest(all->clients); quota != NULL;
         quota = newer) {
        newer = clients_newer(quota); // it may close, but no other does
        struct connection *connection = connection_of(quota);
        if (!query_stream_is_blocked(&connection->stream) && !is_opening(connection))
            leave(connection);
    }
}

void connections_end(struct connections *all)
{
    all->ending = true;
    while (all->listeners != NULL)
        connections_unlisten(all->listeners);
    on_wait(&all->wait);
    if (clients_count(all->clients) > 0)
        uv_timer_start(&all->timer, on_last_turn, LAST_MS, 0);
    else
        stop_when_last(all);
}

static void on_closed(uv_handle_t *handle)
{
    release(handle->data);
}

void connections_close(struct connections *all)
{
    if (all == NULL)
        return;
    all->ending = true;
    struct client_connection *oldest;
    while ((oldest = clients_oldest(all->clients)) != NULL)
        close_connection(connection_of(oldest), CLOSE_END);
    while (all->listeners != NULL)
        connections_unlisten(all->listeners);
    uv_close((uv_handle_t *)&all->timer, on_closed);
    uv_close((uv_handle_t *)&all->wait, on_closed);
    uv_close((uv_handle_t *)&all->poll, on_closed);
    close(all->epoll);
}
