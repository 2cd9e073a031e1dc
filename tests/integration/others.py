# SPDX-License-Identifier: ISC
"""Servers and resolvers of others. Each writes its configuration into a directory and keeps to it; what comes back is the
command that runs it in the foreground, for harness.Program. Who starts one waits until it answers."""

import shutil


def sbin(name):
    return shutil.which(name, path="/usr/sbin:/usr/bin")


def lines(options):
    return "".join(f"  {option}\n" for option in options if option)


def nsd(directory, listen, zones, *options):
    """listen: ADDRESS or ADDRESS@PORT; zones: name → file; options: further lines of `server:`."""
    common = ['username: ""', 'chroot: ""', f'zonesdir: "{directory}"', f'pidfile: "{directory}/pid"', 'database: ""',
              f'zonelistfile: "{directory}/list"', f'xfrdfile: "{directory}/xfrd"', f'xfrdir: "{directory}"', "server-count: 1",
              "rrl-ratelimit: 0"]
    config = directory / "nsd.conf"
    config.write_text("server:\n" + lines([*(f"ip-address: {address}" for address in listen), *common, *options])
                      + "remote-control:\n  control-enable: no\n"
                      + "".join(f'zone:\n  name: "{zone}"\n  zonefile: "{file}"\n' for zone, file in zones.items()))
    return sbin("nsd"), "-d", "-c", config


def knotd(directory, listen, zones, *options, clauses=""):
    """As nsd; options: further lines of `server:`; clauses: sections that zones may refer to."""
    config = directory / "knot.conf"
    addresses = ", ".join(address if "@" in address else f"{address}@53" for address in listen)
    config.write_text("server:\n" + lines([f"listen: [{addresses}]", f"rundir: {directory}", *options])
                      + f"database:\n  storage: {directory}\nlog:\n- target: stderr\n  any: info\n{clauses}zone:\n"
                      + "".join(f"- domain: {zone}\n  file: {file}\n  zonefile-sync: -1\n" for zone, file in zones.items()))
    return sbin("knotd"), "-c", config


def named(directory, listen, zones, *options):
    """As nsd, with one port for all addresses; options: further lines of `options`."""
    config = directory / "named.conf"
    port = next(iter(listen)).partition("@")[2] or "53"
    addresses = "; ".join(address.partition("@")[0] for address in listen)
    config.write_text(f"options {{\n  directory \"{directory}\";\n  listen-on port {port} {{ {addresses}; }};\n"
                      + lines(["listen-on-v6 { none; };", f"pid-file \"{directory}/pid\";", "recursion no;",
                               "dnssec-validation no;", f"session-keyfile \"{directory}/key\";", *options])
                      + "};\ncontrols { };\n"
                      + "".join(f"zone \"{zone}\" {{ type primary; file \"{file}\"; }};\n" for zone, file in zones.items()))
    return sbin("named"), "-g", "-c", config


def unbound(directory, options, clauses="", control=("control-enable: no",)):
    """options: lines of `server:`; clauses: what comes behind it."""
    common = ['username: ""', 'chroot: ""', f'directory: "{directory}"', 'pidfile: ""', "use-syslog: no", 'logfile: ""',
              "num-threads: 1"]
    config = directory / "unbound.conf"
    config.write_text("server:\n" + lines([*common, *options]) + "remote-control:\n" + lines(control) + clauses)
    return sbin("unbound"), "-d", "-c", config
