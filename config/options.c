// SPDX-License-Identifier: ISC
// The table of options, second half: the programs, and the top of the file.
#include "config/options_rows.h"

static const char *const words_dnssec_box[] = {"yes", "no", NULL};
static const char *const words_log_to[] = {"stderr", "syslog", NULL};
static const char *const words_log_level[] = {"error", "warning", "notice", "info", "debug", NULL};

// clang-format off

static const struct option rows_server_tls[] = {
    {"listen", OPTION_LISTEN_TLS, .max = 128, CONFIG_LIST(server.tls.listen, server.tls.listen_count),
     PLACE(config, server.tls.listen_place),
     .help = "addresses as 192.0.2.1@853; default: where the server listens, port 853"},
    {"certificate", OPTION_PATH, CONFIG(server.tls.certificate), PLACE(config, server.tls.certificate_place),
     .help = "file with the certificate and those of its issuers (PEM); default: the first of box.tls",
     .more = "Once both it and its key are renewed, and fit, new connections get them; none is refused meanwhile."},
    {"key", OPTION_PATH, CONFIG(server.tls.key), PLACE(config, server.tls.key_place),
     .help = "file with its private key (PEM); default: privkey.pem beside a fullchain.pem",
     .more = "Root alone need be able to read it. It may be the same file as the certificate's."},
    {"handshakes-per-address", OPTION_LIMIT, .min = 1, .max = 10000, .standard = "20",
     CONFIG(server.tls.handshakes), .help = "most new connections per second from one IPv4 address or one IPv6 /64",
     .more = "After a pause three times as many at once; an IPv4 /24 or IPv6 /48 may have four times as much. Who "
             "comes more often waits for its turn, within `tcp-connections-per-address`."},
};
static const struct section section_server_tls = SECTION(BASE_CONFIG, rows_server_tls);

static const struct option rows_server[] = {
    {"listen", OPTION_LISTEN, .max = 128, CONFIG_LIST(server.listen, server.listen_count),
     PLACE(config, server.listen_place),
     .help = "addresses as 192.0.2.1@53; default: every address of the box but loopback, port 53"},
    {"workers", OPTION_NUMBER, .max = 256, .standard = "0", CONFIG(server.workers),
     .help = "processes that answer; 0: one per core"},
    {"tcp-connections", OPTION_NUMBER, .min = 1, .max = 65536, .standard = "512", CONFIG(server.tcp_connections),
     .help = "most TCP connections at a time, over all workers"},
    {"tcp-connections-per-address", OPTION_NUMBER, .min = 1, .max = 65536, .standard = "64",
     CONFIG(server.tcp_per_address), .help = "of these, most from one IPv4 address or one IPv6 /64",
     .more = "At either quota, the connection that has gone longest without an answer makes room for the new one. Each "
             "worker has its share of both, and lets an address have 8 in any case."},
    {"tcp-idle", OPTION_MILLISECONDS, .min = 10, .max = 600000, .standard = "10s", CONFIG(server.tcp_idle_ms),
     .help = "a TCP connection that is idle so long is closed"},
    {"metrics", OPTION_LISTEN_METRICS, .max = 1, .standard = "no", .takes_no = true,
     CONFIG_LIST(server.metrics, server.metrics_count),
     .help = "a loopback address with port, as 127.0.0.1@9153: the name server's numbers for Prometheus",
     .more = "They are at http://127.0.0.1:9153/metrics, in plain text and for whoever is on this box; "
             "zone-server(8) lists them."},
    {"rate-limit", OPTION_LIMIT, .min = 1, .max = 10000, .standard = "200", CONFIG(server.rate_limit),
     .help = "most replies of one kind per second over UDP to one network",
     .more = "A network is an IPv4 /24 or an IPv6 /56. Of one kind are replies with the same name, and those that a "
             "zone has no name, no data or only a wildcard for. All kinds together may be four times as many. TCP, "
             "clients that show a cookie, and this host are not limited. A client with a single port gets one worker's "
             "share."},
    {"rate-limit-slip", OPTION_NUMBER, .max = 10, .standard = "2", CONFIG(server.rate_limit_slip),
     .help = "one of so many replies beyond the limit is sent truncated, not dropped; 0: none",
     .more = "A truncated reply is no longer than the query, and a client that is really there asks again over TCP; "
             "one that can show a cookie is told to do so instead (BADCOOKIE)."},
    {"cookies", OPTION_YES_NO, .standard = "yes", CONFIG(server.cookies), .help = "give DNS cookies (RFC 7873)"},
    {"cookie-secrets", OPTION_PATH, CONFIG(server.cookie_secrets),
     .help = "file of secrets that servers at one address share; default: own ones, rolled each day",
     .more = "Up to 4 lines of 32 hexadecimal digits, as NSD, Knot and BIND have them; the first makes cookies, all "
             "count. Add a new one behind the first on all servers before it becomes the first on any."},
    {"nsid", OPTION_TOLD, .standard = "no", CONFIG(server.nsid), .help = "text for queries with NSID (RFC 5001)"},
    {"identity", OPTION_TOLD, .standard = "no", CONFIG(server.identity),
     .help = "text of id.server and hostname.bind in class CHAOS (RFC 4892)"},
    {"version", OPTION_TOLD, .standard = "no", CONFIG(server.version), .help = "text of version.bind, likewise"},
    {"tls", OPTION_SWITCH, .standard = "no", .section = &section_server_tls, CONFIG(server.tls.enabled),
     PLACE(config, server.tls.place), .help = "DNS over TLS (RFC 7858), by a program of its own",
     .more = "With `yes`, where the server listens, port 853, and with the box's own certificate. Its connections have "
             "the limits of TCP, `tcp-connections` and so on, and count by themselves."},
};
static const struct section section_server = SECTION(BASE_CONFIG, rows_server);

static const struct option rows_resolver[] = {
    {"listen", OPTION_LISTEN_LOCAL, .min = 1, .max = 16, .standard = "[127.0.0.1@53, \"::1@53\"]",
     CONFIG_LIST(resolver.listen, resolver.listen_count), PLACE(config, resolver.listen_place),
     .help = "loopback addresses with ports; the server must not listen on them"},
    {"trust-own-keys", OPTION_YES_NO, .standard = "no", CONFIG(resolver.trust_own_keys),
     .help = "validate own zones by this box's own public keys, not from the root",
     .more = "So that they are secure before a registrar knows the keys, or where there is no uplink. With `no`, "
             "secure means what the world sees."},
    {"forward", OPTION_FORWARD, .max = 16, CONFIG_LIST(resolver.forward, resolver.forward_count),
     PLACE(config, resolver.forward_place),
     .help = "resolvers to ask, as 192.0.2.1@853#name for TLS; default: own recursion",
     .more = "`192.0.2.1` is asked on port 53, `192.0.2.1#dns.example.net` over TLS on port 853 with a "
             "certificate for that name. Answers are validated here all the same. Lists of bad senders (DNSBL) "
             "often refuse public resolvers."},
    {"root-hints", OPTION_PATH, .standard = "/usr/share/dns/root.hints", CONFIG(resolver.root_hints),
     .help = "file with the names and addresses of the root servers"},
    {"trust-anchors", OPTION_PATHS, .min = 1, .max = 16, .standard = "[/usr/share/dns/root.key]",
     CONFIG_LIST(resolver.trust_anchors, resolver.trust_anchor_count), .help = "files with DS or DNSKEY records"},
    {"cache", OPTION_NUMBER, .min = 4, .max = 65536, .standard = "32", CONFIG(resolver.cache),
     .help = "megabytes for answers"},
    {"queries", OPTION_NUMBER, .min = 1, .max = 65536, .standard = "1024", CONFIG(resolver.queries),
     .help = "most queries at a time"},
    {"queries-per-client", OPTION_NUMBER, .min = 1, .max = 65536, .standard = "128",
     CONFIG(resolver.queries_per_client), .help = "most queries at a time from one port or TCP connection"},
};
static const struct section section_resolver = SECTION(BASE_CONFIG, rows_resolver);

static const struct option rows_control[] = {
    {"directory", OPTION_PATH, CONFIG(control.directory), PLACE(config, control.directory_place),
     .help = "where the sockets are; default: /run/zonebox, for an ordinary user STATE/control"},
    {"group", OPTION_GROUP, CONFIG(control.group),
     .help = "group (name or number) that may use them; default: only root"},
};
static const struct section section_control = SECTION(BASE_CONFIG, rows_control);

static const struct option rows_user[] = {
    {"signer", OPTION_USER, .standard = "zonebox-signer", CONFIG(user.signer), PLACE(config, user.signer_place),
     .help = "holds the private keys"},
    {"server", OPTION_USER, .standard = "zonebox-server", CONFIG(user.server), PLACE(config, user.server_place),
     .help = "answers the Internet"},
    {"resolver", OPTION_USER, .standard = "zonebox-resolver", CONFIG(user.resolver),
     PLACE(config, user.resolver_place), .help = "asks the Internet"},
    {"probe", OPTION_USER, .standard = "zonebox-probe", CONFIG(user.probe), PLACE(config, user.probe_place),
     .help = "looks at the zones from outside"},
    {"tls", OPTION_USER, .standard = "zonebox-tls", CONFIG(user.tls), PLACE(config, user.tls_place),
     .help = "answers the Internet over TLS, and holds the certificate's key",
     .more = "Its group is not used: the program has the server's, to read the zones."},
};
static const struct section section_user = SECTION(BASE_CONFIG, rows_user);

static const struct option rows_log[] = {
    {"to", OPTION_WORD, .standard = "stderr", .words = words_log_to, CONFIG(log.to),
     .help = "stderr (which systemd puts into the journal) or syslog"},
    {"level", OPTION_WORD, .standard = "info", .words = words_log_level, CONFIG(log.level),
     .help = "the most talkative written: error, warning, notice, info or debug"},
};
static const struct section section_log = SECTION(BASE_CONFIG, rows_log);

static const struct option rows_probe[] = {
    {"interval", OPTION_SECONDS, .min = 1, .max = 86400, .standard = "5m", CONFIG(probe.interval),
     .help = "time between two looks at what is waited for"},
};
static const struct section section_probe = SECTION(BASE_CONFIG, rows_probe);

static const struct option rows_top[] = {
    {"box", OPTION_SECTION, .required = true, .section = &options_box,
     .help = "this machine: its name, addresses, certificate, keys",
     .more = "What it says about mail (spf, dmarc, mta-sts, tls-rpt, services, autoconfig, dkim) is what every "
             "domain has, too; a domain can say otherwise, option by option."},
    {"domains", OPTION_DOMAINS, .required = true, .max = 1000000, .section = &options_domain,
     CONFIG_LIST(domains, domain_count), .help = "the domains to serve, each a zone",
     .more = "Each is a name, or a mapping with the options below. Names may have letters of any script "
             "(IDNA2008)."},
    {"include", OPTION_PATTERNS, .max = 64, CONFIG_LIST(includes, include_count),
     .help = "further files, which hold `domains:` only, such as conf.d/*.yaml",
     .more = "Patterns as of the shell, from the directory of the configuration; what they match is read in order "
             "of the names. A pattern may match nothing; a name without a pattern must be there."},
    {"records", OPTION_RECORDS, .max = 1000, .section = &options_record, CONFIG_LIST(records, record_count),
     .help = "custom records for every zone that is generated",
     .more = "As in a domain; names are below each domain."},
    {"ttl", OPTION_SECTION, .section = &options_ttl, .help = "how long resolvers may keep generated records"},
    {"server", OPTION_SECTION, .section = &section_server, .help = "the name server"},
    {"resolver", OPTION_SWITCH, .standard = "yes", .section = &section_resolver, CONFIG(resolver.enabled),
     .help = "the validating resolver of this box", .more = "With `no`, another one is used."},
    {"probe", OPTION_SWITCH, .standard = "yes", .section = &section_probe, CONFIG(probe.enabled),
     .help = "looks at what the world sees",
     .more = "Steps that depend on the world, such as leaving an old key, wait for it: with `no` they never come."},
    {"dnssec", OPTION_DNSSEC, .standard = "yes", .section = &options_dnssec, .words = words_dnssec_box,
     CONFIG(signing), .help = "how zones are signed, and how their keys live; no: they are not",
     .more = "Of the host's own zone, and of every domain that says nothing else; a domain can say otherwise, "
             "option by option."},
    {"control", OPTION_SECTION, .section = &section_control, .help = "the sockets that `zonebox` talks to"},
    {"user", OPTION_SECTION, .section = &section_user,
     .help = "whose rights the programs have, when root starts them",
     .more = "Names or numbers of users, no two the same; each has its primary group. Started by an ordinary "
             "user, all programs are that user's."},
    {"log", OPTION_SECTION, .section = &section_log, .help = "where the log goes, and how much of it"},
    {"on-alarm", OPTION_COMMAND, CONFIG(on_alarm), .help = "shell command that tells a person of an error",
     .more = "It gets the line of the log on its standard input and in ZONEBOX_LINE, and the names of program and "
             "event in ZONEBOX_PROGRAM and ZONEBOX_EVENT, as in `mail -s \"zonebox: $ZONEBOX_EVENT\" root`."},
    {"state", OPTION_PATH, .standard = "/var/lib/zonebox", CONFIG(state),
     .help = "directory of keys, serials and what is served"},
    {"acme", OPTION_LATER, .help = "certificates"},
    {"catalog", OPTION_LATER, .help = "catalog zone for secondaries (RFC 9432)"},
    {"secondaries", OPTION_LATER, .help = "who is notified and may transfer"},
    {"tsig", OPTION_LATER, .help = "keys of transfers and updates"},
    {"updates", OPTION_LATER, .help = "dynamic updates (RFC 2136)"},
};
const struct section options_top = SECTION(BASE_CONFIG, rows_top);
// clang-format on
