# SPDX-License-Identifier: Apache-2.0
"""A network of the row's own, whose packets can be lost, and an ear for connection attempts."""
import ctypes
import os
import shutil
import socket
import struct
import subprocess
import threading
import time

from stand import need

CLONE_NEWUSER, CLONE_NEWNET = 0x10000000, 0x40000000


def own_network():
    """Before anything else in a row: this process and its children get a loopback that they share with
    nobody. Ends with the process."""
    for tool in ("ip", "nft"):
        need(shutil.which(tool), f"no {tool} here")
    uid, gid = os.getuid(), os.getgid()
    libc = ctypes.CDLL(None, use_errno=True)
    need(libc.unshare(CLONE_NEWNET if uid == 0 else CLONE_NEWUSER | CLONE_NEWNET) == 0,
         f"no right to a network of its own: {os.strerror(ctypes.get_errno())}")
    if uid:
        for name, text in (("setgroups", "deny"), ("uid_map", f"0 {uid} 1"), ("gid_map", f"0 {gid} 1")):
            with open(f"/proc/self/{name}", "w", encoding="ascii") as f:
                f.write(text)
    up = subprocess.run(["ip", "link", "set", "lo", "up"], capture_output=True, text=True)
    need(up.returncode == 0, f"the loopback can't be set up: {up.stderr}")
    drops("")


def drops(rules):
    """Packets that never arrive, from now on, as rules of nft; "" ends it."""
    text = "flush ruleset\n"
    if rules:
        text += f"table inet wire {{\n chain arrive {{\n type filter hook input priority 0;\n {rules}\n }}\n}}\n"
    done = subprocess.run(["nft", "-f", "-"], input=text, capture_output=True, text=True)
    need(done.returncode == 0, f"nft refuses: {done.stderr.strip()[:200]}")


def port_of(stand, line="sick"):
    return int(stand.sick.where[line].rsplit(":", 1)[1])


class Knocks:
    """When somebody tried to connect to a port of this machine."""

    def __init__(self, port):
        try:
            self.ear = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_TCP)
        except PermissionError:
            need(False, "no right to hear packets")
        self.ear.settimeout(0.2)
        self.port, self.times, self.over = port, [], False
        self.thread = threading.Thread(target=self.listen, daemon=True)
        self.thread.start()

    def listen(self):
        while not self.over:
            try:
                packet = self.ear.recv(200)
            except TimeoutError:
                continue
            tcp = packet[(packet[0] & 15) * 4:]
            to, flags = struct.unpack(">H", tcp[2:4])[0], tcp[13]
            if to == self.port and flags & 0x12 == 0x02:
                self.times.append(time.monotonic())

    def end(self):
        self.over = True
        self.thread.join()
        self.ear.close()


class FullHouse:
    """Listens on a port and accepts nobody; whoever comes late gets no answer at all."""

    def __init__(self, port):
        self.listener = socket.socket()
        self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.listener.bind(("127.0.0.1", port))
        self.listener.listen(0)
        self.waiting = []
        for _ in range(6):
            s = socket.socket()
            s.setblocking(False)
            s.connect_ex(("127.0.0.1", port))
            self.waiting.append(s)
        time.sleep(0.05)

    def end(self):
        for s in [*self.waiting, self.listener]:
            s.close()
