// SPDX-License-Identifier: ISC
// Mistakes in what the box and its domains say about mail, zones, certificates and records: the exact words.
#include "config/config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/config/reading.h"

#define BOX     "box: {hostname: b.example.com}\n"
#define DOMAINS "domains: [example.com]\n"

static const struct {
    const char *text;
    const char *errors; // one a line
} rows[] = {
    {"box: {hostname: b.example.com, spf: {relays: [+ip4:192.0.2.1, '-a:x.example', "
     "'redirect=x.example', mail.example.net]}}\n" DOMAINS,
     "z.yaml:1:47: box.spf.relays: \"+ip4:192.0.2.1\" has a qualifier; leave it out, a relay is "
     "one that may send\n"
     "z.yaml:1:63: box.spf.relays: \"-a:x.example\" has a qualifier; leave it out, a relay is one "
     "that may send\n"
     "z.yaml:1:79: box.spf.relays: \"redirect=x.example\" would replace the record; write "
     "include:NAME to add what is there\n"
     "z.yaml:1:101: box.spf.relays: \"mail.example.net\" is no mechanism of SPF; write an address, "
     "a prefix, include:NAME, a:NAME, mx:NAME or exists:NAME\n"},
    {"box: {hostname: b.example.com, spf: {relays: ['v=spf1 a -all', 'include:', 'include:a..b', "
     "'exists:%x.example', 'ptr:a.example']}}\n" DOMAINS,
     "z.yaml:1:47: box.spf.relays: \"v=spf1 a -all\" is more than one mechanism; write each as an "
     "item of its own\n"
     "z.yaml:1:64: box.spf.relays: the name is empty; write one\n"
     "z.yaml:1:76: box.spf.relays: \"a..b\" has an empty label; write one dot between labels\n"
     "z.yaml:1:92: box.spf.relays: \"%x.example\" has a macro that is none (RFC 7208 section 7); "
     "write it as %{i}\n"
     "z.yaml:1:113: box.spf.relays: \"ptr:a.example\" is no mechanism of SPF; write an address, a "
     "prefix, include:NAME, a:NAME, mx:NAME or exists:NAME\n"},
    {"box: {hostname: b.example.com, spf: {relays: [192.0.2.0/33, 'ip6:2001:db8::/129', "
     "'ip4:2001:db8::1', 'ip4:a.example', 'a:a.example/40//64', 'a:a.example//200']}}\n" DOMAINS,
     "z.yaml:1:47: box.spf.relays: \"33\" is no length of a prefix; write /0 to /32\n"
     "z.yaml:1:61: box.spf.relays: \"129\" is no length of a prefix; write /0 to /128\n"
     "z.yaml:1:83: box.spf.relays: \"2001:db8::1\" is no IPv4 address or prefix; write one such as "
     "192.0.2.0/24\n"
     "z.yaml:1:102: box.spf.relays: \"a.example\" is no IPv4 address or prefix; write one such as "
     "192.0.2.0/24\n"
     "z.yaml:1:119: box.spf.relays: \"40\" is no length of a prefix; write /0 to /32\n"
     "z.yaml:1:141: box.spf.relays: \"200\" is no length of a prefix; write /0 to /128\n"},
    {"box: {hostname: b.example.com, spf: {relays: [192.0.2.1, 192.0.2.1], all: maybe}}\n" DOMAINS,
     "z.yaml:1:58: box.spf.relays: listed twice; remove one\n"
     "z.yaml:1:75: box.spf.all: \"maybe\" is not known here; write fail or softfail\n"},
    {"box: {hostname: b.example.com, spf: {relays: [a:a1.example, a:a2.example, a:a3.example, "
     "a:a4.example, a:a5.example, a:a6.example, a:a7.example, a:a8.example, a:a9.example, "
     "ip4:192.0.2.1, mx:b.example]}}\n" DOMAINS,
     "z.yaml:1:37: box.spf.relays: receivers would have to look up 11 names, and stop after 10; "
     "write addresses (ip4:, ip6:) in place of names\n"},
    {BOX "domains: [{name: example.com, spf: {relays: ['a:a1.example', 'a:a2.example', "
         "'a:a3.example', 'a:a4.example', 'a:a5.example', 'a:a6.example', 'a:a7.example', "
         "'a:a8.example', 'a:a9.example', 'a:a10.example']}}]\n",
     "z.yaml:2:36: domains.spf.relays: receivers would have to look up 11 names, and stop after "
     "10; write addresses (ip4:, ip6:) in place of names\n"},
    {"box: {hostname: b.example.com, dmarc: {policy: strict, subdomains: yes, testing: 1, reports: "
     "[me, 'a@b', 'mailto:a@b.example!10m', 'a@b.example,c@d.example', 'a b@c.example', "
     "'ftp://x.example', 'https://']}}\n" DOMAINS,
     "z.yaml:1:48: box.dmarc.policy: \"strict\" is not known here; write none, quarantine or "
     "reject\n"
     "z.yaml:1:68: box.dmarc.subdomains: \"yes\" is not known here; write none, quarantine or "
     "reject\n"
     "z.yaml:1:82: box.dmarc.testing: neither yes nor no; write one of them\n"
     "z.yaml:1:95: box.dmarc.reports: \"me\" is neither a mail address nor a URI; write one such "
     "as reports@example.com\n"
     "z.yaml:1:99: box.dmarc.reports: \"b\" is a single label; write the full name, such as "
     "example.com\n"
     "z.yaml:1:106: box.dmarc.reports: \"mailto:a@b.example!10m\" has \"!\" in it, which separates "
     "in the record; write %21, or each address as an item of its own\n"
     "z.yaml:1:132: box.dmarc.reports: \"a@b.example,c@d.example\" has \",\" in it, which "
     "separates in the record; write %2C, or each address as an item of its own\n"
     "z.yaml:1:159: box.dmarc.reports: \"a b@c.example\" has \" \" in it; write an address or URI "
     "without it\n"
     "z.yaml:1:176: box.dmarc.reports: \"ftp://x.example\" is neither a mail address nor a URI; "
     "write one such as reports@example.com\n"
     "z.yaml:1:195: box.dmarc.reports: \"https://\" is no URI; write one such as "
     "https://reports.example.com/tls\n"},
    {"box: {hostname: b.example.com, dmarc: maybe}\n" DOMAINS,
     "z.yaml:1:39: box.dmarc: neither yes nor no; write one of them or a mapping, such as dmarc: "
     "{policy: …}\n"},
    {BOX "domains: [{name: example.com, dmarc: {pct: 50}}]\n",
     "z.yaml:2:39: domains.dmarc: unknown key \"pct\"; known here: policy, subdomains, "
     "nonexistent, testing, strict-dkim, strict-spf, reports, failures\n"},
    {"box: {hostname: b.example.com, mta-sts: {mode: on, max-age: 1h}}\n" DOMAINS,
     "z.yaml:1:48: box.mta-sts.mode: \"on\" is not known here; write enforce, testing or none\n"
     "z.yaml:1:61: box.mta-sts.max-age: \"1h\" is out of range; write 1d to 365d\n"},
    {"box: {hostname: b.example.com, tls-rpt: {rua: x}}\n" DOMAINS,
     "z.yaml:1:41: box.tls-rpt: a mapping; write a list: each item on a line behind \"- \"\n"},
    {"box: {hostname: b.example.com, services: [smtp, {name: imaps, port: 0}, {name: _imap}, "
     "{port: 5}, imaps, imaps, 'toolongaservicename', {name: x, port: 5, host: h}]}\n" DOMAINS,
     "z.yaml:1:43: box.services: \"smtp\" has no port that is known here; write {name: smtp, port: "
     "…}\n"
     "z.yaml:1:69: box.services.port: \"0\" is out of range; write 1 to 65535\n"
     "z.yaml:1:80: box.services.name: \"_imap\" begins with \"_\"; write the name without it\n"
     "z.yaml:1:88: box.services: \"name\" is missing; write it: the service, such as imaps\n"
     "z.yaml:1:99: box.services: listed twice; remove one\n"
     "z.yaml:1:106: box.services: listed twice; remove one\n"
     "z.yaml:1:113: box.services.name: \"toolongaservicename\" is no name of a service; write one "
     "such as imaps (at most 15 letters, digits and hyphens)\n"
     "z.yaml:1:161: box.services.host: \"h\" is a single label; write the full name, such as "
     "example.com\n"},
    {"box: {hostname: b.example.com, services: maybe}\n" DOMAINS,
     "z.yaml:1:42: box.services: \"maybe\" has no port that is known here; write {name: maybe, "
     "port: …}\n"},
    {"box: {hostname: b.example.com, autoconfig: often}\n" DOMAINS,
     "z.yaml:1:44: box.autoconfig: neither yes nor no; write one of them\n"},
    {"box: {hostname: b.example.com, dkim: {lifetime: 1d, algorithms: [rsa, rsa]}}\n" DOMAINS,
     "z.yaml:1:49: box.dkim.lifetime: \"1d\" is out of range; write 7d to 3650d\n"
     "z.yaml:1:71: box.dkim.algorithms: listed twice; remove one\n"},
    {"box: {hostname: b.example.com, dkim: {lifetime: soon, algorithms: []}}\n" DOMAINS,
     "z.yaml:1:49: box.dkim.lifetime: \"soon\" is not a time; write a number with s, m, h, d or w "
     "behind it, or never\n"
     "z.yaml:1:67: box.dkim.algorithms: the list is empty; write at least one item\n"},
    {"box: {hostname: b.example.com, dkim: {selector: "
     "aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeee}}\n" DOMAINS,
     "z.yaml:1:49: box.dkim.selector: too long: algorithm and date are put behind it; it may have "
     "44 octets\n"},
    {BOX "domains: [{name: example.com, dkim: {selector: x}}]\n",
     "z.yaml:2:38: domains.dkim: unknown key \"selector\"; did you mean \"box.dkim.selector\"?\n"},
    {"box: {hostname: b.example.com, caa: yes}\n" DOMAINS,
     "z.yaml:1:37: box.caa: who may issue is not said; write a CA such as letsencrypt.org, or "
     "`no`\n"},
    {"box: {hostname: b.example.com, caa: {issue: ['letsencrypt.org; accounturi=x', localhost], "
     "accounts: ['http://x', 'https://a;b'], methods: ['dns 01'], iodef: x}}\n" DOMAINS,
     "z.yaml:1:46: box.caa.issue: \"letsencrypt.org; accounturi=x\" has a parameter; write the "
     "CA's domain here, and the parameters under `accounts` and `methods`\n"
     "z.yaml:1:79: box.caa.issue: \"localhost\" is a single label; write the full name, such as "
     "example.com\n"
     "z.yaml:1:102: box.caa.accounts: \"http://x\" is no URI of an account; write it as the CA "
     "gave it, https://…\n"
     "z.yaml:1:114: box.caa.accounts: \"https://a;b\" is no URI of an account; write it as the CA "
     "gave it, https://…\n"
     "z.yaml:1:140: box.caa.methods: \"dns 01\" is no method of validation; write one such as "
     "http-01, dns-01 or tls-alpn-01\n"
     "z.yaml:1:158: box.caa.iodef: \"x\" is neither a mail address nor a URI; write one such as "
     "reports@example.com\n"},
    {BOX "domains: [{name: example.com, caa: {methods: http-01}}]\n",
     "z.yaml:2:36: domains.caa: accounts and methods are limits of a CA, and none is named; write "
     "`issue:` too, such as letsencrypt.org\n"},
    {"box: {hostname: b.example.com, caa: {issue: no, accounts: 'https://a/1'}}\n" DOMAINS,
     "z.yaml:1:37: box.caa: accounts and methods are limits of a CA, and none is named; write "
     "`issue:` too, such as letsencrypt.org\n"},
    {BOX "domains: [{name: example.com, caa: automatic}]\n",
     "z.yaml:2:36: domains.caa: `automatic` is for the host name; write a CA such as "
     "letsencrypt.org, or `no`\n"},
    {"box: {hostname: b.example.com, tls-ports: [0, 25, 25, 65536, smtp], tls-next: [''], "
     "tls-issuer: maybe}\n" DOMAINS,
     "z.yaml:1:44: box.tls-ports: \"0\" is out of range; write 1 to 65535\n"
     "z.yaml:1:51: box.tls-ports: listed twice; remove one\n"
     "z.yaml:1:55: box.tls-ports: \"65536\" is out of range; write 1 to 65535\n"
     "z.yaml:1:62: box.tls-ports: \"smtp\" is not a number; write 1 to 65535\n"
     "z.yaml:1:80: box.tls-next: the file name is empty; write one\n"
     "z.yaml:1:97: box.tls-issuer: neither yes nor no; write one of them\n"},
    {BOX "domains: [{name: example.com, mode: primary, zone: child, mail: maybe, www: 2}]\n",
     "z.yaml:2:37: domains.mode: \"primary\" is not known here; write authoritative, "
     "hidden-primary or external\n"
     "z.yaml:2:52: domains.zone: \"child\" is not known here; write own or parent\n"
     "z.yaml:2:65: domains.mail: neither yes nor no; write one of them\n"
     "z.yaml:2:77: domains.www: neither yes nor no; write one of them\n"},
    {BOX "domains: [{name: example.com, zone-file: x, addresses: [192.0.2.7]}, {name: example.net, "
         "zone-file: y, www: yes}, {name: example.org, zone-file: z, caa: ca.example}, {name: "
         "fine.example, zone-file: z, www: no, caa: no, addresses: no}]\n",
     "z.yaml:2:42: domains.zone-file: example.com has `addresses` besides, and a zone file is "
     "complete; write the records there\n"
     "z.yaml:2:101: domains.zone-file: example.net has `www` besides, and a zone file is complete; "
     "write the records there\n"
     "z.yaml:2:146: domains.zone-file: example.org has `caa` besides, and a zone file is complete; "
     "write the records there\n"},
    {BOX "domains: [{name: example.com, addresses: no, www: yes}]\n",
     "z.yaml:2:51: domains.www: example.com has no addresses that www could have; write "
     "`addresses:`, or take www out\n"},
    {"box: {hostname: b.example.com, addresses: ['2001:db8::1%eth0', '2001:db8::1%2']}\n" DOMAINS,
     "z.yaml:1:44: box.addresses: \"2001:db8::1%eth0\" has an interface, which only this machine "
     "knows; write the address alone\n"
     "z.yaml:1:64: box.addresses: \"2001:db8::1%2\" has an interface, which only this machine "
     "knows; write the address alone\n"},
    // Another machine below the host name serves the first one.
    {"box: {hostname: b.example.com, addresses: [192.0.2.1]}\n"
     "domains: [{name: example.com, mode: hidden-primary, nameservers: [{name: ns.b.example.com, "
     "addresses: [192.0.2.2]}]},\n"
     "  {name: example.net, mode: hidden-primary, nameservers: [{name: ns.b.example.com, "
     "addresses: [192.0.2.1]}]}]\n",
     "z.yaml:3:29: domains.mode: example.net would be served by nobody: all its name servers are "
     "this box; write `nameservers:` with those that serve it\n"},
    {BOX "domains: [{name: example.com, mode: hidden-primary}]\n",
     "z.yaml:2:37: domains.mode: example.com would be served by nobody: all its name servers are "
     "this box; write `nameservers:` with those that serve it\n"},
    {BOX "domains: [{name: example.com, mode: hidden-primary, nameservers: [b.example.com, "
         "ns1.b.example.com]}]\n",
     "z.yaml:2:37: domains.mode: example.com would be served by nobody: all its name servers are "
     "this box; write `nameservers:` with those that serve it\n"},
    {BOX "domains: [{name: example.com, zone: parent}]\n",
     "z.yaml:2:37: domains.zone: no domain above example.com is listed; list it, or leave the "
     "option out for a zone of its own\n"},
    {BOX "domains: [{name: a.example, zone-file: a.zone}, {name: b.a.example, zone: parent}]\n",
     "z.yaml:2:75: domains.zone: the zone of a.example is a zone file, into which nothing is put; "
     "leave the option out for a zone of its own\n"},
    {BOX
     "domains: [a.example, {name: b.a.example, zone: parent, nameservers: [ns.c.example]}, {name: "
     "c.a.example, zone: parent, dnssec: no}, {name: d.a.example, zone: parent, mode: external}]\n",
     "z.yaml:2:48: domains.zone: b.a.example has no zone of its own, and `nameservers` is a "
     "zone's; write it at a.example\n"
     "z.yaml:2:112: domains.zone: c.a.example has no zone of its own, and `dnssec` is a zone's; "
     "write it at a.example\n"
     "z.yaml:2:159: domains.zone: d.a.example has no zone of its own, and `mode` is a zone's; "
     "write it at a.example\n"},
    {BOX "domains: [a.example, {name: b.a.example, zone: parent, zone-file: b.zone}]\n",
     "z.yaml:2:48: domains.zone: b.a.example has a zone file and so a zone of its own; write "
     "`zone: own`, or `records-file` for a part of the parent\n"},
    {BOX "domains: [{name: a.example, zone: parent}, {name: b.a.example, zone: parent}]\n",
     "z.yaml:2:35: domains.zone: no domain above a.example is listed; list it, or leave the option "
     "out for a zone of its own\n"
     "z.yaml:2:70: domains.zone: no domain above b.a.example is listed; list it, or leave the "
     "option out for a zone of its own\n"},
    {BOX "domains: [{name: example.com, zone-file: x, records: ['www A 192.0.2.1'], dmarc: no}]\n",
     "z.yaml:2:42: domains.zone-file: example.com has custom records besides, and a zone file is "
     "complete; write the records there\n"
     "z.yaml:2:42: domains.zone-file: example.com has options of mail besides, and a zone file is "
     "complete; take them out, or the zone file\n"},
    {BOX "domains: [{name: example.com, zone-file: x, records-file: y}]\n",
     "z.yaml:2:42: domains.zone-file: example.com has custom records besides, and a zone file is "
     "complete; write the records there\n"},
    {BOX "domains: [{name: example.com, mail: no, spf: {all: softfail}}]\n",
     "z.yaml:2:37: domains.mail: example.com has no mail and says how its mail is handled; take "
     "one of them out\n"},
    {BOX "domains: [{name: example.com, mail: no, dkim: yes}]\n",
     "z.yaml:2:37: domains.mail: example.com has no mail and says how its mail is handled; take "
     "one of them out\n"},
    {BOX "domains: [{name: 2.0.192.in-addr.arpa, mail: yes}, {name: ip6.arpa, mail: yes}]\n",
     "z.yaml:2:46: domains.mail: 2.0.192.in-addr.arpa is of addresses, which have no mail; write "
     "`mail: no`\n"
     "z.yaml:2:75: domains.mail: ip6.arpa is of addresses, which have no mail; write `mail: no`\n"},
    {BOX "domains: [{name: example.com, addresses: yes}]\n",
     "z.yaml:2:42: domains.addresses: \"yes\": not an IP address; write one such as 192.0.2.1 or "
     "2001:db8::1\n"},
    {BOX "domains: [{name: example.com, addresses: [127.0.0.1, 10.0.0.1, 10.0.0.1]}]\n",
     "z.yaml:2:43: domains.addresses: \"127.0.0.1\" is loopback, which nobody else reaches; write "
     "the address that others see\n"
     "z.yaml:2:64: domains.addresses: listed twice; remove one\n"},
    {BOX "domains: [{name: example.com, ttl: {default: 0, mx: 31d, xx: 5}}]\n",
     "z.yaml:2:46: domains.ttl.default: \"0\" is out of range; write 1s to 30d\n"
     "z.yaml:2:53: domains.ttl.mx: \"31d\" is out of range; write 1s to 30d\n"
     "z.yaml:2:58: domains.ttl: unknown key \"xx\"; did you mean \"mx\"?\n"},
    {BOX "domains: [{name: example.com, ttl: no}]\n",
     "z.yaml:2:36: domains.ttl: a single value; write a mapping: indented lines of `key: value`\n"},
    {BOX "domains: [{name: example.com, records: ['www', '', '$TTL 5', ' www A 192.0.2.1', \"a A "
         "192.0.2.1\\nb A 192.0.2.1\", '; text']}]\n",
     "z.yaml:2:41: domains.records: \"www\" has no type and data; write NAME TYPE DATA\n"
     "z.yaml:2:48: domains.records: nothing is written here; write a record, or take the line out\n"
     "z.yaml:2:52: domains.records: \"$TTL 5\" is a directive; write records here, or a "
     "`records-file`\n"
     "z.yaml:2:62: domains.records: the line begins with a blank; begin with a name, @ for the "
     "domain itself\n"
     "z.yaml:2:82: domains.records: more than one line; write each record as an item of its own, "
     "or a `records-file`\n"
     "z.yaml:2:114: domains.records: nothing is written here; write a record, or take the line "
     "out\n"},
    {BOX "domains: [{name: example.com, records: [\"a\\nb\", \"a\\eb A x\"]}]\n",
     "z.yaml:2:41: domains.records: more than one line; write each record as an item of its own, "
     "or a `records-file`\n"
     "z.yaml:2:49: domains.records: \"a\\x1Bb A x\" has a control character in it; write \\DDD\n"},
    {BOX "domains: [{name: example.com, records: [{name: www}, {type: A}, {type: A, data: x, text: "
         "y}, {type: A, text: y}, {type: 5, data: x}, {name: a b, type: A, data: x}, {type: A, "
         "data: x, ttl: 31d}, [x]]}]\n",
     "z.yaml:2:41: domains.records: \"type\" is missing; write it: type of the record, also as "
     "TYPE64 (RFC 3597)\n"
     "z.yaml:2:54: domains.records: the record has no data; write `data`, as behind the type in a "
     "master file\n"
     "z.yaml:2:65: domains.records: both `data` and `text`; write one of them\n"
     "z.yaml:2:94: domains.records: `text` is for TXT; write `data`, as behind the type in a "
     "master file\n"
     "z.yaml:2:121: domains.records.type: \"5\" is no type of records; write one such as CNAME or "
     "TYPE64\n"
     "z.yaml:2:141: domains.records.name: \"a b\" is more than a name; write the name alone\n"
     "z.yaml:2:189: domains.records.ttl: \"31d\" is out of range; write 0s to 30d\n"
     "z.yaml:2:195: domains.records: a list; write one value for each item\n"},
    {BOX "domains: [{name: example.com, records: {type: A, data: []}}]\n",
     "z.yaml:2:56: domains.records.data: the list is empty; write at least one item\n"},
    {BOX "domains: [{name: example.com, records-file: ''}]\n",
     "z.yaml:2:45: domains.records-file: the file name is empty; write one\n"},
    {BOX "domains: [xn--.example, a\342\200\215b.example, '①.example', \327\220a.example, "
         "'-ü.example']\n",
     "z.yaml:2:11: domains.name: \"xn--.example\" has a label that begins or ends with a hyphen; "
     "take it off\n"
     "z.yaml:2:25: domains.name: \"a\342\200\215b.example\" cannot be a name in the DNS: string "
     "contains a forbidden context-j character (IDNA2008); write another spelling, or its A-labels "
     "(xn--…)\n"
     "z.yaml:2:51: domains.name: \"\327\220a.example\" cannot be a name in the DNS: string has "
     "forbidden bi-directional properties (IDNA2008); write another spelling, or its A-labels "
     "(xn--…)\n"
     "z.yaml:2:63: domains.name: \"-ü.example\" cannot be a name in the DNS: string start/ends "
     "with forbidden hyphen (IDNA2008); write another spelling, or its A-labels (xn--…)\n"},
    {"box: {hostname: b.example.com, nameservers: ['n\314\266€.example']}\n" DOMAINS,
     "z.yaml:1:46: box.nameservers.name: \"n\314\266€.example\" cannot be a name in the DNS: "
     "string contains a disallowed character (IDNA2008); write another spelling, or its A-labels "
     "(xn--…)\n"},
    {BOX "domains: [bücher.example, xn--bcher-kva.example]\n",
     "z.yaml:2:27: domains: xn--bcher-kva.example is listed twice, first in line 2; remove one\n"},
    {BOX "include: [conf.d/*.yaml, conf.d/*.yaml, '']\n",
     "z.yaml:2:26: include: listed twice; remove one\n"
     "z.yaml:2:41: include: the file name is empty; write one\n"},
    {BOX "include: yes\n",
     "z.yaml:2:10: include: \"yes\" is no file name; write one, or ./yes if a file is called "
     "that\n"},
    {BOX "domains: [example.com]\nprobe: {interval: 0}\nuser: {probe: zonebox-signer}\n",
     "z.yaml:3:19: probe.interval: \"0\" is out of range; write 1s to 1d\n"
     "z.yaml:4:15: user.probe: \"zonebox-signer\" is `user.signer` too; each program needs a user "
     "of its own\n"},
    {BOX "domains: [example.com]\nprobe: 5m\n",
     "z.yaml:3:8: probe: neither yes nor no; write one of them or a mapping, such as probe: "
     "{interval: …}\n"},
};

static void each_mistake_has_its_words(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        must_refuse(rows[i].text, rows[i].errors);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(each_mistake_has_its_words)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
