# SPDX-License-Identifier: ISC
"""A small Internet in a network namespace of its own, on documentation addresses: what `zonebox check` looks at.

    .  in-addr.arpa.  ip6.arpa.   192.0.2.1       NSD
    tld.                          192.0.2.2       NSD, signed
    other.tld. external.tld.      192.0.2.3       NSD; ns2.other.tld is the box's secondary
    main.tld.                     198.51.100.10, 2001:db8::10   the box: zoned, a mail server, a web server
                                  203.0.113.53    the secondary: a front, with NSD behind it
    the resolver                  127.0.0.1       Unbound, which keeps nothing

Everything can be given faults: the texts of zones, what the front does to answers, what the servers present.
"""

import contextlib
import ctypes
import json
import os
import pathlib
import re
import selectors
import shutil
import signal
import socket
import ssl
import struct
import threading
import time

import dns.exception
import dns.flags
import dns.message
import dns.query
import dns.rdatatype
import pytest

import others
from harness import BIN, ROOT, Box, Program, make_certificate, need_namespace, query, run, wait_until

ROOT_SERVER, TLD_SERVER, OTHER_SERVER = "192.0.2.1", "192.0.2.2", "192.0.2.3"
BOX4, BOX6 = "198.51.100.10", "2001:db8::10"
SECOND, BEHIND, OLD = "203.0.113.53", "203.0.113.54", "203.0.113.55"
REVERSE4 = "10.100.51.198.in-addr.arpa."
REVERSE6 = "0.1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa."

ADDRESSES = (ROOT_SERVER, TLD_SERVER, OTHER_SERVER, BOX4, SECOND, BEHIND, OLD, BOX6)

CLONE_NEWNET, CLONE_NEWNS = 0x40000000, 0x00020000

CONFIG = """\
box:
  hostname: box.main.tld
  addresses: [198.51.100.10, "2001:db8::10"]
  nameservers: [ns1.box.main.tld, {name: ns2.other.tld, addresses: [203.0.113.53]}]
  tls: [ecdsa.pem, rsa.pem]
  ssh: [ssh_host_ed25519_key.pub]
  spf: {relays: ["include:spf.other.tld"]}
  dmarc: {policy: reject, reports: dmarc@other.tld}
  mta-sts: {mode: enforce}
  tls-rpt: tls@main.tld
domains:
  - main.tld
  - {name: external.tld, mode: external}
server: {listen: ["198.51.100.10@53", "[2001:db8::10]@53"]}
state: state
"""


@contextlib.contextmanager
def namespace(addresses=ADDRESSES):
    """This process, and all that it starts, is alone in a network with these addresses and may mount; afterwards it is
    back."""
    if not ROOT:
        pytest.skip("a network of one's own is for root")
    need_namespace("--net")
    need_namespace("--mount")
    libc = ctypes.CDLL(None, use_errno=True)
    with open("/proc/self/ns/net") as net, open("/proc/self/ns/mnt") as mnt:
        where = os.getcwd()
        assert libc.unshare(CLONE_NEWNET | CLONE_NEWNS) == 0, os.strerror(ctypes.get_errno())
        try:
            run("mount", "--make-rprivate", "/")
            run("mount", "-t", "tmpfs", "tmpfs", "/etc/ssl/certs")
            run("ip", "link", "set", "lo", "up")
            for address in addresses:
                run("ip", "address", "add", f"{address}/{128 if ':' in address else 32}", "dev", "lo",
                    *(["nodad"] if ":" in address else []))
            yield
        finally:
            libc.setns(net.fileno(), 0)
            libc.setns(mnt.fileno(), 0)
            os.chdir(where)


# ── Servers ──────────────────────────────────────────────────────────────────────────────────────────────────────────


class Nsd:
    """NSD on its addresses. serve() starts it anew with these zones; change() has it read new texts of them."""

    def __init__(self, directory, address, *more):
        self.directory = pathlib.Path(directory)
        self.directory.mkdir()
        self.address, self.addresses = address, (address, *more)
        self.program, self.zones = None, []

    def change(self, zones):
        """It goes on answering with the old texts until it has read the new ones."""
        assert list(zones) == self.zones
        for number, content in enumerate(zones.values()):
            (self.directory / f"{number}.zone").write_text(content)
        self.program.signal(signal.SIGHUP)

    def serve(self, zones):
        self.stop()
        self.zones = list(zones)
        for number, content in enumerate(zones.values()):
            (self.directory / f"{number}.zone").write_text(content)
        files = {zone: f"{number}.zone" for number, zone in enumerate(zones)}
        self.program = Program(*others.nsd(self.directory, self.addresses, files, "do-ip6: no"), log=self.directory / "log")
        first = next(iter(zones))
        self.program.wait_for(lambda: serves(self.address, first))

    def stop(self):
        if self.program is not None:
            self.program.stop()
            self.program = None


def stamp(offset):
    return time.strftime("%Y%m%d%H%M%S", time.gmtime(time.time() + offset))


def serves(address, zone):
    try:
        return bool(query(53, zone, "SOA", host=address, timeout=0.5).answer)
    except Exception:
        return False


class Front:
    """A name server that passes questions on to one behind it, and can do worse. udp, tcp: "open", "silent", "closed";
    change: gets each answer over these transports and returns another."""

    def __init__(self, address=SECOND, behind=BEHIND):
        self.address, self.behind = address, behind
        self.udp, self.tcp, self.change, self.changed = "open", "open", None, ("udp", "tcp")
        self.selector = selectors.DefaultSelector()
        self.sockets = {}
        self.wake, self.ending = os.pipe(), False
        self.selector.register(self.wake[0], selectors.EVENT_READ)
        self.lock = threading.Lock()
        self.apply()
        self.thread = threading.Thread(target=self.loop, daemon=True)
        self.thread.start()

    def apply(self):
        """Opens and closes sockets as udp and tcp say."""
        with self.lock:
            for kind, state in ((socket.SOCK_DGRAM, self.udp), (socket.SOCK_STREAM, self.tcp)):
                have = self.sockets.get(kind)
                if state == "closed" and have:
                    self.selector.unregister(have)
                    self.sockets.pop(kind).close()
                elif state != "closed" and not have:
                    opened = socket.socket(socket.AF_INET, kind)
                    opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                    opened.bind((self.address, 53))
                    if kind == socket.SOCK_STREAM:
                        opened.listen(20)
                    self.sockets[kind] = opened
                    self.selector.register(opened, selectors.EVENT_READ)
        os.write(self.wake[1], b"x")

    def answer(self, octets, tcp):
        message = dns.message.from_wire(octets)
        ask = dns.query.tcp if tcp else dns.query.udp
        reply = ask(message, self.behind, timeout=3)
        if self.change is not None and ("tcp" if tcp else "udp") in self.changed:
            reply = self.change(reply)
        return reply.to_wire() if reply is not None else None

    def loop(self):
        while not self.ending:
            for key, _ in self.selector.select():
                with self.lock:
                    if key.fd == self.wake[0]:
                        os.read(self.wake[0], 100)
                    elif key.fileobj is self.sockets.get(socket.SOCK_DGRAM):
                        self.hear_udp(key.fileobj)
                    elif key.fileobj is self.sockets.get(socket.SOCK_STREAM):
                        self.hear_tcp(key.fileobj)

    def hear_udp(self, own):
        octets, who = own.recvfrom(4096)
        with contextlib.suppress(OSError, dns.exception.DNSException):
            reply = self.answer(octets, False) if self.udp == "open" else None
            if reply is not None:
                own.sendto(reply, who)

    def hear_tcp(self, own):
        connection, _ = own.accept()
        if self.tcp == "silent":
            self.held = connection  # open, and never read
            return
        with connection, contextlib.suppress(OSError, struct.error, dns.exception.DNSException):
            connection.settimeout(3)
            (size,) = struct.unpack("!H", connection.recv(2, socket.MSG_WAITALL))
            reply = self.answer(connection.recv(size, socket.MSG_WAITALL), True)
            if reply is not None:
                connection.sendall(struct.pack("!H", len(reply)) + reply)

    def stop(self):
        self.ending = True
        os.write(self.wake[1], b"x")
        self.thread.join(10)
        for own in self.sockets.values():
            own.close()
        self.selector.close()
        for end in self.wake:
            os.close(end)


class Listener:
    """Threads that serve connections on a port of the box, at both addresses."""

    def __init__(self, port):
        self.port, self.sockets = port, []
        self.open()

    def open(self):
        for family, address in ((socket.AF_INET, BOX4), (socket.AF_INET6, BOX6)):
            own = socket.socket(family, socket.SOCK_STREAM)
            own.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            own.bind((address, self.port))
            own.listen(20)
            self.sockets.append(own)
            threading.Thread(target=self.accept, args=(own,), daemon=True).start()

    def accept(self, own):
        while True:
            try:
                connection, _ = own.accept()
            except OSError:
                return
            threading.Thread(target=self.guard, args=(connection,), daemon=True).start()

    def guard(self, connection):
        with connection, contextlib.suppress(OSError):
            connection.settimeout(10)
            self.serve(connection)

    def stop(self):
        for own in self.sockets:
            own.shutdown(socket.SHUT_RDWR)
            own.close()
        self.sockets = []


def tls_context(*certificates):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    for certificate in certificates:
        context.load_cert_chain(certificate, certificate.with_suffix(".key"))
    return context


class Mail(Listener):
    def __init__(self, context):
        self.context, self.starttls, self.silent = context, True, False
        super().__init__(25)

    def serve(self, connection):
        if self.silent:
            time.sleep(60)
            return
        lines = connection.makefile("rb")
        connection.sendall(b"220 box.main.tld ESMTP\r\n")
        for line in lines:
            word = line.strip().upper()
            if word.startswith(b"EHLO"):
                connection.sendall(b"250-box.main.tld\r\n250 STARTTLS\r\n" if self.starttls else b"250 box.main.tld\r\n")
            elif word == b"STARTTLS" and self.starttls:
                connection.sendall(b"220 go on\r\n")
                with self.context.wrap_socket(connection, server_side=True) as secured:
                    secured.recv(100)
                return
            elif word == b"QUIT":
                connection.sendall(b"221 bye\r\n")
                return
            else:
                connection.sendall(b"502 no\r\n")


class Web(Listener):
    def __init__(self, context, policy):
        self.context, self.policy, self.code = context, policy, 200
        super().__init__(443)

    def serve(self, connection):
        with self.context.wrap_socket(connection, server_side=True) as secured:
            head = b""
            while b"\r\n\r\n" not in head:
                octets = secured.recv(4096)
                if not octets:
                    return
                head += octets
            found = self.code == 200 and head.startswith(b"GET /.well-known/mta-sts.txt ")
            body = self.policy.encode() if found else b"nothing here"
            code = b"200 OK" if found else b"404 Not Found"
            secured.sendall(b"HTTP/1.1 %s\r\nContent-Type: text/plain\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s"
                            % (code, len(body), body))


# ── The whole ────────────────────────────────────────────────────────────────────────────────────────────────────────


class World:
    def __init__(self, directory):
        self.directory = pathlib.Path(directory)
        self.stack = contextlib.ExitStack()
        self.stack.enter_context(namespace())
        try:
            self.build()
        except BaseException:
            self.stop()
            raise

    def stop(self):
        self.stack.close()

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.stop()

    def keep(self, thing):
        self.stack.callback(thing.stop)
        return thing

    def build(self):
        self.box = self.make_box()
        self.parents = {"delegation": "NS ns1.box.main.tld.\nmain.tld. NS ns2.other.tld.",
                        "glue": f"ns1.box.main.tld. A {BOX4}\nns1.box.main.tld. AAAA {BOX6}", "ds": None}
        self.reverse = {REVERSE4: "box.main.tld.", REVERSE6: "box.main.tld."}
        self.others = {"agree": 'main.tld._report._dmarc TXT "v=DMARC1"\nbox.main.tld._report._dmarc TXT "v=DMARC1"\n'
                                'external.tld._report._dmarc TXT "v=DMARC1"\n',
                       "spf": 'spf TXT "v=spf1 ip4:192.0.2.99 -all"\n'}
        self.root, self.tld, self.other, self.behind, self.old = (
            self.keep(Nsd(self.directory / name, address)) for name, address in (
                ("root", ROOT_SERVER), ("tld", TLD_SERVER), ("other", OTHER_SERVER), ("behind", BEHIND), ("old", OLD)))
        self.tld_key = run("ldns-keygen", "-a", "ECDSAP256SHA256", "-k", "tld.", cwd=self.directory).stdout.strip()
        self.stack.callback(self.box.stop)
        self.box.start()
        self.box.program.wait_for(lambda: serves(BOX4, "main.tld"))
        self.parents["ds"] = self.box.ds("main.tld")
        self.second = self.served()
        self.external = self.dump_external()
        self.serve_root()
        self.serve_tld()
        self.serve_other()
        self.behind.serve({"main.tld": self.second})
        self.front = self.keep(Front())
        self.mail = self.keep(Mail(tls_context(self.box.directory / "ecdsa.pem", self.box.directory / "rsa.pem")))
        self.web = self.keep(Web(self.web_context(), self.policy()))
        self.start_resolver()

    def make_box(self):
        directory = self.directory / "box"
        directory.mkdir()
        make_certificate(directory / "ecdsa.pem", "box.main.tld")
        run("openssl", "genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048", "-out", directory / "rsa.key")
        make_certificate(directory / "rsa.pem", "box.main.tld")
        return Box(directory, CONFIG)

    def served(self):
        """The signed zone, as a secondary would have it."""
        return self.box.zonegen("--dump", "--signed", "main.tld").stdout

    def policy(self):
        zones = self.zones()
        return zones["main.tld"]["mail-domains"][0]["mta-sts-policy"]

    def zones(self):
        return {zone["name"]: zone for zone in json.loads(self.box.zonegen("--dump", "--json").stdout)["zones"]}

    def dump_external(self):
        wait_until(lambda: len(self.zones()["external.tld"]["mail-domains"][0]["selectors"]) == 2, lambda: self.box.program.log())
        lines = [f"{record['name']}. {record['ttl']} IN {record['type']} {record['data']}\n"
                 for record in self.zones()["external.tld"]["records"] if record["type"] not in ("SOA", "NS")]
        return "".join(lines)

    # Zones

    def serve_root(self):
        soa = "SOA ns.root. hostmaster.root. 1 14400 3600 604800 300"
        arpa = {"in-addr.arpa.": REVERSE4, "ip6.arpa.": REVERSE6}
        zones = {".": f"$TTL 300\n. {soa}\n. NS ns.root.\nns.root. A {ROOT_SERVER}\ntld. NS ns.tld.\n"
                      f"ns.tld. A {TLD_SERVER}\n" + "".join(f"{zone} NS ns.root.\n" for zone in arpa)}
        for zone, name in arpa.items():
            target = self.reverse[name]
            zones[zone] = f"$TTL 300\n{zone} {soa}\n{zone} NS ns.root.\n" + (f"{name} PTR {target}\n" if target else "")
        self.root.serve(zones)

    def serve_tld(self):
        text = (f"$TTL 300\ntld. SOA ns hostmaster 1 14400 3600 604800 300\ntld. NS ns.tld.\nns.tld. A {TLD_SERVER}\n"
                f"main.tld. {self.parents['delegation']}\n{self.parents['glue']}\n{self.parents['ds'] or ''}\n"
                f"other.tld. NS ns.other.tld.\nns.other.tld. A {OTHER_SERVER}\nns2.other.tld. A {SECOND}\n"
                f"external.tld. NS ns.other.tld.\n")
        plain, signed = self.directory / "tld.zone", self.directory / "tld.signed"
        plain.write_text("$ORIGIN tld.\n" + text)
        run("ldns-signzone", "-f", signed, plain, self.tld_key, cwd=self.directory)
        self.tld.serve({"tld.": signed.read_text()})

    def serve_other(self):
        head = f"$TTL 300\n@ SOA ns.other.tld. hostmaster 1 14400 3600 604800 300\n@ NS ns.other.tld.\n"
        other = head + f"ns A {OTHER_SERVER}\nns2 A {SECOND}\n" + self.others["agree"] + self.others["spf"]
        self.other.serve({"other.tld.": "$ORIGIN other.tld.\n" + other,
                          "external.tld.": "$ORIGIN external.tld.\n" + head + self.external})

    # Others

    def web_context(self):
        directory = self.directory
        config = directory / "ca.cnf"
        config.write_text("[v3]\nsubjectAltName = DNS:mta-sts.main.tld, DNS:mta-sts.external.tld\n")
        authorities = pathlib.Path("/etc/ssl/certs/ca-certificates.crt")
        make_certificate(directory / "ca.pem", "the world's CA")
        run("openssl", "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", directory / "web.key")
        run("openssl", "req", "-new", "-key", directory / "web.key", "-subj", "/CN=mta-sts.main.tld", "-out",
            directory / "web.csr")
        run("openssl", "x509", "-req", "-in", directory / "web.csr", "-CA", directory / "ca.pem", "-CAkey",
            directory / "ca.key", "-CAcreateserial", "-days", "30", "-extfile", config, "-extensions", "v3", "-out",
            directory / "web.pem")
        shutil.copy(directory / "ca.pem", authorities)
        return tls_context(directory / "web.pem")

    def start_resolver(self):
        (self.directory / "hints").write_text(f". 3600000 NS ns.root.\nns.root. 3600000 A {ROOT_SERVER}\n")
        reverse = ("2.0.192.in-addr.arpa.", "100.51.198.in-addr.arpa.", "8.b.d.0.1.0.0.2.ip6.arpa.")
        argv = others.unbound(self.directory, [
            "interface: 127.0.0.1", "port: 53", "do-ip6: no", 'root-hints: "hints"', "cache-max-ttl: 0", "cache-max-negative-ttl: 0",
            "infra-host-ttl: 1", 'module-config: "iterator"', *(f'local-zone: "{zone}" nodefault' for zone in reverse)])
        self.resolver = self.keep(Program(*argv, log=self.directory / "unbound.log"))
        self.resolver.wait_for(self.resolves)

    def resolves(self):
        try:
            message = dns.message.make_query("tld.", "SOA")
            return bool(dns.query.udp(message, "127.0.0.1", timeout=1).answer)
        except Exception:
            return False

    # Looking

    def check(self, *arguments):
        """What `zonebox check` says: the verdicts as dictionaries, and its exit status."""
        done = run(BIN / "zonebox", "--config", self.box.config, "check", "--json", *arguments, check=False)
        assert done.returncode in (0, 1) and done.stderr == "", done.stderr
        return [json.loads(line) for line in done.stdout.splitlines()], done.returncode

    # Other versions of the zone

    def resign(self, text, *times):
        """The zone's text, signed anew by the box's key."""
        plain = self.directory / "resigned.plain"
        kept = [line for line in text.splitlines()
                if not re.search(r"\sIN\s+(RRSIG|NSEC|DNSKEY)\s", line) and not line.startswith(";")]
        plain.write_text("\n".join(kept) + "\n")
        (key,) = (self.box.state / "keys").glob("Kmain.tld.*.private")
        run("ldns-signzone", "-f", self.directory / "resigned", *times, plain, key.with_suffix(""), cwd=self.directory)
        return (self.directory / "resigned").read_text()

    def expired(self):
        return self.resign(self.second, "-i", stamp(-86400 * 20), "-e", stamp(-86400 * 6))

    def running_out(self):
        return self.resign(self.second, "-i", stamp(-86400 * 13), "-e", stamp(86400))

    def outdated(self):
        """What a secondary has that got nothing new since the day before."""
        return self.resign(self.second.replace(f" {self.serial()} ", f" {self.serial() - 86400} ", 1))

    def serial(self):
        return query(53, "main.tld", "SOA", host=BOX4).answer[0][0].serial

    def selector(self):
        """The name of the first DKIM key's record."""
        return self.zones()["main.tld"]["mail-domains"][0]["selectors"][0] + "._domainkey.main.tld."
