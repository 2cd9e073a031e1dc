// SPDX-License-Identifier: ISC
#include "config/options.h"

#include "config/config.h"

#define CONFIG(member) .target = offsetof(struct config, member)
#define CONFIG_LIST(member, count_member)                                                          \
    .target = offsetof(struct config, member), .count = offsetof(struct config, count_member)
#define DOMAIN(member) .target = offsetof(struct config_domain, member)
#define DOMAIN_LIST(member, count_member)                                                          \
    .target = offsetof(struct config_domain, member),                                              \
    .count = offsetof(struct config_domain, count_member)
#define MAIL(member) .target = offsetof(struct config_mail, member)
#define MAIL_LIST(member, count_member)                                                            \
    .target = offsetof(struct config_mail, member),                                                \
    .count = offsetof(struct config_mail, count_member)
#define CAA_LIST(member, count_member)                                                             \
    .target = offsetof(struct config_caa, member),                                                 \
    .count = offsetof(struct config_caa, count_member)
#define TTL(member)         .target = offsetof(struct config_ttl, member)
#define DNSSEC(member)      .target = offsetof(struct config_dnssec_policy, member)
#define NAMESERVER(member)  offsetof(struct config_nameserver, member)
#define RECORD(member)      offsetof(struct config_record, member)
#define SERVICE(member)     offsetof(struct config_service, member)
#define PLACE(type, member) .place = offsetof(struct type, member)
#define GIVEN(type, member) .given = offsetof(struct type, member)

#define SECTION(section_base, section_rows, ...)                                                   \
    {                                                                                              \
        .base = (section_base), .rows = (section_rows),                                            \
        .count = sizeof(section_rows) / sizeof((section_rows)[0]), __VA_ARGS__                     \
    }

// A TTL above a month is a mistake in a number; RFC 2181 §8 would allow 68 years.
#define TTL_MAX (30U * 86400)
// Zonemaster (DNSSEC04) and validators with it frown on signatures that live longer.
#define LIFETIME_MAX (180U * 86400)
// Ten years.
#define KEY_LIFETIME_MAX (10U * 365 * 86400)
// A year; RFC 8461 §3.2 allows six hours more.
#define STS_AGE_MAX (365U * 86400)

static const char *const words_dnssec[] = {"yes", "no", "presigned", NULL};
static const char *const words_dnssec_box[] = {"yes", "no", NULL};
static const char *const words_algorithm[] = {"ecdsap256sha256", "ed25519", "rsasha256", NULL};
static const uint8_t numbers_algorithm[] = {13, 15, 8}; // RFC 6605, RFC 8080, RFC 5702
static const char *const words_keys[] = {"csk", "ksk+zsk", NULL};
static const char *const words_rollover[] = {"double-signature", "double-ds", NULL};
static const char *const words_denial[] = {"nsec", "nsec3", NULL};
static const char *const words_mode[] = {"authoritative", "hidden-primary", "external", NULL};
static const char *const words_zone[] = {"own", "parent", NULL};
static const char *const words_all[] = {"fail", "softfail", NULL};
static const char *const words_policy[] = {"none", "quarantine", "reject", NULL};
static const char *const words_sts[] = {"enforce", "testing", "none", NULL};
static const char *const words_dkim[] = {"rsa", "ed25519", NULL};
static const char *const words_log_to[] = {"stderr", "syslog", NULL};
static const char *const words_log_level[] = {"error", "warning", "notice", "info", "debug", NULL};

// clang-format off

// ── What can stand in the box and in a domain ────────────────────────────────────────────────────

static const struct option rows_spf[] = {
    {"relays", OPTION_RELAYS, .max = 64, MAIL_LIST(spf.relays, spf.relay_count),
     .help = "other servers that send: addresses, prefixes or mechanisms (RFC 7208)",
     .more = "As `203.0.113.7`, `2001:db8::/48`, `include:spf.example.net`, `a:out.example.net`, `mx:example.net` "
             "or `exists:%{i}.spf.example.net`. The mail exchanger itself needs none."},
    {"all", OPTION_EITHER, .standard = "fail", .words = words_all, MAIL(spf.soft),
     .help = "what becomes of mail from all others",
     .more = "With `fail` (-all) receivers may refuse it before they look for a DKIM signature, with `softfail` "
             "(~all) they do not."},
};
static const struct section section_spf = SECTION(BASE_MAIL, rows_spf);

static const struct option rows_dmarc[] = {
    {"policy", OPTION_WORD, .standard = "quarantine", .words = words_policy, MAIL(dmarc.policy),
     .help = "what receivers are asked to do with mail that fails"},
    {"subdomains", OPTION_WORD, .words = words_policy, MAIL(dmarc.subdomains),
     GIVEN(config_mail, dmarc.subdomains_given),
     .help = "the same for names below the domain; default: as policy"},
    {"nonexistent", OPTION_WORD, .standard = "reject", .words = words_policy, MAIL(dmarc.nonexistent),
     .help = "the same for names that do not exist"},
    {"testing", OPTION_YES_NO, .standard = "no", MAIL(dmarc.testing),
     .help = "receivers are asked to apply the policy one step weaker"},
    {"strict-dkim", OPTION_YES_NO, .standard = "no", MAIL(dmarc.strict_dkim),
     .help = "the domain of the signature must be the one in From exactly"},
    {"strict-spf", OPTION_YES_NO, .standard = "no", MAIL(dmarc.strict_spf),
     .help = "the domain of the envelope must be the one in From exactly"},
    {"reports", OPTION_REPORTS, .max = 16, MAIL_LIST(dmarc.reports, dmarc.report_count), .takes_no = true,
     .help = "where receivers send their daily reports: mail addresses or URIs",
     .more = "An address in another domain of this configuration is authorised there by a record of its own; for "
             "one that is somebody else's, `zonegen --ds` says which record is needed there."},
    {"failures", OPTION_REPORTS, .max = 16, MAIL_LIST(dmarc.failures, dmarc.failure_count), .takes_no = true,
     .help = "where receivers send reports of single failures"},
};
static const struct section section_dmarc = SECTION(BASE_MAIL, rows_dmarc);

static const struct option rows_mta_sts[] = {
    {"mode", OPTION_WORD, .standard = "enforce", .words = words_sts, MAIL(mta_sts.mode),
     .help = "what senders do when TLS fails; `none` is how to leave MTA-STS"},
    {"max-age", OPTION_SECONDS, .min = 86400, .max = STS_AGE_MAX, .standard = "4w", MAIL(mta_sts.max_age),
     .help = "how long senders remember the policy"},
};
static const struct section section_mta_sts = SECTION(BASE_MAIL, rows_mta_sts);

static const struct option rows_service[] = {
    {"name", OPTION_SERVICE, .required = true, .target = SERVICE(name), .place = SERVICE(place),
     .help = "the service, such as imaps",
     .more = "`submissions`, `submission`, `imaps`, `imap`, `pop3s`, `pop3`, `sieve`, `caldavs`, `caldav`, "
             "`carddavs`, `carddav`, `jmap` and `autodiscover` are known with their ports; any other needs its "
             "port."},
    {"port", OPTION_NUMBER, .min = 1, .max = 65535, .target = SERVICE(port),
     .help = "its TCP port; default: the usual one"},
    {"host", OPTION_HOST_NAME, .target = SERVICE(host),
     .help = "where it is; default: the host name of the box"},
};
static const struct section section_service = SECTION(BASE_ELEMENT, rows_service);

static const struct option rows_mail[] = {
    {"spf", OPTION_SWITCH, .standard = "yes", .section = &section_spf, MAIL(spf.enabled), PLACE(config_mail, spf.place),
     .help = "who may send mail of the domain (RFC 7208)"},
    {"dmarc", OPTION_SWITCH, .standard = "yes", .section = &section_dmarc, MAIL(dmarc.enabled),
     .help = "what receivers do with mail that is not the domain's (RFC 9989)"},
    {"mta-sts", OPTION_SWITCH, .standard = "no", .section = &section_mta_sts, MAIL(mta_sts.enabled),
     .help = "TLS for senders that know no DANE (RFC 8461)",
     .more = "Needs a web server at mta-sts.DOMAIN with a certificate for that name, which answers with the "
             "policy that `zonegen --ds` prints."},
    {"tls-rpt", OPTION_REPORTS, .max = 16, MAIL_LIST(tls_rpt, tls_rpt_count), .takes_no = true,
     .help = "where senders report failures of TLS (RFC 8460): mail addresses or https: URIs"},
    {"services", OPTION_SERVICES, .max = 32, .standard = "[submissions, imaps]", .section = &section_service,
     MAIL_LIST(services, service_count), .takes_no = true, .yes = offsetof(struct config_mail, srv),
     .help = "what mail clients find by SRV records (RFC 6186, RFC 8314)",
     .more = "Services that are known and not listed are published as not offered (`0 0 0 .`); `no` publishes "
             "nothing."},
    {"autoconfig", OPTION_YES_NO, .standard = "no", MAIL(autoconfig),
     .help = "names for clients that look for their settings: autoconfig, autodiscover"},
};
static const struct section section_mail = SECTION(BASE_MAIL, rows_mail);

static const struct option rows_dkim[] = {
    {"algorithms", OPTION_FLAGS, .min = 1, .standard = "[rsa, ed25519]", .words = words_dkim, MAIL(dkim_algorithms),
     .help = "kinds of keys, each with a selector of its own",
     .more = "Ed25519 stands beside RSA and not in its place: many receivers do not know it."},
    {"lifetime", OPTION_LIFETIME, .min = 7 * 86400, .max = KEY_LIFETIME_MAX, .standard = "never", MAIL(dkim_lifetime),
     .help = "how long a key signs before its successor does",
     .more = "With a time, keys are replaced without a hand where the mail signer uses the tables in the state "
             "directory, which follow; `zonebox setup` prints its settings. A signer that is told of a key by "
             "hand would go on with the old one, so the default is `never`."},
};
static const struct section section_dkim = SECTION(BASE_MAIL, rows_dkim);

static const struct option rows_caa[] = {
    {"issue", OPTION_ISSUERS, .max = 16, CAA_LIST(issue, issue_count), GIVEN(config_caa, issue_given), .takes_no = true,
     .help = "domain names of the CAs that may issue; `no`: none may"},
    {"issuewild", OPTION_ISSUERS, .max = 16, CAA_LIST(issuewild, issuewild_count), GIVEN(config_caa, issuewild_given),
     .takes_no = true, .help = "the same for wildcards; default: as issue"},
    {"issuemail", OPTION_ISSUERS, .max = 16, CAA_LIST(issuemail, issuemail_count), GIVEN(config_caa, issuemail_given),
     .takes_no = true, .help = "the same for S/MIME (RFC 9495); default: nothing is said"},
    {"accounts", OPTION_ACCOUNTS, .max = 16, CAA_LIST(accounts, account_count),
     .help = "only these accounts at the CAs, as https: URIs (accounturi of RFC 8657)"},
    {"methods", OPTION_METHODS, .max = 16, CAA_LIST(methods, method_count),
     .help = "only these ways of validation, such as http-01 (validationmethods of RFC 8657)"},
    {"iodef", OPTION_REPORTS, .max = 16, CAA_LIST(iodef, iodef_count),
     .help = "where CAs report what was against this: mail addresses or URIs"},
};
static const struct section section_caa = SECTION(BASE_CAA, rows_caa);

static const struct option rows_ttl[] = {
    {"default", OPTION_SECONDS, .min = 1, .max = TTL_MAX, .standard = "1h", TTL(standard),
     .help = "every record without a TTL of its own below"},
    {"soa", OPTION_SECONDS, .min = 1, .max = TTL_MAX, .standard = "1h", TTL(soa), .help = "SOA"},
    {"ns", OPTION_SECONDS, .min = 1, .max = TTL_MAX, .standard = "1d", TTL(ns),
     .help = "NS"},
    {"dnskey", OPTION_SECONDS, .min = 1, .max = TTL_MAX, .standard = "1d", TTL(dnskey), .help = "DNSKEY"},
    {"negative", OPTION_SECONDS, .min = 1, .max = 86400, .standard = "1h", TTL(negative),
     .help = "how long \"there is no such record\" is kept (RFC 2308)"},
    {"address", OPTION_SECONDS, .min = 1, .max = TTL_MAX, TTL(address), .help = "A and AAAA; default: as default"},
    {"mx", OPTION_SECONDS, .min = 1, .max = TTL_MAX, TTL(mx), .help = "MX; default: as default"},
    {"txt", OPTION_SECONDS, .min = 1, .max = TTL_MAX, TTL(txt),
     .help = "TXT: SPF, DKIM, DMARC and the like; default: as default"},
    {"tlsa", OPTION_SECONDS, .min = 1, .max = TTL_MAX, TTL(tlsa),
     .help = "TLSA; default: as default",
     .more = "A new certificate key waits for two of these before it is safe."},
    {"sshfp", OPTION_SECONDS, .min = 1, .max = TTL_MAX, TTL(sshfp), .help = "SSHFP; default: as default"},
    {"srv", OPTION_SECONDS, .min = 1, .max = TTL_MAX, TTL(srv), .help = "SRV; default: as default"},
    {"caa", OPTION_SECONDS, .min = 1, .max = TTL_MAX, TTL(caa), .help = "CAA; default: as default"},
};
static const struct section section_ttl = SECTION(BASE_TTL, rows_ttl);

static const struct option rows_dnssec[] = {
    {"algorithm", OPTION_ALGORITHM, .standard = "ecdsap256sha256", .words = words_algorithm,
     .numbers = numbers_algorithm, DNSSEC(algorithm), .help = "algorithm of the keys",
     .more = "Keys of rsasha256 have 2048 bits. A change is an algorithm rollover (RFC 6781 §4.1.4)."},
    {"keys", OPTION_EITHER, .standard = "csk", .words = words_keys, DNSSEC(split_keys),
     .help = "one combined signing key, or a key signing and a zone signing key",
     .more = "The parent's DS names the CSK or KSK; a ZSK is replaced without the parent."},
    {"ksk-lifetime", OPTION_LIFETIME, .min = 10, .max = KEY_LIFETIME_MAX, .standard = "never", DNSSEC(ksk_lifetime),
     PLACE(config_dnssec_policy, ksk_place),
     .help = "how long a KSK or CSK is used before its successor is",
     .more = "Its DS has to be changed at the registrar each time, by hand unless the parent reads CDS."},
    {"zsk-lifetime", OPTION_LIFETIME, .min = 10, .max = KEY_LIFETIME_MAX, .standard = "90d", DNSSEC(zsk_lifetime),
     PLACE(config_dnssec_policy, zsk_place),
     .help = "the same of a ZSK, with `keys: ksk+zsk`"},
    {"ksk-rollover", OPTION_EITHER, .standard = "double-signature", .words = words_rollover, DNSSEC(double_ds),
     .help = "how a KSK or CSK is replaced (RFC 7583 §2.2)",
     .more = "With `double-signature` the new key signs beside the old one until the parent has its DS in place of "
             "the old; with `double-ds` the parent has both until the keys are exchanged."},
    {"denial", OPTION_EITHER, .standard = "nsec", .words = words_denial, DNSSEC(nsec3),
     .help = "how it is proven that a name does not exist",
     .more = "With NSEC anybody can list the names of the zone; with NSEC3 they have to be guessed, and answers are "
             "larger. NSEC3 is `1 0 0 -`: no opt-out, no further iterations, no salt (RFC 9276)."},
    {"cds", OPTION_YES_NO, .standard = "yes", DNSSEC(cds),
     .help = "CDS and CDNSKEY records tell the parent which DS there should be (RFC 7344, RFC 8078)",
     .more = "A zone that waits for its first DS has them below the names of its name servers, too, where those lie in "
             "a zone of this box whose DS was seen: parents that look there need no form (RFC 9615)."},
    {"propagation-delay", OPTION_SECONDS, .max = TTL_MAX, .standard = "5m", DNSSEC(propagation_delay),
     .help = "time until what all name servers were seen with is at their last instance, too",
     .more = "Waited for in rollovers, with the TTL. With anycast there are more instances than are seen."},
    {"parent-propagation-delay", OPTION_SECONDS, .max = TTL_MAX, .standard = "1h", DNSSEC(parent_propagation_delay),
     .help = "the same of the parent's name servers"},
    {"signature-lifetime", OPTION_SECONDS, .min = 10, .max = LIFETIME_MAX, .standard = "14d",
     DNSSEC(signature_lifetime), .help = "how long a signature is good"},
    {"signature-refresh", OPTION_SECONDS, .min = 1, .max = LIFETIME_MAX, DNSSEC(signature_refresh),
     PLACE(config_dnssec_policy, refresh_place),
     .help = "a signature is made anew when so much of its life is left; default: half of it"},
};
static const struct section section_dnssec = SECTION(BASE_DNSSEC, rows_dnssec);

static const struct option rows_record[] = {
    {"name", OPTION_OWNER_NAME, .target = RECORD(name),
     .help = "below the domain, absolute with a dot behind it, or @; default: the domain itself"},
    {"type", OPTION_RECORD_TYPE, .required = true, .target = RECORD(type),
     .help = "type of the record, also as TYPE64 (RFC 3597)"},
    {"ttl", OPTION_SECONDS, .max = TTL_MAX, .target = RECORD(ttl), .given = RECORD(ttl_given),
     .help = "how long it may be kept; default: by its type, as in ttl"},
    {"data", OPTION_DATA, .min = 1, .max = 1000, .target = RECORD(data), .count = RECORD(data_count),
     .help = "what follows the type in a master file; each is a record"},
    {"text", OPTION_TEXT, .target = RECORD(text),
     .help = "instead of data, for TXT: the plain text, of any length"},
};
static const struct section section_record = SECTION(BASE_ELEMENT, rows_record);

static const struct option rows_nameserver[] = {
    {"name", OPTION_HOST_NAME, .required = true, .target = NAMESERVER(name), .place = NAMESERVER(place),
     .help = "the host name of the server"},
    {"addresses", OPTION_ADDRESSES, .max = 16, .target = NAMESERVER(addresses), .count = NAMESERVER(address_count),
     .help = "its addresses; default: the box's own, where the name lies in a zone of ours"},
};
static const struct section section_nameserver = SECTION(BASE_ELEMENT, rows_nameserver);

// ── The box ──────────────────────────────────────────────────────────────────────────────────────

static const struct option rows_box_dkim[] = {
    {"selector", OPTION_SELECTOR, CONFIG(box.dkim_selector), PLACE(config, box.dkim_selector_place),
     .help = "what the selectors of new keys begin with; default: nothing",
     .more = "A new key's selector is made of algorithm and day, such as `rsa-20261122`, or with `selector: mail` "
             "`mail-rsa-20261122`. Keys that exist keep theirs."},
    {"group", OPTION_GROUP, CONFIG(box.dkim_group),
     .help = "group (name or number) that may read the private keys; default: only the signer's",
     .more = "That of the program that signs mail."},
};
static const struct section section_box_dkim = SECTION(BASE_CONFIG, rows_box_dkim, .also = &section_dkim);

static const struct option rows_box[] = {
    {"hostname", OPTION_HOST_NAME, .required = true, CONFIG(box.hostname), PLACE(config, box.hostname_place),
     .help = "the full name of this machine, as in its MX records and certificate",
     .more = "When it lies inside a listed domain its records are in that domain's zone; otherwise it gets a zone "
             "of its own."},
    {"addresses", OPTION_ADDRESSES, .max = 64, CONFIG_LIST(box.addresses, box.address_count),
     .help = "what is published; default: the global addresses found on the box",
     .more = "Behind NAT, write the public ones here."},
    {"nameservers", OPTION_NAMESERVERS, .min = 1, .max = 32, .section = &section_nameserver,
     CONFIG_LIST(box.nameservers, box.nameserver_count),
     .help = "names of the NS records; default: ns1 and ns2 below the host name",
     .more = "Where a name lies in a zone of ours it gets address records."},
    {"tls", OPTION_PATHS, .max = 16, CONFIG_LIST(box.tls, box.tls_count), GIVEN(config, box.tls_given),
     .takes_no = true, .help = "certificates of the mail server (PEM); default: certbot's for the host name",
     .more = "For the TLSA records (DANE): with `no` there are none. A file is followed when it changes."},
    {"tls-next", OPTION_PATHS, .max = 16, CONFIG_LIST(box.tls_next, box.tls_next_count),
     GIVEN(config, box.tls_next_given), .takes_no = true,
     .help = "public keys (PEM) of the certificates to come; default: /etc/zonebox/tls-next/*.pub",
     .more = "Published beside the present ones, so that a certificate with such a key can be taken into use "
             "without a gap once `zonebox status` says that it is safe. `zonebox tls-next` makes one."},
    {"tls-ports", OPTION_PORTS, .max = 32, .standard = "[25]", CONFIG_LIST(box.tls_ports, box.tls_port_count),
     .help = "TCP ports of the host name that have TLSA records"},
    {"tls-issuer", OPTION_YES_NO, .standard = "no", CONFIG(box.tls_issuer),
     .help = "a TLSA record for the key of the issuing CA besides (2 1 1)"},
    {"ssh", OPTION_PATHS, .max = 16, CONFIG_LIST(box.ssh, box.ssh_count), GIVEN(config, box.ssh_given),
     .takes_no = true, .help = "public host keys; default: /etc/ssh/ssh_host_*_key.pub",
     .more = "For the SSHFP records."},
    {"dkim", OPTION_SWITCH, .standard = "yes", .section = &section_box_dkim, CONFIG(box.dkim),
     .help = "make and publish DKIM keys (RFC 6376)"},
    {"caa", OPTION_CAA, .standard = "automatic", .section = &section_caa,
     .help = "who may issue certificates for the host name (RFC 8659)",
     .more = "`automatic` is the CA of the certificate in use, where that is a well-known one."},
};
static const struct section section_box = SECTION(BASE_CONFIG, rows_box, .also = &section_mail);

// ── A domain ─────────────────────────────────────────────────────────────────────────────────────

static const struct option rows_domain[] = {
    {"name", OPTION_DOMAIN_NAME, .required = true, DOMAIN(name), PLACE(config_domain, place), .help = "the domain"},
    {"zone-file", OPTION_PATH, DOMAIN(zone_file), PLACE(config_domain, zone_file_place),
     .help = "complete master file; default: the zone is generated"},
    {"dnssec", OPTION_DNSSEC, .section = &section_dnssec, .words = words_dnssec, DOMAIN(dnssec),
     PLACE(config_domain, dnssec_place),
     .help = "yes: signed here; no: unsigned; presigned: as the zone file is; default: the top-level one",
     .more = "A mapping means yes, and what it does not say is as in the top-level `dnssec`."},
    {"mode", OPTION_WORD, .standard = "authoritative", .words = words_mode, DOMAIN(mode),
     PLACE(config_domain, mode_place), .help = "who serves it to the world",
     .more = "`authoritative`: the box, alone or with others. `hidden-primary`: it is signed here, and "
             "`nameservers` alone serve it. `external`: others altogether; it is printed and checked, and never "
             "signed or served here. Its mail is: DKIM keys are made, `zonegen --dump --style paste` has their "
             "records, and a key signs when `probe` has seen its record at all name servers there; `zonebox "
             "status` says what is waited for. With `probe: no` the first key signs at once, and none follows."},
    {"zone", OPTION_EITHER, .standard = "own", .words = words_zone, DOMAIN(in_parent),
     PLACE(config_domain, in_parent_place),
     .help = "parent: its records are in the zone of the domain above it"},
    {"mail", OPTION_YES_NO, .standard = "yes", DOMAIN(has_mail), PLACE(config_domain, has_mail_place),
     .help = "no: a domain without mail",
     .more = "It says so itself then, with a null MX, an SPF record that allows nobody and a DMARC policy of "
             "reject."},
    {"www", OPTION_YES_NO, .standard = "yes", DOMAIN(www), PLACE(config_domain, www_place),
     .help = "the name www has the addresses, too"},
    {"addresses", OPTION_ADDRESSES, .max = 64, DOMAIN_LIST(addresses, address_count), .takes_no = true,
     .no = offsetof(struct config_domain, no_addresses),
     .help = "of the domain itself and of www; default: the box's"},
    {"nameservers", OPTION_NAMESERVERS, .min = 1, .max = 32, .section = &section_nameserver,
     DOMAIN_LIST(nameservers, nameserver_count), PLACE(config_domain, nameservers_place),
     .help = "names of the NS records; default: the box's"},
    {"dkim", OPTION_SWITCH, .section = &section_dkim, DOMAIN(dkim), PLACE(config_domain, dkim_place),
     .help = "DKIM keys of this domain"},
    {"caa", OPTION_CAA, .standard = "no", .section = &section_caa, .help = "who may issue certificates (RFC 8659)"},
    {"ttl", OPTION_SECTION, .section = &section_ttl, .help = "TTLs of this domain"},
    {"records", OPTION_RECORDS, .max = 100000, .section = &section_record, DOMAIN_LIST(records, record_count),
     .help = "custom records: lines of a master file, or mappings",
     .more = "They replace what would be generated with the same meaning: a custom DMARC record of any spelling "
             "replaces the generated one, a TXT record that is something else stands beside it."},
    {"records-file", OPTION_PATH, DOMAIN(records_file), PLACE(config_domain, records_file_place),
     .help = "the same as a file: part of a master file, with the domain as its origin"},
    {"allow-transfer", OPTION_LATER, .help = "who may transfer"},
    {"notify", OPTION_LATER, .help = "who is told of changes"},
    {"secondaries", OPTION_LATER, .help = "secondaries of this domain"},
    {"updates", OPTION_LATER, .help = "dynamic updates"},
};
static const struct section section_domain = SECTION(BASE_DOMAIN, rows_domain, .also = &section_mail);

// ── The programs ─────────────────────────────────────────────────────────────────────────────────

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
    {"box", OPTION_SECTION, .required = true, .section = &section_box,
     .help = "this machine: its name, addresses, certificate, keys",
     .more = "What it says about mail (spf, dmarc, mta-sts, tls-rpt, services, autoconfig, dkim) is what every "
             "domain has, too; a domain can say otherwise, option by option."},
    {"domains", OPTION_DOMAINS, .required = true, .max = 1000000, .section = &section_domain,
     CONFIG_LIST(domains, domain_count), .help = "the domains to serve, each a zone",
     .more = "Each is a name, or a mapping with the options below. Names may have letters of any script "
             "(IDNA2008)."},
    {"include", OPTION_PATTERNS, .max = 64, CONFIG_LIST(includes, include_count),
     .help = "further files, which hold `domains:` only, such as conf.d/*.yaml",
     .more = "Patterns as of the shell, from the directory of the configuration; what they match is read in order "
             "of the names. A pattern may match nothing; a name without a pattern must be there."},
    {"records", OPTION_RECORDS, .max = 1000, .section = &section_record, CONFIG_LIST(records, record_count),
     .help = "custom records for every zone that is generated",
     .more = "As in a domain; names are below each domain."},
    {"ttl", OPTION_SECTION, .section = &section_ttl, .help = "how long resolvers may keep generated records"},
    {"server", OPTION_SECTION, .section = &section_server, .help = "the name server"},
    {"resolver", OPTION_SWITCH, .standard = "yes", .section = &section_resolver, CONFIG(resolver.enabled),
     .help = "the validating resolver of this box", .more = "With `no`, another one is used."},
    {"probe", OPTION_SWITCH, .standard = "yes", .section = &section_probe, CONFIG(probe.enabled),
     .help = "looks at what the world sees",
     .more = "Steps that depend on the world, such as leaving an old key, wait for it: with `no` they never come."},
    {"dnssec", OPTION_DNSSEC, .standard = "yes", .section = &section_dnssec, .words = words_dnssec_box,
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
    {"statistics", OPTION_LATER, .help = "counters over HTTP"},
    {"tsig", OPTION_LATER, .help = "keys of transfers and updates"},
    {"updates", OPTION_LATER, .help = "dynamic updates (RFC 2136)"},
};
const struct section options_top = SECTION(BASE_CONFIG, rows_top);
// clang-format on

const char *config_algorithm_word(uint8_t algorithm)
{
    size_t i = 0;
    while (words_algorithm[i] != NULL && numbers_algorithm[i] != algorithm)
        i++;
    return words_algorithm[i];
}
