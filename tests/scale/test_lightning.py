from __future__ import annotations

import subprocess
import sys

import pytest

pytestmark = pytest.mark.slow

PROGRAM = """
from lightning_fabric.plugins.environments.cluster_environment import ClusterEnvironment
from pytorch_lightning.strategies import DDPStrategy

from commonspace.scale.training import _trainer_options

options = _trainer_options("cpu", 2)
assert isinstance(options["strategy"], DDPStrategy)
assert isinstance(options["plugins"][0], ClusterEnvironment)
"""


def test_workers_are_told_of_to_the_lightning_that_trains_where_another_is_installed_too(tmp_path):
    other = tmp_path / "lightning" / "pytorch"
    other.mkdir(parents=True)
    (tmp_path / "lightning" / "__init__.py").touch()
    (other / "__init__.py").write_text("raise ImportError('another Lightning was asked')")
    run = f"import sys; sys.path.insert(0, {str(tmp_path)!r})\n{PROGRAM}"
    subprocess.run([sys.executable, "-c", run], check=True, timeout=120)
