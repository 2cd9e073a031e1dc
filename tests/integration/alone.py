# SPDX-License-Identifier: ISC
"""zone-server by itself on a store that make_store writes, and what clients of it need. The fixtures `store` and `server` of
conftest.py are made of these."""

import socket
import struct

import dns.message
import dns.rcode

from harness import BIN, MAKE_STORE, Program, control_ask, control_socket, free_port, query, run, wait_until

SERVER = BIN / "zone-server"

ZONE = """\
@ SOA ns1 hostmaster {serial} 14400 3600 604800 300
@ NS ns1
ns1 A 192.0.2.1
www A 192.0.2.2
www AAAA 2001:db8::2
alias CNAME www
*.wild TXT wild
a.b.ent A 192.0.2.3
sub NS ns.sub
ns.sub A 192.0.2.4
"""
LARGE = "".join(f'large TXT "{i:0200d}"\n' for i in range(250))


class Store:
    """A directory of master files and the store made of them."""

    def __init__(self, directory):
        self.directory = directory
        self.serve = directory / "serve"

    def put(self, zone="example.", text=ZONE.format(serial=1) + LARGE, denial="nsec"):
        path = self.directory / f"{zone}zone"
        path.write_text(text)
        run(MAKE_STORE, self.serve, f"{zone}={path}" + (f":{denial}" if denial else ""))


class Server(Program):
    def __init__(self, store, *options, pass_fds=()):
        self.port = free_port()
        listen = [f"127.0.0.1@{self.port}", f"::1@{self.port}"]
        self.control = store.directory / f"server.{self.port}.sock"
        with control_socket(self.control) as listener:
            super().__init__(SERVER, "--serve", store.serve, "--rate-limit", 0, *[w for a in listen for w in ("--listen", a)],
                             "--control", listener.fileno(), *options, log=store.directory / "server.log",
                             pass_fds=[listener.fileno(), *pass_fds])
        self.wait_log("serving")

    def wait_zone(self, name="example."):
        wait_until(lambda: query(self.port, name, "SOA").rcode() == dns.rcode.NOERROR, f"{name} is served")

    def connect(self):
        connection = socket.create_connection(("127.0.0.1", self.port), timeout=10)
        connection.settimeout(10)
        return connection


def status(server):
    return control_ask(server.control, "status")


def framed(name, rtype="A", number=None):
    message = dns.message.make_query(name, rtype)
    if number is not None:
        message.id = number
    wire = message.to_wire()
    return struct.pack("!H", len(wire)) + wire


def read_exactly(connection, count):
    data = b""
    while len(data) < count:
        more = connection.recv(count - len(data))
        if not more:
            raise EOFError(f"{len(data)} of {count} octets")
        data += more
    return data


def read_message(connection):
    (length,) = struct.unpack("!H", read_exactly(connection, 2))
    return dns.message.from_wire(read_exactly(connection, length))


def messages(octets):
    """What a connection said from its start to its end."""
    found = []
    while octets:
        length = int.from_bytes(octets[:2], "big")
        assert len(octets) >= 2 + length, f"the last of {len(found) + 1} messages is cut off"
        found.append(dns.message.from_wire(octets[2:2 + length]))
        octets = octets[2 + length:]
    return found


def is_closed(connection):
    """Whether the server ends the connection before the socket's timeout."""
    try:
        return connection.recv(1) == b""
    except ConnectionError:
        return True


def cpu_ticks(pid):
    with open(f"/proc/{pid}/stat", encoding="ascii") as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return int(fields[11]) + int(fields[12])
