// SPDX-License-Identifier: ISC
#include "daemon/network.h"

#include <errno.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>
#include <unistd.h>

int network_watch_open(void)
{
    int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, NETLINK_ROUTE);
    if (fd < 0)
        return -1;
    struct sockaddr_nl groups = {
        .nl_family = AF_NETLINK,
        .nl_groups = RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR,
    };
    if (bind(fd, (struct sockaddr *)&groups, sizeof(groups)) != 0) {
        close(fd);
        return -1;
    }
    return fd;
}

bool network_watch_drain(int fd)
{
    char message[8192]; // what does not fit is cut off: nobody reads it
    for (;;) {
        ssize_t got = recv(fd, message, sizeof(message), 0);
        if (got > 0 || (got < 0 && (errno == EINTR || errno == ENOBUFS))) // ENOBUFS: some were lost
            continue;
        return got < 0 && errno == EAGAIN;
    }
}
