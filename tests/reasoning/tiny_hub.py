"""Tiny models of transformers with random weights, in folders as `save_pretrained` writes them."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

needs_extra = pytest.mark.skipif(
    find_spec("transformers") is None, reason="needs transformers: pip install 'commonspace[hf]'"
)
MARKS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
WORDS = [*MARKS, "a", "red", "blue", "circle", "is", "it", "what", "colour", "the", "there", ".", "?"]
ANSWERS = ["red", "blue", "yes"]
SIZE = {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 16}
TEXT = SIZE | {"vocab_size": len(WORDS), "max_position_embeddings": 12}
VISION = SIZE | {"image_size": 32, "patch_size": 8}
SQUARE = {"height": 32, "width": 32}


def picture(seed: int = 0, width: int = 50, height: int = 40) -> NDArray[np.uint8]:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)


def save_tiny(folder: Path, architecture: str) -> Path:
    """A model of a class, with its processor."""
    import transformers as t

    family = architecture.partition("For")[0]
    make = {"Vilt": _vilt, "Blip": _blip, "OwlViT": _owl, "Owlv2": _owl, "GroundingDino": _dino}[family]
    config, prepares = make(t, family, architecture)
    torch.manual_seed(0)
    model = getattr(t, architecture)(config)
    for name, weights in model.named_parameters():
        if "norm" not in name.lower():
            torch.nn.init.normal_(weights, std=0.15)  # as they are initialised, photos hardly differ
    model.save_pretrained(folder)
    tokenizer = _bert(t, folder) if not family.startswith("Owl") else _clip(t)
    getattr(t, f"{family}Processor")(prepares, tokenizer).save_pretrained(folder)
    return folder


def _vilt(t: Any, family: str, architecture: str) -> tuple[Any, Any]:
    labels = ["False", "True"] if "Images" in architecture else ANSWERS
    names = {"id2label": dict(enumerate(labels)), "label2id": {label: i for i, label in enumerate(labels)}}
    config = t.ViltConfig(**TEXT | VISION, **names, num_images=2, modality_type_vocab_size=3)
    return config, t.ViltImageProcessorPil(size={"shortest_edge": 32}, size_divisor=8)


def _blip(t: Any, family: str, architecture: str) -> tuple[Any, Any]:
    marks = {"pad_token_id": 0, "bos_token_id": 2, "sep_token_id": 3, "eos_token_id": 3}
    text = TEXT | marks | {"encoder_hidden_size": 16}
    config = t.BlipConfig(text_config=text, vision_config=VISION, projection_dim=16, image_text_hidden_size=16)
    return config, t.BlipImageProcessorPil(size=SQUARE)


def _owl(t: Any, family: str, architecture: str) -> tuple[Any, Any]:
    text = TEXT | {"pad_token_id": 0, "bos_token_id": 2, "eos_token_id": 3}
    config = getattr(t, f"{family}Config")(text_config=text, vision_config=VISION, projection_dim=16)
    return config, getattr(t, f"{family}ImageProcessorPil")(size=SQUARE)


def _dino(t: Any, family: str, architecture: str) -> tuple[Any, Any]:
    backbone = t.SwinConfig(
        image_size=64,
        embed_dim=8,
        depths=[1] * 4,
        num_heads=[1, 1, 2, 2],
        window_size=2,
        out_features=["stage2", "stage3", "stage4"],
    )
    layers = {f"{part}_layers": 2 for part in ("encoder", "decoder")}
    heads = {f"{part}_attention_heads": 2 for part in ("encoder", "decoder")}
    inner = {f"{part}_ffn_dim": 16 for part in ("encoder", "decoder")}
    config = t.GroundingDinoConfig(
        backbone_config=backbone,
        text_config=t.BertConfig(**TEXT),
        d_model=32,
        num_queries=6,
        max_text_len=12,
        **layers | heads | inner,
    )
    return config, t.GroundingDinoImageProcessorPil(size={"shortest_edge": 64, "longest_edge": 96})


def _bert(t: Any, folder: Path) -> Any:
    (folder / "vocab.txt").write_text("\n".join(WORDS))
    return t.BertTokenizer(str(folder / "vocab.txt"))


def _clip(t: Any) -> Any:
    from tokenizers import Tokenizer
    from tokenizers.models import WordLevel
    from tokenizers.pre_tokenizers import Whitespace
    from tokenizers.processors import TemplateProcessing

    tokenizer = Tokenizer(WordLevel({word: i for i, word in enumerate(WORDS)}, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = Whitespace()
    tokenizer.post_processor = TemplateProcessing(single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)])
    return t.PreTrainedTokenizerFast(tokenizer_object=tokenizer, unk_token="[UNK]", pad_token="[PAD]")
