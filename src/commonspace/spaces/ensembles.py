"""Which ensembles are worth trying."""

from __future__ import annotations

from collections.abc import Sequence

from .base import Space
from .deep.contrastive import Contrastive
from .deep.deep_sm import DeepSM
from .kernel.kcca import KCCA
from .linear.mcca import MCCA
from .search_space import DataFacts, small_networks
from .supervised.jrl import JRL
from .supervised.semantic_matching import SemanticMatching


def by_label(facts: DataFacts) -> Sequence[list[Space]]:
    """Classifiers of three kinds, by what is best of each on small sets: kernels, networks, neighbours."""
    histograms = len(facts.histograms) == len(facts.dims)
    kernel = SemanticMatching(kernel="chi2" if histograms else "rbf", C=3.0, compare_by="probability")
    options = {name: values[0] for name, values in small_networks(facts).items()}
    network = DeepSM(**options, activation="gelu", validation_fraction=0.2) if options else DeepSM()
    neighbours = JRL(compare_by="posterior", gamma=0.2, sigma=1.0)
    return ([kernel, network], [kernel, network, neighbours], [kernel, *[network] * 3], [network] * 3)


def by_pair() -> Sequence[list[Space]]:
    """Networks from several seeds, and linear and curved correlations."""
    network, linear, kernel = Contrastive(), MCCA(ridge=0.3, scaling=1), KCCA(ridge=0.3, scaling=1)
    return ([network] * 4, [network, network, linear], [network, network, kernel], [linear, kernel])
