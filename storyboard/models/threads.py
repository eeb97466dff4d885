"""Sets how many threads computing gets, and that they do not spin while they wait. Call it before torch is first
imported.

On a busy machine, spinning threads take each other's cores: a call of the denoiser took 3.7 s with two spinning
threads, and 0.15 s with threads that sleep. Imports neither torch nor models.
"""

from __future__ import annotations

import math
import os
from pathlib import Path

THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS")  # OpenMP and MKL read these once, when torch loads them
CGROUPS = Path("/sys/fs/cgroup")


def prepare_threads() -> int:
    """Sets how many threads torch uses and how they wait, unless the environment says it.

    Returns the number of usable cores.
    """
    cores = usable_cores()
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    for name in THREADS:
        os.environ.setdefault(name, os.environ.get("OMP_NUM_THREADS", str(cores)))
    return cores


def waits_by_spinning() -> bool:
    """Returns whether threads should spin while they wait, as OpenMP was told.

    For runtimes with threads of their own.
    """
    return os.environ.get("OMP_WAIT_POLICY", "").upper() == "ACTIVE"


def usable_cores(cgroups: Path = CGROUPS, process: Path = Path("/proc/self/cgroup")) -> int:
    """Returns how many cores this process may use, at least 1.

    The cores that it is bound to and the share of its container both limit the number.
    """
    bound = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, math.ceil(min(bound, _share(cgroups, process))))


def _share(cgroups: Path, process: Path) -> float:
    """Returns the number of cores that the process's control group and those around it allow; infinite without a
    quota.
    """
    try:
        lines = process.read_text().splitlines()
    except OSError:
        return math.inf
    own = next((line[3:].lstrip("/") for line in lines if line.startswith("0::")), "")
    folders = [cgroups / own, *(cgroups / own).parents]
    quotas = [_quota(one / "cpu.max") for one in folders if one.is_relative_to(cgroups)]
    old = cgroups / "cpu"
    quotas.append(_quota(old / "cpu.cfs_quota_us", old / "cpu.cfs_period_us"))
    return min(quotas)


def _quota(*files: Path) -> float:
    """Returns the number of cores of a quota and its period, in one file or in two; infinite if there is none."""
    try:
        quota, period = (int(word) for word in " ".join(file.read_text() for file in files).split())
    except (OSError, ValueError):  # also for "max", which is no number
        return math.inf
    return quota / period if quota > 0 and period > 0 else math.inf
