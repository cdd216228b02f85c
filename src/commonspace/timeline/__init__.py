"""How things move and spread in a space as time goes by."""

from .curves import Curve
from .dispersion import dispersion
from .drifts import compare, drift
from .items import TimedItems
from .neighbours import neighbours_over_time
from .plots import plot_curves, plot_heat_map, plot_summary, plot_trajectories
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
    "neighbours_over_time",
    "plot_curves",
    "plot_heat_map",
    "plot_summary",
    "plot_trajectories",
    "summarise",
    "trajectory",
]
