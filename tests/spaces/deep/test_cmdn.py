"""CMDN: stages and sizes of each preset, threefold data, the joint machine, resuming."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from commonspace import CMDN
from commonspace.errors import ParameterError
from commonspace.spaces.deep.base import Classes
from commonspace.spaces.deep.cmdn_network import JointAutoencoder, JointMachine, masked_copies
from commonspace.training.autoencoders import DeepAutoencoder, FirstLayer
from commonspace.training.items import Batch, Items

from .bent import bent, counts, stopped_at

pytestmark = pytest.mark.slow  # stages upon stages

FAST: dict[str, Any] = {"hidden_sizes": (32, 16), "learning_rate": 5e-3, "random_state": 0, "batch_size": 64}
DIMS = {"image": 3, "text": 2}


def drawn(views: dict[str, Any], targets: Any = None) -> Batch:
    items = Items(views, targets)
    return items.draw(torch.arange(len(items)), torch.Generator())


def test_classes_are_found_across_modalities():
    space = CMDN(8, **FAST).fit(*bent(400, 0))
    assert space.score(*bent(120, 1)) > 0.9  # chance is .25
    assert space.stages_ == (
        "codes-intra-first",
        "codes-intra-whole",
        "codes-inter-layer1",
        "codes-inter-layer2",
        "codes-inter-joint",
        "combination",
        "classifiers",
        *(f"level{i}" for i in range(1, 5)),
    )
    stages = space.history_["stage"]
    for stage in range(11):
        losses = space.history_["validation_loss"][stages == stage]
        assert losses.min() < losses[0]


def test_three_modalities_and_gaps_are_learnt_from():
    views, labels = bent(300, 0, modalities=3)
    views["sound"][::3] = np.nan
    views["image"][1::3] = np.nan
    space = CMDN(8, **FAST, max_epochs=20).fit(views, labels)
    assert space.score(*bent(100, 1, modalities=3)) > 0.8


def test_copies_see_everything_and_then_each_modality_alone():
    a, b = torch.tensor([[1.0, 2.0], [3.0, 4.0]]), torch.tensor([[5.0], [6.0]])
    expected = [[1, 2, 5], [3, 4, 6], [1, 2, 0], [3, 4, 0], [0, 0, 5], [0, 0, 6]]
    assert masked_copies([a, b]).tolist() == expected
    assert len(masked_copies([a, b, b])) == 8


def test_a_modality_alone_is_coded_as_with_the_others_zero():
    torch.manual_seed(0)
    network = JointAutoencoder(DIMS, 4)
    x = torch.randn(5, 2)
    whole = torch.sigmoid(network.encoder(torch.cat([torch.zeros(5, 3), x], 1)))
    torch.testing.assert_close(network.code("text", x), whole)


def test_the_loss_of_a_level_is_that_of_the_formula():
    torch.manual_seed(0)
    network = JointAutoencoder(DIMS, 4, Classes(2, True), label_weight=3.0)
    views = {m: np.random.default_rng(i).standard_normal((6, d)) for i, (m, d) in enumerate(DIMS.items())}
    labels = torch.tensor([0, 1, 0, 1, 1, 0])
    batch = drawn(views, np.eye(2)[labels.numpy()])
    terms = network.loss(batch)
    image, text = batch.views["image"], batch.views["text"]
    seen = masked_copies([image, text])
    code = torch.sigmoid(network.encoder(seen))
    made = network.decoder(code)
    errors = [F.mse_loss(made[:, :3], image.repeat(3, 1)), F.mse_loss(made[:, 3:], text.repeat(3, 1))]
    assert terms["reconstruction"].item() == pytest.approx((errors[0] + errors[1]).item() / 2, rel=1e-5)
    assert network.head is not None
    entropy = F.cross_entropy(network.head(code), labels.repeat(3))
    assert terms["label"].item() == pytest.approx(3 * entropy.item(), rel=1e-5)


def test_copies_of_what_an_item_lacks_do_not_count():
    torch.manual_seed(0)
    network = JointAutoencoder(DIMS, 4, Classes(2, True))
    rng = np.random.default_rng(0)
    image, text, targets = rng.standard_normal((3, 3)), rng.standard_normal((3, 2)), np.eye(2)[[0, 1, 1]]
    text[2] = np.nan
    terms = network.loss(drawn({"image": image, "text": text}, targets))
    lone = torch.from_numpy(image[2:]).float()
    code = network.code("image", lone)
    both = network.loss(drawn({"image": image[:2], "text": text[:2]}, targets[:2]))
    # Of 8 copies that see something, the two of the third item are alike.
    assert network.head is not None
    entropy = F.cross_entropy(network.head(code), torch.tensor([1])).item()
    assert terms["label"].item() == pytest.approx((6 * both["label"].item() + 2 * entropy) / 8, rel=1e-5)


def test_the_joint_machine_expects_of_the_other_modality_what_its_distribution_says():
    """Two modalities that name one of four classes; the exact conditional is a sum over all states of the other."""
    torch.manual_seed(0)
    network = JointMachine({"a": 4, "b": 4}, 8)
    named = np.eye(4, dtype=np.float32)[np.random.default_rng(0).integers(0, 4, 400)]
    batch = drawn({"a": named, "b": named})
    network.begin(Items({"a": named, "b": named}))
    optimiser = torch.optim.AdamW(network.parameters(), 1e-2)
    for _ in range(600):
        optimiser.zero_grad()
        network.loss(batch)["joint"].backward()  # type: ignore[no-untyped-call]
        optimiser.step()
    machine, one = network.machine, torch.eye(4)
    states = torch.cartesian_prod(*[torch.tensor([0.0, 1.0])] * 4)
    with torch.no_grad():
        for row in one:
            share = torch.softmax(-machine.free_energy(torch.cat([row.expand(16, 4), states], 1)), 0)
            expected = machine.visible(network.embed("a", row[None]))[0, 4:]
            torch.testing.assert_close(expected, share @ states, atol=0.05, rtol=0)
        both = machine.hidden(torch.cat([one, one], 1))
        for m in ("a", "b"):
            torch.testing.assert_close(network.embed(m, one), both, atol=0.05, rtol=0)
        assert torch.cdist(both, both).max() > 0.5


def test_items_that_lack_a_modality_leave_the_joint_machine_alone():
    network = JointMachine(DIMS, 4)
    views = {"image": np.ones((3, 3)), "text": np.full((3, 2), np.nan)}
    loss = network.loss(drawn(views))["joint"]
    assert loss.item() == 0
    loss.backward()  # type: ignore[no-untyped-call]
    assert network.machine.weight.grad is not None
    assert not network.machine.weight.grad.any()


def test_the_first_layer_is_the_autoencoders_own():
    whole = DeepAutoencoder(DIMS, (5, 4), "relu")
    first = FirstLayer(whole)
    whole_parameters = {id(p) for p in whole.parameters()}
    assert {id(p) for p in first.parameters()} < whole_parameters
    assert first.widths == {"image": 5, "text": 5}


def test_intra_modal_codes_lie_between_0_and_1_for_any_row():
    whole = DeepAutoencoder(DIMS, (5, 4), "relu")
    rng = np.random.default_rng(0)
    items = Items({m: rng.standard_normal((50, d)) for m, d in DIMS.items()})
    whole.settle(items)
    with torch.no_grad():
        train = whole.embed("image", items.rows("image"))
        far = whole.embed("image", 100 * torch.randn(50, 3))
    assert (train.min().item(), train.max().item()) == (0, 1)
    assert far.min() >= 0
    assert far.max() <= 1


def test_the_paper_preset_has_the_published_sizes():
    space = CMDN(preset="paper", counts=["text"])
    with torch.device("meta"):
        network = space._network({"image": 2296, "text": 3000}, Classes(10, True))
    shapes = {name: tuple(p.shape) for name, p in network.named_parameters(remove_duplicate=True)}
    machines = [shape for name, shape in shapes.items() if name.endswith("machine.weight")]
    assert machines == [
        *[(2296, 2048), (3000, 1024), (2048, 1024), (1024, 1024), (2048, 2048)],  # inter-modal
        *[(2560, 1024), (2560, 1024)],  # combination
    ]
    encoders = [shape for name, shape in shapes.items() if name.startswith("networks.0") and len(shape) == 2]
    assert {(1024, 2296), (1024, 3000), (512, 1024), (1024, 512), (2296, 1024), (3000, 1024)} <= set(encoders)
    classifiers = [
        shape for name, shape in shapes.items() if name.startswith("networks.2.bodies.0") and len(shape) == 2
    ]
    assert classifiers == [(1024, 1024)] * 3
    levels = [shape for name, shape in shapes.items() if name.endswith("encoder.weight")]
    assert levels == [(512, 2048), (256, 1024), (128, 512), (64, 256)]


@pytest.mark.slow
def test_the_paper_preset_runs_twenty_steps_of_each_stage():
    views, labels = counts(40, 0)
    space = CMDN(
        preset="paper", counts=["words"], max_epochs=20, batch_size=40, validation_fraction=0, random_state=0
    ).fit(views, labels)
    assert len(space.stages_) == 11
    assert [int((space.history_["stage"] == i).sum()) for i in range(11)] == [20] * 11
    assert all(np.isfinite(z).all() and z.shape == (40, 64) for z in space.transform(views).values())


def test_small_machines_learn_from_counts():
    params: dict[str, Any] = {**FAST, "counts": ["words"], "max_epochs": 20}
    space = CMDN(8, preset="paper", **params).fit(*counts(300, 0))
    assert space.score(*counts(100, 1)) > 0.5  # chance is .25


def test_what_cannot_work_is_refused():
    with pytest.raises(ParameterError, match="expected at least one layer"):
        CMDN(4, hidden_sizes=()).fit(*bent(40, 0))
    with pytest.raises(ParameterError, match="counts: expected none"):
        CMDN(4, counts=["text"]).fit(*bent(40, 0))


@pytest.mark.parametrize("stage", [0, 1, 4, 10])
def test_a_training_stopped_in_any_stage_resumes_to_the_same_space(
    stage: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    views, labels = bent(80, 0)

    def make() -> CMDN:
        return CMDN(2, **{**FAST, "hidden_sizes": (8, 6), "max_epochs": 3, "patience": None})

    whole = make().fit(views, labels)
    with stopped_at(monkeypatch, 3 * stage + 1), pytest.raises(KeyboardInterrupt):
        make().fit(views, labels, checkpoint=tmp_path / "run")
    resumed = make().fit(views, labels, checkpoint=tmp_path / "run", resume=True)
    assert resumed.fingerprint == whole.fingerprint
    assert len(list(tmp_path.iterdir())) == 11
