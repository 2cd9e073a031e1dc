# SPDX-License-Identifier: ISC
"""zone-probe as zone-signer has it: the questions and answers of dns/observe.h over a pair of sockets."""

import hashlib
import ipaddress
import socket
import struct
import time
from typing import NamedTuple

import dns.dnssec
import dns.name
import dns.rdata
import dns.rdatatype

from harness import BIN, Program, control_socket

VERSION = 4
RECORD, TLS_KEY, KEYS, DS, NOTIFY_CDS = 1, 2, 3, 4, 5
IN_DNSKEY, SIGNS_KEYS, SIGNS_ZONE = 1, 2, 4
DS_COUNTS, DS_LACKS = 1, 2
ALL_USES = IN_DNSKEY | SIGNS_KEYS | SIGNS_ZONE
KEYS_MAX, SETS_MAX = 16, 8
QUESTION_HEAD, KEY, QUESTION_TAIL = struct.Struct("=IIHHHH255s255s32s"), struct.Struct("=20s32s48sHBB"), struct.Struct("=2xI")
QUESTION_SIZE = QUESTION_HEAD.size + KEYS_MAX * KEY.size + QUESTION_TAIL.size
ANSWER_HEAD, SET, ANSWER_TAIL = struct.Struct("=IIqIIII16s16s16sq"), struct.Struct("=HHHHI"), struct.Struct("=II")
ANSWER_SIZE = ANSWER_HEAD.size + SETS_MAX * SET.size + ANSWER_TAIL.size


class Answer(NamedTuple):
    number: int
    seen_at: int
    ttl: int
    counts: tuple  # ok, wrong, unknown
    wrong: str  # address, or None
    unknown: str
    expiring: str  # address, or None
    expires_at: int
    sets: dict  # (bits of keys, foreign records) → servers
    ns_ttl: int
    strict: dict  # (bits of keys, of those of the strongest digest, traits) → servers


def question(number, kind, *, version=VERSION, rtype=0, port=0, zone=b"\0", owner=b"\0", digest=b"", keys=(), key_count=None):
    packed = b"".join(keys) + bytes(KEY.size) * (KEYS_MAX - len(keys))
    return (QUESTION_HEAD.pack(version, number, kind, rtype, port, 0, zone, owner, digest) + packed
            + QUESTION_TAIL.pack(len(keys) if key_count is None else key_count))


def pack_key(zone, dnskey, use):
    """dnskey: the record's data as text."""
    data = dns.rdata.from_text("IN", "DNSKEY", dnskey)
    octets = dns.name.from_text(zone).canonicalize().to_wire() + data.to_wire()
    digests = [hashlib.new(name, octets).digest() for name in ("sha1", "sha256", "sha384")]
    return KEY.pack(*digests, dns.dnssec.key_id(data), data.algorithm, use)


def read_question(octets):
    """Number, kind, port, owner and digest of a question, for who stands in for zone-probe."""
    assert len(octets) == QUESTION_SIZE
    _, number, kind, _, port, _, _, owner, digest = QUESTION_HEAD.unpack_from(octets)
    return number, kind, port, owner, digest


def answer(number, *, ttl=0, ok=0, wrong=0, unknown=0):
    """What he says to a question about a record or a TLS key."""
    head = ANSWER_HEAD.pack(VERSION, number, int(time.time()), ttl, ok, wrong, unknown, bytes(16), bytes(16), bytes(16), 0)
    return head + bytes(ANSWER_SIZE - ANSWER_HEAD.size)


def read_address(octets):
    address = ipaddress.IPv6Address(octets)
    return None if int(address) == 0 else str(address.ipv4_mapped or address)


def read_answer(octets):
    assert len(octets) == ANSWER_SIZE
    version, number, seen_at, ttl, *counts, first_wrong, first_unknown, expiring, expires_at = ANSWER_HEAD.unpack_from(octets)
    set_count, ns_ttl = ANSWER_TAIL.unpack_from(octets, ANSWER_SIZE - ANSWER_TAIL.size)
    listed = [SET.unpack_from(octets, ANSWER_HEAD.size + i * SET.size) for i in range(SETS_MAX)]
    sets = {(keys, foreign): servers for keys, _, foreign, _, servers in listed[:set_count]}
    strict = {(keys, strong, traits): servers for keys, strong, _, traits, servers in listed[:set_count]}
    assert version == VERSION and seen_at > 1_700_000_000 and len(sets) == set_count
    assert listed[set_count:] == [(0, 0, 0, 0, 0)] * (SETS_MAX - set_count)
    return Answer(number, seen_at, ttl, tuple(counts), read_address(first_wrong), read_address(first_unknown),
                  read_address(expiring), expires_at, sets, ns_ttl, strict)


class Probe:
    def __init__(self, directory, *more):
        self.ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.ours.settimeout(30)
        self.control = directory / "probe.sock"
        self.control.unlink(missing_ok=True)
        with theirs, control_socket(self.control) as listener:
            self.program = Program(BIN / "zone-probe", "--observe", theirs.fileno(), "--control", listener.fileno(),
                                   "--timeout", "1", *more, log=directory / "probe.log",
                                   pass_fds=(theirs.fileno(), listener.fileno()))
        self.last = 0

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        with self.ours:
            code = self.program.stop()
        assert code == 0 or exc[0] is not None, self.program.log()

    def send(self, kind, *, zone=".", owner=".", rtype="NONE", **fields):
        self.last += 1
        self.ours.send(question(self.last, kind, rtype=dns.rdatatype.from_text(rtype), zone=dns.name.from_text(zone).to_wire(),
                                owner=dns.name.from_text(owner).to_wire(), **fields))
        return self.last

    def hear(self):
        return read_answer(self.ours.recv(10000))

    def ask(self, kind, **fields):
        asked = self.send(kind, **fields)
        answer = self.hear()
        assert answer.number == asked
        return answer

    def record(self, zone, rdata, rtype="TLSA", owner="_25._tcp.mx"):
        """The TTL that was seen, and how many have the record, have it not, are unknown."""
        octets = dns.rdata.from_text("IN", rtype, rdata).to_wire() if rtype != "TXT" else rdata.encode()
        answer = self.ask(RECORD, owner=f"{owner}.{zone}", rtype=rtype, zone=zone, digest=hashlib.sha256(octets).digest())
        return answer.ttl, answer.counts

    def key(self, spki, host="mx.far.tld", port=25):
        return self.ask(TLS_KEY, owner=host, port=port, digest=bytes.fromhex(spki)).counts
