// SPDX-License-Identifier: ISC
#include "resolver/options.h"

#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dns/types.h"

enum { EXIT_USAGE = 2 };

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
    "\n"
    "  --listen ADDR[@PORT]    a loopback address; may be repeated; port 53 by default\n"
    "  --sockets N             serve the bound sockets on descriptors 3 to 3+N-1 instead\n"
    "  --trust-anchor FILE     DS or DNSKEY records (" ROOT_KEYS ")\n"
    "  --state DIR             follow the anchors (RFC 5011), keep what was learnt there\n"
    "  --root-hints FILE       root servers; those known to libunbound by default\n"
    "  --forward ADDR[@PORT]   ask this resolver; with #NAME behind: over TLS, port 853\n"
    "  --tls-certificates FILE whom to believe that names are theirs\n"
    "  --own-zones FILE        zones of this box, with their keys, as zone-signer tells\n"
    "  --own-server ADDR@PORT  the server that has them\n"
    "  --trust-own-keys        validate them by those keys and not from the root\n"
    "  --cache MB              memory for answers (32)\n"
    "  --queries N, --queries-per-client N   at a time (2048, 256)\n"
    "  --set 'NAME: VALUE'     an option of unbound.conf's server clause\n"
    "  --lifeline FD           end when this pipe does\n"
    "  --control FD            answer zonebox on this listening Unix socket\n"
    "  --unconfined            keep all rights, for debuggers and profilers\n"
    "  --help, --version\n";

static bool complain(const char *format, ...) __attribute__((format(printf, 1, 2)));
static bool complain(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fputs("zone-resolver: ", stderr);
    vfprintf(stderr, format, arguments);
    fputs("\n", stderr);
    va_end(arguments);
    return false;
}

static bool read_number(const char *option, unsigned least, unsigned most, unsigned *ret)
{
    char *end;
    errno = 0;
    unsigned long value = strtoul(optarg, &end, 10);
    if (optarg[0] < '0' || optarg[0] > '9' || *end != '\0' || errno != 0 || value < least ||
        value > most)
        return complain("--%s: not a number from %u to %u: %s", option, least, most, optarg);
    *ret = (unsigned)value;
    return true;
}

static bool read_descriptor(const char *option, int *ret)
{
    return service_read_descriptor(optarg, ret) ||
           complain("--%s: not an open descriptor: %s", option, optarg);
}

static bool read_address(const char *option, const char *text, uint16_t port, struct address *ret)
{
    struct error err = {0};
    return address_parse(text, port, ret, &err) == STATUS_OK ||
           complain("--%s: %s", option, err.text);
}

static bool has_room(const char *option, size_t count, size_t most)
{
    return count < most || complain("--%s: at most %zu times", option, most);
}

static bool read_listen(const char *option, struct options *options)
{
    return has_room(option, options->listen_count, OPTIONS_LISTEN_MAX) &&
           read_address(option, optarg, DNS_PORT, &options->listen[options->listen_count++]);
}

static bool read_own_server(const char *option, struct options *options)
{
    size_t *count = &options->engine.own_server_count;
    return has_room(option, *count, OPTIONS_OWN_MAX) &&
           read_address(option, optarg, DNS_PORT, &options->own_servers[(*count)++]);
}

// A host name, as it stands in libunbound's settings and in a certificate.
static bool is_host_name(const char *text)
{
    return text[0] != '\0' && strlen(text) < 254 &&
           strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-.") ==
               strlen(text);
}

static bool read_forward(const char *option, struct options *options)
{
    size_t *count = &options->engine.forward_count;
    char address[ADDRESS_TEXT_MAX];
    const char *name = strchr(optarg, '#');
    size_t len = name != NULL ? (size_t)(name - optarg) : strlen(optarg);
    if (!has_room(option, *count, OPTIONS_FORWARD_MAX))
        return false;
    if (len >= sizeof(address) || (name != NULL && !is_host_name(name + 1)))
        return complain("--%s: not an address, or no host name behind #: %s", option, optarg);
    memcpy(address, optarg, len);
    address[len] = '\0';
    struct engine_forward *forward = &options->forwards[(*count)++];
    forward->tls_name = name != NULL ? name + 1 : NULL;
    return read_address(option, address, name != NULL ? DOT_PORT : DNS_PORT, &forward->address);
}

// Texts of a file name or an option go between quotes, or to the end of a line, of libunbound's settings.
static bool read_text(const char *option, const char **ret)
{
    if (strpbrk(optarg, "\"\n\r") != NULL || optarg[0] == '\0')
        return complain("--%s: empty, or a quote or an end of line in it", option);
    *ret = optarg;
    return true;
}

static bool read_anchor(const char *option, struct options *options)
{
    size_t *count = &options->engine.trust_anchor_count;
    return has_room(option, *count, OPTIONS_ANCHORS_MAX) &&
           read_text(option, &options->anchors[(*count)++]);
}

static bool read_set(const char *option, struct options *options)
{
    size_t *count = &options->engine.option_count;
    if (!has_room(option, *count, OPTIONS_SET_MAX))
        return false;
    if (strchr(optarg, ':') == NULL || strpbrk(optarg, "\n\r") != NULL)
        return complain("--%s: not 'NAME: VALUE': %s", option, optarg);
    if (strncmp(optarg, "module-config", 13) ==
        0) // libunbound 1.17 crashes when it does not know a module
        return complain("--%s: not this option: %s", option, optarg);
    options->set[(*count)++] = optarg;
    return true;
}

static bool read_option(struct options *options, int option, const char *name)
{
    switch (option) {
    case 'l':
        return read_listen(name, options);
    case 'n':
        return read_number(name, 1, SOCKETS_MAX, &options->sockets);
    case 'a':
        return read_anchor(name, options);
    case 's':
        return read_text(name, &options->engine.state);
    case 'r':
        return read_text(name, &options->engine.root_hints);
    case 'f':
        return read_forward(name, options);
    case 't':
        return read_text(name, &options->engine.tls_certificates);
    case 'z':
        return read_text(name, &options->own_zones);
    case 'o':
        return read_own_server(name, options);
    case 'k':
        options->engine.trust_own_keys = true;
        return true;
    case 'c':
        return read_number(name, CACHE_MIN, CACHE_MAX, &options->engine.cache_mb);
    case 'q':
        return read_number(name, 1, QUERIES_MAX, &options->front.queries);
    case 'p':
        return read_number(name, 1, QUERIES_MAX, &options->front.queries_per_client);
    case 'S':
        return read_set(name, options);
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

static bool check(struct options *options)
{
    struct engine_settings *engine = &options->engine;
    if ((options->listen_count > 0) == (options->sockets > 0))
        return complain("either --listen or --sockets is needed");
    if (options->own_zones != NULL && engine->own_server_count == 0)
        return complain("--own-zones needs --own-server");
    if (engine->trust_own_keys && options->own_zones == NULL)
        return complain("--trust-own-keys needs --own-zones");
    if (engine->trust_anchor_count == 0)
        options->anchors[engine->trust_anchor_count++] = ROOT_KEYS;
    engine->queries = options->front.queries;
    return true;
}

bool options_read(int argc, char **argv, struct options *ret, int *ret_exit)
{
    static const struct option table[] = {
        {"listen", required_argument, NULL, 'l'},
        {"sockets", required_argument, NULL, 'n'},
        {"trust-anchor", required_argument, NULL, 'a'},
        {"state", required_argument, NULL, 's'},
        {"root-hints", required_argument, NULL, 'r'},
        {"forward", required_argument, NULL, 'f'},
        {"tls-certificates", required_argument, NULL, 't'},
        {"own-zones", required_argument, NULL, 'z'},
        {"own-server", required_argument, NULL, 'o'},
        {"trust-own-keys", no_argument, NULL, 'k'},
        {"cache", required_argument, NULL, 'c'},
        {"queries", required_argument, NULL, 'q'},
        {"queries-per-client", required_argument, NULL, 'p'},
        {"set", required_argument, NULL, 'S'},
        {"lifeline", required_argument, NULL, 'L'},
        {"control", required_argument, NULL, 'C'},
        {"unconfined", no_argument, NULL, 'u'},
        {"help", no_argument, NULL, 'h'},
        {"version", no_argument, NULL, 'v'},
        {0},
    };
    int option;
    int index = 0;
    set_defaults(ret);
    *ret_exit = EXIT_USAGE;
    while ((option = getopt_long(argc, argv, "", table, &index)) != -1) {
        if (option == 'h' || option == 'v') {
            fputs(option == 'h' ? usage : "zone-resolver " ZONEBOX_VERSION "\n", stdout);
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
