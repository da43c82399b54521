"""/proc about the machine as a whole: processors, memory, how busy it is (proc(5)). It is a machine of its own, whose
processor is the one that QEMU shows where none is named, and which does nothing but this simulation.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from netcourse.simulation.linux import kernel
from netcourse.simulation.linux.clock import SECOND
from netcourse.simulation.linux.live_files import Link, LiveFile, Tree, text_file
from netcourse.simulation.linux.machine import Machine
from netcourse.simulation.linux.process import Process

HUNDREDTHS = 100
LOAD = "0.00 0.00 0.00"
_MEGAHERTZ = 2000.0
_CPU_FLAGS = ("fpu de pse tsc msr pae mce cx8 apic sep mtrr pge mca cmov pat pse36 clflush mmx fxsr sse sse2 syscall "
              "nx lm rep_good nopl cpuid extd_apicid tsc_known_freq pni cx16 x2apic hypervisor cmp_legacy svm "
              "3dnowprefetch vmmcall")
_IN_KIB = 1024
# how many KiB are taken for what, on a machine where little goes on
_MEMORY_TAKEN = {"Buffers": 12_044, "Cached": 181_336, "AnonPages": 93_552, "Mapped": 88_120, "Shmem": 1_064,
                 "SReclaimable": 28_412, "SUnreclaim": 22_960, "KernelStack": 2_528, "PageTables": 3_620}
_FILE_SYSTEMS = ("nodev\tsysfs", "nodev\ttmpfs", "nodev\tproc", "nodev\tcgroup2", "nodev\tdevtmpfs", "nodev\tsockfs",
                 "nodev\tpipefs", "nodev\tramfs", "nodev\tdevpts", "\text4", "nodev\toverlay", "nodev\tmqueue")
# what a container may not see is covered by an empty folder or by /dev/null (moby daemon/pkg/oci/defaults.go)
COVERED_FOLDERS, COVERED_FILES = ("acpi",), ("interrupts", "keys", "timer_list")
_NULL = LiveFile(lambda: b"", lambda _: None, permissions=0o666, device=(1, 3))


def tree(machine: Machine, processes: Callable[[], Mapping[int, Process]], *, is_covered: bool) -> Tree:
    files: dict[str, LiveFile | Link] = {
        "cpuinfo": LiveFile(lambda: _processors().encode()), "filesystems": text_file("\n".join(_FILE_SYSTEMS)),
        "loadavg": LiveFile(lambda: _load(machine, processes()).encode()),
        "meminfo": LiveFile(lambda: memory_text().encode()), "mounts": Link("self/mounts"), "self": Link("{pid}"),
        "stat": LiveFile(lambda: _statistics(machine).encode()),
        "swaps": text_file("Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority"), "thread-self": Link("{pid}/task/{pid}"),
        "uptime": LiveFile(lambda: _uptime(machine).encode()),
        "version": text_file(f"{kernel.NAME} version {kernel.RELEASE} (netcourse@simulation) {kernel.VERSION}")}
    if not is_covered:
        return files
    return {**files, **dict.fromkeys(COVERED_FOLDERS, dict), **dict.fromkeys(COVERED_FILES, _NULL)}


def _age(machine: Machine) -> int:
    """In hundredths of a second."""
    return (machine.clock.now - machine.booted) * HUNDREDTHS // SECOND


def _uptime(machine: Machine) -> str:
    """Nothing here takes a processor's time: it was idle all the while."""
    age = _age(machine)
    seconds, idle = (f"{each // HUNDREDTHS}.{each % HUNDREDTHS:02}" for each in (age, age * kernel.PROCESSORS))
    return f"{seconds} {idle}\n"


def _load(machine: Machine, seen: Mapping[int, Process]) -> str:
    """Who asks is the one process that runs."""
    return f"{LOAD} 1/{len(machine.processes)} {max(seen, default=0)}\n"


def _statistics(machine: Machine) -> str:
    """fs/proc/stat.c; interrupts aren't simulated."""
    age = _age(machine)
    processors = "".join(f"cpu{number} 0 0 0 {age} 0 0 0 0 0 0\n" for number in range(kernel.PROCESSORS))
    return (f"cpu  0 0 0 {age * kernel.PROCESSORS} 0 0 0 0 0 0\n{processors}intr 0\nctxt 0\n"
            f"btime {machine.booted // SECOND}\nprocesses {machine.started_processes}\nprocs_running 1\n"
            "procs_blocked 0\nsoftirq 0 0 0 0 0 0 0 0 0 0 0\n")


def _processors() -> str:
    return "".join(_processor(number) for number in range(kernel.PROCESSORS))


def _processor(number: int) -> str:
    """arch/x86/kernel/cpu/proc.c."""
    lines: dict[str, object] = {
        "processor": number, "vendor_id": "AuthenticAMD", "cpu family": 15, "model": 107,
        "model name": "QEMU Virtual CPU version 2.5+", "stepping": 1, "microcode": "0x1000065",
        "cpu MHz": f"{_MEGAHERTZ:.3f}", "cache size": "512 KB", "physical id": 0, "siblings": kernel.PROCESSORS,
        "core id": number, "cpu cores": kernel.PROCESSORS, "apicid": number, "initial apicid": number, "fpu": "yes",
        "fpu_exception": "yes", "cpuid level": 13, "wp": "yes", "flags": _CPU_FLAGS,
        "bugs": "fxsave_leak sysret_ss_attrs null_seg swapgs_fence amd_e400 spectre_v1 spectre_v2",
        "bogomips": f"{2 * _MEGAHERTZ:.2f}", "TLB size": "1024 4K pages", "clflush size": 64, "cache_alignment": 64,
        "address sizes": "40 bits physical, 48 bits virtual"}
    shown = (f"{name}{_tabs(name)}: {value}\n" for name, value in lines.items())
    return f"{''.join(shown)}power management:\n\n"


def _tabs(name: str) -> str:
    """Up to the second stop of a tabulator."""
    return "\t" * max(1, 2 - len(name) // 8)


def memory() -> dict[str, int]:
    """In KiB (fs/proc/meminfo.c): those that programs ask for."""
    taken, total = _MEMORY_TAKEN, kernel.MEMORY // _IN_KIB
    free = total - sum(taken[name] for name in taken if name not in ("Mapped", "Shmem"))
    available = free + taken["Buffers"] + taken["Cached"] - taken["Shmem"] + taken["SReclaimable"]
    names = {"MemTotal": total, "MemFree": free, "MemAvailable": available, "Buffers": taken["Buffers"],
             "Cached": taken["Cached"], "SwapCached": 0, "SwapTotal": 0, "SwapFree": 0, "Dirty": 0, "Writeback": 0}
    return names | {"AnonPages": taken["AnonPages"], "Mapped": taken["Mapped"], "Shmem": taken["Shmem"],
                    "KReclaimable": taken["SReclaimable"], "Slab": taken["SReclaimable"] + taken["SUnreclaim"],
                    "SReclaimable": taken["SReclaimable"], "SUnreclaim": taken["SUnreclaim"],
                    "KernelStack": taken["KernelStack"], "PageTables": taken["PageTables"]}


def memory_text() -> str:
    return "".join(f"{name + ':':<15} {kibibytes:8} kB\n" for name, kibibytes in memory().items())
