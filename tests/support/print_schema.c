// SPDX-License-Identifier: ISC
// The JSON Schema of the configuration, as the library of config/ writes it, on standard output.
#include <stdio.h>

#include "config/schema.h"

int main(void)
{
    struct buf schema = {0};
    config_schema(&schema);
    fwrite(schema.data, 1, schema.len, stdout);
    buf_done(&schema);
    return fflush(stdout) != 0 ? 1 : 0;
}
