# SPDX-License-Identifier: Apache-2.0
"""config.py - what a lab is made of: kernel, QEMUs, acceleration, memory

Everything is looked up and checked here, before anything starts. A Missing
says in one sentence what to do.
"""

import lzma
import os
import shutil
import subprocess
import tempfile

LAB_D = os.path.dirname(os.path.abspath(__file__))
SRC = os.path.dirname(os.path.dirname(LAB_D))
BUILD = os.path.abspath(os.environ.get("BUILD") or f"{SRC}/build")
CACHE = os.path.abspath(os.environ.get("AVA_CACHE") or os.path.expanduser("~/.cache/ava"))
STATE = os.path.abspath(os.environ.get("AVA_LAB_DIR") or f"{BUILD}/lab")

POCL_CACHE = f"{CACHE}/pocl"		# kernels that PoCL compiled, kept from lab to lab



def _mib(name, default):
    """MiB that the environment sets; 0 if it says something else, see check_settings()."""
    text = os.environ.get(name) or str(default)
    return int(text) if text.isascii() and text.isdecimal() else 0


HOST_MEM = _mib("AVA_LAB_MEM", 4096)
GUEST_MEM = _mib("AVA_LAB_GUEST_MEM", 1024)
SPARE_MEM = 512
PROBE_S = 15

# Emulation is slow, not stuck: the kernel's own watchdogs get its time scale.
APPEND = ("console=ttyS0 loglevel=5 panic=-1 oops=panic mitigations=off nokaslr "
          "random.trust_cpu=on rcupdate.rcu_cpu_stall_timeout=300 watchdog_thresh=60 "
          "sysctl.kernel.hung_task_timeout_secs=480")


class Missing(Exception):
    """Something that the lab needs is not there; says what to do."""


def host_qemu():
    path = shutil.which("qemu-system-x86_64")
    if not path:
        raise Missing("qemu-system-x86_64 is missing: run 'apt-get install qemu-system-x86'")
    return path


def _script(name, *args):
    """What one of our set-up scripts prints as its last line."""
    path = f"{SRC}/scripts/{name}"
    done = subprocess.run([path, *args], stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, check=False, text=True)
    lines = done.stdout.split("\n")[:-1] if done.stdout else []
    if done.returncode or not lines:
        raise Missing(f"scripts/{name} failed: see what it said above")
    return lines[-1].strip()


def kernel_image():
    """The unpacked kernel package: (its directory, version, vmlinuz)."""
    image = _script("kernel-image")
    try:
        versions = os.listdir(f"{image}/lib/modules")
    except FileNotFoundError:
        versions = []
    if len(versions) != 1:
        raise Missing(f"{image} is not an unpacked kernel package: run scripts/kernel-image")
    return image, versions[0], unpacked_kernel(f"{image}/vmlinuz", os.path.basename(image))


def unpacked_kernel(vmlinuz, label):
    """The ELF inside vmlinuz, which QEMU starts by its PVH entry.

    A kernel that unpacks itself spends more time on that under emulation than on
    the rest of its boot. Other packings than the distribution's stay as they are.
    """
    out = f"{CACHE}/lab-{label}/vmlinux"
    if os.path.exists(out):
        return out
    with open(vmlinuz, "rb") as file:
        data = file.read()
    start = data.find(b"\xfd7zXZ\0")
    try:
        elf = lzma.LZMADecompressor().decompress(data[start:]) if start > 0 else b""
    except lzma.LZMAError:
        elf = b""
    if not elf.startswith(b"\x7fELF"):
        return vmlinuz
    os.makedirs(os.path.dirname(out), exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=os.path.dirname(out), delete=False) as file:
        file.write(elf)
    os.chmod(file.name, 0o644)
    os.rename(file.name, out)
    return out


def guest_qemu(ava):
    """QEMU for the guests and its further arguments."""
    if not ava:
        return host_qemu(), ""
    path = _script("build-qemu", "--print")
    if not os.access(path, os.X_OK):
        raise Missing("QEMU with vhost-ava-pci is not built: run scripts/build-qemu")
    return path, ""


def check_settings():
    for name, value in (("AVA_LAB_MEM", HOST_MEM), ("AVA_LAB_GUEST_MEM", GUEST_MEM)):
        if not value:
            raise Missing(f"{name} is '{os.environ[name]}': set it to a number of MiB, or not")
    accel = os.environ.get("AVA_LAB_ACCEL")
    if accel not in (None, "", "kvm", "tcg"):
        raise Missing(f"AVA_LAB_ACCEL is '{accel}': set it to kvm or tcg, or not")
    if accel == "kvm" and not os.access("/dev/kvm", os.R_OK | os.W_OK):
        raise Missing("AVA_LAB_ACCEL is kvm and /dev/kvm is not there or may not be opened: "
                      "unset it, and the lab uses emulation")


def check_memory(guests):
    need = HOST_MEM + SPARE_MEM
    with open("/proc/meminfo", encoding="ascii") as file:
        fields = dict(line.split(":") for line in file)
    have = int(fields["MemAvailable"].split()[0]) // 1024
    if have < need:
        raise Missing(f"the lab needs {need} MiB of free memory and this machine has {have}: "
                      "free some, or set AVA_LAB_MEM to fewer MiB for the host VM")
    if guests * GUEST_MEM > HOST_MEM - 1024:
        raise Missing(f"{guests} guests of {GUEST_MEM} MiB do not fit a host VM of {HOST_MEM} MiB: "
                      "set AVA_LAB_MEM to more, or ask for fewer guests")


def check_programs():
    for program, package in (("busybox", "busybox-static"), ("cpio", "cpio"),
                             ("modprobe", "kmod")):
        if not shutil.which(program, path=os.environ["PATH"] + ":/usr/sbin:/sbin"):
            raise Missing(f"{program} is missing: run 'apt-get install {package}'")


def find_module(name):
    for folder, _, files in sorted(os.walk(f"{BUILD}/modules")):
        if name in files:
            return f"{folder}/{name}"
    raise Missing(f"{name} is not built: run scripts/build-modules")


def _probe(qemu, kernel, initramfs):
    """Boot a kernel under hardware KVM; it says if it could run guests itself."""
    with tempfile.TemporaryDirectory() as folder:
        console = f"{folder}/console"
        try:
            subprocess.run([qemu, "-accel", "kvm", "-cpu", "host", "-smp", "1", "-m", "512",
                            "-nodefaults", "-display", "none", "-no-reboot",
                            "-serial", f"file:{console}", "-kernel", kernel,
                            "-initrd", initramfs,
                            "-append", f"{APPEND} ava.level=probe"],
                           stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                           stderr=subprocess.DEVNULL, timeout=PROBE_S, check=False)
        except subprocess.TimeoutExpired:
            return f"/dev/kvm boots no stock kernel within {PROBE_S} s"
        with open(console, encoding="utf-8", errors="replace") as file:
            text = file.read()
    for flag in ("svm", "vmx"):
        if f"probe {flag}" in text:
            return "kvm"
    if "probe none" in text:
        return "/dev/kvm works, but its guests could run none of their own"
    return "/dev/kvm boots no stock kernel"


def acceleration(qemu, kernel, version, initramfs):
    """("kvm" or "tcg", why); the probe's answer is kept until the machine restarts."""
    forced = os.environ.get("AVA_LAB_ACCEL")
    if forced in ("kvm", "tcg"):
        return forced, "AVA_LAB_ACCEL says so"
    if not os.access("/dev/kvm", os.R_OK | os.W_OK):
        return "tcg", "/dev/kvm is not there or may not be opened"
    with open("/proc/sys/kernel/random/boot_id", encoding="ascii") as file:
        note = f"{CACHE}/lab-probe/{version}-{file.read().strip()}"
    if not os.path.exists(note):
        os.makedirs(os.path.dirname(note), exist_ok=True)
        answer = _probe(qemu, kernel, initramfs)
        with open(note, "w", encoding="ascii") as file:
            file.write(answer)
    with open(note, encoding="ascii") as file:
        answer = file.read()
    return ("kvm", "it booted a kernel") if answer == "kvm" else ("tcg", answer)


def host_argv(qemu, accel, kernel):
    """The host VM's QEMU; its working directory is the state directory."""
    cpu = "host" if accel == "kvm" else "max"
    return [
        qemu, "-name", "ava-lab", "-nodefaults", "-no-user-config",
        "-display", "none", "-no-reboot",
        "-accel", accel, "-cpu", cpu, "-smp", "1", "-m", str(HOST_MEM),
        "-chardev", "file,id=console,path=host.console", "-serial", "chardev:console",
        "-kernel", kernel, "-initrd", "initramfs",
        "-append", f"{APPEND} ava.level=host",
        "-fsdev", "local,id=root,path=/,security_model=none,readonly=on,multidevs=remap",
        "-device", "virtio-9p-pci,fsdev=root,mount_tag=root",
        "-fsdev", "local,id=state,path=.,security_model=none",
        "-device", "virtio-9p-pci,fsdev=state,mount_tag=state",
        "-fsdev", f"local,id=pocl,path={POCL_CACHE},security_model=mapped-file",
        "-device", "virtio-9p-pci,fsdev=pocl,mount_tag=pocl",
        "-device", "virtio-serial-pci,event_idx=off",	# each beat must interrupt
        "-chardev", "socket,id=agent,path=agent.sock",
        "-device", "virtserialport,chardev=agent,name=ava.lab",
    ]
