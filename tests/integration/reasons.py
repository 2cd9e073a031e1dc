# SPDX-License-Identifier: ISC
"""Why our reply may differ from a peer's: each reason has the RFC that decides, the peers it is about, and what in a reply
it explains. What no reason explains is a bug of ours until somebody finds the RFC."""

import collections

import dns.name
import dns.rdatatype

import ugly
from differing import AA, AD, BIND, CD, KNOT, NSD, OURS, PEERS, RA, RD, TC, Case, cut_kind, kind_of, name_of, zones_of

CNAME, DNAME, NS, NSEC, SOA = (dns.rdatatype.from_text(text) for text in ("CNAME", "DNAME", "NS", "NSEC", "SOA"))
PROOFS = {dns.rdatatype.from_text(text) for text in ("NSEC", "NSEC3", "RRSIG")}
REST = {"rcode", "aa", "answer", "authority", "additional", "size"}

Reason = collections.namedtuple("Reason", "rfc peers explains holds")
REASONS = []


def reason(rfc, *explains, peers=PEERS):
    def keep(holds):
        REASONS.append(Reason(rfc, peers, set(explains), holds))
        return holds
    return keep


def one_is_part(case):
    """One answer, were ours not truncated, is the other's beginning."""
    ours, theirs = set(case.whole().answer), set(case.theirs.answer)
    return ours <= theirs or theirs <= ours


# ── Size ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@reason("2181 §9", "tc")
def fits_in_ours(case):
    """TC is for what does not fit; ours does."""
    return case.theirs.tc and not case.ours.tc


@reason("9471 §3.1", "tc")
def glue_is_not_optional(case):
    """A referral without all the addresses of its name servers below the cut is truncated."""
    if not case.ours.tc or case.theirs.tc:
        return False
    servers = {record.rdata for record in case.theirs.authority
               if record.type == NS and record.rdata.endswith(record.owner)}
    whole = {record for record in case.whole().additional if record.owner in servers}
    return not whole <= set(case.theirs.additional)


@reason("1034 §4.3.2", "additional", "size")
def addresses_of_name_servers(case):
    """A referral has whatever addresses there are of its name servers (step 3b; RFC 9471 §3.2 for those below another cut);
    BIND leaves out what is not below the cut, the others what there is no room for beside signatures or options."""
    more, _ = case.more("additional")
    servers = {record.rdata for record in case.ours.authority if record.type == NS}
    return bool(more) and {record.owner for record in more} <= servers


@reason("1035 §4.1.4", "octets", peers=(NSD,))
def names_in_proofs(case):
    """NSD ends the owner of an NSEC in a pointer to any name of the message, be it another NSEC's owner or in rdata. Ours look
    for the names that the message is about. How far one compresses is one's own choice."""
    return NSEC in case.ours.types(case.ours.authority) and case.ours.size - case.theirs.size <= 8


# ── Questions ────────────────────────────────────────────────────────────────────────────────────────────────────


@reason("1035 §4.1.1", "echoes", *REST, "flags", "octets")
def other_class(case):
    """There are zones of class IN only: REFUSED. NSD leaves the question out then and answers ANY as if it were IN, as Knot
    does; BIND knows its version in CH and calls others ill-formed."""
    return case.question.rclass != "IN" and case.ours.rcode == "REFUSED" and not case.ours.types() and case.ours.echoes


@reason("3225 §3", "edns", "flags", peers=(NSD,))
def other_version(case):
    """DO comes back as it was asked, to a version of EDNS that nobody knows, too. NSD has CD there instead."""
    return case.question.version > 0 and case.ours.rcode == case.theirs.rcode == "BADVERS"


@reason("4035 §3.1.6", "flags", peers=(BIND,))
def no_ad_and_cd(case):
    """AD and CD of a query mean nothing to an authoritative server, and it has them not in its answers."""
    return case.ours.flags & (AD | CD) == 0 and (case.ours.flags ^ case.theirs.flags) & ~(AD | CD | AA | TC | 15) == 0


@reason("4035 §3.1.4.1", "tc", *REST, peers=(BIND,))
def nsec_at_a_cut(case):
    """At a cut the parent answers for DS alone; BIND does for NSEC, too."""
    return case.question.rtype == "NSEC" and not case.ours.answer and NS in case.ours.types(case.ours.authority) \
        and case.name in {record.owner for record in case.ours.authority if record.type == NS}


@reason("8482 §4.1", "answer", "additional", "authority", "size", "tc")
def one_rrset_for_any(case):
    """The smallest RRset for ANY or RRSIG, so that none is worth flooding with it. Peers give all, another one, or over UDP
    truncate."""
    if case.question.rtype not in ("ANY", "RRSIG"):
        return False
    answer = case.whole().order
    last = [record for record in answer if record.owner == answer[-1].owner]
    return len({record.covers() or record.type for record in last}) == 1


# ── Chains ───────────────────────────────────────────────────────────────────────────────────────────────────────


@reason("1034 §4.3.2", "tc", *REST - {"aa"})
def chain_into_another_zone(case):
    """A chain that leaves the zone ends there: a resolver believes what is behind it only when it asks again (RFC 2181
    §5.4.1). NSD and BIND go on in other zones of theirs. Below a cut ours is a referral."""
    return len(zones_of(case.whole())) > 1 and one_is_part(case) and case.ours.rcode == "NOERROR"


@reason("1034 §3.6.2", "tc", *REST - {"aa"})
def chain_is_long(case):
    """How many links one follows is one's own choice; the resolver goes on. Knot follows 5, we 10, others more."""
    links = len(case.whole().targets())
    return one_is_part(case) and (links == 11 or links != len(case.theirs.targets()) and links > 5)


@reason("1034 §3.6.2", "rcode", "size", "tc", peers=(BIND,))
def no_end(case):
    """Where a chain leads back or is long, BIND says SERVFAIL with the same answer. Whoever resolves tells of circles."""
    names = case.whole().targets()
    return case.theirs.rcode == "SERVFAIL" and (case.theirs.tc or one_is_part(case)) \
        and (len(names) == 11 or len(set(names) | {case.name}) <= len(names))


@reason("1034 §4.3.2", "tc", *REST - {"aa"})
def cname_for_nsec(case):
    """A CNAME is followed for every type but its own (step 3a); that NSEC and RRSIG may stand beside one (RFC 4035 §2.5)
    changes nothing where none does. BIND and Knot do not follow for these, NSD not for NSEC3."""
    return case.question.rtype in ("NSEC", "NSEC3", "RRSIG") and not case.theirs.answer \
        and CNAME in case.ours.types(case.ours.answer)


@reason("2181 §5", "answer", peers=(NSD, KNOT))
def rrset_twice(case):
    """A CNAME that leads back: an RRset has no duplicates."""
    return set(case.ours.answer) == set(case.theirs.answer) and max(case.ours.answer.values()) == 1


@reason("6672 §3.2", "tc", *REST - {"aa"})
def cname_below_dname(case):
    """Asked for a CNAME, the others end with the one made from a DNAME, and BIND asked for ANY; step 3c goes on with the
    target."""
    return case.question.rtype in ("CNAME", "ANY") and DNAME in case.ours.types(case.ours.answer) and one_is_part(case)


# ── Proofs ───────────────────────────────────────────────────────────────────────────────────────────────────────


@reason("2308 §3", "authority", "size", peers=(KNOT,))
def negative_soa(case):
    """A negative answer has the SOA. Knot forgets it behind a chain to a name that begins with "*"."""
    more, fewer = case.more("authority")
    return SOA in {record.type for record in more} <= PROOFS | {SOA} and not fewer


@reason("4035 §3.1.3, 5155 §7.2", "authority", "size", "tc")
def proof_is_valid(case):
    """NSD proves a wildcard behind a DNAME with the NSEC before the wildcard instead of the one that covers the name, and adds
    closest enclosers that nobody needs. Knot puts a label that ends in \\000 at another place than RFC 4034 §6.1 has it, and
    has no proof for a name below a wildcard that begins with "*" itself."""
    ours = case.whole().authority
    different = (ours - case.theirs.authority) + (case.theirs.authority - ours)
    return different and {record.type for record in different} <= PROOFS and case.is_proved()


def explain(case):
    """What is left of case.wrong, and the names of the reasons that hold."""
    left, names = set(case.wrong), []
    for one in REASONS:
        if case.peer in one.peers and left & one.explains and one.holds(case):
            left -= one.explains
            names.append(one.holds.__name__)
    return left, names


ADDRESSES = {zone: ugly.addresses(zone) for zone in ugly.ZONES}


def lacks_glue(zone, reply):
    """A referral without the addresses of a name server below the cut (RFC 9471 section 3.1)."""
    servers = {name_of(record.rdata) for record in reply.authority if record.type == NS and record.rdata.endswith(record.owner)}
    given = collections.Counter(name_of(record.owner) for record in reply.additional)
    return not reply.tc and any(given[server] < ADDRESSES[zone][server] for server in servers)


def faults(question, reply):
    """What no reply of ours may be, whatever others say."""
    zone = ugly.zone_of(question.name)
    if question.rtype == "DS" and question.name.to_text().lower() in ugly.ZONES:
        zone = ugly.zone_of(question.name.parent()) or zone
    records = reply.answer + reply.authority + reply.additional
    limit = 65535 if question.tcp else min(max(question.size or 0, 512), 1232)
    return [what for what, is_so in (
        ("larger than it may be", reply.size > limit),
        ("truncated over TCP", reply.tc and question.tcp),
        ("another question", not reply.echoes),
        ("flags that are not its own", reply.flags & (RA | AD | CD) or (reply.flags ^ question.flags) & RD),
        ("OPT", (reply.opt is None) != (question.size is None)),
        ("EDNS that is not its own", reply.opt and reply.opt.ttl[1] & 0xffffff != (0x8000 if question.dnssec else 0)),
        ("a version that nobody knows", (reply.rcode == "BADVERS") != (question.version > 0)),
        ("a record twice", any(count > 1 for count in records.values())),
        ("a record from outside the zone", any(not name_of(record.owner).is_subdomain(dns.name.from_text(zone))
                                               for record in records)),
        ("glue left out", zone and lacks_glue(zone, reply)),
        ("more than a referral needs", reply.additional and (NS not in reply.types(reply.authority))),
    ) if is_so]


class Report:
    """What came of many questions."""

    def __init__(self):
        self.asked = 0
        self.explained = collections.Counter()  # (peer, name of the reason) → how often
        self.open = []  # cases with something unexplained, as texts
        self.judged = collections.Counter()  # kind of answer → how often a validating resolver was asked
        self.judged_twice = 0  # of these by delv, too

    def __str__(self):
        rfc = {one.holds.__name__: one.rfc for one in REASONS}
        lines = [f"{self.asked} questions, {sum(self.judged.values())} of {len(self.judged)} kinds judged by Unbound, "
                 f"{self.judged_twice} by delv"]
        lines += [f"{count:6} {peer:5} {name} (RFC {rfc[name]})" for (peer, name), count in self.explained.most_common()]
        return "\n".join([*lines, *self.open])


def survey(servers, asked, judge_each):
    """Asks all the questions. judge_each: how many answers of each kind the validating resolver is asked for."""
    report = Report()
    for question in asked:
        replies = servers.ask(question)
        report.asked += 1
        for peer in PEERS:
            case = Case(servers, question, replies, peer)
            left, names = explain(case)
            report.explained.update((peer, name) for name in names)
            if left:
                report.open.append(f"{case}  not explained: {', '.join(sorted(left))}")
        report.open += [f"{question}: {fault}\n  ours: {replies[OURS]}" for fault in faults(question, replies[OURS])]
        cut = cut_kind(question, replies[OURS])
        if cut and report.judged[cut] < judge_each:
            report.judged[cut] += 1
            if not servers.proves_cut(replies[OURS]):
                report.open.append(f"{question}: the cut is not proved\n  ours: {replies[OURS]}")
        kind = kind_of(question, replies[OURS])
        if kind and report.judged[kind] < judge_each:
            report.judged[kind] += 1
            second = servers.validated(question, replies[OURS])
            report.judged_twice += second is not None
            # Unbound 1.17 finds no proof in an answer whose chain ends at a wildcard that is an empty non-terminal.
            if not servers.agrees(question, replies[OURS]) and not (second and DNAME in replies[OURS].types()):
                report.open.append(f"{question}: Unbound says {servers.resolved(question)}\n  ours: {replies[OURS]}")
            if second is False:
                report.open.append(f"{question}: delv finds it not secure\n  ours: {replies[OURS]}")
    return report
