# SPDX-License-Identifier: ISC
"""What a registry that reads CDS and CDNSKEY makes of a child zone: the rules of RFC 7344, RFC 8078 and RFC 9615, with
dnspython as the validator. Every refusal is a Refused with its reason; nothing is changed here.

    wanted(domain, servers, ds)                     the DS set that the child asks for, with a DS set in place
    wanted_at_first(domain, names, resolver)        the same without one, by signalling records
"""

import dns.dnssec
import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.query
import dns.rcode
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import dns.rrset

IN, DS, CDS, CDNSKEY, DNSKEY = (dns.rdataclass.IN, *map(dns.rdatatype.from_text, ("DS", "CDS", "CDNSKEY", "DNSKEY")))
TIMEOUT = 5
DIGESTS = {2: "SHA256", 4: "SHA384"}
# RFC 8078 section 4: all keys are to go.
DELETE = {CDS: dns.rdata.from_text(IN, CDS, "0 0 0 00"), CDNSKEY: dns.rdata.from_text(IN, CDNSKEY, "0 3 0 AA==")}


class Refused(Exception):
    """The registry changes nothing, and this is why."""


def ds_from_text(text):
    return dns.rdata.from_text(IN, DS, text)


def is_of(ds, domain, key):
    """Is it the DS of this DNSKEY (or CDNSKEY)?"""
    if ds.digest_type not in DIGESTS or ds.algorithm != key.algorithm or ds.key_tag != dns.dnssec.key_id(key):
        return False
    return dns.dnssec.make_ds(domain, key, DIGESTS[ds.digest_type]).digest == ds.digest


# ── Asking ───────────────────────────────────────────────────────────────────────────────────────────────────────────


class RRset:
    """The records, and their signatures as they came; both may be empty."""

    def __init__(self, message, name, rtype):
        self.name, self.rtype = name, rtype
        self.rrset = message.get_rrset(message.answer, name, IN, rtype)
        self.signatures = message.get_rrset(message.answer, name, IN, dns.rdatatype.RRSIG, rtype)

    @property
    def records(self):
        return set(self.rrset or ())

    def signed_by(self, keys):
        """Is there a valid signature by one of these keys?"""
        if self.rrset is None or self.signatures is None or not keys:
            return False
        try:
            dns.dnssec.validate(self.rrset, self.signatures, {self.name: dns.rrset.from_rdata_list(self.name, 0, keys)})
            return True
        except dns.dnssec.ValidationFailure:
            return False


def ask(address, name, rtype):
    """What a server of the zone has, over TCP, as the registries do that scan."""
    query = dns.message.make_query(name, rtype, want_dnssec=True)
    query.flags &= ~dns.flags.RD
    try:
        message = dns.query.tcp(query, address, timeout=TIMEOUT)
    except (OSError, EOFError, dns.exception.DNSException) as trouble:
        raise Refused(f"{address} does not answer: {trouble!r}") from trouble
    if message.rcode() != dns.rcode.NOERROR or not message.flags & dns.flags.AA:
        raise Refused(f"{address} has no zone {name}: {dns.rcode.to_text(message.rcode())}")
    return RRset(message, name, rtype)


class Seen:
    """What one server of the child has."""

    def __init__(self, address, domain):
        self.address, self.domain = address, domain
        self.dnskey, self.cds, self.cdnskey = (ask(address, domain, rtype) for rtype in (DNSKEY, CDS, CDNSKEY))

    def trusted(self, ds_set):
        """The keys that are in the DS set and sign the DNSKEY RRset."""
        keys = [key for key in self.dnskey.records if any(is_of(ds, self.domain, key) for ds in ds_set)]
        return [key for key in keys if self.dnskey.signed_by([key])]


# ── Deciding ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def agreed(sets, what):
    if any(found != sets[0] for found in sets):
        raise Refused(f"the servers do not agree about {what}")
    return sets[0]


def asked_for(domain, cds, cdnskey):
    """The DS set of what CDS and CDNSKEY say: None when there is neither, the empty set for "delete"."""
    if not cds and not cdnskey:
        return None
    deletes = [DELETE[rtype] in records for rtype, records in ((CDS, cds), (CDNSKEY, cdnskey)) if records]
    if any(deletes):
        if not all(deletes) or len(cds) > 1 or len(cdnskey) > 1:
            raise Refused("a request to delete stands beside other records")  # RFC 8078 section 4
        return set()
    if cds and cdnskey:  # RFC 7344 section 4: they have to match
        if not all(any(is_of(ds, domain, key) for key in cdnskey) for ds in cds) or \
                not all(any(is_of(ds, domain, key) for ds in cds) for key in cdnskey):
            raise Refused("CDS and CDNSKEY name different keys")
    if cds:
        return {ds_from_text(record.to_text()) for record in cds}
    return {ds_from_text(dns.dnssec.make_ds(domain, key, DIGESTS[2]).to_text()) for key in cdnskey}


def check_chain(seen, ds_set):
    """RFC 7344 section 4.1, "Continuity": each algorithm of the DS set leads into the zone, at each of its servers. One that
    leads nowhere is tolerated by most validators (RFC 6840 section 5.11), not by all."""
    for one in seen:
        missing = {int(ds.algorithm) for ds in ds_set} - {int(key.algorithm) for key in one.trusted(ds_set)}
        if missing:
            raise Refused(f"the zone would be bogus: no key of algorithm {sorted(missing)} leads into it at {one.address}")


def wanted(domain, addresses, ds_set):
    """None: the child asks for nothing. Only a key that is in the DS set and in the zone may speak for the child."""
    seen = [Seen(address, domain) for address in addresses]
    records = {rtype: agreed([getattr(one, name).records for one in seen], name.upper())
               for rtype, name in ((CDS, "cds"), (CDNSKEY, "cdnskey"))}
    for one in seen:
        keys = one.trusted(ds_set)
        for found in (one.cds, one.cdnskey):
            if found.records and not found.signed_by(keys):
                name = dns.rdatatype.to_text(found.rtype)
                raise Refused(f"{name} is not signed by a key of the DS set at {one.address}")
    result = asked_for(domain, records[CDS], records[CDNSKEY])
    check_chain(seen, result or ())
    return result


def signal(domain, server, rtype, resolver):
    """The signalling record of a name server, as a validating resolver finds it (RFC 9615 section 4.2)."""
    name = dns.name.from_text("_dsboot", None) + domain.relativize(dns.name.root) + \
        dns.name.from_text("_signal", None) + server
    try:
        message = dns.query.tcp(dns.message.make_query(name, rtype, want_dnssec=True), resolver, timeout=2 * TIMEOUT)
    except (OSError, EOFError, dns.exception.DNSException) as trouble:
        raise Refused(f"{name}: {trouble!r}") from trouble
    if message.rcode() not in (dns.rcode.NOERROR, dns.rcode.NXDOMAIN) or not message.flags & dns.flags.AD:
        raise Refused(f"{name} is not secure: {dns.rcode.to_text(message.rcode())}")
    return RRset(message, name, rtype).records


def wanted_at_first(domain, servers, resolver):
    """RFC 9615 section 4.2, for a domain without DS. servers: name → addresses. A server's name inside the domain cannot
    vouch for it, since nothing leads there securely yet."""
    outside = [name for name in servers if not name.is_subdomain(domain)]
    if not outside:
        raise Refused("all name servers are inside the domain")
    seen = [Seen(address, domain) for addresses in servers.values() for address in addresses]
    records = {}
    for rtype, kind in ((CDS, "cds"), (CDNSKEY, "cdnskey")):
        found = [getattr(one, kind).records for one in seen]
        found += [signal(domain, name, rtype, resolver) for name in outside]
        records[rtype] = agreed(found, f"{kind.upper()} here and in the signalling names")
    result = asked_for(domain, records[CDS], records[CDNSKEY])
    check_chain(seen, result or ())
    return result
