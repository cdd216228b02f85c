from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import commonspace as cs
from commonspace import scale
from commonspace.errors import InputError, ParameterError, StorageError, UnknownNameError

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("joined")]
N, ROWS = 1000, 24  # 42 partitions, three groups of them


@pytest.fixture(scope="module")
def data(shown: Any) -> cs.Dataset:
    return shown(N)  # type: ignore[no-any-return]


@pytest.fixture(scope="module")
def parts(two_nodes: Any, data: cs.Dataset, tmp_path_factory: pytest.TempPathFactory) -> scale.Partitions:
    return scale.encode(data, tmp_path_factory.mktemp("encoded"), rows=ROWS, address=two_nodes.address)


def test_moments_are_those_of_one_machine_and_cca_is_that_of_fit(two_nodes, parts, data):
    space = cs.CCA(3)
    fitted = scale.fit(space, parts, split="train", address=two_nodes.address)
    assert not vars(space).keys() & {"weights_", "moments_"}
    stream = cs.CCA(3)
    for part in parts.parts(split="train"):
        stream.partial_fit(part.views)
    assert fitted.dims_ == stream.dims_
    [mine], [theirs] = fitted.moments_, stream.moments_
    assert mine["n"] == theirs["n"]
    for what in ("mean", "scatter"):
        np.testing.assert_allclose(mine[what], theirs[what], rtol=0, atol=1e-10 * np.abs(theirs[what]).max())
    train = data.split("train").views
    whole = cs.CCA(3).fit(train)
    np.testing.assert_allclose(fitted.correlations_, whole.correlations_, atol=1e-6)
    for modality, embedded in fitted.transform(train).items():
        np.testing.assert_allclose(embedded, stream.transform(train)[modality], atol=1e-6)
        # fit multiplies float32 rows in other blocks than batches do.
        np.testing.assert_allclose(embedded, whole.transform(train)[modality], atol=1e-5)


@pytest.mark.parametrize("space", [cs.MCCA(4), cs.GCCA(4), cs.PLS(4), cs.CFA(4)], ids=lambda s: type(s).__name__)
def test_every_linear_space_learns_on_a_cluster_what_it_learns_on_one_machine(two_nodes, parts, data, space):
    fitted = scale.fit(space, parts, address=two_nodes.address)
    whole = type(space)(4).fit(data.views)
    np.testing.assert_allclose(fitted.correlations_, whole.correlations_, rtol=1e-5, atol=1e-6)


def test_what_is_finished_is_kept_and_not_done_again(two_nodes, parts, tmp_path):
    how = {"split": "train", "work": tmp_path / "work", "address": two_nodes.address}
    first = scale.fit(cs.CCA(4), parts, **how)
    kept = {file.name: file.stat().st_mtime_ns for file in (tmp_path / "work").glob("moments-*")}
    assert len(kept) == 3
    (tmp_path / "work" / "moments-000001.npz").unlink()
    again = scale.fit(cs.CCA(4), parts, **how)
    after = {file.name: file.stat().st_mtime_ns for file in (tmp_path / "work").glob("moments-*")}
    assert [name for name in kept if after[name] != kept[name]] == ["moments-000001.npz"]
    assert first.fingerprint == again.fingerprint
    with pytest.raises(StorageError, match="another job"):
        scale.fit(cs.CCA(5), parts, **how)
    (tmp_path / "work" / "moments-000002.npz").write_bytes(b"PK\x03\x04 and no more")
    with pytest.raises(StorageError, match=r"moments-000002\.npz is damaged .*; delete it"):
        scale.fit(cs.CCA(4), parts, **how)


def test_a_split_that_is_not_there_leaves_work_to_the_right_one(two_nodes, parts, tmp_path):
    how = {"work": tmp_path / "work", "address": two_nodes.address}
    with pytest.raises(InputError, match="no item of split trian to learn from"):
        scale.fit(cs.CCA(3), parts, split="trian", **how)
    assert [file.name for file in (tmp_path / "work").iterdir()] == ["job.json"]
    assert scale.fit(cs.CCA(3), parts, split="train", **how).n_components_ == 3


def test_mistakes_are_named(two_nodes, parts, tmp_path):
    how = {"address": two_nodes.address}
    with pytest.raises(ParameterError, match="KCCA learns from all items at once"):
        scale.fit(cs.KCCA(), parts, **how)
    with pytest.raises(InputError, match="no item of split nonsense to learn from"):
        scale.fit(cs.CCA(2), parts, split="nonsense", **how)
    with pytest.raises(ParameterError, match="n_components=5000, but"):
        scale.fit(cs.CCA(5000), parts, **how)
    with pytest.raises(ParameterError, match=r"ridge=\"?'?validation"):
        scale.fit(cs.CCA(2, ridge="validation"), parts, **how)
    with pytest.raises(StorageError, match="no data set in partitions"):
        scale.fit(cs.CCA(2), tmp_path, **how)
    without = scale.encode(cs.Dataset({"a": np.eye(4), "b": np.eye(4)}), tmp_path / "without", **how)
    with pytest.raises(UnknownNameError, match="split 'train'"):
        scale.fit(cs.CCA(2), without, split="train", **how)
