#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""Floods a box from many networks, as a forger would, while honest clients ask.

    tests/chaos/flood.py [--seconds N] [--networks N] [--seed S]     (programs from build/dev/bin, or $ZONEBOX_BIN)

The flood asks from addresses all over 127.0.0.0/8, most of them once, some again and again as the victims of a reflection,
in names that are there, that are not, and that are nobody's. Of the honest clients one has a network of its own, asks over UDP,
again when nothing comes, and over TCP when it is told to. Two are in networks of victims: one has a cookie of the server, the
other asks over TCP. What must hold, and ends the run with 1 when it does not:

- Each honest client gets 99 of 100 of its answers, within its tries; with a cookie all of them over UDP, and none is cut.
- A flooded network is sent no more than its share (server/limits.h), whatever else goes on.
- No worker dies.
"""

import argparse
import collections
import pathlib
import random
import select
import socket
import sys
import threading
import time

import dns.edns
import dns.exception
import dns.flags
import dns.message
import dns.query

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "integration"))
from flooding import BURST, CONFIG, RATE, counts  # noqa: E402
from harness import Box, scratch  # noqa: E402

TOTAL = 4  # times the rate, for all kinds of replies to a network; LIMITS_TOTAL
VICTIMS = 8
HONEST_LEAST = 50  # questions, however short the flood
TRIES, PATIENCE = 3, 5.0  # resolv.conf(5)'s, and one more


def question(dice):
    zone = dice.choice(["example.com", "example.net", "example.invalid"])
    name = dice.choice([zone, f"_dmarc.{zone}", f"x{dice.randrange(1000000)}.{zone}"])
    return dns.message.make_query(name, dice.choice(["A", "MX", "TXT", "SOA", "DNSKEY"]), want_dnssec=dice.random() < 0.7)


class Flood:
    """Sockets all over loopback, each sending as fast as the server takes it."""

    def __init__(self, port, networks, seed):
        self.dice = random.Random(seed)
        self.port = port
        self.addresses = [f"127.{self.dice.randrange(1, 200)}.{self.dice.randrange(256)}.{self.dice.randrange(1, 255)}"
                          for _ in range(networks)]
        self.victims = [f"127.201.{number}.{host}" for number in range(VICTIMS) for host in (1, 2, 3, 4)]
        self.asked = 0
        self.full = collections.Counter()  # by network
        self.truncated = 0
        self.ending = threading.Event()
        self.began = time.monotonic()
        self.thread = threading.Thread(target=self.run)
        self.thread.start()

    def socket(self, address):
        one = socket.socket(socket.AF_INET, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
        one.bind((address, 0))
        one.connect(("127.0.0.1", self.port))
        return one

    def run(self):
        victims = [self.socket(address) for address in self.victims]
        questions = [question(self.dice).to_wire() for _ in range(500)]
        try:
            while not self.ending.is_set():
                others = [self.socket(self.dice.choice(self.addresses)) for _ in range(64)]
                for one in victims + others:
                    one.send(self.dice.choice(questions))
                    self.asked += 1
                self.collect(victims + others)
                for one in others:
                    one.close()
        finally:
            self.took = time.monotonic() - self.began
            for one in victims:
                one.close()

    def collect(self, sockets):
        ready, _, _ = select.select(sockets, [], [], 0.01)
        for one in ready:
            network = one.getsockname()[0].rsplit(".", 1)[0]
            try:
                while True:
                    reply = one.recv(4096)
                    self.truncated += (reply[2] & 0x02) >> 1
                    # Errors have nothing to cut off; half of those beyond the limit go as they are.
                    self.full[network] += reply[2] & 0x02 == 0 and reply[3] & 0x0f != 5
            except BlockingIOError:
                pass

    def stop(self):
        self.ending.set()
        self.thread.join(60)
        assert not self.thread.is_alive()


class Honest:
    """Asks one question after the other as a stub resolver does."""

    words, source = "alone", "127.200.1.1"

    def __init__(self, port):
        self.port = port
        self.asked = self.answered = self.repeated = self.by_tcp = self.cut = 0

    def ask(self):
        self.asked += 1
        for turn in range(TRIES):
            self.repeated += turn > 0
            try:
                reply = self.attempt(dns.message.make_query("example.com", "MX"))
            except (OSError, EOFError, dns.exception.DNSException):
                continue
            self.cut += bool(reply.flags & dns.flags.TC)
            self.answered += bool(reply.answer)
            return

    def over(self, how, message):
        return how(message, "127.0.0.1", timeout=PATIENCE, port=self.port, source=self.source)

    def attempt(self, message):
        reply, tcp = self.over(dns.query.udp_with_fallback, message)
        self.by_tcp += tcp
        return reply

    def __str__(self):
        return f"{self.words}: {self.answered} of {self.asked} answered, {self.repeated} asked again, {self.by_tcp} over TCP"


class HonestOverTcp(Honest):
    words, source = "over TCP among victims", "127.201.0.200"

    def attempt(self, message):
        self.by_tcp += 1
        return self.over(dns.query.tcp, message)


class HonestWithCookie(Honest):
    words, source = "with a cookie among victims", "127.201.1.200"
    COOKIE = 10  # the option: RFC 7873 §4

    def __init__(self, port):
        super().__init__(port)
        self.cookie = random.randbytes(8)
        reply = self.over(dns.query.tcp, self.with_cookie(dns.message.make_query("example.com", "MX")))
        (self.cookie,) = (option.data for option in reply.options if option.otype == self.COOKIE)

    def with_cookie(self, message):
        message.use_edns(options=[dns.edns.GenericOption(self.COOKIE, self.cookie)])
        return message

    def attempt(self, message):
        return self.over(dns.query.udp, self.with_cookie(message))


def flood(directory, seconds, networks, seed):
    """Runs it. What went wrong, in words, and what happened."""
    with Box(directory, CONFIG) as box:
        box.start().wait_served("example.com", "example.net")
        clients = [Honest(box.port), HonestOverTcp(box.port), HonestWithCookie(box.port)]
        storm = Flood(box.port, networks, seed)
        try:
            while time.monotonic() < storm.began + seconds or clients[0].asked < HONEST_LEAST:
                for honest in clients:
                    honest.ask()
        finally:
            storm.stop()
        log = box.program.log()
        limited = counts(box)["rate-limited"]
    wrong = [f"an honest client, {honest}" for honest in clients if honest.answered < 0.99 * honest.asked]
    wrong += [f"an honest client, {honest}, {honest.cut} cut" for honest in clients if honest.cut]
    most = TOTAL * (RATE * storm.took + BURST)
    wrong += [f"{network}.0/24 was sent {count} replies in {storm.took:.1f} s, {most:.0f} at most"
              for network, count in storm.full.items() if count > most]
    if not limited:
        wrong.append("nobody was limited")
    wrong += [line for line in log.splitlines() if "child-died" in line or "child-killed" in line]
    happened = (f"flood: {storm.asked} questions in {storm.took:.1f} s from {networks} networks and {VICTIMS} victims, "
                f"{sum(storm.full.values())} answered, {storm.truncated} cut, {limited} dropped; "
                f"honest: {'; '.join(map(str, clients))}")
    return wrong, happened


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--networks", type=int, default=20000)
    parser.add_argument("--seed", type=int, default=20261123)
    options = parser.parse_args()
    with scratch() as directory:
        wrong, happened = flood(directory / "box", options.seconds, options.networks, options.seed)
    print(happened)
    for words in wrong:
        print(f"WRONG: {words}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
