"""The house keeps its shape: imports run one way, and what should be light is light."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
ROOMS = ("bounds", "kernels", "verify", "cli")
HEAVY = ("jax", "jaxlib", "neural_tangents", "sklearn", "matplotlib", "cvxpy")


def imported_modules(source: str, package: str) -> Iterator[str]:
    """Absolute names of all modules that `source`, a module directly in `package`, imports anywhere."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            kept = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
            base = ".".join([*kept, *([node.module] if node.module else [])])
            yield base
            yield from (f"{base}.{alias.name}" for alias in node.names)


def rooms_entered(source: str, package: str) -> set[str]:
    """The rooms of robustntk that `source` imports from."""
    parts = (name.split(".") for name in imported_modules(source, package))
    return {part[1] for part in parts if part[0] == "robustntk" and len(part) > 1 and part[1] in ROOMS}


def modules_loaded_by(module: str) -> set[str]:
    """Top-level names in `sys.modules` after importing `module` in a fresh interpreter."""
    code = f"import sys, {module}; print(*sorted({{name.partition('.')[0] for name in sys.modules}}))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd="/")
    return set(done.stdout.split())


def source_files() -> list[Path]:
    return [path for room in ROOMS for path in sorted((ROOT / room).rglob("*.py"))]


@pytest.mark.parametrize("path", source_files(), ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_run_one_way(path: Path) -> None:
    folders = path.relative_to(ROOT).parts[:-1]
    downstream = set(ROOMS[ROOMS.index(folders[0]) + 1 :])
    wrong = rooms_entered(path.read_text(), ".".join(["robustntk", *folders])) & downstream
    assert not wrong, f"{path.relative_to(ROOT)} imports from {sorted(wrong)}"


@pytest.mark.parametrize(
    "line",
    [
        "from ..verify import load_data",
        "from .. import verify",
        "def later():\n    from ..verify.data import load_data",
        "import robustntk.verify",
        "from robustntk import verify",
        "from robustntk.verify.data import load_data",
    ],
)
def test_the_import_rule_sees_every_form(line: str) -> None:
    assert rooms_entered(line, "robustntk.kernels") == {"verify"}


def test_the_import_rule_allows_the_own_room_and_outsiders() -> None:
    source = "from .gram import gram\nfrom . import dual\nimport kernels\nfrom verify import x"
    assert rooms_entered(source, "robustntk.kernels") == {"kernels"}


@pytest.mark.parametrize("module", ["robustntk.bounds", "robustntk.cli.app"])
def test_importing_is_light(module: str) -> None:
    assert not modules_loaded_by(module).intersection(HEAVY)


def test_the_command_line_starts_without_symbols_or_arrays() -> None:
    assert not modules_loaded_by("robustntk.cli.app").intersection(["sympy", "flint", "numpy", "scipy"])


def test_all_rooms_are_found_from_anywhere_and_belong_to_this_checkout() -> None:
    code = "import robustntk.bounds, robustntk.kernels, robustntk.verify, robustntk.cli, robustntk as r;"
    code += "print(*(getattr(r, room).__file__ for room in ('bounds', 'kernels', 'verify', 'cli')), sep='\\n')"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd="/")
    assert [Path(line).resolve().parent.name for line in done.stdout.splitlines()] == list(ROOMS)


def test_plain_room_names_are_not_installed() -> None:
    code = "import importlib.util as u; print(*(r for r in ('bounds','verify','cli') if u.find_spec(r)))"
    done = subprocess.run([sys.executable, "-P", "-c", code], capture_output=True, text=True, cwd="/")
    assert done.stdout.strip() == ""
