# SPDX-License-Identifier: ISC
"""The same zones (ugly.py) in zone-server, NSD, Knot and BIND, the same questions to all of them, and what differs between
our reply and each of theirs. Why a difference may be is in reasons.py."""

import base64
import collections
import contextlib
import copy
import random
import re
import socket
import struct

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.query
import dns.rcode
import dns.rdata
import dns.rdatatype

import others
import signing
import ugly
from harness import BIN, Program, free_port, query, run, unbound

OURS, NSD, KNOT, BIND = SERVERS = ("ours", "nsd", "knot", "bind")
PEERS = (NSD, KNOT, BIND)
# With what they run: small answers, and zones that they would rather not have.
PEER_OPTIONS = {
    NSD: (others.nsd, ("minimal-responses: yes", "ipv4-edns-size: 1232", "hide-version: yes")),
    KNOT: (others.knotd, ("udp-max-payload: 1232", 'version: ""', 'identity: ""', "background-workers: 1", "udp-workers: 1",
                          "tcp-workers: 1")),
    BIND: (others.named, ("minimal-responses yes;", "minimal-any yes;", "edns-udp-size 1232;", "max-udp-size 1232;",
                          "empty-zones-enable no;", "version none;", "check-integrity no;", "notify no;",
                          "zero-no-soa-ttl no;", "max-records-per-type 0;", "max-types-per-name 0;")),
}
RCODES = ["NOERROR", "FORMERR", "SERVFAIL", "NXDOMAIN", "NOTIMP", "REFUSED", "YXDOMAIN", *(str(n) for n in range(7, 16)),
          "BADVERS"]

TYPES = ("A AAAA NS MX TXT SOA CNAME DNAME DS DNSKEY NSEC NSEC3 NSEC3PARAM RRSIG ANY TLSA SRV PTR HTTPS MINFO CDS "
         "TYPE65280 TYPE65281 TYPE731").split()
COMMON = "A AAAA MX TXT NS CNAME DS ANY".split()
CLASSES = {"IN": 1, "CH": 3, "HS": 4, "NONE": 254, "ANY": 255}
LABELS = [b"x", b"*", b"a", b"zzz", b"www", b"\x00", b"\xff", b"a.b", b"_tcp", b"there", b"wild", b"L" * 63]
QR, AA, TC, RD, RA, AD, CD = 0x8000, 0x400, 0x200, 0x100, 0x80, 0x20, 0x10
TYPE_OPT = 41
# Types with names in their rdata that nobody may compress, whose letters may be in either case: RP AFSDB RT SRV NAPTR KX DNAME
# NSEC SVCB HTTPS.
UNCOMPRESSED = {17, 18, 21, 33, 35, 36, 39, 47, 64, 65}
# Where names are in the rdata of the types that may have them compressed (RFC 3597 section 4): octets before the first, how
# many.
COMPRESSED = {2: (0, 1), 5: (0, 1), 6: (0, 2), 7: (0, 1), 8: (0, 1), 9: (0, 1), 12: (0, 1), 14: (0, 2), 15: (2, 1)}

# ── Questions ────────────────────────────────────────────────────────────────────────────────────────────────────


class Question:
    def __init__(self, name, rtype, rclass="IN", dnssec=False, size=None, tcp=False, flags=0, version=0, options=b""):
        self.name, self.rtype, self.rclass = name, rtype, rclass
        self.dnssec, self.size, self.tcp, self.flags = dnssec, size, tcp, flags
        self.version, self.options = version, options  # of EDNS

    def octets(self):
        return self.name.to_wire() + struct.pack("!2H", dns.rdatatype.from_text(self.rtype), CLASSES[self.rclass])

    def wire(self, number):
        opt = b""
        if self.size is not None:
            opt = struct.pack("!BHHBBHH", 0, TYPE_OPT, self.size, 0, self.version, 0x8000 if self.dnssec else 0,
                              len(self.options)) + self.options
        return struct.pack("!6H", number, self.flags, 1, 0, 0, 1 if opt else 0) + self.octets() + opt

    def __str__(self):
        flags = "".join(f" {word}" for word, flag in (("RD", RD), ("AD", AD), ("CD", CD)) if self.flags & flag)
        edns = "" if self.size is None else f" EDNS {self.size}{' DO' if self.dnssec else ''}{f' version {self.version}' if self.version else ''}"
        return f"{self.name} {self.rclass} {self.rtype}{edns}{flags} {'TCP' if self.tcp else 'UDP'}"


def vary_name(chance, name):
    """The name, or one below it, beside it, between it and its parent; in odd case at times."""
    for _ in range(chance.choice((0, 0, 0, 0, 1, 1, 2, 5))):
        name = dns.name.Name((chance.choice(LABELS),) + name.labels)
    if chance.random() < 0.1 and len(name.labels) > 3:
        name = dns.name.Name((name.labels[0] + chance.choice((b"-", b"\x00")),) + name.labels[1:])
    if chance.random() < 0.1 and len(name.labels) > 3:
        name = dns.name.Name((chance.choice(LABELS),) + name.labels[1:])
    if chance.random() < 0.1:
        name = dns.name.Name(bytes(chance.choice((c, c ^ 0x20)) if chr(c).isalpha() else c for c in label)
                             for label in name.labels)
    return name


def questions(seed, count):
    """So many, the same ones for the same seed."""
    chance = random.Random(seed)
    owners = {zone: ugly.owner_names(zone) for zone in ugly.ZONES}
    while count > 0:
        zone = chance.choice(list(owners))
        # Of a large zone most: each has names that the others have not.
        if chance.random() * 250 > len(owners[zone]) + 60:
            continue
        try:
            name = vary_name(chance, chance.choice(owners[zone]))
        except (dns.name.NameTooLong, dns.name.LabelTooLong):
            continue
        if chance.random() < 0.01:
            name = dns.name.from_text(chance.choice([".", "test.", "example.net.", "nothing.test.", "mail.test.x."]))
        rclass = "IN" if chance.random() < 0.97 else chance.choice(list(CLASSES))
        size = chance.choice((None, 512, 1232, 1232, 4096))
        # BIND limits the rate of what it says of itself over UDP.
        tcp = rclass == "CH" or chance.random() < 0.3
        yield Question(name, chance.choice(COMMON if chance.random() < 0.5 else TYPES), rclass,
                       dnssec=size is not None and chance.random() < 0.75, size=size, tcp=tcp,
                       flags=chance.choice((0, 0, 0, RD, AD, CD, RD | AD | CD)),
                       version=chance.choice((0,) * 50 + (1, 255)) if size is not None else 0,
                       options=struct.pack("!HH8s", 65001, 8, b"whatever") if chance.random() < 0.1 else b"")
        count -= 1


# ── Replies ──────────────────────────────────────────────────────────────────────────────────────────────────────


def name_of(wire):
    return dns.name.from_wire(wire, 0)[0]


def read_name(wire, at):
    """A name with its letters in lower case, and where what comes behind it begins. Pointers only lead back."""
    name, behind, before = b"", None, at
    while wire[at] != 0:
        if wire[at] >= 0xc0:
            target = struct.unpack_from("!H", wire, at)[0] & 0x3fff
            assert 12 <= target < before, "a pointer that does not lead back"
            behind = behind or at + 2
            at = before = target
        else:
            assert wire[at] < 64
            name += wire[at:at + 1 + wire[at]]
            at += 1 + wire[at]
    assert len(name) < 255
    return name.lower() + b"\0", behind or at + 1


class Record(collections.namedtuple("Record", "owner type ttl rdata")):
    def covers(self):
        return struct.unpack("!H", self.rdata[:2])[0] if self.type == dns.rdatatype.RRSIG else None

    def __str__(self):
        return f"{name_of(self.owner)} {self.ttl} {dns.rdatatype.to_text(self.type)} {self.text()}"

    def text(self):
        with contextlib.suppress(dns.exception.DNSException):
            return dns.rdata.from_wire(1, self.type, self.rdata, 0, len(self.rdata)).to_text()[:100]
        return self.rdata.hex()


def read_record(wire, at):
    """A record as something to compare, compression and the case of names apart."""
    owner, at = read_name(wire, at)
    rtype, rclass, ttl, length = struct.unpack_from("!2HIH", wire, at)
    start = at + 10
    end = start + length
    assert end <= len(wire)
    rdata = wire[start:end]
    if rtype == TYPE_OPT:
        return Record(owner, rtype, (rclass, ttl), rdata), end
    assert rclass == 1, "a record of another class"
    if rtype in COMPRESSED:
        before, names = COMPRESSED[rtype]
        rdata, place = wire[start:start + before], start + before
        for _ in range(names):
            name, place = read_name(wire, place)
            rdata += name
        rdata += wire[place:end]
    if rtype in COMPRESSED or rtype in UNCOMPRESSED:
        rdata = rdata.lower()
    return Record(owner, rtype, ttl, rdata), end


class Reply:
    def __init__(self, wire, asked):
        self.wire, self.size = wire, len(wire)
        _, self.flags, questions_count, *counts = struct.unpack_from("!6H", wire)
        at = 12 + len(asked) * questions_count
        self.echoes = wire[12:at] == asked
        self.opt, sections = None, []
        for count in counts:
            section = []
            for _ in range(count):
                record, at = read_record(wire, at)
                if record.type == TYPE_OPT:
                    assert self.opt is None, "two OPT"
                    self.opt = record
                else:
                    section.append(record)
            sections.append(collections.Counter(section))
        assert at == len(wire), "octets behind the last record"
        self.answer, self.authority, self.additional = sections
        self.order = list(sections[0])  # of the answer, as it was sent
        self.rcode = RCODES[(self.flags & 15) + ((self.opt.ttl[1] >> 24) * 16 if self.opt else 0)]
        self.aa, self.tc = bool(self.flags & AA), bool(self.flags & TC)

    def types(self, *sections):
        return {record.type for section in sections or (self.answer, self.authority, self.additional) for record in section}

    def targets(self):
        """Where the CNAMEs of the answer lead."""
        return [record.rdata for record in self.order if record.type == dns.rdatatype.CNAME]

    def __str__(self):
        flags = " ".join(word for word, flag in (("AA", AA), ("TC", TC), ("RD", RD), ("RA", RA), ("AD", AD), ("CD", CD))
                         if self.flags & flag)
        text = f"{self.rcode} [{flags}], {self.size} octets{'' if self.opt else ', no OPT'}\n"
        for word in ("answer", "authority", "additional"):
            text += "".join(f"    {word:10} {record}{f' × {count}' if count > 1 else ''}\n"
                            for record, count in getattr(self, word).items())
        return text


# ── Asking ───────────────────────────────────────────────────────────────────────────────────────────────────────


class Asker:
    """Asks one server: over UDP from one socket, over TCP on a connection that is kept."""

    def __init__(self, port):
        self.port, self.stream, self.number = port, None, 0
        self.datagrams = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.datagrams.connect(("127.0.0.1", port))
        self.datagrams.settimeout(10)

    def send(self, question):
        self.number = (self.number + 1) % 65536
        self.wire, self.tcp = question.wire(self.number), question.tcp
        self.asked = question.octets()
        if not self.tcp:
            self.datagrams.send(self.wire)
            return
        if self.stream is None:
            self.connect()
        try:
            self.stream.sendall(struct.pack("!H", len(self.wire)) + self.wire)
        except ConnectionError:  # some close idle connections
            self.connect()
            self.stream.sendall(struct.pack("!H", len(self.wire)) + self.wire)

    def connect(self):
        if self.stream is not None:
            self.stream.close()
        self.stream = socket.create_connection(("127.0.0.1", self.port), timeout=10)

    def receive(self):
        wire = self.receive_tcp() if self.tcp else self.datagrams.recv(65535)
        assert struct.unpack_from("!H", wire)[0] == self.number, "a late reply"
        return Reply(wire, self.asked)

    def receive_tcp(self):
        try:
            return self.take(struct.unpack("!H", self.take(2))[0])
        except ConnectionError:  # closed just when the question came
            self.connect()
            self.stream.sendall(struct.pack("!H", len(self.wire)) + self.wire)
            return self.take(struct.unpack("!H", self.take(2))[0])

    def take(self, count):
        octets = b""
        while len(octets) < count:
            part = self.stream.recv(count - len(octets))
            if not part:
                raise ConnectionResetError
            octets += part
        return octets

    def close(self):
        self.datagrams.close()
        if self.stream is not None:
            self.stream.close()


def zones_of(reply):
    """The zones that the names of a chain are in; None for those that nobody has."""
    return {ugly.zone_of(name_of(record.owner)) for record in reply.answer} | {ugly.zone_of(name_of(name))
                                                                               for name in reply.targets()}


def kind_of(question, reply):
    """What kind of answer this is, if a validating Unbound can judge it: not what lies below a cut or in zones that nobody
    has, nor a chain without an end, nor the apex' DS, which is a parent's. It takes a "*" in a question for the wildcard
    itself, gives up at an NSEC made from one, and asked for a CNAME or DNAME below a DNAME it looks for a DS there first,
    and minds that a DNAME comes (delv does not)."""
    chain = [question.name.canonicalize().to_wire(), *reply.targets()]
    types = reply.types(reply.answer)
    if not question.dnssec or question.rclass != "IN" or question.rtype in ("ANY", "RRSIG", "NSEC") \
            or reply.tc or not reply.aa or dns.rdatatype.NS in reply.types(reply.authority) or None in zones_of(reply) \
            or len(set(chain)) < len(chain) or len(chain) > 6 or b"*" in question.name.labels \
            or (question.rtype in ("CNAME", "DNAME") and len(chain) > 1 and dns.rdatatype.DNAME in types) \
            or (question.rtype == "DS" and name_of(chain[-1]).to_text() in ugly.ZONES):
        return None
    return ugly.zone_of(question.name), reply.rcode, len(chain), frozenset(types), len(reply.authority)


def cut_kind(question, reply):
    """What kind of referral out of a signed zone this is; None when it is no referral, or another one."""
    zone = ugly.zone_of(question.name)
    if not question.dnssec or reply.tc or reply.answer or zone is None or not ugly.ZONES[zone][1] \
            or dns.rdatatype.NS not in reply.types(reply.authority):
        return None
    return zone, "referral", frozenset(reply.types(reply.authority)), len(reply.authority)


class Servers(contextlib.ExitStack):
    """The four of them, with the same zones, made by one of signing.py. ports: server → its port."""

    def __init__(self, directory, make_zones=signing.by_ldns):
        super().__init__()
        self.directory, self.make_zones = directory, make_zones
        self.ports = {server: free_port() for server in SERVERS}

    def __enter__(self):
        with contextlib.ExitStack() as undo:
            undo.callback(self.close)
            self.start_all()
            undo.pop_all()
        return self

    def start_all(self):
        files, store = self.make_zones(self.directory)
        at = {server: [f"127.0.0.1@{port}"] for server, port in self.ports.items()}
        self.start(OURS, BIN / "zone-server", "--rate-limit", 0, "--serve", store, "--listen", at[OURS][0])
        for peer, (command, options) in PEER_OPTIONS.items():
            place = self.directory / peer
            place.mkdir()
            self.start(peer, *command(place, at[peer], files, *options))
        self.askers = {server: Asker(port) for server, port in self.ports.items()}
        for asker in self.askers.values():
            self.callback(asker.close)
        self.keys = self.trust()
        self.resolver = self.start_resolver()

    def trust(self):
        """The keys of each signed zone, and a file with them for delv."""
        keys = {zone: query(self.ports[OURS], zone, "DNSKEY", tcp=True).answer[0]
                for zone, (_, denial) in ugly.ZONES.items() if denial}
        for zone, rrset in keys.items():
            lines = [f'"{zone}" static-key {key.flags} 3 {key.algorithm} "{base64.b64encode(key.key).decode()}";\n' for key in rrset]
            (self.directory / f"{zone}delv").write_text("trust-anchors {\n" + "".join(lines) + "};\n")
        return keys

    def start_resolver(self):
        """A validating Unbound that asks ours. Its port."""
        port = self.ports[OURS]
        anchors = [f"{zone} DNSKEY {key}" for zone, keys in self.keys.items() for key in keys]
        return self.enter_context(unbound(self.directory / "unbound", dict.fromkeys(ugly.ZONES, port), anchors,
                                          'local-zone: "test." nodefault\n  cache-max-ttl: 0\n  qname-minimisation: no'))

    def resolved(self, question):
        """What the validating resolver makes of it: the rcode, and whether it is secure."""
        message = dns.message.make_query(question.name, question.rtype, want_dnssec=True)
        reply = dns.query.tcp(message, "127.0.0.1", port=self.resolver, timeout=30)
        return dns.rcode.to_text(reply.rcode()), bool(reply.flags & dns.flags.AD)

    def agrees(self, question, reply):
        """The resolver finds what the reply says, and finds it secure where the zone is signed. RFC 5155 section 9.2: what
        lies under an opt-out span is not."""
        rcode, secure = self.resolved(question)
        if len(zones_of(reply)) > 1:
            return rcode != "SERVFAIL"
        unsigned = ugly.ZONES[ugly.zone_of(question.name)][1] in (None, "optout")
        return rcode == reply.rcode and (secure or unsigned or rcode == "YXDOMAIN")

    def validated(self, question, reply):
        """delv, which validates with the code of BIND, finds the reply secure; None where it is not for it to say: chains into
        other zones, unsigned ones, and spans of opt-out."""
        zone = ugly.zone_of(question.name)
        if len(zones_of(reply)) > 1 or ugly.ZONES[zone][1] in (None, "optout") or reply.rcode == "YXDOMAIN":
            return None
        done = run("delv", "@127.0.0.1", "-p", self.ports[OURS], "-a", self.directory / f"{zone}delv", f"+root={zone}",
                   question.name, question.rtype, check=False, errors="replace")
        return bool(re.search(r"^; (negative response, )?fully validated", done.stdout, re.M))

    def proves_cut(self, reply):
        """A referral has the DS of its cut, or the proof that there is none, just as the answer about the DS has it, which two
        validators accept."""
        cut = next(record.owner for record in reply.authority if record.type == dns.rdatatype.NS)
        question = Question(name_of(cut), "DS", dnssec=True, size=4096, tcp=True)
        answer = self.ask(question)[OURS]
        said = set(answer.answer + answer.authority)
        proof = {record for record in said if dns.rdatatype.SOA not in (record.type, record.covers())}
        return proof == {record for record in reply.authority if record.type != dns.rdatatype.NS} \
            and self.agrees(question, answer) and self.validated(question, answer) is not False

    def start(self, server, *argv):
        """Starts it and waits until it serves all zones."""
        log = self.directory / f"{server}.log"
        program = self.enter_context(Program(*argv, log=log))
        for zone in ugly.ZONES:
            program.wait_for(lambda z=zone: self.serves(server, z))

    def serves(self, server, zone):
        try:
            return query(self.ports[server], zone, "SOA", timeout=0.5).answer
        except (OSError, dns.exception.DNSException):
            return False

    def ask(self, question):
        """server → its reply."""
        for asker in self.askers.values():
            asker.send(question)
        return {server: asker.receive() for server, asker in self.askers.items()}


# ── Comparing ────────────────────────────────────────────────────────────────────────────────────────────────────


class Case:
    """A question, our reply and that of one peer. wrong: what differs between them."""

    def __init__(self, servers, question, replies, peer):
        self.servers, self.question, self.replies, self.peer = servers, question, replies, peer
        self.ours, self.theirs = replies[OURS], replies[peer]
        self.name = question.name.canonicalize().to_wire()
        self.wrong = self.compare()

    def compare(self):
        ours, theirs = self.ours, self.theirs
        wrong = {what for what in ("rcode", "aa", "tc", "echoes") if getattr(ours, what) != getattr(theirs, what)}
        if (ours.flags ^ theirs.flags) & ~(AA | TC | 15):
            wrong.add("flags")
        if (ours.opt is None) != (theirs.opt is None) or (ours.opt and (ours.opt.ttl[1] ^ theirs.opt.ttl[1]) & 0xffffff):
            wrong.add("edns")
        if ours.tc or theirs.tc:
            return wrong  # what is in a truncated reply is everyone's own affair
        wrong |= {what for what in ("answer", "authority") if getattr(ours, what) != getattr(theirs, what)}
        if ours.additional - theirs.additional or (self.question.tcp and self.lacks_signatures()):
            wrong.add("additional")
        if ours.size > theirs.size and self.peer != BIND:  # which compresses against rdata that is not compressed itself
            wrong.add("octets" if self.says_the_same() else "size")
        return wrong

    def says_the_same(self):
        """The same records are in both replies."""
        return all(getattr(self.ours, what) == getattr(self.theirs, what)
                   for what in ("rcode", "answer", "authority", "additional"))

    def lacks_signatures(self):
        """The additional section has an RRset without the signatures that they have of it (RFC 4035 section 3.1.1)."""
        more = self.theirs.additional - self.ours.additional
        signed = {(record.owner, record.covers()) for record in more if record.type == dns.rdatatype.RRSIG}
        return any((record.owner, record.type) in signed for record in self.ours.additional)

    def is_proved(self):
        """Another peer proves the same just so; or a validator accepts our reply, which it can where the answer does not go
        on below a cut: it would wait for name servers that nobody has."""
        question = copy.copy(self.question)
        question.tcp = True
        replies = self.servers.ask(question)
        proofs = replies[OURS].authority
        if any(reply.authority == proofs for peer, reply in replies.items() if peer not in (OURS, self.peer)):
            return True
        return dns.rdatatype.NS not in {record.type for record in proofs} \
            and (self.servers.agrees(question, replies[OURS]) or self.servers.validated(question, replies[OURS]))

    def more(self, section):
        """What we have more in the section, and what they have."""
        ours, theirs = getattr(self.ours, section), getattr(self.theirs, section)
        return ours - theirs, theirs - ours

    def whole(self):
        """Our reply as it is where nothing is too large."""
        if not self.ours.tc:
            return self.ours
        question = copy.copy(self.question)
        question.tcp = True
        asker = self.servers.askers[OURS]
        asker.send(question)
        return asker.receive()

    def __str__(self):
        return f"{self.question}: {self.peer} differs in {', '.join(sorted(self.wrong))}\n" \
               f"  ours: {self.ours}  {self.peer}: {self.theirs}"
