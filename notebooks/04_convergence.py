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
# # 4. Convergence: from hypotheses to width, step size and number of steps
#
# **What this notebook shows.** Theorem **E1**: how wide a two-layer network must be, and how long and with which step
# it must be trained, so that adversarial training provably brings its loss below a target $\epsilon$. It is the
# explicit version, with every constant written out, of the two-layer convergence theorem of Gao, Cai, Li, Wang, Hsieh
# and Lee (NeurIPS 2019, [arXiv:1906.07916v2](https://arxiv.org/abs/1906.07916v2)).
#
# **What it takes from the earlier ones.** From [notebook 2](02_near_linearity.ipynb): near its initialisation a wide
# network is almost linear in its weights (E1.a), and its gradients are bounded (E1.b). From
# [notebook 3](03_online_learning.ipynb): gradient descent against an adversary is online learning, whose regret is
# bounded. Both are recalled as formulas, so you can start here.
#
# **Afterwards you can** state E1 and say what each hypothesis is for; go through its proof step by step; solve it for
# the width $m$, the step size $\alpha$ and the number of steps $T$; tell a guarantee from a conditional one; and say
# how $m$ and $T$ grow when the target shrinks.

# %%
from textwrap import fill

import matplotlib.pyplot as plt
import numpy as np
import sympy
from IPython.display import Markdown, Math, display

from robustntk import bounds, verify
from robustntk.bounds import curvature, letters
from robustntk.bounds import two_layer as e1
from robustntk.verify.palette import BLUE, GREEN, GREY, ORANGE, PURPLE, VERMILION

# %% [markdown]
# ## 1. The setting, in one table
#
# | symbol | meaning |
# |:--|:--|
# | $x_i,\ y_i=\pm1,\ i\le n$ | data points with $\lVert x_i\rVert=1$, and their labels |
# | $B(x_i)$ | the *perturbation set*: the points of the sphere that the adversary may put in the place of $x_i$ |
# | $f(W,x)$ | the network, of *width* $m$, see below; $W$ is trained |
# | $W_0$ | Gaussian start in mirrored pairs of neurons, so that $f(W_0,\cdot)=0$ |
# | $B(R)=\{W:\lVert W-W_0\rVert_F\le R\}$ | the ball in which the weights are kept |
# | $A$ | the *adversary*: any rule that picks $x_i^t\in B(x_i)$ when it sees $W_t$ |
# | $\ell(f,y)$ | the loss of the prediction $f$ at the label $y$, for instance hinge: $\max(0,1-yf)$ |
# | $\mathcal L_A(W)$ | *surrogate loss*: the loss at the points that $A$ picks |
# | $\mathcal L_*(W)$ | *robust loss*: the loss at the worst points, so that $\mathcal L_A\le\mathcal L_*$ |
#
# $$f(W,x)=\frac1{\sqrt m}\sum_{r=1}^m a_r\,\sigma(w_r^\top x),\qquad
# \mathcal L_A(W)=\frac1n\sum_i\ell\big(f(W,A(W,x_i,y_i)),y_i\big),\qquad
# \mathcal L_*(W)=\frac1n\sum_i\max_{x'\in B(x_i)}\ell\big(f(W,x'),y_i\big),$$
#
# with an activation $\sigma$, fixed signs $a_r=\pm1$, and $w_r$ the rows of $W$.
#
# **Adversarial training** repeats, for $t=1,\dots,T$, from $W_1=W_0$: let $A$ pick the points $x_i^t$; take the
# gradient $g_t$ of the loss at these points, as if they were fixed; step to $W_t-\alpha g_t$; project on $B(R)$.
#
# A small problem to keep in mind, with eight points on a circle (and a constant third coordinate $\frac12$). The labels
# alternate between opposite quadrants, so no line separates them. The perturbation sets are arcs: all points at most
# $\delta=0.1$ away.

# %%
DELTA, EPSILON = 0.1, "0.5"
ANGLES = np.array([35, 55, 125, 145, 215, 235, 305, 325])
directions = np.column_stack([np.cos(np.deg2rad(ANGLES)), np.sin(np.deg2rad(ANGLES))])
X, y = verify.embed(directions), np.array([1.0, 1.0, -1.0, -1.0, 1.0, 1.0, -1.0, -1.0])
cap = verify.SphericalCap(DELTA)
half_angle = 2 * np.arcsin(DELTA / (2 * cap.radius))

figure, axis = plt.subplots(figsize=(6.0, 3.6), layout="constrained")
axis.add_patch(plt.Circle((0, 0), cap.radius, fill=False, color=GREY, lw=0.6))
for label, colour, marker in ((1.0, BLUE, "o"), (-1.0, VERMILION, "s")):
    for angle in np.deg2rad(ANGLES[y == label]):
        arc = cap.radius * np.exp(1j * np.linspace(angle - half_angle, angle + half_angle, 30))
        axis.plot(arc.real, arc.imag, color=colour, lw=7, alpha=0.35, solid_capstyle="butt")
    axis.plot(*X[y == label, :2].T, marker, color=colour, label=f"$y={label:+.0f}$")
axis.set(aspect="equal", xlabel="first coordinate", ylabel="second coordinate")
axis.legend(frameon=False, title="data, and their\nperturbation sets", loc="center left", bbox_to_anchor=(1.02, 0.5))
plt.show()

# %% [markdown]
# ## 2. The two ingredients
#
# **Near-linearity** (E1.a, notebook 2). Let $\sigma'$ be $\beta$-Lipschitz. For any two weight matrices and $\lVert
# x\rVert=1$,
#
# $$|f(W',x)-f(W,x)-\langle\nabla f(W,x),W'-W\rangle|\le C\,\lVert W'-W\rVert_F^2,$$
#
# with a *curvature* $C$ that falls as the network gets wider:

# %%
Math("C=" + sympy.latex(curvature.FULL_CURVATURE))

# %% [markdown]
# Two points of the ball are at most $2R$ apart, and the loss passes an error on at most $L$-fold, if it is
# $L$-Lipschitz. So the error made by treating the network as linear costs at most

# %%
assert sympy.simplify(e1.LINEARIZATION.subs(letters.C, curvature.FULL_CURVATURE) - e1.NEAR_LINEARITY) == 0
Math(sympy.latex(e1.LINEARIZATION) + "=" + sympy.latex(e1.NEAR_LINEARITY))

# %% [markdown]
# **Regret** (notebook 3). For convex losses that may change at every step, with gradients of length at most $LG$,
# projected gradient descent in a ball of radius $R$ is on average worse than the best fixed point of the ball by at
# most the following. Here $G$ bounds the gradient of the network, $\lVert\nabla_Wf\rVert_F\le G$ on $B(R)$ (E1.b).

# %%
Math(sympy.latex(e1.REGRET))

# %% [markdown]
# ## 3. The hypotheses, one by one
#
# The library's theorem is an object. It knows what it supposes:

# %%
Markdown("\n".join(f"{number}. `{text}`" for number, text in enumerate(bounds.E1.assumptions, 1)))

# %% [markdown]
# What each is for:
#
# 1. *Unit sphere*: near-linearity compares $|(W'-W)x|$ with $\lVert W'-W\rVert_F$, which needs $\lVert x\rVert=1$, at
#    perturbed points as well.
# 2. *Symmetric start*: with $f(W_0,\cdot)=0$ nothing has to be unlearnt. The convergence proof itself does not use it;
#    that a good $W_*$ lies near $W_0$ does.
# 3. *Smooth activation*: gives the curvature $C$.
# 4. *Loss*: convexity turns gradients into differences of losses; the Lipschitz constant limits what an error of the
#    prediction costs; $\ell(y,y)=0$ makes it possible that some $W_*$ has (almost) no loss.
# 5. *Bounded gradients*: one step cannot go far.
# 6. *A comparator*: there is something good in the ball. E1 does not prove this; it says that training finds it.
#
# A theorem whose hypotheses fail says nothing, and the calculator refuses to give a number. Its reasons:

# %%
TEXTBOOK = {"target_epsilon": "0.5", "radius": "1.5", "activation": "tanh", "theorem": "E1"}
broken = {
    "ReLU": {"activation": "relu"},
    "logistic loss": {"loss": "logistic"},
    "squared hinge loss": {"loss": "squared_hinge"},
    "comparator with loss 0.6": {"comparator_loss": "0.6"},
}
refusals = {}
for name, change in broken.items():
    try:
        bounds.required_width(**(TEXTBOOK | change))
    except ValueError as error:
        refusals[name] = str(error)

assert refusals.keys() == broken.keys()
Markdown("| change | refused, because |\n|:--|:--|\n" + "\n".join(f"| {k} | {v} |" for k, v in refusals.items()))

# %% [markdown]
# These are limits of this theorem, not of adversarial training. The paper treats ReLU networks by another argument
# ([notebook 6](06_deep_networks.ipynb)); the squared hinge loss has theorems of its own
# ([notebook 5](05_where_the_width_goes.ipynb)). The logistic loss is welcome where only the *excess* over the best
# point of the ball is to be small:

# %%
excess = bounds.required_width(**(TEXTBOOK | {"loss": "logistic", "target": "excess-loss"}))
print(fill(excess.statement(), 88))

# %% [markdown]
# ## 4. The statement
#
# **Theorem E1.** Under these hypotheses, against *every* adversary $A$ and for every $W_*\in B(R)$:

# %%
Math(bounds.E1.latex)

# %% [markdown]
# Read it from left to right. Some iterate of the run is good against the adversary that was used. It is compared with
# the *robust* loss of the best point of the ball. The next two terms are the regret of online learning, and the last
# one is the price of the network not being linear. A small $\alpha$ makes the second term small, a large $T$ then the
# first, and a large $m$ the third.

# %% [markdown]
# ## 5. The proof
#
# Write $D_t=\lVert W_t-W_*\rVert^2$ for the squared distance to the comparator. The proof follows this one number.
#
# 1. **Points and their mean** (`E1.c.point` to `E1.c.regret`). At fixed points $x_i^t$, convexity of $\ell$ gives
#    $\ell_i(W_t)-\ell_i(W_*)\le\ell_i'\cdot(f(W_t,x_i^t)-f(W_*,x_i^t))$; near-linearity replaces the difference of
#    $f$ by its gradient. On average $\langle g_t,W_t-W_*\rangle\ge\mathcal L_A(W_t)-s-LC\,D_t$, where
#    $s\ge\mathcal L_*(W_*)$. This is where the adversary drops out: at *its* points $W_*$ loses at most its robust
#    loss.
# 2. **Gradients** (`E1.c.add` to `E1.c.gradient`). $\lVert g_t\rVert\le LG$.
# 3. **One step** (`E1.c.step` to `E1.c.paid`). Projecting on a convex set that contains $W_*$ brings no point farther
#    from $W_*$. So a step with a large loss brings $W_t$ closer to $W_*$.
# 4. **Sum** (`E1.c.sum` to `E1`). $D_1\le R^2$ is all that can be lost, and $D_{T+1}\ge0$.
#
# These are the steps as a machine checks them now: by an SMT solver over the real numbers (`smt`), computer algebra
# (`sympy`) or induction. In each step some *faults* are planted, for instance a constant made smaller or a hypothesis
# dropped. The engine has to refute every one: a check that also accepts a false claim would be worth nothing.

# %%
proof = bounds.load_proof("E1")
names = [step.name for step in proof.steps]
end = names.index("E1")
report = bounds.check_proof(proof, steps=names[names.index("E1.c.point") : end + 1], falsify=True)
assert report.holds
display(report)

# %% [markdown]
# The heart of it is the recursion, step 3. In detail, with what it rests on and what becomes of the planted faults:

# %%
report["E1.c.recursion"]

# %% [markdown]
# The steps about near-linearity and gradients that these rest on (`E1.a...`, `E1.b...`) are the subject of notebook 2.
# Is there anything to gain from a better analysis of the same steps? Not in the regret: a loss exists on which gradient
# descent does exactly as badly as the bound says (`bounds.load_proof("sharpness")`; notebook 3). Near-linearity, in
# contrast, can be improved by far; that is notebook 5.

# %% [markdown]
# ## 6. Solving for m, α and T
#
# Let the comparator's loss be at most $s$ and the target be $\epsilon>s$. There is $\epsilon-s$ to spend. Give the
# **share** $\theta$ of it to near-linearity and $1-\theta$ to the regret:
#
# * near-linearity at most $\theta(\epsilon-s)$ determines $m$;
# * of the regret, $\alpha$ balances the two terms, which determines $T$.

# %%
fewest = sympy.simplify(e1.ITERATIONS.subs(letters.alpha, e1.STEP_SIZE))
Math(
    rf"m\ge {sympy.latex(e1.WIDTH)},\qquad \alpha={sympy.latex(e1.STEP_SIZE)},\qquad T\ge {sympy.latex(e1.ITERATIONS)}"
    rf"={sympy.latex(fewest)}"
)

# %% [markdown]
# The remaining steps of the proof hold every formula of the calculator *from both sides*: at that value a term is
# exactly its share, beyond it the bound holds, and no other step size needs fewer steps. With a wrong constant (the
# planted faults) a formula is refuted.

# %%
solved = bounds.check_proof(proof, steps=names[end + 1 :], falsify=True)
assert solved.holds
display(solved)

# %% [markdown]
# ### Which share?
#
# More for near-linearity means fewer neurons and more steps: $m\propto\theta^{-2}$ and $T\propto(1-\theta)^{-2}$. Taken
# alone, the width wants $\theta\to1$ and the number of steps $\theta\to0$. The work of a run is proportional to $mT$:

# %%
work = e1.WIDTH * fewest
stationary = sympy.solve(sympy.diff(sympy.log(work), letters.theta), letters.theta)
assert stationary == [sympy.Rational(1, 2)] == [bounds.E1.share]

unit = {letters.L: 1, letters.beta: 1, letters.R: 1, letters.G: 1, letters.s: 0, letters.epsilon: 1}
thetas = np.linspace(0.08, 0.92, 200)
curves = [(formula, sympy.lambdify(letters.theta, formula.subs(unit))) for formula in (e1.WIDTH, fewest, work)]
titles, colours, styles = ("width $m$", "steps $T$", "work $m\\,T$"), (BLUE, ORANGE, GREEN), ("-", "--", "-.")

figure, axis = plt.subplots(figsize=(6.5, 3.8), layout="constrained")
for (_, value), name, colour, style in zip(curves, titles, colours, styles, strict=True):
    axis.plot(thetas, value(thetas) / value(0.5), color=colour, ls=style, lw=2, label=name)
axis.plot([0.5], [1], "o", color=GREEN)
offset = {"textcoords": "offset points", "va": "center"}
axis.annotate("least at θ = ½", (0.5, 1), xytext=(0, 45), ha="center", color=GREEN, **offset)
axis.annotate("least as θ → 1", (0.8, 0.39), xytext=(-6, -9), ha="right", color=BLUE, **offset)
axis.annotate("least as θ → 0", (0.2, 0.39), xytext=(6, -9), ha="left", **offset)
axis.set(yscale="log", ylim=(0.2, 40), xlabel="share θ of near-linearity", ylabel="relative to its value at θ = ½")
axis.set_yticks([0.25, 1, 4, 16], ["¼", "1", "4", "16"], minor=False)
axis.minorticks_off()
axis.legend(frameon=False, loc="upper center")
plt.show()

# %% [markdown]
# ## 7. From formulas to integers
#
# A number that is meant as a guarantee must not be rounded the wrong way, so nothing here is floating point. Inputs are
# taken exactly (`"0.5"` is $\frac12$, and even the float `0.1` is read as $\frac1{10}$). Formulas are evaluated in
# exact arithmetic, or by intervals that contain the true value. $m$ is rounded up to an *even* integer (neurons come in
# pairs), $T$ is rounded up, and what is printed as an upper bound is rounded up.
#
# An example that can be checked by hand: tanh with $\beta=\frac4{3\sqrt3}$ and $G=B_1=1$, hinge loss with $L=1$,
# $R=\frac32$, $\epsilon=\frac12$, $\theta=\frac12$.

# %%
plan = bounds.required_width(**TEXTBOOK)
assert (plan.width, plan.iterations, plan.step_size) == (192, 36, sympy.Rational(1, 4))
fields = {
    "theorem": plan.theorem,
    "kind": plan.kind.value,
    "width": f"$m={plan.width}$",
    "step_size": rf"$\alpha={sympy.latex(plan.step_size)}$, exactly",
    "iterations": f"$T={plan.iterations}$",
    "radius": rf"$R={sympy.latex(plan.radius)}$",
    "gradient_bound": f"$G={sympy.latex(plan.gradient_bound)}$",
    "share": rf"$\theta={sympy.latex(plan.share)}$",
    "terms": ", ".join(f"{name} ${sympy.latex(value)}$" for name, value in plan.terms.items()),
    "guarantee.value": rf"the loss is at most ${sympy.latex(plan.guarantee.value)}$",
    "confidence": "none: nothing is random here" if plan.confidence is None else str(plan.confidence),
}
Markdown("| field of the plan | value |\n|:--|:--|\n" + "\n".join(f"| `{k}` | {v} |" for k, v in fields.items()))

# %% [markdown]
# The width is *exactly* 192, and the bound *exactly* $\frac12$, a tie. Double precision cannot be trusted with ties.
# Here is the same formula for $m$, with $\beta$ written in two ways that are equal:

# %%
for slope in (4 / (3 * np.sqrt(3)), 4 * np.sqrt(3) / 9):
    real = (2 * slope * 1.5**2 / (0.5 * 0.5)) ** 2
    print(f"double precision: m >= {real:.14f}, so m = {2 * int(np.ceil(real / 2))}")
assert plan.guarantee.value == sympy.Rational(1, 2) and plan.guarantee.meets("0.5")
print(f"exact arithmetic: m = {plan.required_width}")

# %% [markdown]
# Every plan is re-checked by its **forward twin**, `guarantee`: given $m$, $\alpha$, $T$, which bound does the theorem
# give? Two neurons fewer, or one step fewer, and the bound is no longer below the target:

# %%
run_with = {name: value for name, value in TEXTBOOK.items() if name != "target_epsilon"}
rows = []
for width, iterations in ((192, 36), (190, 36), (192, 35)):
    forward = bounds.guarantee(width=width, step_size=plan.step_size, iterations=iterations, **run_with)
    rows.append((width, iterations, bounds.upper_float(forward.value), forward.meets("0.5")))

assert [row[-1] for row in rows] == [True, False, False]
lines = [f"| {m} | {T} | {value:.6f} | {'yes' if kept else 'no'} |" for m, T, value, kept in rows]
Markdown("\n".join(["| $m$ | $T$ | bound | at most 1/2 |", "|--:|--:|--:|:--|", *lines]))

# %% [markdown]
# (For most inputs $T$ is rounded up by a fraction of a step, and the slack can pay for a missing pair of neurons. The
# width is the least at which near-linearity keeps to its share: for a narrower network the plan is refused.)

# %%
try:
    bounds.required_width(**TEXTBOOK, width=190)
except bounds.WidthTooSmall as error:
    print(error)
    assert error.required == plan.width

# %% [markdown]
# ## 8. How m and T grow
#
# At $\theta=\frac12$ and $s=0$ the width is $16L^2\beta^2R^4/\epsilon^2$. Ask the calculator itself, with one quantity
# changed at a time, and compare its integers with the exponents of the formula. ($\beta$ is changed by replacing
# $\sigma(z)$ by $\sigma(kz)$, which multiplies $\beta$ by $k^2$; $L$ by the Huber loss, which has slope at most $L$.)


# %%
def width_with(**change):
    return bounds.required_width(
        **({"target_epsilon": "0.1", "radius": "2", "activation": "tanh", "theorem": "E1"} | change)
    ).width


tanh, factors = bounds.get_activation("tanh"), (1, 2, 4, 8)
series = {
    r"target $\epsilon$": (-2, [0.1 * k for k in factors], [width_with(target_epsilon=f"0.{k}") for k in factors]),
    "radius $R$": (4, [2 * k for k in factors], [width_with(radius=2 * k) for k in factors]),
    r"smoothness $\beta$": (
        2,
        [float(tanh.scaled(k).derivative_lipschitz) for k in factors],
        [width_with(activation=tanh.scaled(k)) for k in factors],
    ),
    "slope $L$ of the loss": (2, list(factors), [width_with(loss=bounds.huber(k)) for k in factors]),
}

figure, axes = plt.subplots(1, 4, figsize=(9.0, 3.0), layout="constrained", sharey=True)
for axis, (name, (exponent, values, widths)) in zip(axes, series.items(), strict=True):
    fitted = np.polyfit(np.log(values), np.log(widths), 1)[0]
    assert abs(fitted - exponent) < 0.01
    axis.plot(values, widths[0] * (np.array(values) / values[0]) ** exponent, color=GREY, lw=1)
    axis.plot(values, widths, "o", color=BLUE)
    axis.set(xscale="log", yscale="log", xlabel=name)
    axis.set_title(f"slope {fitted:.2f}, formula {exponent}", fontsize="medium")
    axis.set_xticks(values, [f"{value:.2g}" for value in values])
    axis.minorticks_off()
axes[0].set_ylabel("width $m$ (neurons)")
plt.show()

# %% [markdown]
# *Dots: widths from the calculator; grey: the power law through the first one.* The radius is the expensive quantity:
# it enters with the fourth power. And $T\propto R^2L^2G^2/\epsilon^2$, so halving $\epsilon$ costs four times the
# neurons *and* four times the steps. The dimension $d$ of the data does not occur in $m$, and in $T$ only through $G$
# (for activations with unbounded slope). What does depend on the data is $R$.

# %% [markdown]
# ## 9. Conditional, and not
#
# For the eight points on the circle, take the quadratic ReLU $\sigma(z)=\max(0,z)^2$, with $\beta=2$. First we need an
# $R$. In the limit of infinite width the least distance of a comparator with margin 1 on all perturbation sets can be
# computed, as an interval (notebook 8 shows how):

# %%
activation, hinge = bounds.get_activation("quadratic_relu"), bounds.get_loss("hinge")
solution = verify.radius_interval(X, y, cap, activation=activation)
conditional = bounds.required_width(
    target_epsilon=EPSILON, radius=solution.radius.upper, activation=activation, dimension=3, theorem="E1"
)
assert conditional.kind is bounds.Kind.CONDITIONAL_GUARANTEE
print(solution.radius, end="\n\n")
print(fill(conditional.statement(), 88))

# %% [markdown]
# Two things are left open: the hypothesis on $W_*$, which is about the network that will be *drawn*; and a probability,
# because $\sigma'$ is unbounded and $G$ therefore depends on $W_0$. A **conditional guarantee** is a theorem with a
# hypothesis still to be checked. Both go away once the network is on the table. `draw_certified_plan` draws $W_0$,
# constructs a $W_*$ near it, *certifies* its margins on all perturbation sets, measures $R=\lVert W_*-W_0\rVert_F$ and
# $\lVert W_0\rVert_{op}$ (hence $G$), and plans again. If the plan asks for more neurons than were drawn, it draws a
# wider network.

# %%
wanted = {"activation": activation, "loss": hinge, "target_epsilon": EPSILON, "theorem": "E1"}
drawn = verify.draw_certified_plan(X, y, cap, solution=solution, seed=0, report=print, **wanted)
assert drawn.plan.kind is bounds.Kind.GUARANTEE and drawn.plan.confidence is None
assert drawn.comparator.margin >= 1 and drawn.comparator.radius <= drawn.plan.radius
Markdown("\n".join(f"* `{each.text}`: {each.reason}" for each in drawn.plan.hypotheses))

# %% [markdown]
# Every hypothesis is checked now, none with a probability: a **guarantee** for this very network.
#
# ## 10. Train at exactly this plan
#
# The plan is small enough to be run to its end. The adversary is projected gradient ascent on the arcs.

# %%
plan = drawn.plan
run = verify.train(
    drawn.initialisation,
    activation,
    hinge,
    X,
    y,
    cap,
    verify.ProjectedGradientAttack(),
    step_size=float(plan.step_size),
    iterations=plan.iterations,
    radius=float(plan.radius),
    landmark=drawn.comparator.moves.displacement,
)
steps, losses = np.arange(1, plan.iterations + 1), run.surrogate_losses
average, best = np.cumsum(losses) / steps, np.minimum.accumulate(losses)
promised_at, promised = drawn.promises()

assert promised[-1] <= float(EPSILON)
assert (np.interp(promised_at, steps, average) <= promised).all()
figure, axis = plt.subplots(figsize=(7.0, 4.0), layout="constrained")
axis.plot(promised_at, promised, color=VERMILION, ls="-.", label="E1: bound after $t$ steps")
axis.plot(steps, average, color=ORANGE, ls="--", label="measured: average of the first $t$ losses")
axis.plot(steps, losses, color=BLUE, lw=2, label=r"measured: loss $\mathcal{L}_A(W_t)$")
axis.axhline(float(EPSILON), color=GREY, lw=0.9, ls=":")
axis.annotate(f"ε = {EPSILON}", (1, float(EPSILON)), xytext=(2, 3), textcoords="offset points", color=GREY)
axis.set(
    xscale="log",
    ylim=(0, 2),
    xlabel="step $t$",
    ylabel="surrogate loss",
    title=f"m = {plan.width:,}, T = {plan.iterations}",
)
axis.legend(frameon=False, loc="upper center", bbox_to_anchor=(0.42, 1.0))
plt.show()

# %%
first = int(np.argmax(losses <= float(EPSILON))) + 1
assert losses[first - 1] <= float(EPSILON) and first <= plan.iterations
Markdown(
    f"The loss is below $\\epsilon$ = {EPSILON} for the first time at step {first}; the theorem allows "
    f"{plan.iterations} steps. The average over all steps is {average[-1]:.3f}, and the theorem's bound for it is "
    f"{bounds.upper_float(plan.guarantee.value):.4f}."
)

# %% [markdown]
# ### The best iterate, not the last
#
# E1 bounds the *least* loss of the run, through the average. It does not say that the last iterate is good, and losses
# need not decrease: a step reduces the loss at the points that the adversary picked, and then the adversary picks
# others; and a step of fixed length overshoots a kink of the loss.

# %%
rises = int((np.diff(losses) > 0).sum())
assert rises > 0 and losses[-1] > run.best_surrogate_loss
late = steps > 0.25 * plan.iterations

figure, axis = plt.subplots(figsize=(7.0, 3.2), layout="constrained")
axis.plot(steps[late], losses[late], color=BLUE, lw=1.2, label=r"loss $\mathcal{L}_A(W_t)$")
axis.plot(steps[late], best[late], color=GREEN, lw=2, ls="--", label="least so far")
axis.plot([run.best_step], [losses[run.best_step - 1]], "o", color=GREEN, label=f"best iterate, step {run.best_step}")
axis.plot([plan.iterations], [losses[-1]], "s", color=VERMILION, label=f"last iterate, step {plan.iterations}")
axis.set(xlabel="step $t$", ylabel="surrogate loss")
axis.legend(frameon=False, loc="upper right", ncols=2, fontsize="small")
axis.set_ylim(0, 4 * losses[-1])
plt.show()
Markdown(
    f"{rises} of {len(losses) - 1} steps raise the loss. The best iterate is number {run.best_step}, with loss "
    f"{run.best_surrogate_loss:.4f}; the last one has {losses[-1]:.4f}."
)

# %% [markdown]
# ### The number that the proof follows
#
# The proof lets $D_t=\lVert W_t-W_*\rVert^2$ fall, from at most $R^2$: step `E1.c.paid` guarantees a decrease of
# $2\alpha(\mathcal L_A(W_t)-s-4LCR^2)-\alpha^2L^2G^2$ at least. Both sides, measured at every step of the run:

# %%
squared, step_size = run.remaining.astype(float) ** 2, float(plan.step_size)
decrease = squared[:-1] - squared[1:]
cost = float(plan.terms["linearization"])
owed = 2 * step_size * (losses - cost) - (step_size * float(plan.gradient_bound)) ** 2
assert (decrease >= owed).all() and decrease[losses > float(EPSILON)].min() > 0

figure, axes = plt.subplots(1, 2, figsize=(9.0, 3.3), layout="constrained")
axes[0].plot(np.arange(1, len(squared) + 1), squared, color=BLUE, lw=2)
axes[0].set(xlabel="step $t$", ylabel=r"$D_t=\|W_t-W_*\|^2$")
axes[1].plot(steps, decrease, color=BLUE, lw=2, label="decrease of $D_t$, measured")
axes[1].plot(steps, owed, color=PURPLE, ls="--", label="guaranteed (E1.c.paid)")
axes[1].axhline(0, color=GREY, lw=0.8)
axes[1].set(xlabel="step $t$", ylabel=r"$D_t-D_{t+1}$")
axes[1].legend(frameon=False)
plt.show()

# %% [markdown]
# As long as the loss is above $\epsilon$ the distance falls, and more than guaranteed. The gap is what the theorem
# gives away: the real gradients are shorter than $LG$, and the network is far more linear than its bound.
#
# ## 11. What E1 does not say
#
# * It bounds the loss **against the adversary that trained**. For the robust loss of the best iterate one needs the
#   strongest adversary in training, or a certificate afterwards (notebook 10).
# * It is about the **training points** and their perturbation sets, not about new data.
# * It supposes a comparator in $B(R)$. How large $R$ has to be is a property of the data (notebook 8).
# * The paper's own two-layer statement (P2) has the same exponents with hidden constants. It is recorded in the library
#   as a *scaling law*, never as a guarantee.
#
# ## 12. Exercises
#
# **1.** Neurons are expensive: your memory makes $m^2T$ the cost to be least. Which share $\theta$ is best?
#
# <details><summary>Solution</summary>
#
# $m^2T\propto\theta^{-4}(1-\theta)^{-2}$, and $\frac{d}{d\theta}\log$ of it is $-\frac4\theta+\frac2{1-\theta}$, which
# is 0 at $\theta=\frac23$. The next cell lets the computer do it.
# </details>

# %%
best_share = sympy.solve(sympy.diff(sympy.log(e1.WIDTH**2 * fewest), letters.theta), letters.theta)
assert best_share == [sympy.Rational(2, 3)]
Math(r"\theta=" + sympy.latex(best_share[0]))

# %% [markdown]
# **2.** The target is halved. By how much does the *work* $mT$ grow? Check your answer with the calculator.
#
# <details><summary>Solution</summary>
#
# $m$ and $T$ both go like $\epsilon^{-2}$, so $mT$ grows by $2^4=16$. For the textbook example, which has no rounding:
# the next cell.
# </details>

# %%
coarse, fine = (bounds.required_width(**(TEXTBOOK | {"target_epsilon": target})) for target in ("1/2", "1/4"))
assert fine.width * fine.iterations == 16 * coarse.width * coarse.iterations
print(f"{coarse.width} x {coarse.iterations} becomes {fine.width} x {fine.iterations}")

# %% [markdown]
# **3.** The comparator is not perfect: all you know is $\mathcal L_*(W_*)\le s=\frac14$. What does the textbook example
# need now, and what happens to a target of $\frac14$?
#
# <details><summary>Solution</summary>
#
# Only $\epsilon-s=\frac14$ can be spent, so the plan is the one for $\epsilon=\frac14$ and a perfect comparator. With
# $\epsilon=s$ there is nothing to spend: no width is enough, and the calculator says so.
# </details>

# %%
imperfect = bounds.required_width(**TEXTBOOK, comparator_loss="1/4")
assert (imperfect.width, imperfect.iterations) == (fine.width, fine.iterations)
try:
    bounds.required_width(**(TEXTBOOK | {"target_epsilon": "1/4"}), comparator_loss="1/4")
except ValueError as error:
    print(error)

# %% [markdown]
# ## Where to go next
#
# The plan asked for thousands of neurons for eight points. [Notebook 5](05_where_the_width_goes.ipynb) shows where they
# go and wins most of them back: tied pairs, smooth losses, and a proof that watches the distance to $W_*$ more closely.
