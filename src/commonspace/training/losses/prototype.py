"""Classification by the distance to one fixed point per class: the prototype loss of CLIP4CMR."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from commonspace.errors import InputError, ParameterError

from .relations import at_least_float32


def prototype_loss(embeddings: Tensor, prototypes: Tensor, targets: Tensor) -> Tensor:
    """`-log softmax_y(-||f - c_y||^2)`, the mean over rows; of a row with several labels, the mean over these.

    Modalities that share prototypes are drawn to the same points: add their losses.

    Args:
        embeddings: f, (n, k).
        prototypes: (c, k), for example `random_prototypes`; they may be learnt as well.
        targets: (n, c), 1 where a row has a label, else 0; rows of zeros are left out.

    Returns:
        A scalar; 0, with a graph, where no row has a label.

    Raises:
        InputError: Shapes do not match.

    Source:
        Zeng, Mao: A comprehensive empirical study of vision-language pre-trained model for supervised cross-modal
        retrieval. 2022. Their code divides by the number of rows once more.
    """
    if embeddings.ndim != 2 or prototypes.ndim != 2 or embeddings.shape[1] != prototypes.shape[1]:
        raise InputError(
            "embeddings and prototypes must be (n, k) and (c, k), "
            f"got {tuple(embeddings.shape)} and {tuple(prototypes.shape)}."
        )
    expected = (len(embeddings), len(prototypes))
    if targets.shape != expected:
        raise InputError(f"targets must be {expected}, rows x classes, got {tuple(targets.shape)}.")
    embeddings, prototypes = at_least_float32(embeddings), at_least_float32(prototypes)
    # -||f||^2 is the same for every class, and the softmax does not see it.
    log_probabilities = F.log_softmax(2 * embeddings @ prototypes.T - prototypes.square().sum(1), dim=1)
    wanted = (targets > 0).to(log_probabilities.dtype)
    labels = wanted.sum(1)
    per_row = -(wanted * log_probabilities).sum(1) / labels.clamp_min(1)
    return per_row.sum() / (labels > 0).sum().clamp_min(1)


def random_prototypes(classes: int, dim: int, generator: torch.Generator | None = None) -> Tensor:
    """Fixed points for classes: random directions by Kaiming's normal initialisation, scaled to unit length.

    Args:
        classes: c.
        dim: k.
        generator: Where the random numbers come from; also the device.

    Returns:
        (c, k), rows of unit length, evenly distributed on the sphere.

    Raises:
        ParameterError: A number is below 1.
    """
    if classes < 1 or dim < 1:
        raise ParameterError(f"classes and dim must be at least 1, got {classes!r} and {dim!r}.")
    device = generator.device if generator is not None else None
    return F.normalize(nn.init.kaiming_normal_(torch.empty(classes, dim, device=device), generator=generator), dim=1)
