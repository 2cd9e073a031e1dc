# SPDX-License-Identifier: ISC
"""The same ugly zones in zone-server, NSD, Knot and BIND, thousands of generated questions: what differs is explained by an
RFC (reasons.py) or fails. tests/differential.py asks more of them."""

import shutil

import pytest

import differing
import reasons

SEED, QUESTIONS = 2026, 4000
# Peers err or have their own ways at so many in a hundred answers; more of it would be something else.
RARE = {reasons.proof_is_valid: 1, reasons.cname_below_dname: 1, reasons.cname_for_nsec: 1, reasons.nsec_at_a_cut: 1,
        reasons.negative_soa: 1, reasons.rrset_twice: 1, reasons.fits_in_ours: 2, reasons.chain_is_long: 3}


def test_differences_have_their_reasons(directory):
    for program in ("nsd", "knotd", "named", "unbound"):
        if shutil.which(program, path="/usr/sbin:/usr/bin") is None:
            pytest.skip(f"{program} is not installed")
    with differing.Servers(directory) as servers:
        report = reasons.survey(servers, differing.questions(SEED, QUESTIONS), judge_each=1)
    print(report)
    assert report.asked == QUESTIONS and not report.open, report
    assert len(report.judged) > 70, report  # kinds of answers that a validating resolver accepted
    for (peer, name), count in report.explained.items():
        share = next((share for holds, share in RARE.items() if holds.__name__ == name), 100)
        assert count <= QUESTIONS * share / 100, f"{peer}: {name}\n{report}"
