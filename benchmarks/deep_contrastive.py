"""Time Contrastive's whole fit against a training loop written by hand in plain PyTorch.

6,000 items of (1280, 384) columns, batches of 512, the networks and parameters of the defaults, no validation, no
checkpoint. The loop has the same networks, optimiser and schedule, draws batches by index from tensors in memory, and
takes the loss as two calls of cross_entropy: what somebody would write who needs nothing else. In each round both run
once, in turn; quoted is the median over rounds of the loop's seconds over ours, so that 1 would be no overhead at all.

    python benchmarks/deep_contrastive.py --out benchmarks/results/deep_contrastive.json
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from measured import operations, seconds, spread, write_result
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F

from commonspace import Contrastive

N, DIMS = 6_000, {"image": 1280, "text": 384}
Views = dict[str, NDArray[np.float32]]


def planted() -> Views:
    """Views of 32 shared directions."""
    rng = np.random.default_rng(0)
    latent = rng.standard_normal((N, 32), np.float32)
    return {
        m: latent @ rng.standard_normal((32, d), np.float32) + 2 * rng.standard_normal((N, d), np.float32)
        for m, d in DIMS.items()
    }


class Residual(nn.Module):
    """A linear map plus a perceptron."""

    def __init__(self, d: int, k: int, hidden: int, dropout: float, noise: float) -> None:
        super().__init__()
        self.noise = nn.Dropout(noise)
        self.straight = nn.Linear(d, k, bias=False)
        self.curved = nn.Sequential(nn.Linear(d, hidden), nn.ReLU(), nn.Dropout(dropout), nn.Linear(hidden, k))

    def forward(self, x: Tensor) -> Tensor:
        """(n, d) -> (n, k) of unit length."""
        x = self.noise(x)
        return F.normalize(self.straight(x) + self.curved(x), dim=1)


def loop(views: Views, epochs: int, space: Contrastive) -> nn.ModuleDict:
    """The training by hand, with the parameters of `space`."""
    torch.manual_seed(0)
    tensors = {m: torch.from_numpy((x - x.mean(0)) / x.std(0)) for m, x in views.items()}
    k, hidden = space.n_components, space.hidden_sizes[0]
    networks = nn.ModuleDict({m: Residual(d, k, hidden, space.dropout, space.noise) for m, d in DIMS.items()})
    log_scale = nn.Parameter(torch.tensor(space.scale).log())
    optimizer = torch.optim.AdamW([*networks.parameters(), log_scale], lr=space.learning_rate, weight_decay=0.01)
    batches = round(N / space.batch_size)
    steps, warm = epochs * batches, max(1, epochs * batches // 20)

    def rate(step: int) -> float:
        if step < warm:
            return (step + 1) / warm
        return 0.5 * (1 + math.cos(math.pi * (step - warm) / (steps - warm)))

    scheduler = torch.optim.lr_scheduler.LambdaLR(optimizer, rate)
    for _ in range(epochs):
        for index in torch.randperm(N).tensor_split(batches):
            a, b = (networks[m](tensors[m][index]) for m in DIMS)
            logits = a @ b.T * log_scale.exp()
            right = torch.arange(len(index))
            there = F.cross_entropy(logits, right, label_smoothing=space.label_smoothing)
            back = F.cross_entropy(logits.T, right, label_smoothing=space.label_smoothing)
            optimizer.zero_grad()
            ((there + back) / 2).backward()  # type: ignore[no-untyped-call]
            optimizer.step()
            scheduler.step()
    return networks


def measure(rounds: int, epochs: int) -> dict[str, Any]:
    """Seconds of both in each round, and their ratio."""
    views = planted()
    space = Contrastive(validation_fraction=0, max_epochs=epochs, random_state=0)
    contenders: dict[str, Callable[[], Any]] = {
        "commonspace": lambda: space.fit(views),
        "loop": lambda: loop(views, epochs, space),
    }
    space.set_params(max_epochs=1)
    for run in contenders.values():  # the warm-up, with what is imported late
        run()
    space.set_params(max_epochs=epochs)
    took: dict[str, list[float]] = {name: [] for name in contenders}
    for i in range(rounds):
        for name in sorted(contenders, reverse=bool(i % 2)):
            took[name].append(seconds(contenders[name]))
    return {
        "shape": [N, *DIMS.values()],
        "batch_size": space.batch_size,
        "epochs": epochs,
        "rounds": rounds,
        "seconds": took,
        "median_seconds": {name: float(np.median(values)) for name, values in took.items()},
        "loop / commonspace": spread(np.divide(took["loop"], took["commonspace"])),
        "operations_of_an_epoch": operations(lambda: loop(views, 1, space)),
        "threads": torch.get_num_threads(),
    }


def main() -> None:
    """Runs from the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True, metavar="FILE", help="the JSON file to write")
    parser.add_argument("--rounds", type=int, default=7, metavar="R")
    parser.add_argument("--epochs", type=int, default=10, metavar="E")
    arguments = parser.parse_args()
    result = measure(arguments.rounds, arguments.epochs)
    write_result(arguments.out, result, ("commonspace", "torch", "pytorch-lightning", "numpy"))
    print(result["median_seconds"], result["loop / commonspace"])


if __name__ == "__main__":
    main()
