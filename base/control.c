// SPDX-License-Identifier: ISC
#include "base/control.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/acceptor.h"
#include "base/alloc.h"
#include "base/buf.h"
#include "base/log.h"

// Connections that the kernel keeps until they are accepted; more are told to come again (EAGAIN).
#define CONTROL_BACKLOG 64
// How often clients are looked at whether their time is up. What counts is how many times nothing had gone on, so that
// a loop that was busy for long does not hold it against them.
#define LOOK_MS   (CONTROL_CLIENT_MS / 10)
#define LOOKS_MAX (CONTROL_CLIENT_MS / LOOK_MS)
// Of words that came from the client, so much is said back.
#define NAME_SHOWN 40

struct client {
    uv_pipe_t pipe;
    uv_write_t write;
    struct control *control;
    char line[CONTROL_LINE_MAX]; // what was read: a line, part of one, or one with more behind
    size_t line_len;
    struct buf reply; // on its way
    size_t unread;    // of the reply, when last looked at
    unsigned looks;   // since something last went on
    bool answering;
    bool ended; // it sends no more, but may still read
    bool last;  // closed after this reply
};

struct control {
    struct acceptor acceptor; // held while there are as many clients as there may be
    uv_timer_t look;          // runs while there are clients
    const struct control_command *commands;
    void *data;
    struct client *clients[CONTROL_CLIENTS_MAX];
    unsigned client_count;
    unsigned handle_count; // whose memory libuv still uses
    size_t reply_len;      // of all clients
    bool closing;
};

// ── Comings and goings ───────────────────────────────────────────────────────────────────────────

static void release(struct control *control)
{
    if (--control->handle_count == 0)
        free(control);
}

static void on_own_handle_closed(uv_handle_t *handle)
{
    release(handle->data);
}

static void on_acceptor_closed(struct acceptor *acceptor)
{
    release(acceptor->data);
}

static void on_client_closed(uv_handle_t *handle)
{
    struct client *client = handle->data;
    release(client->control);
    free(client);
}

static void drop_reply(struct client *client)
{
    client->control->reply_len -= client->reply.len;
    buf_done(&client->reply);
    client->answering = false;
}

static void close_client(struct client *client)
{
    struct control *control = client->control;
    if (uv_is_closing((uv_handle_t *)&client->pipe))
        return;
    uv_close((uv_handle_t *)&client->pipe, on_client_closed); // on_written comes before that
    unsigned at = 0;
    while (control->clients[at] != client)
        at++;
    control->clients[at] = control->clients[--control->client_count];
    if (control->client_count == 0)
        uv_timer_stop(&control->look);
    if (!control->closing)
        acceptor_go_on(&control->acceptor);
}

// ── Answers ──────────────────────────────────────────────────────────────────────────────────────

void control_set(json_t *object, const char *name, json_t *value)
{
    json_object_set_new_nocheck(object, name, value);
}

json_t *control_time(int64_t time)
{
    return time != 0 && time != INT64_MAX ? json_integer(time) : json_null();
}

json_t *control_taken_text(char *text)
{
    json_t *ret = control_text(text);
    free(text);
    return ret;
}

json_t *control_text(const char *text)
{
    if (text == NULL)
        return json_null();
    json_t *string = json_string(text);
    if (string != NULL)
        return string;
    char *ascii = xstrdup(text);
    for (char *c = ascii; *c != '\0'; c++)
        if ((*c & 0x80) != 0)
            *c = '?';
    string = json_string(ascii);
    free(ascii);
    return string;
}

static json_t *reply_new(bool ok)
{
    json_t *reply = json_object();
    json_object_set_new(reply, "ok", json_boolean(ok));
    json_object_set_new(reply, "program", control_text(log_name()));
    return reply;
}

static enum status refuse_command(const struct control *control, const char *name,
                                  struct error *err)
{
    struct buf names = {0};
    for (const struct control_command *command = control->commands; command->name != NULL;
         command++)
        buf_printf(&names, "%s%s", names.len > 0 ? ", " : "", command->name);
    enum status status = error_set(err, STATUS_NOT_FOUND, "unknown command: %.*s; there are: %s",
                                   NAME_SHOWN, name, names.len > 0 ? buf_text(&names) : "none");
    buf_done(&names);
    return status;
}

static enum status run(const struct control *control, const char *line, size_t len, json_t *reply,
                       struct error *err)
{
    json_error_t wrong;
    json_t *request = json_loadb(line, len, JSON_REJECT_DUPLICATES, &wrong);
    if (request == NULL)
        return error_set(err, STATUS_SYNTAX, "not JSON: %s, at octet %d", wrong.text,
                         wrong.position);
    const char *name = json_string_value(json_object_get(request, "command"));
    enum status status;
    const struct control_command *command = control->commands;
    while (name != NULL && command->name != NULL && strcmp(command->name, name) != 0)
        command++;
    if (name == NULL)
        status =
            error_set(err, STATUS_SYNTAX, "a request is an object like {\"command\":\"status\"}");
    else if (command->name == NULL)
        status = refuse_command(control, name, err);
    else
        status = command->run(control->data, request, reply, err);
    json_decref(request);
    return status;
}

struct dumping {
    struct buf *buf;
    size_t room;
};

static int put(const char *octets, size_t len, void *data)
{
    struct dumping *dumping = data;
    if (dumping->room < len)
        return -1;
    dumping->room -= len;
    buf_put(dumping->buf, octets, len);
    return 0;
}

static enum status dump(const struct control *control, const json_t *reply, struct buf *ret,
                        struct error *err)
{
    struct dumping dumping = {ret, CONTROL_REPLY_MAX - control->reply_len};
    if (json_dump_callback(reply, put, &dumping, JSON_COMPACT) == 0 && dumping.room > 0) {
        buf_put_u8(ret, '\n');
        return STATUS_OK;
    }
    buf_done(ret);
    return error_set(err, STATUS_NO_SPACE,
                     "the reply is too large, or others that are have not been read yet");
}

static void put_refusal(struct buf *buf, enum status status, const struct error *err)
{
    json_t *reply = reply_new(false);
    json_object_set_new(reply, "error",
                        control_text(err->text[0] != '\0' ? err->text : status_text(status)));
    struct dumping dumping = {buf, SIZE_MAX}; // a line, whatever waits elsewhere
    json_dump_callback(reply, put, &dumping, JSON_COMPACT);
    buf_put_u8(buf, '\n');
    json_decref(reply);
}

static void on_written(uv_write_t *write, int status);

static void send_reply(struct client *client)
{
    client->control->reply_len += client->reply.len;
    client->answering = true;
    client->looks = 0;
    client->unread = client->reply.len;
    uv_read_stop((uv_stream_t *)&client->pipe);
    uv_buf_t buf = uv_buf_init((char *)client->reply.data, (unsigned)client->reply.len);
    if (uv_write(&client->write, (uv_stream_t *)&client->pipe, &buf, 1, on_written) == 0)
        return;
    drop_reply(client);
    close_client(client);
}

static void refuse(struct client *client, const char *words)
{
    struct error err = {0};
    put_refusal(&client->reply, error_set(&err, STATUS_SYNTAX, "%s", words), &err);
    client->last = true;
    send_reply(client);
}

static void answer(struct client *client, size_t line_len)
{
    struct error err = {0};
    json_t *reply = reply_new(true);
    enum status status = run(client->control, client->line, line_len, reply, &err);
    if (status == STATUS_OK)
        status = dump(client->control, reply, &client->reply, &err);
    json_decref(reply);
    if (status != STATUS_OK)
        put_refusal(&client->reply, status, &err);
    send_reply(client);
}

// ── Requests ─────────────────────────────────────────────────────────────────────────────────────

static void on_allocate(uv_handle_t *handle, size_t suggested, uv_buf_t *ret)
{
    struct client *client = handle->data;
    (void)suggested;
    *ret = uv_buf_init(client->line + client->line_len,
                       (unsigned)(sizeof(client->line) - client->line_len));
}

static void on_read(uv_stream_t *stream, ssize_t len, const uv_buf_t *buf);

// Answers the first line that waits, or waits for one.
static void serve(struct client *client)
{
    const char *end = memchr(client->line, '\n', client->line_len);
    if (end != NULL) {
        size_t len = (size_t)(end - client->line);
        answer(client, len);
        client->line_len -= len + 1;
        memmove(client->line, end + 1, client->line_len);
    } else if (client->line_len == sizeof(client->line)) {
        refuse(client, "a request is one line of at most 4095 octets");
    } else if (client->ended && client->line_len > 0) {
        refuse(client, "a request ends with a line feed");
    } else if (client->ended) {
        close_client(client);
    } else {
        uv_read_start((uv_stream_t *)&client->pipe, on_allocate, on_read);
    }
}

static void on_read(uv_stream_t *stream, ssize_t len, const uv_buf_t *buf)
{
    struct client *client = stream->data;
    (void)buf;
    if (len == 0)
        return;
    if (len == UV_EOF) {
        client->ended = true;
    } else if (len < 0) {
        close_client(client);
        return;
    } else {
        client->line_len += (size_t)len;
    }
    uv_read_stop(stream); // goes on when serve has nothing to do
    serve(client);
}

static void on_written(uv_write_t *write, int status)
{
    struct client *client = write->handle->data;
    drop_reply(client);
    if (uv_is_closing((uv_handle_t *)&client->pipe))
        return;
    client->looks = 0;
    if (status != 0 || client->last)
        close_client(client);
    else
        serve(client);
}

static void on_look(uv_timer_t *timer)
{
    struct control *control = timer->data;
    for (unsigned i = control->client_count; i-- > 0;) {
        struct client *client = control->clients[i];
        size_t unread = uv_stream_get_write_queue_size((uv_stream_t *)&client->pipe);
        if (client->answering && unread != client->unread) {
            client->unread = unread;
            client->looks = 0;
        }
        if (++client->looks > LOOKS_MAX)
            close_client(client);
    }
}

static void on_connection(struct acceptor *acceptor, int fd)
{
    struct control *control = acceptor->data;
    struct client *client = xcalloc(1, sizeof(*client));
    client->control = control;
    uv_pipe_init(control->look.loop, &client->pipe, 0);
    client->pipe.data = client;
    control->handle_count++;
    if (control->client_count == 0)
        uv_timer_start(&control->look, on_look, LOOK_MS, LOOK_MS);
    control->clients[control->client_count++] = client;
    if (control->client_count == CONTROL_CLIENTS_MAX)
        acceptor_hold(acceptor);
    if (uv_pipe_open(&client->pipe, fd) == 0) {
        serve(client);
    } else {
        close(fd);
        close_client(client);
    }
}

// ── Beginning and end ────────────────────────────────────────────────────────────────────────────

enum status control_open(uv_loop_t *loop, int fd, const struct control_command *commands,
                         void *data, struct control **ret, struct error *err)
{
    // Both before the first object: memory as everywhere here, and a seed while /dev/urandom can be read.
    json_set_alloc_funcs(xmalloc, free);
    json_object_seed(0);
    struct control *control = xcalloc(1, sizeof(*control));
    control->commands = commands;
    control->data = data;
    control->handle_count = 2;
    uv_timer_init(loop, &control->look);
    control->look.data = control->acceptor.data = control;
    control->acceptor.connected = on_connection;
    int status = acceptor_open(&control->acceptor, loop, fd, CONTROL_BACKLOG);
    if (status == 0) {
        *ret = control;
        return STATUS_OK;
    }
    control_close(control);
    return error_set(err, STATUS_IO, "descriptor %d is no control socket: %s", fd,
                     uv_strerror(status));
}

void control_close(struct control *control)
{
    if (control == NULL)
        return;
    control->closing = true;
    while (control->client_count > 0)
        close_client(control->clients[0]);
    acceptor_close(&control->acceptor, on_acceptor_closed);
    uv_close((uv_handle_t *)&control->look, on_own_handle_closed);
}
