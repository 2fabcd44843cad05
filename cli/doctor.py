"""``robustntk doctor``: is everything here that the package needs, and does it compute what it should?"""

import platform
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from . import options
from .output import print_fields, print_json, print_table

if TYPE_CHECKING:
    from .environment import BridgeStatus, JaxStatus, MachineStatus, PackageStatus

EXAMPLES = ("robustntk doctor",)

MEBIBYTE = 2**20


def run(as_json: options.Json = False) -> int:
    """Check versions, precision, devices and memory; exit 1 if something needed is broken."""
    from .environment import (
        inspect_bridge,
        inspect_jax,
        inspect_machine,
        own_requirements,
        package_statuses,
        read_lock,
    )

    packages = package_statuses(own_requirements(), read_lock())
    jax, bridge, machine = inspect_jax(), inspect_bridge(), inspect_machine()
    problems = find_problems(packages, jax)
    if as_json:
        print_json(as_payload(packages, jax, bridge, machine, problems))
    else:
        print_report(packages, jax, bridge, machine, problems)
    return 1 if problems else 0


def mebibytes(size: int) -> str:
    """`size` in whole MiB."""
    return f"{size // MEBIBYTE:,}"


def find_problems(packages: "list[PackageStatus]", jax: "JaxStatus") -> list[str]:
    """One sentence for each needed thing that is broken."""
    problems = [
        f"{p.name} {p.installed or ''} is {p.status}: {p.required} is needed".replace("  ", " ")
        for p in packages
        if p.broken and not p.optional
    ]
    if jax.backend is None:
        problems.append(f"JAX does not run: {jax.reason}")
    elif not jax.float64:
        problems.append("JAX does not compute in float64 inside its scope")
    return problems


def as_payload(
    packages: "list[PackageStatus]",
    jax: "JaxStatus",
    bridge: "BridgeStatus",
    machine: "MachineStatus",
    problems: list[str],
) -> dict[str, Any]:
    """The JSON object of the command."""
    return {
        "python": platform.python_version(),
        "packages": [package.to_json() for package in packages],
        "jax": asdict(jax),
        "neural_tangents": asdict(bridge),
        "machine": asdict(machine),
        "problems": problems,
        "healthy": not problems,
    }


def print_report(
    packages: "list[PackageStatus]",
    jax: "JaxStatus",
    bridge: "BridgeStatus",
    machine: "MachineStatus",
    problems: list[str],
) -> None:
    """The tables of the command."""
    rows = [(p.name, p.installed, p.required, p.locked, p.status) for p in packages]
    print_table("Packages", ("package", "installed", "required", "tested with", "status"), rows)
    print_fields(
        "Machine",
        {
            "Python": platform.python_version(),
            "JAX backend": jax.backend or jax.reason,
            "JAX devices": ", ".join(jax.devices) or None,
            "float64 in its scope": jax.float64,
            "float64 switched on globally": jax.float64_is_global,
            "neural-tangents bridge": "works" if bridge.works else bridge.reason,
            "cores": machine.cores,
            "BLAS threads": ", ".join(f"{name}: {n}" for name, n in machine.blas_threads.items()) or None,
            "memory": f"{mebibytes(machine.memory_available)} of {mebibytes(machine.memory_total)} MiB free",
        },
    )
    print("\n".join(f"problem: {problem}" for problem in problems) or "Everything needed is here.")
