"""Random forest: grown by scikit-learn, kept as plain number arrays that predict the same to the last bit."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor

from pipelines.risk import bound_risk, check_outcome, check_score

Array = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Params = Mapping[str, float | int]

TREES = 300
TREES_TUNING = 50
"""Settings hardly depend on the number of trees, and the search is much faster with fewer."""
MOST_ROWS = 8_000
"""A tree is grown on at most this many rows, in the search as in the end: beyond it a tree gains little but time."""
FILE = "forest.npz"


@dataclass(frozen=True, kw_only=True)
class Kind:
    """What is grown: how a tree splits, which of a node's values is kept, and what the training rows must have."""

    grower: Callable[..., Any]
    value: int
    check: Callable[[Array, Array], None]
    respond: Callable[[Array], Array]


def _keep(points: Array) -> Array:
    return points


RISK = Kind(grower=RandomForestClassifier, value=1, check=check_outcome, respond=bound_risk)
SCORE = Kind(grower=RandomForestRegressor, value=0, check=check_score, respond=_keep)


@dataclass(frozen=True, kw_only=True, eq=False)
class Tree:
    """Nodes of one tree; node 0 is the root, and a leaf has ``left`` -1.

    Parameters
    ----------
    feature, left, right
        Column that a node asks about and its two children, shape (nodes,).
    threshold
        Rows with a value at or below it go left.
    value
        Event rate, or mean score, among the training rows of the node.
    cover
        Number of training rows of the node.
    """

    feature: Ints
    threshold: Array
    left: Ints
    right: Ints
    value: Array
    cover: Array

    def predict(self, X: npt.NDArray[np.float32]) -> Array:
        """Return the event rate or mean score of each row's leaf, shape (n,)."""
        node = np.zeros(len(X), dtype=np.int64)
        rows = np.flatnonzero(self.left[node] >= 0)
        while rows.size:
            at = node[rows]
            goes_left = X[rows, self.feature[at]] <= self.threshold[at]
            node[rows] = np.where(goes_left, self.left[at], self.right[at])
            rows = rows[self.left[node[rows]] >= 0]
        return self.value[node]


@dataclass(frozen=True, kw_only=True, eq=False)
class ForestFit:
    """A forest whose prediction is the mean of its trees' event rates or mean scores."""

    trees: tuple[Tree, ...]
    kind: Kind

    def output(self, X: Array) -> Array:
        """Return the mean over the trees, shape (n,); a risk before it is kept off 0 and 1."""
        # scikit-learn grows and reads its trees in single precision; the order of the sum is its order too.
        rounded = X.astype(np.float32)
        total = np.zeros(len(X))
        for tree in self.trees:
            total += tree.predict(rounded)
        return total / len(self.trees)

    def predict(self, X: Array) -> Array:
        """Return predicted risks or scores, shape (n,)."""
        return self.kind.respond(self.output(X))


def fit_forest_path(
    X: Array, y: Array, weights: Array, params: Params, seed: int, *, kind: Kind
) -> tuple[ForestFit, ...]:
    """Fit the smaller forest on which settings are compared; a forest has no path."""
    return (_grow(X, y, weights, params, seed, kind=kind, trees=TREES_TUNING),)


def fit_forest(X: Array, y: Array, weights: Array, params: Params, seed: int, *, kind: Kind) -> ForestFit:
    """Fit the full forest with the settings `params`."""
    return _grow(X, y, weights, params, seed, kind=kind, trees=TREES)


def write_forest(fitted: ForestFit, folder: Path) -> None:
    """Write all trees end to end as plain arrays; nothing is pickled."""
    names = tuple(Tree.__dataclass_fields__)
    joined: dict[str, Any] = {n: np.concatenate([getattr(tree, n) for tree in fitted.trees]) for n in names}
    np.savez_compressed(folder / FILE, nodes=[len(tree.left) for tree in fitted.trees], **joined)


def read_forest(folder: Path, *, kind: Kind) -> ForestFit:
    """Read what `write_forest` wrote."""
    with np.load(folder / FILE, allow_pickle=False) as arrays:
        parts = {name: arrays[name] for name in arrays.files}
    stops = np.cumsum(parts.pop("nodes"))[:-1]
    split = {name: np.split(values, stops) for name, values in parts.items()}
    return ForestFit(trees=tuple(Tree(**nodes) for nodes in _rows_of(split)), kind=kind)


def _grow(X: Array, y: Array, weights: Array, params: Params, seed: int, *, kind: Kind, trees: int) -> ForestFit:
    kind.check(y, weights)
    n = len(y)
    forest = kind.grower(
        n_estimators=trees,
        # In a small training part a leaf of the searched size would leave a tree without a split.
        min_samples_leaf=max(1, min(int(params["min_samples_leaf"]), n // 10)),
        max_features=float(params["max_features"]),
        max_samples=max(1, min(round(float(params["max_samples"]) * n), MOST_ROWS)),
        random_state=seed % 2**32,
        n_jobs=1,
    )
    forest.fit(X, y, sample_weight=weights)
    return ForestFit(trees=tuple(_nodes_of(estimator.tree_, kind) for estimator in forest.estimators_), kind=kind)


def _nodes_of(tree: Any, kind: Kind) -> Tree:
    return Tree(
        feature=tree.feature.astype(np.int64),
        threshold=tree.threshold.astype(np.float64),
        left=tree.children_left.astype(np.int64),
        right=tree.children_right.astype(np.int64),
        value=tree.value[:, 0, kind.value].astype(np.float64),
        cover=tree.weighted_n_node_samples.astype(np.float64),
    )


def _rows_of(split: dict[str, list[Any]]) -> Iterator[dict[str, Any]]:
    for nodes in zip(*split.values(), strict=True):
        yield dict(zip(split, nodes, strict=True))
