// SPDX-License-Identifier: ISC
#include "tests/unit/probe/stand_in.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/alloc.h"

struct connection {
    struct stand_in *stand_in;
    uv_tcp_t tcp;
    bool closing;
};

struct sending {
    uv_write_t request;
    struct connection *connection;
    struct buf octets;
    bool last;
};

static void require(int status)
{
    if (status >= 0)
        return;
    fprintf(stderr, "stand-in: %s\n", uv_strerror(status));
    abort();
}

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *ret)
{
    static char octets[65536];
    (void)handle;
    (void)suggested;
    *ret = uv_buf_init(octets, sizeof(octets));
}

static void on_datagram(uv_udp_t *udp, ssize_t count, const uv_buf_t *buffer,
                        const struct sockaddr *from, unsigned flags)
{
    struct stand_in *stand_in = udp->data;
    struct buf reply = {0};
    (void)flags;
    if (count <= 0 || from == NULL)
        return;
    stand_in->datagrams++;
    if (stand_in->datagram != NULL)
        stand_in->datagram(stand_in, (const uint8_t *)buffer->base, (size_t)count, &reply);
    if (reply.len > 0) {
        uv_buf_t octets = uv_buf_init((char *)reply.data, (unsigned)reply.len);
        uv_udp_try_send(udp, &octets, 1, from);
    }
    buf_done(&reply);
}

static void on_connection_closed(uv_handle_t *handle)
{
    struct connection *connection = handle->data;
    connection->stand_in->open--;
    free(connection);
}

static void connection_close(struct connection *connection)
{
    if (!connection->closing)
        uv_close((uv_handle_t *)&connection->tcp, on_connection_closed);
    connection->closing = true;
}

static void on_sent(uv_write_t *request, int status)
{
    struct sending *sending = request->data;
    if (sending->last || status != 0)
        connection_close(sending->connection);
    buf_done(&sending->octets);
    free(sending);
}

static void talk(struct connection *connection, const uint8_t *octets, size_t len)
{
    struct stand_in *stand_in = connection->stand_in;
    struct sending *sending = xcalloc(1, sizeof(*sending));
    sending->connection = connection;
    sending->request.data = sending;
    if (stand_in->stream != NULL)
        sending->last = !stand_in->stream(stand_in, octets, len, &sending->octets);
    uv_buf_t out = uv_buf_init((char *)sending->octets.data, (unsigned)sending->octets.len);
    if (uv_write(&sending->request, (uv_stream_t *)&connection->tcp, &out, 1, on_sent) != 0)
        free(sending);
}

static void on_octets(uv_stream_t *stream, ssize_t count, const uv_buf_t *buffer)
{
    struct connection *connection = stream->data;
    if (count < 0)
        connection_close(connection);
    else if (count > 0 && !connection->closing)
        talk(connection, (const uint8_t *)buffer->base, (size_t)count);
}

static void on_connection(uv_stream_t *listener, int status)
{
    struct stand_in *stand_in = listener->data;
    struct connection *connection = xcalloc(1, sizeof(*connection));
    require(status);
    connection->stand_in = stand_in;
    connection->tcp.data = connection;
    uv_tcp_init(stand_in->loop, &connection->tcp);
    require(uv_accept(listener, (uv_stream_t *)&connection->tcp));
    stand_in->connections++;
    stand_in->open++;
    uv_read_start((uv_stream_t *)&connection->tcp, on_alloc, on_octets);
    talk(connection, NULL, 0);
}

// The port that TCP got may be taken for UDP: then another one.
void stand_in_start(struct stand_in *stand_in, uv_loop_t *loop)
{
    struct error err = {0};
    int udp = -1;
    int tcp = -1;
    stand_in->loop = loop;
    for (unsigned attempt = 0; udp < 0 && attempt < 100; attempt++) {
        socklen_t len = sizeof(stand_in->address.v6);
        address_parse("127.0.0.1@1", 1, &stand_in->address, &err);
        stand_in->address.v4.sin_port = 0;
        if (tcp >= 0)
            close(tcp);
        if (address_bind(&stand_in->address, SOCK_STREAM, false, &tcp, &err) != STATUS_OK ||
            getsockname(tcp, &stand_in->address.any, &len) != 0 ||
            address_bind(&stand_in->address, SOCK_DGRAM, false, &udp, &err) != STATUS_OK)
            continue;
    }
    uv_udp_init(loop, &stand_in->udp);
    uv_tcp_init(loop, &stand_in->tcp);
    stand_in->udp.data = stand_in;
    stand_in->tcp.data = stand_in;
    require(uv_udp_open(&stand_in->udp, udp));
    require(uv_tcp_open(&stand_in->tcp, tcp));
    require(uv_udp_recv_start(&stand_in->udp, on_alloc, on_datagram));
    require(uv_listen((uv_stream_t *)&stand_in->tcp, 64, on_connection));
}

void stand_in_stop(struct stand_in *stand_in)
{
    uv_close((uv_handle_t *)&stand_in->udp, NULL);
    uv_close((uv_handle_t *)&stand_in->tcp, NULL);
}
