// SPDX-License-Identifier: ISC
// The endpoint for Prometheus: GET /metrics over HTTP/1.1, on loopback, one request a connection. Everything that a
// client can make grow has a bound: connections (METRICS_CONNECTIONS_MAX, others wait in the kernel), the head of a
// request (server/http_get.h), time (METRICS_TIME_MS from accept to close).
//
// The text is made once for each request, in a fraction of a millisecond per worker; it waits like any other event.
#pragma once

#include <uv.h>

#include "base/buf.h"

#define METRICS_CONNECTIONS_MAX 8
#define METRICS_TIME_MS         5000

struct metrics_http;

// `write` makes the text. Serves a listening socket, which is its own from now on. On failure (negative libuv code)
// *ret is there all the same, and wants to be closed.
int metrics_http_open(uv_loop_t *loop, int fd, void (*write)(void *data, struct buf *ret),
                      void *data, struct metrics_http **ret);
// Accepts no more, and closes what is open; memory is released when the loop has run on. NULL is fine.
void metrics_http_close(struct metrics_http *http);
