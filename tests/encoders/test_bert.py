"""Our BERT beside PyTorch's own encoder layers, given the same weights."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from torch.nn import functional as F

from commonspace.encoders.bert import Bert, BertConfig, SentenceBert
from commonspace.encoders.minilm import weights_folder

SMALL = BertConfig(vocabulary=50, hidden=24, layers=3, heads=4, intermediate=40, positions=20)


def checkpoint(config: BertConfig) -> dict[str, Tensor]:
    """Random weights, none of them zero or one, under the names of BERT checkpoints."""
    torch.manual_seed(0)
    width, inner = config.hidden, config.intermediate
    shapes = {
        "embeddings.word_embeddings.weight": (config.vocabulary, width),
        "embeddings.position_embeddings.weight": (config.positions, width),
        "embeddings.token_type_embeddings.weight": (config.segments, width),
    }
    sizes = {"attention.self.query": (width, width), "attention.self.key": (width, width)}
    sizes |= {"attention.self.value": (width, width), "attention.output.dense": (width, width)}
    sizes |= {"intermediate.dense": (inner, width), "output.dense": (width, inner)}
    for i in range(config.layers):
        for part, size in sizes.items():
            shapes[f"encoder.layer.{i}.{part}.weight"] = size
            shapes[f"encoder.layer.{i}.{part}.bias"] = size[:1]  # type: ignore[assignment]
    norms = [f"encoder.layer.{i}.{p}.LayerNorm" for i in range(config.layers) for p in ("attention.output", "output")]
    for norm in ["embeddings.LayerNorm", *norms]:
        shapes |= {f"{norm}.weight": (width,), f"{norm}.bias": (width,)}  # type: ignore[dict-item]
    return {name: torch.randn(shape) * 0.3 + 0.1 for name, shape in shapes.items()}


def reference(stored: dict[str, Tensor], config: BertConfig, tokens: Tensor, mask: Tensor) -> Tensor:
    """Token states by `torch.nn.TransformerEncoderLayer` (post-norm, GELU)."""
    table = {part: stored[f"embeddings.{part}_embeddings.weight"] for part in ("word", "position", "token_type")}
    summed = table["word"][tokens] + table["position"][: tokens.shape[1]] + table["token_type"][0]
    states = F.layer_norm(
        summed,
        (config.hidden,),
        stored["embeddings.LayerNorm.weight"],
        stored["embeddings.LayerNorm.bias"],
        config.epsilon,
    )
    for i in range(config.layers):
        layer = nn.TransformerEncoderLayer(
            config.hidden,
            config.heads,
            config.intermediate,
            dropout=0.0,
            activation="gelu",
            layer_norm_eps=config.epsilon,
            batch_first=True,
            norm_first=False,
        ).eval()
        part = {
            k.removeprefix(f"encoder.layer.{i}."): v for k, v in stored.items() if k.startswith(f"encoder.layer.{i}.")
        }
        weights = {}
        for kind in ("weight", "bias"):
            weights[f"self_attn.in_proj_{kind}"] = torch.cat(
                [part[f"attention.self.{name}.{kind}"] for name in ("query", "key", "value")]
            )
            weights[f"self_attn.out_proj.{kind}"] = part[f"attention.output.dense.{kind}"]
            weights[f"norm1.{kind}"] = part[f"attention.output.LayerNorm.{kind}"]
            weights[f"linear1.{kind}"] = part[f"intermediate.dense.{kind}"]
            weights[f"linear2.{kind}"] = part[f"output.dense.{kind}"]
            weights[f"norm2.{kind}"] = part[f"output.LayerNorm.{kind}"]
        layer.load_state_dict(weights)
        with torch.enable_grad():  # the inference fast path would drop what is masked
            states = layer(states, src_key_padding_mask=~mask)
    return states.detach()


def batch(config: BertConfig, lengths: list[int]) -> tuple[Tensor, Tensor]:
    torch.manual_seed(1)
    tokens = torch.randint(config.vocabulary, (len(lengths), max(lengths)))
    return tokens, torch.arange(max(lengths)) < torch.tensor(lengths)[:, None]


@pytest.fixture
def small(tmp_path: Path) -> Bert:
    save_file(checkpoint(SMALL), tmp_path / "model.safetensors")
    return Bert.from_safetensors(tmp_path / "model.safetensors", SMALL)


def test_states_are_those_of_an_independent_network(small: Bert):
    tokens, mask = batch(SMALL, [9, 4, 1, 7])
    found = small(tokens, mask).detach()
    assert found.shape == (4, 9, 24)
    torch.testing.assert_close(found[mask], reference(checkpoint(SMALL), SMALL, tokens, mask)[mask], atol=1e-5, rtol=0)


def test_pretrained_states_are_those_of_an_independent_network(text_encoder: object):
    path = weights_folder() / "model.safetensors"
    tokens, mask = batch(BertConfig(), [12, 30, 3])
    found = Bert.from_safetensors(path)(tokens, mask).detach()
    torch.testing.assert_close(
        found[mask], reference(load_file(path), BertConfig(), tokens, mask)[mask], atol=1e-5, rtol=0
    )


def test_loading_takes_every_weight_and_switches_to_evaluation(small: Bert, tmp_path: Path):
    assert not small.training
    stored = checkpoint(SMALL)
    assert sum(p.numel() for p in small.parameters()) == sum(p.numel() for p in stored.values())
    del stored["encoder.layer.2.output.dense.bias"]
    save_file(stored, tmp_path / "less.safetensors")
    with pytest.raises(KeyError, match=r"encoder\.layer\.2\.output\.dense\.bias"):
        Bert.from_safetensors(tmp_path / "less.safetensors", SMALL)


def test_what_is_masked_changes_nothing(small: Bert):
    tokens, mask = batch(SMALL, [9, 4])
    other = torch.where(mask, tokens, (tokens + 1) % SMALL.vocabulary)
    assert not torch.equal(other, tokens)
    torch.testing.assert_close(small(other, mask)[mask], small(tokens, mask)[mask])
    torch.testing.assert_close(small(tokens[1:, :4], mask[1:, :4])[0], small(tokens, mask)[1, :4], atol=1e-6, rtol=1e-5)


def test_a_sentence_is_the_mean_of_its_tokens_at_unit_length(small: Bert):
    tokens, mask = batch(SMALL, [9, 4])
    found = SentenceBert(small)(tokens, mask)
    for i, length in enumerate((9, 4)):
        mean = small(tokens, mask)[i, :length].mean(0)
        torch.testing.assert_close(found[i], mean / mean.norm())
