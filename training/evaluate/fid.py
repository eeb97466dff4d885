"""The Fréchet distance between two sets of features, in double precision, and the authors' choice of the sets.

Works on arrays alone, without pictures and networks.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

AUTHORS_BATCH = 16  # stories of a batch; the authors' loader drops a last batch that is not full


@dataclass(frozen=True)
class Moments:
    """The mean (D,) and the covariance (D, D) of N feature vectors. The covariance is divided by N - 1."""

    mean: np.ndarray
    covariance: np.ndarray


def moments(features: np.ndarray) -> Moments:
    """Returns the moments of features (N, D). ValueError if N is less than 2."""
    if features.ndim != 2 or len(features) < 2:
        raise ValueError(f"features {features.shape}: at least two vectors are needed")
    features = features.astype(np.float64, copy=False)
    centred = features - features.mean(axis=0)
    return Moments(features.mean(axis=0), centred.T @ centred / (len(features) - 1))


def frechet_distance(one: Moments, other: Moments) -> float:
    """Returns |m1 - m2|^2 + tr(C1 + C2 - 2 (C1 C2)^(1/2)) for two Gaussians.

    The trace of the root equals the trace of (C1^(1/2) C2 C1^(1/2))^(1/2). That matrix is symmetric, so its eigenvalues
    are real. Covariances without full rank (fewer pictures than features) need no special case.
    """
    first, second = (torch.from_numpy(m.covariance) for m in (one, other))
    values, vectors = torch.linalg.eigh(first)
    root = (vectors * values.clamp(min=0).sqrt()) @ vectors.T
    product = root @ second @ root
    cross = torch.linalg.eigvalsh((product + product.T) / 2).clamp(min=0).sqrt().sum()
    apart = one.mean - other.mean
    return max(0.0, float(apart @ apart + first.trace() + second.trace() - 2 * cross))


def fid(drawn: np.ndarray, real: np.ndarray) -> float:
    """Returns the FID between the features (N, D) of drawn pictures and the features (M, D) of real pictures."""
    if max(len(drawn), len(real)) < drawn.shape[1]:
        return _of_few(drawn, real)
    return frechet_distance(moments(drawn), moments(real))


def _of_few(drawn: np.ndarray, real: np.ndarray) -> float:
    """The same number if there are fewer pictures than features, from (N, M) products instead of (D, D) covariances.

    With C1 = A'A and C2 = B'B, the trace of (C1 C2)^(1/2) is the sum of the singular values of AB'.
    """
    if min(len(drawn), len(real)) < 2:
        raise ValueError(f"features {drawn.shape} and {real.shape}: at least two vectors are needed")
    first, second = (
        (features - features.mean(axis=0)) / np.sqrt(len(features) - 1)
        for features in (drawn.astype(np.float64), real.astype(np.float64))
    )
    apart = drawn.mean(axis=0, dtype=np.float64) - real.mean(axis=0, dtype=np.float64)
    cross = torch.linalg.svdvals(torch.from_numpy(first @ second.T)).sum()
    return max(0.0, float(apart @ apart + (first**2).sum() + (second**2).sum() - 2 * cross))


def authors_stories(count: int) -> int:
    """Returns how many of `count` stories the authors' FID uses, from the first: whole batches of 16."""
    return count - count % AUTHORS_BATCH
