# SPDX-License-Identifier: ISC
"""Keys that were made elsewhere: `zonebox import` takes those of BIND, ldns, Mail-in-a-Box and PEM files, the signer signs
with them, and a validator that trusts the DS of before is content. What cannot be taken changes nothing."""

import hashlib
import os
import re

import dns.dnssec
import dns.rdatatype
import dns.zone
import pytest

import harness
from harness import BIN, ROOT, USERS, Program, free_port, query, run, wait_until

SIGNER = BIN / "zone-signer"
ZONEBOX = BIN / "zonebox"
CONFIG = """\
box: {{hostname: box.example.net, addresses: [192.0.2.10], tls: [], ssh: [], dkim: no}}
domains: {domains}
dnssec: {dnssec}
state: state
"""


def configure(box, domains="[example.com]", dnssec="yes"):
    box.write_config(CONFIG.format(domains=domains, dnssec=dnssec))
    keys = box.directory / "state/keys"
    keys.mkdir(parents=True, exist_ok=True)
    return keys


def bring(box, domain, *files, check=True):
    return run(ZONEBOX, "--config", box.config, "import", domain, *files, check=check)


def sign(box, zone="example.com"):
    """The zone as the signer publishes it, judged by others."""
    run(SIGNER, "--config", box.config, "--once")
    text = box.zonegen("--dump", "--signed", zone).stdout
    path = box.directory / f"{zone}.signed"
    path.write_text(text)
    run("ldns-verify-zone", path)
    run("dnssec-verify", "-q", "-z", "-o", zone, path)
    return dns.zone.from_text(text, origin=zone, relativize=False)


def tags(zone):
    return sorted(dns.dnssec.key_id(key) for key in zone.get_rdataset(zone.origin, "DNSKEY"))


def digests(zone):
    """The DS that each key of the zone may have at the parent."""
    return {dns.dnssec.make_ds(zone.origin, key, "SHA256").to_text() for key in zone.get_rdataset(zone.origin, "DNSKEY")}


def make_pair(directory, *arguments, zone="example.com"):
    name = run("dnssec-keygen", "-q", "-K", directory, *arguments, zone).stdout.strip()
    return directory / name, int(name.rsplit("+")[-1])


def ds_of(base):
    return set(line.split(" DS ", 1)[1].lower() for line in
               run("dnssec-dsfromkey", "-2", f"{base}.key").stdout.lower().replace(" ds ", " DS ").splitlines())


def state_of(directory):
    return sorted((path.name, hashlib.sha256(path.read_bytes()).hexdigest()) for path in directory.iterdir())


@pytest.fixture
def elsewhere(directory):
    path = directory / "elsewhere"
    path.mkdir()
    return path


def test_a_ksk_and_zsk_of_bind_go_on(directory, elsewhere):
    box = harness.Box(directory / "box")
    keys = configure(box, "[example.net]", "{keys: ksk+zsk, algorithm: rsasha256}")
    ksk, ksk_tag = make_pair(elsewhere, "-a", "RSASHA256", "-b", "2048", "-f", "KSK")
    _, zsk_tag = make_pair(elsewhere, "-a", "RSASHA256", "-b", "2048")
    done = bring(box, "example.com", *elsewhere.iterdir())
    assert f"KSK or CSK {ksk_tag}" in done.stdout and f"ZSK {zsk_tag}" in done.stdout
    assert "not in the configuration" in done.stdout
    configure(box, "[example.com]", "{keys: ksk+zsk, algorithm: rsasha256}")
    zone = sign(box)
    assert tags(zone) == sorted([ksk_tag, zsk_tag])
    assert ds_of(ksk) <= {ds.lower() for ds in digests(zone)}
    signers = {covered: {rrsig.key_tag for node in [zone.origin]
                         for rrsig in zone.get_rdataset(node, "RRSIG", covers=covered)}
               for covered in ("SOA", "DNSKEY")}
    assert signers == {"SOA": {zsk_tag}, "DNSKEY": {ksk_tag}}
    assert len(list(keys.glob("Kexample.com*"))) == 4


def test_the_key_of_mail_in_a_box_goes_on_in_each_domain(directory, elsewhere):
    box = harness.Box(directory / "box")
    configure(box, "[example.net]", "{keys: ksk+zsk}")
    for kind in (["-k"], []):
        run("ldns-keygen", "-a", "ECDSAP256SHA256", *kind, "_domain_", cwd=elsewhere)
    ksk = next(path for path in elsewhere.glob("*.key") if " 257 " in path.read_text().replace("\t", " "))
    for domain in ("example.com", "example.org"):
        bring(box, domain, *elsewhere.glob("K_domain_*"))
    configure(box, "[example.com, example.org]", "{keys: ksk+zsk}")
    for domain in ("example.com", "example.org"):
        zone = sign(box, domain)
        of_domain = directory / f"{domain}.key"  # what Mail-in-a-Box makes of it
        of_domain.write_text(ksk.read_text().replace("_domain_", domain))
        wanted = run("ldns-key2ds", "-n", "-2", of_domain).stdout.split("DS\t")[1].strip()
        assert wanted.replace("\t", " ") in digests(zone)
        assert len(tags(zone)) == 2


def test_a_pem_key_signs(directory, elsewhere):
    box = harness.Box(directory / "box")
    configure(box, "[example.net]", "{algorithm: ed25519}")
    run("openssl", "genpkey", "-algorithm", "ED25519", "-out", elsewhere / "dnssec.pem")
    done = bring(box, "example.com", elsewhere / "dnssec.pem")
    configure(box, "[example.com]", "{algorithm: ed25519}")
    assert tags(sign(box)) == [int(re.search(r"CSK (\d+)", done.stdout)[1])]


NAMED = """\
options {{ directory "{directory}"; listen-on port {port} {{ 127.0.0.1; }}; listen-on-v6 {{ none; }}; pid-file none;
    session-keyfile "{directory}/session.key"; recursion no; key-directory "{directory}"; notify no; }};
controls {{ }};
dnssec-policy here {{ keys {{ {keys} }}; dnskey-ttl 300; max-zone-ttl 300; }};
zone "example.com" {{ type primary; file "{directory}/zone"; dnssec-policy here; inline-signing yes; }};
"""


def start_named(directory, keys):
    port = free_port()
    directory.mkdir(exist_ok=True)
    (directory / "zone").write_text("$TTL 300\n@ SOA ns1 hostmaster 1 14400 3600 604800 300\n@ NS ns1\nns1 A 192.0.2.1\n")
    (directory / "named.conf").write_text(NAMED.format(directory=directory, port=port, keys=keys))
    named = Program("/usr/sbin/named", "-g", "-c", directory / "named.conf", log=directory / "log")

    def served():
        assert named.running(), named.log()
        try:
            return query(port, "example.com", "DNSKEY", tcp=True, dnssec=True, timeout=1).answer
        except (OSError, harness.dns.exception.DNSException):
            return None
    answer = wait_until(served, named.log)
    return named, {dns.dnssec.key_id(key) for rrset in answer if rrset.rdtype == dns.rdatatype.DNSKEY for key in rrset}


def test_what_named_keeps_by_a_policy_goes_on(directory):
    """With the .state files that named writes: the keys, and no others."""
    box = harness.Box(directory / "box")
    configure(box, "[example.net]", "{keys: ksk+zsk}")
    keys = "ksk lifetime unlimited algorithm ecdsap256sha256; zsk lifetime P90D algorithm ecdsap256sha256;"
    named, theirs = start_named(directory / "named", keys)
    with named:
        assert len(theirs) == 2
        wait_until(lambda: "DNSKEYState:" in "".join(p.read_text() for p in (directory / "named").glob("*.state")), named.log)
    bring(box, "example.com", *(directory / "named").glob("K*"))
    configure(box, "[example.com]", "{keys: ksk+zsk}")
    assert tags(sign(box)) == sorted(theirs)


def test_named_goes_on_with_ours(directory):
    """The way back: named with a policy takes our files as they are, and makes no key."""
    box = harness.Box(directory / "box")
    keys = configure(box, "[example.com]", "{keys: ksk+zsk}")
    ours = tags(sign(box))
    theirs_at = directory / "named"
    theirs_at.mkdir()
    run("cp", *keys.glob("Kexample.com*"), theirs_at)
    policy = "ksk lifetime unlimited algorithm ecdsap256sha256; zsk lifetime unlimited algorithm ecdsap256sha256;"
    named, theirs = start_named(theirs_at, policy)
    named.stop()
    assert sorted(theirs) == ours
    assert len(list(theirs_at.glob("K*.private"))) == 2


def damage_half(elsewhere):
    next(elsewhere.glob("*.private")).unlink()
    return r"\.private: it belongs to .*\.key: No such file"


def damage_zone(elsewhere):
    for path in list(elsewhere.iterdir()):
        path.rename(str(path).replace("example.com", "example.net"))
    return "a key of another zone than example.com"


def damage_algorithm(elsewhere):
    make_pair(elsewhere, "-a", "NSEC3RSASHA1", "-b", "1024")
    return "algorithm 7 is RSA with SHA-1.*roll to ECDSAP256SHA256 at the old place"


def damage_content(elsewhere):
    path = next(elsewhere.glob("*.private"))
    path.write_text(re.sub("PrivateKey: ....", "PrivateKey: AAAA", path.read_text()))
    return "does not belong to the public key in"


def damage_by_noise(elsewhere):
    (elsewhere / "Readme").write_text("hello\n")
    return "Readme: neither a part of a key pair"


@pytest.mark.parametrize("damage", [damage_half, damage_zone, damage_algorithm, damage_content, damage_by_noise])
def test_what_does_not_hold_up_changes_nothing(directory, elsewhere, damage):
    box = harness.Box(directory / "box")
    keys = configure(box)
    make_pair(elsewhere, "-a", "13", "-f", "KSK")
    words = damage(elsewhere)
    done = bring(box, "example.com", *elsewhere.iterdir(), check=False)
    assert done.returncode == 1 and re.search(words, done.stderr), done.stderr
    assert state_of(keys) == []


def test_domains_without_keys_of_their_own_are_told(directory, elsewhere):
    box = harness.Box(directory / "box")
    keys = configure(box, "[example.com, {name: sub.example.com, zone: parent}, {name: example.org, mode: external}]")
    base, _ = make_pair(elsewhere, "-a", "13", zone="sub.example.com")
    done = bring(box, "sub.example.com", f"{base}.key", check=False)
    assert done.returncode == 1 and "part of the zone above" in done.stderr
    done = bring(box, "example.org", f"{base}.key", check=False)
    assert done.returncode == 1 and "served by others" in done.stderr
    assert bring(box, "example.com", check=False).returncode == 2
    assert run(ZONEBOX, "status", "--dry-run", check=False).returncode == 2
    assert state_of(keys) == []


@pytest.mark.parametrize("how", [[], ["--dry-run"]])
def test_before_there_is_a_state_directory_it_says_who_makes_it(directory, elsewhere, how):
    with harness.Box(directory / "box") as box:
        base, _ = make_pair(elsewhere, "-a", "13", "-f", "KSK")
        done = bring(box, "example.com", *how, f"{base}.key", check=False)
        assert done.returncode == 1 and "no such directory; `zonebox init` makes it" in done.stderr, done.stderr
        assert done.stdout == "" and not box.state.exists()


def served_tags(box):
    answer = query(box.port, "example.com", "DNSKEY", tcp=True)
    return sorted(dns.dnssec.key_id(key) for rrset in answer.answer for key in rrset)


def test_a_signed_zone_rolls_to_the_keys_that_are_brought(directory, elsewhere):
    with harness.Box(directory / "box") as box:
        box.start()
        box.wait_served("example.com")
        keys = box.directory / "state/keys"
        own = served_tags(box)
        before = state_of(keys)
        wrong, _ = make_pair(elsewhere, "-a", "15", "-f", "KSK")
        done = bring(box, "example.com", f"{wrong}.key", check=False)
        assert done.returncode == 1 and "ed25519" in done.stderr, done.stderr
        base, tag = make_pair(elsewhere, "-a", "13", "-f", "KSK", "-I", "+1d", "-D", "+2d")
        done = bring(box, "example.com", "--dry-run", f"{base}.key")
        assert "Nothing was written" in done.stdout and "would be written" in done.stdout
        assert state_of(keys) == before and served_tags(box) == own
        done = bring(box, "example.com", f"{base}.private", f"{base}.key")
        assert "step by step" in " ".join(done.stdout.split()), done.stdout
        wait_until(lambda: tag in served_tags(box), box.program.log)
        path = keys / f"{base.name}.private"
        assert path.stat().st_mode & 0o7777 == 0o600
        assert path.stat().st_uid == (USERS["signer"] if ROOT else os.geteuid())
        # What was planned elsewhere is over.
        wait_until(lambda: "Publish" in path.read_text(), path.read_text)
        assert "Inactive" not in path.read_text() and "Delete" not in path.read_text()
        # Once more changes nothing.
        bring(box, "example.com", f"{base}.key")
        assert tag in served_tags(box)
