# SPDX-License-Identifier: ISC
"""Validating resolvers of others on a tree of one's own, set so that nothing bogus is hidden and that one failure stays
one: no stale answers, no aggressive use of NSEC, no second try with a fresh DNSKEY RRset, no cached failures, no memory of
servers that did not answer.

    unbound    Unbound, which keeps what the TTL allows
    named      BIND, the same
    behind     Unbound, which keeps nothing itself, behind an Unbound that keeps everything for its TTL and validates
               nothing: it meets old signatures with new keys, and new ones with old keys, as stub validators do
"""

import base64
import contextlib
import os
import pathlib
import re

import dns.exception
import dns.message
import dns.query
import dns.rcode

import others
from harness import Program, run
from others import sbin

UNBOUND, NAMED, BEHIND, CACHE = ADDRESSES = ("192.0.2.61", "192.0.2.62", "192.0.2.63", "192.0.2.64")

UNBOUND_OPTIONS = """\
port: 53
access-control: 0.0.0.0/0 allow
msg-cache-size: 4m
rrset-cache-size: 4m
ede: yes
val-log-level: 2
val-bogus-ttl: 0
val-max-restart: 0
serve-expired: no
aggressive-nsec: no
prefetch: no
prefetch-key: no
infra-host-ttl: 0
infra-keep-probing: yes
outbound-msg-retry: 10
trust-anchor-signaling: no
root-key-sentinel: no
""".splitlines()
NAMED_CONF = """\
options {{
  directory "{directory}";
  listen-on {{ {address}; }};
  listen-on-v6 {{ none; }};
  pid-file none;
  session-keyfile none;
  recursion yes;
  allow-query {{ any; }};
  allow-recursion {{ any; }};
  dnssec-validation yes;
  empty-zones-enable no;
  stale-answer-enable no;
  stale-cache-enable no;
  synth-from-dnssec no;
  servfail-ttl 0;
  lame-ttl 0;
  prefetch 0;
  notify no;
  trust-anchor-telemetry no;
}};
include "{key}";
controls {{ inet {address} port 953 allow {{ any; }} keys {{ control; }}; }};
logging {{
  channel said {{ stderr; severity info; print-time yes; print-category yes; }};
  category default {{ said; }};
}};
trust-anchors {{ {anchor} }};
zone "." {{ type hint; file "{hints}"; }};
"""


class Validator:
    """flush: a command that makes it forget a zone, which is its last argument."""

    def __init__(self, directory, address, program, flush):
        self.name, self.address, self.program, self.flush = directory.name, address, program, flush

    def ask(self, question, rtype, timeout=10):
        message = dns.message.make_query(question, rtype, want_dnssec=True, payload=1232)
        return dns.query.udp_with_fallback(message, self.address, timeout=timeout)[0]

    def answers(self):
        try:
            return self.ask(".", "SOA", timeout=0.3).rcode() == dns.rcode.NOERROR
        except (OSError, dns.exception.DNSException):
            return False

    def forget(self, zone):
        """After a failure: keys found bogus are bogus to Unbound for a minute more and to BIND for half a minute, whatever
        val-bogus-ttl and lame-ttl say."""
        run(*self.flush, zone)

    def said(self):
        """How much it has logged, for reasons()."""
        return self.program.log_path.stat().st_size

    def reasons(self, zone, since):
        """The last lines of its log about the zone since then."""
        name = re.escape(str(zone).rstrip("."))
        text = self.program.log_path.read_bytes()[since:].decode(errors="replace")
        return [line for line in text.splitlines() if re.search(rf"\b{name}\b", line, re.I)][-4:]


@contextlib.contextmanager
def started(directory, address, argv, flush):
    with Program(*argv, log=directory / "log") as program:
        validator = Validator(directory, address, program, flush)
        program.wait_for(validator.answers)
        yield validator


@contextlib.contextmanager
def unbound(directory, address, hints, anchor=None, *, cache=True, forward=None, strict=True):
    """Its name is that of the directory. Without an anchor it does not validate; without a cache it asks anew for each
    answer. strict: each algorithm of the DS RRset has to lead into the zone (RFC 6840 section 5.11 leaves that to it)."""
    directory = pathlib.Path(directory)
    directory.mkdir(parents=True)
    options = [f"interface: {address}", f'root-hints: "{hints}"', f"harden-algo-downgrade: {'yes' if strict else 'no'}",
               f'module-config: "{"validator " if anchor else ""}iterator"', *UNBOUND_OPTIONS]
    options += [f'trust-anchor-file: "{anchor}"'] if anchor else []
    options += [] if cache else ["cache-max-ttl: 0", "cache-max-negative-ttl: 0"]
    clauses = f'forward-zone:\n  name: "."\n  forward-addr: {forward}\n' if forward else ""
    control = ["control-enable: yes", f'control-interface: "{directory}/control"', "control-use-cert: no"]
    argv = others.unbound(directory, options, clauses, control)
    flush = [sbin("unbound-control"), "-q", "-c", directory / "unbound.conf", "flush_zone"]
    with started(directory, address, argv, flush) as validator:
        yield validator


@contextlib.contextmanager
def named(directory, address, hints, anchor):
    directory = pathlib.Path(directory)
    directory.mkdir(parents=True)
    fields = re.search(r"DNSKEY\s+(\d+) (\d+) (\d+) ([A-Za-z0-9+/=]+)", anchor.read_text()).groups()
    anchor_text = '. static-key {} {} {} "{}";'.format(*fields)
    secret = base64.b64encode(os.urandom(32)).decode()
    config, key = directory / "named.conf", directory / "rndc.key"
    key.write_text(f'key control {{ algorithm hmac-sha256; secret "{secret}"; }};\n')
    config.write_text(NAMED_CONF.format(address=address, directory=directory, hints=hints, key=key, anchor=anchor_text))
    argv = [sbin("named"), "-f", "-n", "1", "-c", config]
    flush = [sbin("rndc"), "-s", address, "-k", key, "flushtree"]
    with started(directory, address, argv, flush) as validator:
        yield validator


class Validators:
    """All three, while the `with` lasts."""

    def __init__(self, directory, hints, anchor, strict=True):
        self.directory, self.hints, self.anchor, self.strict = pathlib.Path(directory), hints, anchor, strict
        self.list = []

    def __enter__(self):
        with contextlib.ExitStack() as stack:
            def add(start, name, *more, **options):
                return stack.enter_context(start(self.directory / name, *more, **options))

            add(unbound, "cache", CACHE, self.hints)
            self.list = [
                add(unbound, "unbound", UNBOUND, self.hints, self.anchor, strict=self.strict),
                add(named, "named", NAMED, self.hints, self.anchor),
                add(unbound, "behind", BEHIND, self.hints, self.anchor, cache=False, forward=CACHE, strict=self.strict),
            ]
            self.stack = stack.pop_all()
        return self

    def __exit__(self, *exc):
        return self.stack.__exit__(*exc)

    def __iter__(self):
        return iter(self.list)
