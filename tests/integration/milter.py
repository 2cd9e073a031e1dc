# SPDX-License-Identifier: ISC
"""A mail server's side of the milter protocol: one mail, and the header fields that the milter adds to it."""

import socket
import struct


class Milter:
    def __init__(self, port):
        self.connection = socket.create_connection(("127.0.0.1", port), timeout=20)
        self.ask(b"O", struct.pack(">III", 6, 0x1ff, 0))

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.connection.close()

    def send(self, command, data=b""):
        self.connection.sendall(struct.pack(">I", len(data) + 1) + command + data)

    def take(self, count):
        data = b""
        while len(data) < count:
            more = self.connection.recv(count - len(data))
            assert more, "the milter has hung up"
            data += more
        return data

    def hear(self):
        (count,) = struct.unpack(">I", self.take(4))
        data = self.take(count)
        return data[:1], data[1:]

    def ask(self, command, data=b""):
        self.send(command, data)
        return self.hear()

    def sign(self, sender, headers, body):
        """Sends a mail from this machine. Returns (verdict, [(name, value)])."""
        address = b"4" + struct.pack(">H", 1234) + b"127.0.0.1\0"
        steps = [(b"C", b"localhost\0" + address), (b"H", b"localhost\0"), (b"M", f"<{sender}>\0".encode()),
                 (b"R", b"<somebody@elsewhere.example>\0")]
        steps += [(b"L", f"{name}\0 {value}\0".encode()) for name, value in headers]
        for command, data in [*steps, (b"N", b""), (b"B", body)]:
            verdict, _ = self.ask(command, data)
            if verdict != b"c":
                return verdict, []
        self.send(b"E")
        added = []
        while True:
            verdict, data = self.hear()
            if verdict == b"i":  # at a place
                data = data[4:]
            if verdict in (b"h", b"i"):
                name, value = data.split(b"\0")[:2]
                added.append((name.decode(), value.decode()))
            else:
                return verdict, added
