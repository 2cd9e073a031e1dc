// SPDX-License-Identifier: ISC
#include "probe/tls.h"

#include <openssl/err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "probe/talk.h"

struct sending {
    uv_write_t request;
    char octets[];
};

// ── The end ──────────────────────────────────────────────────────────────────────────────────────

static void release_client(struct tls_client *client)
{
    if (--client->references > 0)
        return;
    for (unsigned kind = 0; kind < TLS_KINDS; kind++)
        SSL_CTX_free(client->contexts[kind]);
    free(client);
}

static void release_talk(struct talk *talk)
{
    struct tls_client *client = talk->client;
    SSL_free(talk->session); // with both BIOs
    buf_done(&talk->line);
    http_done(&talk->http);
    free(talk->path);
    free(talk);
    release_client(client);
}

static void on_talk_closed(uv_handle_t *handle)
{
    struct talk *talk = handle->data;
    if (--talk->handles == 0)
        release_talk(talk);
}

static void tell(struct talk *talk, const struct tls_answer *answer)
{
    struct https_answer https = {0};
    if (talk->on_tls != NULL) {
        talk->on_tls(talk->data, answer);
        return;
    }
    https.outcome = answer->outcome == TLS_UNKNOWN ? HTTPS_UNKNOWN : HTTPS_BROKEN;
    snprintf(https.text, sizeof(https.text), "%s", answer->text);
    talk->on_https(talk->data, &https);
}

// Takes it out of the line, or off the wire. It is released when its handles are closed.
static void leave(struct talk *talk)
{
    bool flies = talk->turn.flies;
    talk->ended = true;
    turns_leave(&talk->client->turns, &talk->turn);
    if (!flies)
        return;
    uv_close((uv_handle_t *)&talk->timer, on_talk_closed);
    uv_close((uv_handle_t *)&talk->tcp, on_talk_closed);
}

static void finish(struct talk *talk, const struct tls_answer *answer)
{
    if (talk->ended)
        return;
    leave(talk);
    tell(talk, answer);
}

void talk_fail(struct talk *talk, enum tls_outcome outcome, const char *format, ...)
{
    struct tls_answer answer = {.outcome = outcome};
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(answer.text, sizeof(answer.text), format, arguments);
    va_end(arguments);
    finish(talk, &answer);
}

void talk_finish_https(struct talk *talk, const struct https_answer *answer)
{
    if (talk->ended)
        return;
    leave(talk);
    talk->on_https(talk->data, answer);
}

// ── Octets out ───────────────────────────────────────────────────────────────────────────────────

static void on_sent(uv_write_t *request, int status)
{
    struct talk *talk = request->data;
    free(request);
    if (status != 0 && status != UV_ECANCELED)
        talk_fail(talk, TLS_UNKNOWN, "not reached: %s", uv_strerror(status));
}

void talk_send(struct talk *talk, const void *octets, size_t len)
{
    struct sending *sending = xmalloc(sizeof(*sending) + len);
    memcpy(sending->octets, octets, len);
    sending->request.data = talk;
    uv_buf_t buffer = uv_buf_init(sending->octets, (unsigned)len);
    int status = uv_write(&sending->request, (uv_stream_t *)&talk->tcp, &buffer, 1, on_sent);
    if (status == 0)
        return;
    free(sending);
    talk_fail(talk, TLS_UNKNOWN, "not reached: %s", uv_strerror(status));
}

void talk_send_session(struct talk *talk)
{
    char octets[TALK_OCTETS];
    int len;
    while (!talk->ended && (len = BIO_read(talk->out, octets, sizeof(octets))) > 0)
        talk_send(talk, octets, (size_t)len);
}

// ── Handshake ────────────────────────────────────────────────────────────────────────────────────

static void end_look(struct talk *talk)
{
    struct tls_answer answer = {0};
    tls_chain_read(talk->session, &answer);
    if (!talk->client->has_authorities && answer.outcome == TLS_PRESENTED) {
        answer.trusted = false;
        snprintf(answer.untrusted, sizeof(answer.untrusted), "no authorities to go by");
    }
    if (talk->start == TLS_STARTTLS)
        SSL_write(talk->session, "QUIT\r\n", 6);
    SSL_shutdown(talk->session);
    talk_send_session(talk);
    finish(talk, &answer);
    tls_chain_free(&answer);
}

static void shake_hands(struct talk *talk)
{
    ERR_clear_error();
    int result = SSL_do_handshake(talk->session);
    if (result == 1) {
        talk_send_session(talk);
        if (talk->ended)
            return;
        if (talk->on_https != NULL)
            talk_begin_https(talk);
        else
            end_look(talk);
        return;
    }
    int reason = SSL_get_error(talk->session, result);
    if (reason == SSL_ERROR_WANT_READ || reason == SSL_ERROR_WANT_WRITE) {
        talk_send_session(talk);
        return;
    }
    struct tls_answer answer = {0};
    tls_failure_read(talk->kind, &answer);
    talk_send_session(talk); // the alert
    finish(talk, &answer);
}

void talk_begin_handshake(struct talk *talk)
{
    talk->stage = STAGE_HANDSHAKE;
    talk->session =
        tls_session_new(talk->client->contexts[talk->kind], talk->host, &talk->in, &talk->out);
    if (talk->session == NULL)
        talk_fail(talk, TLS_BROKEN, "not a host name for TLS");
    else
        shake_hands(talk);
}

// ── Octets in ────────────────────────────────────────────────────────────────────────────────────

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *ret)
{
    struct talk *talk = handle->data;
    (void)suggested;
    *ret = uv_buf_init((char *)talk->client->octets, sizeof(talk->client->octets));
}

static void take_octets(struct talk *talk, const uint8_t *octets, size_t len)
{
    if (talk->stage < STAGE_HANDSHAKE) {
        talk_take_smtp(talk, octets, len);
        return;
    }
    BIO_write(talk->in, octets, (int)len);
    if (talk->stage == STAGE_HTTP) {
        talk_read_https(talk);
        return;
    }
    talk->received += len;
    if (talk->received > TLS_HANDSHAKE_OCTETS_MAX)
        talk_fail(talk, TLS_BROKEN, "a handshake of more than %u octets", TLS_HANDSHAKE_OCTETS_MAX);
    else
        shake_hands(talk);
}

static void on_octets(uv_stream_t *stream, ssize_t count, const uv_buf_t *buffer)
{
    struct talk *talk = stream->data;
    if (talk->ended || count == 0)
        return;
    if (count > 0)
        take_octets(talk, (const uint8_t *)buffer->base, (size_t)count);
    else if (talk->stage == STAGE_HTTP)
        talk_fail(talk, TLS_BROKEN, "ended in the middle");
    else
        talk_fail(talk, TLS_UNKNOWN, "closed the connection");
}

// ── The beginning ────────────────────────────────────────────────────────────────────────────────

static void on_late(uv_timer_t *timer)
{
    struct talk *talk = timer->data;
    static const char *const texts[] = {[STAGE_GREETING] = "no greeting",
                                        [STAGE_EHLO] = "no answer to EHLO",
                                        [STAGE_STARTTLS] = "no answer to STARTTLS",
                                        [STAGE_HANDSHAKE] = "no whole handshake",
                                        [STAGE_HTTP] = "no whole answer"};
    bool connected = uv_is_readable((uv_stream_t *)&talk->tcp) != 0;
    talk_fail(talk, TLS_UNKNOWN, "%s within %u s", connected ? texts[talk->stage] : "not reached",
              (talk->client->timeout_ms + 999) / 1000);
}

static void on_connected(uv_connect_t *connect, int status)
{
    struct talk *talk = connect->data;
    if (talk->ended)
        return;
    if (status == 0)
        status = uv_read_start(connect->handle, on_alloc, on_octets);
    if (status == UV_ECONNREFUSED)
        talk_fail(talk, TLS_UNKNOWN, "nobody listens there");
    else if (status != 0)
        talk_fail(talk, TLS_UNKNOWN, "not reached: %s", uv_strerror(status));
    else if (talk->start == TLS_AT_ONCE)
        talk_begin_handshake(talk);
}

static void begin(struct turn *turn)
{
    struct talk *talk = (struct talk *)turn;
    struct tls_client *client = talk->client;
    uv_timer_init(client->loop, &talk->timer);
    uv_tcp_init(client->loop, &talk->tcp);
    talk->timer.data = talk->tcp.data = talk->connect.data = talk;
    talk->handles = 2;
    uv_update_time(client->loop);
    uv_timer_start(&talk->timer, on_late, client->timeout_ms, 0);
    int status = uv_tcp_connect(&talk->connect, &talk->tcp, &turn->address.any, on_connected);
    if (status != 0)
        talk_fail(talk, TLS_UNKNOWN, "not reached: %s", uv_strerror(status));
}

static struct talk *talk_new(struct tls_client *client, const struct address *address,
                             const uint8_t *host)
{
    struct talk *talk = xcalloc(1, sizeof(*talk));
    talk->client = client;
    talk->turn.address = *address;
    talk->turn.most_there = TLS_FLIGHT_PER_ADDRESS_MAX;
    name_to_text(host, talk->host);
    size_t len = strlen(talk->host);
    if (len > 1)
        talk->host[len - 1] = '\0';
    return talk;
}

static void give_up(struct talk *talk)
{
    struct tls_answer answer = {.outcome = TLS_UNKNOWN};
    snprintf(answer.text, sizeof(answer.text), "given up");
    tell(talk, &answer);
}

static void talk_wait(struct talk *talk)
{
    struct tls_client *client = talk->client;
    client->references++;
    if (client->turns.closing) {
        give_up(talk);
        release_talk(talk);
        return;
    }
    turns_wait(&client->turns, &talk->turn);
}

void tls_look(struct tls_client *client, const struct tls_target *target,
              void (*done)(void *data, const struct tls_answer *answer), void *data)
{
    struct talk *talk = talk_new(client, &target->address, target->host);
    talk->start = target->start;
    talk->kind = target->kind;
    talk->stage = target->start == TLS_AT_ONCE ? STAGE_HANDSHAKE : STAGE_GREETING;
    talk->on_tls = done;
    talk->data = data;
    talk_wait(talk);
}

void https_get(struct tls_client *client, const struct https_request *request,
               void (*done)(void *data, const struct https_answer *answer), void *data)
{
    struct talk *talk = talk_new(client, &request->address, request->host);
    talk->stage = STAGE_HANDSHAKE;
    talk->path = xstrdup(request->path);
    talk->http.head_max = TLS_HTTP_HEAD_MAX;
    talk->http.body_max = TLS_HTTP_BODY_MAX;
    talk->on_https = done;
    talk->data = data;
    talk_wait(talk);
}

// ── The client ───────────────────────────────────────────────────────────────────────────────────

enum status tls_client_new(uv_loop_t *loop, const struct tls_settings *settings,
                           struct tls_client **ret, struct error *err)
{
    struct tls_client *client = xcalloc(1, sizeof(*client));
    client->loop = loop;
    client->timeout_ms = settings->timeout_ms;
    client->has_authorities = settings->authorities != NULL;
    client->references = 1;
    enum status status = tls_contexts_new(settings->authorities, client->contexts, err);
    if (status != STATUS_OK) {
        release_client(client);
        return status;
    }
    client->turns = (struct turns){.most = TLS_FLIGHT_MAX, .begin = begin};
    turns_start(&client->turns, loop);
    client->turns.timer.data = client;
    *ret = client;
    return STATUS_OK;
}

static void on_client_closed(uv_handle_t *handle)
{
    release_client(handle->data);
}

void tls_client_close(struct tls_client *client)
{
    struct talk *talk;
    if (client == NULL)
        return;
    turns_close(&client->turns, on_client_closed);
    while ((talk = (struct talk *)turns_any(&client->turns)) != NULL) {
        bool flies = talk->turn.flies;
        leave(talk);
        give_up(talk);
        if (!flies)
            release_talk(talk);
    }
}

enum tls_start tls_start_of(uint16_t port)
{
    return port == 25 || port == 587 ? TLS_STARTTLS : TLS_AT_ONCE;
}
