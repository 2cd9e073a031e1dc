// SPDX-License-Identifier: ISC
#include "server/tcp.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/acceptor.h"
#include "base/alloc.h"
#include "base/recent.h"
#include "dns/stream.h"
#include "dns/types.h"
#include "dns/wire.h"
#include "server/respond.h"

// Connections that wait in the kernel until they are accepted.
#define TCP_BACKLOG 256
// What one read takes, and all that a connection gets in one turn of the loop: a few tens of queries,
// like a batch over UDP. More would let some hundred clients that send without end keep UDP waiting
// for seconds.
#define TCP_READ_MAX 1024
// Answers gather here until they are written: room for the largest one and more behind smaller
// ones.
#define TCP_WRITE_MAX (2 * (STREAM_PREFIX_LEN + DNS_MESSAGE_MAX))
// How often connections are looked at whether their time is up, as a share of the idle time.
#define TCP_LOOKS 8
// When the end is told, queries that are on their way are read for so long.
#define TCP_LAST_MS 50

// What could not be written at once: lives until the kernel has taken it.
struct unsent {
    uv_write_t request;
    uint8_t octets[];
};

struct connection {
    uv_tcp_t handle;
    struct tcp *tcp;
    struct recent_entry used; // when a query was last answered, on the loop's clock
    bool blocked;             // answers wait for the client to read
    bool ended;               // the client sends no more; it may still read
    bool had_turn;            // its last read was full: libuv would go on reading at once
    bool left;                // it was told that no more answers come
    struct stream input;      // queries that wait
};

struct tcp_listener {
    struct acceptor acceptor;
    struct tcp *tcp;
    struct tcp_listener *next;
    struct tcp_listener **link; // what points here
};

struct tcp {
    uv_loop_t *loop;
    struct zones *zones;
    struct counts *counts;
    uint64_t idle_ms;
    unsigned connections_max;
    unsigned handle_count;     // whose memory libuv still uses
    bool ending;               // tcp_end
    bool leaving;              // and no more is read
    struct recent connections; // those that are not closing
    uv_timer_t timer;
    struct tcp_listener *listeners;
    uint8_t read[TCP_READ_MAX]; // shared: what a read leaves over is copied to its connection
    uint8_t write[TCP_WRITE_MAX];
    size_t write_len;
};

// ── Connections ──────────────────────────────────────────────────────────────────────────────────

static struct connection *connection_of(struct recent_entry *entry)
{
    return (struct connection *)(void *)((char *)entry - offsetof(struct connection, used));
}

static void note_active(struct connection *connection)
{
    struct tcp *tcp = connection->tcp;
    recent_touch(&tcp->connections, &connection->used, uv_now(tcp->loop));
}

static void release(struct tcp *tcp)
{
    if (--tcp->handle_count == 0)
        free(tcp);
}

static void on_connection_closed(uv_handle_t *handle)
{
    struct connection *connection = handle->data;
    struct tcp *tcp = connection->tcp;
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
    if (is_closing(connection))
        return;
    struct tcp *tcp = connection->tcp;
    recent_remove(&tcp->connections, &connection->used);
    uv_close((uv_handle_t *)&connection->handle, on_connection_closed);
    if (tcp->ending && tcp->connections.oldest == NULL)
        uv_timer_stop(&tcp->timer);
}

// ── Answers ──────────────────────────────────────────────────────────────────────────────────────

static void serve(struct connection *connection);

static void on_written(uv_write_t *request, int status)
{
    struct unsent *unsent = (struct unsent *)request;
    struct connection *connection = request->handle->data;
    free(unsent);
    if (is_closing(connection))
        return;
    if (status != 0) {
        close_connection(connection);
        return;
    }
    connection->blocked = false;
    note_active(connection);
    serve(connection);
}

// Writes the answers gathered; what the kernel does not take at once waits, and the connection with
// it.
static void flush(struct connection *connection)
{
    struct tcp *tcp = connection->tcp;
    size_t len = tcp->write_len;
    tcp->write_len = 0;
    if (len == 0)
        return;
    uv_stream_t *stream = (uv_stream_t *)&connection->handle;
    uv_buf_t buf = uv_buf_init((char *)tcp->write, (unsigned)len);
    int written = uv_try_write(stream, &buf, 1);
    if (written == (int)len) {
        note_active(connection);
        return;
    }
    if (written < 0 && written != UV_EAGAIN) {
        close_connection(connection);
        return;
    }
    size_t done = written > 0 ? (size_t)written : 0;
    struct unsent *unsent = xmalloc(sizeof(*unsent) + len - done);
    memcpy(unsent->octets, tcp->write + done, len - done);
    buf = uv_buf_init((char *)unsent->octets, (unsigned)(len - done));
    connection->blocked = true;
    if (uv_write(&unsent->request, stream, &buf, 1, on_written) != 0) {
        free(unsent);
        close_connection(connection);
    }
}

static void answer(struct tcp *tcp, const uint8_t *query, size_t len)
{
    uint8_t *out = tcp->write + tcp->write_len;
    size_t reply_len = server_respond(tcp->zones, query, len, TRANSPORT_TCP,
                                      out + STREAM_PREFIX_LEN, DNS_MESSAGE_MAX);
    tcp->counts->tcp++;
    counts_reply(tcp->counts, out + STREAM_PREFIX_LEN, reply_len);
    if (reply_len == 0)
        return;
    wire_set_u16(out, (uint16_t)reply_len);
    tcp->write_len += STREAM_PREFIX_LEN + reply_len;
}

// Answers the whole queries at the start of the octets, as long as the client takes the answers.
// Returns how many octets are done with.
static size_t answer_all(struct connection *connection, const uint8_t *octets, size_t len)
{
    struct tcp *tcp = connection->tcp;
    size_t at = 0;
    size_t query_len = stream_whole(octets, len);
    if (query_len == 0)
        return 0;
    zones_begin(tcp->zones);
    while (query_len > 0 && !connection->blocked && !is_closing(connection)) {
        answer(tcp, octets + at + STREAM_PREFIX_LEN, query_len - STREAM_PREFIX_LEN);
        at += query_len;
        query_len = stream_whole(octets + at, len - at);
        if (TCP_WRITE_MAX - tcp->write_len < STREAM_PREFIX_LEN + DNS_MESSAGE_MAX)
            flush(connection);
    }
    zones_end(tcp->zones);
    if (!is_closing(connection))
        flush(connection);
    return at;
}

// ── Queries ──────────────────────────────────────────────────────────────────────────────────────

static void on_allocate(uv_handle_t *handle, size_t suggested, uv_buf_t *ret)
{
    struct connection *connection = handle->data;
    (void)suggested;
    // No room makes libuv leave the connection for this turn, with UV_ENOBUFS to on_read.
    *ret = uv_buf_init((char *)connection->tcp->read, connection->had_turn ? 0 : TCP_READ_MAX);
    connection->had_turn = false;
}

static void on_read(uv_stream_t *stream, ssize_t read_len, const uv_buf_t *buf);

// Ends our side of the stream, behind the answers, and waits for the client to end its own: closing with
// octets unread would reset the connection, and what the client has not taken yet would be lost.
static void leave(struct connection *connection)
{
    uv_os_fd_t fd;
    if (connection->left)
        return;
    connection->left = true;
    if (uv_fileno((uv_handle_t *)&connection->handle, &fd) != 0 || shutdown(fd, SHUT_WR) != 0)
        close_connection(connection);
    else
        uv_read_start((uv_stream_t *)&connection->handle, on_allocate, on_read);
}

// Answers queries that wait, then reads on; or waits for the client to read.
static void serve(struct connection *connection)
{
    if (connection->input.len > 0)
        stream_drop(&connection->input,
                    answer_all(connection, connection->input.octets, connection->input.len));
    if (is_closing(connection))
        return;
    if (connection->blocked)
        uv_read_stop((uv_stream_t *)&connection->handle);
    else if (connection->ended)
        close_connection(connection);
    else if (connection->tcp->leaving)
        leave(connection);
    else
        uv_read_start((uv_stream_t *)&connection->handle, on_allocate, on_read);
}

static void on_read(uv_stream_t *stream, ssize_t read_len, const uv_buf_t *buf)
{
    struct connection *connection = stream->data;
    const uint8_t *octets = (const uint8_t *)buf->base;
    if (read_len == 0 || read_len == UV_ENOBUFS)
        return;
    connection->had_turn = read_len == TCP_READ_MAX;
    if (read_len == UV_EOF) // RFC 7766 §6.2.3: what was asked before is answered
        connection->ended = true;
    else if (read_len < 0)
        close_connection(connection);
    if (is_closing(connection) || (connection->left && !connection->ended))
        return;
    size_t len = read_len > 0 ? (size_t)read_len : 0;
    size_t done = 0;
    if (connection->input.len == 0)
        done = answer_all(connection, octets, len); // the usual case copies nothing
    if (is_closing(connection))
        return;
    if (done < len)
        stream_keep(&connection->input, octets + done, len - done);
    serve(connection);
}

// ── Comings and goings ───────────────────────────────────────────────────────────────────────────

// Out of descriptors is the quota reached by other means.
static bool on_no_room(struct acceptor *acceptor)
{
    const struct tcp_listener *listener = acceptor->data;
    if (listener->tcp->connections.oldest == NULL)
        return false;
    close_connection(connection_of(listener->tcp->connections.oldest));
    return true;
}

static void on_connection(struct acceptor *acceptor, int fd)
{
    const struct tcp_listener *listener = acceptor->data;
    struct tcp *tcp = listener->tcp;
    if (tcp->connections.count >= tcp->connections_max && tcp->connections.oldest != NULL)
        close_connection(connection_of(tcp->connections.oldest));
    struct connection *connection = xcalloc(1, sizeof(*connection));
    connection->tcp = tcp;
    uv_tcp_init(tcp->loop, &connection->handle);
    connection->handle.data = connection;
    tcp->handle_count++;
    recent_add(&tcp->connections, &connection->used, uv_now(tcp->loop));
    if (uv_tcp_open(&connection->handle, fd) != 0) {
        close(fd);
        close_connection(connection);
        return;
    }
    uv_tcp_nodelay(&connection->handle, 1);
    serve(connection);
}

static void on_timer(uv_timer_t *timer)
{
    struct tcp *tcp = timer->data;
    uint64_t now = uv_now(tcp->loop);
    while (tcp->connections.oldest != NULL && now - tcp->connections.oldest->at >= tcp->idle_ms)
        close_connection(connection_of(tcp->connections.oldest));
}

struct tcp *tcp_new(uv_loop_t *loop, struct zones *zones, struct counts *counts,
                    unsigned connections_max, uint64_t idle_ms)
{
    struct tcp *tcp = xcalloc(1, sizeof(*tcp));
    tcp->loop = loop;
    tcp->zones = zones;
    tcp->counts = counts;
    tcp->idle_ms = idle_ms;
    tcp->connections_max = connections_max;
    uv_timer_init(loop, &tcp->timer);
    tcp->timer.data = tcp;
    tcp->handle_count = 1;
    uint64_t period = idle_ms / TCP_LOOKS + 1;
    uv_timer_start(&tcp->timer, on_timer, period, period);
    return tcp;
}

static void on_listener_closed(struct acceptor *acceptor)
{
    struct tcp_listener *listener = acceptor->data;
    release(listener->tcp);
    free(listener);
}

int tcp_listen(struct tcp *tcp, int fd, struct tcp_listener **ret)
{
    struct tcp_listener *listener = xcalloc(1, sizeof(*listener));
    listener->tcp = tcp;
    listener->next = tcp->listeners;
    listener->link = &tcp->listeners;
    if (listener->next != NULL)
        listener->next->link = &listener->next;
    tcp->listeners = listener;
    tcp->handle_count++;
    listener->acceptor =
        (struct acceptor){.connected = on_connection, .make_room = on_no_room, .data = listener};
    int status = acceptor_open(&listener->acceptor, tcp->loop, fd, TCP_BACKLOG);
    if (status == 0)
        *ret = listener;
    else
        tcp_unlisten(listener);
    return status;
}

void tcp_unlisten(struct tcp_listener *listener)
{
    if (listener == NULL)
        return;
    *listener->link = listener->next;
    if (listener->next != NULL)
        listener->next->link = listener->link;
    acceptor_close(&listener->acceptor, on_listener_closed);
}

unsigned tcp_connections(const struct tcp *tcp)
{
    return tcp->connections.count;
}

static void on_last_turn(uv_timer_t *timer)
{
    struct tcp *tcp = timer->data;
    tcp->leaving = true;
    struct recent_entry *older;
    for (struct recent_entry *entry = tcp->connections.newest; entry != NULL; entry = older) {
        older = entry->older; // it may close, and move to the front, but no other does
        serve(connection_of(entry));
    }
}

void tcp_end(struct tcp *tcp)
{
    tcp->ending = true;
    while (tcp->listeners != NULL)
        tcp_unlisten(tcp->listeners);
    if (tcp->connections.oldest != NULL)
        uv_timer_start(&tcp->timer, on_last_turn, TCP_LAST_MS, 0);
    else
        uv_timer_stop(&tcp->timer);
}

static void on_timer_closed(uv_handle_t *handle)
{
    release(handle->data);
}

void tcp_close(struct tcp *tcp)
{
    if (tcp == NULL)
        return;
    tcp->ending = true;
    while (tcp->connections.oldest != NULL)
        close_connection(connection_of(tcp->connections.oldest));
    while (tcp->listeners != NULL)
        tcp_unlisten(tcp->listeners);
    uv_close((uv_handle_t *)&tcp->timer, on_timer_closed);
}
