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
# # 7. The kernel, and the question of universality
#
# The convergence theorems suppose that a robust network $W_*$ exists *near the initialisation*. Does one exist? Near
# $W_0$ a wide network is almost linear in its weights ([notebook 2](02_near_linearity.ipynb)), and what a linear model
# can represent is decided by its kernel, here the **neural tangent kernel** (NTK).
#
# **This notebook** shows how the kernel of a finite network converges, how it is computed to the last digit, and what
# functions it can represent: which *degrees*. Eight points on a circle then show that without a bias coordinate some
# labels cannot be fitted at all, by no width and no training, and that $b=\frac12$ repairs it.
#
# It takes from [notebook 1](01_the_problem.ipynb) the sphere $S_b$, the network and the hinge loss.
#
# **Afterwards you can** compute the kernel of an activation with an error bound, say from its power series which
# functions on a sphere it reaches, and tell which part of "the kernel is universal" is proved here and which is not.

# %%
import matplotlib.pyplot as plt
import mpmath
import numpy as np
import sympy
from flint import arb, ctx
from IPython.display import Markdown, Math, display
from scipy.special import eval_legendre

from robustntk import bounds, kernels, verify
from robustntk.verify.palette import BLACK, BLUE, GREEN, GREY, ORANGE, VERMILION

hinge = bounds.get_loss("hinge")
relu2 = bounds.get_activation("quadratic_relu")  # sigma(z) = max(0, z)^2
erf = bounds.get_activation("erf")

# %% [markdown]
# ## 1. The kernel of a finite network
#
# Linearised at $W_0$, where $f(W_0,\cdot)=0$, the network is $f(W,x)\approx\langle\nabla_Wf(W_0,x),W-W_0\rangle$: a
# linear model with the features $\nabla_Wf(W_0,x)$. Their inner products are the **empirical NTK**
#
# $$K_m(x,z)=\langle\nabla_Wf(W_0,x),\nabla_Wf(W_0,z)\rangle=\langle
# x,z\rangle\,\frac1m\sum_{r=1}^m\sigma'(\langle w_r,x\rangle)\,\sigma'(\langle w_r,z\rangle).$$

# %%
digits = verify.load_data("digits", classes=("0", "1"), samples=20)
start = kernels.SymmetricInitialisation(256, digits.dimension, seed=0)
slopes = kernels.numeric(erf, 1)(digits.X @ start.weights.T)  # sigma'(<w_r, x_i>)
features = np.einsum("ir,id->ird", slopes * start.signs / np.sqrt(start.width), digits.X).reshape(digits.size, -1)
assert np.allclose(features @ features.T, kernels.empirical_gram(start, erf, digits.X), rtol=1e-12)

# %% [markdown]
# Every term of the sum is an independent draw (of the $m/2$ different neurons), so the mean converges to the
# expectation, the kernel of the infinitely wide network,
#
# $$K(x,z)=\langle x,z\rangle\,\mathbb E_{w\sim N(0,I)}\big[\sigma'(\langle w,x\rangle)\,\sigma'(\langle
# w,z\rangle)\big],$$
#
# and its error falls like $1/\sqrt m$. If $|\sigma'|\le B_1$, Hoeffding's inequality says so for a stated confidence,
# before anything is drawn (theory E4.f): below, for all $20\cdot21/2$ entries at once and with probability 0.99.

# %%
widths, entries = [2**power for power in range(6, 15, 2)], {}
figure, axis = plt.subplots(figsize=(7.2, 4.0), layout="constrained")
for activation, color, marker in ((relu2, BLUE, "o"), (erf, ORANGE, "s")):
    found = kernels.two_layer_deviation(activation, digits.X, widths=widths, seeds=range(10))
    largest = found.relative[2] * found.reference_norms[2][:, None]  # max over entries of |K_m - K|; widths, seeds
    entries[activation.name] = largest
    slope = found.exponent("largest entry")
    assert slope.contains(-0.5)
    axis.loglog(widths, largest, marker, color=color, ms=3, alpha=0.5)
    label = f"{activation.label}: slope {slope.estimate:.2f} in [{slope.lower:.2f}, {slope.upper:.2f}]"
    axis.loglog(widths, largest.mean(axis=1), marker + "-", color=color, label=label)
bound = [kernels.entry_deviation_bound(erf, digits.size, width, failure="0.01") for width in widths]
assert (entries["erf"] <= np.array(bound)[:, None]).all()
axis.loglog(widths, bound, "--", color=VERMILION, label="erf: bound with probability 0.99 (E4.f)")
axis.set(xlabel="width $m$", ylabel="largest $|K_m-K|$ over entries")
axis.legend(frameon=False)
plt.show()

# %% [markdown]
# (Small marks: ten draws per width. Slope of the means, with a 95 % interval; $-\frac12$ is inside.)
#
# ## 2. The limit in closed form
#
# On the unit sphere $K$ depends on $u=\langle x,z\rangle$ alone, since $\langle w,x\rangle$ and $\langle w,z\rangle$
# are standard normal with correlation $u$: $K(x,z)=\kappa(u)$. For the quadratic ReLU, $\kappa$ has a closed form.

# %%
kappa = kernels.kappa_expression(relu2)
(u,) = kappa.free_symbols
Math(r"\kappa(u)=" + sympy.latex(kappa))

# %% [markdown]
# It is a Gaussian integral, whose proof is checked here, step by step: `xi` and `eta` are the two normal variables,
# `phi` and `Phi` the normal density and distribution function, and `eta = u xi + s zeta` with independent `zeta`.

# %%
closed_forms = bounds.load_proof("E4").foundations["kernels"]
names = [step.name for step in closed_forms.steps if step.name.startswith(("relu", "quadratic", "kappa(1).quadratic"))]
report = bounds.check_proof(closed_forms, steps=names, falsify=True)
assert report.holds
display(report)

# %% [markdown]
# **Any smooth activation** has a series instead. With the normalised Hermite polynomials $he_k$ and the coefficients
# $h_k=\mathbb E[\sigma'(\xi)he_k(\xi)]$, Mehler's formula gives
#
# $$\kappa(u)=\sum_{k\ge0}h_k^2\,u^{k+1},\qquad\Big|\sum_{k\ge
# N}h_k^2u^{k+1}\Big|\le|u|^{N+1}\Big(\mathbb E[\sigma'^2]-\sum_{k<N}h_k^2\Big),$$
#
# a series with **nonnegative coefficients** and a tail that the first $N$ of them bound. The library encloses the
# coefficients in balls (intervals with proved ends, by ball arithmetic). For erf there is a closed form too, so the
# series can be put to the test: below, what it really omits at $u=0.9$, and the bound.

# %%
series, point = kernels.hermite_series(erf), 0.9
omitted, tail = [], []
with ctx.workprec(128):  # bits of the balls
    missing, mass = kernels.kappa_enclosure(erf, point), kernels.kappa_enclosure(erf, 1)  # mass: E[sigma'^2]
    for k, square in enumerate(series.squares[:80]):
        missing, mass = missing - square * arb(point) ** (k + 1), mass - square
        omitted.append(missing)
        tail.append(mass * arb(point) ** (k + 2))
    assert all(0 < left_out < bound for left_out, bound in zip(omitted, tail, strict=True))  # of balls: certain

# %%
order = np.arange(1, len(tail) + 1)
figure, axis = plt.subplots(figsize=(7.2, 3.4), layout="constrained")
axis.semilogy(order, [float(each.upper()) for each in tail], "--", color=VERMILION, label="bound of the tail")
axis.semilogy(order, [float(each.mid()) for each in omitted], color=BLUE, label="what the sum omits")
axis.set(xlabel="number $N$ of terms", ylabel=rf"error of $\kappa({point})$")
axis.legend(frameon=False)
plt.show()

# %% [markdown]
# The steps are two terms wide: $\sigma'$ is even for erf, so every other coefficient is zero. That will matter below.
#
# ## 3. Digits that get lost near the diagonal
#
# Adversarial points are *near* data points: $u$ is just below 1. There $\arccos u$ is badly conditioned: $1-u\approx
# \theta^2/2$, so an angle of $10^{-8}$ is a difference of $5\cdot10^{-17}$, which float64 cannot tell from 0. The
# vectors still know the angle. For unit vectors $|x-z|=2\sin(\theta/2)$ and $|x+z|=2\cos(\theta/2)$, hence the
# **half-angle formula**
#
# $$\theta=2\,\mathrm{atan2}(|x-z|,|x+z|).$$
#
# The ReLU, with its kernel $\kappa(u)=u(\pi-\theta)/2\pi$, suffers most, so it serves as the example (its derivative
# jumps, so the theorems do not admit it). The true values come from 60 digits and from ball arithmetic; errors below
# $10^{-17}$ are drawn there.


# %%
def true_angle(x, z):
    mpmath.mp.dps = 60
    x, z = (mpmath.matrix(vector.tolist()) for vector in (x, z))
    x, z = x / mpmath.norm(x), z / mpmath.norm(z)
    return 2 * mpmath.atan2(mpmath.norm(x - z), mpmath.norm(x + z))


def neighbour(x, distance, rng):
    """A unit vector at about that distance, in a random direction."""
    z = x + distance * np.linalg.qr(np.column_stack([x, rng.normal(size=len(x))]))[0][:, 1]
    return z / np.linalg.norm(z)


# %%
relu = kernels.dual_kernel("relu")
rng, distances = np.random.default_rng(0), 10.0 ** -np.arange(1, 13)
errors = {name: [] for name in ("arccos", "half-angle", "kernel by arccos", "kernel by gram")}
for distance in distances:
    x = rng.normal(size=65)
    x /= np.linalg.norm(x)
    z = neighbour(x, distance, rng)
    naive, truth = np.arccos(np.clip(x @ z, -1, 1)), true_angle(x, z)
    half_angle = kernels.angles(x[None], z[None])[1].item()
    entry = float(kernels.pair_enclosure(relu.architecture, x, z).mid())
    found = {
        "kernel by arccos": (x @ z) * (np.pi - naive) / (2 * np.pi),
        "kernel by gram": kernels.gram(relu, x[None], z[None]).item(),
    }
    for name, value in (("arccos", naive), ("half-angle", half_angle)):
        errors[name].append(max(float(abs(value - truth) / truth), 1e-17))
    for name, value in found.items():
        errors[name].append(max(abs(value - entry) / entry, 1e-17))

assert max(errors["half-angle"]) < 1e-13 and max(errors["kernel by gram"]) < 1e-14
assert max(errors["arccos"]) > 0.1 and max(errors["kernel by arccos"]) > 1e-9

# %%
figure, axes = plt.subplots(1, 2, figsize=(8.6, 3.7), layout="constrained", sharey=True)
for axis, (bad, good) in zip(axes, (("arccos", "half-angle"), ("kernel by arccos", "kernel by gram")), strict=True):
    axis.loglog(distances, errors[bad], "v--", color=VERMILION, label=bad)
    axis.loglog(distances, errors[good], "o-", color=BLUE, label=good)
    axis.set(xlabel="distance $|x-z|$")
    axis.legend(frameon=False, loc="center left", bbox_to_anchor=(0.0, 0.55) if bad == "arccos" else (0.0, 0.85))
axes[0].set(ylabel="relative error", title=r"angle $\theta$")
axes[1].set_title(r"ReLU kernel $K(x,z)$")
plt.show()

# %% [markdown]
# ## 4. Which functions does a kernel reach?
#
# Functions on a sphere are sums of **spherical harmonics** of degrees $\ell=0,1,2,\dots$; on the circle those of degree
# $\ell$ are $\cos\ell\varphi$ and $\sin\ell\varphi$. A kernel of $u$ alone is diagonal in them, with one eigenvalue
# $\lambda_\ell\ge0$ for each degree, and the functions that it represents (its Hilbert space $\mathcal H$) contain the
# harmonics of degree $\ell$ if and only if $\lambda_\ell>0$. On the sphere in $\mathbb R^3$, with Legendre's
# polynomials $P_\ell$,
#
# $$\lambda_\ell=\frac12\int_{-1}^1\kappa(t)\,P_\ell(t)\,dt=\sum_nc_n\,a_{n\ell},\qquad\kappa(t)=\sum_nc_nt^n,\quad
# a_{n\ell}=\frac12\int_{-1}^1t^nP_\ell(t)\,dt.$$
#
# Multiplication by $t$ takes $P_\ell$ to positive multiples of $P_{\ell+1}$ and $P_{\ell-1}$, so $a_{n\ell}$ is
# positive if $n\ge\ell$ and $n-\ell$ is even, and else 0 (likewise in every dimension; Schoenberg 1942). As no $c_n$ is
# negative:
#
# > **degree $\ell$ is reached if and only if some $c_n>0$ has $n\ge\ell$ with $n-\ell$ even.**

# %%
t = sympy.Symbol("t", real=True)
for n in range(8):
    for degree in range(8):
        moment = sympy.integrate(t**n * sympy.legendre(degree, t), (t, -1, 1))
        assert moment >= 0 and (moment > 0) == (n >= degree and (n - degree) % 2 == 0)

# %% [markdown]
# So what matters are the powers that occur in $\kappa$. For erf and tanh $\sigma'$ is even, and $\kappa$ has odd powers
# only: *no* even degree is reached. (Of course not: $\sigma$ is odd, so the network is an odd function.) The quadratic
# ReLU has all odd powers, and of the even ones only $u^2$:

# %%
proof = bounds.load_proof("degrees")
powers = bounds.check_proof(
    proof,
    steps=[f"degrees.{name}" for name in ("even", "start", "bend", "arcsine", "recurrence", "positive")],
    falsify=True,
)
assert powers.holds
display(powers)
Math(r"\kappa(u)=" + sympy.latex(sympy.series(kappa, u, 0, 8).removeO()) + r"+\cdots")

# %% [markdown]
# **With a bias coordinate** the data live on $S_b$, where $u=\langle x,z\rangle=(1-b^2)\,t+b^2$ and $t$
# is the cosine of the angle on $S_b$. Every power $\big((1-b^2)t+b^2\big)^n$ contains *all* powers of $t$ up to $n$,
# with positive coefficients. So any $\kappa$ that is not a polynomial reaches every degree. The eigenvalues, on the
# sphere in $\mathbb R^3$:


# %%
def eigenvalues(kernel, bias, degrees, nodes=400):
    """lambda_l by Gauss-Legendre quadrature over the angle."""
    x, weights = np.polynomial.legendre.leggauss(nodes)
    angle = (x + 1) * np.pi / 2
    values = kernel.angular(angle, bias) * np.sin(angle) * weights * np.pi / 4
    return np.array([values @ eval_legendre(degree, np.cos(angle)) for degree in degrees])


def reached(activation, degree):
    """By the criterion above, for b = 0."""
    if activation == "quadratic_relu":  # the steps of the proof
        return degree % 2 == 1 or degree <= 2
    occur = [
        k + 1
        for k, square in enumerate(kernels.hermite_series(bounds.get_activation(activation)).squares)
        if square > 0
    ]
    return any(n >= degree and (n - degree) % 2 == 0 for n in occur)


# %%
degrees, zero = np.arange(15), 1e-12  # where exact zeros are drawn
figure, axes = plt.subplots(1, 2, figsize=(9.0, 4.0), layout="constrained", sharey=True)
styles = {"quadratic_relu": (BLUE, "o"), "erf": (ORANGE, "s"), "tanh": (GREEN, "^")}
for axis, bias in zip(axes, (0.0, 0.5), strict=True):
    for shift, (name, (color, marker)) in enumerate(styles.items()):
        found = eigenvalues(kernels.dual_kernel(name), bias, degrees)
        positive = np.array([bias > 0 or reached(name, degree) for degree in degrees])
        assert (np.abs(found[~positive]) < 1e-14).all() and (found[positive] > 1e-9).all()
        assert np.allclose(found, eigenvalues(kernels.dual_kernel(name), bias, degrees, nodes=300), atol=1e-14)
        place = degrees + 0.22 * (shift - 1)  # side by side
        axis.semilogy(place[positive], found[positive], marker, color=color, ms=5, label=name.replace("_", " "))
        dropped = place[~positive]
        axis.semilogy(dropped, np.full(len(dropped), zero), marker, mfc="none", mec=color, ms=5)
    axis.set(title=f"b = {bias:g}", xlabel=r"degree $\ell$", xticks=degrees[::2])
axes[0].axhspan(zero / 4, 4 * zero, color=GREY, alpha=0.12)
axes[0].text(7, 6 * zero, "exactly 0: not reached", color=GREY, ha="center")
axes[0].set_ylabel(r"eigenvalue $\lambda_\ell$")
axes[1].legend(frameon=False)
plt.show()

# %% [markdown]
# ## 5. Eight points that cannot be fitted
#
# Eight points on the circle, 45° apart, with alternating labels. Opposite points have equal labels, so this is a
# question to the *even* part of $f$, and of that the quadratic ReLU has degrees 0 and 2 only. The labels have degree 4.
# In exact arithmetic the Gram matrix $K$ is singular, and the labels are in its kernel: $Ky=0$.

# %%
turns = np.arange(8) * np.pi / 4
circle, y = np.column_stack([np.cos(turns), np.sin(turns)]), (-1.0) ** np.arange(8)
cosines = [sympy.cos(sympy.pi * k / 4) for k in range(8)]
gram = sympy.Matrix(8, 8, lambda i, j: kappa.subs(u, cosines[(i - j) % 8]))
labels = sympy.Matrix([(-1) ** k for k in range(8)])
product = (gram * labels).applyfunc(sympy.simplify)
assert product == sympy.zeros(8, 1)
Math(r"y=" + sympy.latex(labels.T) + r"^\top,\qquad Ky=" + sympy.latex(product.T) + r"^\top")

# %% [markdown]
# Hence $|\sum_iy_iK(\cdot,x_i)|_{\mathcal H}^2=y^\top Ky=0$, so *every* $f\in\mathcal H$ has
# $\sum_iy_if(x_i)=0$: if one margin is positive, another is negative. Is that the fault of the linearisation? No. It
# holds for the network itself, at every width and all weights:

# %%
stuck = bounds.check_proof(
    proof, steps=[f"degrees.{name}" for name in ("even part", "eight points", "hinge")], falsify=True
)
assert stuck.holds
display(stuck)

# %%
stuck["degrees.eight points"]

# %% [markdown]
# With $b=\frac12$ the same eight directions have a positive definite Gram matrix. It is circulant, so its eigenvalues
# are explicit sums over the eight cosines; enclosed in balls they are:

# %%
bias = sympy.Rational(1, 2)


def circulant_eigenvalues(bias):
    """Of the Gram matrix of the eight points on S_b, degrees 0 to 4."""
    entries = [kappa.subs(u, (1 - bias**2) * cosine + bias**2) for cosine in cosines]
    return [sum(entry * cosines[j * degree % 8] for j, entry in enumerate(entries)) for degree in range(5)]


enclosed = [bounds.enclose(value) for value in circulant_eigenvalues(bias)]
assert all(ball.lower() > 0 for ball in enclosed)
assert sympy.simplify(circulant_eigenvalues(sympy.Integer(0))[4]) == 0
Markdown(
    "| degree | eigenvalue of the Gram matrix, b = 1/2 |\n|:--|:--|\n"
    + "\n".join(f"| {degree} | {ball.str(8)} |" for degree, ball in enumerate(enclosed))
)

# %% [markdown]
# Train both, adversarially, on caps of chord 0.05, with everything else equal. (The adversary keeps the worst point
# that it met, the data point included.) Without the bias coordinate the hinge loss cannot fall below 1, the value at
# which it starts; its gradient there is 0, and training does not move.

# %%
adversary, runs = verify.ProjectedGradientAttack(), {}
figure, (left, right) = plt.subplots(1, 2, figsize=(9.0, 3.7), layout="constrained")
around = np.linspace(-np.pi / 8, 2 * np.pi - np.pi / 8, 400)
for b, color, style in ((None, VERMILION, "--"), (0.5, BLUE, "-")):
    X, cap = verify.embed(circle, bias=b), verify.SphericalCap(0.05, bias=b)
    start = kernels.SymmetricInitialisation(1000, X.shape[1], seed=0)
    setting = {"step_size": 0.5, "iterations": 1000, "radius": 60.0, "stop_at": 0.05}
    runs[b] = verify.train(start, relu2, hinge, X, y, cap, adversary, **setting)
    name = "no bias coordinate" if b is None else f"b = {b}"
    left.plot(np.arange(runs[b].steps) + 1, runs[b].surrogate_losses, style, color=color, label=name)
    network = verify.TwoLayerNetwork(runs[b].final_weights, start.signs, relu2)
    on_circle = verify.embed(np.column_stack([np.cos(around), np.sin(around)]), bias=b)
    right.plot(np.degrees(around), network.predict(on_circle), style, color=color, label=name)
for label, marker in ((1.0, "^"), (-1.0, "v")):
    right.plot(np.degrees(turns[y == label]), y[y == label], marker, color=BLACK, ms=8, label=f"y = {label:+.0f}")
assert runs[None].surrogate_losses.min() > 1 - 1e-6 and runs[None].final_distance < 1e-3  # float32
assert runs[0.5].best_surrogate_loss <= 0.05
left.set(xlabel="step $t$", ylabel=r"surrogate loss $L_A(W_t)$", ylim=(0, 1.4))
right.set(xlabel="angle in degrees", ylabel="trained $f(W,x)$", xticks=np.arange(0, 360, 90), ylim=(-1.6, 2.2))
left.legend(frameon=False)
right.legend(frameon=False, ncols=2, loc="upper center")
plt.show()

# %% [markdown]
# ## 6. How much bias?
#
# Any $b>0$ will do in principle. But the norm that is needed depends on $b$. By symmetry the function of least norm
# with margins 1 at the eight points is $f=\lambda_4^{-1}\sum_iy_iK(\cdot,x_i)$, with $\lambda_4$ the eigenvalue of
# degree 4 of the Gram matrix, and its norm is $R=\sqrt{8/\lambda_4}$. The width that E1 asks for grows like $R^4$.


# %%
def least_norm(kernel, bias):
    X = verify.embed(circle, bias=float(bias))
    return np.sqrt(64 / (y @ kernels.gram(kernel, X) @ y))


biases = np.linspace(0.02, 0.97, 96)
figure, axis = plt.subplots(figsize=(7.2, 3.6), layout="constrained")
best = {}
for (name, (color, _)), style in zip(styles.items(), ("-", "--", ":"), strict=True):
    norms = np.array([least_norm(kernels.dual_kernel(name), bias) for bias in biases])
    axis.semilogy(biases, norms, style, color=color, lw=2, label=name.replace("_", " "))
    best[name] = biases[norms.argmin()]
    assert least_norm(kernels.dual_kernel(name), 0.5) < 1.03 * norms.min()
axis.axvline(0.5, color=GREY, lw=0.8, ls=":")
axis.set(xlabel="bias coordinate $b$", ylabel="least norm $R$", ylim=(10, 1000))
axis.legend(frameon=False, loc="upper center", bbox_to_anchor=(0.35, 1.0))
plt.show()
assert np.isclose(least_norm(kernels.dual_kernel("quadratic_relu"), 0.5) ** 2, 8 / float(enclosed[4].mid()))

# %%
Markdown(
    "For these eight points the best bias coordinates are "
    + ", ".join(f"{value:.2f} ({name.replace('_', ' ')})" for name, value in best.items())
    + "; at the default $b=\\frac12$ the norm is less than 3 % larger. Near $b=0$ the degree 4 is reached with a tiny "
    "eigenvalue only, and near $b=1$ all points lie close together."
)

# %% [markdown]
# ## 7. What is proved, and what is not
#
# A kernel on $S_b$ is **universal** if its functions come arbitrarily near to every continuous function on $S_b$. Then
# for disjoint caps some $f\in\mathcal H$ has margin 1 on all of them: a continuous function with margin 2 exists, and
# an approximation within 1 of it will do. By section 1, a wide network near $W_0$ comes close to $f$. The paper's
# theorem takes universality as a hypothesis:

# %%
P3 = bounds.P3
assert P3.kind is bounds.Kind.SCALING_LAW and "the kernel is universal on the data's sphere" in P3.hypotheses
Markdown(f"> **{P3.id}** ({P3.source}; {P3.provenance}). {P3.statement}\n>\n> *{P3.remark}*")

# %% [markdown]
# P3 is *recorded*: a scaling law that hides its constants, never a guarantee.
#
# | claim | status |
# |:--|:--|
# | $K_m$ near $K$ with a stated probability (E4.f) | proved on paper, with Hoeffding's inequality |
# | the closed form of $\kappa$; the powers that occur in it for the quadratic ReLU | proved, checked above |
# | no network of the quadratic ReLU without bias coordinate fits the eight points | proved, checked above |
# | their Gram matrix is positive definite at $b=\frac12$ | proved: eigenvalues in balls |
# | Mehler's series, its tail, the balls around its coefficients | proved on paper (theory section 4) |
# | degree $\ell$ is reached if and only if such a $c_n$ occurs | cited; checked for $n,\ell<8$, $d=3$ |
# | all degrees reached $\Rightarrow$ universal | cited (Stone and Weierstrass) |
# | the eigenvalues in the plot of section 4 | computed in float64, no error bound |
# | existence of a robust network near $W_0$, with the paper's rates | P3, recorded |
#
# Universality says that $R$ is finite, and not how large: it may be exponential in $d$. [Notebook
# 8](08_the_radius.ipynb) computes it, as an interval, for given data.
#
# ## Exercises
#
# **1.** Softplus has $\sigma'=\frac12+$ an odd function. Which powers occur in $\kappa$, and which degrees does it miss
# on the whole sphere? Find labelled points on the circle that a softplus kernel without bias coordinate cannot fit.
#
# <details><summary>Solution</summary>
#
# $h_k\ne0$ for $k=0$ and odd $k$, so the powers are 1 and all even ones except 0; the odd degrees from 3 on are missed.
# Six points, 60° apart, with alternating labels: opposite points have opposite labels, and the labels have degree 3.
#
# </details>

# %%
softplus = bounds.get_activation("softplus")
missed = [degree for degree in range(12) if not reached("softplus", degree)]
assert missed == [3, 5, 7, 9, 11]
hexagon = np.column_stack([np.cos(np.arange(6) * np.pi / 3), np.sin(np.arange(6) * np.pi / 3)])
alternating = (-1.0) ** np.arange(6)
for b in (0.0, 0.5):
    K = kernels.gram(kernels.dual_kernel(softplus), verify.embed(hexagon, bias=b))
    print(f"b = {b}: |K y| = {np.linalg.norm(K @ alternating):.1e}, smallest eigenvalue {np.linalg.eigvalsh(K)[0]:.1e}")
    assert (np.linalg.norm(K @ alternating) < 1e-14) == (b == 0.0)

# %% [markdown]
# **2.** At which width does E4.f promise entries of $K_m$ within 0.01 of those of $K$, for erf, 20 points
# and probability 0.99? What does the plot of section 1 suggest is enough?
#
# <details><summary>Solution</summary>
#
# The bound is $2B_1^2\sqrt{\log(n(n+1)/\eta)/m}$, which falls like $1/\sqrt m$: try powers of two. The means of the
# draws above are several times below the bound, and the width goes with the square of that factor.
#
# </details>

# %%
needed = next(
    2**power for power in range(1, 40) if kernels.entry_deviation_bound(erf, 20, 2**power, failure="0.01") <= 0.01
)
times = np.array(bound) / entries["erf"].mean(axis=1)
print(
    f"the first power of two that suffices: {needed:,}; the bound is {times.min():.0f} to {times.max():.0f} times "
    f"what was measured, so about 1/{times.min() ** 2:.0f} to 1/{times.max() ** 2:.0f} of the width would do"
)

# %% [markdown]
# **3.** sin + cos has $\kappa(u)=ue^{u-1}$. Is its kernel universal on the whole sphere, without bias coordinate?
#
# <details><summary>Solution</summary>
#
# All powers from 1 on occur, so every degree is reached (degree 0 by $u^2$): yes.
#
# </details>

# %%
assert all(reached("sin_cos", degree) for degree in range(12))
assert (eigenvalues(kernels.dual_kernel("sin_cos"), 0.0, np.arange(9)) > 1e-9).all()

# %% [markdown]
# ## Where to go next
#
# [Notebook 8](08_the_radius.ipynb): from "some $R$ exists" to the number, bracketed from both sides.
