# SPDX-License-Identifier: ISC
"""Asks validators (validators.py) about zones all the time, in threads, and collects whatever is not as it should be.

    questions("example.tld", "www")     what is asked about a zone: A of the hosts, MX and TXT and DNSKEY at the apex, and
                                        with names and types that no cache has, NXDOMAIN and NODATA
    with Watch(registry.validators(), questions(...)) as watch: ...
    watch.bogus         SERVFAIL, each with time, validator, question and reason (EDE, lines of the log)
    watch.wrong         no answer, and answers that say something else than expected
    watch.secure(zone)  does each validator find all of it secure, in answers that were asked for from now on?
    watch.round()       waits until all questions were asked once more
    watch.questions     more may be appended at any time
"""

import collections
import secrets
import time
import typing

import dns.edns
import dns.exception
import dns.flags
import dns.name
import dns.rcode
import dns.rdataclass
import dns.rdatatype

from harness import Threads, wait_until

ANSWER, NODATA, NXDOMAIN = "answer", "nodata", "nxdomain"


class Question(typing.NamedTuple):
    zone: str
    name: str  # a "*" label stands for a name that nobody asked for yet
    type: typing.Optional[str]  # None: one of the types for private use (RFC 6895 section 3.1), any
    expected: str

    def fresh(self):
        name = self.name.replace("*", f"w{secrets.token_hex(6)}")
        return name, self.type or f"TYPE{65280 + secrets.randbelow(254)}"


class Finding(typing.NamedTuple):
    at: float
    validator: str
    question: str
    found: str
    reason: str


def questions(zone, *hosts, types=("MX", "TXT", "DNSKEY"), more=()):
    """more: further (name, type) that exist; with a "*" label in the name, what a wildcard of the zone answers."""
    exist = [(f"{host}.{zone}", "A") for host in hosts] + [(zone, rtype) for rtype in types] + list(more)
    return [*(Question(zone, name, rtype, ANSWER) for name, rtype in exist), Question(zone, zone, None, NODATA),
            Question(zone, f"*.{zone}", "A", NXDOMAIN)]


def what_it_says(question, rtype, message):
    if message.rcode() == dns.rcode.NXDOMAIN:
        return NXDOMAIN
    if message.rcode() != dns.rcode.NOERROR:
        return dns.rcode.to_text(message.rcode())
    found = message.get_rrset(message.answer, dns.name.from_text(question), dns.rdataclass.IN, dns.rdatatype.from_text(rtype))
    return ANSWER if found else NODATA


class Watch:
    def __init__(self, validators, asked, pause=0.02):
        self.validators, self.questions, self.pause = validators, list(asked), pause
        self.bogus, self.wrong = [], []
        self.count = collections.Counter()  # validator → answers
        self.last = {}  # (validator, question) → (when it was asked, whether the answer was secure)
        self.threads = Threads()

    def __enter__(self):
        self.validators.__enter__()
        for validator in self.validators:
            self.threads.start(self.look_around, validator)
        return self

    def __exit__(self, *exc):
        try:
            self.threads.stop()
        finally:
            self.validators.__exit__(*exc)

    def look_around(self, validator):
        for question in list(self.questions):
            self.look(validator, question)
            self.threads.ending.wait(self.pause)

    def look(self, validator, question):
        name, rtype = question.fresh()
        asked_at, logged = time.monotonic(), validator.said()
        try:
            message = validator.ask(name, rtype)
        except (OSError, dns.exception.DNSException) as trouble:
            self.wrong.append(Finding(time.time(), validator.name, f"{name} {rtype}", "no answer", repr(trouble)))
            return
        self.count[validator.name] += 1
        said = what_it_says(name, rtype, message)
        if said != question.expected:
            ede = [option.to_text() for option in message.options if isinstance(option, dns.edns.EDEOption)]
            reason = "; ".join(ede + validator.reasons(question.zone, logged))
            is_bogus = said == "SERVFAIL"
            found = self.bogus if is_bogus else self.wrong
            found.append(Finding(time.time(), validator.name, f"{name} {rtype}", said, reason))
            if is_bogus:
                validator.forget(question.zone)
        self.last[validator.name, question] = asked_at, bool(message.flags & dns.flags.AD)

    def rounds(self, zone, after):
        """Whether each answer was secure, by validator and question of the zone; None while one is not asked for again."""
        keys = [(validator.name, question) for validator in self.validators for question in self.questions
                if zone in (None, question.zone)]
        found = [self.last.get(key, (0, False)) for key in keys]
        return [secure for _, secure in found] if found and all(when > after for when, _ in found) else None

    def round(self, zone=None, timeout=60):
        after = time.monotonic()
        wait_until(lambda: self.rounds(zone, after) is not None or self.threads.trouble, "all questions are asked once more", timeout)
        assert not self.threads.trouble, self.threads.trouble
        return self.rounds(zone, after)

    def secure(self, zone):
        return all(self.round(zone))

    def forget(self):
        """What was found so far was expected."""
        found = self.bogus + self.wrong
        self.bogus, self.wrong = [], []
        return found
