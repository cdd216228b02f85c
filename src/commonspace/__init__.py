"""commonspace: one space in which photos, text, sound, tables and dates can be compared, searched and measured.

Names are loaded when first used, so that `import commonspace` needs neither torch nor scikit-learn nor Lance.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .lazy import on_first_use
from .spaces.registry import SPACE_MODULES

if TYPE_CHECKING:
    from . import bench as bench
    from . import catalogue as catalogue
    from . import collection as collection
    from . import data as data
    from . import encoders as encoders
    from . import errors as errors
    from . import evaluation as evaluation
    from . import metrics as metrics
    from . import scale as scale
    from . import spaces as spaces
    from . import timeline as timeline
    from .catalogue import load_dataset as load_dataset
    from .collection import Collection as Collection
    from .data import Dataset as Dataset
    from .evaluation import evaluate as evaluate
    from .evaluation import robustness as robustness
    from .spaces import load_space as load_space
    from .spaces.deep.acmr import ACMR as ACMR
    from .spaces.deep.ccl import CCL as CCL
    from .spaces.deep.cmdn import CMDN as CMDN
    from .spaces.deep.contrastive import Contrastive as Contrastive
    from .spaces.deep.corr_ae import CorrAE as CorrAE
    from .spaces.deep.dcca import DCCA as DCCA
    from .spaces.deep.deep_sm import DeepSM as DeepSM
    from .spaces.deep.dscmr import DSCMR as DSCMR
    from .spaces.deep.prototype import Prototype as Prototype
    from .spaces.deep.sam import SAM as SAM
    from .spaces.deep.triplet import Triplet as Triplet
    from .spaces.ensemble import Ensemble as Ensemble
    from .spaces.features import SpaceFeatures as SpaceFeatures
    from .spaces.joint.early_fusion import EarlyFusion as EarlyFusion
    from .spaces.joint.fusion_transformer import FusionTransformer as FusionTransformer
    from .spaces.joint.late_fusion import LateFusion as LateFusion
    from .spaces.joint.multimodal_autoencoder import MultimodalAutoencoder as MultimodalAutoencoder
    from .spaces.joint.mvae import MVAE as MVAE
    from .spaces.kernel.asif import ASIF as ASIF
    from .spaces.kernel.kcca import KCCA as KCCA
    from .spaces.linear.cca import CCA as CCA
    from .spaces.linear.cfa import CFA as CFA
    from .spaces.linear.gcca import GCCA as GCCA
    from .spaces.linear.mcca import MCCA as MCCA
    from .spaces.linear.pls import PLS as PLS
    from .spaces.supervised.jrl import JRL as JRL
    from .spaces.supervised.lgcfl import LGCFL as LGCFL
    from .spaces.supervised.scm import SCM as SCM
    from .spaces.supervised.semantic_matching import SemanticMatching as SemanticMatching
    from .spaces.temporal.diachronic import Diachronic as Diachronic
    from .spaces.temporal.soft_smoothing import SoftSmoothing as SoftSmoothing

__version__ = "0.1.0"

_SUBPACKAGES = (
    "bench",
    "catalogue",
    "collection",
    "data",
    "encoders",
    "errors",
    "evaluation",
    "metrics",
    "scale",
    "spaces",
    "timeline",
)
_HOME = {
    "Collection": "collection",
    "Dataset": "data",
    "SpaceFeatures": "spaces.features",
    "evaluate": "evaluation",
    "load_dataset": "catalogue",
    "load_space": "spaces",
    "robustness": "evaluation",
    **SPACE_MODULES,
}

__all__ = ["__version__", *_SUBPACKAGES, *_HOME]


if not TYPE_CHECKING:  # or type checkers would take every name for one that is there
    __getattr__ = on_first_use(__name__, {**{name: name for name in _SUBPACKAGES}, **_HOME})


def __dir__() -> list[str]:
    return sorted(__all__)
