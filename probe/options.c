// SPDX-License-Identifier: ISC
#include "probe/options.h"

#include <errno.h>
#include <stdlib.h>

#include "base/arguments.h"
#include "dns/types.h"
#include "probe/ask.h"
#include "probe/tls.h"

#define RESOLVER    "127.0.0.1@53"
#define AUTHORITIES "/etc/ssl/certs/ca-certificates.crt" // of Debian's ca-certificates
#define TIMEOUT_MAX 60                                   // seconds
// A TLS connection has this many times what a question has: it is made of more steps.
#define TLS_TIMES (TLS_TIMEOUT_DEFAULT_MS / ASK_TIMEOUT_DEFAULT_MS)

static const char usage[] =
    "usage: zone-probe --check [OPTION...] < JSON\n"
    "       zone-probe [--control FD] [--observe FD] [OPTION...]\n"
    "Looks at zones and mail servers as the world sees them: every server at every\n"
    "address.\n"
    "\n";

static enum status read_timeout(const struct argument *argument, const char *text, void *to,
                                struct error *err)
{
    char *end;
    (void)argument;
    errno = 0;
    double seconds = strtod(text, &end);
    if (*end != '\0' || end == text || errno != 0 || !(seconds >= 0.1) || seconds > TIMEOUT_MAX)
        return error_set(err, STATUS_SYNTAX, "not a number of seconds from 0.1 to %d: %s",
                         TIMEOUT_MAX, text);
    *(unsigned *)to = (unsigned)(seconds * 1000);
    return STATUS_OK;
}

static enum status check(void *data, struct error *err)
{
    struct options *options = data;
    bool serves = options->observe >= 0 || options->descriptors.control >= 0;
    if (options->check && serves)
        return error_set(err, STATUS_SYNTAX, "--check is alone: without --observe and --control");
    if (!options->check && !serves)
        return error_set(err, STATUS_SYNTAX, "either --check or --observe or --control is needed");
    options->tls_timeout_ms = options->timeout_ms * TLS_TIMES;
    options->authorities_given = options->authorities != NULL;
    if (!options->authorities_given)
        options->authorities = AUTHORITIES;
    return STATUS_OK;
}

int options_read(int argc, char **argv, struct options *ret)
{
    const struct argument options[] = {
        {"check", NULL, argument_flag, &ret->check,
         .help = "read what zones should say (zonegen --dump --json),\n"
                 "write a verdict a line, and end: 0 nothing is wrong,\n"
                 "1 something is"},
        {"observe", "FD", argument_descriptor, &ret->observe,
         .help = "answer zone-signer on this SEQPACKET socket"},
        {"resolver", "ADDR[@PORT]", argument_address, &ret->resolver, .port = DNS_PORT,
         .help = "who is asked where servers are (" RESOLVER ")"},
        {"timeout", "SECONDS", read_timeout, &ret->timeout_ms,
         .help = "for a question (5); a TLS connection has thrice that"},
        {"authorities", "FILE", argument_text, &ret->authorities,
         .help = "whom to believe that names are theirs\n"
                 "(" AUTHORITIES ")"},
        SERVICE_ARGUMENTS(ret),
    };
    *ret = (struct options){.timeout_ms = ASK_TIMEOUT_DEFAULT_MS,
                            .observe = -1,
                            .descriptors = {.lifeline = -1, .control = -1}};
    address_parse(RESOLVER, DNS_PORT, &ret->resolver, NULL);
    return arguments_read(&(struct argument_table){.program = "zone-probe",
                                                   .usage = usage,
                                                   .options = options,
                                                   .option_count = ARGUMENT_COUNT(options),
                                                   .check = check,
                                                   .data = ret},
                          argc, argv);
}
