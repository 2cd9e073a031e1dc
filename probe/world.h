// SPDX-License-Identifier: ISC
// What zone-probe lends to whoever looks at the world; outlives them.
#pragma once

#include <uv.h>

#include "probe/resolve.h"
#include "probe/tls.h"

struct probe_world {
    uv_loop_t *loop;
    struct resolver resolver; // with the asker
    struct tls_client *tls;
};
