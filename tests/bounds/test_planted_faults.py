"""A fault planted in any constant of a theorem is caught: some step of some proof is no longer proved.

Faults are planted in the source: a number made a tenth smaller or larger, one more or one less, or of the other sign; a
sum turned into a difference, a product into a quotient; a letter or a root left out. What depends on the faulty module
is imported anew, and the steps that the fault changes are checked.
"""

import ast
import copy
import importlib
import random
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, fields, is_dataclass, replace
from functools import lru_cache
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import sympy

import robustntk.bounds
from robustntk.bounds.outcome import Verdict
from robustntk.bounds.parallel_check import time_limit
from robustntk.bounds.proof import Proof, Step, check_step
from robustntk.bounds.proofs_on_record import PROOFS, load_proof

PACKAGE = "robustntk.bounds"
FOLDER = Path(robustntk.bounds.__file__).parent
SECONDS_PER_FAULT = 40.0
SAMPLE = 40

# Where the constants of the theorems are. In the second group the functions are algorithms with tests of their own.
THEOREMS = (
    *("two_layer", "tied_pairs", "smooth_losses", "smooth_recursion", "recursion", "margins", "curvature"),
    *("operator_ball", "mean_gradient", "gradient", "activation", "activation_table", "loss"),
)
FORMULAS = (
    *("attained_regret", "existence", "concentration", "cap_certificate", "kernel_forms"),
    *("capacity", "shattering", "vc_bounds", "end_to_end"),
)

MODULES = (*THEOREMS, *FORMULAS)

# Changes that make no difference, by module, formula and expression.
HARMLESS = {
    ("cap_certificate", "TAYLOR_QUOTIENT", "n - 2", "2 -> 1"): "the additional term of the sum is 0",
    ("cap_certificate", "LARGEST_DROP", "theta / 2", "2 -> -2"): "the sine is squared",
    ("margins", "value", "is_less(0, (mu - r).xreplace(values))", "0 -> -1"): "for mu <= r the bound is trivial anyway",
    ("margins", "value", "(mu - r).xreplace", "- -> +"): "for mu <= r the bound is trivial anyway",
    ("margins", "value", "mu - r", "mu -> 1"): "for mu <= r the bound is trivial anyway",
    ("smooth_losses", "BOUND", "2 * LOSS_KEPT", "2 -> -2"): "the bound is a square",
    ("smooth_losses", "E3", "distance=2", "2 -> 11/5"): "it is made an integer",
    ("smooth_losses", "E3_TIED", "distance=2", "2 -> 11/5"): "it is made an integer",
    ("recursion", "E7_TIED", "Rational(9, 20)", "20 -> 19"): "a default share that is nearly as good",
    ("margins", "_iterations_about", "2 * alpha", "2 -> 1"): "only the order of the candidates counts",
    ("margins", "_iterations_about", "2 * alpha", "2 -> 3"): "only the order of the candidates counts",
    ("margins", "_iterations_about", "2 * alpha", "2 -> 9/5"): "only the order of the candidates counts",
    ("margins", "_iterations_about", "2 * alpha", "2 -> 11/5"): "only the order of the candidates counts",
    ("smooth_recursion", "E9", "distance=1", "1 -> 11/10"): "it is made an integer",
    ("smooth_recursion", "E9_TIED", "distance=1", "1 -> 11/10"): "it is made an integer",
}
# Formulas and functions whose numbers are no constants of a theorem.
NO_CONSTANTS = {
    ("shattering", "LARGEST_DIMENSION"): "a limit of what is accepted",
    ("capacity", "LARGEST_EXPONENT"): "a limit of what is accepted",
    ("gradient", "measured_norm"): "the validation of a norm",
    ("smooth_losses", "_of_run"): "the validation of a step size: 1 - alpha H G^2 > 0, whose formula is LOSS_KEPT",
    ("smooth_losses", "words_of"): "the words of a statement",
    ("loss", "_arguments"): "the conversion of integer arrays to floats",
    ("margins", "_comparator"): "the validation of a comparator",
}

Way = tuple[tuple[str, int | None], ...]  # from the root of a syntax tree: fields, and positions in those with many
Change = Callable[[Any], ast.expr]


@dataclass(frozen=True)
class Fault:
    """A change of one node of a module; `owner` is the formula or function that it is in."""

    module: str
    owner: str
    context: str
    change: str
    way: Way
    apply: Change
    in_function: bool = False

    @property
    def harmless(self) -> bool:
        change = (self.module, self.owner, self.context, self.change)
        return change in HARMLESS or change[:2] in NO_CONSTANTS

    def __str__(self) -> str:
        return f"{self.module}.{self.owner}: {self.change} in {self.context}"


def rational(numerator: int, denominator: int) -> ast.expr:
    """An expression for an exact number that needs nothing from the namespace of the module."""
    return ast.parse(f"__import__('sympy').Rational({numerator}, {denominator})", mode="eval").body


def changes_of(node: Any, letters: set[str], *, whole: bool) -> Iterator[tuple[str, Change]]:
    """The faults that can be planted at a node; only integers for a number that has to be `whole`."""
    if isinstance(node, ast.Constant) and type(node.value) is int:
        for pair in other_numbers(node.value, whole=whole):
            yield f"{node.value} -> {sympy.Rational(*pair)}", lambda _, pair=pair: rational(*pair)
    elif isinstance(node, ast.BinOp) and type(node.op) in OPPOSITE:
        other = OPPOSITE[type(node.op)]
        yield f"{SIGNS[type(node.op)]} -> {SIGNS[other]}", lambda old: ast.BinOp(old.left, other(), old.right)
    elif isinstance(node, ast.Name) and node.id in letters and isinstance(node.ctx, ast.Load):
        yield f"{node.id} -> 1", lambda _: rational(1, 1)
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
        name = node.func.id
        if name in LEFT_OUT:
            yield f"{name}(x) -> x", lambda old: old.args[0]
        elif name in EXCHANGED:
            exchanged = ast.Name(EXCHANGED[name], ast.Load())
            yield f"{name} -> {EXCHANGED[name]}", lambda old: ast.Call(exchanged, old.args, old.keywords)


def other_numbers(number: int, *, whole: bool) -> list[tuple[int, int]]:
    """One more, one less, the other sign, a tenth less, a tenth more, as fractions."""
    others = {(number + 1, 1), (number - 1, 1), (-number, 1)}
    others |= set() if whole else {(9 * number, 10), (11 * number, 10)}
    return sorted(pair for pair in others if pair[0] != number * pair[1])


OPPOSITE: Mapping[type, type] = {ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult}
SIGNS = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/"}
LEFT_OUT, EXCHANGED = {"sqrt", "log", "exp"}, {"Max": "Min", "Min": "Max"}
NO_FORMULAS = {"annotation", "returns", "slice", "decorator_list", "defaults", "kw_defaults", "keys"}


def source_of(module: str) -> ast.Module:
    return ast.parse((FOLDER / f"{module}.py").read_text())


def letters_of(tree: ast.Module) -> set[str]:
    """The symbols that the module takes from `letters` or makes itself."""
    letters = {"z"}  # of an activation
    for node in tree.body:
        if isinstance(node, ast.ImportFrom) and node.module == "letters":
            letters |= {alias.name for alias in node.names}
        elif isinstance(node, ast.Assign) and ast.unparse(node.value).startswith(("sympy.Symbol", "sympy.symbols")):
            letters |= {name.id for name in ast.walk(node.targets[0]) if isinstance(name, ast.Name)}
    return letters


def nodes_in(node: ast.AST, way: Way = ()) -> Iterator[tuple[Way, Any]]:
    """All nodes below a node with the way to each, apart from annotations, indices, default arguments and keys."""
    yield way, node
    for name, value in ast.iter_fields(node):
        if name not in NO_FORMULAS:
            for index, child in enumerate(value) if isinstance(value, list) else ((None, value),):
                if isinstance(child, ast.AST):
                    yield from nodes_in(child, (*way, (name, index)))


def owner_of(ways: list[Any]) -> tuple[str, bool]:
    """The formula or function that the last of these nested nodes is in, and whether it is a function."""
    functions = [node.name for node in ways if isinstance(node, ast.FunctionDef)]
    names = functions or [ast.unparse(node.targets[0]) for node in ways if isinstance(node, ast.Assign)]
    return (names or ["module"])[0], bool(functions)


def faults_in(module: str) -> list[Fault]:
    """Every fault that can be planted in a module, apart from harmless ones."""
    return [fault for fault in every_fault_in(module) if not fault.harmless]


@lru_cache
def every_fault_in(module: str) -> tuple[Fault, ...]:
    tree = source_of(module)
    letters, nodes = letters_of(tree), dict(nodes_in(tree))
    found = []
    for way, node in nodes.items():
        above = [nodes[way[:length]] for length in range(1, len(way))]
        owner, in_function = owner_of(above)
        if in_function and module in FORMULAS:
            continue
        whole = bool(above) and isinstance(above[-1], ast.Call) and ast.unparse(above[-1].func).endswith("Integer")
        for change, apply in changes_of(node, letters, whole=whole):
            context = " ".join(ast.unparse(above[-1]).split())
            found.append(Fault(module, owner, context, change, way, apply, in_function))
    return tuple(found)


def planted_source(fault: Fault) -> ast.Module:
    """The source of the module with the fault in it."""
    tree = source_of(fault.module)
    *above, (name, index) = fault.way
    parent: Any = tree
    for field, position in above:
        parent = getattr(parent, field) if position is None else getattr(parent, field)[position]
    if index is None:
        setattr(parent, name, fault.apply(copy.deepcopy(getattr(parent, name))))
    else:
        getattr(parent, name)[index] = fault.apply(copy.deepcopy(getattr(parent, name)[index]))
    return ast.fix_missing_locations(tree)


@lru_cache
def imports() -> dict[str, set[str]]:
    """Module of the room -> the modules of the room that it imports, anywhere in it."""
    paths = {name_of(path): path for path in FOLDER.rglob("*.py") if path.name != "__init__.py"}
    found = {}
    for name, path in paths.items():
        package = name.split(".")[:-1]
        wanted: set[str] = set()
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom) and node.level:
                start = ".".join([*package[: len(package) - node.level + 1], *filter(None, [node.module])])
                wanted |= {start, *(f"{start}.{alias.name}" for alias in node.names)}
        found[name] = wanted & paths.keys()
    return found


def name_of(path: Path) -> str:
    return ".".join([PACKAGE, *path.relative_to(FOLDER).with_suffix("").parts])


@lru_cache
def dependents(module: str) -> frozenset[str]:
    """The module itself and all that import it, directly or not."""
    found = {module}
    while more := {name for name, wanted in imports().items() if wanted & found} - found:
        found |= more
    return frozenset(found)


@contextmanager
def planted(fault: Fault) -> Iterator[bool]:
    """The body sees the faulty module, and everything that depends on it as it is with that fault.

    Yields whether the fault changes a value at all: -2 for 2 does not in a square.
    """
    name = f"{PACKAGE}.{fault.module}"
    affected = dependents(name)
    before = {each: sys.modules.pop(each) for each in affected if each in sys.modules}
    for each in before:
        detach(each)
    try:
        load(name, planted_source(fault))
        yield fault.in_function or not alike(vars(before[name]), vars(sys.modules[name]))
    finally:
        for each in affected:
            sys.modules.pop(each, None)
            detach(each)
        sys.modules.update(before)
        for each, module in before.items():
            package, _, child = each.rpartition(".")
            setattr(sys.modules[package], child, module)


def detach(name: str) -> None:
    package, _, child = name.rpartition(".")
    vars(sys.modules[package]).pop(child, None)


def load(name: str, tree: ast.Module) -> None:
    module = ModuleType(name)
    module.__package__ = PACKAGE
    module.__file__ = str(FOLDER / f"{name.rpartition('.')[2]}.py")
    sys.modules[name] = module
    exec(compile(tree, module.__file__, "exec"), vars(module))
    setattr(sys.modules[PACKAGE], name.rpartition(".")[2], module)


def alike(sound: Any, faulty: Any) -> bool:
    """Whether two values are the same, those of classes that were defined anew included."""
    if callable(sound) and not isinstance(sound, sympy.Basic):
        return True
    if is_dataclass(sound):
        return all(alike(getattr(sound, each.name), getattr(faulty, each.name)) for each in fields(sound))
    if isinstance(sound, Mapping):
        names = [{key for key in each if not str(key).startswith("__")} for each in (sound, faulty)]
        return names[0] == names[1] and all(alike(sound[key], faulty[key]) for key in names[0])
    if isinstance(sound, tuple | list):
        return len(sound) == len(faulty) and all(map(alike, sound, faulty))
    return bool(sound == faulty)


@lru_cache
def sound(theorem: str) -> dict[str, Step]:
    """The steps of the proof as it is, with those that it rests on, by name."""
    return steps_of(load_proof(theorem))


def steps_of(proof: Proof) -> dict[str, Step]:
    return {step.name: step for each in (*proof.foundations.values(), proof) for step in each.steps}


def affected_proofs(module: str) -> tuple[list[str], list[str]]:
    """The theorems whose proofs depend on a module, first those that import it themselves."""
    name = f"{PACKAGE}.{module}"
    proofs = {theorem: f"{PACKAGE}.proofs.{proof}" for theorem, proof in PROOFS.items()}
    direct = [theorem for theorem, proof in proofs.items() if name in imports().get(proof, ())]
    return direct, [theorem for theorem, proof in proofs.items() if proof in dependents(name) and theorem not in direct]


def catch(fault: Fault) -> str | None:
    """The step that a fault makes fail; None if it passes unnoticed."""
    near, far = affected_proofs(fault.module)
    for theorem in (*near, *far):  # the sound proofs are loaded first, and so is the sound module
        sound(theorem)
    try:
        with time_limit(SECONDS_PER_FAULT), planted(fault) as changes_something:
            if not changes_something:
                return "no fault: all values are what they were"
            changed = (step for theorems in (near, far) for step in changed_steps(theorems))
            return next((step.name for step in changed if not holds(step)), None)
    except Exception as error:
        return f"{type(error).__name__}: {error}"


def changed_steps(theorems: list[str]) -> list[Step]:
    """The steps of these proofs that are not what they were, as one sees from their engines; quick ones first."""
    steps = {
        name: step
        for theorem in theorems
        for name, step in steps_of(load_proof(theorem)).items()
        if name not in sound(theorem) or sound(theorem)[name].engine != step.engine
    }
    return sorted(steps.values(), key=lambda step: QUICK_FIRST.index(step.engine.name))


QUICK_FIRST = ("sympy", "exact", "smt", "induction", "arb", "pep", "cited")


def holds(step: Step) -> bool:
    return check_step(step).outcome in (Verdict.PROVED, Verdict.CITED)


def all_faults() -> list[Fault]:
    return [fault for module in MODULES for fault in faults_in(module)]


@pytest.mark.parametrize("fault", random.Random(0).sample(all_faults(), SAMPLE), ids=str)
def test_a_planted_fault_is_caught(fault: Fault) -> None:
    assert catch(fault) is not None


@pytest.mark.slow
@pytest.mark.parametrize("module", MODULES)
def test_every_planted_fault_is_caught(module: str) -> None:
    assert [str(fault) for fault in faults_in(module) if catch(fault) is None] == []


@pytest.mark.parametrize(
    "module", [pytest.param(each, marks=() if each in ("recursion", "loss") else pytest.mark.slow) for each in MODULES]
)
def test_nothing_is_caught_where_no_fault_is_planted(module: str) -> None:
    """Importing anew changes no step: otherwise the tests above would find faults everywhere."""
    unchanged = Fault(module, "docstring", "", "nothing", (("body", 0), ("value", None)), lambda old: old)
    before = importlib.import_module(f"{PACKAGE}.{module}")
    assert catch(replace(unchanged, in_function=True)) is None
    assert catch(unchanged) == "no fault: all values are what they were"
    assert importlib.import_module(f"{PACKAGE}.{module}") is before is getattr(robustntk.bounds, module)


@pytest.mark.parametrize("key", HARMLESS, ids=str)
def test_what_counts_as_harmless_is_there(key: tuple[str, str, str, str]) -> None:
    module, owner, context, change = key
    assert any(
        (fault.owner, fault.context, fault.change) == (owner, context, change) for fault in every_fault_in(module)
    )
