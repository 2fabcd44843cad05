"""neural-tangents as an independent second opinion on the first-layer kernel.

Release 0.6.5 (2023) needs no TensorFlow for its closed-form kernels and nothing of jax that only moved away
since 0.6; but it asks for both on import. `import_neural_tangents` puts the moved names where it looks for
them, and takes them away again afterwards.

>>> kernel = neural_tangents_first_layer_kernel("erf")  # doctest: +SKIP
>>> kernel(X, Z)  # doctest: +SKIP
"""

from __future__ import annotations

import contextlib
import importlib
import importlib.util
import sys
from collections.abc import Callable, Iterator
from functools import lru_cache
from math import pi, sqrt
from types import ModuleType
from typing import Any

import numpy as np
from jaxtyping import Float

from ...bounds import Activation, InvalidInput, get_activation
from ...bounds.exact import nearest_float

__all__ = ["import_neural_tangents", "neural_tangents_first_layer_kernel"]

_ADVICE = "pip install --no-deps neural-tangents==0.6.5 (a plain install drags in TensorFlow)"
_MOVED_TO = {
    "Jaxpr": "jax.extend.core",
    "JaxprEqn": "jax.extend.core",
    "Literal": "jax.extend.core",
    "Var": "jax.extend.core",
    "Primitive": "jax.extend.core",
    "Value": "jax._src.core",
    "AbstractValue": "jax._src.core",
    "ShapedArray": "jax._src.core",
}


def neural_tangents_first_layer_kernel(
    activation: Activation | str, *, dtype: Any = np.float64
) -> Callable[[Float[np.ndarray, "n d"], Float[np.ndarray, "p d"]], Float[np.ndarray, "n p"]]:
    """K(X, Z) of theory section 4 by neural-tangents: the NTK minus the NNGP of Dense, sigma, Dense.

    Training the last layer contributes the NNGP kernel, so the difference is what training the first layer
    contributes: W_std^2/d <x, z> E[sigma'(a) sigma'(b)], which is K for W_std = s sqrt(d), since their Dense
    layer multiplies by W_std/sqrt(d) and the scale s of the activation can be absorbed there.

    Raises ImportError with advice if neural-tangents is absent, and InvalidInput for activations without a
    closed form there. Its RectifiedMonomial(2) is NaN where x = z, its ReLU loses half the digits there.
    """
    activation = get_activation(activation)
    stax = import_neural_tangents().stax
    layers: dict[str, Callable[[], Any]] = {
        "relu": stax.Relu,
        "quadratic_relu": lambda: stax.RectifiedMonomial(2),
        "erf": stax.Erf,
        "sin": stax.Sin,
        "sin_cos": lambda: stax.Sin(a=sqrt(2), b=1.0, c=pi / 4),
        "gelu": stax.Gelu,
    }
    for name, layer in layers.items():
        if activation.expression == get_activation(name, activation.scale).expression:
            return _difference_kernel(stax, layer(), nearest_float(activation.scale), dtype)
    raise InvalidInput(
        f"activation {activation.label}: neural-tangents has no closed form, only for {', '.join(layers)}"
    )


def _difference_kernel(stax: Any, layer: Any, scale: float, dtype: Any) -> Callable[..., Any]:
    import jax

    def kernel(X: Float[np.ndarray, "n d"], Z: Float[np.ndarray, "p d"]) -> Float[np.ndarray, "n p"]:
        with jax.enable_x64(np.dtype(dtype) == np.float64):
            first = stax.Dense(1, W_std=scale * sqrt(X.shape[1]), b_std=None)
            _, _, kernel_fn = stax.serial(first, layer, stax.Dense(1, W_std=1.0, b_std=None))
            both = kernel_fn(jax.numpy.asarray(X, dtype), jax.numpy.asarray(Z, dtype), ("nngp", "ntk"))
            return np.asarray(both.ntk - both.nngp)

    return kernel


@lru_cache(maxsize=1)
def import_neural_tangents() -> Any:
    """The module neural_tangents; its closed-form layers work, its structured derivatives do not."""
    if "neural_tangents" in sys.modules:
        return sys.modules["neural_tangents"]
    if importlib.util.find_spec("neural_tangents") is None:
        raise ImportError(f"neural-tangents is not installed; it is optional: {_ADVICE}")
    with _prepared_ground():
        try:
            return importlib.import_module("neural_tangents")
        except (ImportError, AttributeError) as error:
            raise ImportError(f"neural-tangents does not work with this jax ({error}); expected {_ADVICE}") from error


@contextlib.contextmanager
def _prepared_ground() -> Iterator[None]:
    """Names where neural-tangents 0.6.5 looks for them; what was not there before is gone afterwards."""
    import jax.core
    import jax.interpreters.ad

    core = {name: getattr(importlib.import_module(home), name) for name, home in _MOVED_TO.items()}
    core["DShapedArray"] = type("DShapedArray", (), {})
    differentiation = {
        "zeros_like_p": importlib.import_module("jax._src.ad_util").zeros_like_p,
        "source_info_util": importlib.import_module("jax._src.source_info_util"),
    }
    modules = {
        "jax.util": _module("jax.util", importlib.import_module("jax._src.util"), ("safe_map", "safe_zip")),
        # The package's own experimental part is what needs TensorFlow.
        "neural_tangents.experimental": ModuleType("neural_tangents.experimental"),
    }
    with contextlib.ExitStack() as stack:
        stack.enter_context(_added(jax.core, core))
        stack.enter_context(_added(jax.interpreters.ad, differentiation))
        stack.enter_context(_added_modules(modules))
        yield


def _module(name: str, source: ModuleType, names: tuple[str, ...]) -> ModuleType:
    module = ModuleType(name)
    for attribute in names:
        setattr(module, attribute, getattr(source, attribute))
    return module


@contextlib.contextmanager
def _added(module: ModuleType, attributes: dict[str, Any]) -> Iterator[None]:
    """The attributes on the module unless it has them; through its dict, as deprecated names raise."""
    new = {name: value for name, value in attributes.items() if name not in vars(module)}
    vars(module).update(new)
    try:
        yield
    finally:
        for name in new:
            vars(module).pop(name, None)


@contextlib.contextmanager
def _added_modules(modules: dict[str, ModuleType]) -> Iterator[None]:
    new = {name: module for name, module in modules.items() if name not in sys.modules}
    sys.modules.update(new)
    try:
        yield
    finally:
        for name in new:
            sys.modules.pop(name, None)
