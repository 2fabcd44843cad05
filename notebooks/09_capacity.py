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
# # 9. Capacity: what robust interpolation costs, built point by point
#
# The convergence theorems of the earlier notebooks say how wide a network is wide *enough*. This one asks the opposite
# question: how small can a class of functions be if it is to fit **every** labelled data set robustly? The answer, for
# $n$ points in $\mathbb R^d$, is a capacity of order $nd$, where fitting without robustness needs only $n$.
#
# Nothing is taken from the earlier notebooks but the idea of a perturbation set, here the closed ball of radius
# $\delta$ around a data point. Afterwards you can
#
# * state what robust interpolation demands, and explain why it costs a factor of about $d/2$ in capacity;
# * build, for $d=2$ by hand and for any $d$ in code, the data sets that prove it, and check them in exact arithmetic;
# * compute a width below which no ReLU network of given depth can robustly interpolate all separated data sets of a
#   given size, and say precisely what that does *not* mean.

# %%
from fractions import Fraction
from itertools import combinations, product
from random import Random

import matplotlib.pyplot as plt
import numpy as np
import sympy
from IPython.display import Markdown, Math, display

from robustntk import bounds
from robustntk.bounds import vc_bounds as formulas
from robustntk.bounds.capacity import capacity, vc_lower_bound
from robustntk.bounds.robust_configuration import robust_configuration
from robustntk.bounds.shattering import Construction, signs
from robustntk.bounds.shattering_check import check_shattering
from robustntk.verify.palette import BLUE, GREEN, GREY, ORANGE, PURPLE, VERMILION

proof = bounds.load_proof("E5")

# %% [markdown]
# ## 1. Three definitions
#
# A *class* is a set of functions $f:\mathbb R^d\to\mathbb R$, for instance all functions that a network computes for
# some value of its weights. We use only the signs of its functions.
#
# * The class **shatters** a set of points if for every way of giving them labels $\pm1$ it has a function with these
#   signs. Its **VC dimension** is the size of the largest set that it shatters: a measure of capacity.
# * It **interpolates** labelled points $(x_i,y_i)$ if it has a function with $\operatorname{sign}f(x_i)=y_i$.
# * It **$\delta$-robustly interpolates** them if it has a function whose sign is $y_i$ on the *whole closed ball* of
#   radius $\delta$ around $x_i$, for every $i$.
#
# To interpolate every $n$ points with every labelling *is* to shatter every $n$ points: the VC dimension must be at
# least $n$. Robustly this cannot be asked of every set: balls of points with opposite labels must not meet. So let the
# points be pairwise more than $2\delta$ apart. What must the VC dimension be now?
#
# **The idea.** One data point is only one point, but a robust interpolant has to give its sign to a whole ball. Choose
# *where* two opposite balls go, and you choose the signs of everything inside them. Two data points can thus force
# the signs of $d+1$ points, any signs you like.

# %% [markdown]
# ## 2. The construction in the plane, drawn
#
# Take the three points $0,\ s e_1,\ s e_2$ with $s=\delta/3$: a small triangle. There are $2^3=8$ ways to give them
# signs (*splits*). For each split we need two closed balls of radius $\delta$, disjoint, one containing the positive
# vertices and one the negative vertices. The library has them in exact rational arithmetic, in units of $\delta$:

# %%
plane = Construction(dimension=2)
triangle = [(0.0, 0.0), (float(plane.in_units_of_delta(formulas.SIZE)), 0.0)]
triangle.append(triangle[1][::-1])


def split_in_the_plane(construction, split):
    """Signs of the three vertices and the two centres, that of the vertex 0 first, as exact Fractions."""
    at, near, far = construction.split_centres(split)
    return signs(split, 2), [[Fraction(x, at.denominator) for x in centre] for centre in (near, far)]


rows = ["| split | signs of $0,\\ se_1,\\ se_2$ | centre of the ball around 0 | other centre |", "|--:|:-:|:-:|:-:|"]
for split in range(8):
    pattern, centres = split_in_the_plane(plane, split)
    written = " | ".join(f"$({', '.join(map(str, centre))})$" for centre in centres)
    rows.append(f"| {split} | {' '.join('+' if sign > 0 else '−' for sign in pattern)} | {written} |")
Markdown("\n".join(rows))

# %% [markdown]
# Both balls drawn to scale (their radius is $\delta$), for all eight splits; below each, the triangle enlarged. Blue
# discs are positive, orange squares negative; the balls have the colour of the sign that they force; the dashed line
# separates the signs.


# %%
def draw_split(axis, construction, split, vertices, *, marker_size=4.0):
    """Balls, separating line and vertices of one split in the plane, in units of delta."""
    pattern, centres = split_in_the_plane(construction, split)
    looks = {1: (BLUE, "o", "-"), -1: (ORANGE, "s", "--")}
    for centre, sign in zip(centres, (pattern[0], -pattern[0]), strict=True):
        color, _, line = looks[sign]
        middle = [float(x) for x in centre]
        axis.add_patch(plt.Circle(middle, 1.0, facecolor=color, alpha=0.2))
        axis.add_patch(plt.Circle(middle, 1.0, fill=False, edgecolor=color, ls=line, lw=1.1))
    if len(set(pattern)) == 2:
        (x0, y0), (x1, y1) = ([float(x) for x in centre] for centre in centres)
        ends = [((x0 + x1) / 2 + side * (y0 - y1), (y0 + y1) / 2 + side * (x1 - x0)) for side in (-0.75, 0.75)]
        axis.plot(*zip(*ends, strict=True), **DASHED)
    for vertex, sign in zip(vertices, pattern, strict=True):
        color, shape, _ = looks[sign]
        axis.plot(*vertex, shape, color=color, mec="white", mew=0.5, ms=marker_size, zorder=5)
    axis.set(aspect="equal", xticks=[], yticks=[])


DASHED = {"color": GREY, "lw": 0.9, "ls": (0, (4, 3))}
figure, axes = plt.subplots(2, 4, figsize=(9.0, 6.7), layout="constrained")
for split, axis in enumerate(axes.flat):
    draw_split(axis, plane, split, triangle, marker_size=2.5)
    axis.set(xlim=(-2.1, 4.2), ylim=(-6.2, 2.4))
    axis.set_title("signs " + " ".join("+" if sign > 0 else "−" for sign in signs(split, 2)), fontsize="medium")
    inset = axis.inset_axes([-0.85, -6.0, 3.8, 3.8], transform=axis.transData)
    draw_split(inset, plane, split, triangle, marker_size=8)
    inset.set(xlim=(-0.13, 0.46), ylim=(-0.13, 0.46))
    axis.indicate_inset_zoom(inset, edgecolor=GREY)
plt.show()

# %% [markdown]
# Two kinds of picture occur.
#
# * *Both signs occur* (six splits). The two balls almost touch, at the separating line, midway between the signs.
# * *One sign only* (the first and the last). One ball around $0$ contains the whole triangle; the second data point
#   has nothing to do and stands aside, $3\delta$ away.
#
# In every case the two centres are a legitimate data set: two points more than $2\delta$ apart. A class that robustly
# interpolates it with the two labels gives the three vertices their signs; and the vertices are the *same* for all
# eight splits. So the class shatters them.

# %% [markdown]
# ## 3. Why a small triangle works: sagitta against margin
#
# Near the separating line a ball of radius $\delta$ looks like a half-plane, up to its *sagitta*: at distance $h$ from
# the touching point its boundary has bent away from the line by about $h^2/(2\delta)$. The vertices are a **margin**
# away from the line, proportional to $s$; the sagitta is of order $s^2$. A small enough $s$ wins.
#
# In formulas, as the library has them: let $J$ be the set of coordinates whose vertex has the sign opposite to that of
# $0$, $K=|J|\ge1$ their number, $1_J$ the vector with ones there and zeros elsewhere. The hyperplane
# $\sum_{j\in J}x_j=s/2$ separates the signs. The centres are multiples of $1_J$ on either side of it:

# %%
Math(
    rf"c_-=\Big({sympy.latex(formulas.NEAR)}\Big)1_J,\qquad c_+=\Big({sympy.latex(formulas.FAR)}\Big)1_J,"
    rf"\qquad \text{{margin}}={sympy.latex(formulas.MARGIN)},\qquad |c_+-c_-|^2={sympy.latex(formulas.SEPARATION)}"
)

# %% [markdown]
# The vertex hardest to keep is one with the sign of $0$ that is not $0$ itself: $s e_j$ with $j\notin J$. Its squared
# distance from $c_-$ is

# %%
touching = {formulas.tau: formulas.delta / sympy.sqrt(formulas.K)}
reach = sympy.expand(formulas.REACH.xreplace(touching))
largest = formulas.LARGEST_SIZE
assert sympy.simplify(reach.xreplace({formulas.s: largest}) - formulas.delta**2) == 0
Math(
    rf"\varrho={sympy.latex(formulas.REACH)};\qquad\text{{with balls that touch, }}"
    rf"\tau={sympy.latex(touching[formulas.tau])}\text{{, it is }}\;{sympy.latex(reach)}\;<\;\delta^2"
    rf"\iff s<{sympy.latex(largest)}"
)

# %% [markdown]
# The negative term is the margin (it is linear in $s$), the positive one in $s^2$ the sagitta. Left: the two as the
# eye sees them for $K=1$ (the vertex $se_2$ stays inside as long as the margin exceeds the sagitta and the gap between
# the balls; the dotted line touches the ball). Right: $\varrho-\delta^2$ against the size of the
# triangle. The size that the proof chooses, $\delta/(d+1)$, is left of every zero.

# %%
figure, (left, right) = plt.subplots(1, 2, figsize=(8.6, 3.9), layout="constrained")
draw_split(left, plane, 2, triangle, marker_size=9)
left.set(xlim=(-0.12, 0.44), ylim=(-0.08, 0.48))
size = triangle[1][0]
touch = float(split_in_the_plane(plane, 2)[1][0][0]) + 1
arc = touch - 1 + np.sqrt(1 - size**2)
left.axvline(touch, color=ORANGE, lw=0.8, ls=":")
arrow = {"arrowstyle": "<->", "color": "black", "lw": 1, "shrinkA": 0, "shrinkB": 0}
left.annotate("", (0, size - 0.05), (size / 2, size - 0.05), arrowprops=arrow)
left.text(0.012, size - 0.083, "margin $s/2$", fontsize="small")
bar = {**arrow, "arrowstyle": "|-|, widthA=0.25, widthB=0.25"}
left.annotate("", (arc, size), (touch, size), arrowprops=bar)
left.annotate("sagitta", (arc, size), (0.02, size + 0.08), fontsize="small", arrowprops={"arrowstyle": "-", "lw": 0.6})
left.annotate("$0$", (0, 0), (-0.04, 0.02))
left.annotate("$se_1$", (size, 0), (size + 0.02, 0.02))
left.annotate("$se_2$", (0, size), (-0.07, size - 0.01))

sizes = np.linspace(0, 1, 201)
for K, color, line in ((1, BLUE, "-"), (2, ORANGE, "--"), (4, GREEN, "-."), (8, PURPLE, ":")):
    curve = sympy.lambdify(formulas.s, reach.xreplace({formulas.K: K, formulas.delta: 1}) - 1)
    right.plot(sizes, curve(sizes), color=color, ls=line, label=f"$K={K}$")
    chosen = 1 / (K + 1)
    right.plot(chosen, curve(chosen), "o", color=color, ms=6)
right.axhline(0, color=GREY, lw=0.9)
right.set(xlabel="size $s/\\delta$ of the simplex", ylabel="$(\\varrho-\\delta^2)/\\delta^2$", ylim=(-0.3, 0.4))
right.set_title("below 0: inside; dots: $s=\\delta/(d+1)$ at $d=K$", fontsize="medium")
right.legend(frameon=False, loc="upper left")
plt.show()

# %% [markdown]
# Touching balls would share a point, so $\tau$ must be a little larger than $\delta/\sqrt K$; there is room for that.
# The library takes the next multiple of $\delta/(8(d+1)^2)$, which is rational: all coordinates, distances and
# comparisons are then exact, without rounding or tolerance. And $d$ is arbitrary: in $\mathbb R^d$ the simplex has the
# $d+1$ vertices $0,se_1,\dots,se_d$ and $2^{d+1}$ splits.

# %% [markdown]
# ## 4. The statement
#
# Clusters of this kind, $6\delta$ apart, do not disturb each other. With $n$ data points there is material for
# $\lfloor n/2\rfloor$ of them.
#
# **E5.a.** *If for every set of $n\ge2$ points of $\mathbb R^d$, pairwise more than $2\delta$ apart, and all labels, a
# class has a function with sign $y_i$ on the closed ball of radius $\delta$ around $x_i$ for all $i$, then its VC
# dimension is at least*

# %%
Math(r"\mathrm{VC}\;\ge\;" + sympy.latex(formulas.VC_LOWER_BOUND))

# %% [markdown]
# **A detail that matters.** The paper speaks of $2\delta$-separated sets. If that were read as *at least* $2\delta$
# apart, no class could meet the hypothesis, and a theorem with an impossible hypothesis says nothing: at a distance of
# exactly $2\delta$, two closed balls share the midpoint, which would have to be positive and negative.

# %%
two_delta_apart = [(Fraction(0), Fraction(0)), (Fraction(2), Fraction(0))]  # delta = 1
midpoint = tuple((left + right) / 2 for left, right in zip(*two_delta_apart, strict=True))


def squared_distance(one, other):
    return sum((a - b) ** 2 for a, b in zip(one, other, strict=True))


assert all(squared_distance(midpoint, centre) == 1 for centre in two_delta_apart)
Markdown("Distances of the midpoint from both centres, in units of $\\delta$: exactly 1 and 1. It lies in both balls.")

# %% [markdown]
# ## 5. Checked without the theory: every split, every distance, exactly
#
# First an independent check in five lines, with nothing but fractions: the library lists data points, labels and
# shattered points (`robust_configuration`), and we measure. Seven data points in $\mathbb R^3$ make three clusters
# (the seventh point has no partner), so twelve points are to be shattered.


# %%
def failures(configuration):
    """Pairs of data points that are too near, and shattered points outside every ball of their sign; delta = 1."""
    near = [pair for pair in combinations(configuration.points, 2) if squared_distance(*pair) <= 4]
    balls = list(zip(configuration.points, configuration.labels, strict=True))
    return near + [
        point
        for point, sign in zip(configuration.shattered, configuration.targets, strict=True)
        if not any(squared_distance(point, centre) <= 1 for centre, label in balls if label == sign)
    ]


generator = Random(0)
shattered = set()
for _ in range(200):
    splits = [generator.randrange(2**4) for _ in range(3)]
    configuration = robust_configuration(7, dimension=3, radius=1, splits=splits)
    assert failures(configuration) == []
    shattered.add(configuration.shattered)
assert len(shattered) == 1 and len(shattered.pop()) == vc_lower_bound(7, 3) == 12
assert all(failures(robust_configuration(2, dimension=2, radius=1, splits=[split])) == [] for split in range(8))

# %% [markdown]
# The shattered points are the same set in all 200 data sets, and there are $\lfloor 7/2\rfloor(3+1)=12$ of them.
#
# Now the library's own check of all splits for $d=2,\dots,8$, and of random splits in high dimension. *Clearance* is
# what the worst vertex has to spare ($\delta^2$ less its squared distance from its centre), *separation* by how much
# the squared distance of the two centres exceeds $(2\delta)^2$, *room* the distance between balls of neighbouring
# clusters at worst. All three must be positive.

# %%
reports = [check_shattering(d) for d in range(2, 9)] + [check_shattering(d, splits=100) for d in (60, 500)]
assert all(report.holds for report in reports)
assert 0 < reports[-1].separation < Fraction(1, 10**6)
assert [report.checked for report in reports[:7]] == [2 ** (d + 1) for d in range(2, 9)]
rows = ["| $d$ | splits | failed | clearance / $\\delta^2$ | separation / $\\delta^2$ | room / $\\delta$ |"]
rows += ["|--:|:--|--:|:--|:--|:--|"]
for each in reports:
    margins = [
        f"{value} ≈ " * each.exhaustive + f"{float(value):.2g}" for value in (each.clearance, each.separation, each.gap)
    ]
    splits = f"{each.checked}, {'all' if each.exhaustive else 'random'}"
    rows.append(" | ".join([f"| {each.dimension}", splits, f"{each.failed}", *margins]) + " |")
Markdown("\n".join(rows))

# %% [markdown]
# The margins shrink with $d$ (in $\mathbb R^{500}$ the separation is below $10^{-6}\delta^2$), which is why floating
# point would prove nothing here.

# %% [markdown]
# ## 6. A check that cannot fail shows nothing: three wrong constructions
#
# Change one choice at a time. The check has to find a split that fails, and the drawing shows why.

# %%
wrong = {
    "triangle of size $5\\delta/6$": Construction(dimension=2, size=sympy.Rational(5, 6) * formulas.delta),
    "centres one step of the grid nearer": Construction(dimension=2, excess=0),
    "grid of $d+1$ steps instead of $8(d+1)^2$": Construction(dimension=2, grid=formulas.d + 1),
}
refuted = {name: check_shattering(2, construction=each) for name, each in wrong.items()}
assert not any(report.holds for report in refuted.values())
windows = ((-0.25, -0.15, 1.3), (-0.25, -0.25, 0.9), (-0.8, -0.8, 2.2))
figure, axes = plt.subplots(1, 3, figsize=(9.0, 3.9), layout="constrained")
for axis, (name, construction), report, (x, y, side) in zip(
    axes, wrong.items(), refuted.values(), windows, strict=True
):
    edge = float(construction.in_units_of_delta(construction.size))
    draw_split(axis, construction, report.failure, [(0, 0), (edge, 0), (0, edge)], marker_size=5)
    axis.set(xlim=(x, x + side), ylim=(y, y + side))
    axis.set_title(name, fontsize="small")
    margins = construction.margins(report.failure)
    kind = "clearance" if margins.clearance <= 0 else "separation"
    pattern = " ".join("+" if sign > 0 else "−" for sign in signs(report.failure, 2))
    axis.set_xlabel(f"{report.failed} of 8 splits fail; drawn: {pattern}\n{kind} {getattr(margins, kind)} $\\delta^2$")
plt.show()

# %% [markdown]
# Left, the triangle is too large: a vertex sticks out of the ball of its sign. Middle, the balls overlap by a sliver,
# and no function can have both signs there; the separation is negative. Right, a coarse grid sends the centres too far
# out, and vertices are lost. The size $\delta/(d+1)$ and the grid are not the only ones that work, but they are not
# arbitrary either.

# %% [markdown]
# ## 7. The proof, for every $d$
#
# Checking finitely many $d$ is no proof. These are the steps of the library's proof of E5.a, checked here and now by
# computer algebra (`sympy`) and by a solver for real arithmetic (`smt`): for all real $1\le K\le d$ and all $\delta>0$.
# Every step comes with planted faults that the same engine has to refute.

# %%
names = [step.name for step in proof.steps if step.name.startswith("E5.a")]
lower = bounds.check_proof(proof, steps=names, falsify=True)
assert lower.holds and lower.outcome is bounds.Verdict.PROVED
display(lower)

# %% [markdown]
# The two steps that carry the weight, in detail. First containment: every vertex is in its ball, at the size and the
# grid of the library.

# %%
display(lower["E5.a.containment"])

# %% [markdown]
# And separation: the centres are more than $2\delta$ apart.

# %%
display(lower["E5.a.separation"])

# %% [markdown]
# **The paper's form.** P4 says that the VC dimension is $\Omega(nd)$. It is a *scaling law*, here with its constants
# chosen by hand, and no guarantee:

# %%
law = bounds.P4.evaluate(samples=100, dimension=64, constants={"robust": 1, "plain": 1})
assert law.kind is bounds.Kind.SCALING_LAW
assert vc_lower_bound(100, 64) >= 100 * 64 / 3
Markdown(f"> {law.statement()}\n\nE5.a, with its constant: at least {vc_lower_bound(100, 64):,}.")

# %% [markdown]
# The step `E5.a.order` above proves that E5.a is P4 with the constant $\frac13$.

# %% [markdown]
# ## 8. Experiment: a class that does it
#
# Is the hypothesis of E5.a ever met? Yes: by nearest-neighbour classifiers. If the data points are more than $2\delta$
# apart, every point of the ball around $x_i$ is nearer to $x_i$ than to any other data point, so the label of the
# nearest data point is a robust interpolant. E5.a predicts that its signs on the simplices are the prescribed ones,
# whatever these are. In exact arithmetic, for all $2^{2\cdot4}$ pairs of splits of two clusters in $\mathbb R^3$:


# %%
def nearest_label(configuration, point):
    """The label of the nearest data point: a robust interpolant of points more than 2 delta apart."""
    ranked = zip((squared_distance(point, each) for each in configuration.points), configuration.labels, strict=True)
    return min(ranked)[1]


labellings = set()
for splits in product(range(2**4), repeat=2):
    configuration = robust_configuration(4, dimension=3, radius=1, splits=splits)
    found = tuple(nearest_label(configuration, point) for point in configuration.shattered)
    assert found == configuration.targets
    labellings.add(found)
assert len(labellings) == 2**8
points = len(configuration.shattered)
Markdown(f"Four data points, {points} shattered points, {len(labellings)} labellings: all of them.")

# %% [markdown]
# Without robustness, four data points give at most $2^4=16$ labellings of *themselves*; with it, choosing where they
# stand gives all 256 labellings of eight other points.

# %% [markdown]
# ## 9. From capacity to width
#
# A lower bound of the VC dimension becomes one of the width once we know how much capacity a network of given width
# can have at most. For ReLU networks with layers $i=1,\dots,L$ (the output layer included), $k_i$ units and $W_i$
# parameters in the layers $1,\dots,i$:
#
# **E5.b** (Bartlett, Harvey, Liaw and Mehrabian 2019, Theorem 7). With $w=\sum_iW_i$ and $S=\sum_i i\,k_i\ge3$,

# %%
Math(r"\mathrm{VC}\;\le\;" + sympy.latex(formulas.VC_UPPER_BOUND))

# %% [markdown]
# What of this is proved here, and what is cited? One ingredient is cited, the number of sign patterns of polynomials
# (Warren 1968). What the bound makes of it is proved:

# %%
chosen = ("sign patterns", "degree", "growth", "layer", "layers", "mean", "size", "solution", "formula")
upper = bounds.check_proof(proof, steps=[*(f"E5.b.{name}" for name in chosen), "E5.b", "E5"], falsify=True)
cited = [each.step.name for each in upper.steps if each.outcome is bounds.Verdict.CITED]
assert upper.holds and cited == ["E5.b.sign patterns"]
display(upper)

# %% [markdown]
# Put the two together: where the upper bound is below $\lfloor n/2\rfloor(d+1)$, the network is too small. The least
# width that is not excluded is **necessary**. For a training set of the size of MNIST, in $\mathbb R^{784}$:

# %%
mnist = capacity(60_000, dimension=784)
assert mnist.necessary_width_robust > 100 * mnist.necessary_width_plain
Markdown(f"> {mnist.statement()}")

# %% [markdown]
# The curves for other $n$ and $d$, one hidden layer. Solid: robust interpolation. Dashed: plain. (On the left the three
# solid curves lie almost on top of each other.)

# %%
figure, (left, right) = plt.subplots(1, 2, figsize=(9.0, 3.8), layout="constrained", sharey=True)
BY_COLOR = ((BLUE, "o"), (ORANGE, "s"), (VERMILION, "^"))
KINDS = (("-", bounds.necessary_width_robust, "robust"), ("--", bounds.necessary_width_plain, "plain"))


def curves(axis, places, sizes, label, color, marker):
    """Necessary widths of robust and plain interpolation at these pairs (n, d)."""
    for style, width, kind in KINDS:
        values = [width(n, dimension=d) for n, d in sizes]
        axis.loglog(places, values, color=color, ls=style, marker=marker, ms=4, label=f"{label}, {kind}")


samples = [10**k for k in range(1, 9)]
for d, look in zip((10, 100, 784), BY_COLOR, strict=True):
    curves(left, samples, [(n, d) for n in samples], f"$d={d}$", *look)
dimensions = [2**k for k in range(1, 13)]
for power, look in zip((3, 5, 7), BY_COLOR, strict=True):
    curves(right, dimensions, [(10**power, d) for d in dimensions], f"$n=10^{power}$", *look)
left.set(xlabel="number $n$ of data points", ylabel="necessary width, one hidden layer", ylim=(0.6, 10**9))
right.set(xlabel="dimension $d$")
for axis in (left, right):
    axis.legend(frameon=False, fontsize="small", loc="upper left", ncols=2)
plt.show()

# %%
ratios = {
    d: bounds.necessary_width_robust(10**7, dimension=d) / bounds.necessary_width_plain(10**7, dimension=d)
    for d in (16, 256, 4096)
}
robust_widths = [bounds.necessary_width_robust(10**7, dimension=d) for d in dimensions[2:]]
assert max(robust_widths) < 1.5 * min(robust_widths)
assert list(ratios.values()) == sorted(ratios.values())
Markdown(
    "Robust over plain at $n=10^7$: "
    + ", ".join(f"{ratio:,.0f} at $d={d}$" for d, ratio in ratios.items())
    + f". Robust widths at $n=10^7$ for $4<d\\le4096$: between {min(robust_widths):,} and {max(robust_widths):,}."
)

# %% [markdown]
# How to read this. A hidden unit has $d+1$ weights and biases, so its capacity grows with the dimension by itself.
# *Plain* interpolation profits: in high dimension a few units are enough, and the dashed curves fall like $1/d$.
# *Robust* interpolation does not: what it demands grows with $d$ as well, and the solid curves hardly depend on $d$.
# The gap between the two, a factor of about $d/2$ up to logarithms, is the price of robustness.
#
# **What this does not say.**
#
# * It is about the ability to fit *every* separated set of $n$ points. Your data are one set, perhaps an easy one.
# * It is necessary, not sufficient: nothing is said about networks that are wider, nor about training.
# * $\delta$ does not occur: the statement is invariant under scaling. In the other notebooks, where the data are given,
#   $\delta$ decides.
# * The data live in $\mathbb R^d$ with Euclidean balls, not on the sphere with caps.

# %% [markdown]
# ## 10. Exercises
#
# **1.** Do the construction by hand for $d=1$: two points $0$ and $s=\delta/2$ and their four splits. Where are the
# centres? Compare with the library.
#
# <details><summary>Solution</summary>
#
# With opposite signs the line is at $s/2=\delta/4$, and the centres must be a little more than $\delta$ away from it,
# on either side: $\delta/4\mp\tau$ with $\tau$ a bit above $\delta$. The grid has $8\cdot2^2=32$ steps, so
# $\tau=33\delta/32$. With equal signs: $0$ and $3\delta$.
# </details>

# %%
line = Construction(dimension=1)
for split in range(4):
    at, near, far = line.split_centres(split)
    print(signs(split, 1), Fraction(near[0], at.denominator), Fraction(far[0], at.denominator))
assert [Fraction(x, line.centres(1).denominator) for x in (line.centres(1).near, line.centres(1).far)] == [
    Fraction(1, 4) - Fraction(33, 32),
    Fraction(1, 4) + Fraction(33, 32),
]

# %% [markdown]
# **2.** How large may the triangle be for $d=2$? Find the largest multiple of $\delta/1000$ for which all eight splits
# succeed, and compare with the formula of section 3.
#
# <details><summary>Solution</summary>
#
# The formula gives $4\sqrt K\delta/(4K+1)$ for touching balls: $0.8\,\delta$ for $K=1$. For $K=2=d$ no vertex lies
# outside $J$, so that the vertex hardest to keep does not exist, and the formula asks for more than is needed. Since
# $\tau$ is slightly larger than $\delta$, the answer is slightly below $0.8\,\delta$. Very small triangles fail, too:
# their margin is less than the gap that the grid leaves between the balls. A finer grid would admit them.
# </details>


# %%
def succeeds(thousandths):
    size = sympy.Rational(thousandths, 1000) * formulas.delta
    return check_shattering(2, construction=Construction(dimension=2, size=size)).holds


fits = [size for size in range(1, 1001) if succeeds(size)]
assert fits == list(range(fits[0], fits[-1] + 1)) and 750 < fits[-1] < 800
print(f"all sizes from {fits[0] / 1000} to {fits[-1] / 1000} delta; the formula for touching balls: 0.8 delta")

# %% [markdown]
# **3.** Deeper networks have more parameters at the same width. How does the necessary width for $n=60\,000$, $d=784$
# change with the depth?
#
# <details><summary>Solution</summary>
#
# It falls, since hidden layers of $k$ units have about $k^2$ parameters each and E5.b counts those of the early layers
# several times. That is what the *bound* does; it does not say that depth helps.
# </details>

# %%
by_depth = {depth: bounds.necessary_width_robust(60_000, dimension=784, depth=depth) for depth in (1, 2, 4, 8)}
assert list(by_depth.values()) == sorted(by_depth.values(), reverse=True)
print(by_depth)

# %% [markdown]
# ## Where to go next
#
# * `robustntk capacity --samples 60000 --dim 784` prints the numbers of section 9, `robustntk prove --theorem E5` the
#   whole proof.
# * Notebook 8 asks for the radius of a robust network on *given* data, where easy data cost little.
# * Notebook 10 puts prediction and measurement side by side.
