# SPDX-License-Identifier: ISC
"""A box whose zoned runs stand-ins for the other programs: they tell what they were given and misbehave when told to."""

import json
import pathlib
import socket

from harness import BIN, Box, Program, wait_until

# What both stand-ins do: say in events.jsonl what happened, end with the lifeline, misbehave when a file says so.
STAND_IN = """\
#!/usr/bin/python3
import json, os, select, signal, socket, struct, sys

directory = os.path.dirname(os.path.realpath(__file__))
name = os.path.basename(sys.argv[0])
options = {a: b for a, b in zip(sys.argv[1:], sys.argv[2:] + ["--"]) if a.startswith("--")}

def tell(event, **more):
    line = json.dumps(dict(name=name, pid=os.getpid(), event=event, **more)) + "\\n"
    fd = os.open(directory + "/events.jsonl", os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    os.write(fd, line.encode())
    os.close(fd)

def told(what):
    return os.path.exists(f"{directory}/{name}.{what}")

if told("deaf"):
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
tell("started", options=options, argv=sys.argv[1:], fds=sorted(int(fd) for fd in os.listdir("/proc/self/fd") if int(fd) > 2)[:-1])
if told("say"):
    os.write(2, open(f"{directory}/{name}.say", "rb").read())
if told("crash"):
    sys.exit(7)
lifeline = int(options["--lifeline"])
control = socket.socket(fileno=int(options["--control"]))
if os.path.exists(directory + "/" + os.path.basename(control.getsockname()) + ".crash"):
    sys.exit(7)  # zone-server.0.sock.crash: only that worker

def answer():  # one question on the control socket
    peer = control.accept()[0]
    with peer, peer.makefile("rw") as lines:
        asked = json.loads(lines.readline())
        if asked["command"] != "ready":
            tell("asked", request=asked)
        lines.write(json.dumps(dict(ok=True, program=name)) + "\\n")
        return asked
"""

STAND_IN_SERVER = STAND_IN + """\
count = int(options["--sockets"])
inherited = [socket.socket(fileno=3 + i) for i in range(count + int(options.get("--standby", 0)))]
own, standby, drained = inherited[:count], inherited[count:], []
if told("mute"):
    signal.pause()
if not told("deaf"):  # what was read is answered before it ends
    awake, wakes = os.pipe()
    os.set_blocking(wakes, False)
    signal.set_wakeup_fd(wakes)
    signal.signal(signal.SIGTERM, lambda *_: None)
else:
    awake = lifeline
tell("ready", addresses=sorted({"%s@%d" % s.getsockname()[:2] for s in own}))
while True:
    for ready in select.select(own + drained + [lifeline, control, awake], [], [])[0]:
        if ready in (lifeline, awake):
            tell("lifeline" if ready == lifeline else "ended")
            sys.exit(0)
        if ready is control:
            asked = answer()
            if asked["command"] == "drain":
                start = asked.get("from", 0)
                drained = standby[start : start + asked["count"]]
                break
            continue
        try:
            if ready.type == socket.SOCK_STREAM:
                peer = ready.accept()[0]
                peer.sendall(b"%d" % os.getpid())
                peer.close()
            else:
                _, peer = ready.recvfrom(512)
                ready.sendto(b"%d" % os.getpid(), peer)
        except BlockingIOError:
            pass  # another one was faster
"""

STAND_IN_SIGNER = STAND_IN + """\
inputs = int(options["--inputs"])
stream = b""
while True:
    for ready in select.select([inputs, lifeline, control], [], [])[0]:
        if ready is control:
            answer()
            continue
        octets = os.read(ready, 65536)
        if not octets:
            tell("lifeline" if ready == lifeline else "no-inputs")
            sys.exit(0)
        stream += octets
        while len(stream) >= 8 and len(stream) >= 8 + struct.unpack(">Q", stream[:8])[0]:
            end = 8 + struct.unpack(">Q", stream[:8])[0]
            tell("snapshot", text=stream[8:end].decode("latin-1"))
            stream = stream[end:]
"""

# Says back on its channel what comes there.
STAND_IN_PROBE = STAND_IN + """\
observe = socket.socket(fileno=int(options["--observe"]))
tell("ready", type=int(observe.type), family=int(observe.family))
while True:
    for ready in select.select([observe, lifeline, control], [], [])[0]:
        if ready is control:
            answer()
        elif ready is observe:
            observe.send(observe.recv(1024))
        else:
            tell("lifeline")
            sys.exit(0)
"""


class Stage:
    """A box whose zoned runs stand-ins."""

    def __init__(self, directory):
        self.box = Box(directory / "box")
        self.libexec = directory / "libexec"
        self.libexec.mkdir()
        for name, text in (("zone-server", STAND_IN_SERVER), ("zone-resolver", STAND_IN_SERVER), ("zone-probe", STAND_IN_PROBE),
                           ("zone-signer", STAND_IN_SIGNER)):
            (self.libexec / name).write_text(text)
            (self.libexec / name).chmod(0o755)
        (self.libexec / "events.jsonl").touch()
        (self.libexec / "events.jsonl").chmod(0o666)  # the stand-ins have users of their own
        self.zoned = None

    @property
    def port(self):
        return self.box.port

    def command(self, *more):
        return [BIN / "zoned", "--config", self.box.config, "--libexec", self.libexec, *more]

    def start(self, *more):
        self.zoned = Program(*self.command(*more), log=self.box.directory / "log")
        return self

    def ready(self, workers=2):
        self.zoned.wait_for(lambda: len(self.workers()) >= workers and self.signers())
        return self

    def tell(self, what, name="zone-server", text=""):
        (self.libexec / f"{name}.{what}").write_text(text)

    def forget(self, what, name="zone-server"):
        (self.libexec / f"{name}.{what}").unlink()

    def events(self, event=None, name=None):
        path = self.libexec / "events.jsonl"
        lines = path.read_text().splitlines() if path.exists() else []
        found = [json.loads(line) for line in lines]
        return [e for e in found if event in (None, e["event"]) and name in (None, e["name"])]

    def alive(self, event, name):
        return [e for e in self.events(event, name) if is_alive(e["pid"])]

    def workers(self):
        return self.alive("ready", "zone-server")

    def resolvers(self):
        return self.alive("ready", "zone-resolver")

    def probes(self):
        return self.alive("ready", "zone-probe")

    def signers(self):
        return self.alive("started", "zone-signer")

    def children(self):
        return self.alive("started", None)

    def ask(self, port=None, host="127.0.0.1", timeout=5.0):
        """Asks over UDP from a fresh port; the answer is the worker's pid, None when there is none."""
        with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_DGRAM) as asker:
            asker.settimeout(timeout)
            asker.sendto(b"?", (host, port or self.port))
            try:
                return int(asker.recv(64))
            except (TimeoutError, ConnectionRefusedError):
                return None

    def stop(self):
        if self.zoned is not None:
            self.zoned.stop()
            wait_until(lambda: not self.children(), "all children are gone")


def is_alive(pid):
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
