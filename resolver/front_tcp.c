// SPDX-License-Identifier: ISC
// TCP (RFC 7766): queries may come one behind the other, answers go out as they are found, in any order.
//
// A connection reads on while its client keeps up: it stops at the quota of queries under way and while answers wait
// for the client to read them. A client that does not read at all is cut off, as are connections that are idle.
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/acceptor.h"
#include "base/alloc.h"
#include "base/recent.h"
#include "dns/stream.h"
#include "dns/wire.h"
#include "resolver/front_ask.h"

#define LISTENERS_MAX 16 // one per address
#define TCP_BACKLOG   64 // connections that wait in the kernel until they are accepted
// What one read takes, and all that a connection gets in one turn of the loop: a few tens of queries.
#define TCP_READ_MAX 1024
// A client with this much to read stops being one. Some answers of the largest size, or hundreds of usual ones: what
// can be under way when a client falls behind.
#define TCP_UNSENT_MAX (256U << 10)
// How often connections are looked at whether their time is up, as a share of the idle time.
#define TCP_LOOKS 8

// What could not be written at once: lives until the kernel has taken it.
struct unsent {
    uv_write_t request;
    size_t len;
    uint8_t octets[];
};

struct connection {
    struct asker asker;
    uv_tcp_t handle;
    struct front_tcp *tcp;
    struct recent_entry used; // when a query was whole or an answer taken, on the loop's clock
    size_t unsent;            // octets that wait for the client to read
    bool ended;               // the client sends no more; it may still read
    bool had_turn;            // its last read was full: libuv would go on reading at once
    bool wants_turn;          // queries in `input` can go on, but not within the engine's callback
    struct stream input;      // queries that wait
};

struct front_tcp {
    uv_loop_t *loop;
    struct front *front;
    unsigned queries_max; // under way, for a connection
    unsigned connections_max;
    uint64_t idle_ms;
    unsigned handle_count; // whose memory libuv still uses
    size_t unsent;         // of all connections
    bool closing;
    struct recent connections; // those that are not closing
    uv_timer_t timer;
    uv_idle_t turn; // runs while a connection wants one
    unsigned listener_count;
    struct acceptor listeners[LISTENERS_MAX];
    uint8_t read[TCP_READ_MAX]; // shared: what a read leaves over is copied to its connection
};

// ── Connections ──────────────────────────────────────────────────────────────────────────────────

static struct connection *connection_of(struct recent_entry *entry)
{
    return (struct connection *)(void *)((char *)entry - offsetof(struct connection, used));
}

static void note_active(struct connection *connection)
{
    struct front_tcp *tcp = connection->tcp;
    recent_touch(&tcp->connections, &connection->used, uv_now(tcp->loop));
}

static void release(struct front_tcp *tcp)
{
    if (--tcp->handle_count > 0)
        return;
    struct front *front = tcp->front;
    free(tcp);
    front_transport_closed(front);
}

static void on_connection_closed(uv_handle_t *handle)
{
    struct connection *connection = handle->data;
    struct front_tcp *tcp = connection->tcp;
    stream_done(&connection->input);
    free(connection);
    release(tcp);
}

static bool is_closing(const struct connection *connection)
{
    return uv_is_closing((const uv_handle_t *)&connection->handle) != 0;
}

static void close_connection(struct connection *connection)
{
    struct front_tcp *tcp = connection->tcp;
    if (is_closing(connection))
        return;
    recent_remove(&tcp->connections, &connection->used);
    tcp->unsent -= connection->unsent;
    connection->unsent = 0;
    front_forget(tcp->front, &connection->asker);
    uv_close((uv_handle_t *)&connection->handle, on_connection_closed);
    front_settle(tcp->front);
}

// ── Answers ──────────────────────────────────────────────────────────────────────────────────────

static void serve(struct connection *connection);

static void on_written(uv_write_t *request, int status)
{
    struct unsent *unsent = (struct unsent *)request;
    struct connection *connection = request->handle->data;
    size_t len = unsent->len;
    free(unsent);
    if (is_closing(connection))
        return;
    if (status != 0) {
        close_connection(connection);
        return;
    }
    connection->unsent -= len;
    connection->tcp->unsent -= len;
    note_active(connection);
    serve(connection);
    front_settle(connection->tcp->front);
}

// Keeps what the kernel did not take at once.
static void queue(struct connection *connection, const uint8_t *octets, size_t len)
{
    struct unsent *unsent = xmalloc(sizeof(*unsent) + len);
    unsent->len = len;
    memcpy(unsent->octets, octets, len);
    uv_buf_t buf = uv_buf_init((char *)unsent->octets, (unsigned)len);
    connection->unsent += len;
    connection->tcp->unsent += len;
    if (connection->unsent > TCP_UNSENT_MAX) {
        free(unsent);
        close_connection(connection);
    } else if (uv_write(&unsent->request, (uv_stream_t *)&connection->handle, &buf, 1,
                        on_written) != 0) {
        free(unsent);
        close_connection(connection);
    }
}

// More queries can go on as soon as the engine has returned.
static void ask_for_turn(struct connection *connection);

static void send_reply(struct asker *asker, const struct address *client, uint8_t *reply,
                       size_t len)
{
    struct connection *connection = (struct connection *)asker;
    uint8_t *message = reply - STREAM_PREFIX_LEN;
    (void)client;
    wire_set_u16(message, (uint16_t)len);
    len += STREAM_PREFIX_LEN;
    size_t done = 0;
    if (connection->unsent == 0) {
        uv_buf_t buf = uv_buf_init((char *)message, (unsigned)len);
        int written = uv_try_write((uv_stream_t *)&connection->handle, &buf, 1);
        if (written < 0 && written != UV_EAGAIN) {
            close_connection(connection);
            return;
        }
        done = written > 0 ? (size_t)written : 0;
    }
    note_active(connection);
    if (done < len)
        queue(connection, message + done, len - done);
    if (!is_closing(connection))
        ask_for_turn(connection);
}

// ── Queries ──────────────────────────────────────────────────────────────────────────────────────

static bool keeps_up(const struct connection *connection)
{
    return connection->unsent == 0 && connection->asker.count < connection->tcp->queries_max;
}

// Asks the whole queries that wait, as many as the client may have under way.
static void ask_all(struct connection *connection)
{
    struct front_tcp *tcp = connection->tcp;
    size_t at = 0;
    size_t len = stream_whole(connection->input.octets, connection->input.len);
    while (len > 0 && keeps_up(connection) && !is_closing(connection)) {
        note_active(connection);
        front_query(tcp->front, &connection->asker, NULL,
                    connection->input.octets + at + STREAM_PREFIX_LEN, len - STREAM_PREFIX_LEN);
        at += len;
        len = stream_whole(connection->input.octets + at, connection->input.len - at);
    }
    stream_drop(&connection->input, at);
}

static void on_allocate(uv_handle_t *handle, size_t suggested, uv_buf_t *ret)
{
    struct connection *connection = handle->data;
    (void)suggested;
    // No room makes libuv leave the connection for this turn, with UV_ENOBUFS to on_read.
    *ret = uv_buf_init((char *)connection->tcp->read, connection->had_turn ? 0 : TCP_READ_MAX);
    connection->had_turn = false;
}

static void on_read(uv_stream_t *stream, ssize_t read_len, const uv_buf_t *buf)
{
    struct connection *connection = stream->data;
    if (read_len == 0 || read_len == UV_ENOBUFS)
        return;
    connection->had_turn = read_len == TCP_READ_MAX;
    if (read_len == UV_EOF) // RFC 7766 §6.2.3: what was asked before is answered
        connection->ended = true;
    else if (read_len < 0)
        close_connection(connection);
    else
        stream_keep(&connection->input, (const uint8_t *)buf->base, (size_t)read_len);
    if (!is_closing(connection))
        serve(connection);
}

// Goes on with a connection: asks, then reads on, waits, or is done with it.
static void serve(struct connection *connection)
{
    connection->wants_turn = false;
    ask_all(connection);
    if (is_closing(connection))
        return;
    bool busy = connection->asker.count > 0 || connection->unsent > 0;
    uv_stream_t *stream = (uv_stream_t *)&connection->handle;
    if (connection->tcp->closing || connection->ended || !keeps_up(connection))
        uv_read_stop(stream);
    else
        uv_read_start(stream, on_allocate, on_read);
    if (connection->ended && !busy)
        close_connection(connection);
}

static void on_turn(uv_idle_t *idle)
{
    struct front_tcp *tcp = idle->data;
    uv_idle_stop(idle);
    struct recent_entry *next;
    for (struct recent_entry *entry = tcp->connections.oldest; entry != NULL; entry = next) {
        struct connection *connection = connection_of(entry);
        next = entry->newer; // what is served moves to the end, and may be met again
        if (connection->wants_turn)
            serve(connection);
    }
}

static void ask_for_turn(struct connection *connection)
{
    connection->wants_turn = true;
    uv_idle_start(&connection->tcp->turn, on_turn);
}

// ── Comings and goings ───────────────────────────────────────────────────────────────────────────

static bool is_from_here(struct connection *connection)
{
    struct address peer = {0};
    int len = sizeof(peer);
    return uv_tcp_getpeername(&connection->handle, &peer.any, &len) == 0 &&
           front_takes(connection->tcp->front, &peer);
}

// Out of descriptors is the quota reached by other means.
static bool on_no_room(struct acceptor *acceptor)
{
    const struct front_tcp *tcp = acceptor->data;
    if (tcp->connections.oldest == NULL)
        return false;
    close_connection(connection_of(tcp->connections.oldest));
    return true;
}

static void on_connection(struct acceptor *acceptor, int fd)
{
    struct front_tcp *tcp = acceptor->data;
    if (tcp->connections.count >= tcp->connections_max && tcp->connections.oldest != NULL)
        close_connection(connection_of(tcp->connections.oldest));
    struct connection *connection = xcalloc(1, sizeof(*connection));
    connection->tcp = tcp;
    connection->asker.stream = true;
    connection->asker.send = send_reply;
    uv_tcp_init(tcp->loop, &connection->handle);
    connection->handle.data = connection;
    tcp->handle_count++;
    recent_add(&tcp->connections, &connection->used, uv_now(tcp->loop));
    int failed = uv_tcp_open(&connection->handle, fd);
    if (failed != 0)
        close(fd);
    if (failed != 0 || !is_from_here(connection)) {
        close_connection(connection);
        return;
    }
    uv_tcp_nodelay(&connection->handle, 1);
    serve(connection);
}

static void on_timer(uv_timer_t *timer)
{
    struct front_tcp *tcp = timer->data;
    uint64_t now = uv_now(tcp->loop);
    while (tcp->connections.oldest != NULL && now - tcp->connections.oldest->at >= tcp->idle_ms) {
        struct connection *connection = connection_of(tcp->connections.oldest);
        if (connection->asker.count > 0 && connection->unsent == 0)
            note_active(connection);
        else
            close_connection(connection);
    }
}

struct front_tcp *front_tcp_new(uv_loop_t *loop, struct front *front,
                                const struct front_settings *settings)
{
    struct front_tcp *tcp = xcalloc(1, sizeof(*tcp));
    tcp->loop = loop;
    tcp->front = front;
    tcp->queries_max = settings->queries_per_client;
    tcp->connections_max = settings->tcp_connections;
    tcp->idle_ms = settings->tcp_idle_ms;
    uv_timer_init(loop, &tcp->timer);
    uv_idle_init(loop, &tcp->turn);
    tcp->timer.data = tcp;
    tcp->turn.data = tcp;
    tcp->handle_count = 2;
    uint64_t period = tcp->idle_ms / TCP_LOOKS + 1;
    uv_timer_start(&tcp->timer, on_timer, period, period);
    return tcp;
}

static void on_own_handle_closed(uv_handle_t *handle)
{
    release(handle->data);
}

static void on_listener_closed(struct acceptor *acceptor)
{
    release(acceptor->data);
}

enum status front_tcp_listen(struct front_tcp *tcp, int fd, struct error *err)
{
    if (tcp->listener_count == LISTENERS_MAX) {
        close(fd);
        return error_set(err, STATUS_RANGE, "more than %d TCP sockets; listen on 127.0.0.1 or ::1",
                         LISTENERS_MAX);
    }
    struct acceptor *listener = &tcp->listeners[tcp->listener_count++];
    tcp->handle_count++;
    *listener = (struct acceptor){.connected = on_connection, .make_room = on_no_room, .data = tcp};
    int status = acceptor_open(listener, tcp->loop, fd, TCP_BACKLOG);
    if (status != 0)
        return error_set(err, STATUS_IO, "TCP socket: %s", uv_strerror(status));
    return STATUS_OK;
}

bool front_tcp_is_sending(const struct front_tcp *tcp)
{
    return tcp->unsent > 0;
}

void front_tcp_stop(struct front_tcp *tcp)
{
    tcp->closing = true;
    for (unsigned i = 0; i < tcp->listener_count; i++)
        acceptor_close(&tcp->listeners[i], on_listener_closed);
    struct recent_entry *next;
    for (struct recent_entry *entry = tcp->connections.oldest; entry != NULL; entry = next) {
        next = entry->newer;
        serve(connection_of(entry));
    }
}

void front_tcp_close(struct front_tcp *tcp)
{
    while (tcp->connections.oldest != NULL)
        close_connection(connection_of(tcp->connections.oldest));
    uv_close((uv_handle_t *)&tcp->timer, on_own_handle_closed);
    uv_close((uv_handle_t *)&tcp->turn, on_own_handle_closed);
}
