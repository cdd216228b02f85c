"""Pictures and texts through models of the Hugging Face hub, by way of sentence-transformers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cached_property
from hashlib import file_digest, sha256
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from commonspace.errors import InputError, ParameterError, UnreadableItemsError
from commonspace.threads import cpu_threads

from .hub_source import HubSource, quiet
from .pictures import open_picture
from .texts import text_fault

BATCH = {"image": 16, "text": 32}
"""Items per batch. Pictures come at their own size and one batch is decoded ahead: larger batches cost memory."""
_VERSION = "hub 1: pictures at their own size, prepared with Pillow; float32"


class HubEncoder:
    """A CLIP, SigLIP or sentence-transformers model: a picture or a text as the row that the model gives it.

    Rows are not scaled to unit length unless the model does so itself. A model that is in the cache of the hub is
    taken from there, whatever the hub has by now, and without asking it; else it is downloaded. Code that a model
    brings along is never run.

    Args:
        model: A name of the hub, for example "openai/clip-vit-base-patch32", or a folder. A name without a slash is
            one of the organisation sentence-transformers.
        kind: What to read with it, "image" or "text"; many models read both.

    References:
        A. Radford et al., Learning transferable visual models from natural language supervision, ICML 2021.
        X. Zhai et al., Sigmoid loss for language image pre-training, ICCV 2023.
        N. Reimers and I. Gurevych, Sentence-BERT, EMNLP 2019.
    """

    def __init__(self, model: str, kind: Literal["image", "text"]) -> None:
        if kind not in BATCH:
            raise ParameterError(f"encoder hf:{model}: kind must be image or text, got {kind!r}.")
        if not model:
            raise ParameterError("encoder hf: name a model, for example hf:openai/clip-vit-base-patch32, or a folder.")
        self.name, self.kind = f"hf:{model}:{kind}", kind
        self._source = HubSource(
            model,
            kind,
            "sentence_transformers",
            organisation="sentence-transformers",
            cache_variable="SENTENCE_TRANSFORMERS_HOME",
        )

    @cached_property
    def dim(self) -> int:
        """The length of a row, seen from one."""
        sample = "a" if self.kind == "text" else Image.new("RGB", (32, 32), "white")
        return int(self._rows([sample]).shape[1])

    @cached_property
    def fingerprint(self) -> str:
        """A digest of the files of the folder, or of the model's commit; of the kind; and of the preprocessing."""
        folder = self._source.folder
        content = _folder_digest(folder) if folder else self._source.commit
        return sha256(f"{_VERSION} {self.kind} {content}".encode()).hexdigest()[:16]

    def encode(self, items: Sequence[object]) -> NDArray[np.float32]:
        """Encodes items; decoding of pictures overlaps inference.

        Args:
            items: n strings, or n pictures: paths, bytes of files, Pillow images or arrays of bytes.

        Returns:
            (n, dim) float32.

        Raises:
            UnreadableItemsError: If some items cannot be read.
            MissingPackageError: If sentence-transformers is not installed.
            ParameterError: If the model does not read this kind of item.
            StorageError: If the model is neither in the cache nor to be had from the hub.
        """
        out = np.full((len(items), self.dim), np.nan, np.float32)
        reasons: dict[int, str] = {}
        for batch in self._read(items):
            reasons |= {i: str(read) for i, read in batch if isinstance(read, InputError)}
            good = {i: read for i, read in batch if not isinstance(read, InputError)}
            if good:
                out[list(good)] = self._rows(list(good.values()))
        if reasons:
            raise UnreadableItemsError(reasons, out)
        return out

    def _read(self, items: Sequence[object]) -> Iterator[list[tuple[int, Any]]]:
        """Positions with what the model takes, or with why there is none; all texts at once, pictures in batches."""
        if self.kind == "text":
            yield [(i, _text(item)) for i, item in enumerate(items)]
            return
        with ThreadPoolExecutor(cpu_threads()) as pool:

            def begin(start: int) -> list[Future[Image.Image | InputError]]:
                return [pool.submit(_picture, item) for item in items[start : start + BATCH["image"]]]

            coming = begin(0)
            for start in range(0, len(items), BATCH["image"]):
                now, coming = coming, begin(start + BATCH["image"])
                yield [(start + i, future.result()) for i, future in enumerate(now)]

    def _rows(self, inputs: list[Any]) -> NDArray[np.float32]:
        model, options = self._model
        if model.modalities != ["text"]:  # else a text that looks like an address would be fetched as a picture
            inputs = [{self.kind: each} for each in inputs]
        with quiet():
            rows = model.encode(inputs, batch_size=BATCH[self.kind], show_progress_bar=False, **options)
        return np.asarray(rows, np.float32)

    @cached_property
    def _model(self) -> tuple[Any, dict[str, Any]]:
        """The model, on the GPU where there is one, and what has to be said whenever it encodes."""
        model = self._source.load(self._load)
        if self.kind not in model.modalities:
            readable = [kind for kind in model.modalities if isinstance(kind, str)]
            raise ParameterError(
                f"{self.kind}: {self.name} does not read {self.kind}, only {', '.join(readable)}; name another model."
            )
        return model, _text_options(model)

    def _load(self, revision: str | None, local: bool) -> Any:
        import torch
        from sentence_transformers import SentenceTransformer

        options: dict[str, Any] = {"revision": revision, "trust_remote_code": False}
        options["model_kwargs"] = {"dtype": torch.float32}  # the same rows on every machine
        if self.kind == "image":
            options["processor_kwargs"] = {"backend": "pil"}  # with torchvision, where it is, pixels would differ
        return SentenceTransformer(self._source.name, local_files_only=local, **options)


def _text_options(model: Any) -> dict[str, Any]:
    """How texts have to be cut and padded for models of pictures and texts, which sentence-transformers leaves open."""
    positions = getattr(getattr(model.config, "text_config", None), "max_position_embeddings", None)
    if positions is None:
        return {}
    model.max_seq_length = min(model.max_seq_length or positions, positions)
    if "siglip" not in model.config.model_type:
        return {}
    # SigLIP takes the state of the last position, and has learnt it from texts of full length only.
    return {"processing_kwargs": {"text": {"padding": "max_length"}}}


def _picture(item: object) -> Image.Image | InputError:
    """The picture, or why there is none: an error raised in a pool would end the pictures after it."""
    try:
        return open_picture(item)
    except InputError as error:
        return error


def _text(item: object) -> object:
    fault = text_fault(item)
    return InputError(fault) if fault else item


def _folder_digest(folder: Path) -> str:
    """A digest of all files but the hidden ones and the documentation, with their names."""
    digest = sha256()
    for path in sorted(folder.rglob("*")):
        inner = path.relative_to(folder)
        if path.is_file() and path.suffix != ".md" and not any(part.startswith(".") for part in inner.parts):
            with path.open("rb") as file:
                digest.update(f"{inner.as_posix()} {file_digest(file, 'sha256').hexdigest()}\n".encode())
    return digest.hexdigest()
