# SPDX-License-Identifier: ISC
"""Validating resolvers of others on a tree of one's own, set so that nothing bogus is hidden and that one failure stays
one: no stale answers, no aggressive use of NSEC, no cached failures, no memory of servers that did not answer.

    unbound    Unbound, which keeps what the TTL allows
    named      BIND, the same
    behind     Unbound, which keeps nothing itself, behind an Unbound that keeps everything for its TTL and validates
               nothing: it meets old signatures with new keys, and new ones with old keys, as stub validators do
"""

import contextlib
import pathlib
import re
import shutil

import dns.exception
import dns.message
import dns.query
import dns.rcode

from harness import Program, wait_until

UNBOUND, NAMED, BEHIND, CACHE = ADDRESSES = ("192.0.2.61", "192.0.2.62", "192.0.2.63", "192.0.2.64")

UNBOUND_CONF = """\
server:
  interface: {address}
  port: 53
  access-control: 0.0.0.0/0 allow
  username: ""
  chroot: ""
  directory: "{directory}"
  pidfile: ""
  use-syslog: no
  logfile: ""
  num-threads: 1
  msg-cache-size: 4m
  rrset-cache-size: 4m
  root-hints: "{hints}"
  ede: yes
  val-log-level: 2
  val-bogus-ttl: 0
  harden-algo-downgrade: {strict}
  serve-expired: no
  aggressive-nsec: no
  prefetch: no
  prefetch-key: no
  infra-host-ttl: 0
  infra-keep-probing: yes
  outbound-msg-retry: 10
  trust-anchor-signaling: no
  root-key-sentinel: no
{more}remote-control:
  control-enable: no
"""
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
controls {{ }};
logging {{
  channel said {{ stderr; severity info; print-time yes; print-category yes; }};
  category default {{ said; }};
}};
trust-anchors {{ {anchor} }};
zone "." {{ type hint; file "{hints}"; }};
"""


class Validator:
    def __init__(self, name, address, program):
        self.name, self.address, self.program = name, address, program

    def ask(self, question, rtype, timeout=10):
        message = dns.message.make_query(question, rtype, want_dnssec=True, payload=1232)
        return dns.query.udp_with_fallback(message, self.address, timeout=timeout)[0]

    def answers(self):
        try:
            return self.ask(".", "SOA", timeout=0.3).rcode() == dns.rcode.NOERROR
        except (OSError, dns.exception.DNSException):
            return False

    def reasons(self, zone):
        """The last lines of its log about the zone."""
        name = re.escape(str(zone).rstrip("."))
        return [line for line in self.program.log().splitlines() if re.search(rf"\b{name}\b", line, re.I)][-4:]


@contextlib.contextmanager
def started(directory, address, *argv):
    binary = shutil.which(argv[0], path="/usr/sbin:/usr/bin")
    with Program(binary, *argv[1:], log=directory / "log") as program:
        validator = Validator(directory.name, address, program)
        wait_until(lambda: validator.answers() or not program.running(), lambda: program.log())
        assert program.running(), program.log()
        yield validator


@contextlib.contextmanager
def unbound(directory, address, hints, anchor=None, *, cache=True, forward=None, strict=True):
    """Its name is that of the directory. Without an anchor it does not validate; without a cache it asks anew for each
    answer. strict: each algorithm of the DS RRset has to lead into the zone (RFC 6840 section 5.11 leaves that to it)."""
    directory = pathlib.Path(directory)
    directory.mkdir(parents=True)
    more = f'  trust-anchor-file: "{anchor}"\n' if anchor else ""
    more += f'  module-config: "{"validator " if anchor else ""}iterator"\n'
    if not cache:
        more += "  cache-max-ttl: 0\n  cache-max-negative-ttl: 0\n"
    if forward:
        more += f'forward-zone:\n  name: "."\n  forward-addr: {forward}\n'
    (directory / "unbound.conf").write_text(UNBOUND_CONF.format(
        address=address, directory=directory, hints=hints, strict="yes" if strict else "no", more=more))
    with started(directory, address, "unbound", "-d", "-c", directory / "unbound.conf") as validator:
        yield validator


@contextlib.contextmanager
def named(directory, address, hints, anchor):
    directory = pathlib.Path(directory)
    directory.mkdir(parents=True)
    flags, protocol, algorithm, key = re.search(r"DNSKEY\s+(\d+) (\d+) (\d+) ([A-Za-z0-9+/= ]+)", anchor.read_text()).groups()
    (directory / "named.conf").write_text(NAMED_CONF.format(
        address=address, directory=directory, hints=hints, anchor=f'. static-key {flags} {protocol} {algorithm} "{key.strip()}";'))
    with started(directory, address, "named", "-f", "-n", "1", "-c", directory / "named.conf") as validator:
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
