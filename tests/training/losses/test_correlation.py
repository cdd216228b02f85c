from __future__ import annotations

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from scipy import linalg
from sklearn.cross_decomposition import CCA as SklearnCCA  # noqa: N811
from torch import Tensor

from commonspace.errors import InputError, ParameterError
from commonspace.training.losses.correlation import (
    RunningCovariances,
    check_batch,
    correlation_loss,
    correlation_sum,
)
from commonspace.training.losses.covariances import joint_covariance


def views(seed: int, n: int = 60, widths: tuple[int, ...] = (5, 5)) -> list[Tensor]:
    """Outputs that share two directions, each correlated on its own."""
    rng = np.random.default_rng(seed)
    latent = rng.standard_normal((n, 2))
    made = []
    for k in widths:
        noise = rng.standard_normal((n, k))
        made.append((noise + latent @ rng.standard_normal((2, k))) @ rng.standard_normal((k, k)) + rng.normal(size=k))
    return [torch.from_numpy(view) for view in made]


def canonical_correlations(X: NDArray[np.float64], Z: NDArray[np.float64], ridge: float) -> NDArray[np.float64]:
    """By matrix square roots, as in the paper."""
    k, q = X.shape[1], Z.shape[1]
    S = np.cov(np.hstack([X, Z]), rowvar=False)
    Sxx, Szz = (A + ridge * np.trace(A) / len(A) * np.eye(len(A)) for A in (S[:k, :k], S[k:, k:]))
    T = np.linalg.inv(linalg.sqrtm(Sxx).real) @ S[:k, k:] @ np.linalg.inv(linalg.sqrtm(Szz).real)
    return np.asarray(np.linalg.svd(T)[1][: min(k, q)])


# Values


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("widths", [(5, 5), (3, 6), (1, 4)])
@pytest.mark.parametrize("ridge", [1e-4, 0.3])
def test_is_minus_the_sum_of_canonical_correlations(seed: int, widths: tuple[int, ...], ridge: float):
    a, b = views(seed, widths=widths)
    expected = canonical_correlations(a.numpy(), b.numpy(), ridge)
    assert correlation_loss([a, b], ridge).item() == pytest.approx(-expected.sum(), abs=1e-7)
    assert correlation_loss([a, b], ridge, n_components=1).item() == pytest.approx(-expected[0], abs=1e-7)


def test_agrees_with_scikit_learn_where_there_is_no_ridge():
    a, b = views(0)
    # The least ridge, 1e-10, costs up to 1e-10 times the condition of these covariances, some 1e4.
    scores = SklearnCCA(5, max_iter=10_000, tol=1e-12).fit_transform(a.numpy(), b.numpy())
    expected = [np.corrcoef(x, z)[0, 1] for x, z in zip(scores[0].T, scores[1].T, strict=True)]
    assert correlation_loss([a, b], 0).item() == pytest.approx(-sum(expected), abs=1e-5)


def test_is_the_sum_over_pairs_of_three_outputs():
    a, b, c = views(1, widths=(3, 4, 5))
    expected = correlation_loss([a, b]) + correlation_loss([a, c]) + correlation_loss([b, c])
    assert correlation_loss([a, b, c]).item() == pytest.approx(expected.item(), abs=1e-10)


def test_is_invariant_to_order_scale_and_shift():
    a, b = views(2)
    expected = correlation_loss([a, b], 0.1).item()
    order = torch.randperm(len(a), generator=torch.Generator().manual_seed(0))
    assert correlation_loss([a[order], b[order]], 0.1).item() == pytest.approx(expected, abs=1e-10)
    assert correlation_loss([b, a], 0.1).item() == pytest.approx(expected, abs=1e-10)
    assert correlation_loss([a * 1e-5 + 3, b * 1e6 - 1e7], 0.1).item() == pytest.approx(expected, abs=1e-8)


def test_without_a_ridge_is_invariant_to_any_linear_map():
    a, b = views(3)
    turned = a @ torch.from_numpy(np.random.default_rng(0).standard_normal((5, 5)))
    assert correlation_loss([turned, b], 0).item() == pytest.approx(correlation_loss([a, b], 0).item(), abs=1e-7)


@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float32, 1e-5), (torch.bfloat16, 0.1), (torch.float16, 0.02)])
def test_other_dtypes_are_computed_in_float64(dtype: torch.dtype, tolerance: float):
    a, b = (view.to(dtype).requires_grad_() for view in views(4, n=200))
    found = correlation_loss([a, b], 0.01)
    assert found.dtype == dtype
    exact = correlation_loss([a.double(), b.double()], 0.01)
    assert found.item() == pytest.approx(exact.item(), abs=tolerance)
    torch.autograd.backward(found)
    assert a.grad is not None
    assert a.grad.dtype == dtype
    assert a.grad.isfinite().all()


# Gradients


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("ridge", [0, 1e-4, 0.5])
@pytest.mark.parametrize("n_components", [None, 2])
@pytest.mark.parametrize("widths", [(4, 4), (3, 5, 3)])
def test_the_gradient_is_right(seed: int, ridge: float, n_components: int | None, widths: tuple[int, ...]):
    outputs = [view.requires_grad_() for view in views(seed, n=25, widths=widths)]
    assert torch.autograd.gradcheck(lambda *h: correlation_loss(h, ridge, n_components), outputs)


def test_the_gradient_of_the_covariance_is_right():
    S = joint_covariance(views(0)).requires_grad_()
    assert torch.autograd.gradcheck(lambda S: correlation_sum((S + S.T) / 2, [5, 5], 0.1), [S])


def test_the_gradient_is_right_at_equal_views_where_all_correlations_tie():
    white = torch.linalg.qr(views(0)[0] - views(0)[0].mean(0))[0].requires_grad_()
    # In one argument the loss is at its best there, and smooth: the trace norm at a multiple of a rotation.
    assert torch.autograd.gradcheck(lambda h: correlation_loss([h, white.detach()], 0.1), [white])
    assert torch.autograd.gradcheck(lambda h: correlation_loss([h, 2 * h], 0.1), [white])


def test_a_step_against_the_gradient_raises_the_correlation():
    a, b = (view.float().requires_grad_() for view in views(5))
    before = correlation_loss([a, b])
    gradients = torch.autograd.grad(before, [a, b])
    after = correlation_loss([a - 0.05 * gradients[0], b - 0.05 * gradients[1]])
    assert after < before


def degenerate(rng: np.random.Generator) -> list[Tensor]:
    """Two to three outputs with some of: repeated, zero and constant columns, equal views, odd scales and means."""
    k = int(rng.integers(1, 9))
    n = int(rng.choice([k + 1, k + 2, 2 * k + 1, 100]))
    scales = 10.0 ** rng.uniform(-6, 6, size=3)
    made = [rng.standard_normal((n, k)) for _ in range(int(rng.integers(2, 4)))]
    if rng.random() < 0.3:
        made[1] = made[0].copy()
    for view in made:
        kind = rng.integers(0, 7)
        if kind == 0:
            view[:, -1] = view[:, 0]
        elif kind == 1:
            view[:, 0] = 0
        elif kind == 2:
            view[:, 0] = 0.1
        elif kind == 3:
            view[:] = view[:, :1]
        elif kind == 4:
            view[:] = 0.1 if rng.random() < 0.5 else 0
        elif kind == 5:
            view[1:] = view[0]  # all items but one are the same
            view[0] += 1
    means = rng.choice([0, 1e3], size=3)
    dtype = torch.float64 if rng.random() < 0.5 else torch.float32
    return [torch.from_numpy((v + m) * s).to(dtype) for v, s, m in zip(made, scales, means, strict=False)]


@pytest.mark.parametrize("ridge", [0, 1e-4, 1])
def test_degenerate_batches_give_finite_values_and_gradients(ridge: float):
    rng = np.random.default_rng(0)
    for _ in range(200):
        outputs = [h.requires_grad_() for h in degenerate(rng)]
        loss = correlation_loss(outputs, ridge)
        pairs = len(outputs) * (len(outputs) - 1) // 2
        assert -pairs * outputs[0].shape[1] - 1e-4 <= loss.item() <= 0
        for gradient in torch.autograd.grad(loss, outputs):
            assert gradient.isfinite().all()


@pytest.mark.parametrize("value", [0.0, 0.1, 1e20])
def test_a_constant_output_has_no_correlation_and_no_gradient(value: float):
    a = torch.full((20, 3), value, requires_grad=True)
    b = torch.randn(20, 3, generator=torch.Generator().manual_seed(0)).requires_grad_()
    loss = correlation_loss([a, b])
    torch.autograd.backward(loss)
    assert loss.item() == pytest.approx(0, abs=1e-6)
    assert a.grad is not None
    assert a.grad.abs().max() == 0


def test_a_repeated_column_changes_nothing_to_speak_of():
    a, b = views(6)
    doubled = torch.cat([a, a[:, :1]], dim=1)
    assert correlation_loss([doubled, b], 1e-8).item() == pytest.approx(correlation_loss([a, b], 1e-8).item(), abs=1e-5)


# Batches and running covariances


def test_batches_too_small_are_an_error_that_says_what_to_do():
    check_batch(6, 5)
    with pytest.raises(ParameterError, match=r"more than 5 items, better 25; got 5.*RunningCovariances"):
        check_batch(5, 5)
    with pytest.raises(ParameterError, match="more than 5 items"):
        correlation_loss([view[:5] for view in views(0)])


def test_running_covariances_without_a_past_are_those_of_the_batch():
    a, b = (view.requires_grad_() for view in views(0))
    running = RunningCovariances([5, 5], decay=0)
    for _ in range(2):
        found, expected = correlation_loss([a, b], running=running), correlation_loss([a, b])
        assert found.item() == pytest.approx(expected.item(), abs=1e-10)
        for x, y in zip(torch.autograd.grad(found, [a, b]), torch.autograd.grad(expected, [a, b]), strict=True):
            torch.testing.assert_close(x, y)


@pytest.mark.parametrize("size", [1, 3, 10])
def test_running_covariances_are_exact_under_their_weights(size: int):
    a, b = views(0, widths=(2, 3))
    running = RunningCovariances([2, 3], decay=0.8)
    batches = list(torch.split(torch.cat([a, b], dim=1), size))[: 60 // size]
    for batch in batches:
        running([batch[:, :2], batch[:, 2:]])
    weights = np.repeat(0.8 ** np.arange(len(batches))[::-1], size)
    rows = torch.cat(batches).numpy()
    np.testing.assert_allclose(running.mean, np.average(rows, axis=0, weights=weights), atol=1e-12)
    expected = np.cov(rows, rowvar=False, aweights=weights, ddof=0)
    np.testing.assert_allclose(running.covariance, expected, atol=1e-12)


def test_the_gradient_of_running_covariances_is_that_of_the_batch_at_their_value():
    a, b = views(0, n=12, widths=(2, 3))
    running = RunningCovariances([2, 3], decay=0.8)
    running([a[:6], b[:6]])
    running.eval()
    h, g = a[6:].clone().requires_grad_(), b[6:].clone().requires_grad_()
    weights = torch.from_numpy(np.random.default_rng(0).standard_normal((5, 5)))
    (gradient,) = torch.autograd.grad((running([h, g]) * weights).sum(), [h])
    past, mean = 0.8 / 1.8, running.mean
    rows = torch.cat([h, g], dim=1)
    about = rows - (past * mean + (1 - past) * rows.mean(0)).detach()  # the mean of the past and the batch
    torch.testing.assert_close(gradient, (about @ (weights + weights.T) / len(rows)).detach()[:, :2])


def test_running_covariances_make_small_batches_say_something():
    rng = torch.Generator().manual_seed(0)
    latent = torch.randn(4000, 1, generator=rng)
    a, b = (
        torch.cat([latent + torch.randn(4000, 1, generator=rng), torch.randn(4000, 7, generator=rng)], 1) for _ in "ab"
    )
    full = correlation_loss([a, b]).item()
    running = RunningCovariances([8, 8], decay=0.99)
    for x, z in zip(torch.split(a, 10), torch.split(b, 10), strict=True):
        last = correlation_loss([x, z], running=running)
    assert last.item() == pytest.approx(full, abs=0.5)  # about 1,000 items count
    assert correlation_loss([a[:10], b[:10]]).item() < -7  # of ten items all correlations are near 1


def test_running_covariances_are_kept_with_the_model_and_rest_in_evaluation():
    a, b = views(0)
    running = RunningCovariances([5, 5])
    running([a, b])
    again = RunningCovariances([5, 5])
    again.load_state_dict(running.state_dict())
    torch.testing.assert_close(again.covariance, running.covariance)
    again.eval()
    again([a + 1, b * 2])
    torch.testing.assert_close(again.covariance, running.covariance)
    assert int(again.batches) == 1


# Errors


def test_wrong_input_is_named():
    a, b = views(0)
    with pytest.raises(InputError, match="two or more tensors"):
        correlation_loss([a])
    with pytest.raises(InputError, match="same n"):
        correlation_loss([a, b[:50]])
    with pytest.raises(InputError, match=r"outputs\[1\]: expected floating point"):
        correlation_loss([a, b.long()])
    with pytest.raises(InputError, match="NaN"):
        correlation_loss([a, b * float("nan")])
    with pytest.raises(InputError, match="NaN"):
        RunningCovariances([5, 5])([a, b * float("inf")])
    with pytest.raises(InputError, match="widths"):
        RunningCovariances([5, 4])([a, b])


def test_parameters_out_of_range_are_an_error():
    a, b = views(0)
    for ridge in (-1.0, float("nan"), float("inf")):
        with pytest.raises(ParameterError, match="ridge"):
            correlation_loss([a, b], ridge)
    for count in (0, 6):
        with pytest.raises(ParameterError, match="n_components: expected 1 to 5"):
            correlation_loss([a, b], n_components=count)
    with pytest.raises(ParameterError, match="decay"):
        RunningCovariances([5, 5], decay=1)
    with pytest.raises(ParameterError, match="widths"):
        RunningCovariances([5])
