"""CCL: both grains and their parts, the stages of each preset, the loss of the last one, resuming."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from commonspace import CCL
from commonspace.errors import ParameterError, UnknownNameError
from commonspace.spaces.deep.base import Classes
from commonspace.spaces.deep.ccl_network import ComparedCodes, OfParts, OfWhole
from commonspace.training.autoencoders import DenoisingLayer
from commonspace.training.items import Items

from .bent import bent, counts, stopped_at

pytestmark = pytest.mark.slow  # stages upon stages

FAST: dict[str, Any] = {"hidden_sizes": (32,), "learning_rate": 5e-3, "random_state": 0, "batch_size": 64}
TEN = Classes(10, True)


def test_classes_are_found_across_modalities():
    space = CCL(32, **FAST).fit(*bent(400, 0))
    assert space.score(*bent(120, 1)) > 0.9  # chance is .25
    assert space.stages_ == (
        "grains-coarse-layer1",
        "grains-coarse-correspondence",
        "grains-fine-layer1",
        "grains-fine-correspondence",
        "joint",
        "classifiers",
        "codes",
    )
    stages, epochs = space.history_["stage"], space.history_["epoch"]
    assert set(stages) == set(range(7))
    assert len(stages) == len(epochs)
    assert np.isfinite(space.history_["validation_loss"]).all()
    np.testing.assert_array_equal(np.isfinite(space.history_["validation_score"]), stages == 6)
    for stage in range(5):
        losses = space.history_["validation_loss"][stages == stage]
        assert losses.min() < losses[0]


def test_three_modalities_and_gaps_are_learnt_from():
    views, labels = bent(300, 0, modalities=3)
    views["sound"][::3] = np.nan
    views["image"][1::3] = np.nan
    space = CCL(16, **FAST, max_epochs=20).fit(views, labels)
    assert space.score(*bent(100, 1, modalities=3)) > 0.8


def test_parts_that_are_equal_are_as_the_whole():
    views, labels = bent(150, 0)
    params: dict[str, Any] = {**FAST, "hidden_sizes": (16, 12), "max_epochs": 3, "noise": 0.0}
    plain = CCL(8, **params).fit(views, labels).transform(views)
    tiled = {**views, "image": np.tile(views["image"], (1, 3))}
    parts = CCL(8, **params, parts={"image": 3}).fit(tiled, labels).transform(tiled)
    for m in views:
        np.testing.assert_allclose(parts[m], plain[m], atol=2e-3)


def test_the_order_of_parts_makes_no_difference_but_what_they_are_does():
    views, labels = bent(150, 0)
    rng = np.random.default_rng(0)
    crops = np.stack([views["image"] + 0.3 * rng.standard_normal(views["image"].shape) for _ in range(2)])
    columns = {**views, "image": np.concatenate(list(crops), axis=1)}
    space = CCL(8, **FAST, max_epochs=3, parts={"image": 2}, standardise=False).fit(columns, labels)
    embedded = space.transform(columns)["image"]
    turned = space.transform({"image": np.concatenate(list(crops[::-1]), axis=1)})["image"]
    np.testing.assert_allclose(turned, embedded, atol=1e-4)
    mean = np.tile(crops.mean(0), (1, 2))  # the same whole, of other parts
    assert np.abs(space.transform({"image": mean})["image"] - embedded).max() > 1e-2


def test_what_a_grain_sees():
    torch.manual_seed(0)
    x = torch.arange(12.0).reshape(2, 6) / 12
    layer = DenoisingLayer(3, 4)
    first, second = layer.hidden(x[:, :3]), layer.hidden(x[:, 3:])
    torch.testing.assert_close(OfParts(layer, 2, mean=True).hidden(x), (first + second) / 2)
    torch.testing.assert_close(OfParts(layer, 2, mean=False).hidden(x), torch.cat([first, second], 1))
    torch.testing.assert_close(OfWhole(layer, 2, total=False).hidden(x), layer.hidden((x[:, :3] + x[:, 3:]) / 2))
    torch.testing.assert_close(OfWhole(layer, 2, total=True).hidden(x), layer.hidden(x[:, :3] + x[:, 3:]))


def test_the_last_loss_is_that_of_the_formula():
    torch.manual_seed(0)
    dims = {"image": 4, "text": 4}
    network = ComparedCodes(dims, 5, Classes(3, True), margin=1.0)
    views = {m: np.random.default_rng(i).standard_normal((6, 4)) for i, m in enumerate(dims)}
    labels = np.array([0, 1, 2, 0, 1, 2])
    items = Items(views, np.eye(3)[labels])
    batch = items.draw(torch.arange(6), torch.Generator())
    terms = network.loss(batch)
    h = [network.code(m, batch.views[m]) for m in dims]
    total = 0.0
    for i in range(6):
        for j in range(6):
            d = (h[0][i] - h[1][j]).norm().item()
            total += d**2 if labels[i] == labels[j] else max(0.0, 1 - d) ** 2
    assert terms["contrastive"].item() == pytest.approx(total / 12, rel=1e-4)
    y = torch.from_numpy(labels)
    entropy = sum(F.cross_entropy(network.heads(m, network.bodies(m, batch.views[m])), y).item() for m in dims)
    assert terms["label"].item() == pytest.approx(entropy, rel=1e-5)


def test_the_paper_preset_has_the_published_sizes():
    space = CCL(preset="paper", parts={"image": 3, "text": 2}, counts=["text"])
    with torch.device("meta"):
        network = space._network({"image": 3 * 4096, "text": 2 * 1000}, TEN)
    shapes = {name: tuple(p.shape) for name, p in network.named_parameters()}
    machines = [shape for name, shape in shapes.items() if name.endswith("machine.weight")]
    grain = [(4096, 2048), (1000, 1024), (2048, 1024), (1024, 1024)]  # coarse and fine alike
    assert machines == [*grain, *grain, (2048, 2048), (2048, 2048)]
    middle = [shape for name, shape in shapes.items() if "middle" in name and name.endswith("weight")]
    assert middle == [(1024, 1024)] * 4
    classifiers = [
        shape for name, shape in shapes.items() if name.startswith("networks.2.bodies.0") and len(shape) == 2
    ]
    assert classifiers == [(1024, 2048), (1024, 1024), (1024, 1024)]
    assert network.n_components == 1024


def test_what_is_passed_overrules_the_preset():
    space = CCL(12, preset="paper", hidden_sizes=(20,), max_epochs=3)
    assert (space.n_components, space.hidden_sizes, space.max_epochs) == (12, (20,), 3)


@pytest.mark.slow
def test_the_paper_preset_runs_twenty_steps_of_each_stage():
    views, labels = counts(40, 0)
    views = {m: np.tile(x, (1, 2)) for m, x in views.items()}
    space = CCL(
        preset="paper",
        parts={"image": 2, "words": 2},
        counts=["words"],
        max_epochs=20,
        batch_size=40,
        validation_fraction=0,
        random_state=0,
    ).fit(views, labels)
    assert len(space.stages_) == 9
    assert [int((space.history_["stage"] == i).sum()) for i in range(9)] == [20] * 9
    assert all(np.isfinite(z).all() and z.shape == (40, 1024) for z in space.transform(views).values())


def test_small_machines_learn_from_counts_and_parts():
    views, labels = counts(300, 0)
    tiled = {m: np.tile(x, (1, 2)) for m, x in views.items()}
    params: dict[str, Any] = {**FAST, "parts": {"words": 2}, "counts": ["words"], "max_epochs": 20}
    space = CCL(16, preset="paper", **params).fit({**views, "words": tiled["words"]}, labels)
    held, held_labels = counts(100, 1)
    assert space.score({**held, "words": np.tile(held["words"], (1, 2))}, held_labels) > 0.5  # chance is .25


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"parts": {"image": 3}}, "image has 10 columns, which are no 3 equal blocks"),
        ({"parts": {"image": 0}}, "no 0 equal blocks"),
        ({"parts": {"image": 2.0}}, "no 2.0 equal blocks"),
        ({"hidden_sizes": ()}, "expected at least one layer"),
        ({"counts": ["text"]}, "counts: expected none"),
    ],
)
def test_what_cannot_work_is_refused(params: Any, message: str):
    with pytest.raises(ParameterError, match=message):
        CCL(4, **params).fit(*bent(40, 0))


def test_parts_of_an_unknown_modality_are_refused():
    with pytest.raises(UnknownNameError, match="did you mean 'image'"):
        CCL(4, parts={"imag": 2}).fit(*bent(40, 0))


@pytest.mark.parametrize("stage", [0, 3, 6])
def test_a_training_stopped_in_any_stage_resumes_to_the_same_space(
    stage: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    views, labels = bent(80, 0)

    def make() -> CCL:
        return CCL(4, **{**FAST, "hidden_sizes": (8,), "max_epochs": 3, "patience": None})

    whole = make().fit(views, labels)
    with stopped_at(monkeypatch, 3 * stage + 1), pytest.raises(KeyboardInterrupt):
        make().fit(views, labels, checkpoint=tmp_path / "run")
    resumed = make().fit(views, labels, checkpoint=tmp_path / "run", resume=True)
    assert resumed.fingerprint == whole.fingerprint
    assert len(list(tmp_path.iterdir())) == 7
