# SPDX-License-Identifier: Apache-2.0
"""client.py - ask a hub for one thing, and pass on what it answers

Used by `lab` on the machine and by the `guest` command in the host VM.
"""

import json
import os
import socket

from wire import CANCEL, DONE, ERR, FAIL, OUT, REQUEST, Link


class Failed(Exception):
    """The request could not be carried out; not the command's own status."""


def connect(path):
    """A socket's path may be long; its name in its directory is short."""
    folder = os.open(os.path.dirname(path), os.O_PATH | os.O_DIRECTORY)
    sock = socket.socket(socket.AF_UNIX)
    try:
        sock.connect(f"/proc/self/fd/{folder}/{os.path.basename(path)}")
    finally:
        os.close(folder)
    fd = sock.detach()
    return Link("hub", fd, fd)


def _write(fd, data):
    data = memoryview(data)
    while data:
        data = data[os.write(fd, data):]


def ask(path, request, quiet=False):
    """Returns the DONE object; output goes to our stdout and stderr as it comes."""
    link = connect(path)
    try:
        link.send_json(1, REQUEST, request)
        while (frame := link.receive()) is not None:
            _, kind, payload = frame
            if kind == OUT and not quiet:
                _write(1, payload)
            elif kind == ERR:
                _write(2, payload)
            elif kind == DONE:
                return json.loads(payload)
            elif kind == FAIL:
                raise Failed(payload.decode())
        raise Failed("the lab ended")
    except KeyboardInterrupt:
        link.try_send(1, CANCEL)
        raise
    finally:
        os.close(link.rfd)


def command(args):
    """One argument is a line for the shell, several are the command as it is."""
    return ["/bin/sh", "-c", args[0]] if len(args) == 1 else list(args)
