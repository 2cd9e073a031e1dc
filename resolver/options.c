// SPDX-License-Identifier: ISC
#include "resolver/options.h"

#include <string.h>

#include "base/arguments.h"
#include "dns/types.h"

#define SOCKETS_MAX      (2 * OPTIONS_LISTEN_MAX) // UDP and TCP of each address
#define CACHE_DEFAULT    32                       // megabytes
#define CACHE_MIN        4
#define CACHE_MAX        65536
#define QUERIES_MAX      65536
#define DOT_PORT         853                                  // RFC 7858
#define ROOT_KEYS        "/usr/share/dns/root.key"            // of Debian's dns-root-data
#define TLS_CERTIFICATES "/etc/ssl/certs/ca-certificates.crt" // of Debian's ca-certificates

static const char usage[] =
    "usage: zone-resolver (--listen ADDRESS@PORT... | --sockets N) [OPTION...]\n"
    "Answers this host's programs from the DNS of the world, validated by DNSSEC.\n"
    "\n";

// A host name, as it stands in libunbound's settings and in a certificate.
static bool is_host_name(const char *text)
{
    return text[0] != '\0' && strlen(text) < 254 &&
           strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-.") ==
               strlen(text);
}

static enum status read_forward(const struct argument *argument, const char *text, void *to,
                                struct error *err)
{
    struct engine_forward *forward = to;
    char address[ADDRESS_TEXT_MAX];
    const char *name = strchr(text, '#');
    size_t len = name != NULL ? (size_t)(name - text) : strlen(text);
    (void)argument;
    if (len >= sizeof(address) || (name != NULL && !is_host_name(name + 1)))
        return error_set(err, STATUS_SYNTAX, "not an address, or no host name behind #: %s", text);
    memcpy(address, text, len);
    address[len] = '\0';
    forward->tls_name = name != NULL ? name + 1 : NULL;
    return address_parse(address, name != NULL ? DOT_PORT : DNS_PORT, &forward->address, err);
}

// Texts of a file name or an option go between quotes, or to the end of a line, of libunbound's settings.
static enum status read_file(const struct argument *argument, const char *text, void *to,
                             struct error *err)
{
    if (strpbrk(text, "\"\n\r") != NULL || text[0] == '\0')
        return error_set(err, STATUS_SYNTAX, "empty, or a quote or an end of line in it");
    return argument_text(argument, text, to, err);
}

static enum status read_set(const struct argument *argument, const char *text, void *to,
                            struct error *err)
{
    if (strchr(text, ':') == NULL || strpbrk(text, "\n\r") != NULL)
        return error_set(err, STATUS_SYNTAX, "not 'NAME: VALUE': %s", text);
    // libunbound 1.17 crashes when it does not know a module
    if (strncmp(text, "module-config", 13) == 0)
        return error_set(err, STATUS_SYNTAX, "not this option: %s", text);
    return argument_text(argument, text, to, err);
}

static void set_defaults(struct options *options)
{
    *options = (struct options){
        .front = {.queries = FRONT_QUERIES_DEFAULT,
                  .queries_per_client = FRONT_QUERIES_PER_CLIENT_DEFAULT,
                  .tcp_connections = FRONT_TCP_CONNECTIONS_DEFAULT,
                  .tcp_idle_ms = FRONT_TCP_IDLE_DEFAULT_MS},
        .engine = {.cache_mb = CACHE_DEFAULT,
                   .tls_certificates = TLS_CERTIFICATES,
                   .trust_anchors = options->anchors,
                   .forwards = options->forwards,
                   .own_servers = options->own_servers,
                   .options = options->set},
        .descriptors = {.lifeline = -1, .control = -1},
    };
}

static enum status check(void *data, struct error *err)
{
    struct options *options = data;
    struct engine_settings *engine = &options->engine;
    if ((options->listen_count > 0) == (options->sockets > 0))
        return error_set(err, STATUS_SYNTAX, "either --listen or --sockets is needed");
    if (options->own_zones != NULL && engine->own_server_count == 0)
        return error_set(err, STATUS_SYNTAX, "--own-zones needs --own-server");
    if (engine->trust_own_keys && options->own_zones == NULL)
        return error_set(err, STATUS_SYNTAX, "--trust-own-keys needs --own-zones");
    if (engine->trust_anchor_count == 0)
        options->anchors[engine->trust_anchor_count++] = ROOT_KEYS;
    engine->queries = options->front.queries;
    return STATUS_OK;
}

int options_read(int argc, char **argv, struct options *ret)
{
    struct engine_settings *engine = &ret->engine;
    const struct argument options[] = {
        {"listen", "ADDR[@PORT]", argument_address, ARGUMENT_LIST(ret->listen, &ret->listen_count),
         .port = DNS_PORT, .help = "a loopback address, repeatable; port 53 by default"},
        {"sockets", "N", argument_number, &ret->sockets, .least = 1, .most = SOCKETS_MAX,
         .help = "the bound sockets on descriptors 3 to 3+N-1 instead"},
        {"trust-anchor", "FILE", read_file,
         ARGUMENT_LIST(ret->anchors, &engine->trust_anchor_count),
         .help = "DS or DNSKEY records (" ROOT_KEYS ")"},
        {"state", "DIR", read_file, &engine->state,
         .help = "follow the anchors (RFC 5011), keep them there"},
        {"root-hints", "FILE", read_file, &engine->root_hints,
         .help = "root servers; those known to libunbound by default"},
        {"forward", "ADDR[@PORT]", read_forward,
         ARGUMENT_LIST(ret->forwards, &engine->forward_count),
         .help = "ask this resolver; #NAME behind: over TLS, port 853"},
        {"tls-certificates", "FILE", read_file, &engine->tls_certificates,
         .help = "whom to believe that names are theirs"},
        {"own-zones", "FILE", read_file, &ret->own_zones,
         .help = "zones of this box with their keys, by zone-signer"},
        {"own-server", "ADDR@PORT", argument_address,
         ARGUMENT_LIST(ret->own_servers, &engine->own_server_count), .port = DNS_PORT,
         .help = "the server that has them"},
        {"trust-own-keys", NULL, argument_flag, &engine->trust_own_keys,
         .help = "validate them by those keys and not from the root"},
        {"cache", "MB", argument_number, &engine->cache_mb, .least = CACHE_MIN, .most = CACHE_MAX,
         .help = "memory for answers (32)"},
        {"queries", "N", argument_number, &ret->front.queries, .least = 1, .most = QUERIES_MAX,
         .help = "at a time, of all clients (2048)"},
        {"queries-per-client", "N", argument_number, &ret->front.queries_per_client, .least = 1,
         .most = QUERIES_MAX, .help = "at a time, of one (256)"},
        {"set", "'NAME: VALUE'", read_set, ARGUMENT_LIST(ret->set, &engine->option_count),
         .help = "an option of unbound.conf's server clause"},
        SERVICE_ARGUMENTS(ret),
    };
    set_defaults(ret);
    return arguments_read(&(struct argument_table){.program = "zone-resolver",
                                                   .usage = usage,
                                                   .options = options,
                                                   .option_count = ARGUMENT_COUNT(options),
                                                   .check = check,
                                                   .data = ret},
                          argc, argv);
}
