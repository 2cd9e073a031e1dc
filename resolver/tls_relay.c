// SPDX-License-Identifier: ISC
#include "resolver/tls_relay.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/acceptor.h"
#include "base/alloc.h"
#include "base/log.h"

// Connections to one forwarder. A context of libunbound has 32 at most, and there may be some contexts at a time
// (resolver/engine.c); it puts many questions on one connection, so that there are few in fact.
#define PIPES_MAX 256
// What may wait for its reader in one direction before no more is read in the other; two of the largest messages.
#define WAITING_MAX (128U << 10)
// From the connection's beginning to the end of the handshake.
#define HANDSHAKE_MS 5000
#define OCTETS       16384 // read at a time; a TLS record has no more

struct tls_relay {
    uv_loop_t *loop;
    struct tls_relay_plan plan;
    struct address address;
    SSL_CTX *context;
    struct acceptor acceptor;
    bool listens;
    bool closing;
    unsigned pipes;
    struct pipe *first;
    char complaint[256]; // the last one logged, until a handshake succeeds
    char octets[OCTETS]; // what libuv reads into; used up before it reads again
};

struct pipe {
    struct tls_relay *relay;
    struct pipe *next;
    struct pipe *previous;
    uv_tcp_t local;
    uv_tcp_t remote;
    uv_timer_t handshake;
    uv_connect_t connect;
    SSL *tls;
    BIO *incoming; // octets from the forwarder, for tls
    BIO *outgoing; // and from tls to it
    bool connected;
    bool ready; // the handshake is done
    bool closing;
    unsigned handles;
};

struct write {
    uv_write_t request;
    struct pipe *pipe;
    char octets[];
};

// ── The end of a connection ──────────────────────────────────────────────────────────────────────

static void relay_release(struct tls_relay *relay)
{
    if (!relay->closing || relay->pipes > 0)
        return;
    SSL_CTX_free(relay->context);
    free(relay);
}

static void on_pipe_closed(uv_handle_t *handle)
{
    struct pipe *pipe = handle->data;
    struct tls_relay *relay = pipe->relay;
    if (--pipe->handles > 0)
        return;
    SSL_free(pipe->tls); // with both BIOs
    free(pipe);
    relay->pipes--;
    relay_release(relay);
}

static void pipe_close(struct pipe *pipe)
{
    if (pipe->closing)
        return;
    pipe->closing = true;
    if (pipe->previous != NULL)
        pipe->previous->next = pipe->next;
    else
        pipe->relay->first = pipe->next;
    if (pipe->next != NULL)
        pipe->next->previous = pipe->previous;
    uv_close((uv_handle_t *)&pipe->local, on_pipe_closed);
    uv_close((uv_handle_t *)&pipe->remote, on_pipe_closed);
    uv_close((uv_handle_t *)&pipe->handshake, on_pipe_closed);
}

// The same reason again and again is told once.
static void pipe_fail(struct pipe *pipe, const char *reason)
{
    struct tls_relay *relay = pipe->relay;
    char address[ADDRESS_TEXT_MAX];
    if (!pipe->closing && strncmp(relay->complaint, reason, sizeof(relay->complaint) - 1) != 0) {
        snprintf(relay->complaint, sizeof(relay->complaint), "%s", reason);
        log_event(LOG_LEVEL_WARNING, "forwarder-failed", "server",
                  address_text(&relay->plan.forwarder, true, address), "name", relay->plan.name,
                  "reason", reason, NULL);
    }
    pipe_close(pipe);
}

static void pipe_fail_tls(struct pipe *pipe)
{
    long verified = SSL_get_verify_result(pipe->tls);
    unsigned long code = ERR_peek_error();
    const char *reason = code != 0 ? ERR_reason_error_string(code) : NULL;
    pipe_fail(pipe, verified != X509_V_OK ? X509_verify_cert_error_string(verified)
                    : reason != NULL      ? reason
                                          : "TLS failed");
    ERR_clear_error();
}

// ── Octets ───────────────────────────────────────────────────────────────────────────────────────

static void on_local_octets(uv_stream_t *stream, ssize_t count, const uv_buf_t *buffer);
static void on_remote_octets(uv_stream_t *stream, ssize_t count, const uv_buf_t *buffer);

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *ret)
{
    struct pipe *pipe = handle->data;
    (void)suggested;
    *ret = uv_buf_init(pipe->relay->octets, sizeof(pipe->relay->octets));
}

// Reads from each side only while the other one takes what comes of it.
static void pipe_read(struct pipe *pipe)
{
    uv_stream_t *local = (uv_stream_t *)&pipe->local;
    uv_stream_t *remote = (uv_stream_t *)&pipe->remote;
    if (pipe->closing || !pipe->connected)
        return;
    if (pipe->ready && uv_stream_get_write_queue_size(remote) < WAITING_MAX)
        uv_read_start(local, on_alloc, on_local_octets); // again: does nothing
    else
        uv_read_stop(local);
    if (uv_stream_get_write_queue_size(local) < WAITING_MAX)
        uv_read_start(remote, on_alloc, on_remote_octets);
    else
        uv_read_stop(remote);
}

static void on_written(uv_write_t *request, int status)
{
    struct write *write = (struct write *)request;
    struct pipe *pipe = write->pipe;
    free(write);
    if (status < 0)
        pipe_close(pipe);
    else
        pipe_read(pipe);
}

static void pipe_write(struct pipe *pipe, uv_tcp_t *to, const char *octets, size_t len)
{
    struct write *write = xmalloc(sizeof(*write) + len);
    write->pipe = pipe;
    memcpy(write->octets, octets, len);
    uv_buf_t buffer = uv_buf_init(write->octets, (unsigned)len);
    if (uv_write(&write->request, (uv_stream_t *)to, &buffer, 1, on_written) != 0) {
        free(write);
        pipe_close(pipe);
    }
}

static void pipe_send(struct pipe *pipe)
{
    char octets[OCTETS];
    int len;
    while (!pipe->closing && (len = BIO_read(pipe->outgoing, octets, sizeof(octets))) > 0)
        pipe_write(pipe, &pipe->remote, octets, (size_t)len);
}

// True when tls only wants more octets.
static bool wants_more(struct pipe *pipe, int result)
{
    int reason = SSL_get_error(pipe->tls, result);
    return reason == SSL_ERROR_WANT_READ || reason == SSL_ERROR_WANT_WRITE;
}

static void pipe_shake_hands(struct pipe *pipe)
{
    int result = SSL_do_handshake(pipe->tls);
    if (result != 1) {
        bool waits = wants_more(pipe, result);
        pipe_send(pipe); // an alert, too
        if (!waits)
            pipe_fail_tls(pipe);
        return;
    }
    pipe->ready = true;
    pipe->relay->complaint[0] = '\0';
    uv_timer_stop(&pipe->handshake);
}

// What tls can give of what came in.
static void pipe_deliver(struct pipe *pipe)
{
    char octets[OCTETS];
    int len = SSL_read(pipe->tls, octets, sizeof(octets));
    while (len > 0 && !pipe->closing) {
        pipe_write(pipe, &pipe->local, octets, (size_t)len);
        len = SSL_read(pipe->tls, octets, sizeof(octets));
    }
    if (pipe->closing || len > 0 || wants_more(pipe, len))
        return;
    if (SSL_get_error(pipe->tls, len) == SSL_ERROR_ZERO_RETURN)
        pipe_close(pipe); // it said goodbye
    else
        pipe_fail_tls(pipe);
}

static void pipe_receive(struct pipe *pipe)
{
    if (!pipe->ready)
        pipe_shake_hands(pipe);
    if (pipe->ready && !pipe->closing)
        pipe_deliver(pipe);
    pipe_send(pipe);
    pipe_read(pipe);
}

static void on_remote_octets(uv_stream_t *stream, ssize_t count, const uv_buf_t *buffer)
{
    struct pipe *pipe = stream->data;
    if (count < 0) {
        if (pipe->ready)
            pipe_close(pipe);
        else
            pipe_fail(pipe, count == UV_EOF ? "ended in the handshake" : uv_strerror((int)count));
    } else if (count > 0) {
        BIO_write(pipe->incoming, buffer->base, (int)count);
        pipe_receive(pipe);
    }
}

static void on_local_octets(uv_stream_t *stream, ssize_t count, const uv_buf_t *buffer)
{
    struct pipe *pipe = stream->data;
    if (count < 0) {
        pipe_close(pipe);
    } else if (count > 0) {
        if (SSL_write(pipe->tls, buffer->base, (int)count) <= 0) // memory takes all of it
            pipe_fail_tls(pipe);
        pipe_send(pipe);
        pipe_read(pipe);
    }
}

// ── The beginning of a connection ────────────────────────────────────────────────────────────────

static void on_connected(uv_connect_t *request, int status)
{
    struct pipe *pipe = request->data;
    if (status < 0) {
        if (status != UV_ECANCELED)
            pipe_fail(pipe, uv_strerror(status));
        return;
    }
    pipe->connected = true;
    uv_tcp_nodelay(&pipe->remote, 1);
    pipe_receive(pipe);
}

static void on_too_late(uv_timer_t *timer)
{
    pipe_fail(timer->data, "no handshake in time");
}

static bool pipe_prepare(struct pipe *pipe)
{
    static const unsigned char protocol[] =
        "\3dot"; // RFC 7858 has no need of it, some servers have
    const struct tls_relay *relay = pipe->relay;
    pipe->tls = SSL_new(relay->context);
    pipe->incoming = BIO_new(BIO_s_mem());
    pipe->outgoing = BIO_new(BIO_s_mem());
    if (pipe->tls == NULL || pipe->incoming == NULL || pipe->outgoing == NULL) {
        BIO_free(pipe->incoming);
        BIO_free(pipe->outgoing);
        return false;
    }
    SSL_set_bio(pipe->tls, pipe->incoming, pipe->outgoing);
    SSL_set_connect_state(pipe->tls);
    SSL_set_hostflags(pipe->tls, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    return SSL_set1_host(pipe->tls, relay->plan.name) == 1 &&
           SSL_set_tlsext_host_name(pipe->tls, relay->plan.name) == 1 &&
           SSL_set_alpn_protos(pipe->tls, protocol, sizeof(protocol) - 1) == 0;
}

static void on_accept(struct acceptor *acceptor, int fd)
{
    struct tls_relay *relay = acceptor->data;
    struct pipe *pipe = xcalloc(1, sizeof(*pipe));
    pipe->relay = relay;
    pipe->next = relay->first;
    if (relay->first != NULL)
        relay->first->previous = pipe;
    relay->first = pipe;
    relay->pipes++;
    pipe->handles = 3;
    uv_tcp_init(relay->loop, &pipe->local);
    uv_tcp_init(relay->loop, &pipe->remote);
    uv_timer_init(relay->loop, &pipe->handshake);
    pipe->local.data = pipe->remote.data = pipe->handshake.data = pipe->connect.data = pipe;
    int failed = uv_tcp_open(&pipe->local, fd);
    if (failed != 0)
        close(fd);
    if (failed != 0 || relay->pipes > PIPES_MAX || !pipe_prepare(pipe) ||
        uv_tcp_connect(&pipe->connect, &pipe->remote, &relay->plan.forwarder.any, on_connected) !=
            0) {
        pipe_close(pipe);
        return;
    }
    uv_tcp_nodelay(&pipe->local, 1);
    uv_timer_start(&pipe->handshake, on_too_late, HANDSHAKE_MS, 0);
}

// ── The relay ────────────────────────────────────────────────────────────────────────────────────

static enum status make_context(const struct tls_relay_plan *plan, SSL_CTX **ret, struct error *err)
{
    SSL_CTX *context = SSL_CTX_new(TLS_client_method());
    if (context == NULL)
        return error_set(err, STATUS_CRYPTO, "no TLS");
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, NULL);
    SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION);
    // RFC 9325 §3.1.1: nothing older.
    if (SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) != 1 ||
        SSL_CTX_load_verify_locations(context, plan->certificates, NULL) != 1) {
        unsigned long code = ERR_peek_last_error();
        const char *reason = ERR_reason_error_string(code);
        SSL_CTX_free(context);
        ERR_clear_error();
        return error_set(err, STATUS_CRYPTO, "%s: cannot read certificates: %s", plan->certificates,
                         reason != NULL ? reason : "not a PEM file");
    }
    *ret = context;
    return STATUS_OK;
}

static enum status start(struct tls_relay *relay, struct error *err)
{
    socklen_t len = sizeof(relay->address);
    int fd;
    enum status status = make_context(&relay->plan, &relay->context, err);
    if (status != STATUS_OK)
        return status;
    relay->address.v4 =
        (struct sockaddr_in){.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    status = address_bind(&relay->address, SOCK_STREAM, false, &fd, err);
    if (status != STATUS_OK)
        return status;
    relay->acceptor = (struct acceptor){.connected = on_accept, .data = relay};
    relay->listens = true;
    int failure = acceptor_open(&relay->acceptor, relay->loop, fd, 64);
    if (failure == 0 && getsockname(fd, &relay->address.any, &len) != 0)
        failure = UV_EIO;
    return failure == 0 ? STATUS_OK
                        : error_set(err, STATUS_IO, "no socket for TLS: %s", uv_strerror(failure));
}

enum status tls_relay_new(uv_loop_t *loop, const struct tls_relay_plan *plan,
                          struct tls_relay **ret, struct error *err)
{
    struct tls_relay *relay = xcalloc(1, sizeof(*relay));
    relay->loop = loop;
    relay->plan = *plan;
    enum status status = start(relay, err);
    if (status == STATUS_OK)
        *ret = relay;
    else
        tls_relay_close(relay);
    return status;
}

const struct address *tls_relay_address(const struct tls_relay *relay)
{
    return &relay->address;
}

static void on_acceptor_closed(struct acceptor *acceptor)
{
    struct tls_relay *relay = acceptor->data;
    relay->closing = true;
    relay_release(relay);
}

void tls_relay_close(struct tls_relay *relay)
{
    if (relay == NULL)
        return;
    while (relay->first != NULL)
        pipe_close(relay->first);
    relay->acceptor.data = relay;
    if (relay->listens)
        acceptor_close(&relay->acceptor, on_acceptor_closed);
    else
        on_acceptor_closed(&relay->acceptor);
}
