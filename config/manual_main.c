// SPDX-License-Identifier: ISC
// Makes the manual page zonebox.yaml(5) while zonebox is built: copies standard input to standard output and puts the
// options where the line "@OPTIONS@" is. Not installed.
#include <stdio.h>
#include <string.h>

#include "config/schema.h"

int main(void)
{
    char line[1000];
    struct buf options = {0};
    config_reference_man(&options);
    while (fgets(line, sizeof(line), stdin) != NULL) {
        if (strcmp(line, "@OPTIONS@\n") == 0)
            fwrite(options.data, 1, options.len, stdout);
        else
            fputs(line, stdout);
    }
    buf_done(&options);
    return ferror(stdin) != 0 || fflush(stdout) != 0 ? 1 : 0;
}
