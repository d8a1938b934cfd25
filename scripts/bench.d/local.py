# SPDX-License-Identifier: Apache-2.0
"""local.py - OpenCL natively and through LOCAL on this machine, in turns"""

import os
import shutil
import subprocess
import tempfile

import common
from common import Failed, shown, summary, verdict

METHOD = """\
Two processes of one program, one native and one through AvA, live through the whole
session and take turns: each round does every measurement in both, which of them first
changes from round to round, and while one works the other sleeps. A sample is the time
of a batch by CLOCK_MONOTONIC, divided by the batch; the figure is the median over the
rounds, after one that does not count. A transfer is compared with memcpy of as many
bytes, between memory that was touched before, in the process that does the transfer and
in the same round; its figure is the median of these ratios."""

# Name, how many in a batch, what it is.
MEASURED = [
    ("sync", 2000, "a query that must be asked"),
    ("cached-query", 50000, "a query whose answer never changes"),
    ("retain-release", 50000, "one of either"),
    ("set-arg", 50000, "clSetKernelArg"),
    ("marker", 2000, "a marker without event, in bursts of 100"),
    ("launch", 2000, "a kernel without event, in bursts of 100"),
    ("launch-done", 2000, "2000 kernels without event and clFinish"),
    ("launch-finish", 500, "a kernel and clFinish"),
    ("finish", 2000, "clFinish of an idle queue"),
] + [
    (f"{kind}-{size}", batch, f"{text} {size}iB")
    for size, batch in (("4K", 500), ("1M", 40), ("64M", 3))
    for kind, text in (("memcpy", "memcpy"), ("write", "blocking write of"),
                       ("read", "blocking read of"),
                       ("write-finish", "write and clFinish,"),
                       ("read-finish", "read and clFinish,"))
] + [("build", 1, "clBuildProgram of what no cache knows")]

# These must not cross at all: function, and how the trace calls it.
NO_TRIP = {"cached-query": "clGetMemObjectInfo", "retain-release": "clRetainMemObject",
           "set-arg": "clSetKernelArg"}


class Child:
    """A cl_bench that waits for requests."""

    def __init__(self, env):
        self.process = subprocess.Popen([common.CL_BENCH], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True, env=env)

    def ask(self, name, count):
        try:
            self.process.stdin.write(f"{name} {count}\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            pass
        line = self.process.stdout.readline()
        if not line:
            raise Failed(f"cl_bench ended in '{name} {count}'")
        return [float(word) for word in line.split()]

    def end(self):
        self.process.stdin.close()
        return self.process.wait(60)


class Server:
    """The API server, for as long as the session."""

    def __init__(self, folder):
        self.env = dict(os.environ, OCL_ICD_VENDORS=f"{folder}/vendors",
                        AVA_CHANNEL=f"LOCAL:{folder}/sock")
        os.mkdir(f"{folder}/vendors")
        with open(f"{folder}/vendors/ava.icd", "w", encoding="utf-8") as file:
            file.write(f"{common.OPENCL}/libava-opencl.so\n")
        self.process = subprocess.Popen(
            [f"{common.OPENCL}/ava-server-opencl", f"--listen={folder}/sock", "--no-sandbox"],
            stdout=subprocess.PIPE, env=native_env())
        if not self.process.stdout.readline():
            raise Failed("the API server did not start")

    def end(self):
        self.process.terminate()
        self.process.wait(10)


def native_env():
    return {name: value for name, value in os.environ.items()
            if name not in ("AVA_CHANNEL", "OCL_ICD_VENDORS", "AVA_TRACE")}


def one_round(children, measured, samples, number):
    for name, count, _ in measured:
        order = ("native", "ava") if number % 2 else ("ava", "native")
        for side in order:
            ns, sleeps = children[side].ask(name, count)
            if number:
                samples[name][side].append((ns, sleeps))


def measure(server, measured, rounds):
    samples = {name: {"native": [], "ava": []} for name, _, _ in measured}
    children = {"native": Child(native_env()), "ava": Child(server.env)}
    for number in range(rounds + 1):
        one_round(children, measured, samples, number)
    for side, child in children.items():
        if child.end():
            raise Failed(f"cl_bench ({side}) ended with an error")
    return samples


def figures(samples):
    result = {}
    for name, sides in samples.items():
        result[name] = {side: dict(summary([ns for ns, _ in got]),
                                   sleeps=summary([s for _, s in got])["median"])
                        for side, got in sides.items()}
        result[name]["ratio"] = result[name]["ava"]["median"] / result[name]["native"]["median"]
        kind, _, size = name.rpartition("-")
        if size in ("4K", "1M", "64M") and kind != "memcpy":
            for side, got in sides.items():
                # Of the same round: what else the machine does changes a memcpy too.
                result[name][side]["of_memcpy"] = summary(
                    [memcpy / ns for (memcpy, _), (ns, _)
                     in zip(samples[f"memcpy-{size}"][side], got)])["median"]
    return result


def round_trips(server, name, folder):
    """Of calls to the function of @name: the part that waited for an answer."""
    trace = f"{folder}/trace-{name}"
    subprocess.run([common.CL_BENCH, name, "1000"], check=True, stdout=subprocess.DEVNULL,
                   env=dict(server.env, AVA_TRACE=trace))
    with open(trace, encoding="utf-8") as file:
        lines = [line for line in file if line.split()[-1] == NO_TRIP[name]]
    if len(lines) < 1000:
        raise Failed(f"the trace shows {len(lines)} calls of {NO_TRIP[name]}")
    # The first of each argument or object may have to ask.
    crossed = [line for line in lines[10:] if " sync " in line]
    return len(crossed) / (len(lines) - 10)


def yardsticks(result, trips):
    verdicts = []

    def us(name):
        return result[name]["ava"]["median"] / 1000

    if "sync" in result:
        verdict(verdicts, "T1: a sync call", us("sync"), "at most 5 us", us("sync") <= 5, "us")
    for name in ("marker", "launch"):
        if name in result:
            verdict(verdicts, f"T2: an async call ({name})", us(name), "at most 1 us",
                    us(name) <= 1, "us")
    for name, part in trips.items():
        verdict(verdicts, f"T2: round trips of {name}", part, "0", part == 0, "a call")
    for name, value in result.items():
        if name.endswith("-64M") and "of_memcpy" in value["ava"]:
            part = value["ava"]["of_memcpy"]
            verdict(verdicts, f"T3: {name} against one memcpy", part, "at least 0.8",
                    part >= 0.8, "of memcpy's rate")
    return verdicts


PLOT = """\
set terminal pngcairo size 1100,1400 font "sans,11"
set output "{png}"
set title "OpenCL calls: native and through AvA (LOCAL), {machine}"
set style fill solid 0.8 noborder
set logscale x
set format x "%.0s %cs"
set xlabel "median time of one (log scale)"
set yrange [{count}:-1]
set xrange [1e-9:*]
set ytics nomirror out
set grid xtics
set key bottom right
set lmargin 18
plot "{data}" using 2:0:(1e-10):2:($0-0.36):($0-0.02):ytic(1) \\
	with boxxyerror lc rgb "#4477aa" title "native", \\
     "" using 3:0:(1e-10):3:($0+0.02):($0+0.36) \\
	with boxxyerror lc rgb "#ee6677" title "AvA"
"""


def plot(result, machine, folder):
    if not shutil.which("gnuplot"):
        print("no plot: gnuplot is not installed (scripts/setup does it)")
        return None
    data, png = f"{folder}/plot.dat", f"{common.OUT}/local.png"
    with open(data, "w", encoding="utf-8") as file:
        for name, value in result.items():
            file.write(f"{name} {value['native']['median'] / 1e9:e} "
                       f"{value['ava']['median'] / 1e9:e}\n")
    script = PLOT.format(png=png, data=data, machine=machine.replace('"', ""),
                         count=len(result))
    subprocess.run(["gnuplot"], input=script, text=True, check=True)
    return png


def show(result, measured):
    rows = []
    for name, _, text in measured:
        value = result[name]
        part = value["ava"].get("of_memcpy")
        rows.append([name, shown(value["native"]["median"]), shown(value["ava"]["median"]),
                     f"{value['ratio']:.2f}", f"{part:.2f}" if part else "",
                     f"{value['ava']['sleeps']:.2f}", text])
    common.table(["", "native", "AvA", "ratio", "of memcpy", "sleeps", ""], rows)


def run(args):
    common.need(common.CL_BENCH, f"{common.OPENCL}/ava-server-opencl")
    os.makedirs(common.OUT, exist_ok=True)
    measured = [m for m in MEASURED
                if not args.only or m[0] in args.only or m[0].startswith("memcpy")]
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o711)
        server = Server(folder)
        try:
            result = figures(measure(server, measured, args.rounds))
            trips = {name: round_trips(server, name, folder)
                     for name in NO_TRIP if name in result}
        finally:
            server.end()
        machine = f"{common.cpu_name()}, {os.cpu_count()} CPUs"
        png = plot(result, machine, folder)
    verdicts = yardsticks(result, trips)
    path = common.write("local", {
        "machine": machine, "kernel": os.uname().release, "load": os.getloadavg()[0],
        "rounds": args.rounds, "method": METHOD, "unit": "ns",
        "batches": {name: count for name, count, _ in measured},
        "results": result, "yardsticks": verdicts})
    print(METHOD)
    print(f"\n{machine}; {args.rounds} rounds\n")
    show(result, measured)
    print()
    common.show_verdicts(verdicts)
    print(f"\n{path}" + (f"\n{png}" if png else ""))
    return 0
