# SPDX-License-Identifier: ISC
# shellcheck shell=bash disable=SC2034
# The Debian packages that building, trying and testing zonebox need, and their installation: only what is missing, only as
# root, asking nothing. Sourced by examples/run.sh and tests/run.sh.

# make: gcc runs link-time optimisation on all cores with it
BUILD_PACKAGES=(gcc libc6-dev make cmake ninja-build pkg-config libldns-dev libssl-dev libuv1-dev libyaml-dev libidn2-dev liblmdb-dev
    libxxhash-dev libjansson-dev libseccomp-dev libunbound-dev)
# dns-root-data: root hints and anchors, where the configuration names no others
TOUR_PACKAGES=(openssl openssh-client bind9-dnsutils dns-root-data iproute2)
# Peers and judges; clang for the format check, libFuzzer is in libclang-rt. dnspython validates with python3-cryptography,
# which its package only recommends.
TEST_PACKAGES=(git gdb libcmocka-dev python3 python3-pytest python3-dnspython python3-cryptography
    python3-jsonschema python3-yaml python3-prometheus-client curl
    python3-dkim opendkim opendkim-tools
    clang libclang-rt-14-dev clang-format universal-ctags
    shellcheck util-linux bsdutils man-db openssh-server
    nsd knot knot-dnsutils knot-dnssecutils bind9 bind9-utils unbound ldnsutils zonemaster-cli spfquery
    dnsperf valgrind)
# Their services, which nobody asked to be started when the packages came in with the tests.
PEER_SERVICES=(nsd knot named unbound ssh opendkim)

packages_missing()
{
    local name
    for name in "$@"; do
        [ "$(dpkg-query -W -f '${db:Status-Status}' "$name" 2>/dev/null)" = installed ] || echo "$name"
    done
}

# While a package is configured, /usr/sbin/policy-rc.d decides whether its service starts (invoke-rc.d(8)): 101 is no.
packages_install()
(
    policy=/usr/sbin/policy-rc.d
    if [ ! -e "$policy" ]; then
        trap 'rm -f "$policy"' EXIT
        trap 'exit 1' INT TERM
        printf '#!/bin/sh\nexit 101\n' >"$policy"
        chmod 755 "$policy"
    fi
    export DEBIAN_FRONTEND=noninteractive
    apt-get -qq update || echo "apt-get update failed; trying with the package lists that are there" >&2
    # Remarks of packages about their configuration are for those who read them when something goes wrong.
    said=$(apt-get -y -qq -o DPkg::Lock::Timeout=120 -o Dpkg::Use-Pty=0 --no-install-recommends install "$@" 2>&1) ||
        echo "$said" >&2
    if [ -d /run/systemd/system ]; then
        for service in "${PEER_SERVICES[@]}"; do
            package=${service/named/bind9}
            case " $* " in *" ${package/#ssh/openssh-server} "*) systemctl disable --now --quiet "$service" || true ;; esac
        done
    fi
)

# packages_need NAME...: all of them are there afterwards, or the reason why not is said and 1 returned.
packages_need()
{
    local missing
    mapfile -t missing < <(packages_missing "$@")
    [ ${#missing[@]} -gt 0 ] || return 0
    if ! command -v apt-get >/dev/null; then
        echo "These Debian packages are missing, and there is no apt-get here: ${missing[*]}" >&2
        return 1
    fi
    if [ "$(id -u)" -ne 0 ]; then
        echo "Packages are missing; once, as root: apt-get install --no-install-recommends ${missing[*]}" >&2
        return 1
    fi
    echo "Installing ${missing[*]}"
    packages_install "${missing[@]}" || return 1
    mapfile -t missing < <(packages_missing "$@")
    [ ${#missing[@]} -eq 0 ] || { echo "Still missing after apt-get install: ${missing[*]}" >&2; return 1; }
}
