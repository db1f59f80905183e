#!/usr/bin/env python3
"""Memory and processor time of the tool while a hostile peer, or a damaged file, is at work.

Usage: bench/hostile.py FAIRLEAD [FAIRLEAD ...]     a built tool each, such as artifacts/bin/Fairlead.Cli/debug/fairlead

Prints one row for each attack and tool. "memory" is the largest resident set of the attacked process, "processor" its user and system time;
both are of the attack alone: a figure of the idle process before it is shown beside them. Needs Linux and Python 3.8, and nothing else.
"""

import os
import resource
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time

SENDER, RECEIVER, PUBLISHER, SUBSCRIBER = 1, 2, 5, 6
SUBSCRIBE, HELLO, WELCOME = 9, 72, 87


def frame(kind, body=b"", flags=0, number=0, ack=0):
    return struct.pack(">IBBHII", len(body), kind, flags, 0, number, ack) + body


def introduction(kind, pattern, window=100_000, messages=100):
    """A Hello or Welcome; its number and acknowledgement are the magic."""
    text = b"hostile"
    body = struct.pack(">HHBBHIIQQIH", 1, 1, pattern, 0, 0, messages, 0, window, window, os.getpid(), len(text)) + text
    return frame(kind, body, number=0x46414952, ack=0x4C454144)


def read_exactly(peer, count):
    data = b""
    while len(data) < count:
        piece = peer.recv(count - len(data))
        if not piece:
            raise ConnectionError("the peer ended the connection")
        data += piece
    return data


def read_frame(peer):
    length, kind = struct.unpack(">IB", read_exactly(peer, 16)[:5])
    return kind, read_exactly(peer, length)


class Attacked:
    """A process of the tool, and what the kernel has counted of it."""

    def __init__(self, command, descriptors=None, stdin=subprocess.DEVNULL):
        def limit():
            if descriptors:
                resource.setrlimit(resource.RLIMIT_NOFILE, (descriptors, descriptors))

        self.process = subprocess.Popen(
            command, preexec_fn=limit, stdin=stdin, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.memory = 0
        self.before = (0, 0.0)

    def sample(self):
        """Resident bytes and seconds of the processor; None when the process has ended."""
        try:
            with open(f"/proc/{self.process.pid}/stat") as file:
                fields = file.read().rsplit(")", 1)[1].split()
        except OSError:
            return None
        if fields[0] == "Z":
            return None
        seconds = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
        memory = int(fields[21]) * os.sysconf("SC_PAGE_SIZE")
        self.memory = max(self.memory, memory)
        self.last = seconds
        return memory, seconds

    def start(self):
        self.before = self.sample() or (0, 0.0)
        self.memory = 0

    def watch(self, seconds):
        """Watches for that long, or until it ends; true if it still lives."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            if self.sample() is None:
                return False
            time.sleep(0.02)
        return True

    def end(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()


def wait_for(condition, what, seconds=30):
    until = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > until:
            raise TimeoutError(what)
        time.sleep(0.02)


def connect(port):
    peer = None

    def attempt():
        nonlocal peer
        try:
            peer = socket.create_connection(("127.0.0.1", port))
            return True
        except OSError:
            return False

    wait_for(attempt, f"no listener at port {port}")
    return peer


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def endless_window(tool, folder):
    """A subscriber announces an endless window, subscribes to everything, and reads nothing; 6,000 messages of 50,000 bytes."""
    port, message = free_port(), os.path.join(folder, "message")
    with open(message, "wb") as file:
        file.write(b"x" * 50_000)
    publisher = Attacked([tool, "publish", f"tcp://127.0.0.1:{port}", "news", "--file", message, "--count", "6000"])
    peer = connect(port)
    peer.sendall(introduction(HELLO, SUBSCRIBER, window=2**63 - 1, messages=2**32 - 1) + frame(SUBSCRIBE, b">", number=1))
    publisher.start()
    publisher.watch(8)
    peer.close()
    return publisher, ""


def silent_crowd(tool, folder, mode):
    """200 clients that say nothing, at a limit of 128 descriptors; then all leave, and an honest one asks."""
    port = free_port()
    server = Attacked([tool, "serve", "echo", f"tcp://127.0.0.1:{port}", "--mode", mode], descriptors=128)
    connect(port).close()
    server.start()
    crowd = [socket.create_connection(("127.0.0.1", port)) for _ in range(200)]
    lives = server.watch(3)
    for peer in crowd:
        peer.close()
    return server, "lives, " + honest(port) if lives else "ended"


def honest(port):
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=10) as peer:
            peer.sendall(b"honest\n")
            return "answers" if read_exactly(peer, 7) == b"honest\n" else "answers wrongly"
    except OSError as error:
        return f"does not answer ({error})"


def empty_datagram(tool, folder):
    """One datagram without a byte."""
    port = free_port()
    server = Attacked([tool, "serve", "echo", f"udp://127.0.0.1:{port}", f"tcp://127.0.0.1:{port}"])
    connect(port).close()
    server.start()
    with socket.socket(type=socket.SOCK_DGRAM) as peer:
        peer.sendto(b"", ("127.0.0.1", port))
    return server, "lives, " + honest(port) if server.watch(1) else "ended"


def flapping_server(tool, folder):
    """A server completes each handshake and closes; the client reconnects, for 3 seconds."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0.05)
        client = Attacked(
            [tool, "send", f"tcp://127.0.0.1:{listener.getsockname()[1]}?reconnect=infinite", "-"], stdin=subprocess.PIPE)
        client.start()
        count, until = 0, None
        while until is None or time.monotonic() < until:
            client.sample()
            try:
                peer, _ = listener.accept()
            except socket.timeout:
                continue
            until = until or time.monotonic() + 3
            with peer:
                peer.settimeout(5)
                read_frame(peer)
                peer.sendall(introduction(WELCOME, RECEIVER))
            count += 1
        return client, f"{count} connections"


def unread_answers(tool, folder):
    """Eight clients of the character generator, which read nothing."""
    port = free_port()
    server = Attacked([tool, "serve", "chargen", f"tcp://127.0.0.1:{port}"])
    connect(port).close()
    server.start()
    peers = [socket.create_connection(("127.0.0.1", port)) for _ in range(8)]
    lives = server.watch(3)
    for peer in peers:
        peer.close()
    return server, "lives" if lives else "ended"


def lost_segment(tool, folder):
    """The newest segment of a log is missing; a record is appended, for at most 5 seconds."""
    log = os.path.join(folder, "log")
    numbers = "".join(f"{i}\n" for i in range(2000)).encode()
    subprocess.run([tool, "log", "append", f"log://{log}?segment=64KiB", "-"], input=numbers, check=True,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    os.remove(sorted(os.path.join(log, name) for name in os.listdir(log) if name.endswith(".segment"))[-1])
    appender = Attacked([tool, "log", "append", f"log://{log}", "x"])
    return appender, "still runs" if appender.watch(5) else "ended"


def damaged_lock(tool, folder):
    """The word of the tickets given is damaged; a waiter has a time limit of one second, and gets 5."""
    owner = Attacked([tool, "lock", "damaged", "--", "sleep", "60"])
    places = [os.path.join(at, name) for at, _, names in os.walk(folder) for name in names if "damaged" in name]

    def found():
        places[:] = [os.path.join(at, name) for at, _, names in os.walk(folder) for name in names if "damaged" in name]
        return bool(places)

    wait_for(found, "no file of the lock")
    owner.watch(1)
    for place in places:
        if os.path.getsize(place) > 200:
            with open(place, "r+b") as file:
                file.seek(192)
                file.write(struct.pack("<I", 0x80000000))
    waiter = Attacked([tool, "lock", "damaged", "--timeout", "1s", "--", "true"])
    outcome = "still runs" if waiter.watch(5) else "ended"
    owner.end()
    return waiter, outcome


ATTACKS = [
    ("endless window, unread", endless_window),
    ("200 silent, 128 descriptors, multiplexed", lambda tool, folder: silent_crowd(tool, folder, "multiplexed")),
    ("200 silent, 128 descriptors, threads", lambda tool, folder: silent_crowd(tool, folder, "threads")),
    ("empty datagram", empty_datagram),
    ("server that accepts and closes", flapping_server),
    ("8 that read nothing (chargen)", unread_answers),
    ("log without its newest segment", lost_segment),
    ("damaged lock", damaged_lock),
]


def main(tools):
    print(f"# {os.uname().sysname} {os.uname().release}, {os.cpu_count()} processors, {time.strftime('%Y-%m-%d')}")
    print(f"{'attack':<42} {'tool':>4} {'before':>8} {'memory':>8} {'processor':>10}  outcome")
    for name, attack in ATTACKS:
        for number, tool in enumerate(tools, 1):
            folder = tempfile.mkdtemp(prefix="hostile")
            os.environ["XDG_RUNTIME_DIR"] = os.environ["XDG_STATE_HOME"] = folder
            attacked = None
            try:
                attacked, outcome = attack(tool, folder)
                seconds = getattr(attacked, "last", 0.0) - attacked.before[1]
                before = f"{attacked.before[0] / 1e6:.0f} MB" if attacked.before[0] else "-"
                print(f"{name:<42} {number:>4} {before:>8} {attacked.memory / 1e6:>5.0f} MB {seconds:>8.2f} s  {outcome}", flush=True)
            finally:
                if attacked:
                    attacked.end()
                shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    signal.signal(signal.SIGPIPE, signal.SIG_IGN)
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    main([os.path.abspath(tool) for tool in sys.argv[1:]])
