"""Search of a model's settings inside one training part, on log loss or squared error, by Optuna."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import optuna

from pipelines.intervals import FloatArray
from pipelines.models import Model, Parameter
from pipelines.predictands import Predictand

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
    inner_loss
        Mean loss over the held-out inner rows: log loss, or squared error of a score.
    trials
        Number of settings tried; a whole path counts as one.
    late_gain
        Share by which the second half of the trials lowered the loss: near 0 where more trials would find no more. NaN
        where the settings were not searched here.
    learner
        Of the machine-learning arm the learner that was chosen, else empty.
    """

    params: Params
    inner_loss: float
    trials: int
    late_gain: float = 0.0
    learner: str = ""


@dataclass(frozen=True, kw_only=True)
class Found:
    """The best settings and what the inner folds' models predicted with them for their held-out rows, fold by fold."""

    tuned: Tuned
    held: tuple[FloatArray, ...]


def tune(model: Model, predictand: Predictand, folds: Sequence[InnerFold], *, trials: int, seed: int) -> Found:
    """Choose the settings with the lowest loss over the inner folds.

    Parameters
    ----------
    model
        Entry of the table of models.
    predictand
        The kind of outcome, which has the loss.
    folds
        Inner folds of one training part.
    trials
        Number of trials; at most a third are random, the rest follow the tree-structured Parzen estimator.
    seed
        Seed of the search and of the fits.

    Returns
    -------
    Found

    Notes
    -----
    Each trial fits a path (penalties, numbers of trees) in one go, and its value is that of the best point of the
    path. A model without a space to search has its path only. The first trial that reaches the lowest loss wins.
    """
    best: list[Found] = []
    lowest: list[float] = []

    def objective(trial: optuna.Trial) -> float:
        params = {parameter.name: _suggest(trial, parameter) for parameter in model.space}
        found = _best_on_path(model, predictand, folds, params, seed=seed)
        if not best or found.tuned.inner_loss < best[0].tuned.inner_loss:
            best[:] = [found]
        lowest.append(best[0].tuned.inner_loss)
        return found.tuned.inner_loss

    n_trials = trials if model.space else 1
    sampler = optuna.samplers.TPESampler(seed=seed, n_startup_trials=max(1, n_trials // 3))
    optuna.create_study(sampler=sampler, direction="minimize").optimize(objective, n_trials=n_trials)
    late_gain = _compute_late_gain(lowest)
    return replace(best[0], tuned=replace(best[0].tuned, trials=n_trials, late_gain=late_gain))


def evaluate_settings(
    model: Model, predictand: Predictand, folds: Sequence[InnerFold], params: Params, *, seed: int
) -> Found:
    """Return settings that were chosen elsewhere with their loss over the inner folds; nothing is searched."""
    held: list[FloatArray] = []
    for fold in folds:
        fit = predictand.form(model).fit(fold.X_train, fold.y_train, fold.weights_train, params, seed)
        held.append(fit.predict(fold.X_held))
    total = sum(float(fold.weights_held.sum()) for fold in folds)
    loss = sum(
        float(fold.weights_held.sum()) / total * predictand.loss(fold.y_held, own, fold.weights_held)
        for fold, own in zip(folds, held, strict=True)
    )
    tuned = Tuned(params=dict(params), inner_loss=loss, trials=0, late_gain=math.nan)
    return Found(tuned=tuned, held=tuple(held))


def _compute_late_gain(lowest: Sequence[float]) -> float:
    """Return by which share the second half of the trials lowered the lowest loss; 0 where there is no search."""
    if len(lowest) < 2:
        return 0.0
    half = lowest[(len(lowest) - 1) // 2]
    return (half - lowest[-1]) / half


def _suggest(trial: optuna.Trial, parameter: Parameter) -> float | int:
    if parameter.integer:
        return int(trial.suggest_int(parameter.name, int(parameter.low), int(parameter.high), log=parameter.log))
    return float(trial.suggest_float(parameter.name, parameter.low, parameter.high, log=parameter.log))


def _best_on_path(
    model: Model, predictand: Predictand, folds: Sequence[InnerFold], params: Params, *, seed: int
) -> Found:
    """Fit the path in each inner fold and return its best point."""
    form = predictand.form(model)
    held: list[list[FloatArray]] = []
    losses = np.zeros(max(1, len(model.path_values)))
    total = sum(float(fold.weights_held.sum()) for fold in folds)
    for fold in folds:
        fits = form.fit_path(fold.X_train, fold.y_train, fold.weights_train, params, seed)
        share = float(fold.weights_held.sum()) / total
        held.append([fit.predict(fold.X_held) for fit in fits])
        losses += share * np.array([predictand.loss(fold.y_held, own, fold.weights_held) for own in held[-1]])
    at = int(np.argmin(losses))
    chosen = {**params, model.path_name: model.path_values[at]} if model.path_name else params
    tuned = Tuned(params=chosen, inner_loss=float(losses[at]), trials=1)
    return Found(tuned=tuned, held=tuple(own[at] for own in held))
