#!/bin/bash
# SPDX-License-Identifier: ISC
# What clang-tidy (.clang-tidy says what it looks for) and cppcheck say about the programs' code. Started by hand: some
# minutes. Debian: apt-get install clang-tidy cppcheck.
#
#     tests/tidy.sh [FILE.c...]
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1

for tool in clang cmake clang-tidy cppcheck; do
    command -v "$tool" >/dev/null || { echo "tests/tidy.sh: $tool is missing" >&2; exit 1; }
done
# clang's own options in compile_commands.json: clang-tidy does not know those of gcc.
configured=$(CC=clang cmake --preset dev -B build/tidy 2>&1) || { echo "$configured"; exit 1; }

files=("$@")
[ $# -gt 0 ] || mapfile -t files < <(git ls-files '*.c' ':!tests/')
tidy=(clang-tidy --quiet --warnings-as-errors='*' -p build/tidy)
failed=0
printf '%s\n' "${files[@]}" | grep -vx base/status.c | # which defines what tidy.h wraps
    xargs -r -P "$(nproc)" -n 1 "${tidy[@]}" --extra-arg=-include --extra-arg="$PWD/tests/style/tidy.h" 2>/dev/null ||
    failed=1
"${tidy[@]}" base/status.c 2>/dev/null || failed=1
# varFuncNullUB: NULL is a pointer in glibc's C. readdirCalled: there are no threads here. The others: an array behind a
# pointer is not in the struct that holds the pointer; name_key() writes what it gets, and reads nothing of it.
cppcheck --quiet --error-exitcode=1 --enable=warning,performance,portability --std=c11 --library=posix,gnu \
    --suppress=varFuncNullUB --suppress=readdirCalled \
    --suppress=returnDanglingLifetime:config/options_zones.c --suppress=ctuuninitvar:dns/name.c \
    -I. -D_GNU_SOURCE "${files[@]}" || failed=1
exit $failed
