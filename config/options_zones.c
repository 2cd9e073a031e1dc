// SPDX-License-Identifier: ISC
// The table of options, first half: what zones say. The box and its domains, mail, TTLs, signing, custom records.
#include "config/options_rows.h"

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
#define GIVEN(type, member) .given = offsetof(struct type, member)

// A TTL above a month is a mistake in a number; RFC 2181 §8 would allow 68 years.
#define TTL_MAX (30U * 86400)
// Zonemaster (DNSSEC04) and validators with it frown on signatures that live longer.
#define LIFETIME_MAX (180U * 86400)
// Ten years.
#define KEY_LIFETIME_MAX (10U * 365 * 86400)
// A year; RFC 8461 §3.2 allows six hours more.
#define STS_AGE_MAX (365U * 86400)

static const char *const words_dnssec[] = {"yes", "no", "presigned", NULL};
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
const struct section options_ttl = SECTION(BASE_TTL, rows_ttl);

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
const struct section options_dnssec = SECTION(BASE_DNSSEC, rows_dnssec);

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
const struct section options_record = SECTION(BASE_ELEMENT, rows_record);

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
const struct section options_box = SECTION(BASE_CONFIG, rows_box, .also = &section_mail);

// ── A domain ─────────────────────────────────────────────────────────────────────────────────────

static const struct option rows_domain[] = {
    {"name", OPTION_DOMAIN_NAME, .required = true, DOMAIN(name), PLACE(config_domain, place), .help = "the domain"},
    {"zone-file", OPTION_PATH, DOMAIN(zone_file), PLACE(config_domain, zone_file_place),
     .help = "complete master file; default: the zone is generated"},
    {"dnssec", OPTION_DNSSEC, .section = &options_dnssec, .words = words_dnssec, DOMAIN(dnssec),
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
    {"ttl", OPTION_SECTION, .section = &options_ttl, .help = "TTLs of this domain"},
    {"records", OPTION_RECORDS, .max = 100000, .section = &options_record, DOMAIN_LIST(records, record_count),
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
const struct section options_domain = SECTION(BASE_DOMAIN, rows_domain, .also = &section_mail);
// clang-format on

const char *config_algorithm_word(uint8_t algorithm)
{
    size_t i = 0;
    while (words_algorithm[i] != NULL && numbers_algorithm[i] != algorithm)
        i++;
    return words_algorithm[i];
}
