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
# # The main job: train at the width that a theorem prescribes
#
# Convergence theorems for adversarial training of wide networks usually say "there is a width, large enough, such
# that ...". Here the width is computed, with every constant written out, for real images and a given perturbation
# radius; a network of exactly that width is drawn and trained for the steps the theorem asks for; and what it
# promised is compared with what happened.
#
# The setting is that of Gao, Cai, Li, Wang, Hsieh and Lee, *Convergence of Adversarial Training in Overparametrized
# Neural Networks* (NeurIPS 2019, [arXiv:1906.07916v2](https://arxiv.org/abs/1906.07916v2)). Their theorems hide
# constants in $\Theta$ and $\Omega$; theorem **E1** below is an explicit version.
#
# Every number below is computed by the cells, and the cells assert what the text claims.

# %%
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

import matplotlib.pyplot as plt
import numpy as np
import sympy
from IPython.display import Markdown, Math

from robustntk import bounds, kernels, verify
from robustntk.bounds import two_layer as e1

DELTA, EPSILON = 0.1, "0.5"
activation, loss = bounds.get_activation("quadratic_relu"), bounds.get_loss("hinge")
BLUE, ORANGE, RED, GREY = "#0072B2", "#E69F00", "#D55E00", "#555555"


def down(value: float) -> Decimal:
    """Four decimals of a lower bound, rounded down so that it stays one."""
    return Decimal(float(value)).quantize(Decimal("1e-4"), ROUND_FLOOR)


def up(value: float) -> Decimal:
    """Four decimals of an upper bound, rounded up so that it stays one."""
    return Decimal(float(value)).quantize(Decimal("1e-4"), ROUND_CEILING)


# %% [markdown]
# ## 1. The problem
#
# Twenty handwritten digits, zeros ($y=+1$) against ones ($y=-1$), $8\times8$ pixels. Each image is scaled to a point
# of a sphere, with one constant coordinate $b=\frac12$ added: $x=(\sqrt{1-b^2}\,u/\|u\|,\,b)$, so $\|x\|=1$.
#
# The adversary may replace $x$ by any point $x'$ of the same sphere with $\|x'-x\|\le\delta$: a **cap** $B(x)$.
#
# A classifier that fits the samples need not be robust. Take the function of least norm, in the space of the
# infinite-width kernel $K$ of the network trained below, that has $y_if(x_i)=1$ at all samples, and attack it on the
# caps.

# %%
data = verify.load_data("digits", classes=("0", "1"), samples=20)
cap = verify.SphericalCap(DELTA)
attack = verify.ProjectedGradientAttack(steps=40, restarts=3)

kernel = kernels.dual_kernel(activation)
coefficients = np.linalg.solve(kernels.gram(kernel, data.X), data.y)
interpolant = verify.KernelPredictor(kernel, data.X, coefficients)
worst_points, worst_margins = attack.minimize_margin(interpolant, data.X, data.y, cap)

clean_margins = data.y * interpolant.predict(data.X)
assert np.allclose(clean_margins, 1.0)
assert cap.contains(worst_points, data.X).all()
Markdown(
    f"Margin $y_i f$ at the samples: 1. On the caps the attack brings it down to between {worst_margins.min():.2f} and "
    f"{worst_margins.max():.2f}. A perturbation of $\\delta$ = {DELTA} is {DELTA / cap.radius:.1%} of the norm of an "
    "image."
)

# %%
examples = [int(np.flatnonzero(data.y == label)[0]) for label in (1.0, -1.0)]
figure, axes = plt.subplots(2, 3, figsize=(6.6, 4.4), layout="constrained")
for panels, row in zip(axes, examples, strict=True):
    before, after = (point[row, :-1].reshape(8, 8) / cap.radius for point in (data.X, worst_points))
    change = np.abs(after - before).max()
    panels[0].imshow(before, cmap="gray_r", vmin=0, vmax=before.max())
    panels[1].imshow(after, cmap="gray_r", vmin=0, vmax=before.max())
    shown = panels[2].imshow(after - before, cmap="RdBu_r", vmin=-change, vmax=change)
    figure.colorbar(shown, ax=panels[2], shrink=0.8)
    panels[0].set_ylabel(f"row {row}, y = {data.y[row]:+.0f}")
    panels[1].set_xlabel(f"margin {worst_margins[row]:.2f}")
for axis, title in zip(axes[0], ("sample", "worst point found", "difference"), strict=True):
    axis.set_title(title, fontsize="medium")
for axis in axes.flat:
    axis.set(xticks=[], yticks=[])
plt.show()

# %% [markdown]
# ## 2. The theorem
#
# The network is $f(W,x)=\frac1{\sqrt m}\sum_{r=1}^m a_r\,\sigma(w_r^\top x)$ with fixed signs $a_r=\pm1$, drawn in
# mirrored pairs so that $f(W_0,\cdot)=0$. Adversarial training alternates: the adversary $A$ moves every sample
# inside its cap, one step of gradient descent of size $\alpha$ is taken on the loss $\mathcal L_A$ at those points,
# and the weights are projected on the ball $B(R)=\{\|W-W_0\|_F\le R\}$.
#
# **E1.** Let $\sigma'$ be $\beta$-Lipschitz, the loss convex and $L$-Lipschitz, and $\|\nabla_Wf\|_F\le G$ on $B(R)$.
# Against *any* adversary, and for every $W_*\in B(R)$ with robust loss $\mathcal L_*(W_*)=\frac1n\sum_i\max_{x'\in
# B(x_i)}\ell(f(W_*,x'),y_i)$, after $T$ steps:

# %%
bound = e1.NEAR_LINEARITY + e1.REGRET
Math(r"\min_{t\le T}\mathcal L_A(W_t)\;\le\;\mathcal L_*(W_*)+" + sympy.latex(bound))

# %% [markdown]
# The term in $1/\sqrt m$ is the price of the network not being linear in its weights; the other two are the regret of
# online gradient descent. Both shrink, so the formula can be solved for a plan: a share $\theta$ of the budget
# $\epsilon-s$ goes to the first, the rest to the second, where $s\ge\mathcal L_*(W_*)$.

# %%
Math(
    rf"m\ge {sympy.latex(e1.WIDTH)},\qquad \alpha={sympy.latex(e1.STEP_SIZE)},\qquad T\ge {sympy.latex(e1.ITERATIONS)}"
)

# %% [markdown]
# ## 3. What is $R$?
#
# Everything hangs on one number that the theorem leaves open: a radius $R$ such that $B(R)$ contains a robust
# network. In the limit of infinite width it is the least norm of a function with margin 1 on *every point of every
# cap*,
#
# $$R=\min\{\|f\|_{\mathcal H}:\ y_if(x')\ge1\ \text{ for all } x'\in B(x_i),\ i\le n\}.$$
#
# This has infinitely many constraints, so no solver returns $R$ itself. It is bracketed instead:
#
# * **below**: keep finitely many points of the caps. Fewer constraints, smaller minimum; a dual feasible point of
#   that problem bounds it rigorously.
# * **above**: the solution for these points has *some* margin $\mu$ on the caps. An attack only bounds $\mu$ from
#   above, so $\mu$ is certified from below; then $f/\mu$ meets every constraint, and $R\le\|f\|_{\mathcal H}/\mu$.
#
# The two meet as the points that the attack finds are added to the finite set.

# %%
solution = verify.radius_interval(data.X, data.y, cap, activation=activation)
radius = solution.radius
plain_norm = float(np.sqrt(data.y @ coefficients))

assert solution.certified_margin <= solution.attacked_margin
assert plain_norm < radius.lower <= radius.estimate <= radius.upper < np.inf
Markdown(
    f"$R\\in[{down(radius.lower)},\\,{up(radius.upper)}]$, from {solution.working_set} support points after "
    f"{solution.iterations} rounds. The margin of the last function is certified to be at least "
    f"{down(solution.certified_margin)}; the least that the attack finds is {solution.attacked_margin:.4f}.\n\n"
    f"Robustness has a price: fitting the samples alone takes a norm of only {plain_norm:.2f}."
)

# %% [markdown]
# ## 4. A plan for one particular network
#
# $R$ belongs to the limit of infinite width. For a guarantee without "with high probability", and without "in the
# limit", the comparator $W_*$ is built and checked **at the very network that will be trained**:
#
# 1. draw $W_0$ at the width that $R$ suggests;
# 2. solve the same problem with the finite-width kernel at $W_0$, which gives weights $W_*$;
# 3. certify the *network* $f(W_*,\cdot)$ on every cap, its deviation from linearity and rounding included, and scale
#    $W_*$ until the margins are at least $1-s$; now $R:=\|W_*-W_0\|_F$ is a fact about this draw, and so is
#    $\|W_0\|_{op}$, which gives $G$;
# 4. compute the plan for these. If it asks for more neurons than were drawn, draw a wider network and repeat.

# %%
drawn = verify.draw_certified_plan(
    data.X,
    data.y,
    cap,
    activation=activation,
    loss=loss,
    target_epsilon=EPSILON,
    solution=solution,
    theorem="E1",
    report=print,
)
plan, comparator, start = drawn.plan, drawn.comparator, drawn.initialisation
Markdown("> " + plan.statement())

# %% [markdown]
# The hypotheses of the theorem, each checked:

# %%
assert plan.kind is bounds.Kind.GUARANTEE
assert comparator.margins.min() >= 1.0 - comparator.robust_loss
assert comparator.radius <= plan.radius
assert plan.guarantee.meets(EPSILON)
Markdown("\n".join(f"* {each.text}: {each.reason}" for each in plan.hypotheses if each.satisfied))

# %% [markdown]
# ## 5. Training at exactly this plan
#
# The adversary is a ten-step projected-gradient attack. Training runs in float32 and stops at the first step whose
# loss, evaluated again in float64, is at most $\epsilon$.
#
# Beside it runs a **prediction that needs no network**: the same training in the limit $m\to\infty$, where the
# network is a kernel function.

# %%
epsilon, step_size = float(EPSILON), float(plan.step_size)
adversary = verify.ProjectedGradientAttack(steps=10)
setting = (data.X, data.y, cap, adversary)
ball = {"step_size": step_size, "radius": float(plan.radius)}

recorder = verify.ProofRecorder.of(drawn, data.y)  # what the proof speaks about, measured at every step
run = verify.train(
    start, activation, loss, *setting, iterations=plan.iterations, stop_at=epsilon, observer=recorder, **ball
)
limit = verify.train_infinite_width(kernel, loss, *setting, iterations=run.steps, **ball)

assert run.best_surrogate_loss <= epsilon and run.best_step <= plan.iterations

# %%
problem = {
    e1.L: loss.lipschitz,
    e1.beta: activation.derivative_lipschitz,
    e1.R: plan.radius,
    e1.m: plan.width,
    e1.alpha: plan.step_size,
    e1.G: plan.gradient_bound,
}
guaranteed = sympy.lambdify(e1.T, bound.subs(problem) + plan.terms["comparator"])
steps = np.geomspace(1, plan.iterations, 300)
assert guaranteed(plan.iterations) <= epsilon

figure, axis = plt.subplots(figsize=(7.5, 4.0), layout="constrained")
axis.plot(steps, guaranteed(steps), color=RED, label=f"guaranteed for the best iterate (E1), T = {plan.iterations:,}")
axis.plot(np.arange(run.steps) + 1, run.surrogate_losses, color=BLUE, lw=2.5, label=f"measured, m = {plan.width:,}")
axis.plot(np.arange(limit.steps) + 1, limit.surrogate_losses, color=ORANGE, ls="--", label="predicted, infinite width")
axis.axhline(epsilon, color=GREY, lw=0.9, ls=":")
axis.annotate(f"ε = {epsilon}", (1, epsilon), xytext=(2, 3), textcoords="offset points", color=GREY)
axis.plot([run.best_step], [run.surrogate_losses[run.best_step - 1]], "o", color=BLUE)
axis.set(xscale="log", ylim=(0, 2), xlabel="step $t$", ylabel=r"surrogate loss $L_A(W_t)$")
axis.legend(frameon=False, loc="lower left")
plt.show()

# %%
deviation = np.abs(run.surrogate_losses - limit.surrogate_losses).max()
Markdown(
    f"The loss falls to {run.best_surrogate_loss:.4f} at step {run.best_step}; the theorem allowed {plan.iterations:,} "
    f"steps. The infinite-width prediction is never off by more than {up(deviation)}."
)

# %% [markdown]
# ## 6. Is the trained network robust? Two answers that bracket the truth
#
# The theorem speaks about the loss at the points that the adversary of the training chose. The **robust loss** is a
# maximum over whole caps, and it can only be bracketed: a stronger attack bounds each worst margin from above, a
# certificate from below.

# %%
network = verify.TwoLayerNetwork(run.best_weights, start.signs, activation)
stronger = verify.ProjectedGradientAttack(steps=20, restarts=3, seed=1)
_, attacked = stronger.minimize_margin(network, data.X, data.y, cap)
attacked = np.minimum(attacked, data.y * network.predict(run.best_points))
moves = verify.PairedMoves.between(start.weights, start.signs, run.best_weights)
certified = verify.certify_network(moves, activation, data.X, data.y, cap).lower

robust_loss = [verify.certified_loss(loss, margins) for margins in (attacked, certified)]
robust_error = [float(np.mean(margins < 0.0)) for margins in (attacked, certified)]
assert (certified <= attacked).all()
assert run.best_surrogate_loss <= robust_loss[0] + 1e-12 and robust_loss[0] <= robust_loss[1]
assert robust_error[1] <= robust_loss[1]

figure, axis = plt.subplots(figsize=(7.5, 3.4), layout="constrained")
order, place = np.argsort(attacked), np.arange(1, data.size + 1)
axis.plot(place, attacked[order], "v", color=BLUE, label="attacked: the worst margin is at most this")
axis.plot(place, certified[order], "^", color=RED, label="certified: the worst margin is at least this")
axis.axhline(0, color=GREY, lw=0.9, ls=":")
axis.set(xlabel="training point, sorted", ylabel="worst margin $y_i f(x')$ on its cap", xticks=place[::2])
axis.legend(frameon=False, loc="upper left")
plt.show()

# %%
Markdown(
    f"Robust loss of the best iterate: between {down(robust_loss[0])} and {up(robust_loss[1])}. The certified end may "
    f"exceed $\\epsilon$ = {EPSILON}: E1 bounds the loss against the adversary that was used, not the maximum.\n\n"
    f"Nor does a small average loss make every point safe: between {robust_error[0]:.0%} and {robust_error[1]:.0%} of "
    "the points are misclassified somewhere on their cap. With the hinge loss that fraction is at most the robust "
    "loss, so a smaller robust error needs a smaller $\\epsilon$."
)

# %% [markdown]
# ## 7. Anatomy: where the theorem loses
#
# The proof is a chain of inequalities. Each can be evaluated along this run, both sides, to see which of them gives
# away how much.

# %%
rows = verify.anatomy(
    drawn,
    run,
    recorder.finish(run),
    data.X,
    robust_loss=verify.Bracket(*robust_loss),
    robust_error=verify.Bracket(*robust_error),
)
assert all(row.kept for row in rows)
linearity = next(row for row in rows if row.step.startswith("near-linearity"))
gradients = next(row for row in rows if row.step.startswith("gradients (E1.b): |g_t|"))
assert linearity.rhs > 100 * linearity.lhs and gradients.rhs > 2 * gradients.lhs
header = "| inequality | left | right | right / left |\n|:--|--:|--:|--:|\n"


def table_line(row: verify.Inequality) -> str:
    ratio = f"{row.rhs / row.lhs:,.1f}" if row.lhs > 0 else "-"
    return f"| {row.step.replace('|', '&#124;')} | {row.lhs:.4g} | {row.rhs:.4g} | {ratio} |"


Markdown(header + "\n".join(table_line(row) for row in rows))

# %% [markdown]
# Near-linearity and gradients decide the plan. The deviation from linearity is orders of magnitude below its bound, a
# worst case over the whole ball and over all directions: this makes the width large. The gradients of the average
# loss are much shorter than $LG$, which adds up the gradients of single points as if they were aligned: this makes
# the number of steps large.
#
# How narrow could the network have been? That is a matter of experiment, not of theorem:

# %%
measured = {}
for width in (16, 64, 256):
    narrow = kernels.SymmetricInitialisation(width, data.dimension, 0)
    trial = verify.train(narrow, activation, loss, *setting, iterations=plan.iterations, stop_at=epsilon, **ball)
    measured[width] = trial.best_step if trial.stopped == "target reached" else None

found = [
    f"* m = {width}: " + (f"reached ε at step {step}" if step else f"did not reach ε in {plan.iterations:,} steps")
    for width, step in measured.items()
]
smallest = min((width for width, step in measured.items() if step), default=plan.width)
Markdown(
    "\n".join(found) + f"\n\nFor this data and this seed the theorem's width is {plan.width / smallest:,.0f} times one "
    f"that works, and its number of steps {plan.iterations / run.best_step:.0f} times what was needed."
)

# %% [markdown]
# Much of that factor is won back by sharper theorems, for the same network and the same training. **E7**: as long as
# the loss is above its target, every step brings $W_t$ closer to $W_*$, so the remainder is paid at the distance
# there is, not at the diameter of the ball. **E8**: a $W_*$ that exceeds the margin of the hinge loss pays for the
# remainder. And where only the robust *error* counts, the margin of the loss may be tiny: then training stays close
# to $W_0$, and any width will do at which the kernel of the drawn network separates the caps. The same loop as in
# section 4, each plan certified at a network of its own:

# %%
wanted = {
    "E7, loss": {"theorem": "E7", "target_epsilon": EPSILON},
    "E8, loss": {"theorem": "E8", "target_epsilon": EPSILON},
    "E8, robust error": {"theorem": "E8", "target_epsilon": EPSILON, "target": "robust-error", "loss_margin": "auto"},
}
sharper = {
    name: verify.draw_certified_plan(
        data.X, data.y, cap, activation=activation, loss=loss, solution=solution, **options
    ).plan
    for name, options in wanted.items()
}
assert all(each.kind is bounds.Kind.GUARANTEE and each.width < plan.width for each in sharper.values())
table = [f"| E1, loss | {plan.width:,} | {plan.iterations:,} |"]
table += [f"| {name} | {each.width:,} | {each.iterations:,} |" for name, each in sharper.items()]
Markdown("\n".join([f"| at most {EPSILON} | width | steps |", "|:--|--:|--:|", *table]))

# %% [markdown]
# ## 8. What is proved, and what is only measured
#
# "Proved" means: derived with explicit constants in steps that `robustntk prove` checks by machine, and evaluated in
# exact arithmetic, or in float64 with an allowance for rounding.

# %%
Markdown(
    f"""
**Proved**

* In the infinite-width limit the least norm of a robust function lies in
  $[{down(radius.lower)},\\,{up(radius.upper)}]$.
* Within distance {up(comparator.radius)} of this $W_0$ there is a network with margin at least
  {down(comparator.margins.min())} on every cap.
* In exact arithmetic, {plan.iterations:,} steps of size about {step_size:.4g} from this $W_0$ at width {plan.width:,}
  bring the loss against *any* adversary to at most {up(bounds.upper_float(plan.guarantee.value))}.
* The robust loss of the trained network is at most {up(robust_loss[1])}.

**Only measured**

* The loss {up(run.best_surrogate_loss)} at step {run.best_step}: a fact about this run, which trained in float32.
* The attacked robust loss {down(robust_loss[0])}: what an attack found, a lower bound of the robust loss.
* The deviation {up(deviation)} from the infinite-width curve: no bound for it is computed.
* That a width of {smallest} was enough for one seed.

**Not claimed**: anything about digits outside these {data.size}, or about perturbations larger than
$\\delta$ = {DELTA}.
"""
)
