// SPDX-License-Identifier: ISC
// zone-resolver: the validating resolver of this host, on loopback only. It has no key and no zone, and asks the world:
// resolver/program.h has its parts, resolver/engine.h the story.
#include <stdlib.h>

#include "base/log.h"
#include "resolver/program.h"

int main(int argc, char **argv)
{
    static struct options options;
    int code = options_read(argc, argv, &options);
    if (code != ARGUMENTS_FINE)
        return code;
    log_open("zone-resolver", LOG_LEVEL_INFO);
    return program_run(&options) ? EXIT_SUCCESS : EXIT_FAILURE;
}
