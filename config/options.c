// SPDX-License-Identifier: ISC
#include "config/options.h"

#include <stdio.h>
#include <string.h>

#include "config/config.h"

#define BOX(member)        offsetof(struct config, box.member)
#define SERVER(member)     offsetof(struct config, server.member)
#define TTL(member)        offsetof(struct config, ttl.member)
#define POLICY(member)     offsetof(struct config, dnssec.member)
#define NAMESERVER(member) offsetof(struct config_nameserver, member)
#define DOMAIN(member)     offsetof(struct config_domain, member)
#define RESOLVER(member)   offsetof(struct config, resolver.member)
#define CONTROL(member)    offsetof(struct config, control.member)
#define USER(member)       offsetof(struct config, user.member)
#define LOG(member)        offsetof(struct config, log.member)

// A TTL above a month is a mistake in a number; RFC 2181 §8 would allow 68 years.
#define TTL_MAX (30U * 86400)
// Zonemaster (DNSSEC04) and validators with it frown on signatures that live longer.
#define LIFETIME_MAX (180U * 86400)

// clang-format off
static const struct option table[] = {
    {"", "box", OPTION_SECTION, .required = true,
     .help = "this machine: its name, addresses, certificate, keys"},
    {"", "domains", OPTION_DOMAINS, .required = true, .min = 1, .max = 1000000,
     .target = offsetof(struct config, domains), .count = offsetof(struct config, domain_count),
     .help = "the domains to serve, each a zone"},
    {"", "server", OPTION_SECTION, .help = "the name server"},
    {"", "resolver", OPTION_SWITCH, .standard = "yes", .target = RESOLVER(enabled),
     .help = "the validating resolver of this box"},
    {"", "control", OPTION_SECTION, .help = "the sockets that `zonebox` talks to"},
    {"", "user", OPTION_SECTION, .help = "whose rights the programs have, when root starts them"},
    {"", "log", OPTION_SECTION, .help = "where the log goes, and how much of it"},
    {"", "on-alarm", OPTION_COMMAND, .target = offsetof(struct config, on_alarm),
     .help = "shell command that tells a person of an error"},
    {"", "dnssec", OPTION_SECTION, .help = "how zones are signed"},
    {"", "ttl", OPTION_SECTION, .help = "how long resolvers may keep generated records"},
    {"", "state", OPTION_PATH, .standard = "/var/lib/zonebox",
     .target = offsetof(struct config, state),
     .help = "directory of keys, serials and what is served"},
    {"", "acme", OPTION_LATER, .help = "certificates"},
    {"", "catalog", OPTION_LATER, .help = "catalog zone for secondaries (RFC 9432)"},
    {"", "include", OPTION_LATER, .help = "further files"},
    {"", "policies", OPTION_LATER, .help = "named policies of keys and signatures"},
    {"", "probe", OPTION_SWITCH, .standard = "yes", .target = offsetof(struct config, probe.enabled),
     .help = "how the world is looked at"},
    {"", "records", OPTION_LATER, .help = "custom records for every zone"},
    {"", "secondaries", OPTION_LATER, .help = "who is notified and may transfer"},
    {"", "statistics", OPTION_LATER, .help = "counters over HTTP"},
    {"", "tsig", OPTION_LATER, .help = "keys of transfers and updates"},
    {"", "updates", OPTION_LATER, .help = "dynamic updates (RFC 2136)"},

    {"box", "hostname", OPTION_HOST_NAME, .required = true,
     .target = BOX(hostname), .place = BOX(hostname_place),
     .help = "the full name of this machine, as in its MX records and certificate"},
    {"box", "addresses", OPTION_ADDRESSES, .max = 64,
     .target = BOX(addresses), .count = BOX(address_count),
     .help = "what is published; default: the global addresses found on the box"},
    {"box", "nameservers", OPTION_NAMESERVERS, .min = 1, .max = 32,
     .target = BOX(nameservers), .count = BOX(nameserver_count),
     .help = "names of the NS records; default: ns1 and ns2 below the host name"},
    {"box", "tls", OPTION_PATHS, .max = 16,
     .target = BOX(tls), .count = BOX(tls_count), .given = BOX(tls_given),
     .help = "certificates of the mail server (PEM); default: certbot's for the host name"},
    {"box", "ssh", OPTION_PATHS, .max = 16,
     .target = BOX(ssh), .count = BOX(ssh_count), .given = BOX(ssh_given),
     .help = "public host keys; default: /etc/ssh/ssh_host_*_key.pub"},
    {"box", "dkim", OPTION_SWITCH, .standard = "yes", .target = BOX(dkim),
     .help = "make and publish DKIM keys"},
    {"box", "autoconfig", OPTION_LATER, .help = "records for mail clients"},
    {"box", "caa", OPTION_LATER, .help = "who may issue certificates"},
    {"box", "dmarc", OPTION_LATER, .help = "policy for all domains"},
    {"box", "mta-sts", OPTION_LATER, .help = "MTA-STS for all domains"},
    {"box", "relays", OPTION_LATER, .help = "servers that send for the domains (SPF)"},
    {"box", "services", OPTION_LATER, .help = "SRV records"},
    {"box", "spf", OPTION_LATER, .help = "SPF for all domains"},
    {"box", "tls-next", OPTION_LATER, .help = "the next certificate key"},
    {"box", "tls-ports", OPTION_LATER, .help = "ports with TLSA records"},
    {"box", "tls-rpt", OPTION_LATER, .help = "address of TLS reports"},

    {"box.dkim", "selector", OPTION_SELECTOR, .standard = "mail", .target = BOX(dkim_selector),
     .help = "label before ._domainkey"},
    {"box.dkim", "group", OPTION_GROUP, .target = BOX(dkim_group),
     .help = "group (name or number) that may read the private keys; default: only the signer's"},
    {"box.dkim", "algorithms", OPTION_LATER, .help = "kinds of DKIM keys"},
    {"box.dkim", "lifetime", OPTION_LATER, .help = "when keys are replaced"},

    {"box.nameservers[]", "name", OPTION_HOST_NAME, .required = true,
     .target = NAMESERVER(name), .place = NAMESERVER(place), .help = "the host name of the server"},
    {"box.nameservers[]", "addresses", OPTION_ADDRESSES, .max = 16,
     .target = NAMESERVER(addresses), .count = NAMESERVER(address_count),
     .help = "its addresses; default: the box's own, where the name lies in a zone of ours"},

    {"domains[]", "name", OPTION_ZONE_NAME, .required = true,
     .target = DOMAIN(name), .place = DOMAIN(place), .help = "the domain"},
    {"domains[]", "zone-file", OPTION_PATH,
     .target = DOMAIN(zone_file), .place = DOMAIN(zone_file_place),
     .help = "complete master file; default: the zone is generated"},
    {"domains[]", "dnssec", OPTION_DNSSEC, .standard = "yes", .target = DOMAIN(dnssec),
     .help = "yes: signed here; no: unsigned; presigned: as the zone file is"},
    {"domains[]", "addresses", OPTION_LATER, .help = "addresses of the domain itself"},
    {"domains[]", "allow-transfer", OPTION_LATER, .help = "who may transfer"},
    {"domains[]", "caa", OPTION_LATER, .help = "who may issue certificates"},
    {"domains[]", "dkim", OPTION_LATER, .help = "DKIM of this domain"},
    {"domains[]", "dmarc", OPTION_LATER, .help = "policy of this domain"},
    {"domains[]", "mail", OPTION_YES_NO, .standard = "yes", .target = DOMAIN(has_mail),
     .help = "no: a domain without mail"},
    {"domains[]", "mode", OPTION_LATER, .help = "authoritative, hidden-primary or external"},
    {"domains[]", "www", OPTION_YES_NO, .standard = "yes", .target = DOMAIN(www),
     .help = "addresses for the name www"},
    {"domains[]", "mta-sts", OPTION_LATER, .help = "MTA-STS of this domain"},
    {"domains[]", "nameservers", OPTION_LATER, .help = "NS records of this domain"},
    {"domains[]", "notify", OPTION_LATER, .help = "who is told of changes"},
    {"domains[]", "policy", OPTION_LATER, .help = "policy of keys and signatures"},
    {"domains[]", "records", OPTION_LATER, .help = "custom records"},
    {"domains[]", "records-file", OPTION_LATER, .help = "custom records in a master file"},
    {"domains[]", "secondaries", OPTION_LATER, .help = "secondaries of this domain"},
    {"domains[]", "services", OPTION_LATER, .help = "SRV records"},
    {"domains[]", "spf", OPTION_LATER, .help = "SPF of this domain"},
    {"domains[]", "tls-rpt", OPTION_LATER, .help = "address of TLS reports"},
    {"domains[]", "ttl", OPTION_LATER, .help = "TTLs of this domain"},
    {"domains[]", "updates", OPTION_LATER, .help = "dynamic updates"},

    {"server", "listen", OPTION_LISTEN, .max = 128,
     .target = SERVER(listen), .count = SERVER(listen_count), .place = SERVER(listen_place),
     .help = "addresses as 192.0.2.1@53; default: every address of the box but loopback, port 53"},
    {"server", "workers", OPTION_NUMBER, .max = 256, .standard = "0", .target = SERVER(workers),
     .help = "processes that answer; 0: one per core"},
    {"server", "tcp-connections", OPTION_NUMBER, .min = 1, .max = 65536, .standard = "512",
     .target = SERVER(tcp_connections), .help = "most TCP connections at a time, over all workers"},
    {"server", "tcp-idle", OPTION_MILLISECONDS, .min = 10, .max = 600000, .standard = "10s",
     .target = SERVER(tcp_idle_ms), .help = "a TCP connection that is idle so long is closed"},
    {"server", "cookies", OPTION_LATER, .help = "DNS cookies (RFC 7873)"},
    {"server", "identity", OPTION_LATER, .help = "NSID and CHAOS answers"},
    {"server", "rate-limit", OPTION_LATER, .help = "response rate limiting"},
    {"server", "tls", OPTION_LATER, .help = "DNS over TLS"},

    {"resolver", "listen", OPTION_LISTEN_LOCAL, .min = 1, .max = 16,
     .target = RESOLVER(listen), .count = RESOLVER(listen_count), .place = RESOLVER(listen_place),
     .help = "loopback addresses; default: 127.0.0.1@53 and ::1@53"},
    {"resolver", "trust-own-keys", OPTION_YES_NO, .standard = "no",
     .target = RESOLVER(trust_own_keys),
     .help = "validate own zones by this box's own public keys, not from the root"},
    {"resolver", "forward", OPTION_FORWARD, .max = 16,
     .target = RESOLVER(forward), .count = RESOLVER(forward_count),
     .place = RESOLVER(forward_place),
     .help = "resolvers to ask, as 192.0.2.1@853#name for TLS; default: own recursion"},
    {"resolver", "root-hints", OPTION_PATH, .standard = "/usr/share/dns/root.hints",
     .target = RESOLVER(root_hints), .help = "file with the names and addresses of the root servers"},
    {"resolver", "trust-anchors", OPTION_PATHS, .min = 1, .max = 16,
     .target = RESOLVER(trust_anchors), .count = RESOLVER(trust_anchor_count),
     .help = "files with DS or DNSKEY records; default: /usr/share/dns/root.key"},
    {"resolver", "cache", OPTION_NUMBER, .min = 4, .max = 65536, .standard = "32",
     .target = RESOLVER(cache), .help = "megabytes for answers"},
    {"resolver", "queries", OPTION_NUMBER, .min = 1, .max = 65536, .standard = "1024",
     .target = RESOLVER(queries), .help = "most queries at a time"},
    {"resolver", "queries-per-client", OPTION_NUMBER, .min = 1, .max = 65536, .standard = "128",
     .target = RESOLVER(queries_per_client),
     .help = "most queries at a time from one port or TCP connection"},

    {"control", "directory", OPTION_PATH,
     .target = CONTROL(directory), .place = CONTROL(directory_place),
     .help = "where the sockets are; default: /run/zonebox, for an ordinary user STATE/control"},
    {"control", "group", OPTION_GROUP, .target = CONTROL(group),
     .help = "group (name or number) that may use them; default: only root"},

    {"user", "signer", OPTION_USER, .standard = "zonebox-signer",
     .target = USER(signer), .place = USER(signer_place),
     .help = "holds the private keys"},
    {"user", "server", OPTION_USER, .standard = "zonebox-server",
     .target = USER(server), .place = USER(server_place),
     .help = "answers the Internet"},
    {"user", "resolver", OPTION_USER, .standard = "zonebox-resolver",
     .target = USER(resolver), .place = USER(resolver_place),
     .help = "asks the Internet"},
    {"user", "probe", OPTION_USER, .standard = "zonebox-probe",
     .target = USER(probe), .place = USER(probe_place),
     .help = "looks at the zones from outside"},

    {"log", "to", OPTION_LOG_TARGET, .standard = "stderr", .target = LOG(to),
     .help = "stderr (which systemd puts into the journal) or syslog"},
    {"log", "level", OPTION_LOG_LEVEL, .standard = "info", .target = LOG(level),
     .help = "the most talkative written: error, warning, notice, info or debug"},

    {"dnssec", "signature-lifetime", OPTION_SECONDS, .min = 10, .max = LIFETIME_MAX,
     .standard = "14d", .target = POLICY(signature_lifetime),
     .help = "how long a signature is good"},
    {"dnssec", "signature-refresh", OPTION_SECONDS, .min = 1, .max = LIFETIME_MAX,
     .target = POLICY(signature_refresh), .place = POLICY(refresh_place),
     .help = "a signature is made anew when so much of its life is left; default: half of it"},
    {"dnssec", "algorithm", OPTION_LATER, .help = "algorithm of new keys"},
    {"dnssec", "denial", OPTION_LATER, .help = "NSEC or NSEC3"},
    {"dnssec", "keys", OPTION_LATER, .help = "one combined key, or KSK and ZSK"},
    {"dnssec", "parent", OPTION_LATER, .help = "how the parent is told and watched"},

    {"ttl", "default", OPTION_SECONDS, .min = 1, .max = TTL_MAX, .standard = "1h",
     .target = TTL(standard), .help = "every record without a TTL of its own below"},
    {"ttl", "soa", OPTION_SECONDS, .min = 1, .max = TTL_MAX, .standard = "1h",
     .target = TTL(soa), .help = "SOA"},
    {"ttl", "ns", OPTION_SECONDS, .min = 1, .max = TTL_MAX, .standard = "1d",
     .target = TTL(ns), .help = "NS and the addresses of name servers"},
    {"ttl", "dnskey", OPTION_SECONDS, .min = 1, .max = TTL_MAX, .standard = "1d",
     .target = TTL(dnskey), .help = "DNSKEY"},
    {"ttl", "negative", OPTION_SECONDS, .min = 1, .max = 86400, .standard = "1h",
     .target = TTL(negative), .help = "how long \"there is no such record\" is kept (RFC 2308)"},
    {"ttl", "address", OPTION_SECONDS, .min = 1, .max = TTL_MAX, .target = TTL(address),
     .help = "A and AAAA; default: as `default`"},
    {"ttl", "mx", OPTION_SECONDS, .min = 1, .max = TTL_MAX, .target = TTL(mx),
     .help = "MX; default: as `default`"},
    {"ttl", "txt", OPTION_SECONDS, .min = 1, .max = TTL_MAX, .target = TTL(txt),
     .help = "TXT; default: as `default`"},
    {"ttl", "tlsa", OPTION_SECONDS, .min = 1, .max = TTL_MAX, .target = TTL(tlsa),
     .help = "TLSA; default: as `default`"},
    {"ttl", "sshfp", OPTION_SECONDS, .min = 1, .max = TTL_MAX, .target = TTL(sshfp),
     .help = "SSHFP; default: as `default`"},
    {"ttl", "srv", OPTION_SECONDS, .min = 1, .max = TTL_MAX, .target = TTL(srv),
     .help = "SRV; default: as `default`"},
    {"ttl", "caa", OPTION_SECONDS, .min = 1, .max = TTL_MAX, .target = TTL(caa),
     .help = "CAA; default: as `default`"},

    {"probe", "interval", OPTION_SECONDS, .min = 1, .max = 86400, .standard = "5m",
     .target = offsetof(struct config, probe.interval),
     .help = "time between two looks at what is waited for"},
};
// clang-format on

#define TABLE_COUNT (sizeof(table) / sizeof(table[0]))

struct options options_in(const char *section)
{
    struct options ret = {0};
    for (size_t i = 0; i < TABLE_COUNT; i++) {
        if (strcmp(table[i].section, section) != 0)
            continue;
        if (ret.count == 0)
            ret.rows = &table[i];
        ret.count++;
    }
    return ret;
}

const struct option *options_find(struct options options, const char *name)
{
    for (size_t i = 0; i < options.count; i++)
        if (strcmp(options.rows[i].name, name) == 0)
            return &options.rows[i];
    return NULL;
}

// ── Misspelt keys ────────────────────────────────────────────────────────────────────────────────

#define KEY_MAX 24 // no key is longer; what is longer is no misspelling of one

static unsigned least(unsigned a, unsigned b, unsigned c)
{
    unsigned ab = a < b ? a : b;
    return ab < c ? ab : c;
}

// How many letters must be added, left out, changed or swapped with a neighbour (optimal string
// alignment).
static unsigned distance(const char *a, const char *b)
{
    size_t a_len = strlen(a), b_len = strlen(b);
    unsigned cells[KEY_MAX + 1][KEY_MAX + 1];
    for (size_t j = 0; j <= b_len; j++)
        cells[0][j] = (unsigned)j;
    for (size_t i = 1; i <= a_len; i++) {
        cells[i][0] = (unsigned)i;
        for (size_t j = 1; j <= b_len; j++) {
            unsigned changed = a[i - 1] == b[j - 1] ? 0 : 1;
            cells[i][j] =
                least(cells[i - 1][j] + 1, cells[i][j - 1] + 1, cells[i - 1][j - 1] + changed);
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
                cells[i - 2][j - 2] + 1 < cells[i][j])
                cells[i][j] = cells[i - 2][j - 2] + 1;
        }
    }
    return cells[a_len][b_len];
}

const char *options_suggest(struct options options, const char *name, char ret[OPTION_PATH_MAX])
{
    size_t len = strlen(name);
    if (len > KEY_MAX)
        return NULL;
    const struct option *nearest = NULL;
    unsigned nearest_distance = len < 4 ? 2 : len < 8 ? 3 : 4; // one more than is taken as a slip
    for (size_t i = 0; i < options.count; i++) {
        unsigned here = distance(name, options.rows[i].name);
        if (here < nearest_distance) {
            nearest = &options.rows[i];
            nearest_distance = here;
        }
    }
    if (nearest != NULL) {
        snprintf(ret, OPTION_PATH_MAX, "%s", nearest->name);
        return ret;
    }
    for (size_t i = 0; i < TABLE_COUNT; i++) {
        if (table[i].type != OPTION_LATER && strcmp(table[i].name, name) == 0)
            return option_path(table[i].section, name, ret);
    }
    return NULL;
}

const char *option_path(const char *section, const char *name, char ret[OPTION_PATH_MAX])
{
    size_t len = strlen(section);
    if (len >= 2 && strcmp(section + len - 2, "[]") == 0)
        len -= 2;
    const char *dot = len > 0 && name != NULL ? "." : "";
    snprintf(ret, OPTION_PATH_MAX, "%.*s%s%s", (int)len, section, dot, name != NULL ? name : "");
    return ret;
}
