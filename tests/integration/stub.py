# SPDX-License-Identifier: ISC
"""glibc's stub resolver, asked as programs ask it. Run in a mount namespace whose /etc/resolv.conf is the test's:

    stub.py query NAME TYPE [postfix]   res_query(3); with postfix: with the options that Postfix sets by itself
    stub.py address NAME                getaddrinfo(3)
One JSON line on stdout."""

import ctypes
import json
import socket
import struct
import sys

RES_USE_EDNS0 = 0x00100000
RES_USE_DNSSEC = 0x00800000
RES_TRUSTAD = 0x04000000
OPTIONS_AT = 8  # of struct __res_state: behind two ints


libc = ctypes.CDLL("libc.so.6")
libc.__res_state.restype = ctypes.c_void_p
libc.__h_errno_location.restype = ctypes.POINTER(ctypes.c_int)


def query(name, rtype, postfix):
    libc.__res_init()
    if postfix:  # src/dns/dns_lookup.c of Postfix
        options = ctypes.c_ulong.from_address(libc.__res_state() + OPTIONS_AT)
        options.value |= RES_USE_DNSSEC | RES_USE_EDNS0 | RES_TRUSTAD
    room = ctypes.create_string_buffer(65536)
    length = libc.res_query(name.encode(), 1, rtype, room, len(room))
    flags, _, answers = struct.unpack(">2xHHH", room.raw[:8])
    return {"length": length, "rcode": flags & 15, "ad": bool(flags & 0x20), "answers": answers,
            "h_errno": libc.__h_errno_location()[0] if length < 0 else 0}


def address(name):
    try:
        return {"addresses": sorted({info[4][0] for info in socket.getaddrinfo(name, 25, socket.AF_INET)})}
    except socket.gaierror as error:
        return {"error": error.errno}


if sys.argv[1] == "query":
    print(json.dumps(query(sys.argv[2], int(sys.argv[3]), "postfix" in sys.argv)))
else:
    print(json.dumps(address(sys.argv[2])))
