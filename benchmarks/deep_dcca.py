"""Time an epoch of deep CCA with our correlation loss against cca-zoo's, on the same networks and the same data.

6,000 items of (1280, 384) columns, networks 1280 -> 512 -> 32 and 384 -> 512 -> 32, batches of 512, Adam. Contenders:

- commonspace: a plain loop over batches of whole tensors, with `correlation_loss`.
- cca-zoo, loss: the same loop and networks with the objective of cca-zoo's own DCCA module.
- cca-zoo, Trainer: its DCCA as its documentation runs it, a Lightning Trainer over its data set and a DataLoader; only
  the epoch is timed, by a callback, not the set-up before it.

In each round every contender runs once, in turn; quoted are medians and quartiles over rounds of the ratio within a
round. Beside the epoch, forward and backward of the loss alone. The two losses are not the same number: cca-zoo's sums
squared correlations, ours correlations (Andrew et al. 2013). What training came to is shown by the sum of the training
set's canonical correlations after it, computed in float64 with the same small ridge for all.

    python benchmarks/deep_dcca.py --out benchmarks/results/deep_dcca.json

`pip install cca-zoo[deep]==4.0.1`, or leave the peer out with --no-peer.
"""

from __future__ import annotations

import argparse
import importlib
import logging
import statistics
import time
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from measured import operations, spread, write_result
from peers import require_cca_zoo
from torch import Tensor, nn

from commonspace.training.losses.correlation import correlation_loss

N, WIDTHS, HIDDEN, K, BATCH = 6000, (1280, 384), 512, 32, 512
RIDGE, RATE = 1e-4, 1e-3
Loss = Callable[[list[Tensor]], Tensor]


def planted(seed: int = 0) -> list[Tensor]:
    """Views that share K directions, of which each view sees a bent copy under noise."""
    rng = np.random.default_rng(seed)
    latent = rng.standard_normal((N, K))
    views = []
    for d in WIDTHS:
        signal = np.tanh(latent @ rng.standard_normal((K, d)) / K**0.5)
        views.append(torch.from_numpy((signal + rng.standard_normal((N, d))).astype(np.float32)))
    return views


def networks(seed: int = 0) -> list[nn.Module]:
    """One small network for each view; the same weights for the same seed."""
    torch.manual_seed(seed)
    return [nn.Sequential(nn.Linear(d, HIDDEN), nn.ReLU(), nn.Linear(HIDDEN, K)) for d in WIDTHS]


def plain_epochs(encoders: list[nn.Module], views: list[Tensor], loss: Loss, epochs: int) -> list[float]:
    """Seconds of each epoch of a loop without ceremony; the last incomplete batch is left out."""
    optimiser = torch.optim.Adam([p for encoder in encoders for p in encoder.parameters()], RATE)
    generator = torch.Generator().manual_seed(0)
    seconds = []
    for _ in range(epochs):
        started = time.perf_counter()
        order = torch.randperm(N, generator=generator)
        for start in range(0, N - BATCH + 1, BATCH):
            rows = order[start : start + BATCH]
            optimiser.zero_grad()
            outputs = [encoder(view[rows]) for encoder, view in zip(encoders, views, strict=True)]
            torch.autograd.backward(loss(outputs))
            optimiser.step()
        seconds.append(time.perf_counter() - started)
    return seconds


def commonspace_loop(views: list[Tensor], epochs: int) -> tuple[list[float], list[nn.Module]]:
    """Ours: seconds of each epoch and the trained networks."""
    encoders = networks()
    return plain_epochs(encoders, views, lambda outputs: correlation_loss(outputs, RIDGE), epochs), encoders


def peer_loop(views: list[Tensor], epochs: int) -> tuple[list[float], list[nn.Module]]:
    """cca-zoo's objective in the same loop."""
    encoders = networks()
    model = importlib.import_module("cca_zoo.deep").DCCA(K, encoders, learning_rate=RATE, reg_covar=RIDGE)
    return plain_epochs(encoders, views, model.objective, epochs), encoders


def peer_trainer(views: list[Tensor], epochs: int) -> tuple[list[float], list[nn.Module]]:
    """cca-zoo's module under Lightning's Trainer."""
    deep, lightning = importlib.import_module("cca_zoo.deep"), importlib.import_module("lightning.pytorch")
    encoders, seconds, started = networks(), [], 0.0

    class Clock(lightning.Callback):  # type: ignore[misc, name-defined]
        def on_train_epoch_start(self, *_: Any) -> None:
            nonlocal started
            started = time.perf_counter()

        def on_train_epoch_end(self, *_: Any) -> None:
            seconds.append(time.perf_counter() - started)

    data = deep.MultiviewDataset([view.numpy() for view in views])
    loader = torch.utils.data.DataLoader(data, batch_size=BATCH, shuffle=True, drop_last=True)
    quiet = dict.fromkeys(("logger", "enable_progress_bar", "enable_checkpointing", "enable_model_summary"), False)
    trainer = lightning.Trainer(max_epochs=epochs, accelerator="cpu", callbacks=[Clock()], **quiet)
    trainer.fit(deep.DCCA(K, encoders, learning_rate=RATE, reg_covar=RIDGE), loader)
    return seconds, encoders


def loss_seconds(loss: Loss, repeats: int = 50) -> float:
    """Seconds of forward and backward of a loss alone, on one batch of outputs."""
    generator = torch.Generator().manual_seed(0)
    outputs = [torch.randn(BATCH, K, generator=generator, requires_grad=True) for _ in WIDTHS]
    started = time.perf_counter()
    for _ in range(repeats):
        torch.autograd.grad(loss(outputs), outputs)
    return (time.perf_counter() - started) / repeats


def reached(encoders: list[nn.Module], views: list[Tensor]) -> float:
    """The sum of canonical correlations of the whole training set."""
    with torch.no_grad():
        outputs = [encoder(view).double() for encoder, view in zip(encoders, views, strict=True)]
        return -correlation_loss(outputs, 1e-6).item()


def compare(values: dict[str, list[float]]) -> dict[str, dict[str, float]]:
    """Medians and quartiles of each contender's ratio to ours."""
    ours, result = np.array(values["commonspace"]), {}
    for name, other in values.items():
        if name != "commonspace":
            result[f"{name} / commonspace"] = spread(np.array(other) / ours)
    return result


def alternate(run: dict[str, Callable[[], float]], rounds: int, pause: float) -> dict[str, list[float]]:
    """What each contender gives, each once in every round, after a warm-up."""
    values: dict[str, list[float]] = {name: [] for name in run}
    for name in [*run, *(name for _ in range(rounds) for name in run)]:
        time.sleep(pause)
        values[name].append(run[name]())
    return {name: found[1:] for name, found in values.items()}


def contenders(peer: bool) -> Iterator[tuple[str, Callable[[list[Tensor], int], tuple[list[float], list[nn.Module]]]]]:
    """Name -> views, epochs -> seconds of each epoch and the networks."""
    yield "commonspace", commonspace_loop
    if peer:
        yield "cca-zoo, loss", peer_loop
        yield "cca-zoo, Trainer", peer_trainer


def main() -> None:
    """Runs from the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True, metavar="FILE", help="the JSON file to write")
    parser.add_argument("--no-peer", action="store_true", help="do not compare with cca-zoo")
    parser.add_argument("--rounds", type=int, default=15, metavar="R", help="rounds")
    parser.add_argument("--epochs", type=int, default=3, metavar="E", help="epochs in each round; their median counts")
    parser.add_argument("--pause", type=float, default=0.1, metavar="SECONDS", help="wait before each run")
    arguments = parser.parse_args()
    peer = not arguments.no_peer
    if peer:
        require_cca_zoo()
        importlib.import_module("lightning.pytorch")  # sets its own level, so before ours
        logging.getLogger("lightning.pytorch").setLevel(logging.ERROR)
        warnings.filterwarnings("ignore", module="lightning")  # advice on data loading workers
    views, correlation = planted(), {}

    def timed(name: str, run: Callable[[list[Tensor], int], tuple[list[float], list[nn.Module]]]) -> float:
        seconds, encoders = run(views, arguments.epochs)
        correlation[name] = reached(encoders, views)
        return statistics.median(seconds)

    epochs = alternate(
        {name: lambda name=name, run=run: timed(name, run) for name, run in contenders(peer)},  # type: ignore[misc]
        arguments.rounds,
        arguments.pause,
    )
    losses: dict[str, Callable[[], float]] = {
        "commonspace": lambda: loss_seconds(lambda outputs: correlation_loss(outputs, RIDGE))
    }
    if peer:
        theirs = importlib.import_module("cca_zoo.deep.objectives").CCALoss(RIDGE)
        losses["cca-zoo"] = lambda: loss_seconds(theirs)
    alone = alternate(losses, 3 * arguments.rounds, 0)
    result: dict[str, Any] = {
        "items": N,
        "widths": list(WIDTHS),
        "network": [HIDDEN, K],
        "batch": BATCH,
        "rounds": arguments.rounds,
        "epochs_in_a_round": arguments.epochs,
        "threads": torch.get_num_threads(),
        "seconds_per_epoch": epochs,
        "median_seconds_per_epoch": {name: statistics.median(values) for name, values in epochs.items()},
        "ratios": compare(epochs),
        "sum_of_correlations_after_training": correlation,
        "loss_alone_seconds": {name: statistics.median(values) for name, values in alone.items()},
        "loss_alone_ratios": compare(alone),
        "operations_of_an_epoch": operations(lambda: commonspace_loop(views, 1)),
    }
    write_result(arguments.out, result, ("commonspace", "numpy", "torch", *(["cca-zoo", "lightning"] if peer else [])))
    for key in ("median_seconds_per_epoch", "ratios", "sum_of_correlations_after_training"):
        print(key, result[key])
    print("loss alone", result["loss_alone_seconds"], result["loss_alone_ratios"])


if __name__ == "__main__":
    main()
