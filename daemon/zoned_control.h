// SPDX-License-Identifier: ISC
// What zoned answers on its own control socket, zoned.sock (base/control.h). Times are Unix seconds.
//
//   status   {"pid":N,"version":T,"since":N,"config":PATH,
//             "config-error":T|null       why the configuration's file is not the one in force; lines
//             "listen-error":T|null       why the addresses are not those of the configuration; lines
//             "programs":[{"name":T,"pid":N|null,"state":"running|ending|waiting|idle","since":N|null,
//                          "restarts":N,"last-exit":T|null,"last-error":T|null,"last-error-at":N|null}, …],
//             "listen":["192.0.2.1@53", …], "listen-tls":[…],
//             "metrics":"127.0.0.1@9153"|null
//             "sockets":{"zone-signer":PATH, …}}    of the programs that run
//   reload   looks at all inputs again: {"taken-over":true,"errors":[]}, or what is wrong, a line each, and all goes on
//            as it was
#pragma once

#include "daemon/zoned.h"

// Makes the socket and serves it. Without one zoned goes on: that is a warning.
void zoned_control_open(struct zoned *zoned);
void zoned_control_close(struct zoned *zoned); // a second call does nothing
