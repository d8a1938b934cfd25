# SPDX-License-Identifier: Apache-2.0
"""common.py - where things are, how samples become figures, how they are shown"""

import json
import os
import statistics

SRC = os.path.realpath(os.path.join(os.path.dirname(os.path.realpath(__file__)), "../.."))
BUILD = os.environ.get("BUILD", f"{SRC}/build")
OUT = f"{BUILD}/bench"
CL_BENCH = f"{BUILD}/userspace/bench/cl_bench"
VSOCK_BENCH = f"{BUILD}/userspace/bench/vsock_bench"
OPENCL = f"{BUILD}/cava-lite/opencl"


class Failed(Exception):
    """Says what is wrong and what to do."""


def need(*paths):
    for path in paths:
        if not os.path.exists(path):
            raise Failed(f"{path} is not there: run 'make userspace cava-lite'")


def summary(samples):
    """Median, and the quartiles that tell how far to trust it."""
    low, middle, high = (statistics.quantiles(samples, n=4, method="inclusive")
                         if len(samples) > 1 else samples * 3)
    return {"median": middle, "q1": low, "q3": high, "samples": len(samples)}


def shown(ns):
    for unit, size in (("ms", 1e6), ("us", 1e3)):
        if ns >= size:
            return f"{ns / size:.3g} {unit}" if ns < 1000 * size else f"{ns / size:.0f} {unit}"
    return f"{ns:.3g} ns"


def table(head, rows):
    rows = [head] + rows
    widths = [max(len(row[i]) for row in rows) for i in range(len(head))]
    for row in rows:
        first = row[0].ljust(widths[0])
        print("  ".join([first] + [cell.rjust(width)
                                   for cell, width in zip(row[1:], widths[1:])]).rstrip())


def verdict(verdicts, name, value, target, good, unit):
    """One line of the yardsticks: @good says whether @value reaches @target."""
    verdicts.append({"yardstick": name, "value": value, "target": target, "met": good,
                     "unit": unit})


def show_verdicts(verdicts):
    for v in verdicts:
        print(f"{'met     ' if v['met'] else 'NOT MET '} {v['yardstick']}: "
              f"{v['value']:.3g} {v['unit']} (target {v['target']})")


def cpu_name():
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        for line in file:
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return os.uname().machine


def write(name, result):
    os.makedirs(OUT, exist_ok=True)
    path = f"{OUT}/{name}.json"
    with open(path, "w", encoding="utf-8") as file:
        json.dump(result, file, indent=1)
        file.write("\n")
    return path
