// SPDX-License-Identifier: ISC
// One libunbound context: its configuration as a text of unbound.conf(5), and the context made of it. All that matters
// is written out, since the library's defaults are not those of Unbound (docs/decisions/011-libunbound.md). The
// text can be judged by unbound-checkconf and run by unbound itself.
#pragma once

#include <stdbool.h>

#include "base/buf.h"
#include "base/status.h"
#include "resolver/anchors.h"
#include "resolver/engine.h"
#include "resolver/events.h"
#include "resolver/own_zones.h"

struct context_plan {
    const struct engine_settings *settings; // its forwards as resolver/forwards.h has them
    const struct anchors *anchors;
    const struct own_zones *own_zones; // NULL: none
    bool asks_loopback;                // context_asks_loopback's answer
    bool follows; // for the follower: keeps the anchors' state files, few questions, no own zones
};

// Pure.
void context_text(const struct context_plan *plan, struct buf *ret);

// Is somebody on loopback to be asked: a forwarder, the own server, a root server of a private tree? Otherwise nothing
// there ever is, whatever the world's name servers claim to be their addresses. Reads the root hints.
enum status context_asks_loopback(const struct engine_settings *settings, bool *ret,
                                  struct error *err);

// What contexts are made with; must outlive them.
struct contexts {
    struct events events;
    int settings_fd; // a file in memory: libunbound reads settings from files only. Made before the program is confined
};
enum status contexts_init(struct contexts *contexts, uv_loop_t *loop, struct error *err);
void contexts_done(struct contexts *contexts);

// The caller releases *ret with ub_ctx_delete, which must not be called from a callback of libunbound, and closes the
// log of all contexts (resolver/unbound_log.h). Some settings are looked at with the first question only.
enum status context_new(struct contexts *contexts, const struct buf *text, struct ub_ctx **ret,
                        struct error *err);
