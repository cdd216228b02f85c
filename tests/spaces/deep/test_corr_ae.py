"""Correspondence autoencoders: what is tied, what is reconstructed, pretraining, counts, stages that resume."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from commonspace import CorrAE
from commonspace.errors import InputError, ParameterError, StorageError, UnknownNameError
from commonspace.spaces.deep.base import Classes
from commonspace.training.correspondence import Correspondence
from commonspace.training.items import Batch, Items

from .bent import bent, counts, stopped_at

NONE = Classes(0, True)
FAST: dict[str, Any] = {"hidden_sizes": (32,), "learning_rate": 1e-2, "random_state": 0}
DIMS = {"image": 5, "text": 4}


def whole_batch(views: dict[str, Any]) -> Batch:
    items = Items(views)
    return items.draw(torch.arange(len(items)), torch.Generator().manual_seed(0))


@pytest.mark.parametrize(
    "params",
    [
        {},
        {"pretraining": None},
        {"pretraining": "rbm"},
        {"reconstruct": "cross", "tie": 0.2},
        {"reconstruct": "full"},
        {"reconstruct": "full", "tie_by": "weights"},
    ],
    ids=str,
)
def test_items_are_found_in_the_other_modality_through_bent_views(params: Any):
    space = CorrAE(16, **{**FAST, "batch_size": 64, **params}).fit(bent(400, 0)[0])
    views, labels = bent(120, 1)
    assert space.score(views, labels) > 0.75  # chance is .25


def test_three_modalities_and_gaps_are_learnt_from():
    views, _ = bent(300, 0, modalities=3)
    views["sound"][::3] = np.nan
    space = CorrAE(16, **FAST, batch_size=64).fit(views)
    held, held_labels = bent(100, 1, modalities=3)
    assert space.score(held, held_labels) > 0.7


def test_items_with_one_modality_change_what_is_learnt():
    views, _ = bent(200, 0)
    more = {m: np.concatenate([x, x]) for m, x in views.items()}
    more["text"][200:] = np.nan
    params: dict[str, Any] = {**FAST, "max_epochs": 3, "pretraining": None}
    a, b = (CorrAE(8, **params).fit(v).transform(views)["image"] for v in (views, more))
    assert not np.allclose(a, b)


@pytest.mark.parametrize("reconstruct", ["cross", "full"])
def test_tied_weights_are_one_parameter_that_every_modality_uses(reconstruct: Any):
    network = Correspondence(DIMS, 3, (6,), reconstruct=reconstruct, tie_by="weights")
    apart = Correspondence(DIMS, 3, (6,), reconstruct=reconstruct)
    assert (len(network.middle), len(apart.middle)) == (1, 2)
    assert len(network.decoders) == 2  # one for each target
    assert len(apart.decoders) == {"cross": 2, "full": 4}[reconstruct]
    for m, d in DIMS.items():
        network.zero_grad()
        network.code(m, torch.randn(7, d)).sum().backward()  # type: ignore[no-untyped-call]
        gradient = network.middle[0].weight.grad
        assert isinstance(gradient, torch.Tensor)
        assert gradient.abs().sum() > 0
    before = network.code("text", torch.ones(1, 4))
    with torch.no_grad():
        network.middle[0].weight.add_(1)  # type: ignore[operator]
    assert not torch.equal(network.code("text", torch.ones(1, 4)), before)


def test_the_loss_is_that_of_the_formula():
    torch.manual_seed(0)
    network = Correspondence(DIMS, 3, (6,), tie=0.7)
    views = {m: np.random.default_rng(0).standard_normal((9, d)) for m, d in DIMS.items()}
    terms = network.loss(whole_batch(views))
    codes, errors = [], 0.0
    for i, (m, view) in enumerate(views.items()):
        x = torch.tensor(view, dtype=torch.float32)
        codes.append(network.code(m, x))
        errors += (network.decoders[i](codes[-1]) - x).square().sum(1).mean().item()
    assert terms["reconstruction"].item() == pytest.approx(0.3 * errors, rel=1e-5)
    tie = (codes[0] - codes[1]).square().sum(1).mean().item()
    assert terms["tie"].item() == pytest.approx(0.7 * tie, rel=1e-5)


def test_pretrained_layers_stay_as_they_are_in_the_last_stage():
    space = CorrAE(4, **{**FAST, "max_epochs": 2})
    network = space._network(DIMS, NONE)
    batch = whole_batch({m: np.ones((6, d)) for m, d in DIMS.items()})
    torch.stack(list(network.loss(batch).values())).sum().backward()  # type: ignore[no-untyped-call]
    layers, last = network.networks
    assert all(p.grad is None for p in layers.parameters())
    assert any(p.grad is not None for p in last.parameters())


def test_codes_are_z_scored_by_the_training_items():
    views, _ = bent(200, 0)
    space = CorrAE(8, **FAST, max_epochs=4, normalize=False, validation_fraction=0).fit(views)
    for z in space.transform(views).values():
        np.testing.assert_allclose(z.mean(0), 0, atol=1e-3)
        np.testing.assert_allclose(z.std(0), 1, atol=1e-3)


def test_word_counts_go_through_a_replicated_softmax_and_are_not_standardised():
    params: dict[str, Any] = {**FAST, "hidden_sizes": (32, 16), "pretraining": "rbm", "counts": ["words"]}
    space = CorrAE(16, **{**params, "batch_size": 64}).fit(counts(400, 0)[0])
    np.testing.assert_array_equal(space.means_["words"], 0)
    np.testing.assert_array_equal(space.scales_["words"], 1)
    assert space.stages_ == ("layer1", "layer2", "correspondence")
    first: Any = space._network(space.dims_, NONE).stages[0].network
    assert [layer.machine.kind for layer in first.layers.values()] == ["gaussian", "replicated-softmax"]
    assert first.widths == {"image": 32, "words": 16}
    held, labels = counts(120, 1)
    assert space.score(held, labels) > 0.35  # chance is .25


def test_paper_sizes_build():
    space = CorrAE(1024, pretraining="rbm", hidden_sizes=(2048, 1024), counts=["text"])
    with torch.device("meta"):
        network: Any = space._network({"image": 2296, "text": 3000}, NONE)
    assert [stage.network.widths for stage in network.stages] == [
        {"image": 2048, "text": 1024},
        {"image": 1024, "text": 1024},
        {"image": 1024, "text": 1024},
    ]


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"tie_by": "weights"}, 'expected reconstruct="cross" or "full"'),
        (
            {"tie_by": "weights", "reconstruct": "full", "pretraining": None, "hidden_sizes": ()},
            "expected a hidden layer",
        ),
        ({"counts": ["text"]}, "counts: expected none"),
    ],
)
def test_what_cannot_work_is_refused(params: Any, message: str):
    with pytest.raises(ParameterError, match=message):
        CorrAE(4, **params).fit(bent(40, 0)[0])


def test_counts_of_an_unknown_modality_are_refused():
    with pytest.raises(UnknownNameError, match="did you mean 'text'"):
        CorrAE(4, pretraining="rbm", counts=["txt"]).fit(bent(40, 0)[0])


@pytest.mark.parametrize("wrong", [-1.0, 0.5])
def test_counts_that_are_none_are_refused(wrong: float):
    views, _ = counts(40, 0)
    space = CorrAE(4, **{**FAST, "max_epochs": 1}, pretraining="rbm", counts=["words"]).fit(views)
    views["words"][5] = np.nan
    assert np.isfinite(space.transform(views)["words"][4]).all()
    views["words"][7, 3] = wrong
    for use in (space.transform, space.fit):
        with pytest.raises(InputError, match=rf"words: expected counts, whole numbers of 0 or more, got {wrong:g};"):
            use(views)


@pytest.mark.parametrize("stage", range(3))
def test_a_training_stopped_in_any_stage_resumes_to_the_same_space(
    stage: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    views, _ = bent(120, 0)

    def make() -> CorrAE:
        return CorrAE(6, **{**FAST, "hidden_sizes": (12, 8), "max_epochs": 4, "dropout": 0.2, "patience": None})

    whole = make().fit(views)
    with stopped_at(monkeypatch, 4 * stage + 2), pytest.raises(KeyboardInterrupt):
        make().fit(views, checkpoint=tmp_path / "run")
    resumed = make().fit(views, checkpoint=tmp_path / "run", resume=True)
    assert resumed.fingerprint == whole.fingerprint
    assert {p.name for p in tmp_path.iterdir()} == {"run", "run.layer1", "run.layer2"}


def test_a_training_that_begins_anew_leaves_nothing_of_an_earlier_one_to_be_resumed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    views, _ = bent(80, 0)
    path, beside = tmp_path / "run", tmp_path / "run.txt"
    beside.write_text("mine")

    def make() -> CorrAE:
        return CorrAE(6, **{**FAST, "hidden_sizes": (12, 8), "max_epochs": 2, "random_state": None})

    make().fit(views, checkpoint=path)
    earlier = {name: (tmp_path / name).read_bytes() for name in ("run", "run.layer1", "run.layer2")}
    with stopped_at(monkeypatch, 3), pytest.raises(KeyboardInterrupt):
        make().fit(views, checkpoint=path)
    assert {p.name for p in tmp_path.iterdir()} == {"run.layer1", "run.layer2", "run.txt"}
    beside.unlink()
    for name in ("run", "run.layer2"):
        kept = (tmp_path / name).read_bytes() if (tmp_path / name).exists() else None
        (tmp_path / name).write_bytes(earlier[name])
        with pytest.raises(StorageError, match=r"is of a training from seed \d+, expected \d+"):
            make().fit(views, checkpoint=path, resume=True)
        (tmp_path / name).unlink()
        if kept is not None:
            (tmp_path / name).write_bytes(kept)
    one = make().fit(views, checkpoint=path, resume=True)
    assert make().fit(views, checkpoint=path, resume=True).fingerprint == one.fingerprint
