// SPDX-License-Identifier: ISC
// zone-server: answers DNS queries over UDP and TCP from the zone images in serve/. It reads nothing but the store, and
// whoever asks. Here are its arguments; server/worker.h has the rest.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arguments.h"
#include "base/log.h"
#include "base/service.h"
#include "dns/types.h"
#include "server/handshakes.h"
#include "server/limits.h"
#include "server/tls.h"
#include "server/worker.h"

// A worker's share (docs/decisions/033-tcp-connections.md).
#define TCP_CONNECTIONS_DEFAULT 512
#define TCP_CONNECTIONS_MAX     100000
// A client needs one or two (RFC 7766 §6.2.2), but many may be behind one address; those of eight
// addresses fill the server.
#define TCP_PER_ADDRESS_DEFAULT 64
// RFC 7766 §6.2.3 wants "of the order of a few seconds"; Knot has as much.
#define TCP_IDLE_DEFAULT_MS 10000
#define TCP_IDLE_MAX_MS     3600000

// An address takes some 2% of a core, and a farm behind one gets all it may have within 3 s (decision 035).
#define TLS_HANDSHAKES_DEFAULT 20

// As NSD; decision 034.
#define RATE_LIMIT_DEFAULT      200
#define RATE_LIMIT_SLIP_DEFAULT 2

static const char usage[] =
    "usage: zone-server --serve DIR (--listen ADDR@PORT... | --sockets N) [OPTION...]\n"
    "       zone-server --certificate FD --check\n"
    "Answers DNS queries from the zones in DIR, which zone-signer writes and changes.\n"
    "--nsid, --chaos-id, --chaos-version TEXT tell who this is; --no-cookies: none.\n"
    "\n";

static enum status check(void *data, struct error *err)
{
    const struct worker_options *options = data;
    if (options->check && options->certificate >= 0)
        return STATUS_OK;
    if (options->check)
        return error_set(err, STATUS_SYNTAX, "--check goes with --certificate");
    if (options->directory == NULL)
        return error_set(err, STATUS_SYNTAX, "--serve DIR is missing");
    if ((options->listen_count > 0) == (options->sockets > 0))
        return error_set(err, STATUS_SYNTAX, "either --listen or --sockets is needed");
    if (options->tls != (options->certificate >= 0))
        return error_set(err, STATUS_SYNTAX, "--tls and --certificate go together");
    if (options->standby > 0 && options->sockets == 0)
        return error_set(err, STATUS_SYNTAX, "--standby goes with --sockets");
    return STATUS_OK;
}

static enum status read_told(const struct argument *argument, const char *text, void *to,
                             struct error *err)
{
    if (strlen(text) > IDENTITY_TEXT_MAX)
        return error_set(err, STATUS_RANGE, "longer than %d octets", IDENTITY_TEXT_MAX);
    return argument_text(argument, text, to, err);
}

static const struct worker_options defaults = {
    .certificate = -1,
    .tcp_connections = TCP_CONNECTIONS_DEFAULT,
    .tcp_connections_per_address = TCP_PER_ADDRESS_DEFAULT,
    .tcp_idle_ms = TCP_IDLE_DEFAULT_MS,
    .tls_handshakes = TLS_HANDSHAKES_DEFAULT,
    .rate_limit = RATE_LIMIT_DEFAULT,
    .rate_limit_slip = RATE_LIMIT_SLIP_DEFAULT,
    .reports = {.statistics = -1},
    .secrets = -1,
    .descriptors = {.lifeline = -1, .control = -1},
};

// As arguments_read.
static int read_options(int argc, char **argv, struct worker_options *ret)
{
    const struct argument options[] = {
        {"serve", "DIR", argument_text, &ret->directory, .help = "the store of signed zones"},
        {"listen", "ADDR[@PORT]", argument_address, ARGUMENT_LIST(ret->listen, &ret->listen_count),
         .port = DNS_PORT, .help = "UDP and TCP there (port 53); repeatable"},
        {"sockets", "N", argument_number, &ret->sockets, .most = SOCKETS_MAX,
         .help = "instead: descriptors 3 to 3+N-1, bound"},
        {"standby", "M", argument_number, &ret->standby, .most = SOCKETS_STANDBY_MAX,
         .help = "behind them: taken over when told to"},
        {"tls", NULL, argument_flag, &ret->tls,
         .help = "TLS only: --certificate FD --tls-handshakes N"},
        {"certificate", "FD", argument_descriptor, &ret->certificate, .help = NULL},
        {"check", NULL, argument_flag, &ret->check, .help = NULL},
        {"tls-handshakes", "N", argument_number, &ret->tls_handshakes, .most = HANDSHAKES_RATE_MAX,
         .help = NULL},
        {"tcp-connections", "N", argument_number, &ret->tcp_connections,
         .most = TCP_CONNECTIONS_MAX, .help = "TCP connections at a time (512)"},
        {"tcp-connections-per-address", "N", argument_number, &ret->tcp_connections_per_address,
         .most = TCP_CONNECTIONS_MAX, .help = "of these, from one address or IPv6 /64 (64)"},
        {"tcp-idle", "MS", argument_number, &ret->tcp_idle_ms, .most = TCP_IDLE_MAX_MS,
         .help = "close connections idle for so long (10000)"},
        {"rate-limit", "N", argument_number, &ret->rate_limit, .most = LIMITS_RATE_MAX,
         .help = "replies to a network per second; 0: all (200)"},
        {"rate-limit-slip", "N", argument_number, &ret->rate_limit_slip, .most = LIMITS_SLIP_MAX,
         .help = "beyond it send one of N, cut; 0: none (2)"},
        {"set-aside", "IMAGE", quarantine_argument,
         ARGUMENT_LIST(ret->aside.ids, &ret->aside.count),
         .help = "do not answer from this image; repeatable"},
        {"statistics", "FD", argument_descriptor, &ret->reports.statistics,
         .help = "count in the memory that all workers share"},
        {"worker", "I", argument_number, &ret->reports.index, .most = UINT8_MAX,
         .help = "which of them this is (0)"},
        {"metrics", "ADDR@PORT|FD", reports_argument, &ret->reports.metrics,
         .help = "numbers for Prometheus, over HTTP"},
        {"secrets", "FD", argument_descriptor, &ret->secrets,
         .help = "make cookies with these (its own)"},
        {"no-cookies", NULL, argument_flag, &ret->no_cookies, .help = NULL},
        {"nsid", "TEXT", read_told, &ret->identity.nsid, .help = NULL},
        {"chaos-id", "TEXT", read_told, &ret->identity.name, .help = NULL},
        {"chaos-version", "TEXT", read_told, &ret->identity.version, .help = NULL},
        SERVICE_ARGUMENTS(ret),
    };
    *ret = defaults;
    return arguments_read(&(struct argument_table){.program = "zone-server",
                                                   .usage = usage,
                                                   .options = options,
                                                   .option_count = ARGUMENT_COUNT(options),
                                                   .check = check,
                                                   .data = ret},
                          argc, argv);
}

// Whoever renews a certificate asks this before a program that serves is replaced.
static int check_certificate(int fd)
{
    struct error err = {0};
    struct tls *tls = NULL;
    if (tls_new(fd, &tls, &err) != STATUS_OK) {
        puts(err.text);
        return EXIT_FAILURE;
    }
    tls_free(tls);
    return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
    struct worker_options options;
    int code = read_options(argc, argv, &options);
    if (code != ARGUMENTS_FINE)
        return code;
    if (options.check)
        return check_certificate(options.certificate);
    log_open("zone-server", LOG_LEVEL_INFO);
    return worker_run(&options) ? EXIT_SUCCESS : EXIT_FAILURE;
}
