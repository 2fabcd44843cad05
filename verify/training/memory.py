"""How much memory a run takes, estimated before it starts: what does not fit is refused in one line."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...bounds import InvalidInput

# Arrays as large as the weights: in the dtype of the run W_0 (one half), W_t, the best iterate and the temporaries of a
# step; in float64 W_0, the best iterate and what it is compared with.
_DEVICE_COPIES = 6.5
_OPERATOR_COPIES = 4.0
_HOST_COPIES = 4.5
# Arrays of points times neurons: inputs, slopes and their products, in attack and step.
_ACTIVATION_COPIES = 6.0
_LANDMARK_COPIES = 1.0


def bytes_per_network(
    width: int,
    dimension: int,
    points: int,
    dtype: np.dtype[Any],
    *,
    operator_ball: bool = False,
    landmark: bool = False,
) -> int:
    """An upper estimate of what training one network takes, in bytes, beside the code and the data.

    Args:
        width, dimension: m and d of the weights.
        points: those that are attacked at once.
        dtype: of the run.
        operator_ball: whether the projection of E10 is made.
        landmark: whether distances to a comparator are followed.
    """
    copies = _DEVICE_COPIES + _OPERATOR_COPIES * operator_ball + _LANDMARK_COPIES * landmark
    weights = width * dimension * (copies * dtype.itemsize + _HOST_COPIES * 8)
    activations = _ACTIVATION_COPIES * points * (width + 4 * dimension) * dtype.itemsize
    return int(weights + activations)


def require_memory(needed: int, *, what: str, available: int | None = None) -> None:
    """Refuse what takes more than is free now.

    Args:
        needed: in bytes.
        what: the subject of the sentence.
        available: in bytes; by default what the system says is free, swap not counted.

    Raises:
        InvalidInput: naming both numbers.
    """
    import psutil

    free = int(psutil.virtual_memory().available) if available is None else available
    if needed > free:
        from ...kernels.blocks.memory_plan import readable_bytes

        raise InvalidInput(
            f"{what} takes about {readable_bytes(needed)} of memory, and {readable_bytes(free)} are free: expected a "
            "narrower network"
        )
