// SPDX-License-Identifier: ISC
#include "server/metrics_http.h"

#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/acceptor.h"
#include "base/alloc.h"
#include "server/http_get.h"
#include "server/metrics.h"

#define BACKLOG 16

struct client {
    uv_tcp_t handle;
    uv_write_t request;
    struct metrics_http *http;
    uint64_t since; // on the loop's clock
    bool answered;
    struct buf answer;
    size_t len;
    char head[HTTP_GET_HEAD_MAX];
};

struct metrics_http {
    struct acceptor acceptor;
    uv_timer_t timer; // closes who takes too long
    void (*write)(void *data, struct buf *ret);
    void *data;
    struct client *clients[METRICS_CONNECTIONS_MAX]; // NULL: free
    unsigned count;
    unsigned open; // handles whose memory libuv still uses: acceptor, timer, clients
    bool closing;
};

static void release(struct metrics_http *http)
{
    if (--http->open == 0)
        free(http);
}

// ── A client ─────────────────────────────────────────────────────────────────────────────────────

static void on_client_closed(uv_handle_t *handle)
{
    struct client *client = handle->data;
    struct metrics_http *http = client->http;
    for (unsigned i = 0; i < METRICS_CONNECTIONS_MAX; i++)
        if (http->clients[i] == client)
            http->clients[i] = NULL;
    if (http->count-- == METRICS_CONNECTIONS_MAX && !http->closing)
        acceptor_go_on(&http->acceptor);
    if (http->count == 0 && !http->closing)
        uv_timer_stop(&http->timer);
    buf_done(&client->answer);
    free(client);
    release(http);
}

static void close_client(struct client *client)
{
    if (!uv_is_closing((uv_handle_t *)&client->handle))
        uv_close((uv_handle_t *)&client->handle, on_client_closed);
}

static void on_written(uv_write_t *request, int status)
{
    (void)status;
    close_client(request->handle->data);
}

static void answer(struct client *client, unsigned status, bool head_only)
{
    struct buf text = {0};
    client->answered = true;
    if (status == 200)
        client->http->write(client->http->data, &text);
    else
        buf_printf(&text, "%s\n", http_get_reason(status));
    buf_printf(&client->answer,
               "HTTP/1.1 %u %s\r\nContent-Type: %s\r\nContent-Length: %zu\r\n%s"
               "Connection: close\r\n\r\n",
               status, http_get_reason(status), status == 200 ? METRICS_CONTENT_TYPE : "text/plain",
               text.len, status == 405 ? "Allow: GET, HEAD\r\n" : "");
    if (!head_only)
        buf_put(&client->answer, text.data, text.len);
    buf_done(&text);
    uv_buf_t octets = uv_buf_init((char *)client->answer.data, (unsigned)client->answer.len);
    if (uv_write(&client->request, (uv_stream_t *)&client->handle, &octets, 1, on_written) != 0)
        close_client(client);
}

static void on_allocate(uv_handle_t *handle, size_t suggested, uv_buf_t *ret)
{
    struct client *client = handle->data;
    (void)suggested;
    *ret = uv_buf_init(client->head + client->len, (unsigned)(sizeof(client->head) - client->len));
}

static void on_read(uv_stream_t *stream, ssize_t len, const uv_buf_t *buf)
{
    struct client *client = stream->data;
    bool head_only;
    (void)buf;
    if (len < 0)
        close_client(client);
    if (len <= 0)
        return;
    client->len += (size_t)len;
    unsigned status = http_get_read(client->head, client->len, "/metrics", &head_only);
    if (status == 0)
        return;
    uv_read_stop(stream);
    answer(client, status, head_only);
}

// ── All of them ──────────────────────────────────────────────────────────────────────────────────

static void on_connected(struct acceptor *acceptor, int fd)
{
    struct metrics_http *http = acceptor->data;
    struct client *client = xcalloc(1, sizeof(*client));
    unsigned place = 0;
    while (http->clients[place] != NULL)
        place++;
    client->http = http;
    client->since = uv_now(http->timer.loop);
    uv_tcp_init(http->timer.loop, &client->handle);
    client->handle.data = client;
    http->clients[place] = client;
    http->open++;
    if (++http->count == METRICS_CONNECTIONS_MAX)
        acceptor_hold(acceptor);
    if (http->count == 1)
        uv_timer_again(&http->timer);
    if (uv_tcp_open(&client->handle, fd) != 0) {
        close(fd);
        close_client(client);
    } else if (uv_read_start((uv_stream_t *)&client->handle, on_allocate, on_read) != 0) {
        close_client(client);
    }
}

static void on_timer(uv_timer_t *timer)
{
    struct metrics_http *http = timer->data;
    for (unsigned i = 0; i < METRICS_CONNECTIONS_MAX; i++)
        if (http->clients[i] != NULL &&
            uv_now(timer->loop) - http->clients[i]->since >= METRICS_TIME_MS)
            close_client(http->clients[i]);
}

int metrics_http_open(uv_loop_t *loop, int fd, void (*write)(void *data, struct buf *ret),
                      void *data, struct metrics_http **ret)
{
    struct metrics_http *http = xcalloc(1, sizeof(*http));
    http->write = write;
    http->data = data;
    http->open = 2;
    uv_timer_init(loop, &http->timer);
    http->timer.data = http;
    uv_timer_start(&http->timer, on_timer, METRICS_TIME_MS, METRICS_TIME_MS / 5);
    uv_timer_stop(&http->timer); // until somebody comes
    http->acceptor = (struct acceptor){.connected = on_connected, .data = http};
    *ret = http;
    return acceptor_open(&http->acceptor, loop, fd, BACKLOG);
}

static void on_acceptor_closed(struct acceptor *acceptor)
{
    release(acceptor->data);
}

static void on_timer_closed(uv_handle_t *timer)
{
    release(timer->data);
}

void metrics_http_close(struct metrics_http *http)
{
    if (http == NULL)
        return;
    http->closing = true;
    for (unsigned i = 0; i < METRICS_CONNECTIONS_MAX; i++)
        if (http->clients[i] != NULL)
            close_client(http->clients[i]);
    uv_close((uv_handle_t *)&http->timer, on_timer_closed);
    acceptor_close(&http->acceptor, on_acceptor_closed);
}
