"""A pretrained model of the Hugging Face hub and its processor, by way of transformers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from PIL import Image

from commonspace.encoders.hub_source import HubSource, first_line, quiet
from commonspace.errors import InputError, ParameterError, StorageError


@dataclass(frozen=True)
class HubModel:
    """A model, ready to run.

    Attributes:
        name: As it was named.
        model: Of transformers.
        processor: What prepares photos and texts for it.
        most_tokens: Of a text.
    """

    name: str
    model: Any
    processor: Any
    most_tokens: int

    def prepare(self, photos: list[Image.Image], text: object, **options: Any) -> Any:
        """What the model takes, on its device. What is too long of a text is cut.

        Args:
            photos: In RGB.
            text: As the processor takes it.
            options: For the processor.

        Raises:
            InputError: If the model takes no photo of that size.
        """
        options = {"padding": True, "truncation": True, "max_length": self.most_tokens} | options
        with quiet():
            try:
                inputs = self.processor(images=photos, text=text, return_tensors="pt", **options)
            except ValueError as error:
                sizes = " and ".join(f"{photo.width} x {photo.height}" for photo in photos)
                raise InputError(
                    f"image: {self.name} cannot take a photo of {sizes} pixels: {first_line(error)}"
                ) from error
        return inputs.to(self.model.device)

    def run(self, function: Callable[..., Any], **inputs: Any) -> Any:
        """What a function of the model gives, the same each time, without gradients.

        Args:
            function: The model, or a method of it.
            inputs: For it.
        """
        # ViLT draws the order of its patches: from a seed of ours, so that nobody else's is moved on.
        with quiet(), torch.inference_mode(), torch.random.fork_rng(devices=[]):
            torch.default_generator.manual_seed(0)
            return function(**inputs)


def find_architecture(source: HubSource) -> str:
    """The class of transformers that a model is of, by its configuration; "" where it tells none.

    Args:
        source: Where the model is.

    Raises:
        MissingPackageError: If transformers is not installed.
        ParameterError: If the model brings code of its own.
        StorageError: If there is no model.
    """

    def load(commit: str | None, local: bool) -> Any:
        from transformers import AutoConfig

        return AutoConfig.from_pretrained(source.name, revision=commit, local_files_only=local, trust_remote_code=False)

    return str((source.load(load).architectures or [""])[0])


def load_model(source: HubSource, name: str, architecture: str, device: str | None) -> HubModel:
    """Loads a model and its processor.

    Args:
        source: Where the model is.
        name: As it was named.
        architecture: The class of transformers that it is of.
        device: Such as "cpu" or "cuda"; None for a GPU where there is one.

    Raises:
        MissingPackageError: If transformers, or a package that the model needs, is not installed.
        ParameterError: If the model brings code of its own, or there is no such device.
        StorageError: If there is no model, or weights are missing from it.
    """

    def load(commit: str | None, local: bool) -> tuple[Any, Any, Any]:
        import transformers

        common = {"revision": commit, "local_files_only": local, "trust_remote_code": False}
        # With torchvision, where it is, pixels would differ; in float32 answers are the same on every machine.
        processor = transformers.AutoProcessor.from_pretrained(source.name, backend="pil", **common)
        model, told = getattr(transformers, architecture).from_pretrained(
            source.name, dtype=torch.float32, output_loading_info=True, **common
        )
        return processor, model, told

    processor, model, told = source.load(load)
    if missing := sorted({key for key, _ in model.named_parameters()} & set(told["missing_keys"])):
        raise StorageError(
            f"reasoning: {name} does not hold all weights of a {architecture}: {missing[0]} and {len(missing) - 1} "
            "more are missing; name another model, or the architecture that it was trained as."
        )
    try:
        model = model.eval().to(device or ("cuda" if torch.cuda.is_available() else "cpu"))
    except (RuntimeError, AssertionError) as error:  # torch asserts that it was compiled with CUDA
        raise ParameterError(f"device: cannot put a model on {device!r}: {first_line(error)}") from error
    return HubModel(name, model, processor, _most_tokens(model.config, processor.tokenizer))


def _most_tokens(config: Any, tokenizer: Any) -> int:
    text = getattr(config, "text_config", None)
    limits = [getattr(config, "max_text_len", None), tokenizer.model_max_length]
    limits += [getattr(of, "max_position_embeddings", None) for of in (config, text)]
    return int(min(limit for limit in limits if limit is not None))
