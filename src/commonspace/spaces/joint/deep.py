"""What deep joint spaces share: embedding by the trained network."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar

from numpy.typing import NDArray

from commonspace.spaces.deep.base import Classes, DeepSpace
from commonspace.spaces.standardise import Columns
from commonspace.training.embedding import fuse_rows
from commonspace.training.fusion import JointNetwork

from .base import JointSpace


class DeepJointSpace(JointSpace, DeepSpace):
    """A joint space learnt by gradient descent. A method writes `_network`, which gives a `JointNetwork`."""

    _least_modalities: ClassVar[int] = 1

    @abstractmethod
    def _network(self, dims: Mapping[str, int], classes: Classes) -> JointNetwork:
        """The untrained network, for standardised columns."""

    def _embed_items(self, views: Mapping[str, NDArray[Any]]) -> NDArray[Any]:
        return fuse_rows(self._joint_network(), self._standardised(views))

    def _joint_network(self) -> JointNetwork:
        network = self._trained_network()
        assert isinstance(network, JointNetwork)
        return network

    def _standardised(self, views: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
        return {m: Columns(self.means_[m], self.scales_[m]).apply(x) for m, x in views.items()}
