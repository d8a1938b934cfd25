# SPDX-License-Identifier: Apache-2.0
"""lab.py - AvA beside AF_VSOCK in a guest of the lab: ratios and counts

Under emulation times mean nothing by themselves, so what is told are ratios within
one guest and session, and counts: what the kernels' own tracepoints and interrupt
counters saw, by call.
"""

import json
import shlex
import signal
import subprocess

import common
from common import Failed, summary, verdict

METHOD = """\
One guest of the lab, one session. Each round runs, in the guest and one after the other,
AF_VSOCK (8 bytes there and back; 1 MiB messages one way) and the same calls of
OpenCL through /dev/ava, all in one process; a figure is the median over the rounds (of
what takes long, the first three), and what counts is its ratio to the other: to a
ping-pong, and for transfers to as many bytes as messages. Counts are differences around
one run, divided by its calls, less those of a run with one call: kicks, exits,
interrupts and wake-ups from tracepoints of the host VM's kernel, the guest's interrupts
from its /proc/interrupts, and sleeps from the program's own count of voluntary context
switches. Bytes are those that the host's module copied between guest and server as
bulk, seen by a probe of its ava_bulk_copy()."""

PORT = 5123
PING = 300
BULK_MIB = 16

# Name in cl_bench, calls a round.
CALLS = [("sync", 300), ("set-arg", 2000), ("launch", 1000), ("marker", 1000),
         ("finish", 300), ("launch-finish", 50), ("write-4K", 50), ("read-4K", 50),
         ("write-1M", 8), ("read-1M", 8)]
# Commands of "launch" and "marker" between two clFinish, which are no asynchronous calls.
BURST = 100
# These take seconds each under emulation.
SLOW = [("write-64M", 1), ("read-64M", 1), ("build", 1)]
SLOW_ROUNDS = 3

# MiB of a transfer: a vsock message has one.
MIB = {"write-4K": 1 / 256, "read-4K": 1 / 256, "write-1M": 1, "read-1M": 1,
       "write-64M": 64, "read-64M": 64}

# What is counted in the host VM: name, tracepoint.
EVENTS = [("kicks", "kvm/kvm_fast_mmio"), ("slow kicks", "kvm/kvm_mmio"),
          ("exits", "kvm/kvm_exit"), ("interrupts", "kvm/kvm_msi_set_irq"),
          ("wake-ups", "sched/sched_wakeup")]

TRACING = "/sys/kernel/tracing"
# The second argument is a struct ava_stream_copy of <linux/ava_server.h>: its len.
PROBE = "p:bench_copy ava_bulk_copy len=+24($arg2):u64"
COPY = f"{TRACING}/events/kprobes/bench_copy"


def lab(*args):
    done = subprocess.run([f"{common.SRC}/scripts/lab", *args], capture_output=True, text=True,
                          check=False)
    if done.returncode:
        raise Failed(f"lab {shlex.join(args)}: status {done.returncode}: "
                     f"{(done.stderr or done.stdout).strip()[-400:]}")
    return done.stdout


def host(line):
    return lab("host", line)


def guest(line):
    return lab("guest", line)


def pairs(text, count):
    """The last @count lines: ns and sleeps of each."""
    lines = text.strip().splitlines()[-count:]
    found = [[float(word) for word in line.split()] for line in lines]
    if len(found) != count or any(len(pair) != 2 for pair in found):
        raise Failed(f"expected {count} pairs of numbers, got: {text.strip()[-400:]}")
    return found


def vsock(order, count):
    """One client and its server, which ends with it."""
    with subprocess.Popen([f"{common.SRC}/scripts/lab", "host",
                           f"{common.VSOCK_BENCH} serve {PORT}"],
                          stdout=subprocess.PIPE, text=True) as server:
        try:
            if server.stdout.readline().strip() != "ready":
                raise Failed("vsock_bench does not serve in the host VM: is vhost_vsock "
                             "loaded? A lab that runs must be one of 'lab up --vsock'")
            pair = pairs(guest(f"{common.VSOCK_BENCH} {order} {PORT} {count}"), 1)[0]
            if server.wait(60):
                raise Failed("vsock_bench in the host VM failed")
        except BaseException:
            # cancels the command: nobody will connect to it any more
            server.send_signal(signal.SIGINT)
            raise
    return pair


def calls(wanted):
    """One process does all of @wanted; a pair for each."""
    lines = "".join(f"{name} {count}\\n" for name, count in wanted)
    return pairs(guest(f"printf '{lines}' | {common.CL_BENCH}"), len(wanted))


class Counters:
    """An instance of the tracer for each event: its buffers' statistics are the count."""

    def __init__(self):
        lines = [f"{{ mountpoint -q {TRACING} || mount -t tracefs none {TRACING}; }}"]
        for index, (_, event) in enumerate(EVENTS):
            instance = f"{TRACING}/instances/bench{index}"
            lines += [f"mkdir -p {instance}", f"echo 64 >{instance}/buffer_size_kb",
                      f"echo 1 >{instance}/events/{event}/enable"]
        lines += [f"echo {shlex.quote(PROBE)} >>{TRACING}/kprobe_events",
                  f"echo hist:keys=common_pid:vals=len >{COPY}/trigger"]
        host(" && ".join(lines))

    def read(self):
        """What was recorded and what was overwritten, of each event."""
        text = host(f"for i in {TRACING}/instances/bench*; do "
                    "cat $i/per_cpu/cpu*/stats | "
                    "awk '/^(entries|overrun):/ { n += $2 } END { print n + 0 }'; done")
        counts = [int(line) for line in text.split()]
        result = {name: count for (name, _), count in zip(EVENTS, counts)}
        result["kicks"] += result.pop("slow kicks")
        # %d of an awk may end at 2 GiB
        result["bytes"] = int(host("awk '/len:/ { n += $NF } END { printf \"%.0f\", n }' "
                                   f"{COPY}/hist"))
        text = guest("awk '/virtio/ { n += $2 } END { print n + 0 }' /proc/interrupts")
        result["guest's interrupts"] = int(text)
        return result

    def end(self):
        host(f"echo '!hist:keys=common_pid:vals=len' >{COPY}/trigger; "
             f"echo '-:bench_copy' >>{TRACING}/kprobe_events; "
             f"for i in {TRACING}/instances/bench*; do rmdir $i; done")


def counted(counters, run, count):
    """Counts for each of @count, the cost of starting and ending taken off."""
    seen = []
    for n in (1, count + 1):
        before = counters.read()
        run(n)
        after = counters.read()
        seen.append({name: after[name] - before[name] for name in after})
    return {name: (seen[1][name] - seen[0][name]) / count for name in seen[0]}


def one_round(samples, slow):
    for name, order, count in (("vsock-ping", "ping", PING), ("vsock-bulk", "bulk", BULK_MIB)):
        samples.setdefault(name, []).append(vsock(order, count))
    wanted = CALLS + (SLOW if slow else [])
    for (name, _), pair in zip(wanted, calls(wanted)):
        samples.setdefault(name, []).append(pair)


def counts_of_all(counters):
    result = {"vsock-ping": counted(counters, lambda n: vsock("ping", n), PING),
              "vsock-bulk": counted(counters, lambda n: vsock("bulk", n), BULK_MIB)}
    for name, count in CALLS + SLOW:
        result[name] = counted(counters, lambda n, name=name: calls([(name, n)]), count)
    return result


def measure(rounds):
    """Samples and counts; the first round is not counted."""
    samples = {}
    for number in range(rounds + 1):
        fresh = {}
        one_round(fresh, number <= SLOW_ROUNDS)
        for name, found in fresh.items() if number else ():
            samples.setdefault(name, []).extend(found)
    counters = Counters()
    try:
        return samples, counts_of_all(counters)
    finally:
        counters.end()


def yardsticks(results):
    verdicts = []
    ping = results["vsock-ping"]["median"]
    bulk = results["vsock-bulk"]["median"]
    ratio = results["sync"]["median"] / ping
    verdict(verdicts, "T1: a sync call against a ping-pong", ratio,
            "at most 0.8 sleeping, 0.33 polling", ratio <= 0.8, "of it")
    for name in ("launch", "marker"):
        kicks = results[name]["counts"]["kicks"] - results["finish"]["counts"]["kicks"] / BURST
        verdict(verdicts, f"T2: kicks of an async call ({name})", kicks, "under 0.05",
                kicks < 0.05, "a call")
    for name in ("write-1M", "read-1M", "write-64M", "read-64M"):
        ratio = results[name]["median"] / MIB[name] / bulk
        verdict(verdicts, f"{name} against as many bytes of vsock", ratio, "at most 1",
                ratio <= 1, "of it")
    return verdicts


def show(results):
    ping = results["vsock-ping"]["median"]
    bulk = results["vsock-bulk"]["median"]
    names = list(next(iter(results.values()))["counts"])
    rows = [[name, f"{value['median'] / ping:.2f}",
             f"{value['median'] / MIB[name] / bulk:.2f}" if name in MIB else "",
             f"{value['sleeps']:.2f}"] +
            [f"{value['counts'][kind]:.2f}" for kind in names]
            for name, value in results.items()]
    common.table(["for each", "of a ping-pong", "of vsock's bulk", "sleeps"] + names, rows)


def run(args):
    common.need(common.CL_BENCH, common.VSOCK_BENCH)
    mine = subprocess.run([f"{common.SRC}/scripts/lab", "status"], stdout=subprocess.DEVNULL,
                          stderr=subprocess.DEVNULL, check=False).returncode != 0
    if mine:
        lab("up", "--vsock")
    try:
        guest("modprobe vmw_vsock_virtio_transport")
        # what cannot be counted should not be found out at the end
        Counters().end()
        samples, counts = measure(args.rounds)
        mode = json.dumps(lab("status").splitlines()[0])
    finally:
        if mine:
            lab("down")
    results = {name: dict(summary([ns for ns, _ in found]),
                          sleeps=summary([s for _, s in found])["median"],
                          counts=counts[name]) for name, found in samples.items()}
    verdicts = yardsticks(results)
    path = common.write("lab", {"lab": mode, "rounds": args.rounds, "method": METHOD,
                                "unit": "ns, which mean nothing but beside each other",
                                "results": results, "yardsticks": verdicts})
    print(METHOD, "\n")
    show(results)
    print()
    common.show_verdicts(verdicts)
    print(f"\n{path}")
    return 0
