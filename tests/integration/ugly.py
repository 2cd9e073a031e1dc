# SPDX-License-Identifier: ISC
"""Zones that ask much of a name server: what zonegen writes for mail domains, and all that it would never write. Each can be
served by zone-server, NSD, Knot and BIND."""

import collections

import dns.name

HEAD = """\
@ SOA ns1 hostmaster 2026112201 14400 3600 604800 1800
@ NS ns1
@ NS ns2
ns1 A 192.0.2.1
ns1 AAAA 2001:db8::1
ns2 A 192.0.2.2
"""

# What zonegen writes for a mail domain, more or less.
MAIL = HEAD + """\
@ A 192.0.2.10
@ AAAA 2001:db8::10
@ MX 10 box
@ TXT "v=spf1 mx -all"
www A 192.0.2.10
box A 192.0.2.10
box AAAA 2001:db8::10
box SSHFP 4 2 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef
_25._tcp.box TLSA 3 1 1 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef
_dmarc TXT "v=DMARC1; p=quarantine"
mail._domainkey TXT "v=DKIM1; k=rsa; p=MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEA" "QEA0123456789"
_imaps._tcp SRV 0 1 993 box
autoconfig CNAME box
inner NS ns1.inner
ns1.inner A 192.0.2.1
ns1.inner AAAA 2001:db8::1
intoinner CNAME www.inner
intoinnerwild CNAME x.wild.inner
toinner DNAME inner
"""

# A zone below another; which one says what its own names are called.
INNER = HEAD + """\
www A 192.0.2.30
*.wild TXT inner
out CNAME box.mail.test.
outd DNAME mail.test.
"""

# A DNAME at the apex: only the apex has names of its own (RFC 6672 section 2.3).
DNAME = """\
@ SOA ns1.mail.test. hostmaster.mail.test. 2026112201 14400 3600 604800 1800
@ NS ns1.mail.test.
@ DNAME target.ugly.test.
@ TXT apex
"""

UGLY = HEAD + """\
*.wild A 192.0.2.20
*.wild MX 10 mx.wild
there.wild TXT there
*.deep.wild TXT deeper
*.alias CNAME ns1
*.circle CNAME x.circle
*.spiral CNAME x.y.spiral
*.todname CNAME x.dname
*.tocut CNAME host.sub
*.tonothing CNAME nothing
x.*.ent TXT below a wildcard that is an empty non-terminal
*.around TXT around a cut
cut.around NS ns.cut.around
ns.cut.around A 192.0.2.30
x.here.around TXT no wildcard below this ENT
sub.*.child NS ns1
*.child TXT beside a cut
x.*.child CNAME y.child
fenced DS 12345 13 2 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef
fenced TXT not delegated
intoaround CNAME x.cut.around
a.b.c.d.e A 192.0.2.21
one CNAME two
two CNAME three
three CNAME ns2
round CNAME about
about CNAME round
self CNAME self
gone CNAME nothing
away CNAME www.example.net.
cross CNAME www.mail.test.
crossgone CNAME nothing.mail.test.
intocross CNAME x.acrossd
intowild CNAME x.wild
intoent CNAME c.d.e
intocut CNAME host.sub
intosigned CNAME host.signed
atcut CNAME sub
intodname CNAME x.dname
intolong CNAME x.toolong
up CNAME @
sub NS ns.sub
sub NS ns1
sub NS ns.example.net.
ns.sub A 192.0.2.22
ns.sub AAAA 2001:db8::22
*.sub TXT occluded
below.sub NS ns1
signed NS ns.signed
signed DS 12345 13 2 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef
signed DS 12345 13 4 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef
ns.signed A 192.0.2.23
deep.cut NS ns1
sibling NS ns.sub
sibling NS ns.signed
outside NS ns.example.net.
*.wild.sub A 192.0.2.27
inner NS ns1.inner
inner NS ns2.inner
ns1.inner A 192.0.2.1
ns2.inner A 192.0.2.2
dname DNAME target
dname TXT beside
dname A 192.0.2.31
dname MX 10 x.dname
toabove DNAME @
toself DNAME x.toself
toents DNAME ent
tochain DNAME chained
x.chained CNAME x.dname
y.chained DNAME target
totoolong CNAME x.toolong
{almost} DNAME target
x.target A 192.0.2.24
cname.target CNAME x.target
up.target CNAME x.dname
*.target MX 10 x.target
abroad DNAME example.net.
acrossd DNAME mail.test.
tocutd DNAME sub
towildd DNAME wild
again DNAME dname
growing DNAME x.growing
there DNAME back
back DNAME there
toolong DNAME {long}.example.net.
MiXeD A 192.0.2.25
a.mixed CNAME MIXED
\\000.odd TXT zero
\\001.odd TXT one
\\255\\..odd TXT high
a\\.b.odd TXT dot
*.*.stars TXT two
*.stars TXT one
x\\*y.stars TXT inside
old MINFO box.old x.old
old RP hostmaster ns1
old AFSDB 1 ns1
old RT 10 ns1
old KX 10 ns1
old NAPTR 10 10 "u" "sip" "!^.*$!sip:x@example.com!" .
old HINFO "PDP-11" "UNIX"
old PTR ns1
new HTTPS 1 . alpn=h2
new SVCB 2 ns1 port=853
new CAA 0 issue "example.net"
new SRV 0 1 53 ns1
new URI 10 1 "https://example.net/"
unknown TYPE65280 \\# 4 01020304
unknown TYPE65281 \\# 0
unknown TYPE731 \\# 5 0361626300
large TXT {large}
edge TXT {edge}
many A 192.0.2.100
servers NS ns1.servers
{chain}{servers}{many}{huge}{labels} A 192.0.2.28
{longest} A 192.0.2.26
*.{longish} TXT a wildcard as long
"""


def label_run(count):
    """Labels that take this many octets in a message."""
    labels = []
    while count > 0:
        take = min(count, 64) if count != 65 else 63
        labels.append("l" * (take - 1))
        count -= take
    return ".".join(labels)


def ugly(zone, longest=255):
    """The text for this zone, with names of so many octets."""
    room = longest - sum(len(label) + 1 for label in dns.name.from_text(zone).labels)
    return UGLY.format(
        long=label_run(200),
        large=" ".join('"%0250d"' % i for i in range(8)),
        edge=" ".join('"%0150d"' % i for i in range(5)),
        chain="".join(f"c{i} CNAME c{i + 1}\n" for i in range(14)) + "c14 A 192.0.2.29\n",
        servers="".join(f"servers NS ns{i}.servers\nns{i}.servers A 192.0.2.{i}\nns{i}.servers AAAA 2001:db8::{i}\n"
                        for i in range(2, 14)) + "ns1.servers A 192.0.2.1\n",
        many="".join(f"many A 192.0.2.{i}\n" for i in range(101, 180)),
        huge="".join(f'huge TXT "%0240d"\nhuges MX {i} mx{i}.huges\n' % i for i in range(150)),
        labels=".".join("d" * (room // 2)),
        longest=label_run(room),
        longish=label_run(room - 2),
        almost=label_run(room - 10),
    )


# Zone → its text, how it is signed (None: not at all). Those further down are made first: their DS go into what is above.
ZONES = {
    "mail.test.": (MAIL, "nsec"),
    "inner.mail.test.": (INNER, "nsec3"),
    "ugly.test.": (ugly("ugly.test."), "nsec"),
    "ugly3.test.": (ugly("ugly3.test.", 253), "nsec3"),
    "inner.ugly3.test.": (INNER, None),
    "optout.test.": (ugly("optout.test.", 253), "optout"),
    "plain.test.": (ugly("plain.test."), None),
    "dname.test.": (DNAME, "nsec"),
}


def zone_of(name):
    """The deepest of the zones that has the name."""
    return max((zone for zone in ZONES if name.is_subdomain(dns.name.from_text(zone))), key=len, default=None)


def addresses(zone):
    """How many A and AAAA records there are in the zone, by owner."""
    origin = dns.name.from_text(zone)
    return collections.Counter(dns.name.from_text(line.split()[0], origin) for line in ZONES[zone][0].splitlines()
                               if line.split()[1] in ("A", "AAAA"))


def owner_names(zone):
    """All owners of the zone and the empty non-terminals above them."""
    origin = dns.name.from_text(zone)
    names = {origin}
    for line in ZONES[zone][0].splitlines():
        name = dns.name.from_text(line.split()[0], origin) if not line.startswith("@") else origin
        while name != origin:
            names.add(name)
            name = name.parent()
    return sorted(names)
