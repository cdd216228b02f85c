"""Which spaces there are. A new method is one new file and one line here."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from commonspace.errors import UnknownNameError

if TYPE_CHECKING:
    from .base import Space

SPACE_MODULES = {
    "CCA": "spaces.linear.cca",
    "MCCA": "spaces.linear.mcca",
    "GCCA": "spaces.linear.gcca",
    "PLS": "spaces.linear.pls",
    "CFA": "spaces.linear.cfa",
    "KCCA": "spaces.kernel.kcca",
    "ASIF": "spaces.kernel.asif",
    "LGCFL": "spaces.supervised.lgcfl",
    "JRL": "spaces.supervised.jrl",
    "SemanticMatching": "spaces.supervised.semantic_matching",
    "SCM": "spaces.supervised.scm",
    "CorrAE": "spaces.deep.corr_ae",
    "DCCA": "spaces.deep.dcca",
    "CMDN": "spaces.deep.cmdn",
    "CCL": "spaces.deep.ccl",
    "DeepSM": "spaces.deep.deep_sm",
    "ACMR": "spaces.deep.acmr",
    "Triplet": "spaces.deep.triplet",
    "SAM": "spaces.deep.sam",
    "Contrastive": "spaces.deep.contrastive",
    "DSCMR": "spaces.deep.dscmr",
    "Prototype": "spaces.deep.prototype",
    "EarlyFusion": "spaces.joint.early_fusion",
    "LateFusion": "spaces.joint.late_fusion",
    "MultimodalAutoencoder": "spaces.joint.multimodal_autoencoder",
    "MVAE": "spaces.joint.mvae",
    "FusionTransformer": "spaces.joint.fusion_transformer",
    "Diachronic": "spaces.temporal.diachronic",
    "SoftSmoothing": "spaces.temporal.soft_smoothing",
    "Ensemble": "spaces.ensemble",
}
"""Class name -> the module, below commonspace, that holds it."""


def all_spaces() -> dict[str, type[Space]]:
    """Every space, by its command-line name (the class name in lower case).

    Examples:
        >>> [name for name, space in all_spaces().items() if space.tags.uses_time]
        ['diachronic', 'softsmoothing']
    """
    return {name.lower(): _load(name) for name in SPACE_MODULES}


def find_space(name: str) -> type[Space]:
    """The space of a class name or command-line name.

    Args:
        name: In capitals or not.

    Raises:
        UnknownNameError: If there is no such space.

    Examples:
        >>> find_space("kcca").__name__, find_space("KCCA").tags.max_modalities
        ('KCCA', 2)
    """
    for known in SPACE_MODULES:
        if known.lower() == name.lower():
            return _load(known)
    raise UnknownNameError("space", name, [known.lower() for known in SPACE_MODULES])


def _load(name: str) -> type[Space]:
    space: type[Space] = getattr(import_module(f"commonspace.{SPACE_MODULES[name]}"), name)
    return space
