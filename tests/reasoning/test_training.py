"""Tasks in turns: steps, rests, resuming, and what is refused."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from commonspace.errors import InputError, ParameterError, StorageError
from commonspace.reasoning.inputs import Preparation
from commonspace.reasoning.network import ReasoningNetwork
from commonspace.reasoning.predicting import predict
from commonspace.reasoning.scene_examples import SceneExamples
from commonspace.reasoning.schedule import StopAndGo
from commonspace.reasoning.streams import TaskData
from commonspace.reasoning.tasks import QuestionAnswering, Referring, Verification
from commonspace.reasoning.training import MultiTaskModule, MultiTaskSettings, train_tasks
from commonspace.training.lightning import run_trainer
from tests.reasoning.small import CONFIG

SETTINGS = MultiTaskSettings(epochs=2, head_learning_rate=1e-3, round=2)


def data_of(examples: SceneExamples, *names: str, size: int = 8) -> dict[str, TaskData[Any]]:
    """Of the first 16 photos to learn from, and the last 8 to be measured by."""
    found = {}
    for name in names:
        every = getattr(examples, name)
        train, held = ([e for e in every if (int(e.photo) < 16) == learnt] for learnt in (True, False))
        found[name] = TaskData(train, held, batch_size=size, learning_rate=1e-3)
    return found


def small(*names: str, seed: int = 0) -> ReasoningNetwork:
    torch.manual_seed(seed)
    kinds: dict[str, Any] = {
        "questions": lambda: QuestionAnswering(CONFIG, ["red", "yes", "no", "2"]),
        "statements": lambda: Verification(CONFIG),
        "references": lambda: Referring(CONFIG),
    }
    return ReasoningNetwork(CONFIG, {name: kinds[name]() for name in names})


def weights(network: ReasoningNetwork) -> torch.Tensor:
    return torch.cat([p.detach().flatten() for p in network.parameters()])


def test_the_same_seed_gives_the_same_weights_and_another_one_others(examples, photos, preparation):
    found = []
    for seed in (0, 0, 1):
        network = small("statements", "references")
        settings = MultiTaskSettings(epochs=1, head_learning_rate=1e-3, seed=seed)
        train_tasks(network, data_of(examples, "statements", "references"), photos, preparation, settings)
        found.append(weights(network))
    assert torch.equal(found[0], found[1])
    assert not torch.allclose(found[0], found[2])


def test_a_training_that_was_stopped_ends_where_one_that_was_not_ends(examples, photos, preparation, tmp_path):
    data = data_of(examples, "statements", "references")
    whole = small("statements", "references")
    events = train_tasks(whole, data, photos, preparation, SETTINGS)

    broken, steps = small("statements", "references"), 0

    def stop(*_: Any) -> None:
        nonlocal steps
        steps += 1
        if steps == 11:  # in the middle of a round
            raise InterruptedError

    hook = broken.model.register_forward_hook(stop)
    checkpoint = tmp_path / "state.ckpt"
    with pytest.raises(InterruptedError):
        train_tasks(broken, data, photos, preparation, SETTINGS, checkpoint=checkpoint)
    hook.remove()
    assert checkpoint.exists()
    resumed = small("statements", "references")
    again = train_tasks(resumed, data, photos, preparation, SETTINGS, checkpoint=checkpoint, resume=True)
    torch.testing.assert_close(weights(resumed), weights(whole), atol=0, rtol=0)
    assert again == events
    done = small("statements", "references")  # and once more, when all is done
    assert train_tasks(done, data, photos, preparation, SETTINGS, checkpoint=checkpoint, resume=True) == events
    torch.testing.assert_close(weights(done), weights(whole), atol=0, rtol=0)


def test_the_checkpoint_of_another_training_is_refused(examples, photos, preparation, tmp_path):
    checkpoint = tmp_path / "state.ckpt"
    data = data_of(examples, "statements")
    train_tasks(small("statements"), data, photos, preparation, SETTINGS, checkpoint=checkpoint)
    other = MultiTaskSettings(epochs=3, head_learning_rate=1e-3, round=2)
    with pytest.raises(StorageError, match="another training"):
        train_tasks(small("statements"), data, photos, preparation, other, checkpoint=checkpoint, resume=True)


def test_the_checkpoint_of_a_training_that_began_from_other_weights_is_refused(examples, photos, preparation, tmp_path):
    checkpoint = tmp_path / "state.ckpt"
    data, network = data_of(examples, "statements"), small("statements")
    train_tasks(network, data, photos, preparation, SETTINGS, checkpoint=checkpoint)
    with pytest.raises(StorageError, match=r"another training: .* other weights to begin from"):
        train_tasks(
            small("statements", seed=1), data, photos, preparation, SETTINGS, checkpoint=checkpoint, resume=True
        )
    state = torch.load(checkpoint, weights_only=True)
    for kept in state["callbacks"].values():
        kept.pop("start", None)  # as checkpoints were before
    torch.save(state, checkpoint)
    again = small("statements")
    train_tasks(again, data, photos, preparation, SETTINGS, checkpoint=checkpoint, resume=True)
    assert torch.equal(weights(again), weights(network))


def test_each_task_has_a_batch_and_a_step_at_each_iteration_until_the_largest_has_had_its_epochs(
    examples, photos, preparation
):
    data = data_of(examples, "statements", "references")
    data["references"] = TaskData(data["references"].train[:8], data["references"].validation, batch_size=8)
    network = small("statements", "references")
    asked: list[str] = []
    for name in network.names:

        def note(*_: Any, name: str = name) -> None:
            asked.append(name)

        network.task(name).head.register_forward_hook(note)  # type: ignore[union-attr]
    settings = MultiTaskSettings(epochs=1, stop_and_go=False)
    data = {n: TaskData(d.train, [], batch_size=8) for n, d in data.items()}
    train_tasks(network, data, photos, preparation, settings)
    assert asked == ["statements", "references"] * data["statements"].batches


def test_a_task_that_rests_learns_at_every_fourth_iteration(examples, photos, preparation):
    network = small("statements", "references")
    data = {n: TaskData(d.train, [], batch_size=8) for n, d in data_of(examples, "statements", "references").items()}
    module = MultiTaskModule(network, data, photos, preparation, MultiTaskSettings(epochs=3))
    module.controllers["references"] = StopAndGo(going=False)
    run_trainer(module, list(range(8)), 1, [], {})
    assert module.drawn == {"statements": 8, "references": 2}


def test_learning_rates_rise_and_then_fall_to_nothing(examples, photos, preparation):
    network = small("statements")
    data = data_of(examples, "statements")
    settings = MultiTaskSettings(epochs=5, warmup=0.2)
    module = MultiTaskModule(network, data, photos, preparation, settings)
    assert module.iterations == 20
    shares = [module._share(i) for i in range(20)]
    assert shares[:4] == pytest.approx([0.25, 0.5, 0.75, 1.0])
    assert shares[4:] == pytest.approx([(20 - i) / 16 for i in range(4, 20)])


def test_heads_of_the_fused_state_have_a_learning_rate_of_their_own(examples, photos, preparation):
    network = small("statements", "references")
    data = data_of(examples, "statements", "references")
    data["references"] = TaskData(data["references"].train, [], learning_rate=2e-4)
    settings = MultiTaskSettings(head_learning_rate=5e-3)
    module = MultiTaskModule(network, data, photos, preparation, settings)
    rates = {id(p): g["rate"] for g in module.configure_optimizers().param_groups for p in g["params"]}
    decays = {id(p): g["weight_decay"] for g in module.configure_optimizers().param_groups for p in g["params"]}
    assert {rates[id(p)] for p in network.task("statements").parameters()} == {5e-3}
    assert {rates[id(p)] for p in network.task("references").parameters()} == {2e-4}
    assert {rates[id(p)] for p in network.model.parameters()} == {2e-4}
    assert len(rates) == len(list(network.parameters()))
    for parameter in network.parameters():
        assert decays[id(parameter)] == (0.01 if parameter.ndim > 1 else 0.0)


def test_scores_on_the_way_are_those_of_the_network_at_the_end_of_an_epoch(examples, photos, preparation):
    data = data_of(examples, "references")
    network = small("references")
    events = train_tasks(network, data, photos, preparation, SETTINGS)
    assert [e.iteration for e in events] == [3, 7]
    logits = predict(network, "references", data["references"].validation, photos, preparation)
    right = network.task("references").right(logits, data["references"].validation)
    assert events[-1].score == pytest.approx(right.mean())


def test_a_network_that_was_ready_to_be_asked_learns_with_dropout_again(examples, photos, preparation):
    network = small("statements").eval()
    modes = []
    network.model.register_forward_hook(lambda *_: modes.append(network.training))
    train_tasks(network, {"statements": TaskData(examples.statements, [])}, photos, preparation, SETTINGS)
    assert modes == [True] * len(modes)
    assert not network.training


def test_the_checkpoint_of_other_regions_is_refused(examples, photos, preparation, tmp_path):
    checkpoint, data = tmp_path / "state.ckpt", data_of(examples, "statements")
    train_tasks(small("statements"), data, photos, preparation, SETTINGS, checkpoint=checkpoint)
    other = Preparation(preparation.tokenizer, 3)
    with pytest.raises(StorageError, match="another training"):
        train_tasks(small("statements"), data, photos, other, SETTINGS, checkpoint=checkpoint, resume=True)


def test_without_stop_and_go_every_task_goes(examples, photos, preparation):
    settings = MultiTaskSettings(epochs=5, head_learning_rate=1e-9, stop_and_go=False)
    split = data_of(examples, "statements")["statements"]
    data = {"statements": TaskData(split.train, split.validation, batch_size=8, learning_rate=1e-9)}
    events = train_tasks(small("statements"), data, photos, preparation, settings)
    assert len(events) == 5
    assert all(event.going for event in events)
    stopping = MultiTaskSettings(epochs=5, head_learning_rate=1e-9)
    assert not all(e.going for e in train_tasks(small("statements"), data, photos, preparation, stopping))


def test_photos_that_are_measured_by_are_not_learnt_from(examples, photos, preparation):
    every = examples.statements
    with pytest.raises(InputError, match="is learnt from, and stands in the validation or test"):
        train_tasks(small("statements"), {"statements": TaskData(every, every[:1])}, photos, preparation)


def test_an_option_that_does_not_go_with_steps_of_one_s_own_is_told(examples, photos, preparation):
    settings = MultiTaskSettings(epochs=1, trainer_options={"gradient_clip_val": 1.0})
    data = {"statements": TaskData(examples.statements, [])}
    with pytest.raises(ParameterError, match=r"trainer_options: .*gradient_clip_val"):
        train_tasks(small("statements"), data, photos, preparation, settings)


def test_names_and_settings_are_checked(examples, photos, preparation):
    with pytest.raises(InputError, match=r"tasks \['statements'\], got \['references'\]"):
        train_tasks(small("statements"), data_of(examples, "references"), photos, preparation)
    with pytest.raises(ParameterError, match="expected 1 or more epochs"):
        MultiTaskSettings(epochs=0)


LEARNS_UNTIL_KILLED = """
import os, signal, sys, types
from pathlib import Path
sys.modules["tests"] = types.ModuleType("tests")  # these tests, and not those of an installed package
sys.modules["tests"].__path__ = [sys.argv[2]]
from commonspace.data.scenes import generate_scenes
from commonspace.reasoning import training
from commonspace.reasoning.inputs import Preparation
from commonspace.reasoning.photos import Photos
from commonspace.reasoning.scene_examples import scene_examples
from commonspace.reasoning.tokens import Tokenizer
from tests.reasoning.test_training import SETTINGS, data_of, small, weights
scenes = generate_scenes(24, seed=3)
photos = Photos({str(i): scene.picture() for i, scene in enumerate(scenes)})
examples = scene_examples(scenes, [str(i) for i in range(24)], 2, seed=1)
network, data = small("statements", "references"), data_of(examples, "statements", "references")
kill = sys.argv[3] == "kill"
if kill:
    loss = training.MultiTaskModule._loss
    def until(self, number, name):
        if self.iteration == 5:
            os.kill(os.getpid(), signal.SIGKILL)
        return loss(self, number, name)
    training.MultiTaskModule._loss = until
preparation = Preparation(Tokenizer(40), grid=2)
training.train_tasks(network, data, photos, preparation, SETTINGS, checkpoint=Path(sys.argv[1]), resume=True)
print(weights(network).double().sum().item())
"""


@pytest.mark.slow
def test_a_process_that_is_killed_goes_on_to_the_same_numbers(tmp_path):
    def learns(checkpoint: str, way: str) -> subprocess.CompletedProcess[str]:
        call = [sys.executable, "-c", LEARNS_UNTIL_KILLED, str(tmp_path / checkpoint), str(Path(__file__).parents[1])]
        threads = {"OMP_NUM_THREADS": "1"}  # with another number of them sums round otherwise
        return subprocess.run([*call, way], capture_output=True, text=True, check=False, env=os.environ | threads)

    whole = learns("whole.ckpt", "go on")
    killed = learns("killed.ckpt", "kill")
    assert killed.returncode == -signal.SIGKILL
    resumed = learns("killed.ckpt", "go on")
    assert np.isfinite(float(whole.stdout))
    assert resumed.stdout == whole.stdout
