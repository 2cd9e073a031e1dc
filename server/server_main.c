// SPDX-License-Identifier: ISC
// zone-server: answers DNS queries over UDP and TCP from the zone images in serve/. It reads nothing but the store, and
// whoever asks. Here are its arguments; server/worker.h has the rest.
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/address.h"
#include "base/log.h"
#include "base/service.h"
#include "dns/types.h"
#include "server/worker.h"

enum { EXIT_WRONG = 1, EXIT_USAGE = 2 };

// A worker's share. One connection costs about a kilobyte while it is idle.
#define TCP_CONNECTIONS_DEFAULT 512
#define TCP_CONNECTIONS_MAX     100000
// RFC 7766 §6.2.3 wants "of the order of a few seconds"; Knot has as much.
#define TCP_IDLE_DEFAULT_MS 10000
#define TCP_IDLE_MAX_MS     3600000

static const char usage[] =
    "usage: zone-server --serve DIR (--listen ADDRESS@PORT... | --sockets N) [OPTION...]\n"
    "Answers DNS queries from the zones in DIR, which zone-signer writes. It may start\n"
    "before there are any and notices each change by itself.\n"
    "\n"
    "  --serve DIR          the store of signed zones\n"
    "  --listen ADDR[@PORT] serve UDP and TCP there; may be repeated; port 53 by default\n"
    "  --sockets N          serve the bound sockets on descriptors 3 to 3+N-1 instead\n"
    "  --standby M          take over the M sockets behind them when told to\n"
    "  --tcp-connections N  TCP connections at a time (512)\n"
    "  --tcp-idle MS        close a connection without a query for so long (10000)\n"
    "  --lifeline FD        end when this pipe does\n"
    "  --control FD         answer zonebox on this listening Unix socket\n"
    "  --unconfined         keep all rights, for debuggers and profilers\n"
    "  --help, --version\n";

static bool read_number(const char *option, const char *text, unsigned most, unsigned *ret)
{
    char *end;
    errno = 0;
    unsigned long value = strtoul(text, &end, 10);
    if (text[0] < '0' || text[0] > '9' || *end != '\0' || errno != 0 || value > most) {
        fprintf(stderr, "zone-server: --%s: not a number from 0 to %u: %s\n", option, most, text);
        return false;
    }
    *ret = (unsigned)value;
    return true;
}

static bool read_descriptor(const char *option, const char *text, int *ret)
{
    if (service_read_descriptor(text, ret))
        return true;
    fprintf(stderr, "zone-server: --%s: not an open descriptor: %s\n", option, text);
    return false;
}

static bool read_listen(struct worker_options *options, const char *text)
{
    struct error err = {0};
    if (options->listen_count == WORKER_SOCKETS_MAX / 2) {
        fprintf(stderr, "zone-server: --listen: at most %d addresses\n", WORKER_SOCKETS_MAX / 2);
        return false;
    }
    if (address_parse(text, DNS_PORT, &options->listen[options->listen_count], &err) != STATUS_OK) {
        fprintf(stderr, "zone-server: --listen: %s\n", err.text);
        return false;
    }
    options->listen_count++;
    return true;
}

static bool read_option(struct worker_options *options, int option, const char *name)
{
    switch (option) {
    case 's':
        options->directory = optarg;
        return true;
    case 'l':
        return read_listen(options, optarg);
    case 'n':
        return read_number(name, optarg, WORKER_SOCKETS_MAX, &options->sockets);
    case 'c':
        return read_number(name, optarg, TCP_CONNECTIONS_MAX, &options->tcp_connections);
    case 'i':
        return read_number(name, optarg, TCP_IDLE_MAX_MS, &options->tcp_idle_ms);
    case 'm':
        return read_number(name, optarg, WORKER_STANDBY_MAX, &options->standby);
    case 'f':
        return read_descriptor(name, optarg, &options->descriptors.lifeline);
    case 'o':
        return read_descriptor(name, optarg, &options->descriptors.control);
    case 'u':
        options->unconfined = true;
        return true;
    default:
        return false;
    }
}

// Returns whether to go on; if not, *ret_exit is the exit status.
static bool read_options(int argc, char **argv, struct worker_options *options, int *ret_exit)
{
    static const struct option table[] = {
        {"serve", required_argument, NULL, 's'},
        {"listen", required_argument, NULL, 'l'},
        {"sockets", required_argument, NULL, 'n'},
        {"tcp-connections", required_argument, NULL, 'c'},
        {"tcp-idle", required_argument, NULL, 'i'},
        {"standby", required_argument, NULL, 'm'},
        {"control", required_argument, NULL, 'o'},
        {"lifeline", required_argument, NULL, 'f'},
        {"unconfined", no_argument, NULL, 'u'},
        {"help", no_argument, NULL, 'h'},
        {"version", no_argument, NULL, 'v'},
        {0},
    };
    int option;
    int index = 0;
    *ret_exit = EXIT_USAGE;
    while ((option = getopt_long(argc, argv, "", table, &index)) != -1) {
        if (option == 'h' || option == 'v') {
            fputs(option == 'h' ? usage : "zone-server " ZONEBOX_VERSION "\n", stdout);
            *ret_exit = EXIT_SUCCESS;
            return false;
        }
        if (option == '?' || !read_option(options, option, table[index].name))
            return false;
    }
    if (optind < argc)
        fprintf(stderr, "zone-server: what is this: %s\n", argv[optind]);
    else if (options->directory == NULL)
        fputs("zone-server: --serve DIR is missing\n", stderr);
    else if ((options->listen_count > 0) == (options->sockets > 0))
        fputs("zone-server: either --listen or --sockets is needed\n", stderr);
    else if (options->standby > 0 && options->sockets == 0)
        fputs("zone-server: --standby goes with --sockets\n", stderr);
    else
        return true;
    return false;
}

int main(int argc, char **argv)
{
    struct worker_options options = {
        .tcp_connections = TCP_CONNECTIONS_DEFAULT,
        .tcp_idle_ms = TCP_IDLE_DEFAULT_MS,
        .descriptors = {.lifeline = -1, .control = -1},
    };
    int exit_status;
    if (!read_options(argc, argv, &options, &exit_status))
        return exit_status;
    log_open("zone-server", LOG_LEVEL_INFO);
    return worker_run(&options) ? EXIT_SUCCESS : EXIT_WRONG;
}
