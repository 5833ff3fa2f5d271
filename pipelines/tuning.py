"""Search of a model's settings inside one training part, on log loss, by Optuna."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import optuna

from pipelines.models import Model, Parameter
from pipelines.overall import clip_probability

FloatArray = npt.NDArray[np.float64]
Params = dict[str, float | int]

# Optuna would print the text of an error inside a trial, which may quote data; the error itself goes on as it is.
optuna.logging.disable_default_handler()
optuna.logging.disable_propagation()
optuna.logging.set_verbosity(optuna.logging.CRITICAL)


@dataclass(frozen=True, kw_only=True)
class InnerFold:
    """One inner fold, already encoded: what is fitted on and what the loss is measured on."""

    X_train: FloatArray
    y_train: FloatArray
    weights_train: FloatArray
    X_held: FloatArray
    y_held: FloatArray
    weights_held: FloatArray


@dataclass(frozen=True, kw_only=True)
class Tuned:
    """The settings chosen and how good they were.

    Attributes
    ----------
    params
        Chosen settings, with the path's value.
    inner_log_loss
        Mean log loss over the held-out inner rows.
    trials
        Number of settings tried; a whole path counts as one.
    """

    params: Params
    inner_log_loss: float
    trials: int


def tune(model: Model, folds: Sequence[InnerFold], *, trials: int, seed: int) -> Tuned:
    """Choose the settings with the lowest log loss over the inner folds.

    Parameters
    ----------
    model
        Entry of the table of models.
    folds
        Inner folds of one training part.
    trials
        Number of trials; at most a third are random, the rest follow the tree-structured Parzen estimator.
    seed
        Seed of the search and of the fits.

    Returns
    -------
    Tuned

    Notes
    -----
    Each trial fits a path (penalties, numbers of trees) in one go, and its value is that of the best point of the
    path. A model without a space to search has its path only. The first trial that reaches the lowest loss wins.
    """
    best: list[Tuned] = []

    def objective(trial: optuna.Trial) -> float:
        params = {parameter.name: _suggest(trial, parameter) for parameter in model.space}
        found = _best_on_path(model, folds, params, seed=seed)
        if not best or found.inner_log_loss < best[0].inner_log_loss:
            best[:] = [found]
        return found.inner_log_loss

    n_trials = trials if model.space else 1
    sampler = optuna.samplers.TPESampler(seed=seed, n_startup_trials=max(1, n_trials // 3))
    optuna.create_study(sampler=sampler, direction="minimize").optimize(objective, n_trials=n_trials)
    return Tuned(params=best[0].params, inner_log_loss=best[0].inner_log_loss, trials=n_trials)


def _suggest(trial: optuna.Trial, parameter: Parameter) -> float | int:
    if parameter.integer:
        return int(trial.suggest_int(parameter.name, int(parameter.low), int(parameter.high), log=parameter.log))
    return float(trial.suggest_float(parameter.name, parameter.low, parameter.high, log=parameter.log))


def _best_on_path(model: Model, folds: Sequence[InnerFold], params: Params, *, seed: int) -> Tuned:
    """Fit the path in each inner fold and return its best point."""
    losses = np.zeros(max(1, len(model.path_values)))
    total = sum(float(fold.weights_held.sum()) for fold in folds)
    for fold in folds:
        fits = model.fit_path(fold.X_train, fold.y_train, fold.weights_train, params, seed)
        share = float(fold.weights_held.sum()) / total
        losses += share * np.array([_log_loss(fold, fit.predict(fold.X_held)) for fit in fits])
    at = int(np.argmin(losses))
    chosen = {**params, model.path_name: model.path_values[at]} if model.path_name else params
    return Tuned(params=chosen, inner_log_loss=float(losses[at]), trials=1)


def _log_loss(fold: InnerFold, y_prob: FloatArray) -> float:
    """Weighted mean log loss over the held-out rows of an inner fold."""
    p = clip_probability(y_prob)
    losses = -(fold.y_held * np.log(p) + (1 - fold.y_held) * np.log1p(-p))
    return float(np.average(losses, weights=fold.weights_held))
