// SPDX-License-Identifier: ISC
// DNS over TCP (RFC 7766, RFC 9210): the way of octets without anything around them. server/connections.h has the rest.
#pragma once

#include "server/connections.h"

extern const struct connection_way tcp_way;
