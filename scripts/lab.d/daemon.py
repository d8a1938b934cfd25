# SPDX-License-Identifier: Apache-2.0
"""daemon.py STATE SOCK_FD AGENT_FD - keeps one lab while it runs

Owns the host VM's QEMU and the link to its agent, and takes requests of
`lab` commands on the socket that `lab up` made. Ends with the host VM, and
leaves in STATE/ended why; nobody is left waiting.
"""

import json
import os
import socket
import subprocess
import sys
import threading
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
sys.dont_write_bytecode = True

from wire import BEAT, Hub, Link	# noqa: E402

BEAT_S = 0.1


class Daemon:
    def __init__(self, state, sock_fd, agent_fd):
        self.state = state
        self.clients = socket.socket(fileno=sock_fd)
        self.agents = socket.socket(fileno=agent_fd)
        self.hub = Hub({"wait-up": self.wait_up, "down": self.down,
                        "status": self.status})
        self.up = threading.Event()	# said hello, or ended
        self.over = threading.Event()
        self.began = time.monotonic()
        self.boot_s = None
        with open(f"{state}/qemu.json", encoding="utf-8") as file:
            argv = json.load(file)
        with open(f"{state}/host.qemu", "ab") as log:
            self.qemu = subprocess.Popen(argv, cwd=state, stdin=subprocess.DEVNULL,
                                         stdout=log, stderr=log)
        self.why = "the host VM ended by itself"

    def run(self):
        threading.Thread(target=self._agent, daemon=True).start()
        threading.Thread(target=self._accept, daemon=True).start()
        self.qemu.wait()
        self.over.set()
        with open(f"{self.state}/ended", "w", encoding="utf-8") as file:
            file.write(f"{self.why}\n")
        for pending in list(self.hub.down.values()):
            for origin, ident in pending.drain():
                self.hub.fail(origin, ident, self.why)
        self.up.set()

    def _agent(self):
        conn, _ = self.agents.accept()
        fd = conn.detach()
        link = Link("host", fd, fd)
        self.hub.attach(link)
        threading.Thread(target=self._beat, args=(link,), daemon=True).start()
        pending = self.hub.serve_down(link, self._hello)
        self.qemu.kill()
        for origin, ident in pending.drain():
            self.hub.fail(origin, ident, self.why)

    def _beat(self, link):
        """QEMU 7.2's emulated SVM loses an interrupt now and then (it changes
        interrupt_request without its lock); the next one makes up for it. An idle
        host VM that lost its timer's would sleep on, so there is always a next one.
        """
        while not self.over.wait(BEAT_S):
            link.try_send(0, BEAT)

    def _hello(self, _payload):
        self.boot_s = time.monotonic() - self.began
        self.up.set()

    def _accept(self):
        while True:
            conn, _ = self.clients.accept()
            fd = conn.detach()
            threading.Thread(target=self._client, args=(fd,), daemon=True).start()

    def _client(self, fd):
        self.hub.serve_up(Link("client", fd, fd))
        os.close(fd)

    def wait_up(self, origin, ident, request):
        if not self.up.wait(float(request["timeout"])):
            self.why = f"the host VM did not come up within {request['timeout']} s"
            self.qemu.kill()
            self.qemu.wait()
        if self.boot_s is None:
            self.hub.fail(origin, ident, self.why)
        else:
            self.hub.done(origin, ident, status=0, boot_s=self.boot_s)

    def down(self, origin, ident, _request):
        self.why = "the lab was brought down"
        self.qemu.kill()
        self.qemu.wait()
        self.hub.done(origin, ident, status=0)

    def status(self, origin, ident, _request):
        self.hub.done(origin, ident, status=0, boot_s=self.boot_s,
                      age_s=time.monotonic() - self.began, qemu_pid=self.qemu.pid)


if __name__ == "__main__":
    Daemon(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])).run()
