# SPDX-License-Identifier: Apache-2.0
"""executor.py - run one command for whoever asked, and send back all that it says

A command ends when its process ends: what it left in the background keeps
running, and does not hold up the answer.
"""

import os
import select
import signal
import subprocess

from wire import ERR, OUT

CHUNK = 65536


def _start(request):
    env = dict(os.environ)
    env.update(request.get("env") or {})
    cwd = request.get("cwd")
    if not (cwd and os.path.isdir(cwd)):
        cwd = "/"
    return subprocess.Popen(request["argv"], cwd=cwd, env=env,
                            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                            stderr=subprocess.PIPE, start_new_session=True)


def _pump(fd, kind, origin, ident):
    """One read; False at the end of the stream or when it has nothing."""
    try:
        data = os.read(fd, CHUNK)
    except BlockingIOError:
        return False
    if data:
        origin.try_send(ident, kind, data)
    return bool(data)


def _pump_until_exit(child, origin, ident):
    streams = {child.stdout.fileno(): OUT, child.stderr.fileno(): ERR}
    for fd in streams:
        os.set_blocking(fd, False)
    pidfd = os.pidfd_open(child.pid)
    poll = select.poll()
    for fd in (*streams, pidfd):
        poll.register(fd, select.POLLIN)
    ended = False
    while not ended:
        for fd, _ in poll.poll():
            if fd == pidfd:
                ended = True
            elif not _pump(fd, streams[fd], origin, ident):
                poll.unregister(fd)
    os.close(pidfd)
    for fd, kind in streams.items():
        while _pump(fd, kind, origin, ident):
            pass


def kill_session(child):
    try:
        os.killpg(child.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass


def execute(hub, origin, ident, request):
    """The "exec" operation: argv, cwd, env in; OUT, ERR and the status out."""
    try:
        child = _start(request)
    except OSError as err:
        origin.try_send(ident, ERR, f"{request['argv'][0]}: {err.strerror}\n".encode())
        hub.done(origin, ident, status=127)
        return
    origin.asked[ident] = lambda: kill_session(child)
    _pump_until_exit(child, origin, ident)
    status = child.wait()
    child.stdout.close()
    child.stderr.close()
    hub.done(origin, ident, status=128 - status if status < 0 else status)
