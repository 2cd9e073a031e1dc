#!/usr/bin/env bash
# SPDX-License-Identifier: ISC
# Builds a release and measures. `run.sh [--zones N] [--rounds N] [--seconds S] [--large N]`: CPU per query beside NSD, Knot, BIND and
# an echo, and what else there is to say of serving (serve.py). `run.sh sign`: signing beside others (sign.py). `run.sh scale
# [--zones N] [--rounds N] [--records N]`: what many domains cost and a large one (scale.py). `run.sh change [--zones N] [--rounds N]
# [--forms LIST]`: how soon one change is served, in each form (change.py). `run.sh instructions`: how many answering takes, against a
# budget (instructions.py). `run.sh tls [--zones N] [--rounds N] [--seconds S]`: queries and handshakes over TLS beside NSD and BIND
# (tls.py).
set -euo pipefail
bench=serve
case "${1:-}" in scale | sign | change | instructions | tls)
    bench=$1
    shift
    ;;
esac
source_directory=$(cd "$(dirname "$0")/../.." && pwd)
cd "$source_directory"
for program in nsd knotd named dnsperf valgrind openssl cmake; do
    command -v "$program" >/dev/null || PATH=$PATH:/usr/sbin command -v "$program" >/dev/null || {
        echo "run.sh: $program is missing: tests/run.sh installs all that the tests and benches need" >&2
        exit 2
    }
done
cmake --preset release -DZONEBOX_TESTS=ON >/dev/null
cmake --build build/release --target zonegen_program zone-signer zone-server zoned load load_tcp sized visible echo answers bare_sign >/dev/null
ZONEBOX_BIN=$source_directory/build/release/bin ZONEBOX_TESTS=$source_directory/build/release/tests \
    exec /usr/bin/python3 -B "tests/bench/$bench.py" "$@"
