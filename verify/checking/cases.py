"""All kinds of cases, for the snippets that `robustntk check` prints: what a counterexample's repr needs."""

from .data_case import DataCase, FunctionCase
from .moves import Move
from .network_case import NetworkCase

__all__ = ["DataCase", "FunctionCase", "Move", "NetworkCase"]
