from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import commonspace as cs
from commonspace import scale
from commonspace.errors import InputError, ParameterError, UnknownNameError
from commonspace.scale import evaluating as module

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("joined")]


@pytest.fixture(scope="module")
def data(shown: Any) -> cs.Dataset:
    return shown(600)  # type: ignore[no-any-return]


@pytest.fixture(scope="module")
def parts(two_nodes: Any, data: cs.Dataset, tmp_path_factory: pytest.TempPathFactory) -> scale.Partitions:
    return scale.encode(data, tmp_path_factory.mktemp("encoded"), rows=64, address=two_nodes.address)


def test_the_report_is_that_of_one_machine(two_nodes, parts, data, monkeypatch):
    space = cs.CCA(8).fit(data.split("train").views)
    alone = cs.evaluate(space, data.split("test"), ks=(1, 3))
    for block in (module.BLOCK, 64):
        monkeypatch.setattr(module, "BLOCK", block)
        report = scale.evaluate(space, parts, split="test", ks=(1, 3), address=two_nodes.address)
        assert report.to_dict() == alone.to_dict()
    assert alone.recall["image->text"][1] > 0.1
    assert alone.map["text->image"] > 0.4


def test_a_joint_space_is_measured_too(two_nodes, parts, data):
    space = cs.EarlyFusion(4).fit(data.split("train").views)
    alone = cs.evaluate(space, data).to_dict()
    told = scale.evaluate(space, parts, address=two_nodes.address).to_dict()
    assert {k: v for k, v in told.items() if k != "params"} == {k: v for k, v in alone.items() if k != "params"}


def test_cuts_are_looked_at_before_anything_is_embedded(two_nodes, parts, data, monkeypatch):
    space = cs.CCA(2).fit(data.split("train").views)
    monkeypatch.setattr(module, "run_tasks", None)
    wrong: list[Any] = [(0,), ("a",), ()]
    for ks in wrong:
        with pytest.raises(ParameterError, match="ks"):
            scale.evaluate(space, parts, ks=ks, address=two_nodes.address)


def test_mistakes_are_named(two_nodes, parts, data):
    other = cs.CCA(2).fit({"image": data.view("image"), "sound": data.view("text")[:, 0]})
    with pytest.raises(InputError, match="shown has image, text, the space image, sound"):
        scale.evaluate(other, parts, address=two_nodes.address)
    space = cs.CCA(2).fit({"image": data.view("image"), "text": np.nan_to_num(data.view("text")[:, 0])})
    with pytest.raises(UnknownNameError, match="nonsense"):
        scale.evaluate(space, parts, split="nonsense", address=two_nodes.address)
