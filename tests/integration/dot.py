# SPDX-License-Identifier: ISC
"""A box that serves DNS over TLS, its program alone, and clients for it."""

import os
import pathlib
import socket
import ssl
import struct
import types

import dns.message

from alone import Server, status
from harness import CONFIG, Box, control_ask, free_port

# All clients of a test are one address.
TLS = "workers: 1\n  tls: {{handshakes-per-address: no, listen: [127.0.0.1@{at}], certificate: tls.pem, key: tls.key}}"


class TlsBox(Box):
    def __init__(self, directory, more=""):
        self.at = free_port()
        super().__init__(directory, CONFIG.replace("workers: 2", TLS.format(at=self.at) + more))

    def status(self):
        return control_ask(self.directory / "control" / "zone-server.tls.sock", "status")

    def process(self):
        """Its pid: of the one that zoned counts."""
        programs = control_ask(self.directory / "control" / "zoned.sock", "status")["programs"]
        return next(p["pid"] for p in programs if p["name"] == "zone-server.tls")

    def wait_tls(self):
        self.wait_served("example.com")
        self.program.wait_for(lambda: presented(self.at))
        return self


class Alone(Server):
    """zone-server --tls by hand, with the zones and the certificate of a box: started in no time, with any limits."""

    def __init__(self, box, directory, *options):
        reading, writing = os.pipe()
        os.write(writing, box.tls.read_bytes() + box.tls.with_suffix(".key").read_bytes())
        os.close(writing)
        super().__init__(types.SimpleNamespace(serve=box.state / "serve", directory=directory), "--tls", "--certificate", reading,
                         *options, pass_fds=[reading])
        os.close(reading)
        self.at = self.port

    def status(self):
        return status(self)


def client(**settings):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    for name, value in settings.items():
        setattr(context, name, value)
    return context


def plain(at, source="127.0.0.1"):
    return socket.create_connection(("127.0.0.1", at), timeout=20, source_address=(source, 0))


def connect(at, context=None, source="127.0.0.1", **more):
    return (context or client()).wrap_socket(plain(at, source), **more)


def presented(at):
    """The certificate that a client gets (DER), or None."""
    try:
        with connect(at) as connection:
            return connection.getpeercert(True)
    except OSError:
        return None


def in_file(path):
    return ssl.PEM_cert_to_DER_cert(pathlib.Path(path).read_text())


def framed(name="example.com", rtype="SOA", **edns):
    wire = dns.message.make_query(name, rtype, **edns).to_wire()
    return struct.pack("!H", len(wire)) + wire


def read_reply(connection):
    octets = b""
    while len(octets) < 2 or len(octets) < 2 + struct.unpack("!H", octets[:2])[0]:
        more = connection.recv(65536)
        if not more:
            raise EOFError(f"the end after {len(octets)} octets")
        octets += more
    length = 2 + struct.unpack("!H", octets[:2])[0]
    assert len(octets) == length
    return dns.message.from_wire(octets[2:])
