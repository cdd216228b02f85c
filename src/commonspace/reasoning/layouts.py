"""Published layouts by name, for recipes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from commonspace.errors import InputError, UnknownNameError

from .readers import Read, read_nlvr2, read_refcoco, read_snli_ve, read_vcr, read_vqa_v2


@dataclass(frozen=True)
class Layout:
    """How files of a published layout are read.

    Attributes:
        kind: Of the task whose examples they hold.
        read: Takes the fields.
        files: Fields that are paths.
        texts: Fields that are not.
    """

    kind: str
    read: Callable[..., Read[Any]]
    files: tuple[str, ...]
    texts: tuple[str, ...] = ()


LAYOUTS: Mapping[str, Layout] = {
    "vqa-v2": Layout("question-answering", read_vqa_v2, ("questions", "annotations", "photos")),
    "refcoco": Layout("referring", read_refcoco, ("references", "instances", "photos"), ("split",)),
    "nlvr2": Layout("verification", read_nlvr2, ("path", "photos")),
    "snli-ve": Layout("verification", read_snli_ve, ("path", "photos")),
    "vcr-answers": Layout("multiple-choice", lambda path, photos: read_vcr(path, photos).answers, ("path", "photos")),
    "vcr-rationales": Layout(
        "multiple-choice", lambda path, photos: read_vcr(path, photos).rationales, ("path", "photos")
    ),
}
"""Name -> layout."""


def read_layout(told: Mapping[str, Any], kind: str, folder: Path, where: str) -> Read[Any]:
    """Reads what a recipe tells: `{layout = "nlvr2", path = "dev.json", photos = "photos"}`.

    Args:
        told: The fields; paths are taken from the folder.
        kind: Of the task.
        folder: Where the recipe lies.
        where: The field of the recipe, for errors.

    Raises:
        UnknownNameError: If there is no such layout.
        InputError: If it is of another kind, a field is missing or unknown, or a file is not of the layout.
    """
    fields = dict(told)
    name = str(fields.pop("layout", ""))
    if name not in LAYOUTS:
        raise UnknownNameError("layout", name, LAYOUTS)
    layout = LAYOUTS[name]
    if layout.kind != kind:
        raise InputError(f"{where}: {name} holds examples of the kind {layout.kind}, and the task is {kind}.")
    if fields.keys() != {*layout.files, *layout.texts} or not all(isinstance(v, str) for v in fields.values()):
        raise InputError(
            f"{where}: expected {', '.join((*layout.files, *layout.texts))} beside layout, each a text, got "
            f"{', '.join(fields) or 'nothing'}."
        )
    return layout.read(**{field: folder / v if field in layout.files else v for field, v in fields.items()})
