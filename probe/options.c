// SPDX-License-Identifier: ISC
#include "probe/options.h"

#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "dns/types.h"
#include "probe/ask.h"
#include "probe/tls.h"

enum { EXIT_USAGE = 2 };

#define RESOLVER    "127.0.0.1@53"
#define AUTHORITIES "/etc/ssl/certs/ca-certificates.crt" // of Debian's ca-certificates
#define TIMEOUT_MAX 60                                   // seconds
// A TLS connection has this many times what a question has: it is made of more steps.
#define TLS_TIMES (TLS_TIMEOUT_DEFAULT_MS / ASK_TIMEOUT_DEFAULT_MS)

static const char usage[] =
    "usage: zone-probe --check [OPTION...] < JSON\n"
    "       zone-probe [--control FD] [--observe FD] [OPTION...]\n"
    "Looks at zones and mail servers as the world sees them: every server at every address.\n"
    "\n"
    "  --check             read what zones should say (zonegen --dump --json), write a\n"
    "                      verdict a line, and end: 0 nothing is wrong, 1 something is\n"
    "  --observe FD        answer zone-signer on this SEQPACKET socket\n"
    "  --resolver ADDR[@PORT]  who is asked where servers are (" RESOLVER ")\n"
    "  --timeout SECONDS   for a question (5); a TLS connection has three times that\n"
    "  --authorities FILE  whom to believe that names are theirs\n"
    "                      (" AUTHORITIES ")\n"
    "  --lifeline FD       end when this pipe does\n"
    "  --control FD        answer zonebox on this listening Unix socket\n"
    "  --unconfined        keep all rights, for debuggers and profilers\n"
    "  --help, --version\n";

static bool complain(const char *format, ...) __attribute__((format(printf, 1, 2)));
static bool complain(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fputs("zone-probe: ", stderr);
    vfprintf(stderr, format, arguments);
    fputs("\n", stderr);
    va_end(arguments);
    return false;
}

static bool read_timeout(struct options *options)
{
    char *end;
    errno = 0;
    double seconds = strtod(optarg, &end);
    if (*end != '\0' || end == optarg || errno != 0 || !(seconds >= 0.1) || seconds > TIMEOUT_MAX)
        return complain("--timeout: not a number of seconds from 0.1 to %d: %s", TIMEOUT_MAX,
                        optarg);
    options->timeout_ms = (unsigned)(seconds * 1000);
    options->tls_timeout_ms = options->timeout_ms * TLS_TIMES;
    return true;
}

static bool read_resolver(struct options *options)
{
    struct error err = {0};
    return address_parse(optarg, DNS_PORT, &options->resolver, &err) == STATUS_OK ||
           complain("--resolver: %s", err.text);
}

static bool read_descriptor(const char *name, int *ret)
{
    return service_read_descriptor(optarg, ret) ||
           complain("--%s: not an open descriptor: %s", name, optarg);
}

static bool read_option(struct options *options, int option, const char *name)
{
    switch (option) {
    case 'k':
        options->check = true;
        return true;
    case 'o':
        return read_descriptor(name, &options->observe);
    case 'r':
        return read_resolver(options);
    case 't':
        return read_timeout(options);
    case 'a':
        options->authorities = optarg;
        options->authorities_given = true;
        return true;
    case 'L':
        return read_descriptor(name, &options->descriptors.lifeline);
    case 'C':
        return read_descriptor(name, &options->descriptors.control);
    case 'u':
        options->unconfined = true;
        return true;
    default:
        return false;
    }
}

static bool check(const struct options *options)
{
    bool serves = options->observe >= 0 || options->descriptors.control >= 0;
    if (options->check && serves)
        return complain("--check is alone: without --observe and --control");
    return options->check || serves ||
           complain("either --check or --observe or --control is needed");
}

bool options_read(int argc, char **argv, struct options *ret, int *ret_exit)
{
    static const struct option table[] = {
        {"check", no_argument, NULL, 'k'},
        {"observe", required_argument, NULL, 'o'},
        {"resolver", required_argument, NULL, 'r'},
        {"timeout", required_argument, NULL, 't'},
        {"authorities", required_argument, NULL, 'a'},
        {"lifeline", required_argument, NULL, 'L'},
        {"control", required_argument, NULL, 'C'},
        {"unconfined", no_argument, NULL, 'u'},
        {"help", no_argument, NULL, 'h'},
        {"version", no_argument, NULL, 'v'},
        {0},
    };
    int option;
    int index = 0;
    *ret = (struct options){.timeout_ms = ASK_TIMEOUT_DEFAULT_MS,
                            .tls_timeout_ms = TLS_TIMEOUT_DEFAULT_MS,
                            .authorities = AUTHORITIES,
                            .observe = -1,
                            .descriptors = {.lifeline = -1, .control = -1}};
    address_parse(RESOLVER, DNS_PORT, &ret->resolver, NULL);
    *ret_exit = EXIT_USAGE;
    while ((option = getopt_long(argc, argv, "", table, &index)) != -1) {
        if (option == 'h' || option == 'v') {
            fputs(option == 'h' ? usage : "zone-probe " ZONEBOX_VERSION "\n", stdout);
            *ret_exit = EXIT_SUCCESS;
            return false;
        }
        if (option == '?' || !read_option(ret, option, table[index].name))
            return false;
    }
    if (optind < argc)
        return complain("what is this: %s", argv[optind]);
    return check(ret);
}
