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
# # 3. Online learning: the regret step
#
# **What this notebook shows.** Adversarial training does not minimise a fixed function: whenever the weights change,
# the adversary changes the data. It is a *game* played in rounds, and gradient descent is a good player: compared with
# any fixed weights $W_*$, its average loss is larger by at most a *regret* that goes to 0. This is step **E1.c** of
# the convergence theorem. You will see it in the plane, prove it (every step is checked by a machine while the
# notebook runs), see that it cannot be improved, and follow it along a real training run on images.
#
# **What it takes from [notebook 2](02_near_linearity.ipynb).** On the ball $B(R)=\{W:\|W-W_0\|_F\le R\}$ the network
# satisfies
#
# * near-linearity (E1.a): $|f(W',x)-f(W,x)-\langle\nabla_Wf(W,x),W'-W\rangle|\le C\,\|W'-W\|_F^2$ with
#   $C=\beta/(2\sqrt m)$, and $\|W'-W\|_F\le2R$;
# * bounded gradients (E1.b): $\|\nabla_Wf(W,x)\|_F\le G$.
#
# **Afterwards you can** say why an adversary that sees the weights does not break gradient descent; prove the regret
# bound from one inequality per step; choose the step size; and check the proof along a run of your own.

# %%
import matplotlib.pyplot as plt
import numpy as np
import sympy
from IPython.display import Markdown, Math, display

from robustntk import bounds, verify
from robustntk.bounds import letters
from robustntk.bounds.attained_regret import STEP_OF_E1, attained_regret
from robustntk.bounds.curvature import FULL_CURVATURE
from robustntk.bounds.two_layer import NEAR_LINEARITY, REGRET
from robustntk.verify.palette import BLUE, GREEN, GREY, ORANGE, PURPLE, SKY, VERMILION

proof = bounds.load_proof("E1")


def checked(*names, of=proof):
    """Check these steps, and that every fault planted in them is refuted."""
    report = bounds.check_proof(of, steps=names or None, falsify=True)
    assert report.holds
    return report


# %% [markdown]
# ## 1. Training against an adversary is a game
#
# There are $n$ labelled points $(x_i,y_i)$, $y_i=\pm1$, and around each a set $B(x_i)$ of perturbed versions. The loss
# $\ell(f,y)$ is convex and $L$-Lipschitz in $f$; here it is the *hinge loss* $\max(0,1-yf)$, with $L=1$. Round $t$:
#
# 1. the learner has weights $W_t$;
# 2. the adversary $A$ *sees* $W_t$ and answers with a point $x_i^t\in B(x_i)$ for every $i$. How it does so is its own
#    business: gradient ascent, dice, or the exact maximum;
# 3. this defines a loss function for this round, $\ell_t(W)=\frac1n\sum_i\ell(f(W,x_i^t),y_i)$;
# 4. the learner pays $\ell_t(W_t)$, takes a gradient step on $\ell_t$, and projects the result on the ball:
#
# $$g_t=\nabla\ell_t(W_t),\qquad W_{t+1}=\Pi_{B(R)}(W_t-\alpha\,g_t),\qquad W_1=W_0 .$$
#
# $\Pi_{B(R)}(V)$ is the point of the ball nearest to $V$ ($V$ itself if it lies inside, else the move $V-W_0$ is
# shortened to the length $R$), and $\alpha$ is the step size. (Where the hinge loss has its kink, any slope between
# the two sides will do.) The learner steps on $\ell_t$, but will be judged by $\ell_{t+1}$, which the adversary
# chooses afterwards.
#
# Two losses of given weights matter: the *surrogate loss* $\mathcal L_A(W)$, at the points that $A$ chooses against
# $W$, and the *robust loss* $\mathcal L_*(W)=\frac1n\sum_i\max_{x'\in B(x_i)}\ell(f(W,x'),y_i)$. Two facts follow from
# the definitions, and they are all that ties the game to robustness:
#
# $$\ell_t(W_t)=\mathcal L_A(W_t),\qquad\qquad \ell_t(W)\le\mathcal L_*(W)\ \text{ for every }W .$$
#
# The first: round $t$ is played at the points that $A$ chose against $W_t$. The second: those points are in the sets
# $B(x_i)$, and the maximum over a set is at least the value at any of its points.
#
# The *regret* against fixed weights $W_*$ is $\sum_{t\le T}\big(\ell_t(W_t)-\ell_t(W_*)\big)$. If the regret per round
# is small, then by the two facts the average of $\mathcal L_A(W_t)$ is hardly more than $\mathcal L_*(W_*)$: **if some
# robust $W_*$ exists in the ball, then training finds weights with small loss against this adversary.** Nobody needs
# to know $W_*$; it appears in the proof only.
#
# ## 2. The game in the plane
#
# A linear classifier $f(w,x)=w\cdot x$ with $w\in\mathbb R^2$ has no near-linearity error at all, and $\nabla_wf=x$.
# One data point of length 1, so $G=1$: it has the label $y=1$, lies at an angle of 65 degrees, and may be turned by up
# to 70 degrees either way, in steps of one degree. The adversary is the strongest one: it finds the worst of the 141
# versions.

# %%
versions = np.array([[np.cos(angle), np.sin(angle)] for angle in np.deg2rad(65 + np.arange(-70, 71))])


def strongest(w):
    """The version with the least margin w.x."""
    return versions[np.argmin(versions @ w)]


def robust_loss(w):
    """The largest hinge loss over all versions; w has the shape (..., 2)."""
    return np.maximum(0, 1 - np.min(w @ versions.T, axis=-1))


def play(adversary, *, step, radius, rounds):
    """Weights W_1 ... W_{T+1}, the points met, the losses paid, and the gradients."""
    weights, met, losses, gradients = [np.zeros(2)], [], [], []
    for _ in range(rounds):
        met.append(adversary(weights[-1]))
        margin = met[-1] @ weights[-1]
        losses.append(max(0.0, 1 - margin))
        gradients.append(-met[-1] if margin < 1 else np.zeros(2))
        target = weights[-1] - step * gradients[-1]
        weights.append(target * min(1.0, radius / np.linalg.norm(target)))
    return np.array(weights), np.array(met), np.array(losses), np.array(gradients)


# %% [markdown]
# Weights of robust loss 0 must have margin 1 at all versions. The shortest of them is our $W_*$: it points to 65
# degrees, half way between the two extreme versions.

# %%
ROUNDS, BALL = 40, 3.0
W_star = versions[70] / np.cos(np.deg2rad(70))
assert robust_loss(W_star) < 1e-12 < robust_loss(0.999 * W_star) and np.linalg.norm(W_star) <= BALL

game_step = BALL / np.sqrt(ROUNDS)  # section 6 says why
weights, met, losses, gradients = play(strongest, step=game_step, radius=BALL, rounds=ROUNDS)
at_star = np.maximum(0, 1 - met @ W_star)
regret_bound = sympy.lambdify((letters.R, letters.alpha, letters.T, letters.L, letters.G), REGRET)
allowed = regret_bound(BALL, game_step, ROUNDS, 1, 1)
averages = np.cumsum(losses) / np.arange(1, ROUNDS + 1)

assert np.allclose(losses, robust_loss(weights[:-1]))  # the strongest adversary: L_A = L_*
assert np.all(at_star <= robust_loss(W_star) + 1e-12)
assert losses[1] > losses[0] and averages[-1] <= robust_loss(W_star) + allowed

# %%
figure, (plane, curve) = plt.subplots(1, 2, figsize=(9, 4.2), layout="constrained")
grid = np.linspace(-1.6, 3.4, 251)
values = robust_loss(np.stack(np.meshgrid(grid, grid), axis=-1))
plane.contour(grid, grid, values, levels=np.arange(0.25, 4, 0.25), colors=GREY, linewidths=0.5)
plane.contourf(grid, grid, values, levels=[-1, 1e-9], colors=[SKY], alpha=0.5)
plane.add_patch(plt.Circle((0, 0), BALL, fill=False, color=GREEN, ls="--", label="ball $B(R)$"))
plane.plot(*weights.T, "o-", color=BLUE, ms=3, lw=1, label="$W_1,W_2,\\dots$")
plane.plot(*W_star, "*", color=VERMILION, ms=14, label="$W_*$")
plane.set(aspect="equal", xlabel="$w_1$", ylabel="$w_2$", title="weights; contours of the robust loss")
plane.set(xlim=(grid[0], grid[-1]), ylim=(grid[0], grid[-1]))
plane.legend(loc="lower left", fontsize="small")
curve.plot(np.arange(1, ROUNDS + 1), losses, "o-", color=BLUE, ms=3, lw=1, label=r"paid: $\ell_t(W_t)$")
curve.plot(np.arange(1, ROUNDS + 1), averages, "--", color=ORANGE, lw=2, label="average so far")
curve.plot(np.arange(1, ROUNDS + 1), at_star, ":", color=VERMILION, lw=2, label=r"$\ell_t(W_*)$")
curve.plot(ROUNDS, allowed, "v", color=PURPLE, ms=8, label="E1.c: the average over all rounds is at most this")
curve.set(xlabel="round $t$", ylabel="loss", title="losses", ylim=(-0.03, 1.9))
curve.legend(frameon=False, fontsize="small")
plt.show()

# %%
Markdown(
    f"The first step made the next loss *larger*: {losses[0]:.2f}, then {losses[1]:.2f}. It was right about the "
    "version met, and the adversary came back with the opposite one."
)

# %% [markdown]
# The shaded wedge is where the robust loss is 0. Gradient descent zigzags towards it: the adversary attacks on one
# side, then on the other. Single losses go up and down, and yet the average is forced down. Why?
#
# ## 3. One step: the distance to $W_*$
#
# The proof follows a single number, the *potential* $D_t=\|W_t-W_*\|^2$. Expanding the square,
#
# $$\|W_t-\alpha g_t-W_*\|^2=D_t-2\alpha\langle g_t,W_t-W_*\rangle+\alpha^2\|g_t\|^2 ,$$
#
# and the projection can only help: the ball is convex and contains $W_*$, so moving to the nearest point of it brings
# every one of its points closer.

# %%
example, outside = np.array([2.4, 0.5]), np.array([3.5, 1.5])  # some weights in the ball, and a long step from there
back = outside * BALL / np.linalg.norm(outside)
assert np.linalg.norm(example) < BALL < np.linalg.norm(outside)
assert np.linalg.norm(back - W_star) < np.linalg.norm(outside - W_star)

figure, axis = plt.subplots(figsize=(6, 4.6), layout="constrained")
arc = np.linspace(-0.2, 1.9, 200)
axis.plot(BALL * np.cos(arc), BALL * np.sin(arc), "--", color=GREEN, label="boundary of $B(R)$")
for point, name, colour in (
    (example, "$W_t$", BLUE),
    (outside, r"$V=W_t-\alpha g_t$", ORANGE),
    (back, "$W_{t+1}$", BLUE),
):
    axis.plot(*np.array([point, W_star]).T, ":", color=colour, lw=1.5)
    axis.plot(*point, "o", color=colour)
    axis.annotate(name, point, xytext=(7, -4), textcoords="offset points")
axis.annotate("", outside, example, arrowprops={"arrowstyle": "->", "color": ORANGE, "lw": 2})
axis.annotate("", back, outside, arrowprops={"arrowstyle": "->", "color": PURPLE, "lw": 2})
axis.plot(*W_star, "*", color=VERMILION, ms=14, label="$W_*$")
axis.set(aspect="equal", xlabel="$w_1$", ylabel="$w_2$", xlim=(0.6, 4.8), ylim=(0, 3.1))
axis.legend(frameon=False, loc="upper right")
plt.show()

# %% [markdown]
# That $\Pi$ does not increase the distance is a lemma about convex sets. The nearest point $PV$ of a convex set has an
# obtuse angle: $\langle V-PV,W_*-PV\rangle\le0$ for each $W_*$ in the set. That is the textbook fact which the lemma
# That $\Pi$ does not increase the distance is a lemma about convex sets. The nearest point $PV$ of a convex set has an
# obtuse angle: $\langle V-PV,W_*-PV\rangle\le0$ for each $W_*$ in the set. That is the textbook fact which the lemma
# uses by name; the rest is algebra.
#
# How to read the steps below (notebook 2 says more): *smt* means that two solvers, z3 and cvc5, have proved that no
# real numbers meet the hypotheses and break the claim; *induction* does so for the start and the step of an induction.
# A "fault planted" is a version of the step that is wrong on purpose, with a smaller constant or without a hypothesis;
# the engine has to refute it by a counterexample, or else the step does not count as proved.

# %%
lemma = checked("projection", of=proof.foundations["lemmas"])
lemma["projection"]

# %%
one_step = checked("E1.c.step")
one_step["E1.c.step"]

# %% [markdown]
# Look at the lemma's first fault, a $W_*$ *outside* the set. The solver gives values of the inner products; here are
# points that have such values, up to scale: in the plane, with the unit disc as the set.

# %%
V, far = np.array([2.0, 0.0]), np.array([3.0, 0.0])  # both outside; the disc's point nearest to V is (1, 0)
nearest = V / np.linalg.norm(V)
mixed = (V - nearest) @ (nearest - far)  # at least 0 for every W_* in the disc
before, after = np.sum((V - far) ** 2), np.sum((nearest - far) ** 2)
assert mixed < 0 and after > before

change, outcome = lemma["projection"].falsified[0]
found = {str(symbol): value for symbol, value in outcome.counterexample.values.items()}
assert found["mixed"] < 0 and found["|PV-W_*|^2"] > found["|V-W_*|^2"]
Markdown(
    f"Planted: `{change}`. Solver: mixed term ${found['mixed']}$, squared distance ${found['|V-W_*|^2']}$ before and "
    f"${found['|PV-W_*|^2']}$ after. In the plane: ${mixed:.0f}$, ${before:.0f}$ before and ${after:.0f}$ after."
)

# %% [markdown]
# The game of section 2, step by step: the change of $D_t$ beside what `E1.c.step` allows. Where nothing was projected,
# both are equal; where a projection acted, $D_t$ fell more.

# %%
D = np.sum((weights - W_star) ** 2, axis=1)
pulls = np.sum(gradients * (weights[:-1] - W_star), axis=1)  # <g_t, W_t - W_*>
most = -2 * game_step * pulls + game_step**2 * np.sum(gradients**2, axis=1)
projected = np.linalg.norm(weights[:-1] - game_step * gradients, axis=1) > BALL
changes = np.diff(D)
assert np.all(changes <= most + 1e-12) and np.allclose(changes[~projected], most[~projected])
assert projected.any() and np.all(changes[projected] < most[projected])
Markdown(f"{projected.sum()} of {ROUNDS} steps were projected; $D_t$ went from {D[0]:.2f} to {D[-1]:.4f}.")

# %% [markdown]
# ## 4. From distances to losses
#
# Why should $\langle g_t,W_t-W_*\rangle$ be large? **Convexity**: a convex function lies above its tangents, so that
# $\ell(u)-\ell(v)\le\ell'(u)\,(u-v)$ for the loss as a function of the output. For the linear classifier this says at
# once that $\ell_t(W_t)-\ell_t(W_*)\le\langle g_t,W_t-W_*\rangle$: **whenever the learner pays more than $W_*$ would
# have paid, its step points towards $W_*$.** For a network, the output is linear in the weights only up to $C\,D_t$
# (E1.a), and a loss that is $L$-Lipschitz passes this error on at most $L$-fold. `point` says so for one data point,
# `points` for the sum, and `regret` adds that $\ell_t(W_*)\le\mathcal L_*(W_*)\le s$, where $s$ is any bound on the
# robust loss of $W_*$.

# %%
regret = checked("E1.c.point", "E1.c.points", "E1.c.regret")
display(regret)

# %%
regret["E1.c.point"]

# %% [markdown]
# Each of the three ingredients is needed: without convexity, without the bound on the curvature, or with nine tenths of
# $L\,C\,D$, the solver finds numbers that break the claim. In the plane game, where $C=0$:

# %%
assert np.all(losses - at_star <= pulls + 1e-12)
Markdown(f"$\\ell_t(W_t)-\\ell_t(W_*)\\le\\langle g_t,W_t-W_*\\rangle$ held in all {ROUNDS} rounds.")

# %% [markdown]
# The step also costs something, $\alpha^2\|g_t\|^2$. A gradient of the loss at one point is at most $L\,G$ long, and
# the mean of $n$ of them is no longer (triangle inequality, by induction over the points).

# %%
checked("E1.c.add", "E1.c.gradients", "E1.c.gradient")

# %% [markdown]
# ## 5. Summing up
#
# Put the three together (`recursion`). As long as the learner pays more than $W_*$ plus the two error terms, it comes
# closer to $W_*$, by a definite amount. Distances are not negative and $D_1\le R^2$: this cannot go on for long. The
# sum of all excess losses is at most the initial supply $R^2$ plus what the steps cost.
#
# * `paid` replaces $C\,D_t$ by its largest value $C\,(2R)^2$;
# * `sum` is the induction over the steps;
# * `E1.c` divides by $2\alpha T$, and the least loss is at most the average;
# * `E1` puts in $C=\beta/(2\sqrt m)$.

# %%
convergence = checked("E1.c.recursion", "E1.c.paid", "E1.c.sum", "E1.c", "E1")
display(convergence)

# %%
convergence["E1.c.sum"]

# %% [markdown]
# The result, printed from the library: for *every* adversary and every $W_*\in B(R)$,

# %%
Math(
    r"\min_{t\le T}\mathcal L_A(W_t)\;\le\;\frac1T\sum_{t\le T}\mathcal L_A(W_t)\;\le\;\mathcal L_*(W_*)+\underbrace{"
    + sympy.latex(REGRET)
    + r"}_{\text{regret}}+\underbrace{"
    + sympy.latex(NEAR_LINEARITY)
    + r"}_{\text{near-linearity}}"
)

# %% [markdown]
# The guarantee is one for the *best* of the $T$ iterates, by way of their average; the last one may be worse.
#
# Note what was *not* used: nothing about how the adversary chooses its points, not even that it tries to do harm; and
# no relation between $\ell_t$ and $\ell_{t+1}$. That the adversary sees $W_t$ does not matter, since the inequalities
# hold round by round for whatever it chose.
#
# ## 6. The step size, and what it costs
#
# A small step wastes rounds, $R^2/(2\alpha T)$; a large one overshoots, $\alpha L^2G^2/2$. The best compromise:

# %%
best_step = sympy.solve(sympy.diff(REGRET, letters.alpha), letters.alpha)
assert best_step == [STEP_OF_E1]
least = sympy.simplify(REGRET.subs(letters.alpha, STEP_OF_E1))
assert sympy.simplify(least - letters.R * letters.L * letters.G / sympy.sqrt(letters.T)) == 0
Math(rf"\alpha={sympy.latex(STEP_OF_E1)}\qquad\Rightarrow\qquad\text{{regret}}={sympy.latex(least)}")

# %% [markdown]
# The regret falls like $1/\sqrt T$: half of it takes four times the rounds. Could a better analysis promise more?
#
# ## 7. It cannot be improved
#
# ### In the plane: an adversary that never lets go
#
# Let the losses be linear, $\ell_t(w)=\langle g_t,w\rangle$ with $|g_t|=1$, so $L\,G=1$, in the unit disc. The
# adversary sees $w_t$ and chooses $g_t$ at a *right angle* to it. Then the learner pays $\langle g_t,w_t\rangle=0$ in
# every round, and each step leads away from the origin, along a spiral: $|w_{t+1}|^2=|w_t|^2+\alpha^2$. With
# $\alpha=R/\sqrt T$ it arrives at the boundary exactly after the last step; nothing is projected. Meanwhile the place
# where it arrives would have been a very good choice from the beginning.

# %%
TURNS = 16
step = 1 / np.sqrt(TURNS)
path, chosen = [np.zeros(2)], []
for _ in range(TURNS):
    w = path[-1]
    chosen.append(np.array([-1.0, 0.0]) if not w.any() else np.array([w[1], -w[0]]) / np.linalg.norm(w))
    path.append(w - step * chosen[-1])
path, chosen = np.array(path), np.array(chosen)
best_fixed = -chosen.sum(axis=0) / np.linalg.norm(chosen.sum(axis=0))  # the minimiser of the sum of all losses

paid = np.sum(chosen * path[:-1], axis=1)
regret_paid = np.mean(paid - chosen @ best_fixed)
promised = regret_bound(1, step, TURNS, 1, 1)
assert np.allclose(best_fixed, path[-1]) and np.isclose(np.linalg.norm(path[-1]), 1)
assert np.allclose(paid, 0) and np.isclose(regret_paid, promised, rtol=1e-12)

figure, (plane, curve) = plt.subplots(1, 2, figsize=(8.6, 4), layout="constrained")
plane.add_patch(plt.Circle((0, 0), 1, fill=False, color=GREEN, ls="--", label="ball $B(R)$"))
plane.plot(*path.T, "o-", color=BLUE, ms=3, lw=1, label="$w_1,w_2,\\dots$")
plane.plot(*best_fixed, "*", color=VERMILION, ms=14, label="$w_*$, the best fixed choice")
plane.set(aspect="equal", xlim=(-1.15, 1.15), ylim=(-1.15, 1.65), xlabel="$w_1$", ylabel="$w_2$")
plane.legend(frameon=False, loc="upper center", fontsize="small")
curve.plot(np.sum((path - best_fixed) ** 2, axis=1), "o-", color=BLUE, ms=4, label="$D_t$")
curve.set(xlabel="steps taken", ylabel=r"$|w_t-w_*|^2$", title="the whole supply is used up")
plt.show()

# %%
change, outcome = convergence["E1.c"].falsified[0]
assert outcome.verdict is bounds.Verdict.REFUTED and regret_paid > 0.99 * promised
Markdown(
    f"Regret per round: {regret_paid:.6f}. The bound: {promised:.6f}. They are equal, and $D_{{T+1}}=0$. Among the "
    f"faults planted in `E1.c` is one called `{change}`: the solver refuted it by numbers, and this game is a "
    "counterexample that one can look at."
)

# %% [markdown]
# This shows when the bound is an equality: nothing is projected, all gradients are as long as they may be, and the run
# ends *at* $W_*$, so that the whole supply $R^2$ has been spent.
#
# ### One fixed loss is enough
#
# Perhaps the losses must change for this? No. In $T$ dimensions there is *one* convex function, the maximum of $T$
# linear pieces, on which gradient descent does exactly as badly. (For $T=2$ take $f(w)=\max(w_1,w_2)$: from the
# origin, the first step follows piece 1, the second piece 2, both at the value 0, while $w_*$ has the value
# $-1/\sqrt2$.) Adversarial training can meet it: in a model that is linear in its weights, $1+f$ is the robust hinge
# loss of one data point with $T$ perturbed versions, where it is positive. The library runs it in exact arithmetic:

# %%
lines = ["| T | step size | losses $f(W_t)-f(W_*)$ | average | bound of E1.c |", "|:--|:--|:--|:--|:--|"]
for rounds in (2, 3, 4, 5):
    alpha = bounds.step_of_e1(iterations=rounds)
    run = attained_regret(iterations=rounds, step_size=alpha)
    values = {letters.R: 1, letters.L: 1, letters.G: 1, letters.alpha: alpha, letters.T: rounds}
    limit = sympy.simplify(REGRET.subs(values))
    assert sympy.simplify(run.average - limit) == 0 and sympy.simplify(run.best - limit) == 0  # exact
    shown = [f"${sympy.latex(value)}$" for value in (alpha, run.gaps[0], run.average, limit)]
    lines.append(f"| {rounds} | {shown[0]} | {shown[1]}, all {rounds} times | {shown[2]} | {shown[3]} |")
Markdown("\n".join(lines))

# %% [markdown]
# The proof for all $T$ and for a range of step sizes, with its own planted faults:

# %%
checked(of=bounds.load_proof("sharpness"))

# %% [markdown]
# ### A second opinion: search all games for the worst
#
# *Performance estimation* turns "the worst case over all convex losses, all convex sets and all dimensions" into a
# semidefinite program, for a fixed small $T$. PEPit sets it up and a numerical solver solves it: a computed number,
# not a proof. It knows nothing of our examples. (PEPit belongs to the extra `proofs` of the package; without it this
# cell says so and goes on.)

# %%
try:
    cases = bounds.compare(iterations=(1, 2, 4), measures=("best", "moving-average"))
    cases += bounds.compare(iterations=(4,), measures=("best", "moving-average"), step_factor="1/2")
except ImportError as missing:
    cases = ()
    print(missing)
assert all(case.ratio <= 1 + 1e-5 for case in cases)
assert all(case.ratio >= 1 - 1e-5 for case in (*cases[:6], *cases[7:])) and all(case.ratio < 0.9 for case in cases[6:7])
lines = ["| T | step size | measure | worst case (computed) | bound of E1.c |", "|:--|:--|:--|:--|:--|"]
lines += [
    f"| {case.iterations} | {float(case.step_size):.3f} | `{case.measure.text}` | {case.worst_case:.5f} "
    f"| {float(case.bound):.5f} |"
    for case in cases
]
Markdown("\n".join(lines) if cases else "Skipped.")

# %% [markdown]
# With the step size of section 6 no game is worse than the bound, and some game is as bad. With half that step (the
# last two rows) the best of four iterates does better than the bound says; the average against moving losses does not.
# So better guarantees can only come from facts about *your* data and run, not from a better treatment of $R$, $L$ and
# $G$: section 9.
#
# ## 8. The same along a real run
#
# Ten handwritten digits, zeros against ones, each on the unit sphere with a cap of chord 0.05 around it as the set
# $B(x_i)$. A network with the quadratic ReLU is drawn, and in its ball a $W_*$ is built whose margins are *certified*
# on every cap. How that is done is the subject of notebooks 4, 7 and 8; here it is enough that the library returns
# $W_*$, $R$ and a proved bound $s\ge\mathcal L_*(W_*)$ (we ask for margin 0.9, so that $s$ is not simply 0), and a
# width $m$, step size $\alpha$ and number of steps $T$ for which E1 promises a loss of 0.7, a modest target
# that keeps this notebook fast.

# %%
activation, loss = bounds.get_activation("quadratic_relu"), bounds.get_loss("hinge")
data = verify.load_data("digits", classes=("0", "1"), samples=10)
cap = verify.SphericalCap(0.05)
solution = verify.radius_interval(data.X, data.y, cap, activation=activation)
drawn = verify.draw_certified_plan(
    data.X,
    data.y,
    cap,
    activation=activation,
    loss=loss,
    target_epsilon="0.7",
    theorem="E1",
    slack="0.1",
    solution=solution,
)
plan, s = drawn.plan, drawn.comparator.robust_loss
assert plan.kind is bounds.Kind.GUARANTEE and plan.guarantee.meets("0.7") and s < 0.1
Markdown(
    f"$m={plan.width:,}$, $R={float(plan.radius):.3f}$, $\\alpha={float(plan.step_size):.4f}$, $T={plan.iterations}$, "
    f"$G={float(plan.gradient_bound):.3f}$, $s={s:.4f}$"
)

# %% [markdown]
# Training takes exactly these $T$ steps against five steps of projected gradient ascent on every image. An observer
# measures, at every step and in float64, what the proof speaks about.

# %%
recorder = verify.ProofRecorder.of(drawn, data.y)
run = verify.train(
    drawn.initialisation,
    activation,
    loss,
    data.X,
    data.y,
    cap,
    verify.ProjectedGradientAttack(steps=5),
    step_size=float(plan.step_size),
    radius=float(plan.radius),
    iterations=plan.iterations,
    dtype=drawn.initialisation.dtype,
    observer=recorder,
)
record = recorder.finish(run)

ROUNDING = 1e-9  # float64, far above what sums of this size lose
assert record.steps == plan.iterations
assert np.allclose(record.losses, run.surrogate_losses, atol=ROUNDING)  # l_t(W_t) = L_A(W_t)
assert np.all(record.comparator_losses <= s + ROUNDING)  # l_t(W_*) <= L_*(W_*) <= s
assert np.all(record.moves <= float(plan.radius) + ROUNDING)

# %%
T = np.arange(1, record.steps + 1)
known = {
    letters.R: plan.radius,
    letters.L: loss.lipschitz,
    letters.G: plan.gradient_bound,
    letters.alpha: plan.step_size,
    letters.beta: activation.derivative_lipschitz,
    letters.m: plan.width,
}
promise = s + sympy.lambdify(letters.T, (REGRET + NEAR_LINEARITY).subs(known))(T)
averages = np.cumsum(record.losses) / T
assert np.all(averages <= promise) and promise[-1] <= 0.7

figure, axis = plt.subplots(figsize=(7, 4), layout="constrained")
axis.plot(T, promise, color=PURPLE, ls="-.", lw=2, label="E1: bound of the average over $t$ steps")
axis.plot(T, averages, "--", color=ORANGE, lw=2, label=r"average of $\mathcal{L}_A(W_1),\dots,\mathcal{L}_A(W_t)$")
axis.plot(T, record.losses, color=BLUE, lw=2, label=r"$\ell_t(W_t)=\mathcal{L}_A(W_t)$")
axis.plot(T, record.comparator_losses, ":", color=VERMILION, lw=2, label=r"$\ell_t(W_*)$")
axis.axhline(s, color=GREY, lw=1, label=r"$s\geq\mathcal{L}_*(W_*)$, certified")
axis.set(xlabel="step $t$", ylabel="loss", ylim=(-0.03, 2), title=f"digits, m = {plan.width:,}")
axis.legend(frameon=False, fontsize="small")
plt.show()

# %% [markdown]
# The comparator never pays more than $s$, whatever points the adversary chose, and the average stays far below the
# bound. Now the proof itself, at every step: by how much did the potential $D_t=\|W_t-W_*\|^2$ fall, and how much was
# it bound to fall? Three lower bounds, each weaker than the one before, as the proof goes on:
#
# * `E1.c.step`, with the gradient as it was: $2\alpha\langle g_t,W_t-W_*\rangle-\alpha^2\|g_t\|^2$;
# * `E1.c.recursion`: $2\alpha(\mathcal L_A(W_t)-s-L\,C\,D_t)-\alpha^2L^2G^2$;
# * `E1.c.paid`, with $4R^2$ in place of $D_t$.
#
# Added up over the steps, the last of these is `E1.c.sum`: an upper bound of $D_t$ itself.

# %%
alpha, R, L, G = (float(known[each]) for each in (letters.alpha, letters.R, letters.L, letters.G))
C = float(FULL_CURVATURE.subs(known))
D = record.distances**2
fall = D[:-1] - D[1:]
by_step = 2 * alpha * record.pulls - alpha**2 * record.gradient_squares
by_recursion = 2 * alpha * (record.losses - s - L * C * D[:-1]) - (alpha * L * G) ** 2
by_paid = 2 * alpha * (record.losses - s - 4 * L * C * R**2) - (alpha * L * G) ** 2
for lower, upper in ((by_step, fall), (by_recursion, by_step), (by_paid, by_recursion)):
    assert np.all(lower <= upper + ROUNDING)
by_sum = R**2 - np.concatenate([[0], np.cumsum(by_paid)])
assert np.all(D <= by_sum + ROUNDING)
free = record.moves[1:] < R - ROUNDING  # steps that were not projected: E1.c.step is an equality
assert np.allclose(fall[free], by_step[free], rtol=0, atol=ROUNDING) and not free.all()
assert np.all(free[: record.steps // 3]) and np.all(fall[~free] > by_step[~free])
assert np.all(fall[free] < by_step[free] + (alpha**2 * record.gradient_squares / 2)[free])  # half the cost: false

figure, (left, right) = plt.subplots(1, 2, figsize=(9, 3.9), layout="constrained")
left.plot(np.arange(1, len(D) + 1), D, color=BLUE, lw=2, label="measured")
left.plot(np.arange(1, len(D) + 1), by_sum, "-.", color=PURPLE, lw=1.8, label="E1.c.sum: at most this")
left.axhline(R**2, color=GREEN, ls="--", label="$R^2$, the supply")
left.set(xlabel="step $t$", ylabel=r"$D_t=\|W_t-W_*\|_F^2$", ylim=(0, 10), title="the potential")
left.legend(frameon=False)
right.plot(T, fall, color=BLUE, lw=4, alpha=0.5, label="measured")
right.plot(T, by_step, color=ORANGE, lw=1.2, label="E1.c.step")
right.plot(T, by_recursion, "--", color=PURPLE, lw=1.8, label="E1.c.recursion")
right.plot(T, by_paid, ":", color=VERMILION, lw=1.8, label="E1.c.paid")
right.axhline(0, color=GREY, lw=0.8)
right.set(xlabel="step $t$", ylabel="$D_t-D_{t+1}$", title="its fall, and what the proof guarantees")
right.legend(frameon=False)
plt.show()

# %%
last = int(np.flatnonzero(by_paid > 0)[-1]) + 1
level = s + 4 * L * C * R**2 + alpha * (L * G) ** 2 / 2
assert record.losses[last - 1] > level >= record.losses[last] and level <= 0.7
Markdown(
    f"`E1.c.paid` guarantees a fall while the loss is above $s+4LCR^2+\\alpha L^2G^2/2={level:.3f}$, here for the "
    f"first {last} steps. That is how the proof works: above this level the distance must fall, and it has only "
    f"$R^2={R**2:.2f}$ to fall. Once the loss is below, the proof needs, and promises, nothing more.\n\n"
    f"In {free.sum()} of the {record.steps} steps nothing was projected, and `E1.c.step` is an equality. In the "
    "others, all of them late, the projection made the distance fall by more."
)

# %% [markdown]
# ## 9. A look ahead: the same sum, measured
#
# What the proof bounds can be measured along a run. **E1.post** puts the measured values in: with the measured
# losses $\ell_t(W_*)$, gradients, distances, and residuals $\rho_t=\ell_t(W_t)-\ell_t(W_*)-\langle g_t,W_t-W_*\rangle$,
#
# $$\frac1T\sum_{t\le T}\mathcal L_A(W_t)\le\frac1T\sum_{t\le T}\ell_t(W_*)+\frac{D_1-D_{T+1}}{2\alpha T}+
# \frac{\alpha}{2T}\sum_{t\le T}\|g_t\|^2+\frac1T\sum_{t\le T}\rho_t ,$$
#
# an equality but for projections and rounding. Term by term beside E1:

# %%
nearly = float(NEAR_LINEARITY.subs(known))
terms = [
    ("comparator", np.mean(record.comparator_losses), s),
    ("distance", (D[0] - D[-1]) / (2 * alpha * record.steps), R**2 / (2 * alpha * record.steps)),
    ("gradients", alpha * np.mean(record.gradient_squares) / 2, alpha * (L * G) ** 2 / 2),
    ("linearisation", np.mean(record.residuals), nearly),
]
assert all(each <= bound + ROUNDING for _, each, bound in terms)
sums = [sum(term[k] for term in terms) for k in (1, 2)]
average = float(np.mean(record.losses))
assert average <= sums[0] + ROUNDING and np.isclose(sums[1], promise[-1])
lines = ["| term | measured (E1.post) | bounded (E1) |", "|:--|--:|--:|"]
lines += [f"| {name} | {value:.4f} | {bound:.4f} |" for name, value, bound in terms]
lines += [f"| **sum** | {sums[0]:.4f} | {sums[1]:.4f} |", f"| average loss | {average:.4f} | |"]
Markdown("\n".join(lines))

# %% [markdown]
# The *anatomy* of a run is the full list: both sides of every inequality of the proof, at the step where it is
# tightest. [Notebook 10](10_predicted_against_measured.ipynb) reads it as a map of where the theorem loses. The rows
# of E1.c:

# %%
network = verify.TwoLayerNetwork(run.best_weights, drawn.initialisation.signs, activation)
attack = verify.ProjectedGradientAttack(steps=20, restarts=2)
bracket = verify.bracket_robust_loss(network, data.X, data.y, cap, loss=loss, adversary=attack)
errors = verify.Bracket(float(np.mean(bracket.attacked_margins < 0)), float(np.mean(bracket.certified_margins < 0)))
anatomy = verify.anatomy(
    drawn,
    run,
    record,
    data.X,
    robust_loss=verify.Bracket(bracket.attacked, bracket.certified),
    robust_error=errors,
)
assert all(row.kept for row in anatomy)
wanted = ("convexity", "linearisation", "a projected step", "summed", "average", "best <=")
lines = ["| inequality | left | right |", "|:--|--:|--:|"]
escaped = {row: row.step.replace("|", "\\|") for row in anatomy if row.step.startswith(wanted)}
lines += [f"| `{text}` | {row.lhs:.5f} | {row.rhs:.5f} |" for row, text in escaped.items()]
Markdown("\n".join(lines))

# %% [markdown]
# ## 10. Exercises
#
# **1.** You use twice the step size of section 6. By which factor does the regret bound grow?
#
# <details><summary>Solution</summary>
#
# The first term halves, the second doubles; both were equal. $(\frac12+2)/2=\frac54$. The bound forgives wrong step
# sizes.
#
# </details>

# %%
factor = sympy.simplify(REGRET.subs(letters.alpha, 2 * STEP_OF_E1) / REGRET.subs(letters.alpha, STEP_OF_E1))
assert factor == sympy.Rational(5, 4)
Math(sympy.latex(factor))

# %% [markdown]
# **2.** Replace the strongest adversary of section 2 by one that draws a version at random. Does the
# regret bound still hold? Is the network it trains robust?
#
# <details><summary>Solution</summary>
#
# The bound holds for every adversary, so also for this one. But it bounds the losses *at the points that this adversary
# chose*. The robust loss of the result can be much larger: a weak adversary trains a weak defence.
#
# </details>

# %%
generator = np.random.default_rng(0)
weak_weights, weak_met, weak_losses, _ = play(
    lambda w: versions[generator.integers(len(versions))], step=game_step, radius=BALL, rounds=ROUNDS
)
assert np.mean(weak_losses - np.maximum(0, 1 - weak_met @ W_star)) <= allowed
final, weak_final = robust_loss(weights[-1]), robust_loss(weak_weights[-1])
assert final < 1e-9 < weak_final
Markdown(f"Robust loss at the end: {final:.3f} against the strongest adversary, {weak_final:.3f} against this one.")

# %% [markdown]
# **3.** Where does the proof use that $W_*$ lies in $B(R)$? Find a step of section 2 that breaks `E1.c.step` for a
# $W_*$ outside.
#
# <details><summary>Solution</summary>
#
# Twice: in the projection, and in $D_1\le R^2$. Take $2W_*$, which has robust loss 0 too but lies outside the ball: at
# a step that was projected, the projection moved *away* from it.
#
# </details>

# %%
D_outside = np.sum((weights - 2 * W_star) ** 2, axis=1)
pulls_outside = np.sum(gradients * (weights[:-1] - 2 * W_star), axis=1)
most_outside = -2 * game_step * pulls_outside + game_step**2 * np.sum(gradients**2, axis=1)
broken = np.flatnonzero(np.diff(D_outside) > most_outside + 1e-9) + 1
assert len(broken) > 0 and np.all(projected[broken - 1])
Markdown(f"Broken at steps {', '.join(map(str, broken))}, all of them projected.")

# %% [markdown]
# ## Where next
#
# You have the inequality; it is still about given $m$, $\alpha$ and $T$, and a given $W_*$. [Notebook
# 4](04_convergence.ipynb) solves it for them: from a target loss to the width, the step size and the number of steps,
# with every hypothesis checked.
