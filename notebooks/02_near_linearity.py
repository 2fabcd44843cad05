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
# # 2. Near-linearity: a wide network is almost linear in its weights
#
# **What this notebook shows.** If the weights of a two-layer network may move by a fixed total distance, then the wider
# the network, the less each neuron moves, and the closer the network is to a *linear* function of its weights. Lemma
# **E1.a** says how close, with an explicit constant. You will see it, see that the constant cannot be smaller, and go
# through its proof, every step of which is checked by a machine while the notebook runs.
#
# **Why it matters.** For a model that is linear in its weights, training with a convex loss is a convex problem, and
# there are proofs for that. A network is not linear. If it is *nearly* linear on the set of weights where training
# takes place, then the proofs go through, at a price: the deviation from linearity, which a larger width makes
# smaller.
#
# **What it takes from [notebook 1](01_the_problem.ipynb).** The network and the ball of weights in which it is trained;
# both are repeated here. Data and adversary come back in notebook 3.
#
# **Afterwards you can** compute how far a network can be from linear; derive that bound yourself; find the constant
# $\beta$ of an activation; say why it must exist and what happens for ReLU, which has none; and bound the gradient
# (E1.b). These two bounds are all that the convergence theorem E1 ever uses about networks.

# %%
import matplotlib.pyplot as plt
import numpy as np
import sympy
from IPython.display import Markdown, Math, display

from robustntk import bounds, kernels, verify
from robustntk.bounds import letters
from robustntk.bounds.curvature import FULL_CURVATURE, FULL_WIDTH, TIED_CURVATURE
from robustntk.bounds.gradient import GRADIENT_BOUND, operator_norm, slope_at_zero
from robustntk.bounds.two_layer import LARGEST_DISTANCE
from robustntk.verify.palette import BLUE, GREEN, GREY, ORANGE, PURPLE, SKY, VERMILION


def table(header: list[str], rows: list[list[str]]) -> Markdown:
    """A Markdown table."""
    return Markdown("\n".join("| " + " | ".join(row) + " |" for row in [header, [":--"] * len(header), *rows]))


# %% [markdown]
# ## 1. The network, and how far it may move
#
# Inputs $x\in\mathbb R^d$ have length 1. The network has $m$ neurons, and only its first layer $W\in\mathbb R^{m\times
# d}$, with rows $w_1,\dots,w_m$, is trained:
#
# $$f(W,x)=\frac1{\sqrt m}\sum_{r=1}^m a_r\,\sigma(w_r\cdot x),\qquad a_r=\pm1\text{ fixed}.$$
#
# $\sigma$ is the *activation*; $z_r=w_r\cdot x$ is the *preactivation* of neuron $r$. The initial weights $W_0$ are
# drawn in mirrored pairs: half of the rows are Gaussian, with $a_r=1$, the other half repeats them with $a_r=-1$, so
# that $f(W_0,\cdot)=0$. Training stays in the ball
#
# $$B(R)=\{W:\ \|W-W_0\|_F\le R\},\qquad \|A\|_F^2=\sum_{r,k}A_{rk}^2 .$$
#
# The radius $R$ does not depend on the width. That is the whole point: $R^2$ is a budget that the $m$ neurons share.

# %%
DIMENSION, RADIUS = 10, 2.0
rows = []
for width in (16, 256, 4096):
    weights = kernels.SymmetricInitialisation(width, DIMENSION, seed=0).weights
    length = np.sqrt(np.mean(np.sum(weights**2, axis=1)))
    rows.append([f"{width:,}", f"{length:.2f}", f"{RADIUS / np.sqrt(width):.3f}"])
    assert np.isclose(np.sqrt(width * (RADIUS / np.sqrt(width)) ** 2), RADIUS)
table(["width $m$", r"typical length of a $w_r$ in $W_0$", r"its move if all move equally, $R/\sqrt m$"], rows)

# %% [markdown]
# A smooth curve looks straight if you look at a short enough piece of it. When every neuron sees only a short piece of
# $\sigma$, each is almost linear in its weights, and so is their sum. But there is a race: the pieces get shorter, and
# there are more of them. The question is who wins.
#
# What "almost linear" means: the *linearisation* at $W$ predicts $f(W',x)$ from the value and the gradient at $W$,
# and the *remainder* is what it misses,
#
# $$\text{remainder}=f(W',x)-f(W,x)-\langle\nabla_Wf(W,x),\,W'-W\rangle,\qquad
# \frac{\partial f}{\partial w_r}=\frac{a_r\,\sigma'(w_r\cdot x)}{\sqrt m}\,x,$$
#
# with $\langle A,B\rangle=\sum_{r,k}A_{rk}B_{rk}$. The library has both parts.


# %%
def remainder(activation, start, W, W_moved, x):
    """f(W', x) - f(W, x) - <grad f(W, x), W' - W>."""
    before, after = (verify.TwoLayerNetwork(each, start.signs, activation).predict(x[None]) for each in (W, W_moved))
    linear = verify.LinearisedNetwork(W, W_moved - W, start.signs, activation).predict(x[None])
    return float((after - before - linear)[0])


# %% [markdown]
# ## 2. The statement
#
# **E1.a.** Let $\sigma'$ be $\beta$-Lipschitz: $|\sigma'(u)-\sigma'(v)|\le\beta|u-v|$ for all $u,v$. Then for every
# $x$ of length 1 and all $W,W'\in B(R)$:

# %%
worst_in_ball = FULL_CURVATURE * LARGEST_DISTANCE**2
Math(
    r"|f(W',x)-f(W,x)-\langle\nabla_Wf(W,x),\,W'-W\rangle|\;\le\;"
    + sympy.latex(FULL_CURVATURE)
    + r"\,\|W'-W\|_F^2\;\le\;"
    + sympy.latex(worst_in_ball)
)

# %% [markdown]
# (Formulas are printed from the library, not retyped; the same objects go into its calculators and proofs.) The factor
# in front of $\|W'-W\|_F^2$ is called the *curvature* $C$ of the network; the second inequality holds because two
# points of a ball of radius $R$ are at most $2R$ apart. So the race is won, by a factor $1/\sqrt m$.
#
# ## 3. Seen
#
# A bound for *all* $W,W'$ is best tested where it hurts. How would an adversary of the bound bend the network? It picks
# $k$ neurons and moves each along $x$, from $-t$ to $+t$ around its initial preactivation, with $t=R/\sqrt k$, so that
# both ends lie on the boundary of $B(R)$. It takes those neurons whose remainders, with their signs $a_r$, add up to
# most: where $a_r\sigma''$ is near its extreme value. And it tries many $k$.


# %%
def bend(activation, start, x, radius):
    """W and W' in B(radius) with a large remainder at x: the best of many numbers k of moved neurons."""
    sigma, slope = (kernels.numeric(activation, order) for order in (0, 1))
    z, best = start.weights @ x, (-np.inf, 0.0, None)
    for k in np.unique(np.geomspace(1, start.width, 60).astype(int)):
        t = radius / np.sqrt(k)
        gains = start.signs * (sigma(z + t) - sigma(z - t) - 2 * t * slope(z - t))
        chosen = np.argsort(gains)[-k:]
        if gains[chosen].sum() > best[0]:
            best = gains[chosen].sum(), t, chosen
    move = np.zeros_like(start.weights)
    move[best[2]] = best[1] * x
    return start.weights - move, start.weights + move


def draw(width):
    """W_0 of that width, and an input along its first neuron, so that some preactivations are large."""
    start = kernels.SymmetricInitialisation(width, DIMENSION, seed=0)
    return start, start.half_weights[0] / np.linalg.norm(start.half_weights[0])


# %% [markdown]
# First along one line: $f$ on the segment from $W$ to $W'$ that this adversary found, for $\sigma=\tanh$, beside its
# linearisation at $W$. The shaded band is what E1.a allows.

# %%
tanh = bounds.get_activation("tanh")
curvature_of = sympy.lambdify((letters.beta, letters.m), FULL_CURVATURE)
beta = float(tanh.derivative_lipschitz)

figure, axes = plt.subplots(1, 3, figsize=(9, 3.4), layout="constrained", sharey=True)
for axis, width in zip(axes, (16, 256, 4096), strict=True):
    start, x = draw(width)
    W, W_moved = bend(tanh, start, x, RADIUS)
    part = np.linspace(0, 1, 101)
    missed = np.array([remainder(tanh, start, W, W + s * (W_moved - W), x) for s in part])
    slope = verify.LinearisedNetwork(W, W_moved - W, start.signs, tanh).predict(x[None])[0]
    allowed = curvature_of(beta, width) * (part * np.linalg.norm(W_moved - W)) ** 2
    assert np.all(np.abs(missed) <= allowed + 1e-12)
    line = part * slope
    axis.fill_between(part, line - allowed, line + allowed, color=SKY, alpha=0.35, label="allowed by E1.a")
    axis.plot(part, line, "--", color=GREY, label="linearisation at $W$")
    axis.plot(part, line + missed, color=BLUE, lw=2, label="network")
    axis.set(title=f"m = {width:,}", xlabel="$s$, at $W+s\\,(W'-W)$")
axes[0].set_ylabel("change of $f$ from its value at $W$")
axes[0].legend(frameon=False, loc="upper left", fontsize="small")
plt.show()

# %% [markdown]
# The same distance $\|W'-W\|_F=2R=4$ in all three panels; only the width differs.
#
# Now over widths $2^4$ to $2^{14}$, for two activations: tanh, and the *quadratic ReLU* $\max(0,z)^2$, the paper's
# example. Three kinds of moves:
#
# * **adversarial**: the construction above;
# * **random**: $W$ and $W'$ drawn independently and uniformly from the boundary of $B(R)$, the largest of 20 remainders
#   at random inputs;
# * **tied**, a glimpse of [notebook 5](05_where_the_width_goes.ipynb): mirrored partners move in opposite directions,
#   to $w_r+u_r$ and $w_r-u_r$, all by the same length $R/\sqrt m$, each pair in whichever direction makes the sum
#   largest.


# %%
def random_remainder(activation, start, generator):
    """|remainder| for independent random points of the boundary of B(R) and a random input."""
    moves = [generator.normal(size=start.weights.shape) for _ in range(2)]
    W, W_moved = (start.weights + RADIUS * move / np.linalg.norm(move) for move in moves)
    x = generator.normal(size=DIMENSION)
    return abs(remainder(activation, start, W, W_moved, x / np.linalg.norm(x)))


def tied_ends(activation, start, x):
    """W and W' in B(R) in which mirrored partners have moved in opposite directions, by R/sqrt(m) each."""
    sigma, slope = (kernels.numeric(activation, order) for order in (0, 1))
    z, h = start.half_weights @ x, RADIUS / np.sqrt(start.width)
    gains = 2 * (sigma(z + h) - sigma(z - h)) - 2 * h * (slope(z + h) + slope(z - h))
    half = h * np.outer(np.where(gains > 0, 1.0, -1.0), x)
    move = np.concatenate([half, -half])
    return start.weights - move, start.weights + move


# %%
WIDTHS = 2 ** np.arange(4, 15)
ACTIVATIONS = {"tanh": tanh, "quadratic ReLU": bounds.get_activation("quadratic_relu")}
generator = np.random.default_rng(0)
measured = {}
for name, activation in ACTIVATIONS.items():
    curves = {"adversarial": [], "random": [], "tied": []}
    for width in WIDTHS:
        start, x = draw(int(width))
        for kind, ends in (
            ("adversarial", bend(activation, start, x, RADIUS)),
            ("tied", tied_ends(activation, start, x)),
        ):
            assert all(np.linalg.norm(end - start.weights) <= RADIUS * (1 + 1e-12) for end in ends)
            curves[kind].append(abs(remainder(activation, start, *ends, x)))
        curves["random"].append(max(random_remainder(activation, start, generator) for _ in range(20)))
    measured[name] = {kind: np.array(values) for kind, values in curves.items()}

# %%
tied_curvature_of = sympy.lambdify((letters.gamma, letters.rho, letters.m), TIED_CURVATURE)
styles = {"adversarial": (BLUE, "o-"), "random": (ORANGE, "s-"), "tied": (GREEN, "^-")}
tail = WIDTHS >= 2**8  # where the moved pieces of the activation are short
slopes = {}

figure, axes = plt.subplots(1, 2, figsize=(9, 5), layout="constrained", sharey=True)
for axis, (name, activation) in zip(axes, ACTIVATIONS.items(), strict=True):
    limit = curvature_of(float(activation.derivative_lipschitz), WIDTHS) * (2 * RADIUS) ** 2
    axis.loglog(WIDTHS, limit, color=VERMILION, lw=6, alpha=0.4, label="E1.a: the remainder is at most this")
    for kind, values in measured[name].items():
        assert np.all(values <= limit * (1 + 1e-12))
        slopes[name, kind] = np.polyfit(np.log(WIDTHS[tail]), np.log(values[tail]), 1)[0]
        colour, style = styles[kind]
        axis.loglog(WIDTHS, values, style, color=colour, ms=4, label=f"{kind}, slope {slopes[name, kind]:.2f}")
    if activation.curvature_lipschitz is not None:
        tied_limit = tied_curvature_of(float(activation.curvature_lipschitz), RADIUS, WIDTHS) * (2 * RADIUS) ** 2
        assert np.all(measured[name]["tied"] <= tied_limit)
        axis.loglog(WIDTHS, tied_limit, ":", color=PURPLE, lw=2, label="E2: tied moves, at most this")
    axis.set(title=name, xlabel="width $m$")
    axis.legend(frameon=False, loc="upper center", bbox_to_anchor=(0.5, -0.15), fontsize="small")
axes[0].set_ylabel("|remainder|")
plt.show()

# %%
assert all(abs(slopes[name, "adversarial"] + 0.5) < 0.05 for name in ACTIVATIONS)
assert all(slopes[name, kind] < -0.9 for name in ACTIVATIONS for kind in ("random", "tied"))
Markdown(
    "Slopes are least-squares fits for $m\\ge2^8$. The adversary's moves follow the bound: "
    f"{slopes['tanh', 'adversarial']:.2f} and {slopes['quadratic ReLU', 'adversarial']:.2f}, where the bound has "
    "exactly $-1/2$. Random moves and tied ones are much closer to linear, with slopes near $-1$: there, remainders of "
    "neurons with opposite signs $a_r$ cancel."
)

# %% [markdown]
# (The bound E2 of tied moves needs a Lipschitz constant of $\sigma''$, which the quadratic ReLU does not have;
# notebook 5 says what takes its place. The first gradient step is a tied move: partners have the same $w_r$ and
# opposite $a_r$.)
#
# Two lessons. For *arbitrary* moves the power $1/\sqrt m$ is right, and no better proof of E1.a can improve it. For
# *particular* moves it can be far too pessimistic; this is where notebook 5 gains a factor $\sqrt m$.
#
# ## 4. How nearly the bound is attained
#
# Not only the power, the constant is right too. The ratio of the adversary's remainder to the bound:

# %%
ratios = {
    name: measured[name]["adversarial"] / (curvature_of(float(activation.derivative_lipschitz), WIDTHS) * 4 * RADIUS**2)
    for name, activation in ACTIVATIONS.items()
}
assert np.allclose(ratios["quadratic ReLU"], 1.0, rtol=1e-9, atol=0)
assert np.all(np.diff(ratios["tanh"]) > 0) and 0.99 < ratios["tanh"][-1] < 1
shown = range(0, len(WIDTHS), 2)
table(["width"] + [f"{WIDTHS[i]:,}" for i in shown], [[k] + [f"{v[i]:.4f}" for i in shown] for k, v in ratios.items()])

# %% [markdown]
# The quadratic ReLU *attains* the bound at every width: on its active side $\sigma''=2=\beta$ throughout, so that each
# moved neuron has exactly the largest remainder. For tanh $|\sigma''|$ is equal to $\beta$ at two points only; the
# wider the network, the more neurons start close to them, and the shorter the pieces that they move along: the ratio
# tends to 1.
#
# ## 5. The proof, one group of steps at a time
#
# Proofs are data in this library: a list of steps, each with a claim and an *engine* that checks it.
#
# | engine | what it does |
# |:--|:--|
# | sympy | computes both sides of an identity in symbols |
# | smt | z3, and cvc5 as a second opinion: proves that no real numbers meet the hypotheses and break the claim |
# | induction | checks start and step of an induction over neurons, points or time, each by smt |
# | arb | encloses a function on the whole line in intervals with proved ends |
# | cited | a theorem of the literature; stress-tested, never called proved |
#
# A checker that says yes to everything is worthless. So every step comes with *planted faults*: versions that are
# wrong on purpose, with a smaller constant or without a hypothesis. The engine must refute each of them, with a
# counterexample; otherwise the step counts as failed.

# %%
proof = bounds.load_proof("E1")


def checked(*names):
    """Check these steps of the proof of E1, and that every fault planted in them is refuted."""
    report = bounds.check_proof(proof, steps=names, falsify=True)
    assert report.holds
    return report


# %% [markdown]
# ### One neuron: Taylor
#
# One neuron at preactivation $z$, moved by $t$, misses its tangent by $\sigma(z+t)-\sigma(z)-\sigma'(z)t$. If the slope
# $\sigma'$ changes at rate at most $\Lambda$ (for now, $\Lambda=\beta$), the curve cannot leave the tangent faster than
# a parabola $\pm\Lambda t^2/2$ does.

# %%
sigma, slope = (kernels.numeric(tanh, order) for order in (0, 1))
t = np.linspace(-1.5, 1.5, 301)
most_bent = float(sympy.atanh(sympy.sqrt(3) / 3))  # where |tanh''| is largest

figure, axis = plt.subplots(figsize=(6.5, 3.6), layout="constrained")
axis.fill_between(t, -beta * t**2 / 2, beta * t**2 / 2, color=SKY, alpha=0.35, label=r"$\pm\beta t^2/2$")
for z, colour, style in ((-most_bent, BLUE, "-"), (most_bent, VERMILION, "--"), (0.0, GREEN, "-."), (2.0, PURPLE, ":")):
    missed = sigma(z + t) - sigma(z) - slope(z) * t
    assert np.all(np.abs(missed) <= beta * t**2 / 2 + 1e-15)
    axis.plot(t, missed, style, color=colour, lw=2, label=f"z = {z:.2f}")
axis.set(
    xlabel="move $t$ of the preactivation", ylabel=r"$\sigma(z+t)-\sigma(z)-\sigma'(z)t$", title="one neuron, tanh"
)
axis.legend(frameon=False, fontsize="small", ncols=2, loc="upper center")
plt.show()

# %% [markdown]
# Proof: let $h_\mp(t)=\Lambda t^2/2\mp(\text{remainder})$ be the gap to the upper and to the lower parabola. Both gaps
# are 0 at $t=0$, and their derivatives (`h-`, `h+`) are $\Lambda t\mp(\sigma'(z+t)-\sigma'(z))$, which has the sign of
# $t$ by the Lipschitz condition. So neither gap can become negative: `taylor+` and `taylor-`, by the mean value
# theorem, and both together are `taylor`.

# %%
neuron = checked("E1.a.h-", "E1.a.h+", "E1.a.taylor+", "E1.a.taylor-", "E1.a.taylor")
display(neuron)

# %% [markdown]
# One step in detail: what it rests on, what it supposes, and what the planted faults were refuted by.

# %%
neuron["E1.a.taylor+"]

# %% [markdown]
# Look at the first fault, the constant $\Lambda/3$ in place of $\Lambda/2$. The solver's counterexample consists of
# numbers that satisfy all hypotheses and break the claim. Is it one about functions? Yes: the parabola
# $\sigma(v)=\Lambda v^2/2$, whose slope $\Lambda v$ is $\Lambda$-Lipschitz, breaks the claim at the same $\Lambda$ and
# $t$.

# %%
change, outcome = neuron["E1.a.taylor+"].falsified[0]
found = {str(symbol): value for symbol, value in outcome.counterexample.values.items()}
Lambda, move = found["Lambda"], found["t"]
z, v = sympy.Rational(0), sympy.Symbol("v")
parabola = Lambda * v**2 / 2
its_remainder = parabola.subs(v, z + move) - parabola.subs(v, z) - parabola.diff(v).subs(v, z) * move

assert found["remainder"] > Lambda * move**2 / 3
assert its_remainder == Lambda * move**2 / 2 > Lambda * move**2 / 3
Markdown(
    f"Solver: $\\Lambda={Lambda}$, $t={move}$, remainder ${found['remainder']}$, more than $\\Lambda t^2/3="
    f"{Lambda * move**2 / 3}$. The parabola at the same $\\Lambda$ and $t$: remainder ${its_remainder}$."
)

# %% [markdown]
# ### From moves of weights to moves of preactivations
#
# A neuron's preactivation moves by $t_r=(w_r'-w_r)\cdot x$. As $|x|=1$, this is at most the length of $w_r'-w_r$
# (Cauchy-Schwarz), row by row, and the squares add up to $\|W'-W\|_F^2$. Two points of $B(R)$ are at most $2R$ apart,
# by the triangle inequality through the centre $W_0$; opposite points are exactly as far (`apart=`). In the claims,
# $|\cdot|$ is the length of a vector, and of a matrix the Frobenius norm.

# %%
checked("E1.a.row", "E1.a.rows", "E1.a.apart", "E1.a.apart=")

# %% [markdown]
# The two inequalities about vectors are not taken on trust either. A vector of any dimension enters through its inner
# products $\langle u,u\rangle$, $\langle u,v\rangle$, $\langle v,v\rangle$, which turns the claim into one about three
# real numbers. All that is used of them is that $|u+tv|^2\ge0$.

# %%
lemmas = bounds.check_proof(proof.foundations["lemmas"], steps=["Cauchy-Schwarz", "triangle"], falsify=True)
assert lemmas.holds
display(lemmas)

# %% [markdown]
# ### The sum
#
# $f$ sums $m$ neurons with weights $\pm1/\sqrt m$, so its remainder is at most $m^{-1/2}$ times the sum of the
# neurons' remainders, which is at most $\frac\beta2\sum_rt_r^2$: an induction over the neurons. The sum of squares does
# not grow with $m$, because the neurons share the budget. What is left of the width is the factor $1/\sqrt m$.
# The steps whose names end in `width` turn the formula around: the width at which the curvature is a given $C$.

# %%
summed = checked("E1.a.sum", "E1.a", "E1.a=", "E1.a.width=", "E1.a.width")
display(summed)

# %%
summed["E1.a"]

# %% [markdown]
# The fault "C one per cent smaller" was refuted by numbers. Section 4 has a network that is a counterexample too: the
# quadratic ReLU with its ratio of 1. It fits on one line, with one pair of neurons at preactivation 1, of which the
# first moves by 1, in exact arithmetic:

# %%
square = ACTIVATIONS["quadratic ReLU"].expression  # max(0, z)^2
(argument,) = square.free_symbols
values = [square.subs(argument, z) for z in (1, 2)]
active = sympy.Symbol("z", positive=True)
slope_at_1 = square.subs(argument, active).diff(active).subs(active, 1)
missed = (values[1] - values[0] - slope_at_1 * 1) / sympy.sqrt(2)  # the second neuron stays where it is
allowed = FULL_CURVATURE.subs({letters.beta: ACTIVATIONS["quadratic ReLU"].derivative_lipschitz, letters.m: 2}) * 1**2
assert missed == allowed and missed > sympy.Rational(99, 100) * allowed
Math(rf"\text{{remainder}}={sympy.latex(missed)},\qquad C\,\|W'-W\|_F^2={sympy.latex(allowed)}")

# %% [markdown]
# This completes E1.a: the inequality is proved, and no smaller constant would do.
#
# ## 6. The constant $\beta$
#
# $\beta$ is the least Lipschitz constant of $\sigma'$, and where $\sigma''$ exists it is $\sup_z|\sigma''(z)|$. A plot
# suggests a value; a proof has to cover the whole line. The engine encloses $\sigma''$ on intervals, treats the tails
# by their leading terms, and finds the supremum at a point with a closed form.

# %%
z = np.linspace(-4, 4, 801)
figure, axes = plt.subplots(1, 4, figsize=(9, 2.7), layout="constrained", sharex=True)
for axis, name in zip(axes, ("tanh", "erf", "softplus", "quadratic_relu"), strict=True):
    activation = bounds.get_activation(name)
    constant = float(activation.derivative_lipschitz)
    second = kernels.numeric(activation, 2)(z)
    assert np.all(np.abs(second) <= constant + 1e-12) and np.abs(second).max() > 0.999 * constant
    axis.plot(z, second, color=BLUE, lw=2, label=r"$\sigma''$")
    for sign in (-1, 1):
        axis.axhline(sign * constant, color=VERMILION, ls="--", label=r"$\pm\beta$" if sign > 0 else None)
    axis.set_title(f"{name.replace('_', ' ')}, $\\beta={constant:.4g}$", fontsize="medium")
    axis.set_xlabel("$z$")
axes[2].legend(frameon=False, fontsize="small", loc="lower center", bbox_to_anchor=(0.5, 0.1))
plt.show()

# %%
constants = bounds.check_proof(
    bounds.load_proof("activations"),
    steps=["tanh.beta", "erf.beta", "softplus.beta", "quadratic_relu.beta", "relu.beta"],
    falsify=True,
)
assert constants.holds
display(constants)

# %% [markdown]
# The planted faults here are constants that are a billionth smaller or larger. For tanh:

# %%
constants["tanh.beta"]

# %% [markdown]
# ### What breaks for ReLU
#
# The last row of the table says that $\sigma'$ of the ReLU, $\max(0,z)$, has no Lipschitz constant, as it jumps at 0.
# A neuron at $z=-\eta$ that moves by $t=2\eta$ crosses the kink; its tangent predicts 0, it arrives at $\eta$. The
# remainder is $\eta=\frac{1}{2\eta}\cdot\frac{t^2}2$, so the $\Lambda$ that Taylor's bound would need is $1/(2\eta)$,
# without limit as $\eta\to0$.
#
# What is left of near-linearity? The same adversary, for a ReLU network:

# %%
relu = bounds.get_activation("relu")
assert relu.derivative_lipschitz is None
eta = np.geomspace(1e-3, 1, 60)
needed = {}
for name, activation in (("ReLU", relu), ("tanh", tanh)):
    sigma, slope = (kernels.numeric(activation, order) for order in (0, 1))
    missed = sigma(eta) - sigma(-eta) - 2 * eta * slope(-eta)
    needed[name] = np.abs(missed) / ((2 * eta) ** 2 / 2)
assert np.allclose(needed["ReLU"], 1 / (2 * eta)) and np.all(needed["tanh"] <= beta)

relu_remainders = []
for width in WIDTHS:
    start, x = draw(int(width))
    relu_remainders.append(abs(remainder(relu, start, *bend(relu, start, x, RADIUS), x)))
relu_slope = np.polyfit(np.log(WIDTHS[tail]), np.log(np.array(relu_remainders)[tail]), 1)[0]

# %%
figure, axes = plt.subplots(1, 2, figsize=(9, 3.6), layout="constrained")
axes[0].loglog(eta, needed["ReLU"], color=VERMILION, lw=2, label="ReLU")
axes[0].loglog(eta, needed["tanh"], "--", color=BLUE, lw=2, label="tanh")
axes[0].axhline(beta, color=GREY, ls=":", label=r"$\beta$ of tanh")
axes[0].set(xlabel=r"$\eta$: from $z=-\eta$ to $\eta$", ylabel=r"$\Lambda$ that Taylor's bound needs")
axes[1].loglog(WIDTHS, relu_remainders, "o-", color=VERMILION, ms=4, label=f"ReLU, slope {relu_slope:.2f}")
label = f"tanh, slope {slopes['tanh', 'adversarial']:.2f}"
axes[1].loglog(WIDTHS, measured["tanh"]["adversarial"], "s--", color=BLUE, ms=4, label=label)
axes[1].set(xlabel="width $m$", ylabel="|remainder|, adversarial moves")
for axis in axes:
    axis.legend(frameon=False)
plt.show()

# %%
assert abs(relu_slope + 1 / 6) < 0.02
Markdown(f"For ReLU the remainder still falls, but with a slope of {relu_slope:.2f} only, near $-1/6$.")

# %% [markdown]
# Why $-1/6$? To gain, a neuron must cross its kink: with moves $t=R/\sqrt k$ only those with $|z_r|$ up to about $t$
# can, a share of order $t$ of all $m$. So $k$ is of order $mt$, which gives $t$ of order $m^{-1/3}$ and $k$ of order
# $m^{2/3}$, and $k$ neurons of gain $t$ make $kt/\sqrt m$, of order $m^{-1/6}$. This is a heuristic, not a proof. The
# near-linearity estimate recorded for the paper's deep ReLU networks (P1, a scaling law with hidden constants) has the
# same power, up to a logarithm: [notebook 6](06_deep_networks.ipynb). To halve such a remainder takes 64 times the
# neurons, where $1/\sqrt m$ takes 4 times. E1 therefore asks for a smooth activation.
#
# ## 7. The gradient: E1.b
#
# The second fact that notebook 3 needs is how long the gradient can be. From the formula in section 1, with $|x|=1$,
#
# $$\|\nabla_Wf(W,x)\|_F^2=\frac1m\sum_{r=1}^m\sigma'(w_r\cdot x)^2,$$
#
# an *average*, so it does not grow with the width.
#
# **If $|\sigma'|\le B_1$**, every term is at most $B_1^2$, and $G=B_1$ bounds the gradient everywhere.

# %%
checked("E1.b.squares", "E1.b.bounded")

# %% [markdown]
# **If $\sigma'$ is only Lipschitz**, like that of the quadratic ReLU, $|\sigma'(z)|\le|\sigma'(0)|+\beta|z|$, and the
# vector of all preactivations, $Wx$, has length at most $\|W_0\|+R$, where $\|W_0\|$ is the operator norm, the largest
# $|W_0x|$ with $|x|=1$. Minkowski's inequality (the triangle inequality for the vector of slopes) puts both together:

# %%
names = {operator_norm: r"\|W_0\|", slope_at_zero: r"|\sigma'(0)|"}
shown = sympy.latex(GRADIENT_BOUND, symbol_names=names)
Math(r"\|\nabla_Wf(W,x)\|_F\;\le\;G=" + shown + r"\qquad\text{for all }W\in B(R)")

# %%
checked("E1.b.growth", "E1.b.lipschitz", "E1.b.lipschitz=")

# %% [markdown]
# $\|W_0\|$ can be **measured** at the network that was drawn (`operator_norm_upper` returns an upper bound that allows
# for every rounding), and then $G$ is certain. Before anything is drawn, there is a bound with a **probability**, by a
# theorem on Gaussian matrices that is cited, not proved here; mirrored rows count twice.

# %%
checked("E1.b.pairs", "E1.b.gaussian", "E1.b.random=", "E1.b.confidence")

# %% [markdown]
# Both beside what networks do. The largest gradient found in $B(R)$: random $W$ and $x$, and an adversary that moves
# the active neurons further out along $x$, in proportion to $z_r$.


# %%
def largest_gradient(activation, start, generator):
    """The largest |grad f(W, x)| of 20 inputs, at random points of B(R) and at W_0 stretched along x."""
    slope, largest = kernels.numeric(activation, 1), 0.0
    for _ in range(20):
        x = generator.normal(size=DIMENSION)
        x /= np.linalg.norm(x)
        active = np.maximum(start.weights @ x, 0)
        for move in (generator.normal(size=start.weights.shape), np.outer(active, x)):
            z = (start.weights + RADIUS * move / np.linalg.norm(move)) @ x
            largest = max(largest, float(np.sqrt(np.mean(slope(z) ** 2))))
    return largest


quadratic = ACTIVATIONS["quadratic ReLU"]
curves = {"measured": [], "drawn": [], "random": []}
for width in WIDTHS:
    start = kernels.SymmetricInitialisation(int(width), DIMENSION, seed=0)
    setting = {"width": int(width), "radius": RADIUS}
    norm = start.operator_norm_upper()
    curves["measured"].append(largest_gradient(quadratic, start, generator))
    curves["drawn"].append(float(bounds.gradient_bound(quadratic, **setting, initial_operator_norm=norm)))
    curves["random"].append(float(bounds.gradient_bound(quadratic, **setting, dimension=DIMENSION, confidence="0.99")))
    assert largest_gradient(tanh, start, generator) <= float(bounds.gradient_bound(tanh, **setting)) == 1
    assert curves["measured"][-1] <= curves["drawn"][-1] <= curves["random"][-1]

figure, axis = plt.subplots(figsize=(6.5, 3.6), layout="constrained")
axis.semilogx(WIDTHS, curves["random"], ":", color=PURPLE, lw=2, label="$G$ before the draw, probability 0.99")
axis.semilogx(WIDTHS, curves["drawn"], "--", color=VERMILION, lw=2, label=r"$G$ with the measured $\|W_0\|$")
axis.semilogx(WIDTHS, curves["measured"], "o-", color=BLUE, ms=4, label="largest gradient found")
axis.set(xlabel="width $m$", ylabel=r"$\|\nabla_W f\|_F$", ylim=(0, None), title="quadratic ReLU, R = 2, d = 10")
axis.legend(frameon=False)
plt.show()

# %%
Markdown(
    f"At $m={WIDTHS[-1]:,}$: {curves['measured'][-1]:.2f} found, {curves['drawn'][-1]:.2f} allowed. Of the gap, a "
    f"factor of about $\\sqrt2={np.sqrt(2):.2f}$ comes from the half of the neurons that are switched off, which the "
    "Lipschitz bound counts as if they were on. For tanh, $G=B_1=1$ at every width."
)

# %% [markdown]
# ## 8. What you have now
#
# * **E1.a**: on $B(R)$ the network is linear in its weights up to $2\beta R^2/\sqrt m$, and this cannot be improved for
#   arbitrary moves.
# * **E1.b**: its gradient is at most $G$ there, whatever the width.
#
# ## 9. Exercises
#
# **1.** Replace $\sigma(z)$ by $\sigma(sz)$ with $s=2$. What happens to $\beta$, and to the width at which the
# curvature is a given $C$?
#
# <details><summary>Solution</summary>
#
# The second derivative of $\sigma(sz)$ is $s^2\sigma''(sz)$, so $\beta$ is multiplied by $s^2=4$. The width of
# `E1.a.width` goes like $\beta^2$: it is multiplied by $s^4=16$. The next cell asks the library.
#
# </details>

# %%
steeper = tanh.scaled(2)
widths = [FULL_WIDTH.subs(letters.beta, each.derivative_lipschitz) for each in (tanh, steeper)]
assert steeper.derivative_lipschitz == 4 * tanh.derivative_lipschitz
assert sympy.simplify(widths[1] / widths[0]) == 16
Math(rf"m={sympy.latex(widths[0])}\quad\text{{becomes}}\quad m={sympy.latex(widths[1])}")

# %% [markdown]
# **2.** Take an activation of your own, $\log\cosh z$ say. What is its $\beta$? Can the adversary of section 3 break
# E1.a?
#
# <details><summary>Solution</summary>
#
# Its slope is $\tanh z$, whose own slope is largest at 0, where it is 1: $\beta=1$. The library finds and proves this
# over the whole line. The adversary comes close to the bound and does not exceed it. Replace the expression by another
# one.
#
# </details>

# %%
own = bounds.activation_from_text("log(cosh(z))")
start, x = draw(4096)
limit = curvature_of(float(own.derivative_lipschitz), 4096) * (2 * RADIUS) ** 2
reached = abs(remainder(own, start, *bend(own, start, x, RADIUS), x))
assert own.proved and own.derivative_lipschitz == 1 and reached <= limit
Markdown(f"$\\beta={sympy.latex(own.derivative_lipschitz)}$; the adversary reaches {reached / limit:.4f} of the bound.")

# %% [markdown]
# **3.** Linearise at the centre, $W=W_0$, instead of at any $W\in B(R)$. Which bound do you get? Why does notebook 3
# not use this smaller one?
#
# <details><summary>Solution</summary>
#
# Then $\|W'-W\|_F\le R$ instead of $2R$, and the remainder is at most $\beta R^2/(2\sqrt m)$, a quarter. But the
# gradient step at time $t$ is taken at $W_t$, which has moved, and it is compared with another point $W_*$ of the
# ball: neither of the two is the centre.
#
# </details>

# %%
at_centre = FULL_CURVATURE * letters.R**2
assert sympy.simplify(worst_in_ball / at_centre) == 4
Math(sympy.latex(at_centre))

# %% [markdown]
# ## Where next
#
# [Notebook 3](03_online_learning.ipynb) uses near-linearity and the gradient bound to show that gradient descent holds
# its own against any adversary, and [notebook 4](04_convergence.ipynb) turns both into a width, a step size and a
# number of steps. [Notebook 5](05_where_the_width_goes.ipynb) comes back to tied moves.
