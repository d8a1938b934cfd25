# SPDX-License-Identifier: Apache-2.0
"""wire.py - frames between the lab's nodes, and the hub that routes them

Every node (the machine's daemon, the host VM's agent, a guest's agent) is a Hub:
it takes requests on links, passes those with a route on to the link of that
name, and runs the others itself. A frame is a header (id, kind, length) and its
payload; ids belong to the link. All I/O blocks, one thread a link.
"""

import json
import os
import struct
import threading

HEADER = struct.Struct(">IBI")
MAX_PAYLOAD = 1 << 20

REQUEST, CANCEL, BEAT = 1, 2, 8			# towards who runs it; BEAT says nothing
OUT, ERR, DONE, FAIL, HELLO = 3, 4, 5, 6, 7	# towards who asked


class Link:
    """One byte stream to a neighbour, with the requests that it asked of us."""

    def __init__(self, name, rfd, wfd):
        self.name = name
        self.rfd, self.wfd = rfd, wfd
        self.lock = threading.Lock()
        self.asked = {}			# id -> callable that cancels it

    def send(self, ident, kind, payload=b""):
        data = memoryview(HEADER.pack(ident, kind, len(payload)) + payload)
        with self.lock:
            while data:
                data = data[os.write(self.wfd, data):]

    def send_json(self, ident, kind, obj):
        self.send(ident, kind, json.dumps(obj).encode())

    def try_send(self, ident, kind, payload=b""):
        """For answers: who asked may be gone, and that is their matter."""
        try:
            self.send(ident, kind, payload)
        except OSError:
            pass

    def _read(self, count):
        data = bytearray()
        while len(data) < count:
            part = os.read(self.rfd, count - len(data))
            if not part:
                return None
            data += part
        return bytes(data)

    def receive(self):
        """Next (id, kind, payload), or None at the end of the stream."""
        try:
            head = self._read(HEADER.size)
            if head is None:
                return None
            ident, kind, length = HEADER.unpack(head)
            if length > MAX_PAYLOAD:
                return None
            payload = self._read(length)
        except OSError:
            return None
        return None if payload is None else (ident, kind, payload)


class Pending:
    """Requests that we passed on to one link, until they are answered."""

    def __init__(self, link):
        self.link = link
        self.lock = threading.Lock()
        self.last = 0
        self.calls = {}			# our id -> (asking link, its id)

    def add(self, origin, ident):
        with self.lock:
            self.last += 1
            self.calls[self.last] = (origin, ident)
            return self.last

    def find(self, ident, final):
        with self.lock:
            return self.calls.pop(ident, None) if final else self.calls.get(ident)

    def drain(self):
        with self.lock:
            calls, self.calls = self.calls, {}
        return calls.values()


class Hub:
    def __init__(self, ops):
        self.ops = ops			# name -> function(origin, ident, request)
        self.down = {}			# name -> Pending
        self.lock = threading.Lock()

    def fail(self, origin, ident, text):
        origin.asked.pop(ident, None)
        origin.try_send(ident, FAIL, text.encode())

    def done(self, origin, ident, **result):
        origin.asked.pop(ident, None)
        origin.try_send(ident, DONE, json.dumps(result).encode())

    def attach(self, link):
        """A neighbour that may be asked; call serve_down() in a thread of its own."""
        with self.lock:
            self.down[link.name] = Pending(link)

    def serve_down(self, link, on_hello):
        pending = self.down[link.name]
        while (frame := link.receive()) is not None:
            ident, kind, payload = frame
            if kind == HELLO:
                on_hello(payload)
                continue
            call = pending.find(ident, kind in (DONE, FAIL))
            if call:
                if kind in (DONE, FAIL):
                    call[0].asked.pop(call[1], None)
                call[0].try_send(call[1], kind, payload)
        with self.lock:
            if self.down.get(link.name) is pending:
                del self.down[link.name]
        return pending

    def serve_up(self, link):
        """Takes requests until the neighbour is gone; then nobody waits for them."""
        while (frame := link.receive()) is not None:
            ident, kind, payload = frame
            if kind == REQUEST:
                self.request(link, ident, json.loads(payload))
            elif kind == CANCEL:
                cancel = link.asked.pop(ident, None)
                if cancel:
                    cancel()
        for cancel in list(link.asked.values()):
            cancel()

    def request(self, origin, ident, request):
        route = request.get("route") or []
        if route:
            self.pass_on(origin, ident, route[0], dict(request, route=route[1:]))
            return
        op = self.ops.get(request.get("op"))
        if op is None:
            self.fail(origin, ident, f"unknown request {request.get('op')!r}")
            return
        threading.Thread(target=op, args=(origin, ident, request), daemon=True).start()

    def pass_on(self, origin, ident, name, request):
        with self.lock:
            pending = self.down.get(name)
        if pending is None:
            self.fail(origin, ident, f"{name} is not running")
            return
        theirs = pending.add(origin, ident)
        origin.asked[ident] = lambda: pending.link.try_send(theirs, CANCEL)
        try:
            pending.link.send_json(theirs, REQUEST, request)
        except OSError:
            if pending.find(theirs, True):
                self.fail(origin, ident, f"{name} went away")
