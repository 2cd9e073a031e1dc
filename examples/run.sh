#!/bin/bash
# SPDX-License-Identifier: ISC
# The main job on this machine, on loopback: builds a release, makes a scratch box from examples/box.yaml, runs zoned on it
# and shows what it does; then, as root, in a network of its own, how a key is replaced. Every step of the tour is checked.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1
. cmake/packages.sh

port=${ZONEBOX_PORT:-5300}
resolver_port=$((port + 1))
once=no
part=all
toured=no
server=127.0.0.1
zones=(example.com example.net example.org)
scratch=
zoned=
watch=

usage()
{
    cat <<END
usage: examples/run.sh [--once | --rollover]

Builds zonebox, runs it with examples/box.yaml on 127.0.0.1 and [::1], the name server on
port $port and the resolver on $resolver_port, shows what it does, and stays until Ctrl-C.
Needs no network and touches nothing outside build/ and a scratch directory. As root it
installs the packages that building needs.

  --once      leave after the tour; exit status 0 when every step did what it should
  --rollover  only its last part: a zone whose TTLs are five seconds gets another key
  --help

ZONEBOX_PORT=N in the environment takes ports N and N+1.
END
}

heading()
{
    printf '\n\e[1m── %s\e[0m\n' "$*" | if [ -t 1 ]; then cat; else sed 's/\x1b\[[0-9]*m//g'; fi
}

fail()
{
    printf '\nexamples/run.sh: FAILED: %s\n' "$*" >&2
    if [ -n "$scratch" ] && [ -s "$scratch/log" ]; then
        printf 'The last lines of the log:\n' >&2
        tail -n 12 "$scratch/log" | sed 's/^/    /' >&2
    fi
    exit 1
}

stop_zoned()
{
    [ -n "$zoned" ] || return 0
    kill -TERM "$zoned" 2>/dev/null
    wait "$zoned"
    local code=$?
    zoned=
    return $code
}

tidy()
{
    stop_zoned
    [ -z "$watch" ] || kill "$watch" 2>/dev/null
    [ -z "$scratch" ] || rm -rf "$scratch"
}

# Four blanks before each line, and what goes beyond the usual terminal cut off.
indented()
{
    expand | sed -E 's/^(.{115}).+$/\1…/; s/^/    /'
}

# shown COMMAND...: prints the command as one would type it, runs it, prints its output indented (at most $lines lines),
# keeps it in $output.
lines=40
shown()
{
    local text="$*"
    printf '\n$ %s\n' "${text//"$scratch/"/}"
    output=$("$@" 2>&1)
    local code=$? count
    count=$(wc -l <<<"$output")
    head -n "$lines" <<<"${output//"$scratch/"/}" | indented
    [ "$count" -le "$lines" ] || printf '    … %d lines more\n' $((count - lines))
    [ $code -eq 0 ] || fail "$1 ended with status $code"
}

# expect PATTERN WHAT: the last output has a line that matches.
expect()
{
    grep -Eq -- "$1" <<<"$output" || fail "$2 (no line matches $1)"
    printf '    ✓ %s\n' "$2"
}

build()
{
    packages_need "${BUILD_PACKAGES[@]}" "${TOUR_PACKAGES[@]}" || exit 1
    heading "Building a release in build/release"
    local configured
    configured=$(cmake --preset release 2>&1) ||
        { echo "$configured" >&2; fail "cmake --preset release"; }
    cmake --build build/release -- --quiet || fail "the build"
    PATH=$PWD/build/release/bin:$PATH
}

# The machine's own SSH host keys (their public parts), and a fresh one of each kind that it has not.
take_host_keys()
{
    local kind
    mkdir "$scratch/ssh"
    for kind in ecdsa ed25519 rsa; do
        if cp "/etc/ssh/ssh_host_${kind}_key.pub" "$scratch/ssh/" 2>/dev/null; then
            echo "SSH host key: this machine's own, /etc/ssh/ssh_host_${kind}_key.pub"
        else
            ssh-keygen -q -t "$kind" -N '' -C box -f "$scratch/ssh/ssh_host_${kind}_key" || fail "ssh-keygen"
            echo "SSH host key: a fresh one ($kind), since this machine has none"
        fi
    done
}

# Started by root, zoned gives each program a user of its own.
prepare_for_root()
{
    [ "$(id -u)" -eq 0 ] || return 0
    cat >>"$scratch/box.yaml" <<END

# Added since root runs this tour: each program gets a user of its own. On a server these are zonebox-signer,
# zonebox-server, zonebox-resolver and zonebox-probe, which \`zonebox init\` makes; here numbers do, and the machine stays as it is.
user: {signer: 61001, server: 61002, resolver: 61003, probe: 61004}
control: {directory: control} # and not /run/zonebox
END
    chmod 711 "$scratch" # those users pass through, and see what they are meant to see
    local above=$PWD/build/release/bin
    until [ "$above" = / ]; do
        if [ $((0$(stat -c %a "$above") & 1)) -eq 0 ]; then
            cp -R build/release/bin "$scratch/bin"
            PATH=$scratch/bin:$PATH
            echo "Programs: copied to where those users can run them, since $above is closed to them"
            return
        fi
        above=$(dirname "$above")
    done
}

make_scratch()
{
    scratch=$(mktemp -d "${TMPDIR:-/tmp}/zonebox-tour.XXXXXX") || fail "no scratch directory"
}

make_box()
{
    heading "A box in a scratch directory"
    make_scratch
    sed "s/@5300/@$port/g; s/@5301/@$resolver_port/g" examples/box.yaml >"$scratch/box.yaml"
    cp examples/example.org.zone "$scratch/"
    mkdir "$scratch/tls"
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 -subj /CN=box.example.com \
        -keyout "$scratch/tls/privkey.pem" -out "$scratch/tls/fullchain.pem" 2>/dev/null || fail "openssl req"
    echo "Certificate: a fresh one, self-signed, for box.example.com"
    take_host_keys
    prepare_for_root
    shown cat "$scratch/box.yaml"
}

served()
{
    local zone
    for zone in "${zones[@]}"; do
        dig +norec +short +tries=1 +time=1 "@$server" -p "$port" "$zone" SOA 2>/dev/null | grep -q . || return 1
    done
}

# until_answered COMMAND...: until it gets a good answer, at most 30 seconds.
until_answered()
{
    local tries=0
    until "$@" 2>&1 | grep -q 'status: NOERROR'; do
        tries=$((tries + 1))
        [ $tries -lt 300 ] || fail "no good answer within 30 seconds: $*"
        sleep 0.1
    done
}

start_zoned()
{
    heading "Starting zoned: keys are made, zones generated, signed, verified and served"
    printf '\n$ zoned --config box.yaml\n'
    zoned --config "$scratch/box.yaml" 2>"$scratch/log" &
    zoned=$!
    local tries=0
    until served; do
        if ! kill -0 "$zoned" 2>/dev/null; then
            zoned=
            ! grep -q 'another program has this port' "$scratch/log" ||
                fail "port $port or $resolver_port is taken; ZONEBOX_PORT=N examples/run.sh takes others"
            fail "zoned ended; its log says why"
        fi
        tries=$((tries + 1))
        [ $tries -lt 300 ] || fail "the zones were not served within 30 seconds"
        sleep 0.1
    done
    sed "s,$scratch/,,g" "$scratch/log" | indented
}

# Trust anchor for delv, from the DS that zonegen prints for the registrar.
write_anchor()
{
    local ds
    ds=$(zonegen --config "$scratch/box.yaml" --ds example.com | grep -E '^ *example\.com\..*[[:space:]]DS[[:space:]]' | head -n 1)
    [ -n "$ds" ] || fail "zonegen --ds printed no DS record"
    awk '{
        for (i = 1; i <= NF && $i != "DS"; i++) ;
        digest = ""
        for (j = i + 4; j <= NF; j++) digest = digest $j
        printf "trust-anchors { example.com. static-ds %s %s %s \"%s\"; };\n", $(i + 1), $(i + 2), $(i + 3), digest
    }' <<<"$ds" >"$scratch/anchors"
}

tour()
{
    heading "What the zones say, and why: the dump"
    lines=60
    shown zonegen --config "$scratch/box.yaml" --dump example.com
    lines=40
    expect '_25\._tcp\.box.*TLSA' "the certificate has its TLSA record"
    expect 'SSHFP' "the SSH host keys have theirs"
    expect '_domainkey.*TXT' "the DKIM key is there"

    heading "What the registrar wants, and when: the DS"
    shown zonegen --config "$scratch/box.yaml" --ds example.com
    expect '^DS: do not enter it yet' "not before all name servers were seen with the signatures, which here nobody can look for"
    expect '[[:space:]]DS[[:space:]]+[0-9]+ 13 2 ' "a DS with SHA-256 for an ECDSA P-256 key"

    heading "Asking over UDP, with DNSSEC"
    shown dig +dnssec +norec +nocmd +nostats @127.0.0.1 -p "$port" example.com MX
    expect 'flags: qr aa' "an authoritative answer"
    expect 'IN[[:space:]]+RRSIG[[:space:]]+MX 13 2' "with its signature"

    heading "Asking over TCP and IPv6"
    shown dig +tcp +dnssec +norec +nocmd @::1 -p "$port" example.com TXT
    expect 'v=spf1' "the SPF record"
    expect 'SERVER: ::1.*\(TCP\)' "over TCP"

    heading "A name that is not there, and the proof"
    shown dig +dnssec +norec +nocmd +nostats @127.0.0.1 -p "$port" nothing.example.com A
    expect 'status: NXDOMAIN' "NXDOMAIN"
    expect 'IN[[:space:]]+NSEC[[:space:]]' "proved by NSEC"
    expect 'IN[[:space:]]+RRSIG[[:space:]]+NSEC' "which is signed"

    heading "Validating a TLSA record from the zone's own DS, as a mail server's resolver would"
    write_anchor
    shown cat "$scratch/anchors"
    shown delv @127.0.0.1 -p "$port" -a "$scratch/anchors" +root=example.com _25._tcp.box.example.com TLSA
    expect '; fully validated' "fully validated"
    local published
    published=$(openssl x509 -in "$scratch/tls/fullchain.pem" -noout -pubkey | openssl pkey -pubin -outform DER |
        openssl dgst -sha256 -r | cut -d ' ' -f 1)
    output=$(tr -d ' \n' <<<"$output" | tr '[:upper:]' '[:lower:]')
    expect "$published" "and it is the hash of the certificate's key"

    heading "How the box is: what runs, which zones, until when their signatures are good"
    shown zonebox --config "$scratch/box.yaml" status
    expect 'zone-signer' "the programs run"
    expect 'key [0-9]+: published since' "each key has a state, what it waits for, and its life as a line"

    heading "The same TLSA record through the box's own validating resolver, as Postfix asks for it"
    until_answered dig +dnssec +tries=1 +time=1 @127.0.0.1 -p "$resolver_port" box.example.com A
    shown dig +dnssec +nocmd +nostats @127.0.0.1 -p "$resolver_port" _25._tcp.box.example.com TLSA
    expect 'flags: qr rd ra ad;' "AD: the resolver has validated it, so Postfix may insist on this certificate"
}

# ── A key is replaced ────────────────────────────────────────────────────────────────────────────────────────────────

# zone-probe asks no loopback addresses, so the box gets one of documentation, in a network where it is alone. It is the
# parent, too: example.com, served here, delegates lab.example.com and has its DS.
make_lab()
{
    heading "A box alone in a network of its own, with TTLs of five seconds"
    make_scratch
    server=192.0.2.10 port=53 zones=(example.com lab.example.com)
    if ! ip link set lo up || ! ip address add "$server/32" dev lo; then
        fail "no network of its own"
    fi
    cat >"$scratch/box.yaml" <<END
box:
  hostname: box.example.com
  addresses: [$server]
  tls: []
domains: [example.com, lab.example.com]
server: {listen: ["$server@53"]}
resolver: {listen: ["127.0.0.1@53"], trust-own-keys: yes}
# On a server all of this stays as it is without a word: an hour, a day, what the registry takes
ttl: {default: 5s, soa: 5s, ns: 5s, negative: 5s, dnskey: 5s}
dnssec: {propagation-delay: 0s, parent-propagation-delay: 0s}
probe: {interval: 1s}
state: state
END
    prepare_for_root
    shown cat "$scratch/box.yaml"
}

# The keys of lab.example.com with their lives, as `zonebox status` has them.
lab_keys()
{
    zonebox --config "$scratch/box.yaml" status lab.example.com | sed -n '/^      key [0-9]*: /,/ -\* now/p'
}

# until_lab PATTERN: until a line of the zone's status matches, at most 60 seconds. Prints its keys each time that a
# state changes.
until_lab()
{
    local deadline=$((SECONDS + 60)) before='' states
    until zonebox --config "$scratch/box.yaml" status lab.example.com 2>&1 | grep -Eq -- "$1"; do
        [ $SECONDS -lt $deadline ] || fail "after 60 seconds no line of the status of lab.example.com matches $1"
        states=$(lab_keys | grep -o 'key [0-9]*: [a-z]*')
        if [ "$states" != "$before" ]; then
            printf '\n    %(%H:%M:%S)T\n'
            lab_keys | indented
            before=$states
        fi
        sleep 0.3
    done
}

# Asks all the time, and notes what delv says: validated from the DS of example.com, through that of lab.example.com.
watch_lab()
{
    while sleep 0.2; do
        delv "@$server" -a "$scratch/anchors" +root=example.com lab.example.com MX 2>&1 | grep -m 1 '^;'
    done >"$scratch/watched"
}

roll_lab()
{
    local old new tries
    heading "A new zone: its DS is for the parent when resolvers have forgotten the zone without signatures, and not before"
    shown zonebox --config "$scratch/box.yaml" status lab.example.com
    expect 'DS: (enter after|not to be entered yet)' "the DS has to wait"
    printf '\n    the parent is this box, so nobody has to enter it:\n'
    until_lab 'DS of [0-9]+: in, at all'
    old=$(lab_keys | grep -o 'key [0-9]*')
    printf '\n    ✓ the DS of %s is in\n' "$old"
    write_anchor

    heading "Its key is replaced: first the plan"
    watch_lab &
    watch=$!
    shown zonebox --config "$scratch/box.yaml" roll --dry-run lab.example.com
    expect 'this box enters the DS of the new key' "it says who enters the new DS, and when"

    heading "And then the key, while delv asks five times a second"
    shown zonebox --config "$scratch/box.yaml" roll --yes lab.example.com
    until_lab "key [0-9]+: .* on its way out"
    until_lab "$old: retired"
    until_lab "$old: dead"
    for ((tries = 0; $(lab_keys | grep -c 'key [0-9]*: ') > 1; tries++)); do
        [ $tries -lt 200 ] || fail "$old is not forgotten after 60 seconds"
        sleep 0.3
    done
    shown zonebox --config "$scratch/box.yaml" status lab.example.com
    new=$(lab_keys | grep -o 'key [0-9]*')
    [ "$new" != "$old" ] || fail "$old was not replaced"
    printf '    ✓ %s has taken the place of %s\n' "$new" "$old"
    kill "$watch"
    wait "$watch" 2>/dev/null
    watch=
    output=$(sort "$scratch/watched" | uniq -c)
    printf '\n    what delv said meanwhile, and how often:\n'
    indented <<<"$output"
    [ "$(wc -l <<<"$output")" -eq 1 ] || fail "not all answers were fully validated"
    expect '; fully validated' "each answer, at each moment of it, was fully validated"
}

rollover()
{
    make_lab
    start_zoned
    roll_lab
    stop_zoned || fail "zoned did not end well"
}

# In a network of its own, which only root gets.
run_rollover()
{
    if [ "$(id -u)" -ne 0 ] || ! unshare --net true 2>/dev/null; then
        heading "How a key is replaced is shown to root alone: it needs a network of its own (unshare --net)"
        return
    fi
    ZONEBOX_TOUR=lab unshare --net "$PWD/examples/run.sh" --rollover || fail "the rollover"
}

case "$*" in
'') ;;
--once) once=yes ;;
--rollover) once=yes part=rollover ;;
--help | -h) usage && exit 0 ;;
*) usage >&2 && exit 2 ;;
esac

trap tidy EXIT
trap 'echo; [ $toured = yes ] && exit 0; exit 130' INT
trap 'exit 143' TERM
if [ "${ZONEBOX_TOUR:-}" = lab ]; then
    PATH=$PWD/build/release/bin:$PATH
    rollover
    exit 0
fi
build
if [ $part = all ]; then
    make_box
    start_zoned
    tour
fi
run_rollover

toured=yes
if [ $once = no ]; then
    heading "It goes on running. Ask it what you like; Ctrl-C ends it"
    echo "    dig +dnssec @127.0.0.1 -p $port box.example.com A"
    wait "$zoned"
    zoned=
    fail "zoned ended by itself"
fi
stop_zoned || fail "zoned did not end well"
heading "The tour is over; every step did what it should"
