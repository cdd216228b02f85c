from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import commonspace as cs
from commonspace import scale
from commonspace.errors import InputError, ParameterError, StorageError, TrainingError

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("joined")]
N = 400
SMALL: dict[str, Any] = {"n_components": 4, "hidden_sizes": (16,), "max_epochs": 5, "batch_size": 64, "random_state": 0}
STILL: dict[str, Any] = {"dropout": 0.0, "noise": 0.0}


@pytest.fixture(scope="module")
def data(shown: Any) -> cs.Dataset:
    return shown(N)  # type: ignore[no-any-return]


@pytest.fixture(scope="module")
def parts(two_nodes: Any, data: cs.Dataset, tmp_path_factory: pytest.TempPathFactory) -> scale.Partitions:
    return scale.encode(data, tmp_path_factory.mktemp("encoded"), rows=64, address=two_nodes.address)


def test_one_worker_gives_what_one_machine_gives(two_nodes, parts, data, tmp_path):
    space = cs.Contrastive(**{**SMALL, "random_state": np.int64(0)})
    fitted = scale.fit(space, parts, split="train", work=tmp_path / "work", address=two_nodes.address)
    alone = cs.Contrastive(**SMALL).fit(data.split("train").views)
    assert fitted.get_params() == alone.get_params() == space.get_params()
    assert fitted.history_["loss"].tolist() == pytest.approx(alone.history_["loss"].tolist(), rel=1e-6)
    for name, array in alone.weights_.items():
        np.testing.assert_allclose(fitted.weights_[name], array, atol=1e-6, err_msg=name)
    written = sorted((tmp_path / "work").iterdir())
    again = scale.fit(space, parts, split="train", work=tmp_path / "work", address=two_nodes.address)
    assert again.fingerprint == fitted.fingerprint
    assert sorted((tmp_path / "work").iterdir()) == written
    with pytest.raises(StorageError, match="another job"):
        scale.fit(cs.Contrastive(n_components=5), parts, work=tmp_path / "work", address=two_nodes.address)


def test_two_workers_give_the_weights_of_one_process_with_the_whole_batch(two_nodes, parts, data, tmp_path):
    how = {"split": "train", "workers": 2, "address": two_nodes.address}
    fitted = scale.fit(cs.Contrastive(**SMALL, **STILL), parts, work=tmp_path / "work", **how)
    alone = cs.Contrastive(**SMALL, **STILL).fit(data.split("train").views)
    assert fitted.best_epoch_ == alone.best_epoch_
    for name, array in alone.weights_.items():
        np.testing.assert_allclose(fitted.weights_[name], array, atol=1e-5, err_msg=name)


def test_a_worker_and_then_a_node_lost_in_the_middle_change_nothing_but_the_time(two_nodes, parts, data, tmp_path):
    epochs = 40
    settings = {**SMALL, **STILL, "max_epochs": epochs}
    work, events = tmp_path / "work", list[str]()

    def written() -> int:
        return (work / "training.ckpt").stat().st_mtime_ns if (work / "training.ckpt").exists() else 0

    def wait_for(happened: Callable[[], bool]) -> None:
        deadline = time.monotonic() + 120
        while not happened() and time.monotonic() < deadline:
            time.sleep(0.02)

    def disturb() -> None:
        wait_for(lambda: written() > 0)
        first = two_nodes.processes("RayTrainWorker")
        os.kill(first[-1], signal.SIGKILL)
        events.append("worker")
        wait_for(lambda: not {*first} & {*two_nodes.processes("RayTrainWorker")})
        before = written()
        wait_for(lambda: written() > before)
        if not (work / "space").exists():
            two_nodes.kill_another_of("RayTrainWorker")
            events.append("node")

    two_nodes.add()  # a third, whose processor is free when one of the others is lost
    thread = threading.Thread(target=disturb)
    thread.start()
    try:
        fitted = scale.fit(
            cs.Contrastive(**settings), parts, split="train", work=work, workers=2, address=two_nodes.address
        )
    finally:
        thread.join()
    assert events == ["worker", "node"]
    undisturbed = scale.fit(
        cs.Contrastive(**settings), parts, split="train", work=tmp_path / "calm", workers=2, address=two_nodes.address
    )
    assert fitted.history_["epoch"].tolist() == list(range(epochs))
    assert fitted.history_["loss"].tolist() == undisturbed.history_["loss"].tolist()
    for name, array in undisturbed.weights_.items():
        np.testing.assert_array_equal(fitted.weights_[name], array, err_msg=name)


FAILING = """
import sys
import commonspace as cs
from commonspace import scale
from commonspace.errors import StorageError
from commonspace.scale.cluster import connected

class Unequal(scale.Partitions):
    def load(self, **how):
        from ray import train
        if train.get_context().get_world_rank() == 1:
            raise StorageError("not seen from here")
        return super().load(**how)

address, encoded, work = sys.argv[1:]
with connected(address):
    try:
        scale.fit(cs.Contrastive(max_epochs=2), Unequal(encoded), work=work, workers=2, address=address)
    except StorageError as error:
        print(error, file=sys.stderr, flush=True)
"""
"""In a process of its own, as Ray may end the one in which a training failed when it leaves the cluster."""


def test_what_fails_in_one_worker_is_told_and_the_other_does_not_wait(two_nodes, parts, tmp_path):
    command = [sys.executable, "-c", FAILING, two_nodes.address, parts.place.path, str(tmp_path / "work")]
    told = subprocess.run(command, stderr=subprocess.PIPE, text=True, timeout=180).stderr
    assert "not seen from here" in told.splitlines(), told


def test_a_split_that_is_not_there_leaves_work_to_the_right_one(two_nodes, parts, tmp_path):
    space, work = cs.Contrastive(**{**SMALL, "max_epochs": 1}), tmp_path / "work"
    with pytest.raises(InputError, match="trian"):
        scale.fit(space, parts, split="trian", work=work, address=two_nodes.address)
    assert sorted(entry.name for entry in work.iterdir()) == ["failure.json", "job.json"]
    assert scale.fit(space, parts, split="train", work=work, address=two_nodes.address).n_components_ == 4


def test_where_workers_run_is_not_said_twice(parts, tmp_path):
    space = cs.Contrastive(**SMALL, trainer_options={"devices": 2, "precision": "32-true"})
    with pytest.raises(ParameterError, match=r"trainer_options: on a cluster .* got devices\."):
        scale.fit(space, parts, work=tmp_path / "work")
    assert not (tmp_path / "work").exists()


def test_mistakes_are_named_and_not_tried_again(two_nodes, parts, tmp_path):
    how = {"address": two_nodes.address}
    with pytest.raises(ParameterError, match=r"work: Contrastive is trained by workers .* got None"):
        scale.fit(cs.Contrastive(**SMALL), parts, **how)
    with pytest.raises(ParameterError, match=r"work: .* got s3://bucket/work"):
        scale.fit(cs.Contrastive(**SMALL), parts, work="s3://bucket/work", **how)
    wild = cs.Contrastive(**{**SMALL, "learning_rate": 1e30})
    with pytest.raises(TrainingError, match=r"Contrastive: .* at step"):
        scale.fit(wild, parts, work=tmp_path / "wild", **how)
