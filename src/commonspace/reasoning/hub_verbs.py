"""What a pretrained model can be asked, by the class of transformers that it is of."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

from commonspace.errors import ParameterError

from .hub_answering import ANSWERING
from .hub_detecting import DETECTING
from .hub_matching import COMPARING, MATCHING

F = TypeVar("F")

ARCHITECTURES = (*ANSWERING, *MATCHING, *COMPARING, *DETECTING)
"""The classes that can be asked."""

EXAMPLES = {
    "ask": "hf:dandelin/vilt-b32-finetuned-vqa",
    "verify": "hf:Salesforce/blip-itm-base-coco",
    "verify of two photos": "hf:dandelin/vilt-b32-finetuned-nlvr2",
    "choose": "hf:dandelin/vilt-b32-finetuned-coco",
    "point": "hf:google/owlvit-base-patch32",
}
"""Verb -> a model of the hub for it."""


def way_to(verb: str, ways: Mapping[str, F], name: str, architecture: str) -> F:
    """How a model of a class does what a verb says.

    Args:
        verb: One of `EXAMPLES`.
        ways: Class -> how.
        name: Of the model, for the error.
        architecture: The class that it is of.

    Raises:
        ParameterError: If a model of that class does not.
    """
    if architecture in ways:
        return ways[architecture]
    needed = f"a {' or a '.join(ways)}, such as {EXAMPLES[verb]}"
    if architecture in ARCHITECTURES:
        raise ParameterError(f"{verb}: {name} is a {architecture}, which cannot; it takes {needed}.")
    told = f"is a {architecture}" if architecture else "tells no class in its configuration"
    raise ParameterError(f"{verb}: {name} {told}; it takes {needed}. If it is one, say so: architecture=....")
