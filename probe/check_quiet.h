// SPDX-License-Identifier: ISC
// Who has not answered for long is not asked any more. A server has many zones: were each of them to wait for one that
// is down, a check of ten thousand zones would take hours to say the same of all.
#pragma once

#include <stdbool.h>

#include "base/address.h"

// Questions without an answer, one behind the other, over one transport.
#define QUIET_MAX 12
// Of the resolver: names that it gets no answer for are not its fault, and the records of one zone can lead to a
// hundred. The zones behind that one are to be checked all the same.
#define QUIET_RESOLVER_MAX 400

struct quiet; // by address, port and transport

struct quiet *quiet_new(const struct address *resolver);
void quiet_free(struct quiet *quiet); // NULL is fine
// Is it not worth asking?
bool quiet_is(const struct quiet *quiet, const struct address *server, bool tcp);
// How one question ended.
void quiet_note(struct quiet *quiet, const struct address *server, bool tcp, bool answered);
