"""A cluster of two nodes on this machine, and pictures to encode on it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import commonspace as cs
from commonspace.encoders import get_encoder
from commonspace.scale.cluster import connected

SOURCE = str(Path(cs.__file__).parents[1])
NODE = {"num_cpus": 1, "object_store_memory": 200 * 2**20}


@dataclass
class TwoNodes:
    """Two raylets, each with one processor, and what is known of them.

    Attributes:
        cluster: Ray's own.
        address: To join it by.
        second: The node that can be killed: the driver is on the first.
    """

    cluster: Any
    second: Any = field(init=False)

    def __post_init__(self) -> None:
        self.second = self.cluster.add_node(**NODE)

    @property
    def address(self) -> str:
        return str(self.cluster.address)

    def processes(self, name: str) -> list[int]:
        """The workers of either node whose title has the name, such as the class of an actor; not those of others."""
        nodes = [self.cluster.head_node, *self.cluster.worker_nodes]
        raylets = {info.process.pid for node in nodes for info in node.all_processes.get("raylet", [])}
        found = []
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit():
                with suppress(OSError):  # it has ended meanwhile
                    parent = parent_of(int(entry.name))
                    title = (entry / "cmdline").read_bytes().decode(errors="replace")
                    if parent in raylets and title.startswith("ray::") and name in title:
                        found.append(int(entry.name))
        return sorted(found)

    def kill_second(self) -> None:
        self.cluster.remove_node(self.second, allow_graceful=False)

    def kill_another_of(self, name: str) -> None:
        """Kills a node on which a process of the name runs, but not the one of the driver."""
        parents = {parent_of(pid) for pid in self.processes(name)}
        for node in list(self.cluster.worker_nodes):
            if {info.process.pid for info in node.all_processes["raylet"]} & parents:
                self.cluster.remove_node(node, allow_graceful=False)
                return

    def add(self) -> None:
        """Only the main thread can."""
        self.second = self.cluster.add_node(**NODE)


def parent_of(pid: int) -> int:
    """The process that started another."""
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


@pytest.fixture(scope="module")
def two_nodes() -> Iterator[TwoNodes]:
    """Nothing of it is left running after the module's tests."""
    pytest.importorskip("ray", reason="needs the extra [ray]")
    from ray.cluster_utils import Cluster

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RAY_USAGE_STATS_ENABLED", "0")
        patch.setenv("PYTHONPATH", os.pathsep.join(filter(None, [SOURCE, os.environ.get("PYTHONPATH")])))
        cluster = Cluster(initialize_head=True, head_node_args={**NODE, "include_dashboard": False})
        try:
            yield TwoNodes(cluster)
        finally:
            cluster.shutdown()


@pytest.fixture(scope="module")
def joined(two_nodes: TwoNodes) -> Iterator[None]:
    """The process stays on the cluster for the module's tests, as `connected` allows.

    Of some 700 times that tests left a cluster, Ray 2.60 once ended the process: what arrived in one of its threads
    while it shut down. How a cluster is joined and left is tested in test_cluster.py and by the command line.
    """
    with connected(two_nodes.address):
        yield


@pytest.fixture(scope="session")
def shown() -> Callable[[int], cs.Dataset]:
    """Makes a data set of n pictures."""
    return _shown


@pytest.fixture(scope="session")
def pictures() -> Callable[[int], list[bytes]]:
    """Makes n files of pictures."""
    return _pictures


def _pictures(n: int, seed: int = 0) -> list[bytes]:
    """Small PNG files of a few blurred colours."""
    rng, files = np.random.default_rng(seed), []
    for _ in range(n):
        buffer = BytesIO()
        pixels = rng.integers(0, 256, (3, 3, 3), dtype=np.uint8)
        Image.fromarray(pixels).resize((16, 16), Image.Resampling.BILINEAR).save(buffer, "PNG")
        files.append(buffer.getvalue())
    return files


def _shown(n: int) -> cs.Dataset:
    """Pictures with two captions' features each, which tell of their colours; labels, times, metadata and splits."""
    rng, files = np.random.default_rng(1), _pictures(n)
    means = np.array([np.asarray(Image.open(BytesIO(f)), float).mean((0, 1)) for f in files]) / 255
    captions = (means @ rng.standard_normal((3, 12)))[:, None] + 0.05 * rng.standard_normal((n, 2, 12))
    captions[::5, 1] = np.nan
    return cs.Dataset(
        {"image": files, "text": captions.astype(np.float32)},
        ids=[f"picture {i}" for i in range(n)],
        labels=[f"colour {i}" for i in means.argmax(1)],
        time=np.arange(n) + 0.5,
        split=["test" if i % 4 == 3 else "train" for i in range(n)],
        metadata={"number": list(range(n)), "late": [None] * (n // 2) + ["yes"] * (n - n // 2)},
        encoders={"image": get_encoder("colours")},
        name="shown",
    )
