// SPDX-License-Identifier: ISC
// What must hold between options, once each of them is right by itself.
#pragma once

#include "config/read.h"

// Complains of: domains listed twice, a presigned zone without its file, names too long for the
// records that are generated below them, signatures renewed before they are made.
void check_config(const struct reader *reader);
