#!/usr/bin/python3 -B
# SPDX-License-Identifier: ISC
"""The long form of integration/test_differential.py: as many questions as one likes, told by a seed, to the programs in
$ZONEBOX_BIN (default: build/dev/bin). Prints why how many answers of which peer differ from ours, then what has no reason.

    tests/differential.py [--seed N] [--count N] [--judge N] [--signed-by-us]
"""

import argparse
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent / "integration"))

import differing  # noqa: E402
import harness  # noqa: E402
import reasons  # noqa: E402
import signing  # noqa: E402


def main():
    parser = argparse.ArgumentParser(description="zone-server beside NSD, Knot and BIND")
    parser.add_argument("--seed", type=int, default=1, help="other questions for another number")
    parser.add_argument("--count", type=int, default=100000, help="how many questions")
    parser.add_argument("--judge", type=int, default=5, help="answers of each kind that Unbound has to accept")
    parser.add_argument("--signed-by-us", action="store_true", help="zones signed by zone-signer instead of ldns")
    wanted = parser.parse_args()
    make_zones = signing.by_us if wanted.signed_by_us else signing.by_ldns
    with harness.scratch() as directory, differing.Servers(directory, make_zones) as servers:
        report = reasons.survey(servers, differing.questions(wanted.seed, wanted.count), wanted.judge)
    print(report)
    return 1 if report.open else 0


if __name__ == "__main__":
    sys.exit(main())
