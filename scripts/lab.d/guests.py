# SPDX-License-Identifier: Apache-2.0
"""guests.py - the KVM guests of the host VM: start, kill, list

A guest is a QEMU process on this VM's kernel image, with this VM's lower root
as its own root and the state directory shared through. Its agent answers on a
virtio-serial port, whose other end is a socket that we listen on.
"""

import os
import select
import signal
import socket
import subprocess
import threading
import time

from wire import OUT, Hub, Link

RUN = "/run/lab"
STATE = "/run/lab/state"


def qemu_argv(n, env):
    state = STATE
    append = (f"{env['LAB_APPEND']} ava.level=guest ava.guest={n}")
    argv = [
        env["LAB_GUEST_QEMU"], *env["LAB_GUEST_QEMU_ARGS"].split(),
        "-name", f"guest-{n}", "-nodefaults", "-no-user-config",
        "-display", "none", "-no-reboot",
        "-accel", "kvm", "-cpu", "host", "-smp", "1", "-m", env["LAB_GUEST_MEM"],
        "-object", f"memory-backend-memfd,id=mem,size={env['LAB_GUEST_MEM']}M,share=on",
        "-machine", "q35,memory-backend=mem",
        "-chardev", f"file,id=console,path={state}/guest-{n}.console,append=on",
        "-serial", "chardev:console",
        "-kernel", env["LAB_KERNEL"], "-initrd", f"{state}/initramfs",
        "-append", append,
        "-fsdev", f"local,id=root,path={RUN}/lower,security_model=none,"
                  "readonly=on,multidevs=remap",
        "-device", "virtio-9p-pci,fsdev=root,mount_tag=root",
        "-fsdev", f"local,id=state,path={state},security_model=none",
        "-device", "virtio-9p-pci,fsdev=state,mount_tag=state",
        "-device", "virtio-serial-pci",
        "-chardev", f"socket,id=agent,path={RUN}/guest-{n}.sock",
        "-device", "virtserialport,chardev=agent,name=ava.lab",
    ]
    if env["LAB_AVA"] == "1":
        argv += ["-device", f"vhost-ava-pci,guest-id={n}"]
    if env["LAB_VSOCK"] == "1":
        argv += ["-device", f"vhost-vsock-pci,guest-cid={n + 2}"]
    return argv


class Guest:
    def __init__(self, n):
        self.n = n
        self.name = f"guest{n}"
        self.child = None
        self.up = threading.Event()	# said hello, or ended
        self.ended = threading.Event()
        self.error = None

    def start(self):
        path = f"{RUN}/guest-{self.n}.sock"
        with socket.socket(socket.AF_UNIX) as server:
            if os.path.exists(path):
                os.unlink(path)
            server.bind(path)
            server.listen(1)
            with open(f"{STATE}/guest-{self.n}.qemu", "ab") as log:
                self.child = subprocess.Popen(qemu_argv(self.n, os.environ),
                                              stdin=subprocess.DEVNULL,
                                              stdout=log, stderr=log)
            with open(f"{RUN}/guest-{self.n}.pid", "w", encoding="ascii") as file:
                file.write(f"{self.child.pid}\n")
            return self._accept(server)

    def _accept(self, server):
        pidfd = os.pidfd_open(self.child.pid)
        ready, _, _ = select.select([server, pidfd], [], [])
        os.close(pidfd)
        if server not in ready:
            return None
        conn, _ = server.accept()
        fd = conn.detach()
        return Link(self.name, fd, fd)


class Guests:
    def __init__(self, hub: Hub):
        self.hub = hub
        self.lock = threading.Lock()
        self.guests = {}
        hub.ops["guest-start"] = self.start
        hub.ops["guest-kill"] = self.kill
        hub.ops["guest-list"] = self.list

    def start(self, origin, ident, request):
        n = int(request["guest"])
        began = time.monotonic()
        with self.lock:
            if n in self.guests:
                self.hub.fail(origin, ident, f"guest {n} is running already")
                return
            guest = self.guests[n] = Guest(n)
        try:
            link = guest.start()
        except OSError as err:
            guest.error, link = f"{err}", None
        threading.Thread(target=self._serve, args=(guest, link), daemon=True).start()
        if not guest.up.wait(float(request["timeout"])):
            guest.child.kill()
            guest.error = f"did not come up within {request['timeout']} s"
            guest.ended.wait()
        if guest.ended.is_set():
            self.hub.fail(origin, ident, f"guest {n} {guest.error or 'ended while it booted'}")
            return
        origin.try_send(ident, OUT, f"guest {n}: booted in {time.monotonic() - began:.1f} s\n".encode())
        self.hub.request(origin, ident, {
            "route": [guest.name], "op": "exec",
            "argv": [f"{os.environ['LAB_SRC']}/scripts/lab.d/guest-setup"]})

    def _serve(self, guest, link):
        """Lives as long as the guest does; its end fails whoever waits for it."""
        stranded = ()
        if link:
            self.hub.attach(link)
            pending = self.hub.serve_down(link, lambda _: guest.up.set())
            os.close(link.rfd)
            guest.child.kill()
            stranded = pending.drain()
        if guest.child:
            guest.child.wait()
        with self.lock:
            del self.guests[guest.n]
        guest.ended.set()
        guest.up.set()
        for origin, ident in stranded:
            self.hub.fail(origin, ident, f"guest {guest.n} {guest.error or 'ended by itself'} while it ran this")

    def kill(self, origin, ident, request):
        n = int(request["guest"])
        with self.lock:
            guest = self.guests.get(n)
        if guest is None or guest.child is None:
            self.hub.fail(origin, ident, f"guest {n} is not running")
            return
        guest.error = "was killed"
        os.kill(guest.child.pid, signal.SIGKILL)
        guest.ended.wait()
        self.hub.done(origin, ident, status=0)

    def list(self, origin, ident, _request):
        with self.lock:
            names = sorted(self.guests)
        for n in names:
            origin.try_send(ident, OUT, f"guest {n}: running, qemu pid {self.guests[n].child.pid}\n".encode())
        self.hub.done(origin, ident, status=0, guests=names)
