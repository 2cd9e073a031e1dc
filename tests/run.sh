#!/bin/bash
# SPDX-License-Identifier: ISC
# Everything that proves zonebox: installs what the tests need (as root; Debian starts none of the servers), builds with
# AddressSanitizer and UBSan, runs all tests through ctest, then builds a release, takes its
# tour and runs the short forms of the benches.
#
#     tests/run.sh [ctest options, e.g. -L unit, -R zoned]
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1
. cmake/packages.sh

jobs=$(nproc)
export PYTHONDONTWRITEBYTECODE=1
PATH=$PATH:/usr/sbin:/sbin # nsd and the like, which an ordinary user may run as well

say()
{
    printf '\n── %s\n' "$*"
}

give_up()
{
    printf '\ntests/run.sh: FAILED: %s\n' "$*"
    exit 1
}

packages_need "${BUILD_PACKAGES[@]}" "${TOUR_PACKAGES[@]}" "${TEST_PACKAGES[@]}" || exit 1

say "Building with AddressSanitizer and UBSan"
configured=$(cmake --preset dev 2>&1) || { echo "$configured"; give_up "cmake --preset dev"; }
cmake --build build/dev -j "$jobs" -- --quiet || give_up "the build (dev)"

say "All tests"
ctest --test-dir build/dev --output-on-failure --no-tests=error -j "$jobs" "$@" 2>&1 | tee build/dev/ctest.log
tests_failed=${PIPESTATUS[0]}

say "The release and its tour"
ZONEBOX_PORT=${ZONEBOX_PORT:-15300} examples/run.sh --once
tour_failed=$?

say "The benches, their short forms"
tests/bench/run.sh --zones 50 --rounds 1 --seconds 0.3 && tests/bench/run.sh sign short && tests/bench/run.sh instructions
bench_failed=$?

# "95% tests passed, 2 tests failed out of 40", and the tour and the bench are one more each
read -r failed total < <(sed -nE 's/.* ([0-9]+) tests? failed out of ([0-9]+)$/\1 \2/p' build/dev/ctest.log | tail -n 1)
[ $tour_failed -eq 0 ] || failed=$((failed + 1))
[ $bench_failed -eq 0 ] || failed=$((failed + 1))
total=$((total + 2))
[ "$tests_failed" -eq 0 ] || echo "tests/run.sh: ctest ended with status $tests_failed (see above)"
[ $tour_failed -eq 0 ] || echo "tests/run.sh: examples/run.sh --once ended with status $tour_failed (see above)"
[ $bench_failed -eq 0 ] || echo "tests/run.sh: tests/bench/run.sh ended with status $bench_failed (see above)"
printf '\ntests: %d passed, %d failed\n' $((total - failed)) "$failed"
[ "$tests_failed" -eq 0 ] && [ $tour_failed -eq 0 ] && [ $bench_failed -eq 0 ]
