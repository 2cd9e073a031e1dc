# SPDX-License-Identifier: ISC
"""What ldns-verify-zone, dnssec-verify and kzonecheck say of a signed zone, given as the text of a master file."""

import pathlib
import re

import dns.dnssec
import dns.name
import dns.rdataclass
import dns.rdatatype
import dns.zone

from harness import run

ZSK = 256


def signers(zone, text):
    """Flags of the DNSKEYs, and flags of those of them that sign the SOA."""
    content = dns.zone.from_text(text, zone, relativize=False)
    apex = content[dns.name.from_text(zone)]
    keys = apex.get_rdataset(dns.rdataclass.IN, dns.rdatatype.DNSKEY) or ()
    signatures = apex.get_rdataset(dns.rdataclass.IN, dns.rdatatype.RRSIG, dns.rdatatype.SOA) or ()
    signing = {(signature.algorithm, signature.key_tag) for signature in signatures}
    return [key.flags for key in keys], [key.flags for key in keys if (key.algorithm, dns.dnssec.key_id(key)) in signing]


def offers_another(zone, text):
    """Is a key offered to the parent that the zone does not have yet, as double-DS does (RFC 6781 §4.1.2)?"""
    apex = dns.zone.from_text(text, zone, relativize=False)[dns.name.from_text(zone)]
    keys, offered = ({record.to_text() for record in apex.get_rdataset(dns.rdataclass.IN, kind) or ()}
                     for kind in (dns.rdatatype.DNSKEY, dns.rdatatype.CDNSKEY))
    return not offered <= keys


def is_about_offers(words):
    faults = re.findall(r"^\s+\d+\t(.*)$", words, re.M)
    return faults == ["CDNSKEY not match DNSKEY"]


def disagreement(zone, text, directory):
    """Who finds fault with it → what he says; {} when all three find it right. An unsigned zone is wrong."""
    directory = pathlib.Path(directory)
    directory.mkdir(parents=True, exist_ok=True)
    path = directory / f"{zone.strip('.')}.judged"
    path.write_text(text)
    keys, signing = signers(zone, text)
    if not signing:
        return {"all": "no key signs the SOA"}
    by_csk = any(flags != ZSK for flags in signing)
    # Knot 3.2 expects a ZSK wherever there is more than one DNSKEY (policy_from_zone in its context.c), so it cannot judge
    # the signatures while one CSK follows another; what it checks without them it does.
    dnssec = "off" if by_csk and len(keys) > 1 else "on"
    judges = {
        "ldns-verify-zone": [path],
        "dnssec-verify": [*(["-z"] if by_csk else []), "-o", zone, path],
        "kzonecheck": ["-d", dnssec, "-o", zone, path],
    }
    found = {}
    for judge, arguments in judges.items():
        done = run(judge, *arguments, check=False)
        # Knot finds fault with such an offer, with some pairs of keys and not with others.
        if done.returncode != 0 and not (judge == "kzonecheck" and is_about_offers(done.stdout + done.stderr)
                                         and offers_another(zone, text)):
            found[judge] = done.stdout + done.stderr
    return found
