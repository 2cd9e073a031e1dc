// SPDX-License-Identifier: ISC
// What goes out instead of a reply that is beyond the rate limit (server/limits.h): its header with TC, its question,
// and its OPT, in which a client that sent half a cookie finds the other. The client, if there is one, asks again
// over TCP or with the cookie. No longer than the query, but for what its options asked for.
#pragma once

#include <stddef.h>
#include <stdint.h>

// Shortens a reply of reply_write in place and returns its new length. NXDOMAIN becomes NOERROR: what is cut says
// nothing of the name.
size_t slip_make(uint8_t *reply, size_t len);
