"""PGD of Foolbox 3.3.4 and ART 1.20.1 on two-layer networks; runs in an environment of its own, which it makes itself.

    python benchmarks/peer_attacks.py --prepare                  # once: build/peers-attacks
    build/peers-attacks/bin/python benchmarks/peer_attacks.py     # then one request a line on stdin

A request is a JSON object: ``problem``, the path of an .npz with ``weights`` (m, d), ``outputs`` (m,), ``activation``,
``scale``, ``bias``, ``features`` (n, k), ``labels`` (n,), ``radius``, ``norm`` ("linf" or "l2"), ``low`` and ``high``;
``library``; ``steps``; ``seed``; and ``found``, the path of an .npz to write. The answer, one line on stdout, has the
``seconds`` that the attack took; ``found`` gets ``points`` (n, k) and the network's ``values`` (n,) there.

The model is the embedding of feature rows on the sphere, followed by the network, with logits (f, -f). Both libraries
run from one random start, with steps of 2.5 radius / steps (Madry et al. 2018, arXiv:1706.06083): Foolbox's own default
of radius / 30 would not reach the boundary in 20 steps.

PyTorch is the CPU build wherever pip is set up for it; elsewhere a plain install brings one with more in it.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
import venv
from pathlib import Path
from typing import Any

import numpy as np

ENVIRONMENT = Path(__file__).resolve().parent.parent / "build" / "peers-attacks"
PACKAGES = ("torch==2.13.0", "foolbox==3.3.4", "adversarial-robustness-toolbox==1.20.1", "packaging")
LIBRARIES = ("Foolbox", "ART")


def prepare(folder: Path = ENVIRONMENT) -> Path:
    """Make the environment unless it is there; returns its Python."""
    python, finished = folder / "bin" / "python", folder / "finished"
    if not finished.is_file():
        venv.create(folder, with_pip=True)
        install = [str(python), "-m", "pip", "install", "--quiet", *PACKAGES]
        subprocess.run(install, check=True, stdout=sys.stderr)
        finished.write_text("\n".join(PACKAGES) + "\n")
    return python


def _activation(name: str, scale: float) -> Any:
    import torch

    functions = {
        "quadratic_relu": lambda z: torch.relu(z) ** 2,
        "erf": torch.erf,
        "tanh": torch.tanh,
        "softplus": torch.nn.functional.softplus,
        "sigmoid": torch.sigmoid,
        "gelu": torch.nn.functional.gelu,
        "sin": torch.sin,
        "sin_cos": lambda z: torch.sin(z) + torch.cos(z),
        "relu": torch.relu,
    }
    return lambda z: functions[name](scale * z)


def _model(problem: dict[str, Any]) -> Any:
    import torch

    weights, outputs = (torch.tensor(problem[name], dtype=torch.float32) for name in ("weights", "outputs"))
    activation, bias = _activation(str(problem["activation"]), float(problem["scale"])), float(problem["bias"])

    class Network(torch.nn.Module):
        def forward(self, features: Any) -> Any:
            unit = features / torch.linalg.vector_norm(features, dim=1, keepdim=True)
            points = torch.cat([(1 - bias**2) ** 0.5 * unit, torch.full_like(unit[:, :1], bias)], dim=1)
            values = activation(points @ weights.T) @ outputs
            return torch.stack([values, -values], dim=1)

    return Network().eval()


def _foolbox(model: Any, problem: dict[str, Any], steps: int) -> Any:
    """A function without arguments that attacks, as they would have it called."""
    import foolbox
    import torch

    kinds = {"linf": foolbox.attacks.LinfPGD, "l2": foolbox.attacks.L2PGD}
    attack = kinds[str(problem["norm"])](steps=steps, rel_stepsize=2.5 / steps, random_start=True)
    wrapped = foolbox.PyTorchModel(model, bounds=(float(problem["low"]), float(problem["high"])), device="cpu")
    features, classes = torch.tensor(problem["features"], dtype=torch.float32), torch.tensor(_classes(problem))
    return lambda: attack(wrapped, features, classes, epsilons=float(problem["radius"]))[0].numpy()


def _art(model: Any, problem: dict[str, Any], steps: int) -> Any:
    import torch
    from art.attacks.evasion import ProjectedGradientDescentPyTorch
    from art.estimators.classification import PyTorchClassifier

    features = problem["features"].astype(np.float32)
    classifier = PyTorchClassifier(
        model,
        loss=torch.nn.CrossEntropyLoss(),
        input_shape=features.shape[1:],
        nb_classes=2,
        clip_values=(float(problem["low"]), float(problem["high"])),
        device_type="cpu",
    )
    radius = float(problem["radius"])
    attack = ProjectedGradientDescentPyTorch(
        classifier,
        norm={"linf": np.inf, "l2": 2}[str(problem["norm"])],
        eps=radius,
        eps_step=2.5 * radius / steps,
        max_iter=steps,
        num_random_init=1,
        batch_size=len(features),
        verbose=False,
    )
    classes = np.eye(2, dtype=np.float32)[_classes(problem)]
    return lambda: attack.generate(features, classes)


def _classes(problem: dict[str, Any]) -> Any:
    """Class 0 has the logit f."""
    return np.where(problem["labels"] > 0, 0, 1)


def answer(request: dict[str, Any]) -> dict[str, float]:
    """Run one attack and write what it found."""
    import torch

    with np.load(request["problem"]) as archive:
        problem = dict(archive)
    model = _model(problem)
    attack = {"Foolbox": _foolbox, "ART": _art}[request["library"]](model, problem, int(request["steps"]))
    np.random.seed(request["seed"])
    torch.manual_seed(request["seed"])
    began = time.perf_counter()
    points = attack()
    seconds = time.perf_counter() - began
    with torch.no_grad():
        values = model(torch.tensor(points))[:, 0].numpy()
    np.savez(request["found"], points=points, values=values)
    return {"seconds": seconds}


def main() -> int:
    """Prepare the environment, or serve requests until stdin ends."""
    if "--prepare" in sys.argv[1:]:
        print(prepare())
        return 0
    for line in sys.stdin:
        print(json.dumps(answer(json.loads(line))), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
