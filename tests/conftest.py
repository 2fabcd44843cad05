"""One Hypothesis profile for the whole suite: no deadlines, and the same examples on every run."""

import os
from importlib import import_module
from pkgutil import walk_packages

from hypothesis import settings

settings.register_profile("robustntk", deadline=None, derandomize=True)
settings.load_profile("robustntk")

ROOMS = ("bounds", "kernels", "verify", "cli")


def pytest_collection_finish() -> None:
    """Load every module before the first test, where several workers share the suite.

    Hypothesis also tries the constants that stand in the modules loaded so far: with modules loaded along the way, the
    examples of a test would depend on which files its worker happened to get before.
    """
    if "PYTEST_XDIST_WORKER" in os.environ:
        for room in ROOMS:
            package = import_module(f"robustntk.{room}")
            for module in walk_packages(package.__path__, f"{package.__name__}."):
                if not module.name.endswith("__main__"):
                    import_module(module.name)
