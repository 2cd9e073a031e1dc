// SPDX-License-Identifier: ISC
// zone-signer: what the configuration asks for → signed zones in serve/. The only program that reads private keys and
// the only writer of state/ and serve/. Here are its arguments; signer/loop.h has the rest.
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "base/confine.h"
#include "base/log.h"
#include "base/service.h"
#include "config/inputs.h"
#include "keys/tls_make.h"
#include "keys/tls_spki.h"
#include "signer/loop.h"
#include "signer/source.h"

enum { EXIT_FINE = 0, EXIT_WRONG = 1, EXIT_USAGE = 2 };

static const char usage[] =
    "usage: zone-signer --config FILE [--once]\n"
    "       zone-signer --make-tls-key DIR ecdsa|rsa\n"
    "       zone-signer --inputs FD [--lifeline FD] [--control FD] [--observe FD]\n"
    "\n"
    "Makes the zones that the configuration asks for, signs and verifies them, and publishes\n"
    "them for zone-server. Watches all that they are made of, and signs again in time. What\n"
    "does not hold up is logged to standard error, and the zone stays as it was.\n"
    "\n"
    "  --config FILE   read and watch this configuration and what it names\n"
    "  --once          publish what is due, then end\n"
    "  --inputs FD     take configuration and files from zoned, through this descriptor\n"
    "  --lifeline FD   end when this pipe does\n"
    "  --control FD    answer zonebox on this listening Unix socket\n"
    "  --observe FD    ask zone-probe what the world sees, on this SEQPACKET socket\n"
    "  --make-tls-key  make the key pair of a certificate to come in DIR, for zonebox tls-next\n"
    "  --unconfined    keep all rights, for debuggers and profilers\n"
    "  --help, --version\n"
    "\n"
    "Signals: SIGHUP looks at everything again; SIGTERM and SIGINT end.\n"
    "Exit status: 0 ended as told or, with --once, all is published; 1 something is wrong;\n"
    "2 wrong use.\n";

static bool read_descriptor(const char *option, const char *text, int *ret)
{
    if (service_read_descriptor(text, ret))
        return true;
    fprintf(stderr, "zone-signer: --%s: not an open descriptor: %s\n", option, text);
    return false;
}

// Returns whether to go on; if not, *ret_exit is the exit status.
static bool read_options(int argc, char **argv, struct loop_options *ret, int *ret_exit)
{
    static const struct option known[] = {
        {"config", required_argument, NULL, 'c'},  {"once", no_argument, NULL, 'o'},
        {"inputs", required_argument, NULL, 'i'},  {"lifeline", required_argument, NULL, 'l'},
        {"control", required_argument, NULL, 's'}, {"observe", required_argument, NULL, 'b'},
        {"help", no_argument, NULL, 'h'},          {"version", no_argument, NULL, 'V'},
        {"unconfined", no_argument, NULL, 'u'},    {0},
    };
    *ret_exit = EXIT_USAGE;
    for (int option; (option = getopt_long(argc, argv, "", known, NULL)) != -1;) {
        switch (option) {
        case 'c':
            ret->config_path = optarg;
            break;
        case 'o':
            ret->once = true;
            break;
        case 'i':
            if (!read_descriptor("inputs", optarg, &ret->inputs_fd))
                return false;
            break;
        case 'l':
            if (!read_descriptor("lifeline", optarg, &ret->descriptors.lifeline))
                return false;
            break;
        case 's':
            if (!read_descriptor("control", optarg, &ret->descriptors.control))
                return false;
            break;
        case 'b':
            if (!read_descriptor("observe", optarg, &ret->observe_fd))
                return false;
            break;
        case 'u':
            ret->unconfined = true;
            break;
        case 'h':
            fputs(usage, stdout);
            *ret_exit = EXIT_FINE;
            return false;
        case 'V':
            puts("zone-signer " ZONEBOX_VERSION);
            *ret_exit = EXIT_FINE;
            return false;
        default:
            fputs("zone-signer --help says how it is used\n", stderr);
            return false;
        }
    }
    if (optind < argc || (ret->config_path == NULL) == (ret->inputs_fd < 0)) {
        fputs(
            "zone-signer: give either --config FILE or --inputs FD; zone-signer --help says more\n",
            stderr);
        return false;
    }
    return true;
}

// For zonebox, which has no business with private keys: prints the path of the pair without ending, and its digest.
static int make_tls_key(const char *directory, const char *algorithm)
{
    enum tls_algorithm kind;
    uint8_t digest[TLS_DIGEST_LEN];
    char hex[TLS_DIGEST_HEX];
    char *path = NULL;
    struct error err = {0};
    (void)confine_memory(NULL);
    umask(0);
    if (!tls_algorithm_read(algorithm, &kind)) {
        fprintf(stderr, "zone-signer: %s: no such algorithm; ecdsa or rsa\n", algorithm);
        return EXIT_USAGE;
    }
    if (tls_make(directory, kind, (int64_t)time(NULL), &path, digest, &err) != STATUS_OK) {
        fprintf(stderr, "zone-signer: %s\n", err.text);
        return EXIT_WRONG;
    }
    printf("%s %s\n", path, tls_digest_text(digest, hex));
    free(path);
    return fflush(stdout) == 0 ? EXIT_FINE : EXIT_WRONG;
}

int main(int argc, char **argv)
{
    if (argc == 4 && strcmp(argv[1], "--make-tls-key") == 0)
        return make_tls_key(argv[2], argv[3]);
    struct loop_options options = {
        .inputs_fd = -1, .observe_fd = -1, .descriptors = {.lifeline = -1, .control = -1}};
    int exit_status;
    if (!read_options(argc, argv, &options, &exit_status))
        return exit_status;
    log_open("zone-signer", LOG_LEVEL_INFO);
    struct error err = {0};
    if (!options.unconfined && confine_memory(&err) != STATUS_OK)
        log_event(LOG_LEVEL_WARNING, "memory-in-the-open", "reason", err.text, NULL);
    umask(0); // everything is made with the mode that it should have, from the start
    struct inputs *inputs = NULL;
    struct config_errors errors = {0};
    if (options.config_path != NULL &&
        inputs_read(options.config_path, &inputs, &errors) != STATUS_OK) {
        source_log_errors(&errors);
        return EXIT_WRONG;
    }
    return loop_run(&options, inputs);
}
