"""How things move and spread in a space as time goes by."""

from .curves import Curve
from .dispersion import dispersion
from .drifts import compare, drift
from .items import TimedItems
from .summaries import Scene, Summary, summarise
from .trajectories import Neighbour, Trajectory, trajectory

__all__ = [
    "Curve",
    "Neighbour",
    "Scene",
    "Summary",
    "TimedItems",
    "Trajectory",
    "compare",
    "dispersion",
    "drift",
    "summarise",
    "trajectory",
]
