// SPDX-License-Identifier: ISC
// What must hold between options, once each of them is right by itself.
#pragma once

#include "config/read.h"

#define NAME_MAX_OCTETS 253 // RFC 1035 §2.3.4: 255 on the wire

// Complains of: names too long for the records that are made below them, signatures renewed before they are made,
// sockets taken twice, users with two programs, SPF records that nobody evaluates to the end; and of what check_domains
// finds.
void check_config(const struct reader *reader);
// How zones are signed: what one option of `dnssec:` says against another.
void check_policies(const struct reader *reader);
// Domains listed twice, options of a domain that contradict each other, zones that have no place.
void check_domains(const struct reader *reader);
// Is it a zone of addresses (in-addr.arpa, ip6.arpa)?
bool check_is_reverse(const char *name);
