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
# # 6. The deep theorem: exponents, consistency, and what is not known
#
# Notebooks 2 to 5 are about networks of two layers, where every constant is known. The paper's first theorem is about
# *deep* ReLU networks, and it is of another kind: it says how width, step size and number of steps grow, up to
# constants that it does not give. This project records it under the name **P1**; it does not prove it.
#
# From the earlier notebooks you need near-linearity (2), the regret bound (3) and how they add up to a plan (4).
# Afterwards you can
#
# * read P1 as what it is, a **scaling law**, and check by algebra that its exponents fit together, but for one factor;
# * see why no number computed from it means anything by itself;
# * say which part of it an experiment supports: how the kernel depends on depth, how fast a deep network of width $m$
#   nears its limit, and how nearly linear deep ReLU networks are.

# %%
from dataclasses import replace

import matplotlib.pyplot as plt
import numpy as np
import sympy
from IPython.display import Markdown, Math

from robustntk import bounds, kernels
from robustntk.bounds import deep_convergence
from robustntk.bounds.scaling_law import H, R, alpha, epsilon, m
from robustntk.verify.palette import BLACK, BLUE, GREEN, GREY, ORANGE, PURPLE, SKY, VERMILION
from robustntk.verify.sweep.fit import fit_power_law

P1, P2 = bounds.P1, bounds.P2

# %% [markdown]
# ## 1. The network
#
# Inputs $x$ lie on the unit sphere of $\mathbb R^d$. The first layer $x^{(0)}=Ax$ is fixed. Then come $H$ trained
# layers of width $m$, and a fixed readout:
#
# $$x^{(h)}=\sigma\big(W^{(h)}x^{(h-1)}\big),\quad h=1,\dots,H,\qquad f=a^\top x^{(H)},\qquad\sigma(z)=\max(0,z).$$
#
# Entries of $A$ and of the $W^{(h)}$ are drawn from $N(0,2/m)$, those of $a$ from $N(0,1)$. Training stays in a product
# of balls, one for each layer: $\|W^{(h)}-W^{(h)}_0\|_F\le R/\sqrt m$. That looks tiny, but gradients are long: in the
# limit of infinite width the squared length of the gradient of $f$ with respect to all $W^{(h)}$ is $mH$ at every $x$.
# The library has this network:

# %%
paper = kernels.paper_network(3, 1024)
drawn = [kernels.FiniteNetwork.initialise(paper, 10, seed=seed) for seed in range(6)]
x = np.eye(10)[:1]
squared_gradients = [float(kernels.empirical_ntk(network, x)[0, 0]) for network in drawn]
limit = kernels.deep_kernel(paper).at_one
assert abs(limit / (1024 * 3) - 1) < 1e-12 and abs(np.mean(squared_gradients) / limit - 1) < 0.1
Markdown(
    f"`{paper.label}`\n\nSquared gradient at $H=3$, $m=1024$: {limit:,.0f} in the limit, "
    f"{np.mean(squared_gradients):,.0f} on average over {len(drawn)} draws."
)

# %% [markdown]
# So a move of size $R/\sqrt m$ in a layer changes $f$ by about $R$, whatever the width.
#
# ## 2. The statement, as recorded
#
# The cell below prints the library's record. Note the last three lines.

# %%
Markdown(
    f"""
> **{P1.id}, {P1.title}** ({P1.source})
>
> {P1.statement.replace("*", chr(92) + "*")}
>
> * **kind:** {P1.kind.value}
> * **provenance:** {P1.provenance}
> * **constants that the paper does not give:** {", ".join(P1.constants)}
"""
)

# %% [markdown]
# **A scaling law is not a guarantee.** $\Theta$, $O$ and $\Omega$ hide factors; without them, the statement does not
# tell anybody what width to use. The library keeps the two kinds of statement apart: it has no proof of P1 to show, and
# it does not plan with it.


# %%
def refusal(request):
    """The message with which the library refuses a request; an error if it does not refuse."""
    try:
        request()
    except bounds.InvalidInput as error:
        return str(error)
    raise AssertionError("not refused")


problem = {"target_epsilon": "0.5", "radius": 4, "dimension": 65, "loss": "hinge"}
unknown = {"epsilon": "0.5", "radius": 4, "depth": 3, "dimension": 65, "constants": {}}
refused = {
    "a proof": refusal(lambda: bounds.load_proof("P1")),
    "a plan": refusal(lambda: bounds.required_width(**problem, activation="erf", theorem="P1")),
    "numbers without constants": refusal(lambda: P1.evaluate(**unknown)),
}
Markdown("\n".join(f"* asked for **{request}**: {answer}" for request, answer in refused.items()))

# %% [markdown]
# ## 3. The exponents
#
# $\epsilon$ is the allowed excess of the loss, $T$ the number of steps, $\alpha$ the step size. The constants $C$ are
# the hidden ones. First the deep law P1, then the paper's two-layer law P2 (notebook 4 proves an explicit version of
# it, E1):

# %%
Math(
    r"\text{P1:}\quad m\ge\max\Big("
    + ",\\ ".join(map(sympy.latex, P1.widths))
    + rf"\Big),\quad\alpha={sympy.latex(P1.step_size)},\quad T={sympy.latex(P1.iterations)}"
)

# %%
Math(
    rf"\text{{P2:}}\quad m\ge{sympy.latex(P2.widths[0])},\quad\alpha={sympy.latex(P2.step_size)},"
    rf"\quad T={sympy.latex(P2.iterations)}"
)

# %% [markdown]
# With the step size put in, $T$ depends on $R,H,\epsilon$ only. The exponents side by side:


# %%
def exponents(expression):
    """The exponents of R, H and epsilon in a monomial."""
    powers = sympy.powsimp(expression).as_powers_dict()
    return [powers[symbol] for symbol in (R, H, epsilon)]


rows = ["| exponent of | $R$ | $H$ | $\\epsilon$ |", "|:--|--:|--:|--:|"]
for law in (P1, P2):
    steps = sympy.simplify(law.iterations.subs(alpha, law.step_size))
    assert m not in steps.free_symbols
    rows += [f"| width, {law.id} | {' | '.join(map(str, exponents(law.widths[0])))} |"]
    rows += [f"| steps, {law.id} | {' | '.join(map(str, exponents(steps)))} |"]
assert exponents(P1.widths[0]) == [9, 16, -7] and exponents(P2.widths[0]) == [4, 0, -2]
Markdown("\n".join(rows))

# %% [markdown]
# The number of steps is nearly the same. The width is not: where two layers need $\epsilon^{-2}$, the deep law asks for
# $\epsilon^{-7}$ and the sixteenth power of the depth.
#
# ## 4. Do the exponents fit together?
#
# The proof pattern is that of notebook 4: near-linearity, plus the regret of online gradient descent. For ReLU the
# first ingredient is worse than for smooth activations, since a neuron whose preactivation changes sign bends the
# network however small the move. The recorded near-linearity error in the balls, without its factor $\sqrt{\log m}$, is

# %%
error = deep_convergence.NEAR_LINEARITY
(needed,) = sympy.solve(sympy.Eq(error, epsilon), m)
width = P1.widths[0].subs({symbol: 1 for symbol in P1.widths[0].free_symbols if symbol.name.startswith("C_")})
spare = sympy.powsimp(width / needed)
assert error == R ** sympy.Rational(4, 3) * H ** sympy.Rational(5, 2) / m ** sympy.Rational(1, 6)
assert spare == R * H / epsilon
Math(
    rf"\Big(\frac{{R}}{{\sqrt m}}\Big)^{{4/3}}H^{{5/2}}\sqrt m={sympy.latex(error)}\;\le\;\epsilon"
    rf"\iff m\ge{sympy.latex(needed)},\qquad\text{{width of P1 over this: }}{sympy.latex(spare)}"
)

# %% [markdown]
# With the logarithm the requirement is $m\ge R^8H^{15}\epsilon^{-6}\log^3m$, and P1 has a factor $RH/\epsilon$ to pay
# for $\log^3m$. Asymptotically it can. The library's check compares all exponents in this way, by algebra:


# %%
def consistency_table(law):
    """The checks of one record as Markdown."""
    checks = bounds.check_consistency(law)
    lines = [f"| {claim} | **{outcome.verdict.value}** | `{outcome.reason}` |" for claim, outcome in checks]
    return "\n".join(["| claim | outcome | reason |", "|:--|:--|:--|", *lines])


verdicts = [outcome.verdict for _, outcome in bounds.check_consistency(P1)]
assert verdicts == [bounds.Verdict.PROVED] * 3 + [bounds.Verdict.REFUTED]
Markdown(consistency_table(P1))

# %% [markdown]
# **The factor $H$.** The last line is not a slip of the check. The regret argument pays the squared diameter of the
# set that training stays in. With one ball of radius $R/\sqrt m$ for each of the $H$ layers it is of order $HR^2/m$, so
# that the argument gives $T$ a factor $H$ above the record. We leave the record as it is and keep the remark with it:

# %%
(_, last) = bounds.check_consistency(P1)[-1]
assert last.counterexample == H
Markdown(f"> {P1.remark}")

# %% [markdown]
# Can the check fail where it should? Two records with one factor $H$ misplaced, and the verdicts on the four claims:

# %%
faulty = {
    "width divided by $H$": replace(P1, widths=(P1.widths[0] / H, P1.widths[1])),
    "step size times $H$": replace(P1, step_size=P1.step_size * H),
}
found = {name: [outcome.verdict for _, outcome in bounds.check_consistency(law)] for name, law in faulty.items()}
assert all(each.count(bounds.Verdict.REFUTED) > 1 for each in found.values())
Markdown("\n".join(f"* {name}: " + ", ".join(each.value for each in verdict) for name, verdict in found.items()))

# %% [markdown]
# ## 5. Numbers, and why they mean nothing
#
# Put in a radius $R=4$, $\epsilon=0.5$, $d=65$, and *choose* all constants equal to 1. Nobody knows what they are. So
# choose them differently, too:

# %%
values = {"1": 1, "1/1000": "0.001", "1000": 1000}
lines = ["| depth $H$ | " + " | ".join(f"width, constants {name}" for name in values) + " | steps, constants 1 |"]
lines += ["|--:|" + "--:|" * (len(values) + 1)]
for depth in (1, 2, 3, 6):
    given = {"epsilon": "0.5", "radius": 4, "depth": depth, "dimension": 65}
    laws = [P1.evaluate(**given, constants=dict.fromkeys(P1.constants, value)) for value in values.values()]
    assert all(law.kind is bounds.Kind.SCALING_LAW for law in laws)
    lines.append(f"| {depth} | " + " | ".join(f"{law.width:.1e}" for law in laws) + f" | {laws[0].iterations:,} |")
Markdown("**Scaling law, constants chosen by hand, no guarantee.**\n\n" + "\n".join(lines))

# %% [markdown]
# The table shows the *growth* with the depth ($2^{16}$ for each doubling), and nothing else. There is a second
# warning. With all constants equal to 1, when does the width of P1 cover its own near-linearity error, logarithm
# included? For $R=H=1$ the condition is $1/\epsilon\ge(7\log(1/\epsilon))^3$:

# %%
q = sympy.Symbol("q", positive=True)
condition = (spare - sympy.log(width) ** 3).subs({R: 1, H: 1, epsilon: 1 / q})
threshold = float(sympy.nsolve(condition, q, 10**6))
assert condition.subs(q, threshold / 2).evalf() < 0 < condition.subs(q, 2 * threshold).evalf()
assert condition.subs(q, 100).evalf() < 0
Markdown(f"It fails at $\\epsilon=1/100$; it holds from $1/\\epsilon\\approx${threshold:,.0f} on.")

# %% [markdown]
# For every $\epsilon$ that matters in practice, the hidden constant would have to cover the logarithm.
#
# The figure compares P1, P2 and the explicit E1 of notebook 4 at $R=4$. Bands: constants between 1/1000 and 1000. Only
# the black line has no band, because E1 has no unknown constant. (P1 is about another network than the other two, so
# its $R$ is not the same quantity; compare slopes.)

# %%
targets = [sympy.Rational(1, 2**k) for k in range(8)]
explicit = [
    bounds.required_width(**{**problem, "target_epsilon": target}, activation="erf", theorem="E1") for target in targets
]
assert all(plan.kind is bounds.Kind.CONDITIONAL_GUARANTEE for plan in explicit)
figure, axis = plt.subplots(figsize=(7.6, 4.4), layout="constrained")
places = [float(target) for target in targets]
laws = [
    (P1, 1, "P1, H = 1", BLUE, "-"),
    (P1, 3, "P1, H = 3", SKY, "--"),
    (P1, 6, "P1, H = 6", GREEN, "-."),
    (P2, None, "P2, two layers", ORANGE, ":"),
]
for law, depth, label, color, line in laws:
    given = {"radius": 4, "depth": depth, "dimension": 65}
    constants = (dict.fromkeys(law.constants, value) for value in ("0.001", 1, 1000))
    low, middle, high = (
        [float(law.evaluate(epsilon=each, constants=chosen, **given).width) for each in targets] for chosen in constants
    )
    axis.fill_between(places, low, high, color=color, alpha=0.13, lw=0)
    axis.plot(places, middle, color=color, ls=line, lw=2, label=label)
axis.plot(places, [plan.width for plan in explicit], color=BLACK, marker="o", ms=4, label="E1, two layers: explicit")
axis.set(xscale="log", yscale="log", xlabel="target $\\epsilon$", ylabel="width $m$")
axis.invert_xaxis()
warning = {"color": VERMILION, "ha": "center", "transform": axis.transAxes}
axis.text(0.5, 0.03, "P1, P2: constants chosen by hand; no guarantee", **warning)
axis.legend(frameon=False, ncols=2, loc="upper left")
plt.show()

# %% [markdown]
# ## 6. Experiment: what depth does to the kernel
#
# From here on we measure. The object behind the theory is the neural tangent kernel $K(x,z)$ of notebook 7, the inner
# product of the gradients of $f$ at $x$ and $z$ in the limit of infinite width. On the sphere it depends on
# $u=\langle x,z\rangle$ only. Divided by its value at $u=1$:

# %%
depths = range(1, 7)
limits = {depth: kernels.deep_kernel(kernels.paper_network(depth, 1)) for depth in depths}
for depth, kernel in limits.items():  # the library's general networks, with weight variance 2, have the same kernel
    same = kernels.deep_kernel(kernels.fully_connected("relu", depth, weight_variance=[1] + [2] * depth))
    grid = np.linspace(-1, 1, 21)
    assert np.allclose(same.value(grid) / same.at_one, kernel.value(grid) / kernel.at_one, rtol=0, atol=1e-13)

looks = [(BLUE, "-"), (SKY, "--"), (GREEN, "-."), (ORANGE, ":"), (VERMILION, (0, (5, 1))), (PURPLE, (0, (3, 1, 1, 1)))]
figure, (left, right) = plt.subplots(1, 2, figsize=(9.0, 3.8), layout="constrained")
degrees = np.linspace(0, 180, 400)
for (depth, kernel), (color, line) in zip(limits.items(), looks, strict=True):
    values = kernel.value(np.cos(np.radians(degrees))) / kernel.at_one
    left.plot(degrees, values, color=color, ls=line, label=f"H = {depth}")
left.set(xlabel="angle between $x$ and $z$ (degrees)", ylabel="$K(x,z)/K(x,x)$", xticks=range(0, 181, 30))
left.legend(frameon=False)
at = {
    angle: [float(kernel.value(np.cos(np.radians(angle)))) / kernel.at_one for kernel in limits.values()]
    for angle in (10, 30, 90, 180)
}
for (angle, values), marker, (color, line) in zip(at.items(), "os^D", looks, strict=False):
    right.plot(depths, values, color=color, ls=line, marker=marker, label=f"{angle}°")
right.set(xlabel="depth $H$", ylabel="$K(x,z)/K(x,x)$", ylim=(-0.03, 1.03))
right.legend(frameon=False, title="angle", loc="center right", bbox_to_anchor=(1.0, 0.42), ncols=2)
plt.show()

# %%
assert at[10] == sorted(at[10], reverse=True) and at[90] == sorted(at[90]) and at[180] == sorted(at[180])
Markdown(
    f"From $H=1$ to $6$, at 10°: {at[10][0]:.3f} falls to {at[10][-1]:.3f}; at 90°: {at[90][0]:.3f} rises to "
    f"{at[90][-1]:.3f}; at 180°: {abs(at[180][0]):.3f} rises to {at[180][-1]:.3f}."
)

# %% [markdown]
# Deeper kernels tell near points apart better (the curve falls faster from angle 0), and far points worse (from 90° on
# it is flat). For robustness the first is no advantage: a bound of the norm of a function bounds its change on a cap by
# the fall of the kernel over the cap (notebook 8), so a kernel that falls fast controls less.
#
# ## 7. Experiment: how wide is wide enough for the kernel?
#
# A drawn network of width $m$ has a random kernel $K_m$. How far is it from its limit, for twelve random points of the
# sphere in $\mathbb R^{10}$? Relative deviation in the operator norm, sixteen draws for each width.

# %%
generator = np.random.default_rng(6)
X = generator.standard_normal((12, 10))
X /= np.linalg.norm(X, axis=1, keepdims=True)
widths = [2**k for k in range(5, 11)]
LOOKS = {1: (BLUE, "o", "-"), 3: (ORANGE, "s", "--"), 6: (VERMILION, "^", "-.")}
deviations = {
    depth: kernels.kernel_deviation(kernels.paper_network(depth, 1), X, widths=widths, seeds=range(16))
    for depth in LOOKS
}
figure, axis = plt.subplots(figsize=(6.6, 3.9), layout="constrained")
for depth, (color, marker, line) in LOOKS.items():
    table = deviations[depth].rows("operator")
    slope = deviations[depth].exponent("operator")
    label = f"H = {depth}: slope {slope.estimate:.2f} [{slope.lower:.2f}, {slope.upper:.2f}]"
    bars = {"yerr": [2 * row.standard_error for row in table], "capsize": 2}
    places = np.array(widths) * 1.02 ** (depth - 3)  # side by side
    axis.errorbar(places, [row.mean for row in table], **bars, color=color, marker=marker, ls=line, label=label)
axis.plot(widths, 2.5 / np.sqrt(widths), color=GREY, lw=0.9, label="slope −1/2, for comparison")
axis.set(xscale="log", yscale="log", xlabel="width $m$", ylabel="$\\|K_m-K\\|/\\|K\\|$ (mean of 16 draws, ±2 s.e.)")
axis.legend(frameon=False, fontsize="small")
plt.show()

# %%
assert all(each.exponent("operator").contains(-0.5) for each in deviations.values())
narrow = {depth: each.rows("operator")[0].mean for depth, each in deviations.items()}
wide = {depth: each.rows("operator")[-1].mean for depth, each in deviations.items()}
assert narrow[6] > narrow[1]
Markdown(
    f"Mean deviation at $m=32$: {narrow[1]:.0%} for $H=1$, {narrow[6]:.0%} for $H=6$. At $m=1024$: {wide[1]:.0%} and "
    f"{wide[6]:.0%}. The 95 % intervals of all three slopes contain $-1/2$."
)

# %% [markdown]
# The rate $m^{-1/2}$ is that of an average of independent terms. Depth does not change it visibly, but makes narrow
# networks worse: products of $H$ random matrices fluctuate more. Note how gentle this is: nothing here resembles
# $H^{16}$.
#
# ## 8. Experiment: how nearly linear is a deep ReLU network?
#
# Now the ingredient that decides P1. Move every layer by $\Delta^{(h)}$ with $\|\Delta^{(h)}\|_F\le R/\sqrt m$ and look
# at the **remainder** $f(W_0+\Delta)-f(W_0)-\langle\nabla f(W_0),\Delta\rangle$. The recorded bound says that it is at
# most of the order $R^{4/3}H^{5/2}m^{-1/6}\sqrt{\log m}$, wherever we go in the balls, if $m$ is large enough.
#
# All moves below have rank one, $\Delta^{(h)}=u\,v^\top$. `passes` computes $f$, the inputs $x^{(h-1)}$ and
# preactivations $z^{(h)}$ of the trained layers, and $b^{(h)}$, the derivative of $f$ by $x^{(h)}$.


# %%
def passes(network, x, moves=None):
    """f, and for each trained layer its input, its preactivations and the derivative of f by its output."""
    (first, _), *trained, (readout, _) = network.parameters
    inputs, before, after = [first @ x], [], [readout[0]]
    for layer, (weights, _) in enumerate(trained):
        z = weights @ inputs[-1]
        if moves is not None:
            u, v = moves[layer]
            z = z + u * (v @ inputs[-1])
        before.append(z)
        inputs.append(np.maximum(z, 0))
    for (weights, _), z in zip(trained[:0:-1], before[:0:-1], strict=True):
        after.insert(0, weights.T @ (after[0] * (z > 0)))
    return after[-1] @ inputs[-1], inputs[:-1], before, after


def remainder(network, x, moves):
    """|f(W_0 + Delta) - f(W_0) - <gradient, Delta>| for Delta = u v^T in each layer."""
    f, inputs, before, after = passes(network, x)
    each = zip(moves, inputs, before, after, strict=True)
    linear = sum(((b * (z > 0)) @ u) * (v @ y) for (u, v), y, z, b in each)
    return abs(passes(network, x, moves)[0] - f - linear)


f, inputs, before, after = passes(drawn[0], x[0])
squared = sum(np.sum((b * (z > 0)) ** 2) * (y @ y) for y, z, b in zip(inputs, before, after, strict=True))
assert np.isclose(f, drawn[0].forward(x)[0]) and np.isclose(squared, squared_gradients[0])

# %% [markdown]
# **Where is the network least linear?** Consider one layer, and let the move change its preactivations from $z_r$ to
# $z_r+u_r$. A neuron adds to the remainder only if its preactivation changes sign, and then it adds
# $b_r(|u_r|-|z_r|)$. So spend the budget $\|u\|\le R\,|x^{(h-1)}|/\sqrt m$ on neurons near their kink, all with
# $b_r>0$. With a multiplier $\lambda$ for the budget, each neuron decides for itself:
#
# $$\max_{c\ge0}\ b_r(c-|z_r|)_+-\lambda c^2:\qquad c=\frac{b_r}{2\lambda}\ \text{ if }\ |z_r|<\frac{b_r}{4\lambda},
# \text{ else } 0.$$
#
# For $H=1$ this is more than a clever direction. For *every* $\lambda>0$, the sum of these maxima plus $\lambda$ times
# the squared budget is an **upper bound** of the remainder over the whole ball. (Negative remainders have a bound of
# their own, by the neurons with $b_r<0$; by symmetry it suffices to look at one sign.) So at one input the supremum is
# known from both sides.


# %%
def through_kinks(b, z, budget):
    """A move u of the preactivations with |u| = budget, its remainder, and a bound for every such move (b > 0 only)."""
    gain, low, high = np.maximum(b, 0), 1e-9, 1e9

    def chosen(multiplier):
        return np.where(np.abs(z) < gain / (4 * multiplier), gain / (2 * multiplier), 0)

    while high / low > 1 + 1e-12:
        middle = np.sqrt(low * high)
        low, high = (middle, high) if np.linalg.norm(chosen(middle)) > budget else (low, middle)
    bound = np.sum(np.maximum(gain**2 / (4 * high) - gain * np.abs(z), 0)) + high * budget**2
    sizes = [size * (budget / np.linalg.norm(size)) for size in map(chosen, (low, high)) if size.any()]
    reached = [float(np.sum(gain * np.maximum(size - np.abs(z), 0))) for size in sizes]
    best = int(np.argmax(reached))
    return -np.sign(z) * sizes[best], reached[best], float(bound)


# %% [markdown]
# What should come out? For $H=1$ and large $m$ we can calculate it. Preactivations are Gaussian with standard deviation
# $q\sqrt{2/m}$, $q=|x^{(0)}|$, so near the kink they have the density $p_0=\sqrt m/(2q\sqrt\pi)$; half of the $b_r$
# are positive, with Gaussian density. SymPy adds up the neurons and minimises over $\lambda$:

# %%
lam, size, b, t = sympy.symbols("lambda q b t", positive=True)
p0 = sympy.sqrt(m) / (2 * size * sympy.sqrt(sympy.pi))
neuron = sympy.integrate(2 * p0 * b * (b / (4 * lam) - t), (t, 0, b / (4 * lam)))
average = sympy.integrate(neuron * sympy.exp(-(b**2) / 2) / sympy.sqrt(2 * sympy.pi), (b, 0, sympy.oo))
dual = m * average + lam * (R * size / sympy.sqrt(m)) ** 2
(best,) = [root for root in sympy.solve(sympy.diff(dual, lam), lam) if root.is_positive]
supremum = sympy.powsimp(sympy.simplify(dual.subs(lam, best)), force=True)
powers = sympy.expand_power_base(supremum, force=True).as_powers_dict()
assert powers[R] == sympy.Rational(4, 3) and powers[m] == -sympy.Rational(1, 6)
Math(rf"\text{{largest remainder, }}H=1:\qquad{sympy.latex(supremum)}")

# %% [markdown]
# These are exactly the exponents $R^{4/3}m^{-1/6}$ of the recorded bound. (It is a calculation of a limit, at one input
# and from $W_0$; the library has no proof of it.) Now measure: $R=1$, $H=1$, widths up to $2^{16}$, eight draws.
# Given $x^{(0)}$, the preactivations are independent Gaussians, so no matrix is needed.

# %%
many_widths = [2**k for k in range(5, 17)]
reached, bounded = np.zeros((2, len(many_widths), 8))
for row, m_ in enumerate(many_widths):
    for seed in range(8):
        generator = np.random.default_rng([seed, m_])
        q_ = np.sqrt(2 * generator.chisquare(m_) / m_)
        b_, z_ = generator.standard_normal(m_), q_ * np.sqrt(2 / m_) * generator.standard_normal(m_)
        _, reached[row, seed], bounded[row, seed] = through_kinks(b_, z_, q_ / np.sqrt(m_))
calculated = float(supremum.subs({R: 1, size: sympy.sqrt(2), m: 1}))
exact_fit = fit_power_law(many_widths[4:], reached[4:]).exponent
assert (reached <= bounded * (1 + 1e-9)).all() and exact_fit.contains(-1 / 6)
gaps = bounded / reached - 1
assert gaps[-4:].max() < 0.001
Markdown(
    f"Slope of the largest remainder over $m=2^9,\\dots,2^{{16}}$: {exact_fit.estimate:.3f}, 95 % interval "
    f"[{exact_fit.lower:.3f}, {exact_fit.upper:.3f}]; predicted $-1/6\\approx-0.167$. From $m=2^{{13}}$ on the two "
    f"sides differ by at most {gaps[-4:].max():.2%}."
)

# %% [markdown]
# For deeper networks we take the same move in every layer at once: no supremum any more, only a direction that was
# found, and so a lower bound. Beside it the direction in which training starts, the **gradient**, in every layer at
# full length $R/\sqrt m$. $R=1$, widths $2^5$ to $2^{10}$, twelve draws, mean over eight inputs.


# %%
def two_moves(network, x, radius=1.0):
    """In every layer, within the balls: the move through the kinks, and the one along the gradient."""
    _, inputs, before, after = passes(network, x)
    ball = radius / np.sqrt(network.widths[0])
    kinks, gradient = [], []
    for y, z, b in zip(inputs, before, after, strict=True):
        length, slope = np.linalg.norm(y), b * (z > 0)
        kinks.append((through_kinks(b, z, ball * length)[0], y / length**2))
        gradient.append((slope * (ball / np.linalg.norm(slope)), y / length))
    return kinks, gradient


def measured(depth, width, draws=12):
    """Remainders of the moves through the kinks and along the gradient, mean over eight inputs: shape (2, draws)."""
    architecture, found = kernels.paper_network(depth, width), []
    for seed in range(draws):
        network = kernels.FiniteNetwork.initialise(architecture, 10, seed=seed)
        found.append([[remainder(network, x, move) for move in two_moves(network, x)] for x in np.eye(10)[:8]])
    return np.mean(found, axis=1).T


remainders = {depth: np.stack([measured(depth, width) for width in widths], axis=1) for depth in LOOKS}
kink_slopes = {depth: fit_power_law(widths, remainders[depth][0]).exponent for depth in LOOKS}
gradient_slopes = {depth: fit_power_law(widths, remainders[depth][1]).exponent for depth in LOOKS}

# %%
figure, (left, right) = plt.subplots(1, 2, figsize=(9.0, 4.4), layout="constrained")
left.loglog(many_widths, reached.mean(1), "o", color=BLUE, ms=5, label="found: lower bound")
left.loglog(many_widths, bounded.mean(1), "_", color=VERMILION, ms=11, mew=1.5, label="dual: upper bound")
curve = calculated * np.array(many_widths) ** (-1 / 6)
left.loglog(many_widths, curve, color=GREY, label="calculated, nothing fitted")
left.set(xlabel="width $m$", ylabel="remainder at $R=1$", title="$H=1$: the largest at one input")
for depth, (color, marker, line) in LOOKS.items():
    for values, slope, face, name in (
        (remainders[depth][0], kink_slopes[depth], color, "kinks"),
        (remainders[depth][1], gradient_slopes[depth], "white", "gradient"),
    ):
        label = f"H = {depth}, {name}: {slope.estimate:.2f} ± {slope.width / 2:.2f}"
        right.loglog(widths, values.mean(1), marker=marker, ls=line, color=color, mfc=face, ms=5, label=label)
right.set(xlabel="width $m$", title="all layers; slopes with 95 % intervals", ylim=(0.006, 60))
left.set(yticks=[0.1, 0.2, 0.3, 0.4], yticklabels=["0.1", "0.2", "0.3", "0.4"])
left.minorticks_off()
left.legend(frameon=False)
right.legend(frameon=False, fontsize="x-small", ncols=2, loc="upper center")
plt.show()


# %%
def with_interval(slope):
    """An exponent and its 95 % interval in words."""
    return f"{slope.estimate:.2f} [{slope.lower:.2f}, {slope.upper:.2f}]"


# The slope that m^(-1/6) sqrt(log m) has between the first and the last width.
with_logarithm = -1 / 6 + np.log(np.log(widths[-1]) / np.log(widths[0])) / (2 * np.log(widths[-1] / widths[0]))
assert all(-1 / 6 < slope.estimate < with_logarithm for slope in kink_slopes.values())
assert all(gradient_slopes[depth].estimate < kink_slopes[depth].estimate for depth in LOOKS)
assert all(gradient_slopes[depth].upper < -1 / 6 for depth in (1, 3))
names = [f"$H={depth}$" for depth in LOOKS]
rows = [
    ["through the kinks", *map(with_interval, kink_slopes.values())],
    ["along the gradient", *map(with_interval, gradient_slopes.values())],
    ["recorded bound, without logarithm"] + ["−0.17"] * 3,
    ["recorded bound with $\\sqrt{\\log m}$, over these widths"] + [f"{with_logarithm:.2f}"] * 3,
]
Markdown("\n".join(f"| {' | '.join(row)} |" for row in (["slope in $m$", *names], [":--"] * 4, *rows)))

# %% [markdown]
# How does the remainder grow with the depth, at a fixed width? At $m=512$ and $R=1$:

# %%
by_depth = {depth: measured(depth, 512) for depth in (1, 2, 4, 8)}
kinks_grow, gradient_grows = (
    fit_power_law(list(by_depth), np.stack([values[move] for values in by_depth.values()])).exponent for move in (0, 1)
)
share = float(by_depth[8][1].mean()) / 8  # along the gradient, f itself changes by about H R to first order
assert kinks_grow.upper < 2 < gradient_grows.lower and 0.2 < share < 0.6
Markdown(
    f"* exponent of $H$, moves through the kinks: {with_interval(kinks_grow)}\n"
    f"* exponent of $H$, along the gradient: {with_interval(gradient_grows)} (recorded bound: $5/2$)\n\n"
    f"At $H=8$ the remainder along the gradient is {share:.0%} of $HR$, the size of the linear change: this network is "
    "not nearly linear at all."
)

# %% [markdown]
# **What the measurements say.**
#
# * For one layer the exponents $R^{4/3}m^{-1/6}$ are not an artefact of the proof: moves exist whose remainder falls
#   no faster, and at one input nothing is worse. A uniform bound over the ball cannot do better. With a smooth
#   activation the remainder is of order $R^2/\sqrt m$ instead (notebook 2): the kink of the ReLU costs the exponent.
# * For deeper networks the moves that we found behave alike; at these widths the slope lies between that of
#   $m^{-1/6}$ and that of $m^{-1/6}\sqrt{\log m}$. This is evidence, not a proof: worse moves may exist.
# * In the direction in which training starts the remainder falls faster with the width. This is where a better theorem
#   could win; but it grows fast with the depth.
#
# ## 9. What is not known
#
# * **The constants** in width, step size and number of steps, and which power of $\log m$ they hide. Without them P1
#   prescribes no width. "With high probability" comes without a rate.
# * **The record.** The text of the paper was not read again when P1 was recorded; the object says so (`provenance`).
# * **The factor $H$ in $T$.** Our check finds one where the record has none. Whether the paper's proof avoids it, for
#   instance by a different set, we do not know.
# * **The radius.** P1 compares with the best network *in the balls*. That a robust network lies there is a theorem for
#   two layers only (notebook 8 computes the radius on given data); for deep networks nothing here says how large $R$
#   must be.
# * **An explicit version.** The theorems E1 to E11 have two layers. Most need a Lipschitz derivative $\sigma'$, which
#   the ReLU does not have; the library refuses:

# %%
Markdown("> " + refusal(lambda: bounds.required_width(**problem, activation="relu")))

# %% [markdown]
# * **What the experiments leave open.** Random initialisation, few inputs, $R=1$, widths up to $2^{10}$ ($2^{16}$ for
#   one layer), no training; a supremum only for $H=1$.
#
# ## 10. Exercises
#
# **1.** Correct the record by the factor $H$: with one ball per layer, what is $T$ in terms of $R$, $H$ and $\epsilon$?
# Does the check then accept all four claims?
#
# <details><summary>Solution</summary>
#
# $T=HR^2/(m\epsilon\alpha)$, which is $R^2H^3/\epsilon^2$ up to constants at the recorded step size. The fourth claim
# then holds, but the third, which quotes the recorded order $R^2H^2/\epsilon^2$, is refuted: the two cannot both be
# right.
# </details>

# %%
corrected = replace(P1, iterations=H * P1.iterations)
outcomes = [outcome.verdict for _, outcome in bounds.check_consistency(corrected)]
assert exponents(corrected.iterations.subs(alpha, corrected.step_size)) == [2, 3, -2]
assert outcomes == [bounds.Verdict.PROVED, bounds.Verdict.PROVED, bounds.Verdict.REFUTED, bounds.Verdict.PROVED]
print([outcome.value for outcome in outcomes])

# %% [markdown]
# **2.** Suppose that somebody proves the remainder $R^2H^{5/2}/\sqrt m$ for deep networks with smooth activations. What
# width would the same argument ask for? How much is that less than P1's, in powers of $1/\epsilon$?
#
# <details><summary>Solution</summary>
#
# Solve $R^2H^{5/2}/\sqrt m=\epsilon$: $m=R^4H^5/\epsilon^2$. Five powers of $1/\epsilon$ fewer, and eleven of $H$.
# </details>

# %%
smooth = R**2 * H ** sympy.Rational(5, 2) / sympy.sqrt(m)
(smooth_width,) = sympy.solve(sympy.Eq(smooth, epsilon), m)
assert exponents(smooth_width) == [4, 5, -2]
print(smooth_width, "; P1 over this:", sympy.powsimp(width / smooth_width))

# %% [markdown]
# **3.** Check the exponent $4/3$ of $R$ for the largest remainder of one layer: $m=2^{14}$, $R=1,2,4,8$.
#
# <details><summary>Solution</summary>
#
# Only the budget changes. The fit gives $4/3$ up to the curvature that is left at this width.
# </details>

# %%
radii, by_radius = (1, 2, 4, 8), np.zeros((4, 8))
for seed in range(8):
    generator = np.random.default_rng(seed)
    b_, z_ = generator.standard_normal(2**14), np.sqrt(2) * np.sqrt(2 / 2**14) * generator.standard_normal(2**14)
    by_radius[:, seed] = [through_kinks(b_, z_, radius * np.sqrt(2) / 2**7)[1] for radius in radii]
radius_slope = fit_power_law(radii, by_radius).exponent
assert abs(radius_slope.estimate - 4 / 3) < 0.05
print(f"exponent of R: {radius_slope.estimate:.3f} [{radius_slope.lower:.3f}, {radius_slope.upper:.3f}]")

# %% [markdown]
# ## Where to go next
#
# * Notebook 7: the kernel $K$ of two-layer networks, and which functions it can represent.
# * Notebook 8: the radius $R$ on real data, as an interval.
# * `robustntk width --theorem P1` with constants of your own prints the law with all its warnings; `docs/theory.md`,
#   section 1, has the record.
