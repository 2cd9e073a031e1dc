#!/usr/bin/env bash
# SPDX-License-Identifier: ISC
# Fuzzes in turns, for hours: `campaign.sh HOURS TARGET...` (fuzz.cmake has the targets, config, image, respond …; all when none is
# named). Builds them with clang, gives each an equal share of the time, and goes on with what it found the last time: new inputs are
# kept in build/fuzz/found/TARGET. When an input brings a target down, it is in build/fuzz/crash/TARGET and the script ends with 1.
#
# Behind each share it prints executions, seconds and coverage. Inputs that cover what tests/fuzz/corpus does not are copied there:
# the smallest set that does (libFuzzer's -merge), of CORPUS_MAX files in all at most. Look at them, and commit them.
set -euo pipefail
CORPUS_MAX=300
cd "$(dirname "$0")/../.."
build=build/fuzz

hours=${1:?usage: campaign.sh HOURS [TARGET...]}
shift
targets=("$@")
if [ ${#targets[@]} -eq 0 ]; then
    mapfile -t targets < <(sed -nE 's/^zonebox_fuzz\(([a-z_]+) .*/\1/p' tests/fuzz/fuzz.cmake)
fi
seconds=$(awk -v hours="$hours" -v count=${#targets[@]} 'BEGIN { printf "%d", hours * 3600 / count }')
[ "$seconds" -gt 0 ] || { echo "campaign.sh: no time: $hours hours for ${#targets[@]} targets" >&2; exit 2; }

cmake --preset fuzz >/dev/null
nice cmake --build "$build" --target "${targets[@]/#/fuzz_}" -- --quiet

# run TARGET OPTION...: prints the last words of a target that fails.
run()
{
    local target=$1 log=$build/$1.log
    shift
    nice "$build/tests/fuzz_$target" "$@" >"$log" 2>&1 || { tail -n 40 "$log" >&2; return 1; }
}

for target in "${targets[@]}"; do
    found=$build/found/$target corpus=tests/fuzz/corpus/$target dict=tests/fuzz/$target.dict
    mkdir -p "$found" "$build/crash/$target"
    options=(-max_total_time="$seconds" -timeout=20 -rss_limit_mb=4000 -print_final_stats=1 -artifact_prefix="$build/crash/$target/")
    [ ! -e "$dict" ] || options+=(-dict="$dict")
    run "$target" "${options[@]}" "$found" "$corpus"
    printf '%s: %s executions in %s seconds, %s\n' "$target" \
        "$(sed -n 's/^stat::number_of_executed_units: *//p' "$build/$target.log")" "$seconds" \
        "$(grep -oE 'cov: [0-9]+ ft: [0-9]+' "$build/$target.log" | tail -n 1)"
    before=$(find "$corpus" -type f | wc -l)
    if [ "$before" -lt $CORPUS_MAX ]; then
        new=$(mktemp -d)
        cp "$corpus"/* "$new"
        run "$target" -merge=1 "$new" "$found"
        # The smallest first: they are quickest, and easiest to understand.
        find "$new" -type f -printf '%s %p\n' | sort -n | while read -r _ path; do
            [ -e "$corpus/${path##*/}" ] || echo "$path"
        done | head -n $((CORPUS_MAX - before)) | xargs -r cp -t "$corpus"
        rm -r "$new"
    fi
    printf '%s: %d inputs in the corpus, %d of them new\n' "$target" "$(find "$corpus" -type f | wc -l)" \
        $(($(find "$corpus" -type f | wc -l) - before))
done
