# SPDX-License-Identifier: ISC
"""Instructions per query of the answering core, on signed mail zones, without sockets: the same on every run and on any
machine, however busy, so that a regression shows. Fails above the budget. What memory costs it does not see: serve.py does.
"""

import re
import sys

import workload
from workload import harness

# What it was when it was last made smaller, and a twentieth: compilers differ. Decision 031 tells what is in it.
BUDGET = 1950
QUERIES = 4000


def count(store, questions, rounds):
    """Instructions of the whole program, which answers all questions this often."""
    command = ["valgrind", "--tool=cachegrind", "--cache-sim=no", "--cachegrind-out-file=/dev/null",
               workload.TESTS / "answers", store, questions, rounds]
    said = harness.run(*command, timeout=300).stderr
    return int(re.search(r"I\s+refs:\s+([\d,]+)", said)[1].replace(",", ""))


def main():
    chosen = workload.read_options(__doc__, zones=50, budget=BUDGET)
    with harness.scratch() as directory:
        names = workload.write_inputs(directory, chosen.zones, harness.free_port())
        harness.run(harness.BIN / "zone-signer", "--config", directory / "zonebox.yaml", "--once", timeout=600)
        questions = directory / "questions"
        workload.write_questions(questions, names, QUERIES, seed=1)
        # The first round opens the zones; what more rounds cost is answering alone.
        store = directory / "state/serve"
        each = (count(store, questions, 3) - count(store, questions, 1)) / (2 * QUERIES)
    print(f"zone-server: {each:.0f} instructions per query without sockets; the budget is {chosen.budget}")
    sys.exit(each > chosen.budget)


if __name__ == "__main__":
    main()
