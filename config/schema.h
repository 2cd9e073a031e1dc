// SPDX-License-Identifier: ISC
// What the table of options (config/options.h) says, for people and for editors. All of it comes from the rows that
// read the configuration, so it cannot say anything else.
#pragma once

#include "base/buf.h"
#include "base/status.h"

// Appends a JSON Schema (draft 2020-12) of the configuration. It accepts what config_parse accepts; what no schema can
// say (names listed twice, one option against another) it lets through. For `zonegen --schema`.
void config_schema(struct buf *ret);

// Appends, for a terminal of 80 columns, what there is to know of an option and of those below it. key is as in
// messages, "box.dmarc.policy"; NULL: all options, a line each. For `zonegen --help-config [KEY]`. NOT_FOUND: there is
// no such option, with the near one in err.
enum status config_reference_text(const char *key, struct buf *ret, struct error *err);

// Appends the options as mdoc(7), for the manual page zonebox.yaml(5): sub-sections and lists of items.
void config_reference_man(struct buf *ret);
