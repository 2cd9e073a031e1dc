#!/bin/bash
# SPDX-License-Identifier: ISC
# One example against its golden texts, then against the judges. What a machine would add to the example (addresses,
# certificate, host keys, made keys) is pinned to tests/golden/inputs.
#
#     golden.sh ZONEGEN NAME      (ZONEBOX_GOLDEN_UPDATE=1 writes the texts anew; look at the diff before you commit it)
set -euo pipefail

zonegen=$(realpath "$1")
name=$2
here=$(cd "$(dirname "$0")" && pwd)
scratch=$(mktemp -d /tmp/zonebox-golden-XXXXXX)
trap 'rm -rf "$scratch"' EXIT
world=$scratch/world

fail()
{
    echo "golden: $name: $*"
    exit 1
}

# What the example leaves to the machine. A line is added below the section that lacks its key.
pin()
{
    local file=$1
    grep -q '^  addresses:' "$file" || sed -i '/^box:/a\  addresses: [192.0.2.10, "2001:db8::10"]' "$file"
    grep -q '^  tls:' "$file" || sed -i '/^box:/a\  tls: [tls/fullchain.pem]' "$file"
    grep -q '^  ssh:' "$file" || sed -i '/^box:/a\  ssh: [ssh/ssh_host_ed25519_key.pub]' "$file"
    grep -q '^state:' "$file" || echo 'state: state' >>"$file"
}

# What the command prints and how it ends, without the scratch directory's name.
run()
{
    local code=0
    "$zonegen" --config "$world/$name.yaml" "$@" >"$scratch/out" 2>"$scratch/err" || code=$?
    cat "$scratch/out" "$scratch/err" | sed "s,$world/,,g"
    [ $code -eq 0 ] || echo "exit status $code"
}

compare()
{
    local golden=$here/$name.$1
    if [ -n "${ZONEBOX_GOLDEN_UPDATE:-}" ]; then
        cp "$scratch/$1" "$golden"
    fi
    diff -u "$golden" "$scratch/$1" || fail "$1 differs from $golden"
}

snapshot()
{
    (cd "$world" && find . -printf '%p %y %m %s %T@\n' | sort && find . -type f -exec sha256sum {} + | sort)
}

# A judge must be content and have nothing to say but these words.
judge()
{
    local words=$1 said
    shift
    said=$("$@" 2>&1) || fail "$1 refuses the zone: $said"
    said=$(grep -vE "$words" <<<"$said" || true)
    [ -z "$said" ] || fail "$1 complains: $said"
}

mkdir "$world"
cp -r "$here"/../../examples/. "$here"/inputs/* "$world"
pin "$world/$name.yaml"
snapshot >"$scratch/before"

run --dump >"$scratch/dump"
compare dump
run --ds >"$scratch/ds"
compare ds
run --check >"$scratch/check"
compare check
# These say the same in another form, so there are golden texts of some examples only.
run --dump --style paste >"$scratch/paste"
[ ! -e "$here/$name.paste" ] || compare paste
run --dump --json >"$scratch/json"
[ ! -e "$here/$name.json" ] || compare json

# The same bytes whatever the place, the time zone and the locale.
for form in dump ds paste json; do
    case $form in
    paste) arguments=(--dump --style paste) ;;
    json) arguments=(--dump --json) ;;
    *) arguments=("--$form") ;;
    esac
    (cd / && export TZ=Pacific/Chatham LC_ALL=C.UTF-8 LANG=tr_TR.UTF-8 && run "${arguments[@]}" >"$scratch/again")
    cmp "$scratch/$form" "$scratch/again" || fail "$form is not stable"
done

# `dnssec: presigned` has signatures that end one day; until then the judges check them, too.
grep '^[$]ORIGIN' "$scratch/dump" | while read -r _ origin; do
    "$zonegen" --config "$world/$name.yaml" --dump "$origin" >"$scratch/zone" 2>/dev/null
    # A zone of `mode: external` gets these from whoever serves it.
    grep -q ' IN SOA ' "$scratch/zone" || cat >>"$scratch/zone" <<END
@ 3600 IN SOA ns1.provider.example. hostmaster.provider.example. 1 14400 3600 604800 3600
@ 3600 IN NS ns1.provider.example.
@ 3600 IN NS ns2.provider.example.
END
    judge '^zone .*: loaded serial|^OK$' named-checkzone -i local "$origin" "$scratch/zone"
    judge '^$' kzonecheck -o "$origin" "$scratch/zone"
    ldns-read-zone "$scratch/zone" >/dev/null 2>"$scratch/err" || fail "ldns-read-zone refuses $origin: $(cat "$scratch/err")"
    [ ! -s "$scratch/err" ] || fail "ldns-read-zone complains about $origin: $(cat "$scratch/err")"
done

snapshot >"$scratch/after"
diff "$scratch/before" "$scratch/after" || fail "zonegen has written something"
