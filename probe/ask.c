// SPDX-License-Identifier: ISC
#include "probe/ask.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "dns/wire.h"
#include "probe/ask_message.h"
#include "probe/turns.h"

// A datagram may be lost, on either way: the question is sent again when these parts of its time have passed.
#define UDP_SENDINGS 3
static const unsigned udp_parts[UDP_SENDINGS] = {6, 3, 2}; // of timeout_ms; together all of it

// A question, waiting or under way.
struct ask {
    struct turn turn;
    struct asker *asker;
    struct ask_question question;
    struct name name;
    void (*done)(void *data, struct ask_answer *answer);
    void *data;
    uint16_t id;
    uint8_t message[2 + ASK_MESSAGE_MAX]; // behind its length, which TCP has in front
    size_t message_len;                   // without that
    unsigned sendings;
    unsigned refusals; // of sendings: the host said that nobody listens
    unsigned strays;
    uint64_t started_ms;
    enum ask_transport transport;
    bool truncated;
    bool ended;
    unsigned handles;
    uv_timer_t timer;
    uv_udp_t udp;
    uv_tcp_t tcp;
    uv_connect_t connect;
    uv_write_t write;
    struct buf in; // from TCP
};

struct asker {
    uv_loop_t *loop;
    unsigned timeout_ms;
    struct ask_counts counts;
    struct turns turns;
    unsigned references;             // questions not yet released, and turns
    uint8_t octets[DNS_MESSAGE_MAX]; // what libuv reads into; used up before it reads again
};

// ── The end of a question ────────────────────────────────────────────────────────────────────────

static void release(struct asker *asker)
{
    if (--asker->references == 0)
        free(asker);
}

static void on_ask_closed(uv_handle_t *handle)
{
    struct ask *ask = handle->data;
    if (--ask->handles > 0)
        return;
    struct asker *asker = ask->asker;
    buf_done(&ask->in);
    free(ask);
    release(asker);
}

static void close_handle(uv_handle_t *handle)
{
    if (handle->data != NULL && !uv_is_closing(handle))
        uv_close(handle, on_ask_closed);
}

static void give_up(struct ask *ask)
{
    struct ask_answer answer = {.outcome = ASK_GIVEN_UP, .transport = ask->transport};
    snprintf(answer.text, sizeof(answer.text), "given up");
    ask->done(ask->data, &answer);
}

static void leave(struct ask *ask)
{
    bool flies = ask->turn.flies;
    ask->ended = true;
    turns_leave(&ask->asker->turns, &ask->turn);
    if (!flies) {
        release(ask->asker);
        return;
    }
    close_handle((uv_handle_t *)&ask->udp);
    close_handle((uv_handle_t *)&ask->tcp);
    close_handle((uv_handle_t *)&ask->timer);
}

static void finish(struct ask *ask, enum ask_outcome outcome, ldns_pkt *packet, const char *text)
{
    struct asker *asker = ask->asker;
    struct ask_answer answer = {.outcome = outcome,
                                .transport = ask->transport,
                                .truncated = ask->truncated,
                                .took_ms = (uint32_t)(uv_now(asker->loop) - ask->started_ms),
                                .packet = packet};
    snprintf(answer.text, sizeof(answer.text), "%s", text);
    if (outcome == ASK_ANSWERED)
        asker->counts.answered++;
    else
        asker->counts.unanswered++;
    leave(ask);
    ask->done(ask->data, &answer);
    ldns_pkt_free(answer.packet);
}

static void finish_failed(struct ask *ask, int error)
{
    char text[ASK_TEXT_MAX];
    bool closed = error == UV_EOF || error == UV_ECONNRESET || error == UV_EPIPE;
    if (error == UV_ECONNREFUSED)
        snprintf(text, sizeof(text), "nobody listens there");
    else if (closed)
        snprintf(text, sizeof(text), "closed the connection without an answer");
    else
        snprintf(text, sizeof(text), "not reached: %s", uv_strerror(error));
    finish(ask, closed ? ASK_BROKEN : ASK_UNREACHABLE, NULL, text);
}

// What the kernel said before anything was sent is about this host, and nobody else can have it said.
static void finish_unsent(struct ask *ask, int error)
{
    if (error == UV_ENETUNREACH || error == UV_EADDRNOTAVAIL || error == UV_EAFNOSUPPORT)
        finish(ask, ASK_NO_ROUTE, NULL, "this host has no route there");
    else
        finish_failed(ask, error);
}

static void finish_late(struct ask *ask)
{
    char text[ASK_TEXT_MAX];
    snprintf(text, sizeof(text), "no answer within %u.%u s", ask->asker->timeout_ms / 1000,
             ask->asker->timeout_ms % 1000 / 100);
    finish(ask, ASK_TIMEOUT, NULL, text);
}

// ── TCP ──────────────────────────────────────────────────────────────────────────────────────────

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *ret)
{
    struct ask *ask = handle->data;
    (void)suggested;
    *ret = uv_buf_init((char *)ask->asker->octets, sizeof(ask->asker->octets));
}

static void read_tcp_message(struct ask *ask, const uint8_t *octets, size_t len)
{
    char text[ASK_TEXT_MAX] = "";
    ldns_pkt *packet;
    switch (ask_message_read(&ask->question, ask->id, octets, len, &packet, text)) {
    case ASK_READ_ANSWER:
        finish(ask, ASK_ANSWERED, packet, "");
        return;
    case ASK_READ_STRAY:
        snprintf(text, sizeof(text), "what came over TCP is not an answer to the question");
        break;
    case ASK_READ_TRUNCATED:
        snprintf(text, sizeof(text), "an answer over TCP that says it is truncated");
        break;
    case ASK_READ_BROKEN:
        break;
    }
    ldns_pkt_free(packet);
    finish(ask, ASK_BROKEN, NULL, text);
}

// Only the first message counts: what comes behind it is never read.
static void on_tcp_octets(uv_stream_t *stream, ssize_t count, const uv_buf_t *buffer)
{
    struct ask *ask = stream->data;
    if (ask->ended || count == 0)
        return;
    if (count < 0) {
        finish_failed(ask, (int)count);
        return;
    }
    buf_put(&ask->in, buffer->base, (size_t)count);
    if (ask->in.len < 2 || ask->in.len < 2U + wire_get_u16(ask->in.data))
        return;
    read_tcp_message(ask, ask->in.data + 2, wire_get_u16(ask->in.data));
}

static void on_tcp_written(uv_write_t *write, int status)
{
    struct ask *ask = write->data;
    if (!ask->ended && status != 0)
        finish_failed(ask, status);
}

static void on_tcp_connected(uv_connect_t *connect, int status)
{
    struct ask *ask = connect->data;
    if (ask->ended)
        return;
    if (status == 0) {
        uv_buf_t octets = uv_buf_init((char *)ask->message, (unsigned)ask->message_len + 2);
        ask->write.data = ask;
        status = uv_write(&ask->write, connect->handle, &octets, 1, on_tcp_written);
    }
    if (status == 0)
        status = uv_read_start(connect->handle, on_alloc, on_tcp_octets);
    if (status != 0)
        finish_failed(ask, status);
}

static void on_tcp_late(uv_timer_t *timer)
{
    finish_late(timer->data);
}

static void begin_tcp(struct ask *ask)
{
    ask->transport = ASK_TCP;
    uv_tcp_init(ask->asker->loop, &ask->tcp);
    ask->tcp.data = ask;
    ask->handles++;
    ask->connect.data = ask;
    uv_timer_start(&ask->timer, on_tcp_late, ask->asker->timeout_ms, 0);
    int status =
        uv_tcp_connect(&ask->connect, &ask->tcp, &ask->question.server.any, on_tcp_connected);
    if (status != 0)
        finish_unsent(ask, status);
}

// ── UDP ──────────────────────────────────────────────────────────────────────────────────────────

// A host may say so for a moment only, or somebody else in its name: it counts when it is said twice.
static void on_refusal(struct ask *ask, int error)
{
    if (++ask->refusals == UDP_SENDINGS - 1)
        finish_failed(ask, error);
}

static void read_udp_message(struct ask *ask, const uint8_t *octets, size_t len)
{
    char text[ASK_TEXT_MAX] = "";
    ldns_pkt *packet;
    switch (ask_message_read(&ask->question, ask->id, octets, len, &packet, text)) {
    case ASK_READ_STRAY:
        if (++ask->strays == ASK_STRAYS_MAX)
            uv_udp_recv_stop(&ask->udp);
        return;
    case ASK_READ_TRUNCATED:
        ask->truncated = true;
        if (!ask->question.udp_only) {
            ldns_pkt_free(packet);
            close_handle((uv_handle_t *)&ask->udp);
            begin_tcp(ask);
            return;
        }
        break;
    case ASK_READ_ANSWER:
    case ASK_READ_BROKEN:
        break;
    }
    finish(ask, packet != NULL ? ASK_ANSWERED : ASK_BROKEN, packet, text);
}

static void on_udp_octets(uv_udp_t *udp, ssize_t count, const uv_buf_t *buffer,
                          const struct sockaddr *from, unsigned flags)
{
    struct ask *ask = udp->data;
    if (ask->ended || ask->transport != ASK_UDP || (count == 0 && from == NULL))
        return;
    if (count < 0)
        on_refusal(ask, (int)count);
    else if ((flags & UV_UDP_PARTIAL) == 0)
        read_udp_message(ask, (const uint8_t *)buffer->base, (size_t)count);
}

static void on_udp_time(uv_timer_t *timer)
{
    struct ask *ask = timer->data;
    if (ask->sendings == UDP_SENDINGS) {
        finish_late(ask);
        return;
    }
    uv_timer_start(timer, on_udp_time, ask->asker->timeout_ms / udp_parts[ask->sendings++], 0);
    uv_buf_t octets = uv_buf_init((char *)ask->message + 2, (unsigned)ask->message_len);
    int status = uv_udp_try_send(&ask->udp, &octets, 1, NULL);
    if (status < 0 && status != UV_EAGAIN)
        on_refusal(ask, status);
}

// A connected socket: the kernel chooses a random port, and passes on nothing but what comes from the server.
static void begin_udp(struct ask *ask)
{
    ask->transport = ASK_UDP;
    uv_udp_init(ask->asker->loop, &ask->udp);
    ask->udp.data = ask;
    ask->handles++;
    int status = uv_udp_connect(&ask->udp, &ask->question.server.any);
    if (status == 0)
        status = uv_udp_recv_start(&ask->udp, on_alloc, on_udp_octets);
    if (status != 0)
        finish_unsent(ask, status);
    else
        on_udp_time(&ask->timer);
}

// ── The asker ────────────────────────────────────────────────────────────────────────────────────

static void begin(struct turn *turn)
{
    struct ask *ask = (struct ask *)turn;
    struct asker *asker = ask->asker;
    asker->counts.asked++;
    uv_timer_init(asker->loop, &ask->timer);
    ask->timer.data = ask;
    ask->handles = 1;
    uv_update_time(asker->loop);
    ask->started_ms = uv_now(asker->loop);
    if (getrandom(&ask->id, sizeof(ask->id), 0) != sizeof(ask->id)) {
        finish(ask, ASK_UNREACHABLE, NULL, "the system has no random numbers");
        return;
    }
    ask->message_len = ask_message_write(&ask->question, ask->id, ask->message + 2);
    wire_set_u16(ask->message, (uint16_t)ask->message_len);
    if (ask->question.transport == ASK_TCP)
        begin_tcp(ask);
    else
        begin_udp(ask);
}

struct asker *asker_new(uv_loop_t *loop, unsigned timeout_ms)
{
    struct asker *asker = xcalloc(1, sizeof(*asker));
    asker->loop = loop;
    asker->timeout_ms = timeout_ms;
    asker->references = 1;
    asker->turns = (struct turns){.most = ASK_FLIGHT_MAX, .begin = begin};
    turns_start(&asker->turns, loop);
    asker->turns.timer.data = asker;
    return asker;
}

void asker_ask(struct asker *asker, const struct ask_question *question,
               void (*done)(void *data, struct ask_answer *answer), void *data)
{
    struct ask *ask = xcalloc(1, sizeof(*ask));
    ask->asker = asker;
    ask->turn.address = question->server;
    ask->turn.most_there =
        question->recursive ? ASK_FLIGHT_RESOLVER_MAX : ASK_FLIGHT_PER_SERVER_MAX;
    ask->question = *question;
    ask->name.len = (uint8_t)name_wire_len(question->name);
    memcpy(ask->name.wire, question->name, ask->name.len);
    ask->question.name = ask->name.wire;
    ask->done = done;
    ask->data = data;
    if (asker->turns.closing) {
        give_up(ask);
        free(ask);
        return;
    }
    asker->references++;
    turns_wait(&asker->turns, &ask->turn);
}

const struct ask_counts *asker_counts(const struct asker *asker)
{
    return &asker->counts;
}

static void on_asker_closed(uv_handle_t *handle)
{
    release(handle->data);
}

void asker_close(struct asker *asker)
{
    struct ask *ask;
    if (asker == NULL)
        return;
    turns_close(&asker->turns, on_asker_closed);
    while ((ask = (struct ask *)turns_any(&asker->turns)) != NULL) {
        bool flies = ask->turn.flies;
        leave(ask);
        give_up(ask);
        if (!flies)
            free(ask);
    }
}
