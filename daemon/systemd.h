// SPDX-License-Identifier: ISC
// What a service manager gives zoned and hears from it: the protocols of sd_listen_fds(3) and sd_notify(3), which are
// a few environment variables and datagrams.
//
// Sockets (LISTEN_FDS) are told apart by name (FileDescriptorName= of the socket unit):
//
//   dns        where the name server answers, in the place of `server: listen:`
//   dns-tls    where it answers over TLS, in the place of `server: tls: listen:`
//   resolver   where the resolver answers, in the place of `resolver: listen:`
//
// Each address comes with both UDP and TCP (RFC 7766 §5), with TCP alone for TLS, and is one address: from a wildcard
// answers might leave by another than was asked. All workers share the one socket of an address, since who bound it
// decides about SO_REUSEPORT; zoned's own, one for each worker, are faster with many.
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <uv.h>

#include "base/status.h"
#include "daemon/listen.h"

enum systemd_kind { SYSTEMD_SERVER, SYSTEMD_TLS, SYSTEMD_RESOLVER, SYSTEMD_KINDS };

struct systemd {
    int notify; // -1: nobody wants to hear
    struct sockaddr_un address;
    socklen_t address_len;
    uint64_t watchdog_ms; // 0: nobody watches; else who says nothing for so long is killed
    struct systemd_sockets {
        struct listen_given *list;
        size_t count;
    } sockets[SYSTEMD_KINDS];
    uv_timer_t watchdog; // of systemd_watch
};

// Takes over what the environment says, and takes it out of the environment. On failure a socket was handed over that
// cannot be served; err names it.
enum status systemd_open(struct systemd *systemd, struct error *err);
// Lines `VARIABLE=value`, as printf writes them. Nothing when nobody wants to hear.
void systemd_tell(const struct systemd *systemd, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void systemd_close(struct systemd *systemd);

// Says from the loop that it goes round, twice as often as is wanted.
void systemd_watch(struct systemd *systemd, uv_loop_t *loop);
void systemd_unwatch(struct systemd *systemd);
