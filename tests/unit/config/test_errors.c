// SPDX-License-Identifier: ISC
// Configurations that are wrong, and the exact words that an admin gets.
#include "config/config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "tests/unit/config/reading.h"

#define BOX        "box: {hostname: b.example.com}\n"
#define DOMAINS    "domains: [example.com]\n"
#define TEXT(text) text, sizeof(text) - 1

static const struct {
    const char *text;
    size_t len;
    const char *errors; // one a line
} rows[] = {
    {TEXT(""), "z.yaml:1:1: nothing is written here; the least is a host name and a domain, `box: "
               "{hostname: box.example.com}` and `domains: [example.com]`\n"},
    {TEXT("\n"
          "# only a comment\n"),
     "z.yaml:1:1: nothing is written here; the least is a host name and a domain, `box: {hostname: "
     "box.example.com}` and `domains: [example.com]`\n"},
    {TEXT("---\n"), "z.yaml:1:1: nothing is written here; the least is a host name and a domain, "
                    "`box: {hostname: box.example.com}` and `domains: [example.com]`\n"},
    {TEXT("~\n"), "z.yaml:1:1: nothing is written here; the least is a host name and a domain, "
                  "`box: {hostname: box.example.com}` and `domains: [example.com]`\n"},
    {TEXT("hello\n"), "z.yaml:1:1: a single value and no options; the least is a host name and a "
                      "domain, `box: {hostname: box.example.com}` and `domains: [example.com]`\n"},
    {TEXT("- box\n"
          "- domains\n"),
     "z.yaml:1:1: a list and no options; the least is a host name and a domain, `box: {hostname: "
     "box.example.com}` and `domains: [example.com]`\n"},
    {TEXT("\000\001\002binary"),
     "z.yaml:1:1: not a text: control characters are not allowed; save the file as UTF-8\n"},
    {TEXT("box: \000\n"),
     "z.yaml:1:6: not a text: control characters are not allowed; save the file as UTF-8\n"},
    {TEXT("box:\n"
          "\thostname: x\n"),
     "z.yaml:2:1: not YAML: a tab; indent with spaces\n"},
    {TEXT("box:\n"
          "  hostname: a.example\n"
          "\tdkim: no\n" DOMAINS),
     "z.yaml:3:1: not YAML: a tab; indent with spaces\n"},
    {TEXT("box: {hostname: a.example\n" DOMAINS),
     "z.yaml:2:8: not YAML: did not find expected ',' or '}', while parsing a flow mapping from "
     "line 1; close the brace that was opened\n"},
    {TEXT("box: [a\n"), "z.yaml:2:1: not YAML: did not find expected ',' or ']', while parsing a "
                        "flow sequence from line 1; close the bracket that was opened\n"},
    {TEXT("box: 'a\n"), "z.yaml:2:1: not YAML: found unexpected end of stream, while scanning a "
                        "quoted scalar from line 1; close the quote that was opened\n"},
    {TEXT("hostname: a: b\n"),
     "z.yaml:1:12: not YAML: mapping values are not allowed in this context; check the indentation "
     "here and in the line before, or put the value in quotes\n"},
    {TEXT("box\n"
          "domains: x\n"),
     "z.yaml:2:8: not YAML: mapping values are not allowed in this context; check the indentation "
     "here and in the line before, or put the value in quotes\n"},
    {TEXT("box: {hostname: *a}\n"), "z.yaml:1:17: aliases (*name) are not taken; write the value "
                                    "out, or quote a text that begins with \"*\"\n"},
    {TEXT("box: &a {hostname: b.example.com}\n" DOMAINS),
     "z.yaml:1:6: anchors (&name) are not taken; write the value out, or quote a text that begins "
     "with \"&\"\n"},
    {TEXT("domains: [*.example.com]\n"),
     "z.yaml:1:12: not YAML: did not find expected alphabetic or numeric character, while scanning "
     "an alias from line 1; put the value in quotes\n"},
    {TEXT("box: !!map {hostname: b.example.com}\n" DOMAINS),
     "z.yaml:1:6: tags (!name) are not taken; leave it out, or quote a text that begins with "
     "\"!\"\n"},
    {TEXT("box: {hostname: !x b.example.com}\n" DOMAINS),
     "z.yaml:1:17: tags (!name) are not taken; leave it out, or quote a text that begins with "
     "\"!\"\n"},
    {TEXT("a: &a [x]\n"
          "b: [*a, *a]\n"),
     "z.yaml:1:4: anchors (&name) are not taken; write the value out, or quote a text that begins "
     "with \"&\"\n"},
    {TEXT("box:\n"
          "  <<: {hostname: b.example.com}\n" DOMAINS),
     "z.yaml:2:3: merge keys are not taken; write the options out\n"},
    {TEXT(BOX "domains: [example.com]\n"
              "---\n"
              "box: {hostname: b.example.com}\n"),
     "z.yaml:3:1: a second document begins; a configuration is one, remove this line or what comes "
     "before\n"},
    {TEXT("? [a]\n"
          ": b\n"),
     "z.yaml:1:3: a key is a list or mapping; write `key: value`\n"},
    {TEXT("box: {hostname: \"a\\0b\"}\n" DOMAINS),
     "z.yaml:1:17: an octet NUL in the value; write plain text\n"},
    {TEXT("\"a\\0\": 1\n"), "z.yaml:1:1: an octet NUL in a key; write plain text\n"},
    {TEXT("[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]\n"),
     "z.yaml:1:17: nested deeper than 16; no option lies so deep, look for a stray bracket\n"},
    {TEXT(BOX "box: {hostname: b.example.com}\n" DOMAINS),
     "z.yaml:2:1: the key \"box\" stands here twice, first in line 1; remove one\n"},
    {TEXT("box: {hostname: b.example.com, hostname: c.example.com, dkim: no, hostname: "
          "x}\n" DOMAINS),
     "z.yaml:1:32: the key \"hostname\" stands here twice, first in line 1; remove one\n"
     "z.yaml:1:67: the key \"hostname\" stands here twice, first in line 1; remove one\n"},
    {TEXT("\"\\e[2J\": 1\n"
          "\"\\e[2J\": 2\n" BOX DOMAINS),
     "z.yaml:2:1: the key \"\\x1B[2J\" stands here twice, first in line 1; remove one\n"
     "z.yaml:1:1: unknown key \"\\x1B[2J\"; known here: box, domains, "
     "include, records, ttl, server, resolver, probe, dnssec, control, user, log, on-alarm, "
     "state\n"},
    {TEXT("boxx: {hostname: b.example.com}\n" DOMAINS),
     "z.yaml:1:1: unknown key \"boxx\"; did you mean \"box\"?\n"},
    {TEXT("box: {hostnme: b.example.com}\n" DOMAINS),
     "z.yaml:1:7: box: unknown key \"hostnme\"; did you mean \"hostname\"?\n"},
    {TEXT("box: {hostname: b.example.com, foo: 1}\n" DOMAINS),
     "z.yaml:1:32: box: unknown key \"foo\"; known here: hostname, addresses, nameservers, tls, "
     "tls-next, tls-ports, tls-issuer, ssh, dkim, caa, spf, dmarc, mta-sts, tls-rpt, services, "
     "autoconfig\n"},
    {TEXT("box: {hostname: b.example.com, state: /x}\n" DOMAINS),
     "z.yaml:1:32: box: unknown key \"state\"; it belongs to the top level: do not indent it\n"},
    {TEXT("box: {hostname: b.example.com, dmarc: {rua: a@example.com}}\n" DOMAINS),
     "z.yaml:1:40: box.dmarc: unknown key \"rua\"; did you mean \"reports\"?\n"},
    {TEXT("hostname: b.example.com\n" DOMAINS),
     "z.yaml:1:1: unknown key \"hostname\"; did you mean \"box.hostname\"?\n"
     "z.yaml:1:1: \"box\" is missing; write it: this machine: its name, addresses, certificate, "
     "keys\n"},
    {TEXT(BOX "domains: [example.com]\n"
              "tsig: {key: x}\n"),
     "z.yaml:3:1: tsig: not available in this version; take it out\n"},
    {TEXT(BOX "domains:\n"
              "- {name: example.com, notify: no}\n"),
     "z.yaml:3:23: domains.notify: not available in this version; take it out\n"},
    {TEXT(BOX "domains:\n"
              "- {name: example.com, zonefile: x}\n"),
     "z.yaml:3:23: domains: unknown key \"zonefile\"; did you mean \"zone-file\"?\n"},
    {TEXT(BOX),
     "z.yaml:1:1: \"domains\" is missing; write it: the domains to serve, each a zone\n"},
    {TEXT(DOMAINS), "z.yaml:1:1: \"box\" is missing; write it: this machine: its name, addresses, "
                    "certificate, keys\n"},
    {TEXT("box:\n" DOMAINS), "z.yaml:1:5: box: \"hostname\" is missing; write it: the full name of "
                             "this machine, as in its MX records and certificate\n"},
    {TEXT("box: {dkim: no}\n" DOMAINS),
     "z.yaml:1:6: box: \"hostname\" is missing; write it: the full name of this machine, as in its "
     "MX records and certificate\n"},
    {TEXT("box: b.example.com\n" DOMAINS),
     "z.yaml:1:6: box: a single value; write a mapping: indented lines of `key: value`\n"},
    {TEXT("box: [b.example.com]\n" DOMAINS),
     "z.yaml:1:6: box: a list; write a mapping: indented lines of `key: value`\n"},
    {TEXT(BOX "domains:\n"),
     "z.yaml:2:9: domains: no value; write a list: each item on a line behind \"- \"\n"},
    {TEXT(BOX "domains: []\n"),
     "z.yaml:2:10: domains: the list is empty; write at least one item\n"},
    {TEXT(BOX "domains:\n"
              "  example.com:\n"
              "    zone-file: x\n"),
     "z.yaml:3:3: domains: a mapping; write a list: each item on a line behind \"- \"\n"},
    {TEXT(BOX "domains:\n"
              "- \n"
              "- example.com\n"),
     "z.yaml:3:2: domains: no value; write one, or take the line out\n"},
    {TEXT(BOX "domains:\n"
              "- [a.example]\n"),
     "z.yaml:3:3: domains: a list; write one value for each item\n"},
    {TEXT(BOX "domains: [example.com, Example.COM., b.example, example.com]\n"),
     "z.yaml:2:24: domains: example.com is listed twice, first in line 2; remove one\n"
     "z.yaml:2:49: domains: example.com is listed twice, first in line 2; remove one\n"},
    {TEXT(BOX
          "domains: ['.', com, a..b, .a.example, a.example.., -a.example, a-.example, a_b.example, "
          "exa mple.com, m\303\274ller.de, 192.0.2.1, \"a\\e[31m.example\", \"\"]\n"),
     "z.yaml:2:11: domains.name: \".\" is the root; write a full name, such as example.com\n"
     "z.yaml:2:16: domains.name: \"com\" is a single label; write the full name, such as "
     "example.com\n"
     "z.yaml:2:21: domains.name: \"a..b\" has an empty label; write one dot between labels\n"
     "z.yaml:2:27: domains.name: \".a.example\" has an empty label; write one dot between labels\n"
     "z.yaml:2:39: domains.name: \"a.example..\" has an empty label; write one dot between labels\n"
     "z.yaml:2:52: domains.name: \"-a.example\" has a label that begins or ends with a hyphen; "
     "take it off\n"
     "z.yaml:2:64: domains.name: \"a-.example\" has a label that begins or ends with a hyphen; "
     "take it off\n"
     "z.yaml:2:89: domains.name: \"exa mple.com\" has \" \" in it; write letters, digits, hyphens "
     "and dots\n"
     "z.yaml:2:114: domains.name: \"192.0.2.1\" ends in a number like an IP address; write a name, "
     "such as example.com\n"
     "z.yaml:2:125: domains.name: \"a\\x1B[31m.example\" has a control character in it; write "
     "letters, digits, hyphens and dots\n"
     "z.yaml:2:144: domains.name: the name is empty; write one\n"
     "z.yaml:2:76: domains.name: a_b.example has \"_\" in it, which no mail domain has; only a "
     "zone with `zone-file: FILE` or `mail: no` may\n"},
    {TEXT("box: {hostname: [a, b]}\n" DOMAINS),
     "z.yaml:1:17: box.hostname: a list; write one value\n"},
    {TEXT("box: {hostname: }\n" DOMAINS), "z.yaml:1:17: box.hostname: no value; write one\n"},
    {TEXT("box: {hostname: box}\n" DOMAINS), "z.yaml:1:17: box.hostname: \"box\" is a single "
                                             "label; write the full name, such as example.com\n"},
    {TEXT("box: {hostname: _b.example}\n" DOMAINS),
     "z.yaml:1:17: box.hostname: \"_b.example\" has \"_\" in it; write letters, digits, hyphens "
     "and dots\n"},
    {TEXT("box: {hostname: "
          "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa."
          "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa."
          "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa."
          "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa}\n" DOMAINS),
     "z.yaml:1:17: box.hostname: too long for its TLSA record; it may have 244 octets\n"},
    {TEXT("box: {hostname: b.example.com, addresses: [127.0.0.1, '::1', fe80::1, 0.0.0.0, '::', "
          "224.0.0.1, 'ff02::1', 192.0.2.1@53, '::ffff:192.0.2.1', 1.2.3, host, 192.0.2.1, "
          "192.0.2.1, {a: b}, ~]}\n" DOMAINS),
     "z.yaml:1:44: box.addresses: \"127.0.0.1\" is loopback, which nobody else reaches; write the "
     "address that others see\n"
     "z.yaml:1:55: box.addresses: \"::1\" is loopback, which nobody else reaches; write the "
     "address that others see\n"
     "z.yaml:1:62: box.addresses: \"fe80::1\" is link-local, which only neighbours reach; write "
     "the address that others see\n"
     "z.yaml:1:71: box.addresses: \"0.0.0.0\" is no host's address (RFC 6890); write the address "
     "that others see\n"
     "z.yaml:1:80: box.addresses: \"::\" is no host's address (RFC 6890); write the address that "
     "others see\n"
     "z.yaml:1:86: box.addresses: \"224.0.0.1\" is no host's address (RFC 6890); write the address "
     "that others see\n"
     "z.yaml:1:97: box.addresses: \"ff02::1\" is no host's address (RFC 6890); write the address "
     "that others see\n"
     "z.yaml:1:108: box.addresses: \"192.0.2.1@53\" has a port; write the address alone\n"
     "z.yaml:1:122: box.addresses: \"::ffff:192.0.2.1\" is no host's address (RFC 6890); write the "
     "address that others see\n"
     "z.yaml:1:142: box.addresses: \"1.2.3\": not an IP address; write one such as 192.0.2.1 or "
     "2001:db8::1\n"
     "z.yaml:1:149: box.addresses: \"host\": not an IP address; write one such as 192.0.2.1 or "
     "2001:db8::1\n"
     "z.yaml:1:166: box.addresses: listed twice; remove one\n"
     "z.yaml:1:177: box.addresses: a mapping; write one value for each item\n"
     "z.yaml:1:185: box.addresses: no value; write one, or take the line out\n"},
    {TEXT("box: {hostname: b.example.com, addresses: {a: b}}\n" DOMAINS),
     "z.yaml:1:43: box.addresses: a mapping; write a list: each item on a line behind \"- \"\n"},
    {TEXT("box: {hostname: b.example.com, addresses: }\n" DOMAINS),
     "z.yaml:1:43: box.addresses: no value; write a list: each item on a line behind \"- \"\n"},
    {TEXT("box: {hostname: b.example.com, nameservers: []}\n" DOMAINS),
     "z.yaml:1:45: box.nameservers: the list is empty; write at least one item\n"},
    {TEXT("box: {hostname: b.example.com, nameservers: [ns1, ns2.example.com, ns2.example.com., "
          "{addresses: [192.0.2.1]}, {name: a.example, address: 1.1.1.1}]}\n" DOMAINS),
     "z.yaml:1:46: box.nameservers.name: \"ns1\" is a single label; write the full name, such as "
     "example.com\n"
     "z.yaml:1:68: box.nameservers: listed twice; remove one\n"
     "z.yaml:1:86: box.nameservers: \"name\" is missing; write it: the host name of the server\n"
     "z.yaml:1:130: box.nameservers: unknown key \"address\"; did you mean \"addresses\"?\n"},
    {TEXT("box: {hostname: b.example.com, tls: '', ssh: [a, ./a, a], dkim: maybe}\n" DOMAINS),
     "z.yaml:1:37: box.tls: the file name is empty; write one\n"
     "z.yaml:1:55: box.ssh: listed twice; remove one\n"
     "z.yaml:1:65: box.dkim: neither yes nor no; write one of them or a mapping, such as dkim: "
     "{selector: …}\n"},
    {TEXT("box: {hostname: b.example.com, tls: yes, tls-next: [a.pub, no]}\n" DOMAINS),
     "z.yaml:1:37: box.tls: \"yes\" is no file name; write one, or ./yes if a file is called that\n"
     "z.yaml:1:60: box.tls-next: \"no\" is no file name; write one, or ./no if a file is called "
     "that\n"},
    {TEXT("box: {hostname: b.example.com, dkim: [a]}\n" DOMAINS),
     "z.yaml:1:38: box.dkim: a list; write one value\n"},
    {TEXT("box: {hostname: b.example.com, dkim: }\n" DOMAINS),
     "z.yaml:1:38: box.dkim: no value; write one, or leave the option out\n"},
    {TEXT("box: {hostname: b.example.com, dkim: {selector: a/b}}\n" DOMAINS),
     "z.yaml:1:49: box.dkim.selector: \"a/b\" has \"/\" in it; write letters, digits, hyphens and "
     "dots\n"},
    {TEXT("box: {hostname: b.example.com, dkim: {selector: 's.'}}\n" DOMAINS),
     "z.yaml:1:49: box.dkim.selector: \"s.\" has an empty label; write one dot between labels\n"},
    {TEXT("box: {hostname: b.example.com, dkim: {algorithms: [dsa]}}\n" DOMAINS),
     "z.yaml:1:52: box.dkim.algorithms: \"dsa\" is not known here; write rsa or ed25519\n"},
    {TEXT(BOX "domains:\n"
              "- {name: a.example, dnssec: presigned}\n"
              "- {name: b.example, dnssec: nsec3}\n"
              "- {zone-file: x}\n"
              "- {name: _a.example}\n"
              "- {name: c.example, zone-file: }\n"),
     "z.yaml:4:29: domains.dnssec: \"nsec3\" is not known here; write yes, no or presigned, or a "
     "mapping such as dnssec: {algorithm: …}\n"
     "z.yaml:5:3: domains: \"name\" is missing; write it: the domain\n"
     "z.yaml:7:32: domains.zone-file: no value; write one, or leave the option out\n"
     "z.yaml:3:10: domains.dnssec: a.example is to be presigned and has no zone file; write "
     "`zone-file: FILE`, or `dnssec: yes` to have it signed here\n"
     "z.yaml:6:10: domains.name: _a.example has \"_\" in it, which no mail domain has; only a zone "
     "with `zone-file: FILE` or `mail: no` may\n"},
    {TEXT(BOX "domains: [example.com]\n"
              "server: {listen: [0.0.0.0, '::', 192.0.2.1:53, 192.0.2.1@0, 192.0.2.1@dns, "
              "192.0.2.2@53, 192.0.2.2], workers: -1, tcp-connections: 0, tcp-idle: 1ms}\n"),
     "z.yaml:3:19: server.listen: \"0.0.0.0\" is not one address of this box; name each address to "
     "listen on, or leave the option out for all of them\n"
     "z.yaml:3:28: server.listen: \"::\" is not one address of this box; name each address to "
     "listen on, or leave the option out for all of them\n"
     "z.yaml:3:34: server.listen: \"192.0.2.1:53\": a port stands behind \"@\"; write 192.0.2.1@53 "
     "or 2001:db8::1@53\n"
     "z.yaml:3:48: server.listen: \"192.0.2.1@0\": there is no port 0; write 1 to 65535\n"
     "z.yaml:3:61: server.listen: \"192.0.2.1@dns\": the port is not a number; write 1 to 65535\n"
     "z.yaml:3:90: server.listen: listed twice; remove one\n"
     "z.yaml:3:111: server.workers: \"-1\" is not a number; write 0 to 256\n"
     "z.yaml:3:132: server.tcp-connections: \"0\" is out of range; write 1 to 65536\n"
     "z.yaml:3:145: server.tcp-idle: \"1ms\" is out of range; write 10ms to 10m\n"},
    {TEXT(BOX "domains: [example.com]\n"
              "server: {rate-limit: 0, rate-limit-slip: 11}\n"),
     "z.yaml:3:22: server.rate-limit: \"0\" is out of range; write 1 to 10000, or no\n"
     "z.yaml:3:42: server.rate-limit-slip: \"11\" is out of range; write 0 to 10\n"},
    {TEXT(BOX "domains: [example.com]\n"
              "server: {rate-limit: never}\n"),
     "z.yaml:3:22: server.rate-limit: \"never\" is not a number; write 1 to 10000, or no\n"},
    {TEXT(BOX "domains: [example.com]\n"
              "server: {workers: 2.5, tcp-connections: 1000000, tcp-idle: 1y}\n"),
     "z.yaml:3:19: server.workers: \"2.5\" is not a number; write 0 to 256\n"
     "z.yaml:3:41: server.tcp-connections: \"1000000\" is out of range; write 1 to 65536\n"
     "z.yaml:3:60: server.tcp-idle: \"1y\" is not a time; write a number with s, m, h, d or w "
     "behind it\n"},
    {TEXT(BOX "domains: [example.com]\n"
              "server: {nsid: yes, identity: '', version: \"a\\tb\", cookie-secrets: yes}\n"),
     "z.yaml:3:16: server.nsid: what is to be told? write the text, or no\n"
     "z.yaml:3:31: server.identity: a text of 1 to 128 characters is needed, or no\n"
     "z.yaml:3:44: server.version: the text has more than printable characters of ASCII; leave "
     "them "
     "out\n"
     "z.yaml:3:68: server.cookie-secrets: \"yes\" is no file name; write one, or ./yes if a file "
     "is "
     "called that\n"},
    {TEXT(BOX "domains: [example.com]\n"
              "server: {workers: many, tcp-connections: 1e3, tcp-idle: 10 s}\n"),
     "z.yaml:3:19: server.workers: \"many\" is not a number; write 0 to 256\n"
     "z.yaml:3:42: server.tcp-connections: \"1e3\" is not a number; write 1 to 65536\n"
     "z.yaml:3:57: server.tcp-idle: \"10 s\" is not a time; write a number with s, m, h, d or w "
     "behind it\n"},
    {TEXT(BOX "domains: [example.com]\n"
              "dnssec: {signature-lifetime: 7d, signature-refresh: 7d}\n"),
     "z.yaml:3:53: dnssec.signature-refresh: 7d is not less than the lifetime of a signature, 7d; "
     "write a shorter time\n"},
    {TEXT(BOX "domains: [example.com]\n"
              "dnssec: {signature-lifetime: 1s}\n"),
     "z.yaml:3:30: dnssec.signature-lifetime: \"1s\" is out of range; write 10s to 180d\n"},
    {TEXT(BOX "domains: [example.com]\n"
              "dnssec: {signature-lifetime: 1y, signature-refresh: 1500ms}\n"),
     "z.yaml:3:30: dnssec.signature-lifetime: \"1y\" is not a time; write a number with s, m, h, d "
     "or w behind it\n"
     "z.yaml:3:53: dnssec.signature-refresh: \"1500ms\" is not in whole seconds; round it\n"},
    {TEXT(BOX "domains: [example.com]\n"
              "dnssec: {signature-refresh: 14d}\n"),
     "z.yaml:3:29: dnssec.signature-refresh: 14d is not less than the lifetime of a signature, "
     "14d; write a shorter time\n"},
    {TEXT(BOX "domains: [example.com]\n"
              "dnssec: nsec3\n"),
     "z.yaml:3:9: dnssec: \"nsec3\" is not known here; write yes or no, or a mapping such as "
     "dnssec: {algorithm: …}\n"},
    {TEXT(BOX "domains: [example.com]\n"
              "dnssec: presigned\n"),
     "z.yaml:3:9: dnssec: only what is in a zone file can be signed already; write it at the "
     "domain that has one, and yes, no or a mapping here\n"},
    {TEXT(BOX "domains: [example.com]\n"
              "dnssec:\n"),
     "z.yaml:3:8: dnssec: no value; write one, or leave the option out\n"},
    {TEXT(BOX "domains: [example.com]\n"
              "ttl: {default: 0, soa: 1h30m, ns: 31d, dnskey: -5, negative: 2d, ptr: 5}\n"),
     "z.yaml:3:16: ttl.default: \"0\" is out of range; write 1s to 30d\n"
     "z.yaml:3:24: ttl.soa: \"1h30m\" is not a time; write a number with s, m, h, d or w behind "
     "it\n"
     "z.yaml:3:35: ttl.ns: \"31d\" is out of range; write 1s to 30d\n"
     "z.yaml:3:48: ttl.dnskey: \"-5\" is not a time; write a number with s, m, h, d or w behind "
     "it\n"
     "z.yaml:3:62: ttl.negative: \"2d\" is out of range; write 1s to 1d\n"
     "z.yaml:3:66: ttl: unknown key \"ptr\"; known here: default, soa, ns, dnskey, negative, "
     "address, mx, txt, tlsa, sshfp, srv, caa\n"},
    {TEXT(BOX "domains: [example.com]\n"
              "ttl: 3600\n"),
     "z.yaml:3:6: ttl: a single value; write a mapping: indented lines of `key: value`\n"},
    {TEXT(BOX "domains: [example.com]\n"
              "resolver: {listen: [192.0.2.1, 0.0.0.0, '::1:53', 127.0.0.1, 127.0.0.1@53], "
              "forward: [9.9.9.9, 9.9.9.9@53, '9.9.9.9#', '9.9.9.9#quad9', '#dns.quad9.net', "
              "0.0.0.0, dns.quad9.net, '9.9.9.9@x#a.example'], trust-own-keys: maybe}\n"),
     "z.yaml:3:21: resolver.listen: \"192.0.2.1\" is not loopback; the resolver is for this box "
     "alone, write 127.0.0.1 or ::1\n"
     "z.yaml:3:32: resolver.listen: \"0.0.0.0\" is not one address of this box; name each address "
     "to listen on, or leave the option out for all of them\n"
     "z.yaml:3:41: resolver.listen: \"::1:53\" is not one address of this box; name each address "
     "to listen on, or leave the option out for all of them\n"
     "z.yaml:3:62: resolver.listen: listed twice; remove one\n"
     "z.yaml:3:96: resolver.forward: listed twice; remove one\n"
     "z.yaml:3:108: resolver.forward: the name behind \"#\": the name is empty; write one\n"
     "z.yaml:3:120: resolver.forward: the name behind \"#\": \"quad9\" is a single label; write "
     "the full name, such as example.com\n"
     "z.yaml:3:137: resolver.forward: \"#dns.quad9.net\": not an IP address; write one such as "
     "192.0.2.1 or 2001:db8::1\n"
     "z.yaml:3:155: resolver.forward: \"0.0.0.0\" is no host's address (RFC 6890); write the "
     "address of a resolver\n"
     "z.yaml:3:164: resolver.forward: \"dns.quad9.net\": not an IP address; write one such as "
     "192.0.2.1 or 2001:db8::1\n"
     "z.yaml:3:179: resolver.forward: \"9.9.9.9@x#a.example\": the port is not a number; write 1 "
     "to 65535\n"
     "z.yaml:3:219: resolver.trust-own-keys: neither yes nor no; write one of them\n"},
    {TEXT(BOX "domains: [example.com]\n"
              "resolver: {listen: [], trust-anchors: [], root-hints: '', cache: 1, queries: 0, "
              "queries-per-client: 1M, foo: no}\n"),
     "z.yaml:3:20: resolver.listen: the list is empty; write at least one item\n"
     "z.yaml:3:39: resolver.trust-anchors: the list is empty; write at least one item\n"
     "z.yaml:3:55: resolver.root-hints: the file name is empty; write one\n"
     "z.yaml:3:66: resolver.cache: \"1\" is out of range; write 4 to 65536\n"
     "z.yaml:3:78: resolver.queries: \"0\" is out of range; write 1 to 65536\n"
     "z.yaml:3:101: resolver.queries-per-client: \"1M\" is not a number; write 1 to 65536\n"
     "z.yaml:3:105: resolver: unknown key \"foo\"; known here: listen, trust-own-keys, forward, "
     "root-hints, trust-anchors, cache, queries, queries-per-client\n"},
    {TEXT(BOX "domains: [example.com]\n"
              "resolver: off course\n"),
     "z.yaml:3:11: resolver: neither yes nor no; write one of them or a mapping, such as resolver: "
     "{listen: …}\n"},
    {TEXT(BOX "domains: [example.com]\n"
              "server: {listen: [127.0.0.1, 192.0.2.1]}\n"),
     "z.yaml:3:18: server.listen: 127.0.0.1@53 is the resolver's default too; write another "
     "address or port for one of them, or `resolver: no`\n"},
    {TEXT(BOX
          "domains: [example.com]\n"
          "server: {listen: ['::1@5300', 127.0.0.1@5300]}\n"
          "resolver: {listen: ['::1@5300', '::1@5301', 127.0.0.1@5300], forward: '::1@5301'}\n"),
     "z.yaml:4:20: resolver.listen: ::1@5300 is the server's too; write another address or port "
     "for one of them, or `resolver: no`\n"
     "z.yaml:4:20: resolver.listen: 127.0.0.1@5300 is the server's too; write another address or "
     "port for one of them, or `resolver: no`\n"
     "z.yaml:4:71: resolver.forward: ::1@5301 is this resolver itself; write another one, or leave "
     "the option out for own recursion\n"},
    {TEXT(BOX
          "domains: [example.com]\n"
          "user: {signer: root, server: 0, resolver: -zr}\n"
          "control: {group: 'a b', directory: "
          "/run/"
          "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa}\n"
          "log: {to: journal, level: verbose}\n"
          "on-alarm: no\n"),
     "z.yaml:3:16: user.signer: root has every right, and the programs need few; write a user made "
     "for this, or leave the option out\n"
     "z.yaml:3:30: user.server: root has every right, and the programs need few; write a user made "
     "for this, or leave the option out\n"
     "z.yaml:3:43: user.resolver: \"-zr\" is no name of a user; write one as `getent passwd` shows "
     "it, or a number\n"
     "z.yaml:4:18: control.group: \"a b\" is no name of a group; write one as `getent group` shows "
     "it, or a number\n"
     "z.yaml:5:11: log.to: \"journal\" is not known here; write stderr or "
     "syslog\n"
     "z.yaml:5:27: log.level: \"verbose\" is not known here; write error, warning, notice, info or "
     "debug\n"
     "z.yaml:6:11: on-alarm: this is no command; write one for the shell, or leave the option out\n"
     "z.yaml:4:36: control.directory: too long for the name of a socket below it; it may have 86 "
     "octets\n"},
    {TEXT(BOX "domains: [example.com]\n"
              "user: {signer: zonebox-server, resolver: 07, server: 4294967295}\n"),
     "z.yaml:3:54: user.server: \"4294967295\" is out of range; write 0 to 4294967294\n"},
    {TEXT(BOX "domains: [example.com]\n"
              "user: {signer: zonebox-server, resolver: zonebox-signer}\n"),
     "z.yaml:3:16: user.signer: \"zonebox-server\" is `user.server` too; each program needs a user "
     "of its own\n"},
    {TEXT(BOX "domains: [example.com]\n"
              "user: {server: 7, signer: 007}\n"),
     "z.yaml:3:27: user.signer: \"7\" is `user.server` too; each program needs a user of its "
     "own\n"},
    {TEXT(BOX "domains: [example.com]\n"
              "state: [a]\n"),
     "z.yaml:3:8: state: a list; write one value\n"},
    {TEXT(BOX "domains: [example.com]\n"
              "state: ''\n"),
     "z.yaml:3:8: state: the file name is empty; write one\n"},
    {TEXT("b\377: 1\n"),
     "z.yaml:1:2: not a text: invalid leading UTF-8 octet; save the file as UTF-8\n"},
    {TEXT(BOX "domains:\n"
              " - a.example\n"
              "  - b.example\n"),
     "z.yaml:3:4: domains.name: \"a.example - b.example\" has \" \" in it; write letters, digits, "
     "hyphens and dots\n"},
    {TEXT(BOX "domains:\n"
              "- a.example\n"
              "  dnssec: no\n"),
     "z.yaml:4:9: not YAML: mapping values are not allowed in this context; check the indentation "
     "here and in the line before, or put the value in quotes\n"},
    {TEXT("box: @x\n"), "z.yaml:1:6: not YAML: found character that cannot start any token, while "
                        "scanning for the next token from line 1; put the value in quotes\n"},
    {TEXT("\377\376b\000o\000x\000"),
     "z.yaml:1:1: not a text: invalid leading UTF-8 octet; save the file as UTF-8\n"},
    {TEXT("k\n"
          "k\n"
          "k\n"
          ": x\n"),
     "z.yaml:4:1: not YAML: did not find expected <document start>; check indentation, quotes and "
     "brackets up to here\n"},
    {TEXT("\"\\e[31m\": 1\n"
          "box: {hostname: b.example.com}\n" DOMAINS),
     "z.yaml:1:1: unknown key \"\\x1B[31m\"; known here: box, domains, "
     "include, records, ttl, server, resolver, probe, dnssec, control, user, log, on-alarm, "
     "state\n"},
    {TEXT("xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
          "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
          "xxxxxxxxxxxxxxxxxxxxxxxx: 1\n"
          "box: {hostname: b.example.com}\n" DOMAINS),
     "z.yaml:1:1: unknown key "
     "\"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…\"; known here: box, "
     "domains, include, records, ttl, server, resolver, probe, dnssec, control, user, log, "
     "on-alarm, state\n"},
    {TEXT("- - - - - - - - - - - - - - - - - - - - - - - - - - - - - - a\n"),
     "z.yaml:1:33: nested deeper than 16; no option lies so deep, look for a stray bracket\n"},
    {TEXT("box: {hostname: b.example.com}\r\n"
          "domans: []\r\n"),
     "z.yaml:2:1: unknown key \"domans\"; did you mean \"domains\"?\n"},
    {TEXT("\303\251: [\n"),
     "z.yaml:2:1: not YAML: did not find expected node content, while parsing a flow node from "
     "line 2; check indentation, quotes and brackets up to here\n"},
    {TEXT("box: {hostname: b.example.com, ssh: "
          "[k0,k1,k2,k3,k4,k5,k6,k7,k8,k9,k10,k11,k12,k13,k14,k15,k16,k17]}\n" DOMAINS),
     "z.yaml:1:92: box.ssh: too many items; take this and the following out\n"},
};

static void each_mistake_has_its_words(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        must_refuse_octets(rows[i].text, rows[i].len, rows[i].errors);
}

static void assert_only_error(struct buf *text, const char *words)
{
    struct config_errors errors = errors_of((const char *)text->data, text->len);
    assert_int_equal(errors.count, 1);
    assert_string_equal(errors.list[0].text, words);
    buf_done(text);
}

static void repeat(struct buf *text, const char *words, size_t times)
{
    for (size_t i = 0; i < times; i++)
        buf_put_text(text, words);
}

static void sizes_have_bounds(void **state)
{
    (void)state;
    struct buf text = {0};
    repeat(&text, "# 89abcdef\n", CONFIG_FILE_MAX / 11 + 1);
    assert_only_error(&text, "z.yaml: larger than the 16777216 octets allowed; split the "
                             "configuration");
    repeat(&text, "- a\n", 1000001);
    assert_only_error(&text, "z.yaml:1000000:3: more than 1000000 values; split the configuration");
    repeat(&text, "[", 1000000); // stops early, and in linear time
    assert_only_error(&text,
                      "z.yaml:1:17: nested deeper than 16; no option lies so deep, look for a "
                      "stray bracket");
    repeat(&text, "{a: ", 1000000);
    assert_only_error(&text,
                      "z.yaml:1:65: nested deeper than 16; no option lies so deep, look for a "
                      "stray bracket");
    buf_put_text(&text, BOX DOMAINS "state: ");
    repeat(&text, "x", 70000);
    assert_only_error(&text, "z.yaml:3:8: the value is longer than 65536 octets; shorten it");
    buf_put_text(&text, BOX DOMAINS "state: ");
    repeat(&text, "y", 5000);
    assert_only_error(&text,
                      "z.yaml:3:8: state: "
                      "\"yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy…\" is "
                      "longer than a file name can be; shorten it");
}

static void names_have_bounds(void **state)
{
    (void)state;
    struct buf text = {0};
    buf_put_text(&text, BOX "domains: [");
    repeat(&text, "a", 64);
    buf_put_text(&text, ".example]\n");
    assert_only_error(
        &text, "z.yaml:2:11: domains.name: "
               "\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa…\" has a label "
               "of 64 octets; a label has at most 63");
    buf_put_text(&text, BOX "domains: [");
    repeat(&text, "abcdefghi.", 25);
    buf_put_text(&text, "abcd.]\n"); // 254 without the last dot
    assert_only_error(
        &text, "z.yaml:2:11: domains.name: "
               "\"abcdefghi.abcdefghi.abcdefghi.abcdefghi.abcdefghi.abcdefghi.abcd…\" has 254 "
               "octets; at most 253 are possible");
    buf_put_text(&text, DOMAINS "box: {hostname: ");
    repeat(&text, "abcdefghi.", 24);
    buf_put_text(&text, "abcde}\n"); // 245
    assert_only_error(&text, "z.yaml:2:17: box.hostname: too long for its TLSA record; it may have "
                             "244 octets");
}

static void a_name_must_leave_room_for_its_dkim_record(void **state)
{
    (void)state;
    struct buf text = {0};
    buf_put_text(&text, BOX "domains: [");
    repeat(&text, "abcdefghi.", 22);
    buf_put_text(&text, "abcd]\n"); // 224 + "ed25519-20260101-9" + "._domainkey." = 254
    struct config_errors errors = errors_of((const char *)text.data, text.len);
    assert_int_equal(errors.count, 1);
    assert_non_null(strstr(errors.list[0].text, "DKIM record would have 254 octets; at most 253"));
    buf_done(&text);
}

static void many_mistakes_are_counted_and_some_told(void **state)
{
    (void)state;
    struct buf text = {0};
    for (int i = 0; i < 100000; i++)
        buf_printf(&text, "abcdefghijklmnopq%d: 1\n", i);
    struct config_errors errors = errors_of((const char *)text.data, text.len);
    assert_int_equal(errors.count, 100002); // box and domains are missing
    assert_string_equal(
        errors.list[CONFIG_ERRORS_MAX - 1].text,
        "z.yaml:20:1: unknown key \"abcdefghijklmnopq19\"; known here: box, domains, "
        "include, records, ttl, server, resolver, probe, dnssec, control, user, log, on-alarm, "
        "state");
    buf_done(&text);
}

static void every_cut_of_a_configuration_is_survived(void **state)
{
    (void)state;
    static const char text[] =
        "box: {hostname: b.example.com, tls: [\"a\\x41\", 'b']}\n"
        "domains:\n- {name: é!.example, dnssec: no}\n- !t x\n? y\n: |\n  z\n";
    for (size_t len = 0; len < sizeof(text); len++)
        assert_true(errors_of(text, len).count > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_mistake_has_its_words),
        cmocka_unit_test(sizes_have_bounds),
        cmocka_unit_test(names_have_bounds),
        cmocka_unit_test(a_name_must_leave_room_for_its_dkim_record),
        cmocka_unit_test(many_mistakes_are_counted_and_some_told),
        cmocka_unit_test(every_cut_of_a_configuration_is_survived),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
