from __future__ import annotations

import logging
import os
import random
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import commonspace as cs
from commonspace.errors import ParameterError, StorageError
from commonspace.spaces import Space
from commonspace.training.batches import Batches
from commonspace.training.checkpoint import Checkpoint
from commonspace.training.network import Network
from commonspace.training.selection import Validation
from commonspace.training.train import train

from .small import Small, assert_same_weights, items, settings, views, weights


def until(epoch: int, stop: Callable[[], None]) -> Callable[[Network], float]:
    """A score that rises, and at this epoch stops the training."""
    seen = [0]

    def score(network: Network) -> float:
        seen[0] += 1
        if seen[0] > epoch:
            stop()
        return seen[0] / 100

    return score


def interrupt() -> None:
    raise KeyboardInterrupt


def fit(network: Network, path: Path | None = None, score: Any = None, resume: bool = False, **changed: Any) -> Any:
    chosen = settings(**{"max_epochs": 8, **changed})
    checkpoint = None if path is None else Checkpoint(path, "this", chosen.seed)
    validation = None if score is None else Validation(score, items(12, seed=1))
    batches = Batches(items(parts=3), 20, chosen.max_epochs, chosen.seed, 4)
    return train(network, batches, chosen, validation=validation, checkpoint=checkpoint, resume=resume)


def rising(start: int = 0) -> Callable[[Network], float]:
    return until(10**9, interrupt) if not start else _from(start)


def _from(start: int) -> Callable[[Network], float]:
    seen = [start]

    def score(network: Network) -> float:
        seen[0] += 1
        return seen[0] / 100

    return score


# Resuming


@pytest.mark.parametrize("schedule", ["constant", "cosine"])
@pytest.mark.parametrize("stopped", [1, 4, 7])
def test_a_resumed_training_equals_one_that_was_never_stopped(stopped: int, schedule: str, tmp_path: Path):
    expected = Small()
    whole = fit(expected, score=rising(), schedule=schedule)
    with pytest.raises(KeyboardInterrupt):
        fit(Small(), tmp_path / "run", until(stopped, interrupt), schedule=schedule)
    network = Small(seed=99)  # other weights: they come from the checkpoint
    resumed = fit(network, tmp_path / "run", rising(stopped), resume=True, schedule=schedule)
    assert_same_weights(weights(network), weights(expected))
    assert resumed.history == whole.history
    assert resumed.best_epoch == whole.best_epoch


def test_stopped_and_resumed_again_and_again(tmp_path: Path):
    expected = Small()
    fit(expected, score=rising())
    for epoch in range(1, 8):
        with pytest.raises(KeyboardInterrupt):
            # Each life does one epoch more, and is stopped in the next before that is written.
            fit(Small(), tmp_path / "run", until(1, interrupt), resume=True)
        assert torch.load(tmp_path / "run", weights_only=True)["epoch"] == epoch - 1
    network = Small()
    trained = fit(network, tmp_path / "run", rising(), resume=True)
    assert trained.history["epoch"] == list(range(8))
    last = Small()
    fit(last)
    # The scores of each life began anew, so that the best epoch is another one; the last weights are the same.
    content = torch.load(tmp_path / "run", weights_only=True)["state_dict"]
    assert_same_weights({n: content[f"network.{n}"] for n in weights(last)}, weights(last))


@pytest.mark.parametrize("patience", [None, 2])
def test_a_training_that_was_finished_is_not_trained_further(patience: int | None, tmp_path: Path):
    def falling() -> Callable[[Network], float]:
        score = rising()
        return lambda network: -score(network)

    expected = Small()
    whole = fit(expected, tmp_path / "run", falling(), patience=patience)
    assert len(whole.history["epoch"]) == (8 if patience is None else 3)
    network = Small(seed=99)
    again = fit(network, tmp_path / "run", until(0, interrupt), resume=True, patience=patience)
    assert_same_weights(weights(network), weights(expected))
    assert (again.history, again.best_epoch) == (whole.history, whole.best_epoch)


def test_without_resume_a_training_begins_anew(tmp_path: Path):
    first, second = Small(), Small()
    fit(first, tmp_path / "run")
    assert fit(second, tmp_path / "run").history["epoch"] == list(range(8))
    assert_same_weights(weights(second), weights(first))


def test_with_nothing_to_resume_it_begins(tmp_path: Path):
    first, second = Small(), Small()
    fit(first)
    fit(second, tmp_path / "new" / "folder" / "run", resume=True)
    assert_same_weights(weights(second), weights(first))
    assert (tmp_path / "new" / "folder" / "run").exists()


def space(cls: type[Space] = cs.Triplet, **changed: Any) -> Any:
    parameters = {"hidden_sizes": (8,), "max_epochs": 6, "batch_size": 16, "random_state": 0}
    return cls(**{"n_components": 3, **parameters, **changed})


LABELS = np.arange(60) % 3
RESUMABLE: dict[str, Any] = {
    "dropout and cosine": space(cs.Contrastive),
    "running covariances": space(cs.DCCA, covariances="running"),
    "linear CCA at the end": space(cs.DCCA),
    "moving centroids": space(cs.SAM, items_per_class=4),
    "shares of classes": space(cs.DeepSM, n_components=None),
    "drawn prototypes": space(cs.Prototype),
    "progress": space(cs.ACMR),
    "several terms": space(cs.DSCMR),
    "semi-hard": space(mining="semi-hard", items_per_class=4, schedule="cosine"),
    "a seed that was drawn": space(random_state=None),
}


@pytest.mark.parametrize("case", RESUMABLE)
def test_every_kind_of_state_is_resumed(case: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    made, path = RESUMABLE[case], tmp_path / "run[1].ckpt"
    given = views(parts=2, gaps=True)

    def stopping(*arguments: Any) -> None:
        written(*arguments)
        if arguments[1].current_epoch == 2:
            raise KeyboardInterrupt

    written = Checkpoint.on_train_epoch_end
    with monkeypatch.context() as patch:
        patch.setattr(Checkpoint, "on_train_epoch_end", stopping)
        with pytest.raises(KeyboardInterrupt):
            made.fit(given, LABELS, checkpoint=path)
    if made.random_state is None:
        made.set_params(random_state=Checkpoint(path, _identity_in(path), 0).stored_seed())
        expected = made.fit(given, LABELS)
        made = space(random_state=None)
    else:
        expected = space(type(made)).set_params(**made.get_params()).fit(given, LABELS)
    resumed = made.fit(given, LABELS, checkpoint=path, resume=True)
    assert resumed.best_epoch_ == expected.best_epoch_
    for name, column in expected.history_.items():
        np.testing.assert_array_equal(resumed.history_[name], column, err_msg=name)
    for name, array in expected.weights_.items():
        np.testing.assert_array_equal(resumed.weights_[name], array, err_msg=name)


def _identity_in(path: Path) -> str:
    return str(torch.load(path, weights_only=True)["callbacks"]["Checkpoint"]["identity"])


def test_a_checkpoint_of_other_parameters_data_labels_or_validation_is_refused(tmp_path: Path):
    given, path = views(), tmp_path / "run"
    space(max_epochs=2).fit(given, LABELS, checkpoint=path)
    changed = {m: x.copy() for m, x in given.items()}
    changed["text"][3, 1] += 1e-6
    renamed = {"image": given["image"], "words": given["text"]}
    tries: list[Callable[[], Any]] = [
        lambda: space(max_epochs=3).fit(given, LABELS, checkpoint=path, resume=True),
        lambda: space(max_epochs=2, margin=0.3).fit(given, LABELS, checkpoint=path, resume=True),
        lambda: space(max_epochs=2, random_state=1).fit(given, LABELS, checkpoint=path, resume=True),
        lambda: space(cs.Prototype, max_epochs=2).fit(given, LABELS, checkpoint=path, resume=True),
        lambda: space(max_epochs=2).fit(changed, LABELS, checkpoint=path, resume=True),
        lambda: space(max_epochs=2).fit(renamed, LABELS, checkpoint=path, resume=True),
        lambda: space(max_epochs=2).fit(given, LABELS[::-1], checkpoint=path, resume=True),
        lambda: space(max_epochs=2).fit(given, LABELS, checkpoint=path, resume=True, validation=(given, LABELS)),
    ]
    for attempt in tries:
        with pytest.raises(StorageError, match="is the checkpoint of another training"):
            attempt()
    space(max_epochs=2, trainer_options={"gradient_clip_val": 1.0}).fit(given, LABELS, checkpoint=path, resume=True)


def test_a_damaged_checkpoint_is_an_error_and_stays(tmp_path: Path):
    path = tmp_path / "run"
    for seed in (0, None):  # one looks for its seed there first
        path.write_bytes(b"PK\x03\x04 and so on")
        with pytest.raises(StorageError, match="cannot be read as a checkpoint"):
            space(random_state=seed).fit(views(), LABELS, checkpoint=path, resume=True)
        assert path.read_bytes() == b"PK\x03\x04 and so on"


def test_the_checkpoint_of_a_neighbour_with_a_longer_name_is_no_matter(tmp_path: Path):
    space(random_state=None, max_epochs=2).fit(views(), LABELS, checkpoint=tmp_path / "run2")
    space(random_state=None).fit(views(), LABELS, checkpoint=tmp_path / "run", resume=True)


def test_resume_without_a_checkpoint_is_an_error():
    with pytest.raises(ParameterError, match="resume: expected a checkpoint"):
        space().fit(views(), LABELS, resume=True)


# What belongs to the user


def test_the_random_numbers_of_the_user_stay_where_they_were():
    torch.manual_seed(1), random.seed(1), np.random.seed(1)  # noqa: NPY002
    before = torch.get_rng_state(), random.getstate(), str(np.random.get_state())  # noqa: NPY002
    for made in (space(), space(cs.DCCA), space(cs.Contrastive, random_state=None)):
        made.fit(views(), LABELS).transform(views())
    assert torch.equal(torch.get_rng_state(), before[0])
    assert random.getstate() == before[1]
    assert str(np.random.get_state()) == before[2]  # noqa: NPY002


def test_the_settings_of_the_process_stay_as_they_were():
    def state() -> list[object]:
        logger = logging.getLogger("pytorch_lightning")
        return [
            torch.get_num_threads(), torch.get_default_dtype(), torch.is_grad_enabled(), logger.level,
            torch.are_deterministic_algorithms_enabled(), signal.getsignal(signal.SIGTERM), Path.cwd(),
            {k: v for k, v in os.environ.items() if k != "PYTEST_CURRENT_TEST"},
        ]  # fmt: skip

    before = state()
    space().fit(views(), LABELS)
    assert state() == before


@pytest.fixture
def control_c():
    """The signal as a terminal's programs have it: those in the background may be started with it ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield signal.default_int_handler
    signal.signal(signal.SIGINT, before)


def test_control_c_is_a_keyboard_interrupt_and_works_afterwards_too(control_c: Any):
    handler = control_c
    with pytest.raises(KeyboardInterrupt):
        fit(Small(), score=until(2, lambda: signal.raise_signal(signal.SIGINT)))
    assert signal.getsignal(signal.SIGINT) is handler
    fit(Small(), score=rising())
    assert signal.getsignal(signal.SIGINT) is handler
    with pytest.raises(KeyboardInterrupt):
        signal.raise_signal(signal.SIGINT)


def test_an_exit_that_the_user_asked_for_stays_one():
    def leave() -> None:
        raise SystemExit(3)

    with pytest.raises(SystemExit) as exit_:
        fit(Small(), score=until(1, leave))
    assert exit_.value.code == 3


def test_it_trains_in_another_thread():
    outcome: list[Any] = []
    thread = threading.Thread(target=lambda: outcome.append(space().fit(views(), LABELS)))
    thread.start()
    thread.join()
    expected = space().fit(views(), LABELS)
    np.testing.assert_array_equal(outcome[0].transform(views())["text"], expected.transform(views())["text"])


QUIET = """
import numpy as np
import commonspace as cs

rng = np.random.default_rng(0)
views = {"image": rng.standard_normal((40, 5)), "text": rng.standard_normal((40, 4))}
for cls in (cs.Triplet, cs.DCCA):
    cls(3, hidden_sizes=(4,), max_epochs=2).fit(views, np.arange(40) % 2).transform(views)
"""


def test_a_pipe_gets_nothing_and_the_folder_stays_empty(tmp_path: Path):
    source = str(Path(cs.__file__).parents[1])
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PYTEST")} | {"PYTHONPATH": source}
    done = subprocess.run(
        [sys.executable, "-c", QUIET], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert list(tmp_path.iterdir()) == []


# Options of the trainer


def test_mixed_precision_trains_in_it_and_leaves_float32():
    plain, mixed = space().fit(views(), LABELS), space(trainer_options={"precision": "bf16-mixed"}).fit(views(), LABELS)
    assert {w.dtype for w in mixed.weights_.values()} == {np.dtype(np.float32)}
    a, b = plain.transform(views())["text"], mixed.transform(views())["text"]
    assert not np.array_equal(a, b)
    assert np.mean(np.sum(a * b, axis=1)) > 0.99


@pytest.mark.parametrize("cls", [cs.DCCA, cs.ACMR, cs.SAM, cs.Contrastive, cs.DSCMR, cs.Prototype])
def test_every_loss_bears_mixed_precision(cls: type[Space]):
    mixed = space(cls, trainer_options={"precision": "bf16-mixed"}).fit(views(parts=2), LABELS)
    assert all(np.isfinite(column).all() for column in mixed.history_.values())


def test_options_reach_the_trainer():
    first = space(max_epochs=1, batch_size=4)
    short = space(max_epochs=1, batch_size=4, trainer_options={"limit_train_batches": 1})
    # One step in place of fourteen.
    start = dict(space(max_epochs=1, learning_rate=1e-30).fit(views(), LABELS).weights_)
    moved = [
        sum(float(np.abs(fitted.weights_[name] - start[name]).sum()) for name in start)
        for fitted in (first.fit(views(), LABELS), short.fit(views(), LABELS))
    ]
    assert moved[1] < moved[0] / 3


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"max_epochs": 3}, "max_epochs cannot be set"),
        ({"logger": True, "callbacks": []}, "callbacks, logger cannot be set"),
        ({"enable_progress_bar": True}, "enable_progress_bar cannot be set"),
        ({"nonsense": 3}, "refuses .*nonsense"),
        ({"precision": "many"}, "refuses .*many"),
        ({"devices": -3}, "refuses"),
        ({"precision": "bf16-true"}, "precision bf16-true .* expected a mixed one"),
        ({"precision": 64}, "precision 64-true"),
        ({"limit_train_batches": 0}, "no epoch was trained"),
    ],
)
def test_options_that_cannot_be_are_errors_that_name_them(options: dict[str, Any], message: str):
    with pytest.raises(ParameterError, match=f"trainer_options: .*{message}"):
        space(trainer_options=options).fit(views(), LABELS)


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "fork"), reason="processes are forked here")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_two_processes_bring_back_weights_history_and_checkpoint(tmp_path: Path):
    options = {"accelerator": "cpu", "devices": 2, "strategy": "ddp_fork"}
    rising_loss: dict[str, Any] = {"max_epochs": 8, "learning_rate": 3e-2, "dropout": 0.0}
    two = space(**rising_loss, trainer_options=options).fit(views(), LABELS, checkpoint=tmp_path / "run")
    assert [p.name for p in tmp_path.iterdir()] == ["run"]
    assert two.history_["epoch"].tolist() == list(range(8))
    assert two.best_epoch_ == int(np.argmax(two.history_["validation_score"]))
    held = two.history_["validation_score"][two.best_epoch_]
    assert held > two.history_["validation_score"][0] or two.best_epoch_ == 0
    content = torch.load(tmp_path / "run", weights_only=True)["callbacks"]["BestEpoch"]
    for name, array in two.weights_.items():
        np.testing.assert_array_equal(array, content["best_state"][name].numpy(), err_msg=name)
    again = space(**rising_loss).fit(views(), LABELS, checkpoint=tmp_path / "run", resume=True)
    np.testing.assert_array_equal(again.weights_[name], two.weights_[name])
