"""The convergence theorems against formulas written down again, in floating point of 60 digits, and each other.

`BOUNDS` repeats theory sections 2 and 3 (E1, E2, E3) and the statements of E7 to E9; nothing of it comes from the
theorem modules.
"""

import mpmath
import pytest
import sympy
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from robustntk.bounds import InvalidInput, enclose, get_loss, guarantee, required_width
from robustntk.bounds.convergence_theorems import CONVERGENCE_THEOREMS

mpmath.mp.dps = 60
ERF = {  # theory section 0
    "B_1": 2 / mpmath.sqrt(mpmath.pi),
    "beta": mpmath.sqrt(8 / (mpmath.pi * mpmath.e)),
    "gamma": 4 / mpmath.sqrt(mpmath.pi),
}
FULL, TIED = ("E1", "E3", "E7", "E8", "E9"), ("E2", "E3-tied", "E7-tied", "E8-tied", "E9-tied")
LIPSCHITZ, HINGE, SMOOTH = ("E1", "E2", "E7", "E7-tied"), ("E8", "E8-tied"), ("E3", "E3-tied", "E9", "E9-tied")
numbers = st.fractions(min_value="1/20", max_value=20, max_denominator=200)
small = st.fractions(min_value="1/100", max_value=1, max_denominator=200)


def mp(value):
    return mpmath.mpf(value.numerator) / value.denominator


def remainder(theorem, run, distance):
    """What |f(W') - f(W) - <grad f(W), W' - W>| may come to at that distance, erf (E1.a and E2)."""
    if theorem in TIED:
        return ERF["gamma"] * run["rho"] / (2 * run["m"]) * distance**2
    return ERF["beta"] / (2 * mpmath.sqrt(run["m"])) * distance**2


def e1(theorem, run):
    """min L_A <= L_* + R^2/(2 alpha T) + alpha L^2 G^2/2 + L r at the distance 2 R."""
    regret = run["R"] ** 2 / (2 * run["a"] * run["T"]) + run["a"] * run["L"] ** 2 * ERF["B_1"] ** 2 / 2
    return run["s"] + regret + run["L"] * remainder(theorem, run, 2 * run["R"])


def e2_in_theory(run):
    """The line of E2 in the coordinates U, where the step size is half as large."""
    step = run["a"] / 2
    regret = run["R"] ** 2 / (4 * step * run["T"]) + step * run["L"] ** 2 * ERF["B_1"] ** 2
    return run["s"] + regret + 2 * run["L"] * ERF["gamma"] * run["rho"] * run["R"] ** 2 / run["m"]


def e7(theorem, run):
    """The least v with D_{t+1}^2 <= q D_t^2 - 2 alpha (v - s - alpha L^2 G^2/2), q = 1 + 2 alpha L r(1), T times from
    R^2 on, not leaving anything: v - s - alpha L^2 G^2/2 >= r(1) L R^2 q^T/(q^T - 1), summed as a geometric series."""
    growth = 2 * run["a"] * run["L"] * remainder(theorem, run, 1)
    sum_of_powers = mpmath.expm1(run["T"] * mpmath.log1p(growth)) / growth
    least_gain = (1 + growth) ** run["T"] * run["R"] ** 2 / (2 * run["a"] * sum_of_powers)
    return run["s"] + run["a"] * run["L"] ** 2 * ERF["B_1"] ** 2 / 2 + least_gain


def smooth(theorem, run):
    """The largest v with (1 - alpha H G^2) v - r sqrt(2 H v) <= s + R^2/(2 alpha T), by the roots in sqrt(v)."""
    distance = 2 * run["R"] if theorem.startswith("E3") else run["R"]
    kept = 1 - run["a"] * run["H"] * ERF["B_1"] ** 2
    linear = remainder(theorem, run, distance) * mpmath.sqrt(2 * run["H"])
    constant = run["s"] + run["R"] ** 2 / (2 * run["a"] * run["T"])
    roots = mpmath.polyroots([kept, -linear, -constant], maxsteps=500, extraprec=500)
    return max(mpmath.re(root) for root in roots) ** 2


def e8(theorem, run):
    """min L_A <= R^2/(2 alpha T) + max(0, alpha G^2/2 + r - (mu - tau))."""
    spare = run["mu"] - run["tau"] - remainder(theorem, run, run["R"])
    return run["R"] ** 2 / (2 * run["a"] * run["T"]) + max(0, run["a"] * ERF["B_1"] ** 2 / 2 - spare)


def e8_errors(theorem, run):
    """The least fraction e for which both e (mu - r) - e^2 alpha G^2/2 and mu - r - (1 - e) tau - alpha G^2/2 are at
    least R^2/(2 alpha T), by bisection: the first is concave, so that both hold from it up to 1 if they hold at 1."""
    kept, half = run["mu"] - remainder(theorem, run, run["R"]), run["a"] * ERF["B_1"] ** 2 / 2
    regret = run["R"] ** 2 / (2 * run["a"] * run["T"])

    def holds(e):
        return min(e * kept - e**2 * half, kept - (1 - e) * run["tau"] - half) >= regret

    low, high = mpmath.mpf(0), mpmath.mpf(1)
    if not holds(high):
        return high
    for _ in range(220):
        middle = (low + high) / 2
        low, high = (low, middle) if holds(middle) else (middle, high)
    return high


BOUNDS = dict.fromkeys(("E1", "E2"), e1) | dict.fromkeys(("E7", "E7-tied"), e7) | dict.fromkeys(SMOOTH, smooth)


def loss_of(theorem, kappa, tau):
    return get_loss("huber", kappa) if theorem in LIPSCHITZ else get_loss("squared_hinge", margin=tau)


@st.composite
def runs(draw):
    """A run with all letters as fractions."""
    letters = {"R": numbers, "a": numbers, "s": small, "rho": numbers, "tau": small, "kappa": numbers, "mu": numbers}
    run = {name: draw(values) for name, values in letters.items()}
    return run | {"m": 2 * draw(st.integers(1, 10**6)), "T": draw(st.integers(1, 10**5)), "H": 1}


def evaluated(theorem, run, loss, **changes):
    arguments = {"comparator_loss": run["s"], "row_radius": run["rho"]} | changes
    return guarantee(
        width=run["m"],
        step_size=run["a"],
        iterations=run["T"],
        radius=run["R"],
        activation="erf",
        loss=loss,
        theorem=theorem,
        **arguments,
    )


def number(value):
    return mpmath.mpf(enclose(value, 600).str(60, radius=False))


def close(found, expected):
    return abs(number(found) - expected) <= mpmath.mpf(10) ** -40 * max(abs(expected), mpmath.mpf(10) ** -10)


@pytest.mark.parametrize("theorem", SMOOTH)
def test_smooth_losses_need_a_step_below_the_reciprocal_of_the_smoothness(theorem):
    """1/(H G^2) = pi/4 for erf and the squared hinge, H = 1."""
    run = {"R": 1, "s": 0, "rho": 1, "m": 100, "T": 10}
    loss = loss_of(theorem, 1, None)
    for factor in ("1", "1.0000001", "2", "100"):
        with pytest.raises(InvalidInput, match="step_size is"):
            evaluated(theorem, run | {"a": sympy.Rational(factor) * sympy.pi / 4}, loss)
    assert evaluated(theorem, run | {"a": sympy.Rational("0.9999999") * sympy.pi / 4}, loss).value.is_positive


@settings(max_examples=20)
@given(run=runs())
@pytest.mark.parametrize("theorem", [*LIPSCHITZ, *SMOOTH])
def test_the_bound_is_the_formula_of_the_theory(theorem, run):
    if theorem in SMOOTH:  # a step size at which there is a bound
        run |= {"a": run["a"] / 20 / 2}
    loss = loss_of(theorem, run["kappa"], run["tau"])
    letters = {name: mp(value) if hasattr(value, "numerator") else value for name, value in run.items()}
    letters["L"] = letters["kappa"]
    assert close(evaluated(theorem, run, loss).value, BOUNDS[theorem](theorem, letters))


@settings(max_examples=20)
@given(run=runs())
def test_the_bound_of_e2_is_that_of_the_theory_at_half_the_step_size(run):
    letters = {name: mp(value) for name, value in run.items()}
    letters["L"] = letters["kappa"]
    assert close(evaluated("E2", run, get_loss("huber", run["kappa"])).value, e2_in_theory(letters))


@settings(max_examples=20)
@given(run=runs(), steps=st.integers(1, 400))
@pytest.mark.parametrize("theorem", HINGE)
@pytest.mark.parametrize("target", ["loss", "robust-error"])
def test_the_bound_of_e8_is_its_statement(theorem, target, run, steps):
    run |= {"a": run["a"] / steps, "T": run["T"] * steps}
    letters = {name: mp(value) for name, value in run.items()}
    known = {"comparator_loss": 0, "comparator_margin": run["mu"], "target": target}
    found = evaluated(theorem, run, get_loss("hinge", margin=run["tau"]), **known).value
    expected = e8(theorem, letters) if target == "loss" else e8_errors(theorem, letters)
    assert close(found, expected)


@settings(max_examples=20)
@given(epsilon=st.fractions(min_value="1/100", max_value="9/10", max_denominator=100), margin=small)
@pytest.mark.parametrize("theorem", HINGE)
def test_the_errors_of_e8_are_not_always_all(theorem, epsilon, margin):
    """Where the bound is worth something: the plan's own run, evaluated by the statement of the theorem."""
    loss = get_loss("hinge", margin=margin)
    common = {"activation": "erf", "loss": loss, "target": "robust-error", "row_radius": 3}
    plan = required_width(**common, target_epsilon=epsilon, radius=2 * margin, theorem=theorem)
    problem = plan.problem
    exact = {
        "R": problem.radius,
        "a": plan.step_size,
        "mu": problem.comparator_margin,
        "tau": margin,
        "rho": problem.row_radius,
    }
    letters = {name: number(sympy.sympify(value)) for name, value in exact.items()}
    letters |= {"m": plan.width, "T": plan.iterations}
    assert close(plan.guarantee.value, e8_errors(theorem, letters))
    assert mp(epsilon) * mpmath.mpf("0.7") < number(plan.guarantee.value) <= mp(epsilon)


@settings(max_examples=20)
@given(run=runs())
def test_e3_is_at_most_what_the_theory_gets_from_fixed_constants(run):
    """Theory section 3, E3: at alpha = 1/(2 H G^2), 4 L_* + 4 H G^2 R^2/T + 8 H r^2 with H = 1."""
    run |= {"a": sympy.pi / 8}  # 1/(2 B_1^2)
    radius, rounds = mp(run["R"]), run["T"]
    for theorem in ("E3", "E3-tied"):
        letters = {"m": run["m"], "rho": mp(run["rho"])}
        quarter = remainder(theorem, letters, 2 * radius)
        simple = 4 * mp(run["s"]) + 4 * ERF["B_1"] ** 2 * radius**2 / rounds + 8 * quarter**2
        assert number(evaluated(theorem, run, "squared_hinge").value) <= simple


PAIRS = [("E7", "E1"), ("E7-tied", "E2"), ("E9", "E3"), ("E9-tied", "E3-tied")]


@settings(max_examples=20)
@given(run=runs())
@pytest.mark.parametrize(("sharper", "plain"), PAIRS)
def test_until_success_the_bound_is_always_smaller(sharper, plain, run):
    """E7 <= E1 and E9 <= E3 at the same width, step size and iterations."""
    run |= {"a": run["a"] / 40} if plain in SMOOTH else {}
    loss = loss_of(plain, run["kappa"], run["tau"])
    assert number(evaluated(sharper, run, loss).value) < number(evaluated(plain, run, loss).value)


@pytest.mark.parametrize(("sharper", "plain"), PAIRS)
def test_until_success_the_width_is_smaller(sharper, plain):
    loss = "squared_hinge" if plain in SMOOTH else "hinge"
    common = {"target_epsilon": "1/4", "radius": "7.8", "activation": "erf", "loss": loss, "row_radius": 22}
    widths = [required_width(**common, theorem=theorem).width for theorem in (sharper, plain)]
    assert 3 * widths[0] < widths[1]


def work(theorem, share, epsilon):
    """m T as real numbers, at a radius that makes both so large that rounding does not matter."""
    loss = "squared_hinge" if theorem in SMOOTH else "hinge"
    common = {"radius": 10**6, "activation": "sin", "loss": loss, "row_radius": 10**6, "operator_radius": 10**5}
    plan = required_width(**common, target_epsilon=epsilon, theorem=theorem, share=share)
    return plan.width * plan.iterations


@pytest.mark.parametrize("theorem", CONVERGENCE_THEOREMS)
def test_no_share_has_less_work_than_the_default_by_more_than_one_percent(theorem):
    """For E8, whose best share depends on epsilon / tau, where this is small."""
    least = min(work(theorem, f"{share}/100", "1/1000") for share in range(5, 96))
    default = work(theorem, CONVERGENCE_THEOREMS[theorem].share, "1/1000")
    assert default <= least + least // 100


@settings(max_examples=8)
@given(
    epsilon=st.fractions(min_value="1/50", max_value="1/3", max_denominator=100),
    radius=st.fractions(min_value=1, max_value=20, max_denominator=50),
    share=st.fractions(min_value="1/20", max_value="9/10", max_denominator=40),
)
@pytest.mark.parametrize("theorem", CONVERGENCE_THEOREMS)
def test_at_the_same_share_two_neurons_less_exceed_it(theorem, epsilon, radius, share):
    """Calibration: near-linearity takes at most its share of what the comparator leaves, and only just."""
    loss = "squared_hinge" if theorem in SMOOTH else "hinge"
    common = {"target_epsilon": epsilon, "radius": radius, "activation": "erf", "loss": loss, "theorem": theorem}
    common |= {"row_radius": 4, "operator_radius": radius}
    plan = required_width(**common, share=share)
    assume(plan.width > 2)
    fixed = {"comparator_margin": plan.problem.comparator_margin} if theorem in HINGE else {}
    fixed |= {"radius": plan.radius, "row_radius": plan.problem.row_radius}
    at_width = required_width(**common | fixed, share=share, width=plan.width)
    assert number(at_width.share) <= mp(share)
    with pytest.raises(InvalidInput, match=f"asks for at least {plan.width} here"):
        required_width(**common | fixed, share=share, width=plan.width - 2)
