# SPDX-License-Identifier: ISC
"""The same ugly zones, signed by ldns and by zone-signer, in zone-server, NSD, Knot and BIND, thousands of generated
questions: what differs is explained by an RFC (reasons.py) or fails. tests/differential.py asks more of them."""

import shutil

import pytest

import differing
import reasons
import signing

SEED, QUESTIONS = 2026, 4000
# Peers err or have their own ways at so many in a hundred answers; more of it would be something else.
RARE = {reasons.proof_is_valid: 1, reasons.cname_below_dname: 1, reasons.cname_for_nsec: 1, reasons.nsec_at_a_cut: 1,
        reasons.negative_soa: 1, reasons.rrset_twice: 1, reasons.fits_in_ours: 2, reasons.chain_is_long: 3,
        reasons.names_in_proofs: 0.3}


@pytest.mark.parametrize("make_zones, count", [(signing.by_ldns, QUESTIONS), (signing.by_us, QUESTIONS // 2)],
                         ids=["signed-by-ldns", "signed-by-us"])
def test_differences_have_their_reasons(directory, make_zones, count):
    for program in ("nsd", "knotd", "named", "unbound", "delv"):
        if shutil.which(program, path="/usr/sbin:/usr/bin") is None:
            pytest.skip(f"{program} is not installed")
    with differing.Servers(directory, make_zones) as servers:
        report = reasons.survey(servers, differing.questions(SEED, count), judge_each=1)
    print(report)
    assert report.asked == count and not report.open, report
    # Kinds of answers that two validators accepted.
    assert len(report.judged) > 50 and report.judged_twice > 30, report
    for (peer, name), found in report.explained.items():
        share = next((share for holds, share in RARE.items() if holds.__name__ == name), 100)
        assert found <= count * share / 100, f"{peer}: {name}\n{report}"
