# SPDX-License-Identifier: ISC
"""A stand-in for systemd: hands sockets over to zoned, and hears what it tells."""

import contextlib
import os
import socket
import sys
import time

from harness import BIN, Program, free_port

# Puts the descriptors where LISTEN_FDS wants them, and becomes zoned with the pid that LISTEN_PID names.
HAND_OVER = """\
import fcntl, os, sys
fds = [fcntl.fcntl(int(fd), fcntl.F_DUPFD, 100) for fd in sys.argv[1].split(",") if fd]
for place, fd in enumerate(fds):
    os.dup2(fd, 3 + place)
    os.close(fd)
os.environ["LISTEN_PID"] = os.environ["WATCHDOG_PID"] = str(os.getpid() + int(sys.argv[2]))
os.execv(sys.argv[3], sys.argv[3:])
"""


class Manager:
    """What systemd does for a service of Type=notify."""

    def __init__(self, directory, abstract=False):
        self.name = f"\0zonebox-test-{os.getpid()}-{free_port()}" if abstract else str(directory / "notify")
        self.ear = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.ear.bind(self.name)
        self.sockets = []  # (name, socket)
        self.heard = []  # (time, {variable: value})

    def command(self, box, other_pid=False):
        fds = ",".join(str(sock.fileno()) for _, sock in self.sockets)
        return [sys.executable, "-c", HAND_OVER, fds, int(other_pid), BIN / "zoned", "--config", box.config]

    def environment(self, **more):
        listening = {}
        if self.sockets:
            names = ":".join(name for name, _ in self.sockets)
            listening = {"LISTEN_FDS": str(len(self.sockets)), "LISTEN_FDNAMES": names}
        return {"NOTIFY_SOCKET": self.name.replace("\0", "@"), **listening, **more}

    def start(self, box, other_pid=False, **more):
        box.program = Program(*self.command(box, other_pid), log=box.directory / "log", env=self.environment(**more),
                              pass_fds=[sock.fileno() for _, sock in self.sockets])

    def refuse(self, box):
        """The one line with which zoned refuses what is handed over."""
        program = Program(*self.command(box), log=box.directory / "log", env=self.environment(),
                          pass_fds=[sock.fileno() for _, sock in self.sockets])
        assert program.wait() == 1
        (line,) = program.log().splitlines()
        return line

    def bind(self, name, host, port, kinds=(socket.SOCK_DGRAM, socket.SOCK_STREAM)):
        for kind in kinds:
            sock = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, kind)
            if kind == socket.SOCK_STREAM:
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            sock.bind((host, port))
            if kind == socket.SOCK_STREAM:
                sock.listen()
            self.sockets.append((name, sock))

    def listen(self, seconds):
        """What is said within the time, as dictionaries."""
        self.ear.settimeout(seconds)
        with contextlib.suppress(TimeoutError):
            text = self.ear.recv(4096).decode()
            said = dict(line.split("=", 1) for line in text.splitlines())
            self.heard.append((time.monotonic(), said))
            return said
        return {}

    def wait(self, variable, timeout=40.0):
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            said = self.listen(0.2)
            if variable in said:
                return said
        raise AssertionError(f"{variable} was not said: {self.heard}")

    def close(self):
        self.ear.close()
        for _, sock in self.sockets:
            sock.close()
