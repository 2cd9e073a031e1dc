// SPDX-License-Identifier: ISC
#include "server/tcp.h"

#include <errno.h>
#include <sys/socket.h>

static ssize_t failure(int wait)
{
    return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR ? wait : WAY_LOST;
}

static ssize_t tcp_read(void *own, int fd, uint8_t *octets, size_t cap)
{
    (void)own;
    ssize_t len = recv(fd, octets, cap, 0);
    return len >= 0 ? len : failure(WAY_WAIT_READ);
}

static ssize_t tcp_write(void *own, int fd, const uint8_t *octets, size_t len)
{
    (void)own;
    ssize_t taken = send(fd, octets, len, MSG_NOSIGNAL);
    return taken >= 0 ? taken : failure(WAY_WAIT_WRITE);
}

static bool tcp_end(void *own, int fd)
{
    (void)own;
    return shutdown(fd, SHUT_WR) == 0;
}

const struct connection_way tcp_way = {
    .transport = TRANSPORT_TCP, .read = tcp_read, .write = tcp_write, .end = tcp_end};
