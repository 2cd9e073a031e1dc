// SPDX-License-Identifier: ISC
// What zone-resolver tells on its control socket.
#pragma once

#include <jansson.h>

#include "resolver/engine.h"
#include "resolver/front.h"

void status_fill(const struct engine_settings *settings, const struct engine *engine,
                 const struct front *front, json_t *reply);
