"""Many tasks, one model: the tasks take turns, and those that get no better rest."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field, fields
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import torch
from pytorch_lightning import LightningModule
from torch import Tensor

from commonspace.errors import InputError, ParameterError, TrainingError
from commonspace.progress import progress
from commonspace.training.batches import seed_of
from commonspace.training.checkpoint import Checkpoint, weights_digest
from commonspace.training.lightning import EpochProgress, own_randomness, run_trainer

from .inputs import Preparation
from .network import TaskNetwork
from .photos import Photos
from .predicting import predict
from .schedule import StopAndGo
from .streams import TaskData, check_apart
from .tasks import Outcome


@dataclass(frozen=True)
class MultiTaskSettings:
    """How tasks are trained together.

    Attributes:
        epochs: Of the task with the most batches; all others begin anew as often as they end.
        head_learning_rate: Of heads of the fused state.
        weight_decay: Of all but biases and scales.
        warmup: The share of the iterations in which learning rates rise; then they fall to 0, both in a straight line.
        clip: The greatest norm of a gradient; 0 does not clip.
        stop_and_go: Whether tasks that get no better rest.
        round: Iterations between two checkpoints.
        seed: Of the order, of what is drawn and of dropout.
        trainer_options: For Lightning's Trainer, such as {"accelerator": "gpu", "precision": "bf16-mixed"}.
    """

    epochs: int = 10
    head_learning_rate: float = 1e-4
    weight_decay: float = 0.01
    warmup: float = 0.1
    clip: float = 1.0
    stop_and_go: bool = True
    round: int = 100
    seed: int = 0
    trainer_options: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        rates = self.head_learning_rate > 0 and self.weight_decay >= 0 and self.clip >= 0
        if self.epochs < 1 or self.round < 1 or self.seed < 0 or not rates or not 0 <= self.warmup < 1:
            raise ParameterError(
                "settings: expected 1 or more epochs and iterations a round, a learning rate above 0, a warm-up from 0 "
                f"to below 1, and decay, clip and seed of 0 or more, got {self}."
            )


@dataclass(frozen=True)
class Event:
    """What happened to a task.

    Attributes:
        iteration: When, from 0.
        task: Its name.
        score: On validation, after an epoch of its own.
        going: Whether it learns at every iteration from here on.
        loss: The mean over its epoch.
    """

    iteration: int
    task: str
    score: float
    going: bool
    loss: float


def train_tasks(
    network: TaskNetwork,
    data: Mapping[str, TaskData[Any]],
    photos: Photos,
    preparation: Preparation,
    settings: MultiTaskSettings = MultiTaskSettings(),
    *,
    checkpoint: Path | None = None,
    resume: bool = False,
) -> list[Event]:
    r"""Trains a network on its tasks in turns, in place, and tells what happened.

    At each iteration every task that goes has one batch and one step of AdamW of its own, in fixed order; one that
    rests, at every fourth. Of task k with the loss $L_k$ and the learning rate $\eta_k$ the step is on

    $$\frac{\eta_k}{\min_j \eta_j} L_k,$$

    with the least rate for everything but the heads of the fused state, which have one of their own. After each epoch
    of its own a task is scored on validation, and `StopAndGo` says whether it goes on. Weights are those of the end.

    Args:
        network: The network.
        data: Name of each of its tasks -> examples.
        photos: They are about.
        preparation: How texts and photos are made ready.
        settings: How.
        checkpoint: A file for the state, written after each round; None writes nothing.
        resume: Go on from the checkpoint, where there is one. The network is to be as it was when the training began.

    Returns:
        The scores of each task after each of its epochs.

    Raises:
        InputError: If names are not those of the tasks, or a photo is both learnt from and measured by.
        TrainingError: If a loss is not finite.
        StorageError: If the checkpoint is of another training, or damaged.

    References:
        J. Lu, V. Goswami, M. Rohrbach, D. Parikh, S. Lee, 12-in-1: multi-task vision and language representation
        learning, CVPR 2020; the order of steps and the scaling of losses are those of its published code.

    Example:
        ```python
        from commonspace.reasoning import CoAttentionConfig, ReasoningNetwork, Tokenizer
        from commonspace.reasoning.tasks import Question, QuestionAnswering

        config = CoAttentionConfig()
        network = ReasoningNetwork(config, {"things": QuestionAnswering(config, ["dog", "bus"])})
        dog, bus = (Question(f"{name}.jpg", "what is it?", (name,)) for name in ("dog", "bus"))
        data = {"things": TaskData(train=[dog], validation=[bus])}
        photos = Photos({"dog.jpg": "dog.jpg", "bus.jpg": "bus.jpg"})
        events = train_tasks(network, data, photos, Preparation(Tokenizer()), MultiTaskSettings(epochs=2))
        [(event.task, event.score) for event in events]  # after each epoch
        ```
    """
    if set(data) != set(network.names):
        raise InputError(f"data: expected examples for the tasks {sorted(network.names)}, got {sorted(data)}.")
    check_apart(data, {name: network.task(name) for name in data}, photos)
    module = MultiTaskModule(network, {name: data[name] for name in network.names}, photos, preparation, settings)
    kept = None
    if checkpoint is not None:
        identity = _identity(network, data, photos, preparation, settings)
        kept = Checkpoint(checkpoint, identity, settings.seed, weights_digest(network))
    resumed = kept if kept is not None and resume and kept.path.exists() else None
    if resumed is not None:
        state = resumed.read()
        module.on_load_checkpoint(state)
        if module.iteration >= module.iterations:
            module.load_state_dict(state["state_dict"])
            network.eval()
            return module.events
    network.train()
    rounds = _Rounds(module.iterations, settings.round)
    with own_randomness(settings.seed), progress("training tasks", rounds.number, "rounds") as advance:
        callbacks = [*([kept] if kept else []), EpochProgress(advance)]
        begin = None if resumed is None else resumed.path
        run_trainer(module, rounds, rounds.number, callbacks, settings.trainer_options, begin)
    network.eval()
    return module.events


class MultiTaskModule(LightningModule):
    """Tasks in turns, as Lightning wants it.

    Args:
        network: The network.
        data: Name of each of its tasks, in its order -> examples.
        photos: They are about.
        preparation: How texts and photos are made ready.
        settings: How they are trained.

    Attributes:
        iterations: Of the whole training.
        iteration: The one that comes next.
        events: What has happened so far.
    """

    def __init__(
        self,
        network: TaskNetwork,
        data: Mapping[str, TaskData[Any]],
        photos: Photos,
        preparation: Preparation,
        settings: MultiTaskSettings,
    ) -> None:
        super().__init__()
        self.automatic_optimization = False
        self.network, self.data, self.photos = network, data, photos
        self.preparation, self.settings = preparation, settings
        self.iterations = settings.epochs * max(of.batches for of in data.values())
        self.iteration = 0
        self.drawn, self.losses = dict.fromkeys(data, 0), dict[str, list[float]]({name: [] for name in data})
        self.controllers = {name: StopAndGo() for name in data}
        self.events: list[Event] = []
        self._least = min(of.learning_rate for of in data.values())

    def training_step(self, iteration: int) -> None:
        """A step for each task whose turn it is."""
        self.iteration = iteration = int(iteration)
        optimizer: Any = self.optimizers()  # one, as configured
        for group in optimizer.param_groups:
            group["lr"] = group["rate"] * self._share(iteration)
        for number, name in enumerate(self.data):
            if self.settings.stop_and_go and not self.controllers[name].learns(iteration):
                continue
            optimizer.zero_grad()
            loss = self._loss(number, name)
            self.manual_backward(loss * self.data[name].learning_rate / self._least)
            self._clip(optimizer)
            optimizer.step()
            self._epoch_of(name, iteration)
        self.iteration = iteration + 1

    def configure_optimizers(self) -> torch.optim.Optimizer:
        """AdamW with two learning rates; biases and scales do not decay.

        Fused it takes a sixth of the time on a CPU; losses that are scaled, as for halves on a GPU, need it plain.
        """
        fused = {id(p) for task in map(self.network.task, self.network.names) if task.fused for p in task.parameters()}
        groups: dict[tuple[float, float], list[Tensor]] = {}
        for parameter in self.network.parameters():
            rate = self.settings.head_learning_rate if id(parameter) in fused else self._least
            decay = self.settings.weight_decay if parameter.ndim > 1 else 0.0
            groups.setdefault((rate, decay), []).append(parameter)
        return torch.optim.AdamW(
            [{"params": of, "lr": rate, "rate": rate, "weight_decay": decay} for (rate, decay), of in groups.items()],
            fused=not self._scales_losses,
        )

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Adds where the tasks are."""
        checkpoint["tasks"] = {
            "iteration": self.iteration,
            "drawn": self.drawn,
            "losses": self.losses,
            "controllers": {name: asdict(of) for name, of in self.controllers.items()},
            "events": [asdict(event) for event in self.events],
        }

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Goes on from where they were."""
        state = checkpoint["tasks"]
        self.iteration, self.drawn, self.losses = state["iteration"], dict(state["drawn"]), dict(state["losses"])
        self.controllers = {name: StopAndGo(**of) for name, of in state["controllers"].items()}
        self.events = [Event(**event) for event in state["events"]]

    @property
    def _scales_losses(self) -> bool:
        return str(self.settings.trainer_options.get("precision")) in ("16", "16-mixed")

    def _clip(self, optimizer: Any) -> None:
        """Shortens the gradient, where it is longer than it may be."""
        if self.settings.clip and self._scales_losses:
            self.clip_gradients(optimizer, self.settings.clip, "norm")
        elif self.settings.clip:  # Lightning clips for no fused optimizer
            torch.nn.utils.clip_grad_norm_(self.network.parameters(), self.settings.clip)

    def _loss(self, number: int, name: str) -> Tensor:
        drawn, of = self.drawn[name], self.data[name]
        seed = (self.settings.seed, number)
        examples = of.batch(drawn, seed)
        torch.manual_seed(seed_of(*seed, drawn, 4))  # dropout follows from what was drawn alone
        task, rng = self.network.task(name), np.random.default_rng((*seed, drawn, 5))
        asked = task.ask(examples, rng)
        inputs = task.corrupt(self.preparation([pair for pairs in asked for pair in pairs], self.photos), rng)
        inputs = inputs.to(self.device)
        logits, states = self.network(name, inputs, [len(pairs) for pairs in asked])
        loss = task.loss(Outcome(logits, states, inputs, self.network.words), examples)
        if not bool(torch.isfinite(loss)):
            raise TrainingError(
                f"task {name}: the loss became {loss.item()} at iteration {self.iteration}. Take a smaller learning "
                "rate, or clip gradients."
            )
        self.losses[name].append(loss.item())
        self.drawn[name] = drawn + 1
        return loss

    def _epoch_of(self, name: str, iteration: int) -> None:
        """At the end of a task's own epoch: its score, and whether it goes on."""
        of = self.data[name]
        if self.drawn[name] % of.batches:
            return
        loss, self.losses[name] = float(np.mean(self.losses[name])), []
        if not len(of.validation):
            return
        logits = predict(self.network, name, of.validation, self.photos, self.preparation)
        score = float(self.network.task(name).right(logits, of.validation).mean())
        going = not self.settings.stop_and_go or self.controllers[name].told(score)
        self.events.append(Event(iteration, name, score, going, loss))

    def _share(self, iteration: int) -> float:
        """Of the learning rates: up in a straight line, then down to 0."""
        warm = max(1, round(self.settings.warmup * self.iterations))
        if iteration < warm:
            return (iteration + 1) / warm
        return (self.iterations - iteration) / max(1, self.iterations - warm)


class _Rounds:
    """The numbers of the iterations, some in each round."""

    def __init__(self, iterations: int, length: int) -> None:
        self.iterations, self.length, self.round = iterations, length, 0
        self.number = -(-iterations // length)
        self.sampler = self  # the trainer calls sampler.set_epoch

    def set_epoch(self, epoch: int) -> None:
        """The round that comes next, from 0."""
        self.round = epoch

    def __len__(self) -> int:
        return min(self.length, self.iterations - self.round * self.length)

    def __iter__(self) -> Iterator[int]:
        begin = self.round * self.length
        yield from range(begin, min(begin + self.length, self.iterations))


def _identity(
    network: TaskNetwork,
    data: Mapping[str, TaskData[Any]],
    photos: Photos,
    preparation: Preparation,
    settings: MultiTaskSettings,
) -> str:
    """What is learnt from what."""
    own = {f.name: getattr(settings, f.name) for f in fields(settings) if f.name != "trainer_options"}
    tasks = {name: network.task(name).description() for name in network.names}
    prepared = (preparation.grid, preparation.tokenizer.most, sorted(photos.digests.items()))
    told = repr((network.config, tasks, own, prepared, dict(sorted(data.items()))))
    return sha256(told.encode()).hexdigest()
