from __future__ import annotations

import numpy as np
import pytest

from commonspace import ASIF
from commonspace.errors import ParameterError

RNG = np.random.default_rng(0)
LATENT = RNG.standard_normal((60, 3))
VIEWS = {m: LATENT @ RNG.standard_normal((3, d)) + 5 for m, d in {"image": 9, "text": 7}.items()}
NEW = {m: RNG.standard_normal((8, x.shape[1])) + 5 for m, x in VIEWS.items()}


def described(x: np.ndarray, anchors: np.ndarray, r: int, power: float) -> list[float]:
    """The paper's recipe for one row, a number at a time."""
    mean = [sum(column) / len(column) for column in anchors.T]
    row = [a - b for a, b in zip(x, mean, strict=True)]
    cosines = []
    for anchor in anchors:
        other = [a - b for a, b in zip(anchor, mean, strict=True)]
        product = sum(a * b for a, b in zip(row, other, strict=True))
        cosines.append(product / (sum(a * a for a in row) * sum(b * b for b in other)) ** 0.5)
    kept = sorted(range(len(cosines)), key=lambda i: -cosines[i])[:r]
    return [(abs(s) ** power * (1 if s > 0 else -1) if i in kept else 0.0) for i, s in enumerate(cosines)]


@pytest.mark.parametrize(("r", "power"), [(5, 8.0), (1, 2.0), (60, 1.0), (1000, 3.0)])
def test_an_embedding_is_the_recipe_of_the_paper_row_by_row(r: int, power: float):
    out = ASIF(n_neighbors=r, power=power, normalize=False).fit(VIEWS).transform(NEW)
    for m, z in out.items():
        expected = [described(x, VIEWS[m], r, power) for x in NEW[m]]
        np.testing.assert_allclose(z, expected, atol=1e-6)


def test_a_pair_learnt_from_finds_itself_in_the_other_modality():
    z = ASIF(n_neighbors=1).fit_transform(VIEWS)
    np.testing.assert_array_equal((z["image"] @ z["text"].T).argmax(1), np.arange(60))
    np.testing.assert_allclose(z["image"], np.eye(60), atol=1e-6)


def test_turning_and_scaling_a_modality_changes_nothing():
    turn = np.linalg.qr(np.random.default_rng(1).standard_normal((9, 9)))[0]
    turned = {
        name: {**views, "image": 3 * views["image"] @ turn + 2} for name, views in {"fit": VIEWS, "new": NEW}.items()
    }
    expected = ASIF(n_neighbors=9).fit(VIEWS).transform(NEW)["image"]
    np.testing.assert_allclose(
        ASIF(n_neighbors=9).fit(turned["fit"]).transform(turned["new"])["image"], expected, atol=1e-5
    )


def test_anchors_are_rows_of_the_same_pairs_in_every_modality():
    space = ASIF(12, random_state=3).fit(VIEWS)
    drawn = {}
    for m, anchors in space.anchors_.items():
        unit = VIEWS[m] - VIEWS[m].mean(0)
        unit /= np.linalg.norm(unit, axis=1, keepdims=True)
        drawn[m] = np.argmax(unit @ anchors.T, axis=0)
        np.testing.assert_allclose(unit[drawn[m]], anchors, atol=1e-12)
    np.testing.assert_array_equal(drawn["image"], drawn["text"])
    assert len(set(drawn["image"])) == 12
    assert not np.array_equal(space.anchors_["image"], ASIF(12, random_state=4).fit(VIEWS).anchors_["image"])


def test_only_pairs_are_anchors():
    gaps = {m: x.copy() for m, x in VIEWS.items()}
    gaps["image"][:20] = np.nan
    whole = ASIF().fit({m: x[20:] for m, x in VIEWS.items()}).transform(NEW)
    space = ASIF().fit(gaps)
    assert space.n_components_ == 40
    np.testing.assert_array_equal(space.transform(NEW)["text"], whole["text"])
    with pytest.raises(ParameterError, match="n_components=41, but 40 pairs to learn from bear at most 40"):
        ASIF(41).fit(gaps)


def test_rows_are_embedded_alike_whatever_the_size_of_a_block(monkeypatch: pytest.MonkeyPatch):
    space = ASIF(n_neighbors=5).fit(VIEWS)
    expected = space.transform(NEW)["image"]
    monkeypatch.setattr("commonspace.spaces.kernel.asif.BLOCK", 130)  # two rows of sixty anchors
    np.testing.assert_allclose(space.transform(NEW)["image"], expected, atol=1e-6)
