"""What this installation consists of: versions, numeric precision, devices, threads and memory."""

import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

LOCK_FILE = Path(__file__).resolve().parent.parent / "constraints.txt"
BRIDGE_TOLERANCE = 1e-5


@dataclass(frozen=True, kw_only=True)
class PackageStatus:
    """One dependency: what is installed, what is required, and what the tests ran with (None: not known)."""

    name: str
    installed: str | None
    required: str
    locked: str | None
    optional: bool

    @property
    def broken(self) -> bool:
        """Whether a needed package is missing or outside the required range."""
        if self.installed is None:
            return not self.optional
        return not Requirement(f"{self.name}{self.required}").specifier.contains(self.installed, prereleases=True)

    @property
    def status(self) -> str:
        """``ok``, ``missing``, ``not installed`` (optional), ``unsuitable`` or ``untested``."""
        if self.installed is None:
            return "not installed" if self.optional else "missing"
        if self.broken:
            return "unsuitable"
        return "ok" if self.locked in (None, self.installed) else "untested"

    def to_json(self) -> dict[str, Any]:
        return asdict(self) | {"status": self.status}


def installed_version(name: str) -> str | None:
    """Version of the installed distribution `name`, or None."""
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def locked_versions(text: str) -> dict[str, str]:
    """Canonical name -> version for the ``name==version`` lines of a constraints file."""
    pairs = (line.partition("==") for line in text.splitlines() if "==" in line and not line.startswith("#"))
    return {canonicalize_name(name): version.strip() for name, _, version in pairs}


def read_lock() -> dict[str, str]:
    """The locked versions, when this is a checkout; nothing when only the wheel is installed."""
    return locked_versions(LOCK_FILE.read_text()) if LOCK_FILE.is_file() else {}


def package_statuses(requirements: list[str], locked: Mapping[str, str]) -> list[PackageStatus]:
    """The status of every requirement; those of an extra count as optional."""
    parsed = [Requirement(text) for text in requirements]
    return [
        PackageStatus(
            name=requirement.name,
            installed=installed_version(requirement.name),
            required=str(requirement.specifier),
            locked=locked.get(canonicalize_name(requirement.name)),
            optional=requirement.marker is not None and "extra" in str(requirement.marker),
        )
        for requirement in parsed
    ]


def own_requirements() -> list[str]:
    """The requirements that the installed robustntk declares."""
    return metadata.requires("robustntk") or []


@dataclass(frozen=True, kw_only=True)
class JaxStatus:
    """Whether JAX runs, where, and whether float64 is exact inside its scope and off outside it."""

    backend: str | None
    devices: tuple[str, ...]
    float64: bool
    float64_is_global: bool
    reason: str = ""

    @property
    def broken(self) -> bool:
        return self.backend is None or not self.float64


def inspect_jax() -> JaxStatus:
    """Run a few operations on JAX; a failure is reported, not raised."""
    try:
        import jax
        import jax.numpy as jnp

        with jax.enable_x64(True):
            third = jnp.asarray(1.0) / 3
            exact = str(third.dtype) == "float64" and float(third) == 1.0 / 3
        return JaxStatus(
            backend=jax.default_backend(),
            devices=tuple(str(device) for device in jax.devices()),
            float64=exact,
            float64_is_global=str(jnp.asarray(1.0).dtype) == "float64",
        )
    except Exception as error:  # whatever is wrong with the installation is what we report
        reason = f"{type(error).__name__}: {error}"
        return JaxStatus(backend=None, devices=(), float64=False, float64_is_global=False, reason=reason)


@dataclass(frozen=True, kw_only=True)
class MachineStatus:
    """Cores that this process may use, threads of the linear algebra libraries, and memory in bytes."""

    cores: int
    blas_threads: dict[str, int]
    memory_total: int
    memory_available: int


def inspect_machine() -> MachineStatus:
    """Ask the operating system and the loaded BLAS libraries."""
    import numpy  # noqa: F401  (its BLAS must be loaded to be seen)
    import psutil
    from threadpoolctl import threadpool_info

    affinity = getattr(os, "sched_getaffinity", None)
    memory = psutil.virtual_memory()
    return MachineStatus(
        cores=len(affinity(0)) if affinity else psutil.cpu_count() or 1,
        blas_threads={f"{pool['internal_api']} {pool['version']}": pool["num_threads"] for pool in threadpool_info()},
        memory_total=memory.total,
        memory_available=memory.available,
    )


@dataclass(frozen=True, kw_only=True)
class BridgeStatus:
    """Whether neural-tangents answers through the bridge, and why not if it does not."""

    version: str | None
    works: bool
    reason: str = ""


def inspect_bridge() -> BridgeStatus:
    """Ask neural-tangents, through the bridge, for one kernel matrix and compare it with ours."""
    version = installed_version("neural-tangents")
    try:
        import numpy as np

        from ..bounds import get_activation
        from ..kernels import dual_kernel, gram, neural_tangents_first_layer_kernel

        points = np.array([[1.0, 0.0], [0.6, 0.8]])
        theirs = np.asarray(neural_tangents_first_layer_kernel(get_activation("erf"))(points, points))
        ours = gram(dual_kernel(get_activation("erf")), points)
        gap = float(np.max(np.abs(theirs - ours)))
    except Exception as error:  # an absent or unusable second opinion is a finding, not a failure
        return BridgeStatus(version=version, works=False, reason=f"{type(error).__name__}: {error}")
    reason = "" if gap < BRIDGE_TOLERANCE else f"differs from our kernel by {gap:.1e}"
    return BridgeStatus(version=version, works=not reason, reason=reason)
