# SPDX-License-Identifier: Apache-2.0
"""agent.py - the lab's hand in a VM: runs commands, and in the host VM the guests

Started by ./boot as the only long-lived process. Speaks wire.py on the
virtio-serial port ava.lab; in the host VM also on a socket for the `guest`
command, and to the agents of its guests through the sockets of their ports.
"""

import os
import socket
import sys
import threading

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
sys.dont_write_bytecode = True

from executor import execute			# noqa: E402
from wire import HELLO, Hub, Link		# noqa: E402

PORT = "ava.lab"
SOCKET = "/run/lab/agent.sock"


def open_port():
    base = "/sys/class/virtio-ports"
    for name in os.listdir(base):
        with open(f"{base}/{name}/name", encoding="ascii") as file:
            if file.read().strip() == PORT:
                return os.open(f"/dev/{name}", os.O_RDWR | os.O_CLOEXEC)
    sys.exit(f"no virtio-serial port named {PORT}")


def serve_socket(hub):
    server = socket.socket(socket.AF_UNIX)
    server.bind(SOCKET)
    server.listen(16)
    while True:
        conn, _ = server.accept()
        fd = conn.detach()
        threading.Thread(target=serve_client, args=(hub, fd), daemon=True).start()


def serve_client(hub, fd):
    hub.serve_up(Link("client", fd, fd))
    os.close(fd)


def main():
    hub = Hub({})
    hub.ops["exec"] = lambda *args: execute(hub, *args)
    if os.environ["LAB_LEVEL"] == "host":
        from guests import Guests
        Guests(hub)
        threading.Thread(target=serve_socket, args=(hub,), daemon=True).start()
    port = open_port()
    link = Link("port", port, port)
    link.send(0, HELLO)
    hub.serve_up(link)


main()
