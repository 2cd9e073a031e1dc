// SPDX-License-Identifier: ISC
// What libunbound has to complain about, as lines of our log. Its messages are few at verbosity 0, but a stranger's
// server may cause them: LINES_MAX a minute are written, the others counted.
#pragma once

#include <stdio.h>

// A stream for ub_ctx_debugout, made once and kept; NULL when there is no memory for it. The contexts share it, as
// libunbound has one log for all of them. ub_ctx_delete closes that log: set it again on a context that stays.
FILE *unbound_log(void);
