// SPDX-License-Identifier: ISC
// The head of an HTTP request (RFC 9112), read as far as a server needs that has one page. Pure.
#pragma once

#include <stdbool.h>
#include <stddef.h>

// Collectors send some hundred octets.
#define HTTP_GET_HEAD_MAX 4096

// The status of the answer to the octets that have come: 200 for a GET of this path (or HEAD, *ret_head_only), else
// why not; 0: there is more to come.
unsigned http_get_read(const char *octets, size_t len, const char *path, bool *ret_head_only);
// "OK", of those that it returns.
const char *http_get_reason(unsigned status);
