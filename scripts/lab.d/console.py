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
    r"|soft lockup|hard LOCKUP|Bad page|invalid opcode")
TRACE = re.compile(r"Call Trace:")	# of something that SPLAT does not know
REPORT_LINES = 60
TAIL_LINES = 10


def _baseline(path):
    with open(path, encoding="utf-8") as file:
        lines = (line.split("#")[0].strip() for line in file)
        return [re.compile(line) for line in lines if line]


def _report(lines):
    """The lines of the complaint that starts at the first one."""
    for count, line in enumerate(lines[:REPORT_LINES]):
        if count and SPLAT.search(line):
            return lines[:count]
        if "end trace" in line:
            return lines[:count + 1]
    return lines[:REPORT_LINES]


class Judge:
    def __init__(self, lab_d):
        self.known = _baseline(os.path.join(lab_d, "baseline-splats"))

    def _counts(self, report):
        return any("ava_" in line for line in report) or \
            not any(known.search(report[0]) for known in self.known)

    def reports(self, text):
        """The complaints in @text that count, each a list of lines."""
        lines = text.splitlines()
        at = 0
        while at < len(lines):
            if not SPLAT.search(lines[at]) and not TRACE.search(lines[at]):
                at += 1
                continue
            report = _report(lines[at:])
            if self._counts(report):
                yield report
            at += len(report)


def read_console(path):
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read()
    except FileNotFoundError:
        return ""


def tail(path, lines=TAIL_LINES):
    return read_console(path).splitlines()[-lines:]
