# ---
# jupyter:
#   jupytext:
#     formats: ipynb,py:percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # 8. The radius: computing $R$ on real data, with the interval
#
# The convergence theorems (notebooks 4 and 5) take a radius $R$: within this distance of the initial weights there
# must be a *robust* network. The paper behind them proves that such an $R$ exists and gives no way to find it. Here
# it is computed, on images of digits, as an interval $[R_{\mathrm{lo}},R_{\mathrm{hi}}]$ with both ends proved.
#
# From notebook 7 it takes the kernel $K$ of the infinitely wide network, and its space of functions $\mathcal H$.
# Afterwards you can
#
# * state what $R$ is, and why finitely many constraints bound it from below, but no attack bounds it from above;
# * read a certificate: what the value, the gradient and the norm of a function at one point allow elsewhere;
# * say how $R$ depends on the data, the perturbation and the activation, and compute it for a `.csv` of your own.

# %%
import tempfile
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import sympy
from IPython.display import Markdown, Math, display

from robustntk import bounds, kernels, verify
from robustntk.bounds import cap_certificate as certificate
from robustntk.bounds import existence as e4
from robustntk.bounds import letters
from robustntk.verify.palette import BLUE, GREEN, GREY, ORANGE, PURPLE, VERMILION

quadratic, erf = bounds.get_activation("quadratic_relu"), bounds.get_activation("erf")
proof = bounds.load_proof("E4")


def down(value: float) -> Decimal:
    """Four decimals of a lower bound, rounded down so that it stays one."""
    return Decimal(float(value)).quantize(Decimal("1e-4"), ROUND_FLOOR)


def up(value: float) -> Decimal:
    """Four decimals of an upper bound, rounded up so that it stays one; infinity as it is."""
    return Decimal(float(value)).quantize(Decimal("1e-4"), ROUND_CEILING) if np.isfinite(value) else Decimal(value)


# %% [markdown]
# ## 1. The problem
#
# The data are $n$ points $x_i$ of a sphere with labels $y_i=\pm1$. The adversary may move $x_i$ to any point $x'$ of
# the same sphere at distance at most $\delta$: the **cap** $B(x_i)$. The **margin** of a function $f$ at $x'$ is
# $y_if(x')$; it is positive where the sign of $f$ is right.
#
# How far must the weights move to become robust? In the limit of infinite width, the length of the shortest move that
# realises $f$ is the norm $|f|_{\mathcal H}$. So the answer is the value of the **robust minimum-norm problem** (E4.b)
#
# $$R=\min\{|f|_{\mathcal H}:\ y_if(x')\ge1\ \text{ for all } x'\in B(x_i),\ i\le n\}.$$
#
# The objective is quadratic and every constraint is linear in $f$: a quadratic program. But each cap contributes
# infinitely many constraints, so it is a *semi-infinite* one, and no solver returns its value.

# %%
data = verify.load_data("digits", classes=("0", "1"), samples=20)
cap = verify.SphericalCap(0.1)
kernel = kernels.dual_kernel(quadratic)
Markdown(
    f"$n$ = {data.size} digits, zeros ($y=+1$) against ones ($y=-1$), in dimension $d$ = {data.dimension}. A cap of "
    f"$\\delta$ = {cap.delta} has the angle {cap.angle:.4f} rad, seen from the centre of the sphere."
)

# %% [markdown]
# ## 2. A bound from below, a bound from above
#
# **Below.** Keep finitely many points $z_j$ of the caps, the *working set*. Fewer constraints allow more functions,
# so the minimum can only fall. And the dual makes it rigorous without trusting a solver: *every* choice of multipliers
# $l\ge0$ gives a lower bound,

# %%
Math(r"R\ \ge\ " + sympy.latex(e4.DUAL_BOUND) + r",\qquad M_{ij}=y_iy_jK(z_i,z_j),\quad b=(1,\dots,1).")

# %% [markdown]
# **Above.** The solution $f$ for the working set has *some* least margin on the caps. If a number $\mu>0$ is
# **certified** to be below it, $f/\mu$ meets all constraints, hence

# %%
Math(r"R\ \le\ " + sympy.latex(e4.FEASIBLE_NORM))

# %% [markdown]
# Both arguments are a few lines. They are checked here by machine, each beside slightly falsified versions, which have
# to be refuted:

# %%
report = bounds.check_proof(proof, steps=[step.name for step in proof.steps if step.name[:4] == "E4.b"], falsify=True)
assert report.holds
display(report)

# %%
display(report["E4.b.dual"])

# %% [markdown]
# ## 3. Cutting planes, step by step
#
# Begin with the data points as the working set. Solve; attack $f$ on every cap; add the points where the margin
# is below 1; drop those that no longer matter; repeat. The lower end rises, because constraints are added. The upper
# end comes down, because less and less is violated (not in every round: each function has a margin of its own). The
# interval is valid wherever one stops.


# %%
def after(rounds: int, delta: float) -> verify.MinimumNormSolution:
    return verify.radius_interval(
        data.X, data.y, verify.SphericalCap(delta), activation=quadratic, max_iterations=rounds
    )


rounds = {0.1: range(1, 5), 0.2: (1, 2, 3, 4, 6, 9)}
history = {delta: [after(count, delta) for count in counts] for delta, counts in rounds.items()}

figure, axes = plt.subplots(2, 2, figsize=(8.4, 5), layout="constrained", sharex="col", height_ratios=(2.2, 1))
for (delta, found), column in zip(history.items(), axes.T, strict=True):
    steps = np.array([each.iterations for each in found])
    low, high = (np.array([getattr(each.radius, end) for each in found]) for end in ("lower", "upper"))
    shown = np.isfinite(high)
    column[0].fill_between(steps[shown], low[shown], high[shown], color=ORANGE, alpha=0.2, lw=0)
    column[0].plot(steps[shown], high[shown], "v-", color=VERMILION, label="upper end, certified")
    column[0].plot(steps, low, "^--", color=BLUE, label="lower end, dual")
    column[0].set(title=f"δ = {delta}", ylabel="$R$")
    column[0].legend(frameon=False)
    column[1].bar(steps, [each.working_set for each in found], color=GREY, width=0.5)
    column[1].set(xlabel="round", ylabel="support points", xticks=steps)
plt.show()

# %%
solution = history[0.1][-1]
radius = solution.radius
for found in history.values():
    lows, highs = ([getattr(each.radius, end) for each in found] for end in ("lower", "upper"))
    assert lows == sorted(lows) and all(low <= high for low in lows for high in highs)
assert all(found[0].radius.upper > found[-1].radius.upper for found in history.values())
last = history[0.2][-1].radius
Markdown(
    f"At δ = 0.1: $R\\in[{down(radius.lower)},\\,{up(radius.upper)}]$ after {solution.iterations} rounds, with "
    f"{solution.working_set} support points. At δ = 0.2 it is $[{down(last.lower)},\\,{up(last.upper)}]$."
)

# %% [markdown]
# ## 4. Why an attack alone is not enough
#
# An attack finds points where the margin is small, so what it finds is at *least* the least margin. Divide by it, and
# you get a number that looks like an upper bound for $R$, and is none. Take the function of the first round at
# $\delta=0.2$, and look for its least margin by following gradients, and by trying 1000 random points of each cap:

# %%
first, wide = history[0.2][0], verify.SphericalCap(0.2)
function = verify.KernelPredictor(kernel, first.centers, first.coefficients)
proved_low = history[0.2][-1].radius.lower
claims = {}
for steps in (1, 40):
    _, margins = verify.ProjectedGradientAttack(steps=steps).minimize_margin(function, data.X, data.y, wide)
    claims[f"gradient attack, {steps} step{'s' if steps > 1 else ''}"] = margins.min()
cloud = wide.sample(data.X, 1000, np.random.default_rng(0))
claims["1000 random points"] = min((data.y * function.predict(points)).min() for points in (data.X, *cloud))
wrong = [name for name, margin in claims.items() if margin > 0 and first.norm / margin < proved_low]
lines = [
    f"| {name} | {margin:.3f} | " + (f"{first.norm / margin:.2f} |" if margin > 0 else "none |")
    for name, margin in claims.items()
]
assert wrong and first.certified_margin <= min(claims.values())
Markdown(
    "| attack | least margin found | norm / margin |\n|:--|--:|--:|\n"
    + "\n".join(lines)
    + f"\n\nProved: $R\\ge{down(proved_low)}$. So this is false as an upper bound: {', '.join(wrong)}. The other "
    "answers may be right; nothing in the attack says so."
)

# %% [markdown]
# ## 5. Certificates on a cap
#
# What does one know about $f$ at a point $x'$ at angle $\phi$ from $x$, if one knows it at $x$ only? Write
# $\tilde\kappa(\phi)$ for the kernel of two points at angle $\phi$ on the sphere of the data; $k_0=\tilde\kappa(0)$,
# the *drop* $D=k_0-\tilde\kappa(\phi)$, and $F\ge|f|_{\mathcal H}$. Three answers (E4.c), each a theorem:
#
# **Order 0**, from the value $y=f(x)$ and the norm:

# %%
Math(r"f(x')\ \ge\ " + sympy.latex(certificate.ORDER_ZERO))

# %% [markdown]
# **Order 1**, from the gradient by angle too, of length $g$; $\text{turn}=-\tilde\kappa'(\phi)$ and
# $q_0=-\tilde\kappa''(0)$:

# %%
Math(r"f(x')\ \ge\ " + sympy.latex(certificate.ORDER_ONE))

# %% [markdown]
# The subtracted root is what an unknown remainder of $f$, orthogonal to all that is known, can do at $x'$. No better
# bound is possible from these data alone: both are attained. **Order 2** knows more, the coefficients of $f=\sum_jc_j
# K(\cdot,z_j)$: each term is replaced by a parabola that touches it from the safe side over the whole cap, and the
# sum of the parabolas is minimised exactly.

# %%
caps = proof.foundations["caps"]
names = "cap.unknown order0.power order0.free order0 order0.attained circle.inner order1.power order1.free order1 "
names += "order1.attained taylor.growth cap.drop cap.isotropic ball.coordinate ball.multiplier"
checked = bounds.check_proof(caps, steps=names.split(), falsify=True)
assert checked.holds
display(checked)

# %% [markdown]
# To see them, go along the great circle from a data point to the worst point that an attack finds on its cap, and on
# through the other side. Left: the true function and the two bounds that hold at each angle. Right: bounds for the
# *whole* cap of angle $\phi$, in all directions, which is what a certificate has to give.

# %%
robust = verify.KernelPredictor(kernel, solution.centers, solution.coefficients)
attack = verify.ProjectedGradientAttack(steps=40, restarts=3)
points, worst = attack.minimize_margin(robust, data.X, data.y, cap)
row = int(np.argmin(worst))
centre, label = data.X[row], data.y[row]
unit = centre[:-1] / cap.radius
tangent = points[row, :-1] - (points[row, :-1] @ unit) * unit
tangent /= np.linalg.norm(tangent)


def at(angles: np.ndarray) -> np.ndarray:
    """Points of the great circle, shape (k, d)."""
    circle = np.outer(np.cos(angles), unit) + np.outer(np.sin(angles), tangent)
    return np.column_stack([cap.radius * circle, np.full(len(angles), cap.bias)])


angles = np.linspace(-1.5, 1.5, 301) * cap.angle
gradient = robust.input_gradient(centre[None])[0, :-1]
known = {
    certificate.F: solution.norm,
    certificate.y: float(label * robust.predict(centre[None])[0]),
    certificate.g: cap.radius * float(np.linalg.norm(gradient - (gradient @ unit) * unit)),
    certificate.k_0: kernel.at_one,
    certificate.q_0: -float(kernel.angular_second(np.zeros(1), cap.bias)[0]),
}
drop, turn = kernel.angular_drop(np.abs(angles), cap.bias), -kernel.angular_first(np.abs(angles), cap.bias)
letters_of_angle = [certificate.D, certificate.turn]
zero, one = (
    np.real(sympy.lambdify(letters_of_angle, formula.subs(known))(drop, turn + 0j))
    for formula in (certificate.ORDER_ZERO, certificate.ORDER_ONE)
)
true = label * robust.predict(at(angles))
assert (zero <= one + 1e-6).all() and (one <= true + 1e-6).all()

# %%
smaller = np.linspace(0.1, 1.5, 8) * cap.angle
methods = ("order 0", "order 1", "order 2")
bound, found = {name: [] for name in methods}, label * robust.predict(at(smaller))
for angle in smaller:
    part = verify.SphericalCap(2 * cap.radius * np.sin(angle / 2))
    certified = verify.certify(robust, centre[None], np.array([label]), part, methods=methods)
    for name in methods:
        bound[name].append(certified.by_method[name][0])
assert all((np.array(values) <= found).all() for values in bound.values())

figure, (left, right) = plt.subplots(1, 2, figsize=(9, 3.9), layout="constrained", sharey=True)
left.plot(angles, true, color=BLUE, lw=2.2, label="true margin")
left.plot(angles, one, color=GREEN, ls="--", label="order 1")
left.plot(angles, zero, color=ORANGE, ls="-.", label="order 0")
right.plot(smaller, found, "v", color=BLUE, ms=5, label="at the point shown left (upper bound)")
for name, colour, style in zip(methods, (ORANGE, GREEN, PURPLE), ("-.", "--", "-"), strict=True):
    right.plot(smaller, bound[name], color=colour, ls=style, label=f"{name}, certified")
for axis, edges in ((left, (-cap.angle, cap.angle)), (right, (cap.angle,))):
    axis.axhline(0, color=GREY, lw=0.6)
    for edge in edges:
        axis.axvline(edge, color=GREY, ls=":", lw=1)
    axis.legend(frameon=False, fontsize="small", loc="lower left")
left.set(xlabel="angle along the great circle [rad]", ylabel="margin $y f(x')$", title="along one great circle")
right.set(xlabel="angle of the cap [rad]", title="least margin on whole caps")
plt.show()

# %% [markdown]
# Dotted: the edge of the cap of $\delta=0.1$. Orders 0 and 1 know the centre only, in no particular direction: on
# the left they fall on both sides, although the true margin rises on one. Order 2 all but closes the gap. In small
# dimension there is also *branch and bound* (`methods=["branch and bound"]`), which closes it.

# %%
everywhere = verify.certify(robust, data.X, data.y, cap, methods=methods)
least = {name: float(values.min()) for name, values in everywhere.by_method.items()}
assert 0 < least["order 0"] < least["order 1"] < least["order 2"] <= worst.min()
Markdown(
    "| least margin on all 20 caps | |\n|:--|--:|\n"
    + "\n".join(f"| {name}, certified | {down(value)} |" for name, value in least.items())
    + f"\n| found by the attack | {up(worst.min())} |"
)

# %% [markdown]
# ## 6. The interval, and what it depends on
#
# First a check against values on record, found with a prototype before this library was written.

# %%
RECORD = {quadratic: {0.05: 2.98, 0.1: 3.91, 0.2: 10.0}, erf: {0.05: 5.97, 0.1: 7.75, 0.2: 18.8}}
solutions = {(quadratic, delta): found[-1] for delta, found in history.items()}


def solve(activation: bounds.Activation, delta: float) -> bounds.Interval:
    """The interval for the 20 digits, computed once."""
    if (activation, delta) not in solutions:
        around = verify.SphericalCap(delta)
        solutions[activation, delta] = verify.radius_interval(data.X, data.y, around, activation=activation)
    return solutions[activation, delta].radius


lines = []
for activation, recorded in RECORD.items():
    for delta, value in recorded.items():
        found = solve(activation, delta)
        assert found.lower <= found.estimate <= found.upper and float(f"{found.estimate:.3g}") == value
        lines.append(f"| {activation.label} | {delta} | {down(found.lower)} | {up(found.upper)} | {value} |")
Markdown("| activation | δ | lower end | upper end | on record |\n|:--|--:|--:|--:|--:|\n" + "\n".join(lines))

# %% [markdown]
# ### When caps of opposite labels approach
#
# At a point of two caps with opposite labels no function has both signs. The smallest angle between two points of
# opposite labels is the **separation**; when the angle of the caps reaches half of it, no robust function exists, and
# the software refuses, naming the two rows. Before that, $R$ blows up:

# %%
touching = 2 * cap.radius * np.sin(solution.separation / 4)
try:
    verify.radius_interval(data.X, data.y, verify.SphericalCap(0.3), activation=quadratic)
    refused = ""
except bounds.InvalidInput as error:
    refused = str(error)
assert 0.25 < touching < 0.3 and "overlap" in refused
Markdown(f"Caps touch at δ = {touching:.4f}. Asked for δ = 0.3, the library answers: *{refused}*")

# %% [markdown]
# ### Radius against δ, against the number of points, against the activation
#
# Error bars are the intervals: what is proved, not a spread. The markers are estimates: norm over attacked margin.
# Replacing $\sigma(z)$ by $\sigma(sz)$, *scale* $s$, makes $R$ smaller, but the constants of $\sigma$ grow with $s$,
# so a small radius is not yet a small width: notebook 5.

# %%
sizes = {20: radius}
for n in (10, 50):
    part = verify.load_data("digits", classes=("0", "1"), samples=n)
    sizes[n] = verify.radius_interval(part.X, part.y, cap, activation=quadratic).radius
choices = {"quadratic ReLU": radius, "erf": solve(erf, 0.1)}
for name, scale in (("softplus", 1), ("softplus", 4), ("sin_cos", 1), ("sin_cos", 3)):
    activation = bounds.get_activation(name).scaled(scale)
    found = verify.radius_interval(data.X, data.y, cap, activation=activation)
    choices[f"{name.replace('_', ' + ')}, s = {scale}"] = found.radius


def bars(axis: plt.Axes, places: object, found: list[bounds.Interval], **style: object) -> None:
    """A marker at the estimate of each interval, and a bar from end to end; an arrow where there is no upper end."""
    lower, middle, upper = np.array([(each.lower, each.estimate, each.upper) for each in found]).T
    unbounded = np.isinf(upper)
    above = np.where(unbounded, 0.25 * middle, upper - middle)
    axis.errorbar(places, middle, yerr=[middle - lower, above], lolims=unbounded, capsize=3, **style)


figure, axes = plt.subplots(1, 3, figsize=(9, 3.6), layout="constrained", width_ratios=(1.15, 0.85, 1.25))
for activation, colour, style in ((quadratic, BLUE, "o-"), (erf, VERMILION, "s--")):
    deltas = (0.05, 0.1, 0.15, 0.2, 0.25) if activation == quadratic else (0.05, 0.1, 0.2)
    bars(axes[0], deltas, [solve(activation, d) for d in deltas], fmt=style, color=colour, label=activation.label)
axes[0].axvline(touching, color=GREY, ls=":", label="caps touch")
axes[0].set(yscale="log", xlabel="δ", ylabel="$R$", title="n = 20")
axes[0].set_yticks([3, 5, 10, 20, 30], ["3", "5", "10", "20", "30"], minor=False)
axes[0].minorticks_off()
axes[0].legend(frameon=False, fontsize="small")
bars(axes[1], sorted(sizes), [sizes[n] for n in sorted(sizes)], fmt="o-", color=BLUE)
axes[1].set(xlabel="number of points $n$", title="δ = 0.1, quadratic ReLU", ylim=(0, None))
bars(axes[2], range(len(choices)), list(choices.values()), fmt="D", color=GREEN, ms=4)
axes[2].set_xticks(range(len(choices)), list(choices), rotation=40, ha="right", fontsize="small")
axes[2].set(title="n = 20, δ = 0.1", ylim=(0, None))
plt.show()

# %%
by_delta = [solve(quadratic, delta) for delta in (0.05, 0.1, 0.15, 0.2, 0.25)]
assert all(small.upper < large.lower for small, large in zip(by_delta, by_delta[1:], strict=False))
assert np.isinf(by_delta[-1].upper) and solutions[quadratic, 0.25].outcome.verdict is bounds.Verdict.INCONCLUSIVE
assert sizes[10].upper < sizes[20].lower and sizes[20].upper < sizes[50].lower
assert choices["sin + cos, s = 3"].upper < choices["sin + cos, s = 1"].lower
growth = by_delta[-1].lower / by_delta[0].upper
Markdown(
    f"From δ = 0.05 to 0.25, $R$ grows by a factor of at least {down(growth)}. The width that E1 asks for is "
    f"proportional to $R^4$: at least {growth**4:,.0f} times the neurons. The order of these radii is proved: "
    "their intervals do not overlap. At δ = 0.25 there is no upper end (arrow): "
    f"{solutions[quadratic, 0.25].outcome.reason}."
)

# %% [markdown]
# ## 7. Back to a network: $W^c$ at finite width
#
# $R$ belongs to the limit. A network of width $m$ with weights $W_0$ realises $f=\sum_jc_jK(\cdot,z_j)$ approximately,
# by the move $W^c=W_0+\sum_jc_j\nabla f(W_0,z_j)$ (E4.a). Its length is $Q=\lVert W^c-W_0\rVert_F^2=c^\top K_mc$ with
# the kernel $K_m$ at the draw, and its distance from $\sum_jc_jK_m(\cdot,z_j)$ is bounded; the second form needs a
# $\gamma$-Lipschitz $\sigma''$, and $V$ bounds the move of one neuron in units of $1/\sqrt m$:

# %%
display(Math(sympy.latex(e4.REALISATION) + r"\qquad\text{and}\qquad " + sympy.latex(e4.PAIRED_REALISATION)))
steps = [step.name for step in proof.steps if step.name.startswith("E4.a")]
realisation = bounds.check_proof(proof, steps=steps, falsify=True)
assert realisation.holds
display(realisation)

# %% [markdown]
# Measured: the largest deviation at 200 random points of each cap, for three draws of each width, against both bounds.

# %%
erf_kernel = kernels.dual_kernel(erf)
target = solutions[erf, 0.1]
sample = cap.sample(data.X, 200, np.random.default_rng(0)).reshape(-1, data.dimension)


def realise(width: int, seed: int) -> tuple[float, float, float, float]:
    """Length of the move, deviation on the caps, and both bounds of E4.a."""
    start = kernels.SymmetricInitialisation(width, data.dimension, seed)
    space = verify.FiniteWidthSpace(start, erf)
    linear = space.function(target.centers, target.coefficients)
    moves = space.moves(target.centers, target.coefficients)
    network = verify.TwoLayerNetwork(start.weights + moves.displacement, start.signs, erf)
    deviation = np.abs(network.predict(sample) - linear.predict(sample)).max()
    numbers = {e4.Q: moves.frobenius_norm**2, e4.V: moves.row_radius, letters.m: width}
    numbers |= {letters.beta: erf.derivative_lipschitz, letters.gamma: erf.curvature_lipschitz}
    promised = (float(form.subs(numbers)) for form in (e4.REALISATION, e4.PAIRED_REALISATION))
    return moves.frobenius_norm, deviation, *promised


widths = 2 ** np.arange(6, 14, 2)
table = np.array([[realise(int(width), seed) for seed in range(3)] for width in widths])
lengths, deviations, plain, paired = np.moveaxis(table, 2, 0)
assert (deviations <= np.minimum(plain, paired)).all()

figure, (left, right) = plt.subplots(1, 2, figsize=(9, 3.7), layout="constrained")
left.loglog(widths, deviations, "o", color=BLUE, label=["measured", "", ""])
left.loglog(widths, plain.mean(axis=1), "--", color=VERMILION, label="bound by β")
left.loglog(widths, paired.mean(axis=1), "-.", color=ORANGE, label="bound by γ, pair by pair")
left.set(xlabel="width $m$", ylabel="largest deviation on the caps", xticks=widths, xticklabels=widths)
right.semilogx(widths, lengths, "o", color=BLUE, label=["three draws", "", ""])
right.axhspan(target.radius.lower, target.norm, color=ORANGE, label="$|f|$ at infinite width")
right.set(xlabel="width $m$", ylabel=r"$\Vert W^c-W_0\Vert_F$", xticks=widths, xticklabels=widths)
for axis in (left, right):
    axis.minorticks_off()
    axis.legend(frameon=False)
plt.show()

# %% [markdown]
# The deviation is far below both bounds, and so small that the network inherits the margins of $f$ up to the error of
# $K_m$. For a guarantee neither is estimated: [notebook 10](10_predicted_against_measured.ipynb) certifies the network
# that was drawn.
#
# ## 8. Your own data
#
# A `.csv` with a header, one column `label`, and features in the others. This cell writes one; the next three lines
# are all you need.

# %%
folder = tempfile.TemporaryDirectory()
path = Path(folder.name) / "flowers.csv"
_ = path.write_text("length,width,label\n4.9,3.0,a\n4.6,3.1,a\n5.0,3.6,a\n6.4,1.5,b\n6.9,1.6,b\n5.5,1.3,b\n")

# %%
mine = verify.load_data(path, classes=("a", "b"))
own = verify.radius_interval(mine.X, mine.y, verify.SphericalCap(0.05), activation=quadratic)
print(f"R in [{down(own.radius.lower)}, {up(own.radius.upper)}]: {own.outcome.reason}")

# %%
assert own.radius.lower <= own.radius.upper < np.inf
folder.cleanup()

# %% [markdown]
# The same on the command line: `robustntk radius --data flowers.csv --classes a,b --delta 0.05`. Only the *direction*
# of a row counts; features with different units want `standardize=True` (`--standardize`).
#
# ## Exercises
#
# 1. **Fewer constraints.** Drop all zeros but one from the data. Which way must both ends of the interval move, if they
#    move? What can you conclude from the ends alone?
# 2. **Slack.** If margins of $1-s$ are enough, what becomes of $R$? Find the step of the proof that says so, and the
#    factor that $s=0.2$ saves in the width of E1 at unchanged shares.
# 3. **A larger cap.** Why is the interval at $\delta=0.2$ so much wider than at $0.1$? Which end is to blame?
#
# <details><summary>Solutions</summary>
#
# 1. $R$ itself can only fall. The lower end of the larger problem is no bound for the smaller one, while its upper
#    end is: a function that meets all constraints meets some of them. The next cell checks it.
# 2. `E4.b.slack`: $R(s)=(1-s)R$. The width is proportional to $R^4$, so $0.8^4\approx0.41$.
# 3. The attacked margin of the last function is 1 to four digits, so its norm is close to $R$, and so is the lower
#    end. The certificate proves a margin well below 1 only; the upper end is the norm divided by it.
#
# </details>

# %%
keep = np.flatnonzero((data.y < 0) | (np.arange(data.size) == np.flatnonzero(data.y > 0)[0]))
fewer = verify.radius_interval(data.X[keep], data.y[keep], cap, activation=quadratic).radius
last = history[0.2][-1]
assert fewer.lower <= radius.upper and bounds.check_proof(proof, steps=["E4.b.slack"], falsify=True).holds
assert last.attacked_margin > 0.9998 and last.certified_margin < 0.9 and round(0.8**4, 2) == 0.41
Markdown(f"{len(keep)} of {data.size} points: $R\\in[{down(fewer.lower)},\\,{up(fewer.upper)}]$.")

# %% [markdown]
# ## Where next
#
# [Notebook 9](09_capacity.ipynb) asks the opposite question, what width is *necessary*;
# [notebook 10](10_predicted_against_measured.ipynb) trains a network of the width that this $R$ leads to.
