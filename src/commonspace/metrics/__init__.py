"""Retrieval metrics on plain arrays: average precision, recall, ranks, nDCG; and those of answers and boxes.

Every function of retrieval takes `scores`, n queries by m gallery items where larger is better, and says which items
are right by `relevant`, boolean of the same shape (nDCG: `gains`). Either may be a NumPy array or anything with
`.shape` and row slices (`RowBlocks`), such as the lazy `CosineSimilarity` and `SameLabel`: rows are asked for a block
at a time, so the n x m matrix never has to exist. `max_bytes` bounds the memory of those blocks.

Rules that hold throughout:

- **Ties.** Items with equal scores are ordered by their gallery index, the lower first. -0.0 equals 0.0.
- **Queries without a right item** have NaN in per-query results and are left out of every mean and median. If no query
  has one, there is nothing to measure and the mean is an `InputError`.
- **Cuts.** k larger than the gallery means the whole gallery; k < 1 is a `ParameterError`.
- NaN scores, shapes that differ and an empty gallery are `InputError`s. Infinite scores are ordered like any others.

Three quantities are called mAP@k in the literature. Here each has its own name: `mean_average_precision` (whole list),
`mean_average_precision_at` (list cut at k, divided by all relevant items) and `mean_average_precision_in_cut` (list
cut at k, divided by the relevant items within the cut).
"""

from __future__ import annotations

from .answers import ChoiceAccuracy, choice_accuracy, soft_targets, vqa_accuracies
from .blocks import DEFAULT_MAX_BYTES, RowBlocks
from .boxes import intersection_over_union
from .calibration import expected_calibration_error
from .curves import interpolated_precisions
from .gain import ndcg, ndcg_per_query
from .hubness import CSLS, HUBNESS, InvertedSoftmax
from .precision import (
    average_precisions,
    mean_average_precision,
    mean_average_precision_at,
    mean_average_precision_in_cut,
)
from .ranks import first_relevant_ranks, median_rank, median_rank_from_ranks, recall_at_k, recall_from_ranks
from .relevance import SameItem, SameLabel, SharedLabel
from .similarity import CosineSimilarity
from .weighted_mean import WeightedMean
from .wups import wups

__all__ = [
    "mean_average_precision",
    "mean_average_precision_at",
    "mean_average_precision_in_cut",
    "average_precisions",
    "interpolated_precisions",
    "recall_at_k",
    "recall_from_ranks",
    "median_rank",
    "median_rank_from_ranks",
    "first_relevant_ranks",
    "ndcg",
    "ndcg_per_query",
    "CosineSimilarity",
    "WeightedMean",
    "CSLS",
    "InvertedSoftmax",
    "HUBNESS",
    "SameLabel",
    "SameItem",
    "SharedLabel",
    "ChoiceAccuracy",
    "choice_accuracy",
    "vqa_accuracies",
    "soft_targets",
    "wups",
    "expected_calibration_error",
    "intersection_over_union",
    "RowBlocks",
    "DEFAULT_MAX_BYTES",
]
