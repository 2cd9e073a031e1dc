// SPDX-License-Identifier: ISC
// What tls.c and tls_ask.c share. Internal to signer/.
#pragma once

#include "signer/publisher.h"
#include "signer/tls.h"

// Logs what the plan has to say.
void tls_tell(const struct publisher *publisher, const struct tls_events *events);
// The file that the key comes from, or NULL.
const char *tls_file_of(const struct inputs *inputs, const uint8_t digest[TLS_DIGEST_LEN]);
// The zone with the host name, or NULL.
const struct zone *tls_host_zone(const struct publisher *publisher);
// When the next question is due, or a round is over.
int64_t tls_ask_next(const struct publisher *publisher, int64_t now);
