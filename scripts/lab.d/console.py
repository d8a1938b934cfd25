# SPDX-License-Identifier: Apache-2.0
"""console.py - judge what a kernel said on its console

Kernel complaints are matched by the first line of their report. Lines listed in
baseline-splats are known from kernels without our code and are passed over, but
never where a report names ava_.
"""

import os
import re

SPLAT = re.compile(
    r"Kernel panic|Oops\b|\bBUG: |BUG at |WARNING: |\bKASAN\b|UBSAN: |general protection fault"
    r"|INFO: task .* blocked|possible recursive locking|circular locking"
    r"|inconsistent lock state|suspicious RCU usage|bad unlock balance"
    r"|refcount_t: |list_(add|del) corruption|detected stalls|Unable to handle"
    r"|soft lockup|hard LOCKUP|unregister_netdevice|Bad page|invalid opcode|Call Trace")
REPORT_LINES = 60
TAIL_LINES = 40


def _baseline(path):
    with open(path, encoding="utf-8") as file:
        lines = (line.split("#")[0].strip() for line in file)
        return [re.compile(line) for line in lines if line]


def _report(lines):
    for count, line in enumerate(lines, 1):
        if "end trace" in line:
            return lines[:count]
    return lines


class Judge:
    def __init__(self, lab_d):
        self.known = _baseline(os.path.join(lab_d, "baseline-splats"))

    def splats(self, text):
        """First lines of the complaints in @text that count."""
        lines = text.splitlines()
        found = []
        at = 0
        while at < len(lines):
            if not SPLAT.search(lines[at]):
                at += 1
                continue
            report = _report(lines[at:at + REPORT_LINES])
            if any("ava_" in line for line in report) or \
               not any(known.search(lines[at]) for known in self.known):
                found.append(lines[at].strip())
            at += len(report)
        return found


def read_console(path):
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read()
    except FileNotFoundError:
        return ""


def tail(path, lines=TAIL_LINES):
    return read_console(path).splitlines()[-lines:]
