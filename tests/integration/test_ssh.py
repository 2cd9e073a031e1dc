# SPDX-License-Identifier: ISC
"""ssh takes a host key that it has never seen because our SSHFP record says so: a real sshd on loopback, and the box's own
resolver between ssh and the record, so that it is AD that makes the record count."""

import os
import random
import subprocess

import dns.exception
import dns.flags
import dns.message
import dns.query
import pytest

import harness

HOST = "box.example.com"


@pytest.fixture(scope="module")
def box():
    """A box that serves, and resolves on port 53, where glibc looks for it."""
    if os.geteuid() != 0:
        pytest.skip("port 53 and a mount namespace are for root")
    harness.need_namespace("--mount")
    address = f"127.{random.randrange(64, 254)}.{random.randrange(256)}.53"
    config = harness.CONFIG + f'resolver: {{listen: ["{address}@53"], trust-own-keys: yes}}\n'
    with harness.scratch() as directory, harness.Box(directory / "box", config) as a_box:
        a_box.resolver = address
        a_box.start().wait_served("example.com")

        def is_secure():
            try:
                said = dns.query.udp(dns.message.make_query(HOST, "SSHFP", want_dnssec=True), address, timeout=3)
            except (OSError, dns.exception.DNSException):
                return False
            return bool(said.answer and said.flags & dns.flags.AD)

        a_box.program.wait_for(is_secure)
        yield a_box


@pytest.fixture
def sshd(box, directory):
    """Starts sshd with this host key; returns its port. Nobody can log in."""
    programs = []

    def start(key):
        port = harness.free_port()
        config = directory / f"sshd_config.{port}"
        config.write_text(f"ListenAddress 127.0.0.1:{port}\nHostKey {key}\nPidFile none\nUsePAM no\n"
                          "PubkeyAuthentication no\nPasswordAuthentication no\nKbdInteractiveAuthentication no\n")
        # It insists on /run/sshd, which is there only where it is a service.
        program = harness.Program("unshare", "--mount", "sh", "-c",
                                  'mount -t tmpfs tmpfs /run && mkdir -m 755 /run/sshd && exec /usr/sbin/sshd -D -e -f "$1"', "sh",
                                  config, log=directory / f"sshd.{port}.log")
        programs.append(program)
        program.wait_for(lambda: "listening" in program.log())
        return port

    yield start
    for program in programs:
        program.stop()


@pytest.fixture
def ssh(box, directory):
    """Connects, and returns what ssh says. It has nobody to ask, and knows no host keys."""
    def run(port, options="edns0 trust-ad"):
        (directory / "resolv.conf").write_text(f"nameserver {box.resolver}\noptions {options}\n")
        (directory / "hosts").write_text(f"127.0.0.1 localhost {HOST}\n")  # the zone has the address of documentation
        done = subprocess.run(
            ["unshare", "--mount", "sh", "-c",
             'mount --bind "$1" /etc/resolv.conf && mount --bind "$2" /etc/hosts && shift 2 && exec "$@"', "sh",
             directory / "resolv.conf", directory / "hosts",
             "ssh", "-v", "-F", "none", "-o", "VerifyHostKeyDNS=yes", "-o", "BatchMode=yes", "-o", "UserKnownHostsFile=/dev/null",
             "-o", "GlobalKnownHostsFile=/dev/null", "-p", str(port), f"nobody@{HOST}", "true"],
            stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 255, done.stderr
        return done.stderr

    return run


def is_trusted(said):
    """Did it come to the login, which nobody is allowed?"""
    trusted = "Permission denied" in said
    assert trusted != ("Host key verification failed" in said), said
    return trusted


def test_a_host_key_in_a_secure_sshfp_is_taken_without_a_question(box, sshd, ssh):
    said = ssh(sshd(box.directory / "ssh_host_ed25519_key"))
    assert "matching host key fingerprint found in DNS" in said and "1 secure fingerprints" in said, said
    assert is_trusted(said)


def test_another_host_key_is_refused(box, sshd, ssh, directory):
    other = directory / "other_key"
    harness.run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", other)
    said = ssh(sshd(other))
    assert "Update the SSHFP RR in DNS with the new host key" in said, said
    assert not is_trusted(said)


def test_without_trust_in_the_resolver_the_record_decides_nothing(box, sshd, ssh):
    said = ssh(sshd(box.directory / "ssh_host_ed25519_key"), "edns0")
    assert "1 insecure fingerprints" in said, said
    assert not is_trusted(said)
