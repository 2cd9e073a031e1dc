# SPDX-License-Identifier: ISC
"""A box with a low rate limit, and floods at it from one network. All of 127.0.0.0/8 is loopback, so 127.0.N.0/24 are as many
networks as one likes. Only 127.0.0.1 and ::1, where the box listens, are the box itself to it."""

import dataclasses
import select
import socket
import time

import dns.message

from harness import WHOLE_BOX, control_ask

WORKERS = 2
RATE = 40  # of the whole server
BURST = max(RATE // WORKERS, 8) * WORKERS  # server/limits.h: a window's worth of each share, and no less than eight
FLOOD = 3000
BADCOOKIE = 23

CONFIG = WHOLE_BOX + f"""\
domains:
  - example.com
  - example.net
server:
  listen: ["127.0.0.1@{{port}}", "::1@{{port}}"]
  workers: {WORKERS}
  rate-limit: {RATE}
  rate-limit-slip: 2
state: state
"""


@dataclasses.dataclass
class Tally:
    full: int = 0
    truncated: int = 0
    badcookie: int = 0
    last_badcookie: bytes = b""
    took: float = 0.0


def wire(name, rtype, **more):
    message = dns.message.make_query(name, rtype, use_edns=0, **more)
    message.flags = 0
    return message.to_wire()


def flood(port, network, questions, count=FLOOD, sockets=32):
    """Sends so many questions from 127.0.NETWORK.0/24, each time from another of some addresses and ports, or from the one
    address that is given instead of a network, until all have been answered that are going to be."""
    tally = Tally()
    begin = time.monotonic()
    clients = []
    try:
        for host in range(1, sockets + 1):
            source = network if isinstance(network, str) else f"127.0.{network}.{host}"
            family, to = (socket.AF_INET6, "::1") if ":" in source else (socket.AF_INET, "127.0.0.1")
            clients.append(socket.socket(family, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK))
            clients[-1].bind((source, 0))
            clients[-1].connect((to, port))
        for number in range(count):
            clients[number % sockets].send(questions[number % len(questions)])
            if number % 64 == 63:  # what the server has answered makes room for more
                collect(clients, tally, 0.02)
        while collect(clients, tally, 0.5):
            pass
        tally.took = time.monotonic() - begin
    finally:
        for client in clients:
            client.close()
    return tally


def collect(clients, tally, patience):
    ready, _, _ = select.select(clients, [], [], patience)
    for client in ready:
        while True:
            try:
                reply = client.recv(4096)
            except BlockingIOError:
                break
            if reply[2] & 0x02:
                tally.truncated += 1
            elif reply[3] & 0x0f == BADCOOKIE & 0x0f:  # the rest stands in the OPT; 7 alone is of updates
                tally.badcookie += 1
                tally.last_badcookie = reply
            else:
                tally.full += 1
    return bool(ready)


def counts(box):
    """What the workers have counted, together."""
    said = [control_ask(box.directory / f"control/zone-server.{worker}.sock", "status") for worker in range(WORKERS)]
    return {name: sum(one[name] for one in said) for name in ("queries-udp", "rate-limited", "slipped")}


def since(box, before):
    return {name: count - before[name] for name, count in counts(box).items()}
