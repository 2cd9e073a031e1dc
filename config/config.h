// SPDX-License-Identifier: ISC
// What the admin wrote: zonebox.yaml, checked, as structs. Everything else in the program sees only these.
//
//   box:                          # hostname is the one thing that must be there, with domains
//     hostname: box.example.com
//     addresses: [192.0.2.1]      # what is published; default: the global addresses found on the box. Private ones
//                                 # are published when written here, never by themselves; loopback and others that
//                                 # no stranger reaches are refused
//     nameservers: [ns1.box.example.com, {name: ns2.example.net, addresses: [198.51.100.2]}]
//     tls: [/etc/letsencrypt/live/box.example.com/fullchain.pem]
//     ssh: [/etc/ssh/ssh_host_ed25519_key.pub]
//     tls-ports: [25]             # TLSA for these
//     # What follows can stand in a domain, too; what a domain does not write is as in the box, option by option
//     dkim: {algorithms: [rsa, ed25519], lifetime: 180d}   # or `no`
//     spf: {relays: ["include:spf.example.net", 203.0.113.7], all: fail}   # or `no`
//     dmarc: {policy: quarantine, reports: dmarc@example.com}              # or `no`
//     mta-sts: {mode: enforce, max-age: 4w}                # or `no`, the default
//     tls-rpt: tls@example.com
//     services: [submissions, imaps, {name: sieve, port: 4190}]            # or `no`
//     autoconfig: no
//   domains:
//     - example.com
//     - {name: example.org, zone-file: example.org.zone, dnssec: presigned}
//     - name: example.net
//       mode: hidden-primary      # or external; default: authoritative
//       nameservers: [ns1.example.org, ns2.example.org]
//       dmarc: {policy: reject}   # reports: as in the box
//       records:                  # custom records: a line of a master file, or a mapping
//         - "blog 300 CNAME web.example.org."
//         - {name: "@", type: TXT, text: "site-verification=abc"}
//       records-file: example.net.records
//     - {name: news.example.net, zone: parent}   # a mail domain inside the zone of example.net
//     - {name: parked.example, mail: no}
//   include: conf.d/*.yaml        # further files with `domains:`
//   server: {listen: ["192.0.2.1@53"], workers: 2, tls: yes}
//   resolver: {listen: ["127.0.0.1@53", "[::1]@53"], trust-own-keys: no}     # or `no`
//   control: {directory: /run/zonebox, group: adm}
//   user: {signer: zonebox-signer, server: zonebox-server, resolver: zonebox-resolver, probe: zonebox-probe,
//          tls: zonebox-tls}
//   log: {to: stderr, level: info}
//   on-alarm: 'mail -s "zonebox: $ZONEBOX_EVENT" root'
//   dnssec: {algorithm: ed25519, keys: ksk+zsk, zsk-lifetime: 30d}   # or `no`; in a domain, too
//   ttl: {default: 1h, soa: 1h, ns: 1d, dnskey: 1d, negative: 1h, tlsa: 1h}     # in a domain, too
//   state: /var/lib/zonebox
//
// One table (config/options.h) says of each option its type, bounds, default and what a person should know; reading,
// checking, the JSON Schema and the reference page come from it. A new option is one row and one field here.
//
// Reading is bounded: octets, depth, nodes; aliases and merge keys are refused, so nothing explodes. Every error is
// `file:line:col: option: what is wrong; what would be right`, for a misspelt key with the near one. All errors of
// a file are found in one run where the YAML itself can be read. A list of one may be written without brackets, a
// domain or name server as its name alone. Names may have letters of any script and
// become A-labels (IDNA2008). A domain is listed once and has two labels or more; one
// with "_" in its name needs a zone file, since no mail domain has that. The resolver listens on loopback only, never
// where the server does. No two programs have one user.
#pragma once

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/address.h"
#include "base/arena.h"
#include "base/buf.h"
#include "base/log.h"
#include "base/status.h"

#define CONFIG_FILE_MAX     (16U << 20) // octets: 100,000 domains with options
#define CONFIG_TEXTS_MAX    (64U << 20) // all files together
#define CONFIG_INCLUDED_MAX 100000U     // included files: one for each of so many domains
#define CONFIG_DEFAULT_PATH "/etc/zonebox/zonebox.yaml"

// Where something was written; line 0: it is a default.
struct config_place {
    unsigned line;
    unsigned column;
    unsigned
        file; // index into config->files: 0 is the configuration itself, the others are included ones
};

struct config_address {
    struct address address; // base/address.h; the port is not used here
    struct config_place place;
};

struct config_text {
    char *text;
    struct config_place place;
};

struct config_nameserver {
    char *name;                       // host name without the last dot, lower case
    struct config_address *addresses; // none: the box's own where the name lies in a zone of ours
    size_t address_count;
    struct config_place place;
};

// ── What mail needs ──────────────────────────────────────────────────────────────────────────────

struct config_spf { // RFC 7208
    bool enabled;
    struct config_text *
        relays; // "ip4:192.0.2.0/24", "include:spf.example.net", "a:…", "mx:…", "exists:…": mechanisms
    size_t relay_count; // without qualifier; an address alone was made one
    bool soft;          // ~all instead of -all
    struct config_place place;
};

enum config_dmarc_policy { CONFIG_DMARC_NONE, CONFIG_DMARC_QUARANTINE, CONFIG_DMARC_REJECT };

struct config_dmarc { // RFC 9989
    bool enabled;
    enum config_dmarc_policy policy;     // p
    enum config_dmarc_policy subdomains; // sp; as policy unless written
    bool subdomains_given;
    enum config_dmarc_policy nonexistent; // np; default: reject
    bool testing;                         // t=y
    bool strict_dkim;                     // adkim=s
    bool strict_spf;                      // aspf=s
    struct config_text *reports;          // rua: URIs ("mailto:…"); an address alone was made one
    size_t report_count;
    struct config_text *failures; // ruf, likewise
    size_t failure_count;
};

enum config_sts_mode { CONFIG_STS_ENFORCE, CONFIG_STS_TESTING, CONFIG_STS_NONE };

struct config_mta_sts { // RFC 8461
    bool enabled;
    enum config_sts_mode mode;
    uint32_t max_age; // seconds
};

struct config_service { // an SRV record (RFC 6186, 6764, 8314, 8620, 5804)
    char *name;         // "imaps": without underscore
    uint32_t port;      // the name's usual one unless written
    char *host;         // NULL: the host name
    struct config_place place;
};

struct config_mail {
    struct config_spf spf;
    struct config_dmarc dmarc;
    struct config_mta_sts mta_sts;
    struct config_text *tls_rpt; // RFC 8460: URIs ("mailto:…", "https://…"); none: no record
    size_t tls_rpt_count;
    bool srv;                        // `services: no` publishes no SRV record at all
    struct config_service *services; // those offered; the others get `0 0 0 .`
    size_t service_count;
    bool autoconfig;          // names and records for clients that look for their settings
    uint32_t dkim_algorithms; // enum config_dkim_algorithm, or-ed
    uint32_t dkim_lifetime;   // seconds a key is used before its successor is; 0: for ever
};

enum config_dkim_algorithm { CONFIG_DKIM_RSA = 1, CONFIG_DKIM_ED25519 = 2 };

struct config_caa { // RFC 8659, RFC 8657, RFC 9495
    bool given;     // written
    bool none;      // `caa: no`
    // Domains of CAs; an empty list that was written is `";"`, nobody may. _given tells it from one left out.
    struct config_text *issue;
    size_t issue_count;
    bool issue_given;
    struct config_text *issuewild;
    size_t issuewild_count;
    bool issuewild_given;
    struct config_text *issuemail;
    size_t issuemail_count;
    bool issuemail_given;
    struct config_text *accounts; // accounturi, for each of issue and issuewild
    size_t account_count;
    struct config_text *methods; // validationmethods
    size_t method_count;
    struct config_text *iodef; // URIs
    size_t iodef_count;
    struct config_place place;
};

// A custom record as it was written; zonegen/custom.h makes records of it.
struct config_record {
    struct config_place place;
    char *line; // as in a master file, or NULL: the parts below
    char *name; // NULL: the apex
    char *type;
    bool ttl_given;
    uint32_t ttl;
    struct config_text *data; // rdata as in a master file, each a record of its own
    size_t data_count;
    char *text; // instead of data, for TXT: the plain text, of any length
};

struct config_box {
    char *hostname; // without the last dot, lower case
    struct config_place hostname_place;
    struct config_address *addresses; // count 0: automatic
    size_t address_count;
    // Never empty after reading: default ns1. and ns2.HOSTNAME
    struct config_nameserver *nameservers;
    size_t nameserver_count;
    struct config_text *tls; // PEM files, absolute paths; default: certbot's place where it exists
    size_t tls_count;
    bool tls_given;          // written, not the default
    struct config_text *ssh; // OpenSSH public key files, absolute paths
    size_t ssh_count;
    bool ssh_given;
    bool dkim;           // make and publish DKIM keys
    char *dkim_selector; // what new selectors begin with, or NULL
    struct config_place dkim_selector_place;
    char *dkim_group; // may read the private keys (name or number), or NULL: only the signer's
    // Public keys (PEM) of the certificates to come, absolute paths; default: /etc/zonebox/tls-next/*.pub
    struct config_text *tls_next;
    size_t tls_next_count;
    bool tls_next_given;
    uint32_t *tls_ports; // TLSA records for these TCP ports of the host name; default: 25
    size_t tls_port_count;
    bool tls_issuer;         // a `2 1 1` of the issuing CA's key besides
    struct config_caa caa;   // of the host name; `automatic` unless written
    struct config_mail mail; // what every domain has that writes nothing else
};

enum config_dnssec { CONFIG_DNSSEC_ON, CONFIG_DNSSEC_OFF, CONFIG_DNSSEC_PRESIGNED };

enum config_mode {
    CONFIG_AUTHORITATIVE,  // the box is among the name servers
    CONFIG_HIDDEN_PRIMARY, // signed here, served to the world by `nameservers:` alone
    CONFIG_EXTERNAL, // served by others altogether: printed and checked; only its DKIM keys are made here
};

struct config_domain {
    char *name;    // A-labels, without the last dot, lower case
    char *unicode; // as written, when it was written with U-labels (RFC 5890), or NULL
    struct config_place place;
    char *zone_file; // absolute path, or NULL: generated
    struct config_place zone_file_place;
    enum config_dnssec dnssec; // PRESIGNED only with a zone file
    struct config_place dnssec_place;
    enum config_mode mode;
    struct config_place mode_place;
    bool in_parent; // `zone: parent`: no zone of its own, its records are in the zone above
    struct config_place in_parent_place;
    bool has_mail; // `mail: no` is a parked domain, or one with other uses
    struct config_place has_mail_place;
    bool www; // addresses for the name www
    struct config_place www_place;
    struct config_address *addresses; // of the domain itself and of www; count 0: the box's
    size_t address_count;
    bool no_addresses;                     // `addresses: no`
    struct config_nameserver *nameservers; // count 0: the box's
    size_t nameserver_count;
    struct config_place nameservers_place;
    bool dkim; // the box's, unless written
    struct config_place dkim_place;
    struct config_caa caa;          // of the domain; not given: none
    const struct config_mail *mail; // never NULL; the box's own when nothing of it was written
    const struct config_ttl *ttl;   // never NULL; likewise
    // Never NULL; likewise. What it says counts where the zone is signed here.
    const struct config_dnssec_policy *policy;
    struct config_record *records; // custom ones
    size_t record_count;
    char *records_file; // master file fragment, absolute path, or NULL
    struct config_place records_file_place;
    // Of all that is written about the domain, whatever its place: equal means that nothing changed.
    uint64_t digest;
};

#define CONFIG_PORT_TLS 853 // RFC 7858 §3.1

struct config_server_tls { // DNS over TLS (RFC 7858)
    bool enabled;
    struct config_place place;
    struct address *listen; // with ports; count 0: where the server listens, port 853
    size_t listen_count;
    struct config_place listen_place;
    char
        *certificate; // PEM, the chain; absolute path. Default: box.tls' first; NULL: there is none
    struct config_place certificate_place;
    char *key; // PEM; absolute path. Default: certbot's beside the certificate
    struct config_place key_place;
    uint32_t handshakes; // that an address may begin in a second; 0: no limit
};
#define CONFIG_TOLD_MAX 128 // octets that all fit a reply beside the longest question

struct config_server {
    struct address *listen; // with ports; count 0: every non-loopback address of the box, port 53
    size_t listen_count;
    struct config_place listen_place;
    uint32_t workers;         // 0: one per core
    uint32_t tcp_connections; // most at a time, over all workers
    uint32_t tcp_per_address; // of these, from one
    uint32_t tcp_idle_ms;
    uint32_t rate_limit; // replies a second, over all workers; 0: no limit
    uint32_t rate_limit_slip;
    struct config_server_tls tls;
    struct address *metrics; // loopback, where the numbers are told
    size_t metrics_count;    // 0: nowhere, or 1
    bool cookies;
    char *cookie_secrets; // file, absolute path; NULL: the server makes its own
    // What is told to who asks, at most CONFIG_TOLD_MAX octets; NULL: nothing
    char *nsid;
    char *identity;
    char *version;
};

struct config_forward {
    struct address address; // with its port
    char *tls_name;         // asked over TLS, with a certificate for this name; NULL: plain
};

struct config_resolver {
    bool enabled;
    struct address *listen; // loopback only, with ports
    size_t listen_count;
    struct config_place listen_place;
    bool trust_own_keys; // own zones are validated by the box's own public keys, not from the root
    struct config_forward *forward; // none: own recursion
    size_t forward_count;
    struct config_place forward_place;
    char *root_hints;                  // absolute path
    struct config_text *trust_anchors; // files, absolute paths
    size_t trust_anchor_count;
    uint32_t cache;              // megabytes
    uint32_t queries;            // most at a time
    uint32_t queries_per_client; // most at a time from one address and port, or one TCP connection
};

struct config_control {
    char *directory; // absolute, or NULL: /run/zonebox for root, else STATE/control
    struct config_place directory_place;
    char *group; // may use the sockets (name or number), or NULL: only root and the user of zoned
};

// Whose rights the programs have when zoned is started by root: names or numbers.
struct config_user {
    char *signer;
    char *server;
    char *resolver;
    char *probe;
    char *tls; // of the server's part that speaks TLS; its group is the server's
    struct config_place signer_place;
    struct config_place server_place;
    struct config_place resolver_place;
    struct config_place probe_place;
    struct config_place tls_place;
};

enum config_log_target { CONFIG_LOG_STDERR, CONFIG_LOG_SYSLOG };

struct config_log {
    enum config_log_target to;
    enum log_level level; // base/log.h: the most talkative that is written
};

struct config_ttl {    // seconds
    uint32_t standard; // `default:`
    uint32_t soa;
    uint32_t ns;
    uint32_t dnskey;
    uint32_t negative; // SOA minimum
    // As `default:` unless written
    uint32_t address; // A and AAAA
    uint32_t mx;
    uint32_t txt;
    uint32_t tlsa;
    uint32_t sshfp;
    uint32_t srv;
    uint32_t caa;
};

struct config_probe { // zone-probe: how the world is looked at
    bool enabled;
    uint32_t interval; // seconds between two looks at what is waited for
};

// The word for the number of an algorithm, as it is written in a configuration.
const char *config_algorithm_word(uint8_t algorithm);

// How a zone is signed, and how its keys live. Times are seconds.
struct config_dnssec_policy {
    uint32_t signature_lifetime;
    uint32_t signature_refresh; // renewed when this much is left; default: half the lifetime
    uint8_t algorithm;          // its number: 13, 15 or 8; keys of RSA have 2048 bits
    bool split_keys;            // KSK and ZSK in place of one combined key (CSK)
    uint32_t ksk_lifetime;      // of the KSK or CSK; 0: for ever
    uint32_t zsk_lifetime;      // likewise
    bool double_ds;             // RFC 7583 §2.2: in place of double signature
    bool nsec3;                 // `1 0 0 -` (RFC 9276), in place of NSEC
    bool cds;                   // CDS and CDNSKEY tell the parent (RFC 7344, RFC 8078)
    // After all name servers, or all of the parent's, were seen with something: until the last instance behind their
    // addresses has it, too.
    uint32_t propagation_delay;
    uint32_t parent_propagation_delay;
    struct config_place refresh_place;
    struct config_place ksk_place; // of its lifetime
    struct config_place zsk_place;
};

// A file of the configuration: its path as it is shown in messages (absolute of an included one), and what was in it.
struct config_file {
    const char *path;
    const char *text; // NUL behind it
    size_t len;
};
// Have both the same path and text?
bool config_file_equal(const struct config_file *a, const struct config_file *b);

struct kept_tree;

struct config {
    char *path;      // as given
    char *directory; // absolute: relative paths in the file start here
    struct config_box box;
    struct config_domain *domains; // in the order of the file, no name twice
    size_t domain_count;
    struct config_server server;
    struct config_dnssec_policy dnssec;
    enum config_dnssec
        signing; // ON or OFF: of the host's own zone, and of domains that say nothing
    struct config_ttl ttl;
    struct config_resolver resolver;
    struct config_control control;
    struct config_user user;
    struct config_log log;
    struct config_probe probe;
    struct config_record *records; // custom ones, in every zone that is generated
    size_t record_count;
    struct config_text *includes; // absolute patterns of glob(7)
    size_t include_count;
    struct config_file *files; // files[0] is the configuration, then the included ones in order
    struct kept_tree **trees;  // of the same, for the next reading (config/kept_tree.h); NULL: none
    size_t file_count;
    uint64_t digest;    // of all that is written outside of `domains:`, whatever its place
    char *on_alarm;     // for /bin/sh -c, or NULL
    char *state;        // absolute
    struct arena arena; // all that is pointed to, but for the list of domains, which grows
    unsigned users;     // config_share
};

#define CONFIG_ERRORS_MAX 20 // a file that is wrong throughout is not worth more lines

struct config_errors {
    struct error list[CONFIG_ERRORS_MAX];
    size_t count; // may be larger than the list: that many were found
};

// What to show of them: the line at index 0, 1, …, then NULL. When there are more errors than the list holds, the last
// line says how many; it is written to text.
const char *config_errors_line(const struct config_errors *errors, size_t index,
                               struct error *text);
// Would both show the same lines?
bool config_errors_equal(const struct config_errors *a, const struct config_errors *b);

// Reads the text of a configuration. path is for messages and relative names; nothing is opened but what is included
// and the globs of default host keys, certificate and keys to come (see inputs.h for their content). On failure *ret is
// NULL and errors has at least one line (SYNTAX, or RANGE when the text is too large). The caller frees with
// config_free.
enum status config_parse(const char *path, const char *text, size_t len, struct config **ret,
                         struct config_errors *errors);
// Reads the file, then config_parse.
enum status config_load(const char *path, struct config **ret, struct config_errors *errors);
// One more has it: config_free once more.
struct config *config_share(struct config *config);
void config_free(struct config *config); // NULL is fine

// Where a configuration has the state and the control sockets (NULL: the default), also one with mistakes elsewhere:
// who wants to say what is wrong has to find the programs. The caller frees both. SYNTAX when not even that can be
// read.
enum status config_glance(const char *path, char **ret_state, char **ret_control,
                          struct error *err);

// For a later complaint about something the configuration says: writes "path:line:col: words" ("path: words" about a
// default) and returns SYNTAX.
enum status config_complain(const struct config *config, struct config_place place,
                            struct error *err, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
