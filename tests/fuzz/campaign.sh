#!/usr/bin/env bash
# SPDX-License-Identifier: ISC
# Fuzzes for hours: `campaign.sh HOURS [TARGET...]` (fuzz.cmake has the targets, config, image, respond …; all when none is named).
# Builds them with clang, gives each an equal share of the time, in turns of SLICE_S, one process at a time, and goes on with what it
# found the last time: new inputs are kept in build/fuzz/found/TARGET. Who ends it (Ctrl-C, SIGTERM) gets the sums of what was done.
#
# Behind each turn it prints executions, seconds and coverage. An input that brings a target down, and does so again, is in
# build/fuzz/crash/TARGET; that target has no more turns, and the script ends with 1.
#
# Then inputs that reach code which nothing in tests/fuzz/corpus reaches are copied there, as many as the corpus has room for
# (0 hours do just that). Look at them, and commit them.
set -euo pipefail
SLICE_S=480
LEN_MAX=16384        # of an input, in octets: what one read of a stream brings, four times
CORPUS_FILES=300     # of one target: they are in the repository, and every run of the tests plays them
CORPUS_OCTETS=65536
INTERRUPTED=72       # libFuzzer's exit status
cd "$(dirname "$0")/../.."
build=build/fuzz

hours=${1:?usage: campaign.sh HOURS [TARGET...]}
shift
targets=("$@")
if [ ${#targets[@]} -eq 0 ]; then
    mapfile -t targets < <(sed -nE 's/^zonebox_fuzz\(([a-z_]+) .*/\1/p' tests/fuzz/fuzz.cmake)
fi
share=$(awk -v hours="$hours" -v count=${#targets[@]} 'BEGIN { printf "%d", hours * 3600 / count }')

declare -A executions seconds
crashed=()
child='' ended=''
trap 'ended=1; [ -z "$child" ] || kill "$child" 2>/dev/null || true' INT TERM

# run TARGET OPTION...: what it says is in the target's log.
run()
{
    local target=$1 status=0
    shift
    nice -n 19 "$build/tests/fuzz_$target" "$@" >"$build/$target.log" 2>&1 &
    child=$!
    # A signal ends the first wait; the target ends a little later.
    wait "$child" || status=$?
    [ -z "$ended" ] || wait "$child" || status=$?
    child=''
    return "$status"
}

coverage()
{
    grep -oE 'cov: [0-9]+ ft: [0-9]+' "$build/$1.log" | tail -n 1
}

# Did the target fall over an input, and does it again? A limit of time may have been that of a machine that was asleep.
fell()
{
    local target=$1 input
    input=$(find "$build/crash/$target" -type f -newer "$build/started" | head -n 1)
    tail -n 40 "$build/$target.log" >&2
    if [ -n "$input" ] && run "$target" -timeout=60 "$input"; then
        echo "$target: $input does nothing when it is tried again" >&2
        return 1
    fi
    crashed+=("$target")
}

turn()
{
    local target=$1 time=$2 began=$SECONDS status=0 count took
    local found=$build/found/$target corpus=tests/fuzz/corpus/$target dict=tests/fuzz/$target.dict
    mkdir -p "$found" "$build/crash/$target"
    touch "$build/started"
    local options=(-max_total_time="$time" -timeout=20 -rss_limit_mb=4000 -max_len="$LEN_MAX" -print_final_stats=1
        -artifact_prefix="$build/crash/$target/")
    [ ! -e "$dict" ] || options+=(-dict="$dict")
    run "$target" "${options[@]}" "$found" "$corpus" || status=$?
    count=$(sed -nE 's/^stat::number_of_executed_units: *//p' "$build/$target.log")
    took=$((SECONDS - began))
    executions[$target]=$((${executions[$target]:-0} + ${count:-0}))
    seconds[$target]=$((${seconds[$target]:-0} + took))
    echo "$target: ${count:-0} executions in $took seconds, $(coverage "$target")"
    [ "$status" -eq 0 ] || [ "$status" -eq $INTERRUPTED ] || ! fell "$target"
}

# The smallest inputs first: they are quickest, and easiest to understand.
keep()
{
    local target=$1 corpus=tests/fuzz/corpus/$1 new octets files before size path
    run "$target" -runs=0 "$corpus"
    before=$(coverage "$target")
    files=$(find "$corpus" -type f | wc -l)
    octets=$(cat "$corpus"/* | wc -c)
    new=$(mktemp -d)
    cp "$corpus"/* "$new"
    run "$target" -merge=1 -use_counters=0 -max_len=$LEN_MAX "$new" "$build/found/$target"
    while read -r size path; do
        if [ ! -e "$corpus/${path##*/}" ] && [ $((octets + size)) -le $CORPUS_OCTETS ] && [ "$files" -lt $CORPUS_FILES ]; then
            cp "$path" "$corpus"
            octets=$((octets + size)) files=$((files + 1))
        fi
    done < <(find "$new" -type f -printf '%s %p\n' | sort -n)
    rm -r "$new"
    run "$target" -runs=0 "$corpus"
    echo "$target: the corpus has $files inputs, $octets octets: $(coverage "$target"), before $before"
}

cmake --preset fuzz >/dev/null
nice cmake --build "$build" --target "${targets[@]/#/fuzz_}" -- --quiet

while [ -z "$ended" ]; do
    turns=0
    for target in "${targets[@]}"; do
        left=$((share - ${seconds[$target]:-0}))
        if [ "$left" -gt 0 ] && [ -z "$ended" ] && [[ " ${crashed[*]} " != *" $target "* ]]; then
            turn "$target" $((left < SLICE_S ? left : SLICE_S)) || true
            turns=$((turns + 1))
        fi
    done
    [ "$turns" -gt 0 ] || break
done
ended=''
for target in "${targets[@]}"; do
    [ ! -d "$build/found/$target" ] || keep "$target"
done
for target in "${!executions[@]}"; do
    echo "$target: ${executions[$target]} executions in ${seconds[$target]} seconds in all"
done
[ ${#crashed[@]} -eq 0 ] || { echo "fallen: ${crashed[*]}; see $build/crash" >&2; exit 1; }
