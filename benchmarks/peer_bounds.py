"""Bounds of auto_LiRPA 0.3 on two-layer networks; runs in an environment of its own, which it makes itself.

    python benchmarks/peer_bounds.py --prepare                          # once: build/peers-bounds
    build/peers-bounds/bin/python benchmarks/peer_bounds.py problem.npz --methods IBP,CROWN

``problem.npz`` holds ``weights`` (m, d), ``outputs`` (m,), ``centers`` (n, d), ``signs`` (n,), ``activation`` and
``radius``. Every method prints one line: for every row, a lower bound of ``sign f`` over the Euclidean ball of that
radius around the centre in the first d - 1 coordinates; the last coordinate is folded into a bias of the first layer,
which keeps it fixed. Bounds are in float32, which their rules assume; ``alpha-CROWN`` optimises the slopes of its
relaxations, by default in 20 steps.

auto_LiRPA 0.3 was written for older versions of NumPy and PyTorch: `_patched` supplies what it misses.
"""

from __future__ import annotations

import argparse
import importlib
import json
import resource
import subprocess
import sys
import time
import types
import venv
from functools import lru_cache
from pathlib import Path
from typing import Any

ENVIRONMENT = Path(__file__).resolve().parent.parent / "build" / "peers-bounds"
PACKAGES = ("torch==2.13.0", "numpy==2.4.6", "packaging", "appdirs", "pyyaml", "tqdm")
PEER = "auto-LiRPA==0.3"
# Their names. The intervals of a first layer are exact, so CROWN loses nothing by taking them from interval arithmetic;
# finding them by backward passes takes memory quadratic in the width.
METHODS = {"IBP": "IBP", "CROWN": "CROWN-IBP", "alpha-CROWN": "CROWN-Optimized"}


def prepare(folder: Path = ENVIRONMENT) -> Path:
    """Make the environment unless it is there; returns its Python."""
    python = folder / "bin" / "python"
    finished = folder / "finished"
    if not finished.is_file():
        venv.create(folder, with_pip=True)
        install = [str(python), "-m", "pip", "install", "--quiet"]
        subprocess.run([*install, *PACKAGES], check=True, stdout=sys.stderr)
        subprocess.run([*install, "--no-deps", PEER], check=True, stdout=sys.stderr)
        finished.write_text(f"{PEER}\n")
    return python


@lru_cache(maxsize=1)
def _patched() -> Any:
    """auto_LiRPA, with what it expects of older libraries in place."""
    import numpy as np
    import torch

    symbolic_helper = importlib.import_module("torch.onnx.symbolic_helper")
    from torch.onnx._internal.torchscript_exporter._globals import GLOBALS

    moved = types.ModuleType("numpy.lib.arraysetops")
    moved.isin = np.isin  # type: ignore[attr-defined]
    sys.modules["numpy.lib.arraysetops"] = moved

    def set_version(version: int) -> None:
        GLOBALS.export_onnx_opset_version = version

    symbolic_helper._set_opset_version = set_version
    torch._C.Node.__getitem__ = lambda node, name: getattr(node, node.kindOf(name))(name)
    import auto_LiRPA

    members = auto_LiRPA.BoundedModule._named_members

    def named_members(module: Any, get: Any, prefix: str = "", recurse: bool = True, **_: Any) -> Any:
        return members(module, get, prefix, recurse)

    auto_LiRPA.BoundedModule._named_members = named_members
    # The backward rule of squares reads its exponent from bounds that a constant does not have.
    from auto_LiRPA.operators.constant import BoundConstant

    BoundConstant.lower = property(lambda node: node.value, lambda node, _: None, lambda node: None)
    return auto_LiRPA


def _network(problem: Any) -> Any:
    """The network as a torch module of the coordinates that may move."""
    import torch
    from torch import nn

    weights, outputs = (torch.tensor(problem[name], dtype=torch.float32) for name in ("weights", "outputs"))
    activation = str(problem["activation"])
    if activation not in ("quadratic_relu", "tanh", "sigmoid", "sin"):
        raise NotImplementedError(f"auto_LiRPA 0.3 has no rule for {activation}")

    class Network(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            height = float(problem["centers"][0, -1])
            self.first = nn.Linear(weights.shape[1] - 1, len(weights), dtype=torch.float32)
            self.last = nn.Linear(len(weights), 1, bias=False, dtype=torch.float32)
            self.first.weight.data, self.first.bias.data = weights[:, :-1].clone(), height * weights[:, -1]
            self.last.weight.data = outputs[None, :].clone()

        def forward(self, x: Any) -> Any:
            z = self.first(x)
            hidden = torch.pow(torch.relu(z), 2.0) if activation == "quadratic_relu" else getattr(torch, activation)(z)
            return self.last(hidden)

    return Network()


def _intervals(bounded: Any, data: Any) -> dict[str, list[Any]]:
    """The ranges of all inner nodes by interval arithmetic."""
    bounded.compute_bounds(x=(data,), method="IBP")
    ranges = {}
    for name, node in bounded._modules.items():
        interval = getattr(node, "interval", None)
        if interval is not None and node.perturbed and node.inputs and name != bounded.final_name:
            ranges[name] = [end.detach() for end in interval[:2]]
    return ranges


def lower_bounds(problem: Any, method: str, iterations: int) -> Any:
    """Lower bounds of ``sign f``, shape (n,): the rows of each sign in one batch."""
    import numpy as np
    import torch

    library, network = _patched(), _network(problem)
    found = np.empty(len(problem["signs"]))
    for is_lower in (True, False):
        rows = (problem["signs"] > 0.0) == is_lower
        if rows.any():
            batch = torch.tensor(problem["centers"][rows, :-1], dtype=torch.float32)
            perturbation = library.PerturbationLpNorm(norm=2, eps=float(problem["radius"]))
            bounded = library.BoundedModule(network, torch.empty_like(batch))
            bounded.set_bound_opts({"optimize_bound_args": {"iteration": iterations, "init_alpha": False}})
            bound = _bound(bounded, library.BoundedTensor(batch, perturbation), method, is_lower=is_lower)
            found[rows] = bound.detach().numpy()[:, 0]
    return found


def _bound(bounded: Any, data: Any, method: str, *, is_lower: bool) -> Any:
    """Lower bounds of f, or upper ones with their signs turned."""
    inner = None
    if method == "alpha-CROWN":
        inner = _intervals(bounded, data)
        bounded.init_slope((data,), intermediate_layer_bounds=inner)
    low, high = bounded.compute_bounds(
        x=(data,),
        method=METHODS[method],
        bound_lower=is_lower,
        bound_upper=not is_lower,
        intermediate_layer_bounds=inner,
    )
    return low if is_lower else -high


def answer(problem: Any, method: str, iterations: int) -> dict[str, Any]:
    """The bounds and the seconds they took, or what went wrong."""
    began = time.perf_counter()
    try:
        found = lower_bounds(problem, method, iterations)
    except (NotImplementedError, MemoryError, RuntimeError) as error:
        return {"method": method, "trouble": str(error), "seconds": time.perf_counter() - began}
    return {"method": method, "lower": found.tolist(), "seconds": time.perf_counter() - began}


def main() -> int:
    """Bound one problem; prints one JSON object for each method, as soon as it is there."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("problem", type=Path, nargs="?")
    parser.add_argument("--prepare", action="store_true", help="make the environment and stop")
    parser.add_argument("--methods", type=lambda text: text.split(","), default=list(METHODS))
    parser.add_argument("--iterations", type=int, default=20, help="steps of alpha-CROWN")
    parser.add_argument("--gigabytes", type=float, help="address space that may be used")
    options = parser.parse_args()
    if options.prepare:
        print(prepare())
        return 0
    if options.gigabytes:
        resource.setrlimit(resource.RLIMIT_AS, (int(options.gigabytes * 2**30),) * 2)
    import numpy as np
    import torch

    torch.set_num_threads(1)
    _patched()  # so that no method pays for the import
    with np.load(options.problem, allow_pickle=False) as archive:
        problem = {name: archive[name] for name in archive.files}
    for method in options.methods:
        print(json.dumps(answer(problem, method, options.iterations)), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
