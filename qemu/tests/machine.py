# SPDX-License-Identifier: GPL-2.0-or-later
"""A QEMU without a CPU that runs: a test plays the guest through qtest.

Machine starts QEMU with one vhost-ava-pci device, whose kernel side is
fake_vhost.c if that is preloaded, else /dev/vhost-ava; Function programs the device
as a guest's driver would.
"""
import json
import os
import select
import socket
import subprocess
import tempfile

TIMEOUT = 300
SLOT = 4


class Lines:
    """One side of a socket that carries a line per message."""

    def __init__(self, sock):
        self.sock = sock
        self.buffer = b""

    def send(self, text):
        try:
            self.sock.sendall(text.encode() + b"\n")
        except OSError as error:
            raise AssertionError("QEMU ended") from error

    def read_some(self):
        ready, _, _ = select.select([self.sock], [], [], TIMEOUT)
        if not ready:
            raise AssertionError("QEMU hangs: no answer")
        try:
            data = self.sock.recv(65536)
        except ConnectionError:
            data = b""
        if not data:
            raise AssertionError("QEMU ended")
        return data

    def receive(self):
        while b"\n" not in self.buffer:
            self.buffer += self.read_some()
        line, self.buffer = self.buffer.split(b"\n", 1)
        return line.decode()


class Machine:
    """QEMU under qtest; use as a context manager."""

    def __init__(self, qemu, preload=None, guest_id=7, device="", machine="q35", args=(), env=()):
        self.qtest_pair = socket.socketpair()
        self.qmp_pair = socket.socketpair()
        self.stderr = tempfile.TemporaryFile()
        self.node = os.open("/dev/null", os.O_RDWR)
        fds = [self.qtest_pair[1].fileno(), self.qmp_pair[1].fileno(), self.node]
        if preload:
            env = {"LD_PRELOAD": preload, **dict(env)}
            device += f",vhostfd={self.node}"
        command = [
            qemu, "-display", "none", "-nodefaults", "-accel", "qtest",
            "-machine", machine, "-m", "64",
            "-chardev", f"socket,id=qtest,fd={fds[0]}", "-qtest", "chardev:qtest",
            "-qtest-log", "/dev/null",
            "-chardev", f"socket,id=qmp,fd={fds[1]}", "-mon", "chardev=qmp,mode=control",
            *args,
            "-device", f"vhost-ava-pci,id=ava,guest-id={guest_id},addr={SLOT}{device}",
        ]
        self.process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=self.stderr, pass_fds=fds,
            env={**os.environ, **dict(env)})
        for pair in (self.qtest_pair, self.qmp_pair):
            pair[1].close()
        self.qtest = Lines(self.qtest_pair[0])
        self.qmp_lines = Lines(self.qmp_pair[0])
        self.events = []

    def __enter__(self):
        try:
            self.qmp_lines.receive()
            self.qmp("qmp_capabilities")
        except AssertionError as error:
            self.close()
            raise AssertionError(f"{error}: {self.text()}") from error
        return self

    def __exit__(self, *unused):
        self.close()

    def close(self):
        self.process.kill()
        self.process.wait()
        os.close(self.node)
        for pair in (self.qtest_pair, self.qmp_pair):
            pair[0].close()

    def text(self):
        """All that QEMU and the fake kernel have said."""
        self.stderr.seek(0)
        return self.stderr.read().decode(errors="replace")

    def requests(self):
        """The vhost requests so far, each as NAME VALUES."""
        return [line[len("vhost: "):] for line in self.text().splitlines()
                if line.startswith("vhost: ")]

    def qmp(self, command, **arguments):
        self.qmp_lines.send(json.dumps({"execute": command, "arguments": arguments}))
        while True:
            answer = json.loads(self.qmp_lines.receive())
            if "error" in answer:
                raise AssertionError(f"{command}: {answer['error']['desc']}")
            if "return" in answer:
                return answer["return"]
            self.events.append(answer.get("event"))

    def wait_event(self, name):
        """Wait for an event since the start or the last wait_event()."""
        while name not in self.events:
            self.events.append(json.loads(self.qmp_lines.receive()).get("event"))
        self.events.clear()

    def ask(self, text):
        self.qtest.send(text)
        while True:
            words = self.qtest.receive().split()
            if words[0] == "OK":
                return int(words[1], 0) if len(words) > 1 else None
            if words[0] != "IRQ":
                raise AssertionError(f"qtest: {text}: {' '.join(words)}")


class Function:
    """The device's PCI function, mapped at BAR."""

    BAR = 0xE0000000
    COMMON, NOTIFY = 1, 2

    def __init__(self, machine):
        self.machine = machine
        self.config_write(0x10 + 4 * 4, self.BAR)
        self.config_write(0x10 + 4 * 5, 0)
        self.config_write(0x04, 0x6)
        self.common = self.BAR + self.structure(self.COMMON)

    def config_read(self, offset):
        self.machine.ask(f"outl 0xcf8 {0x80000000 | SLOT << 11 | offset:#x}")
        return self.machine.ask("inl 0xcfc")

    def config_write(self, offset, value):
        self.machine.ask(f"outl 0xcf8 {0x80000000 | SLOT << 11 | offset:#x}")
        self.machine.ask(f"outl 0xcfc {value:#x}")

    def structure(self, kind):
        """The offset in BAR 4 of a virtio structure, by its capability."""
        at = self.config_read(0x34) & 0xFC
        while at:
            head = self.config_read(at)
            if head & 0xFF == 0x09 and head >> 24 == kind:
                if self.config_read(at + 4) & 0xFF != 4:
                    raise AssertionError("a virtio structure is not in BAR 4")
                return self.config_read(at + 8)
            at = head >> 8 & 0xFC
        raise AssertionError(f"no virtio capability of type {kind}")

    def read(self, offset, width="l"):
        return self.machine.ask(f"read{width} {self.common + offset:#x}")

    def write(self, offset, value, width="l"):
        self.machine.ask(f"write{width} {self.common + offset:#x} {value:#x}")

    @property
    def status(self):
        return self.read(20, "b")

    @status.setter
    def status(self, value):
        self.write(20, value, "b")

    def features(self):
        words = []
        for select_word in (0, 1):
            self.write(0, select_word)
            words.append(self.read(4))
        return words[0] | words[1] << 32

    def queue_sizes(self):
        sizes = []
        for index in range(self.read(18, "w")):
            self.write(22, index, "w")
            sizes.append(self.read(24, "w"))
        return sizes

    def start(self, features):
        """Negotiate, give the device three empty rings, set DRIVER_OK."""
        for value in (0, 1, 3):
            self.status = value
        for select_word in (0, 1):
            self.write(8, select_word)
            self.write(12, features >> 32 * select_word & 0xFFFFFFFF)
        self.status = 0xB
        for index in range(len(self.queue_sizes())):
            self.write(22, index, "w")
            ring = 0x100000 + index * 0x10000
            for field, address in ((32, ring), (40, ring + 0x8000), (48, ring + 0xC000)):
                self.write(field, address)
                self.write(field + 4, 0)
            self.write(28, 1, "w")
        self.status = 0xF
