// SPDX-License-Identifier: ISC
// The addresses of the box that could be served on or published: those of interfaces that are up, without loopback and
// link-local ones, and without IPv6 addresses that come and go (temporary ones of RFC 8981, deprecated, not yet or
// not validly assigned).
#pragma once

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/address.h"

// Sorted (IPv4 first), each once, port 0. The caller frees the array.
void interfaces_addresses(struct address **ret, size_t *ret_count);

// Does the text of /proc/net/if_inet6 have the address, without a flag that says it will go?
bool interfaces_is_stable(const char *if_inet6, const struct in6_addr *address);

// Order of the result above: negative, 0, positive.
int interfaces_compare(const void *left, const void *right);
