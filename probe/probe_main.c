// SPDX-License-Identifier: ISC
// zone-probe: looks at zones and mail servers from outside, as the world does. It has no key, no file and no store:
// probe/program.h has its parts, probe/servers.h and probe/tls.h what it can see.
#include "base/log.h"
#include "probe/program.h"

int main(int argc, char **argv)
{
    struct options options;
    int code = options_read(argc, argv, &options);
    if (code != ARGUMENTS_FINE)
        return code;
    log_open("zone-probe", options.check ? LOG_LEVEL_WARNING : LOG_LEVEL_INFO);
    return program_run(&options);
}
