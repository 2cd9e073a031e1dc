// SPDX-License-Identifier: ISC
// The forwarders as libunbound is told of them: those over TLS by the relay that speaks it (resolver/tls_relay.h).
#pragma once

#include "resolver/engine.h"
#include "resolver/tls_relay.h"

struct forwards {
    struct engine_forward *list; // each with the address to go to; tls_name: through a relay
    struct tls_relay **relays;   // of each, NULL where it is asked plainly
    size_t count;
};

// Opens the relays. On failure what was opened is closed again.
enum status forwards_open(uv_loop_t *loop, const struct engine_settings *settings,
                          struct forwards *ret, struct error *err);
void forwards_close(struct forwards *forwards);
