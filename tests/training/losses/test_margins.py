from __future__ import annotations

import math

import pytest
import torch

from commonspace.errors import InputError, ParameterError
from commonspace.training.losses.margins import (
    ClassCentroids,
    adaptive_margin,
    blend,
    class_similarity,
    label_set_similarity,
    pair_similarity,
    schedule,
)


def test_the_schedule_is_the_logistic_function():
    for epoch in range(100):
        assert schedule(epoch, 35, 4) == pytest.approx(1 / (1 + math.exp(-(epoch - 35) / 4)), abs=1e-15)
    assert schedule(35, 35, 4) == 0.5
    assert schedule(-1e9, 0, 1e-3) == 0
    assert schedule(1e9, 0, 1e-3) == 1
    with pytest.raises(ParameterError, match="width must be above 0"):
        schedule(1, 2, 0)


def test_classes_are_as_alike_as_their_directions():
    centroids = torch.tensor([[2.0, 0], [0, 1], [-3, 0], [0, 0]])
    expected = torch.tensor([[1, 0.5, 0, 0.5], [0.5, 1, 0.5, 0.5], [0, 0.5, 1, 0.5], [0.5, 0.5, 0.5, 1]])
    torch.testing.assert_close(class_similarity(centroids), expected)


def test_similarities_of_classes_lie_between_0_and_1():
    c = class_similarity(torch.randn(50, 3, generator=torch.Generator().manual_seed(0)).repeat(2, 1))
    assert c.min() >= 0
    assert c.max() <= 1
    assert torch.equal(c, c.T)


@pytest.mark.parametrize("seed", range(5))
def test_label_sets_and_pairs_as_loops(seed):
    g = torch.Generator().manual_seed(seed)
    a, b = (torch.rand(n, 4, generator=g) < 0.5 for n in (5, 7))
    c = class_similarity(torch.randn(4, 3, generator=g))
    jaccard, mean = label_set_similarity(a, b), pair_similarity(c, a, b)
    for i in range(5):
        for j in range(7):
            A, B = set(a[i].nonzero().flatten().tolist()), set(b[j].nonzero().flatten().tolist())
            assert jaccard[i, j].item() == pytest.approx(len(A & B) / len(A | B) if A | B else 0)
            pairs = [c[y, z].item() for y in A for z in B]
            assert mean[i, j].item() == pytest.approx(sum(pairs) / len(pairs) if pairs else 0, abs=1e-6)


def test_margins_fall_with_similarity_and_blend_in():
    c = torch.tensor([[0.0, 0.5, 1.0]])
    margin = adaptive_margin(c, 0.1, 0.5)
    torch.testing.assert_close(margin, torch.tensor([[0.5, 0.3, 0.1]]))
    torch.testing.assert_close(blend(0.2, margin, 0), torch.full((1, 3), 0.2))
    torch.testing.assert_close(blend(0.2, margin, 1), margin)
    torch.testing.assert_close(blend(0.2, margin, 0.25), 0.75 * 0.2 + 0.25 * margin)
    with pytest.raises(ParameterError, match="0 <= least <= most"):
        adaptive_margin(c, 0.5, 0.1)
    with pytest.raises(ParameterError, match=r"activation must be in \[0, 1\], got 1.5"):
        blend(0.2, margin, 1.5)


def test_centroids_are_moving_averages_of_unit_means():
    state = ClassCentroids(3, 2, decay=0.75)
    targets = torch.tensor([[1, 0, 0], [1, 0, 0], [0, 1, 0]])
    state.update(torch.tensor([[3.0, 1.0], [3.0, -1.0], [0.0, 5.0]]), targets)
    assert state.centroids.tolist() == [[1, 0], [0, 1], [0, 0]]
    assert state.seen.tolist() == [True, True, False]
    state.update(torch.tensor([[0.0, 2.0]]), torch.tensor([[1, 0, 0]]))
    assert state.centroids.tolist() == [[0.75, 0.25], [0, 1], [0, 0]]  # the absent class stays


def test_rows_with_several_labels_count_for_each_and_unlabelled_ones_for_none():
    state = ClassCentroids(2, 2)
    state.update(torch.tensor([[0.0, 1.0], [1.0, 0.0]]), torch.tensor([[1, 1], [0, 0]]))
    assert state.centroids.tolist() == [[0, 1], [0, 1]]


def test_rows_that_cancel_or_are_zero_move_nothing():
    state = ClassCentroids(2, 2)
    state.update(torch.tensor([[1.0, 0], [-1.0, 0], [0, 0]]), torch.tensor([[1, 0], [1, 0], [0, 1]]))
    assert not state.seen.any()
    assert not state.centroids.any()
    state.update(torch.zeros(0, 2), torch.zeros(0, 2))
    assert not state.seen.any()


def test_no_gradient_reaches_the_centroids_and_they_are_saved():
    state = ClassCentroids(2, 3)
    state.update(torch.randn(4, 3, requires_grad=True) + 1, torch.tensor([[1, 0]] * 4))
    assert not state.centroids.requires_grad
    again = ClassCentroids(2, 3)
    again.load_state_dict(state.state_dict())
    assert torch.equal(again.centroids, state.centroids)
    assert torch.equal(again.seen, state.seen)
    assert not list(state.parameters())


def test_half_precision_embeddings_are_taken():
    state = ClassCentroids(1, 2)
    state.update(torch.tensor([[2.0, 0.0]], dtype=torch.float16), torch.tensor([[1.0]]))
    assert state.centroids.tolist() == [[1, 0]]


def test_what_is_wrong_is_told():
    with pytest.raises(ParameterError, match=r"decay in \[0, 1\)"):
        ClassCentroids(2, 2, decay=1)
    with pytest.raises(InputError, match=r"embeddings must be \(n, 3\) and targets \(n, 2\), got \(4, 2\)"):
        ClassCentroids(2, 3).update(torch.zeros(4, 2), torch.zeros(4, 2))
    with pytest.raises(InputError, match=r"class_similarity must be \(2, 2\).*got \(3, 3\)"):
        pair_similarity(torch.zeros(3, 3), torch.zeros(1, 2), torch.zeros(1, 2))
    with pytest.raises(InputError, match="same classes"):
        label_set_similarity(torch.zeros(1, 2), torch.zeros(1, 3))
