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
# # 1. The problem
#
# A classifier that is right on an image can be wrong on one that looks the same. *Adversarial training* fits a network
# to the worst such images instead, found by an attack while it trains. This series is about a theorem that says when
# that succeeds: Gao, Cai, Li, Wang, Hsieh and Lee, *Convergence of Adversarial Training in Overparametrized Neural
# Networks* (NeurIPS 2019, [arXiv:1906.07916v2](https://arxiv.org/abs/1906.07916v2)), made explicit, proved and checked.
#
# **This notebook** states the problem: data on a sphere, what the adversary may do, the two losses, the network and its
# training. It needs nothing but some linear algebra and calculus.
#
# **Afterwards you can** say what is meant by a cap, an adversary, the surrogate loss and the robust loss; write
# adversarial training in ten lines; and read a claim about robustness: is it from an attack, or from a certificate?
#
# Every number in the text is computed by the cells, and what the text claims they assert.

# %%
from dataclasses import dataclass

import matplotlib.pyplot as plt
import numpy as np
from IPython.display import Markdown, display
from matplotlib.colors import to_rgb

from robustntk import bounds, kernels, verify
from robustntk.verify.palette import BLACK, BLUE, GREY, ORANGE, SKY, VERMILION

# %% [markdown]
# ## 1. Data on a sphere
#
# A row of features $u\in\mathbb R^k$ (the pixels of an image, say) is put on the unit sphere, with one constant
# coordinate $b\in[0,1)$ added, the **bias coordinate**:
#
# $$x=(r\,u/|u|,\;b)\in\mathbb R^d,\qquad r=\sqrt{1-b^2},\quad d=k+1.$$
#
# So $|x|=1$, and all data lie on $S_b=\{x:|x|=1,\ x_d=b\}$, a smaller sphere of radius $r$ inside the unit sphere.
# Only the direction of $u$ counts. The default is $b=\frac12$; [notebook 7](07_kernel_and_universality.ipynb) shows why
# $b=0$ would not do. Labels are $y=\pm1$.
#
# ## 2. What the adversary may do
#
# Every data point $x$ has a **perturbation set** $B(x)$ with $x\in B(x)\subset S_b$: the points that should be
# classified like $x$. The standard one is the **cap** of **chord** $\delta$, $B(x)=\{x'\in S_b:|x'-x|\le\delta\}$. On
# $S_b$ a chord is an angle: points at the angle $\varphi$, seen from the centre of $S_b$, are $2r\sin(\varphi/2)$
# apart, so the cap is $\varphi\le\theta_\delta=2\arcsin(\delta/2r)$.

# %%
DELTA = 0.25
cap = verify.SphericalCap(DELTA)  # b = 1/2
r, b, angle = cap.radius, cap.bias, cap.angle
assert np.isclose(2 * r * np.sin(angle / 2), DELTA)
x, neighbour = verify.embed([[1.0, 0.0], [np.cos(angle), np.sin(angle)]])  # k = 2, d = 3
assert np.isclose(np.linalg.norm(neighbour - x), DELTA) and np.isclose(x[-1], b)
Markdown(
    f"For $b={b}$ the sphere of the data has the radius $r={r:.3f}$. The chord $\\delta={DELTA}$ is the angle "
    f"$\\theta_\\delta={angle:.3f}$, or {np.degrees(angle):.1f}°."
)

# %%
turn = np.linspace(0, 2 * np.pi, 400)
figure, (left, right) = plt.subplots(1, 2, figsize=(8.4, 3.9), layout="constrained")
rise = 0.35  # sine of the angle from which the sphere is seen
left.add_patch(plt.Circle((0, 0), 1, color=SKY, alpha=0.18))
for height, style in ((0.0, {"color": GREY, "lw": 0.8, "ls": ":"}), (b, {"color": BLUE, "lw": 2})):
    wide = np.sqrt(1 - height**2)
    left.plot(wide * np.cos(turn), rise * wide * np.sin(turn) + np.sqrt(1 - rise**2) * height, **style)
left.text(0, np.sqrt(1 - rise**2) * b, r"$S_b$: height $b$, radius $r$", color=BLUE, ha="center", va="center")
left.text(0, -0.08, "height 0", color=GREY, ha="center", va="center")
left.set(title="the unit sphere, $d=3$", xlim=(-1.1, 1.1), ylim=(-1.1, 1.1))
arc = np.linspace(-angle, angle, 50)
right.plot(r * np.cos(turn), r * np.sin(turn), color=BLUE, lw=1)
right.plot(r * np.cos(arc), r * np.sin(arc), color=ORANGE, lw=6, alpha=0.6, label="the cap $B(x)$")
right.plot([x[0], neighbour[0]], [x[1], neighbour[1]], color=VERMILION, label=r"chord $\delta$")
for point, name in ((x, "$x$"), (neighbour, "$x'$")):
    right.plot([0, point[0]], [0, point[1]], color=GREY, lw=0.8, ls="--")
    right.plot(*point[:2], "o", color=BLACK)
    right.annotate(name, point[:2], xytext=(9, 3), textcoords="offset points")
right.text(0.52 * r, 0.045 * r, r"$\theta_\delta$", color=GREY)
right.text(0, -0.08, "centre of $S_b$", ha="center", va="top", color=GREY)
right.plot(0, 0, "+", color=GREY)
right.legend(frameon=False, loc="center", bbox_to_anchor=(0.42, 0.68))
right.set(title="$S_b$ from above", xlim=(-1.1, 1.1), ylim=(-1.1, 1.1))
for axis in (left, right):
    axis.set_aspect("equal")
    axis.axis("off")
plt.show()

# %% [markdown]
# For images one rather thinks of changes of the pixels: $B(x)$ is then the image, on the sphere, of a ball around the
# *features* $u$, in the Euclidean norm ($\ell_2$) or in the maximum norm ($\ell_\infty$: every pixel by at most so
# much), cut by the valid pixel values. Attacks work in these sets as they are. Certificates use a cap that is
# proved to hold them. Here all three for one row of three features, seen from straight above the point:

# %%
u = np.array([[1.0, 0.7, 0.4]])
balls = {"$\\ell_2$ ball": ("l2", BLUE), "$\\ell_\\infty$ ball": ("linf", ORANGE)}
center = u[0] / np.linalg.norm(u)
across = np.linalg.qr(np.column_stack([center, np.eye(3)[:, :2]]))[0][:, 1:]  # two directions orthogonal to it
rng = np.random.default_rng(0)
figure, axes = plt.subplots(1, 2, figsize=(7.6, 4.2), layout="constrained", sharey=True)
for axis, (name, (norm, color)) in zip(axes, balls.items(), strict=True):
    ball = verify.PixelBall(0.2, norm=norm)
    points = ball.embed(ball.sample(u, 4000, rng))[:, 0]
    embedded, (around,) = ball.enclosing_caps(u)
    assert around.contains(points, embedded).all()
    axis.plot(*(points[:, :3] @ across).T, ".", ms=2, color=color, label=f"{name}, radius 0.2")
    rim = r * np.sin(around.angle)
    axis.plot(rim * np.cos(turn), rim * np.sin(turn), "--", color=BLACK, label=f"cap of chord {around.delta:.3f}")
    axis.set(aspect="equal", xlabel="tangential coordinate", xlim=(-0.3, 0.3), ylim=(-0.28, 0.4))
    axis.legend(frameon=False, loc="upper center", markerscale=4)
axes[0].set_ylabel("tangential coordinate")
plt.show()

# %% [markdown]
# ## 3. The network
#
# Two layers, $m$ neurons, of which the first layer $W=(w_1,\dots,w_m)$ is trained and the signs $a_r=\pm1$ are fixed:
#
# $$f(W,x)=\frac1{\sqrt m}\sum_{r=1}^ma_r\,\sigma(\langle w_r,x\rangle).$$
#
# The activation $\sigma$ must have a Lipschitz derivative; here it is the **quadratic ReLU** $\sigma(z)=\max(0,z)^2$.
# The prediction is the sign of $f$, and $y\,f(W,x)$ is the **margin**: positive if and only if the prediction is right.
#
# *Symmetric initialisation*: the neurons come in pairs with the same Gaussian weights and opposite signs. So the
# network starts as the zero function, whatever was drawn, without being stuck: its gradient is not zero.

# %%
WIDTH = 400
activation = bounds.get_activation("quadratic_relu")
start = kernels.SymmetricInitialisation(WIDTH, 4, seed=0)
initial = verify.TwoLayerNetwork(start.weights, start.signs, activation)
anywhere = verify.embed(np.random.default_rng(1).normal(size=(1000, 3)))
at_start = np.abs(initial.predict(anywhere)).max()
slope = kernels.numeric(activation, 1)  # the derivative of sigma
gradient_norms = np.linalg.norm(slope(anywhere @ start.weights.T), axis=1) / np.sqrt(WIDTH)
first, second = np.split(start.weights, 2)  # the two members of the pairs
assert (first == second).all()
assert at_start < 1e-12 and gradient_norms.min() > 0.5
Markdown(
    f"At 1000 random points: $|f(W_0,x)|$ is at most {at_start:.0e}, which is rounding; the gradient "
    f"$\\nabla_Wf(W_0,x)$ has norms between {gradient_norms.min():.2f} and {gradient_norms.max():.2f}."
)

# %% [markdown]
# ## 4. Two losses
#
# The loss $\ell(f,y)$ is convex in $f$; here the **hinge loss** $\ell=\max(0,1-yf)$, which is zero from margin 1 on. An
# **adversary** $A$ is any rule that answers the network and a data point with a point $A(W,x,y)\in B(x)$. Two averages
# over the $n$ data points matter:
#
# $$\mathcal L_A(W)=\frac1n\sum_i\ell\big(f(W,A(W,x_i,y_i)),y_i\big),$$
#
# the **surrogate loss**, at the points that the adversary found, and
#
# $$\mathcal L_*(W)=\frac1n\sum_i\max_{x'\in B(x_i)}\ell\big(f(W,x'),y_i\big)\;\ge\;\mathcal L_A(W),$$
#
# the **robust loss**, at the worst points there are.
#
# The inequality is the definition of a maximum. But to find that maximum is not a convex problem, and an attack may
# miss it: what an attack shows is only a **lower** bound of the robust loss. An **upper** bound needs a proof that
# covers the whole cap: a **certificate**. What is between the two stays unknown.
#
# What the theorems use of the hinge loss, each fact checked by a machine. (`smt` is a solver for real arithmetic; with
# every fact, false variants of it were tried, and refuted.) `phi` is the loss as a function of the margin, `phi'` its
# slope, `L` its Lipschitz constant; `tau` is the margin at which it becomes zero, 1 here.
# The last two say: where a point is misclassified the loss is at least $\tau$, so **the robust error is at most the
# robust loss**.

# %%
facts = ["convex", "L", "label", "misclassified", "misclassified exactly"]
report = bounds.check_proof(bounds.load_proof("losses"), steps=[f"hinge.{fact}" for fact in facts], falsify=True)
assert report.holds
display(report)

# %% [markdown]
# One of them in detail: the claim as the solver reads it, what it supposes, and the false variants with the values that
# refute them.

# %%
report["hinge.misclassified"]

# %% [markdown]
# ## 5. Adversarial training
#
# Step $t$: the adversary moves every point, $x_i^t=A(W_t,x_i,y_i)$; then one gradient step is taken on the loss at
# these points, *as if they had been the data all along*, and the result is projected on the ball
# $B(R)=\{W:|W-W_0|\le R\}$ in the Frobenius norm. With the step size $\alpha$ and the slope $\ell'$ of the loss in $f$:
#
# $$g_t=\frac1n\sum_i\ell'(f(W_t,x_i^t),y_i)\,\nabla_Wf(W_t,x_i^t),\qquad W_{t+1}=\Pi_{B(R)}(W_t-\alpha g_t).$$
#
# The adversary is *projected gradient descent* on the margin: follow the gradient of $yf$ downhill along the sphere,
# come back to the cap where the step left it, keep the worst point met. All of training is ten lines of code. They
# agree with the library's `train`, which compiles them.


# %%
def train_by_hand(W, signs, X, y, adversary, *, step_size, radius, iterations):
    W_0, sigma_slope, losses = W.copy(), kernels.numeric(activation, 1), []
    for t in range(1, iterations + 1):
        network = verify.TwoLayerNetwork(W, signs, activation)
        points = adversary.perturb(network, X, y, cap, loss=hinge, iteration=t).points
        margins = y * network.predict(points)
        losses.append(np.maximum(0, 1 - margins).mean())
        weights = np.where(margins < 1, -y, 0) / len(y)  # the slopes of the loss, over n
        g = signs[:, None] / np.sqrt(len(W)) * (sigma_slope(W @ points.T) * weights) @ points
        move = W - step_size * g - W_0
        W = W_0 + move * min(1, radius / np.linalg.norm(move))
    return W, np.array(losses)


# %% [markdown]
# The data: 18 points on a sphere in $\mathbb R^3$ (so $d=4$, and $S_b$ can be drawn), with a wavy border between the
# classes, and no two caps of opposite labels meeting. That much is necessary: at a point common to both, no function
# has both signs.


# %%
def scattered_points(count, *, apart, seed=0):
    """Directions in R^3, labelled by a wavy border, `apart` between labels and 0.35 within one (in radians)."""
    directions = np.random.default_rng(seed).standard_normal((4000, 3))
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    labels = np.sign(directions[:, 2] - 0.5 * np.sin(3 * np.arctan2(directions[:, 1], directions[:, 0])))
    kept = [0]
    for row in range(1, len(directions)):
        between = np.arccos(directions[kept] @ directions[row])
        if np.all(between > np.where(labels[kept] == labels[row], 0.35, apart)):
            kept.append(row)
    return directions[kept[:count]], labels[kept[:count]]


directions, y = scattered_points(18, apart=2.4 * angle)
X = verify.embed(directions)
separation = cap.check_separation(X, y)  # raises an error if caps of opposite labels meet
assert separation > 2 * angle

# %%
hinge = bounds.get_loss("hinge")
adversary = verify.ProjectedGradientAttack(steps=10)
setting = {"step_size": 0.4, "radius": 30.0}
W, by_hand = train_by_hand(start.weights, start.signs, X, y, adversary, iterations=20, **setting)
check = verify.train(start, activation, hinge, X, y, cap, adversary, iterations=20, dtype=np.float64, **setting)
difference = np.abs(by_hand - check.surrogate_losses).max()
assert np.isclose(by_hand[0], 1.0) and by_hand[-1] < 0.5, by_hand
assert difference < 1e-6, difference
Markdown(
    f"Twenty steps by hand take the surrogate loss from {by_hand[0]:.0f} (the network is 0, so every margin is) to "
    f"{by_hand[-1]:.3f}. The library's differ by at most {difference:.0e}."
)

# %% [markdown]
# ## 6. Standard against adversarial training
#
# Standard training is adversarial training with an adversary that does nothing. Any object with a method `perturb` is
# an adversary:


# %%
@dataclass(frozen=True)
class Harmless:
    """Answers with the data themselves."""

    def perturb(self, predictor, X, y, perturbations, *, loss=None, iteration=0):
        points = np.asarray(perturbations.embed(X))
        return verify.AdversarialPoints(X, points, predictor.predict(points))


runs, networks, robust, attacked_points = {}, {}, {}, {}
strong = verify.ProjectedGradientAttack(steps=40, restarts=4, seed=1)
for name, teacher in (("standard", Harmless()), ("adversarial", adversary)):
    runs[name] = verify.train(start, activation, hinge, X, y, cap, teacher, iterations=2500, stop_at=0.05, **setting)
    networks[name] = verify.TwoLayerNetwork(runs[name].best_weights, start.signs, activation)
    robust[name] = verify.bracket_robust_loss(networks[name], X, y, cap, loss=hinge)
    attacked_points[name], _ = strong.minimize_margin(networks[name], X, y, cap)
    assert runs[name].best_surrogate_loss <= 0.05 and runs[name].distances.max() < setting["radius"]

# %% [markdown]
# Both networks fit what they were shown to a loss of 0.05, without leaving the interior of $B(R)$. In the pictures the
# sphere of the data is seen from two opposite sides; blue is $+1$, orange $-1$. The pale colours are the prediction,
# with its border in black; the strong colours are the caps, in the colour of their *label*. A cap that the border cuts
# can be attacked: the arrows go from data points to the worst point the attack found, crosses mark those that are
# misclassified there.


# %%
def seen_from(camera, points):
    """Orthographic projection: horizontal, vertical and depth, for unit vectors in R^3."""
    across = np.cross([0.0, 0.0, 1.0], camera)
    across /= np.linalg.norm(across)
    return points @ np.column_stack([across, np.cross(camera, across), camera])


# %%
SIZE = 500
plane = np.stack(np.meshgrid(*2 * [np.linspace(-1, 1, SIZE)]), axis=-1)
on_disc = (plane**2).sum(-1) < 1
depth = np.sqrt(1 - (plane[on_disc] ** 2).sum(-1))
TINTS = {1.0: np.array(to_rgb(BLUE)), -1.0: np.array(to_rgb(ORANGE))}


def picture(camera, network):
    """The visible half of the sphere: prediction pale, caps in the colour of their label, darker at the rim."""
    points = np.column_stack([plane[on_disc], depth]) @ seen_from(camera, np.eye(3)).T
    values, colors = np.full(on_disc.shape, np.nan), np.ones((SIZE, SIZE, 3))
    values[on_disc] = network.predict(verify.embed(points))
    inside = points @ directions.T > np.cos(angle)
    labels = np.where(inside.any(1), y[inside.argmax(1)], np.sign(values[on_disc]))
    strength = np.where(inside.any(1), 0.9, 0.28) * (0.55 + 0.45 * depth)
    tints = np.where((labels > 0)[:, None], TINTS[1.0], TINTS[-1.0])
    colors[on_disc] = 1 - strength[:, None] * (1 - tints)
    return colors, values


# %%
figure, axes = plt.subplots(2, 2, figsize=(7.6, 7.8), layout="constrained")
extent = (-1, 1, -1, 1)
for row, (name, network) in zip(axes, networks.items(), strict=True):
    landed = attacked_points[name][:, :3] / r
    fooled = y * network.predict(attacked_points[name]) < 0
    for axis, camera in zip(row, np.array([[0.87, 0.2, 0.45], [-0.87, -0.2, -0.45]]), strict=True):
        camera = camera / np.linalg.norm(camera)
        colors, values = picture(camera, network)
        axis.imshow(colors, origin="lower", extent=extent)
        axis.contour(values, levels=[0], colors=BLACK, linewidths=1.6, extent=extent)
        before, after = seen_from(camera, directions), seen_from(camera, landed)
        for i in np.flatnonzero((before[:, 2] > 0.1) & (after[:, 2] > 0)):
            axis.annotate("", after[i, :2], before[i, :2], arrowprops={"arrowstyle": "->", "shrinkA": 0, "shrinkB": 0})
            axis.plot(*before[i, :2], "o", ms=4, color=BLACK)
            if fooled[i]:
                axis.plot(*after[i, :2], "X", ms=9, color=VERMILION, mec="white")
        axis.set(xticks=[], yticks=[])
        axis.axis("off")
    row[0].set_title(f"{name} training", loc="left")
plt.show()

# %%
clean = {name: float(hinge.value(network.predict(X), y).mean()) for name, network in networks.items()}
table = "| training | loss at the data | surrogate loss | robust loss | robust error |\n|:--|--:|--:|:--|:--|\n"
for name, found in robust.items():
    assert clean[name] <= found.attacked + 1e-9 and runs[name].best_surrogate_loss <= found.attacked + 1e-6
    assert found.attacked <= found.certified
    assert found.error.attacked <= found.error.certified <= found.certified
    table += (
        f"| {name} | {clean[name]:.4f} | {runs[name].best_surrogate_loss:.4f} | in [{found.attacked:.4f}, "
        f"{found.certified:.4f}] | in [{found.error.attacked:.0%}, {found.error.certified:.0%}] |\n"
    )
assert robust["standard"].error.attacked > 0 and robust["adversarial"].error.certified == 0
Markdown(table)

# %% [markdown]
# The order in each row is that of section 4: the loss at the data and the surrogate loss are below the robust loss,
# which is between what attacks find (left end) and what a certificate proves (right end); and the robust error is at
# most the robust loss. Adversarial training leaves *no* misclassified point on any of the 18 caps, and that is
# certified: not just not found by an attack.
#
# ## 7. The bracket, point by point
#
# In so few dimensions the minimum of a margin over a cap can also be computed, by branch and bound: the cap is covered
# by cells, each is bounded from below, and cells that might hold the minimum are split. So here the truth is known, and
# must lie between the two.

# %%
figure, axes = plt.subplots(1, 2, figsize=(8.4, 3.6), layout="constrained", sharey=True)
for axis, (name, found) in zip(axes, robust.items(), strict=True):
    minima = [
        verify.branch_and_bound(networks[name], x, label, cap, tolerance=1e-4) for x, label in zip(X, y, strict=True)
    ]
    assert all(each.closed for each in minima)
    lower, upper = np.array([(each.lower, each.upper) for each in minima]).T
    assert (found.certified_margins <= upper).all() and (lower <= found.attacked_margins).all()
    place, order = np.arange(1, 11), np.argsort(lower)[:10]
    axis.plot(place, found.attacked_margins[order], "v", color=BLUE, label="attacked: at most")
    axis.plot(place, lower[order], "_", ms=11, color=BLACK, label="the minimum")
    axis.plot(place, found.certified_margins[order], "^", color=VERMILION, label="certified: at least")
    axis.axhline(0, color=GREY, lw=0.8, ls=":")
    axis.set(title=f"{name} training", xlabel="the ten smallest, sorted", xticks=place)
axes[0].set_ylabel("smallest margin $y_if(x')$ on its cap")
axes[1].legend(frameon=False, loc="center right")
plt.show()

# %% [markdown]
# ## 8. Real images
#
# Twenty handwritten digits of $8\times8$ pixels, zeros ($y=+1$) against ones ($y=-1$); $d=65$, and the caps have chord
# 0.2. The same two ways of training; each network is then attacked on its own. The picture shows the image on which
# standard training is worst.

# %%
digits = verify.load_data("digits", classes=("0", "1"), samples=20)
small = verify.SphericalCap(0.2)
wide = kernels.SymmetricInitialisation(1000, digits.dimension, seed=0)
worst_points, worst_margins = {}, {}
for name, teacher in (("standard", Harmless()), ("adversarial", adversary)):
    run = verify.train(
        wide, activation, hinge, digits.X, digits.y, small, teacher, iterations=500, stop_at=0.05, **setting
    )
    network = verify.TwoLayerNetwork(run.best_weights, wide.signs, activation)
    worst_points[name], worst_margins[name] = strong.minimize_margin(network, digits.X, digits.y, small)
    assert run.best_surrogate_loss <= 0.05 and small.contains(worst_points[name], digits.X).all()
shown = int(worst_margins["standard"].argmin())
assert worst_margins["standard"][shown] < 0 < worst_margins["adversarial"][shown]

# %%
figure, axes = plt.subplots(1, 5, figsize=(9.0, 2.5), layout="constrained")
original = digits.X[shown, :-1].reshape(8, 8)
moved = {name: points[shown, :-1].reshape(8, 8) for name, points in worst_points.items()}
reach = max(np.abs(image - original).max() for image in moved.values())
gray, change = {"cmap": "gray_r", "vmin": 0, "vmax": original.max()}, {"cmap": "PuOr", "vmin": -reach, "vmax": reach}
axes[0].imshow(original, **gray)
axes[0].set(title="sample", xlabel=f"y = {digits.y[shown]:+.0f}")
for pair, (name, image) in zip((axes[1:3], axes[3:5]), moved.items(), strict=True):
    pair[0].imshow(image, **gray)
    pair[0].set(title=f"worst point,\n{name}", xlabel=f"margin {worst_margins[name][shown]:.2f}")
    drawn = pair[1].imshow(image - original, **change)
    pair[1].set(title="what was\nchanged")
figure.colorbar(drawn, ax=axes[4], shrink=0.7)
for axis in axes:
    axis.set(xticks=[], yticks=[])
plt.show()

# %%
misclassified = {name: float(np.mean(margins < 0)) for name, margins in worst_margins.items()}
assert misclassified["standard"] > misclassified["adversarial"] == 0
Markdown(
    f"Of the {digits.size} digits the attack gets {misclassified['standard']:.0%} misclassified after standard "
    f"training, and none after adversarial training. (What an attack does not find may still exist: a lower bound of "
    "the error. [Notebook 10](10_predicted_against_measured.ipynb) has the certificates too.)"
)

# %% [markdown]
# ## The question
#
# Nothing so far says that adversarial training *had* to succeed: the loss is not convex in $W$, and the data move while
# one trains. When does it, how wide must the network be, and how many steps does it take?
#
# ## Exercises
#
# **1.** How large may $\delta$ be for the 18 points? What does the library say beyond that?
#
# <details><summary>Solution</summary>
#
# Caps of opposite labels must not meet, so $2\theta_\delta$ must stay below the smallest angle between them. The next
# cell asks for more.
#
# </details>

# %%
limit = float(2 * r * np.sin(separation / 4))
try:
    verify.SphericalCap(1.01 * limit).check_separation(X, y)
except bounds.InvalidInput as error:
    print(error)
else:
    raise AssertionError("caps that meet were accepted")
assert verify.SphericalCap(0.99 * limit).check_separation(X, y) == separation

# %% [markdown]
# **2.** Write an adversary that answers with a random point of the cap. Is the surrogate loss that it gives, at the
# network from standard training, above or below that of projected gradient descent? And the robust loss?
#
# <details><summary>Solution</summary>
#
# The robust loss does not depend on the adversary. A random point is seldom the worst one, so its surrogate loss is a
# far weaker lower bound. An attack that finds nothing proves nothing.
#
# </details>

# %%
network, found = networks["standard"], robust["standard"]
random_points = cap.sample(X, 1, np.random.default_rng(2))[0]
random_loss = float(hinge.value(network.predict(random_points), y).mean())
assert random_loss < 0.5 * found.attacked
print(
    f"robust loss: random points show {random_loss:.3f}, strong attacks {found.attacked:.3f}; "
    f"at most {found.certified:.3f} is proved"
)

# %% [markdown]
# **3.** Standard training is the case $\delta\to0$. Why is the loss at the data never above the surrogate loss of the
# projected-gradient adversary, in any row of the table?
#
# <details><summary>Solution</summary>
#
# It starts at the data point and keeps the worst point that it met, the start included.
#
# </details>
#
# ## Where to go next
#
# [Notebook 2](02_near_linearity.ipynb) begins with the proof: near its initialisation a wide network is almost linear
# in its weights, by an explicit amount.
