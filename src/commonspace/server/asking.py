"""Questions about photos, put to a reasoner."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from commonspace.errors import InputError

from .schemas import Ask, Picture
from .store import Store

if TYPE_CHECKING:
    from commonspace.reasoning import HubReasoner, Reasoner
    from commonspace.reasoning.reasoner import Answer

VERBS = ("ask", "verify", "point", "choose")


def answer(reasoner: Reasoner | HubReasoner, store: Store, asked: Ask) -> dict[str, Any]:
    """What the model says.

    Args:
        reasoner: The model.
        store: Whose pictures can be asked about.
        asked: What.

    Raises:
        InputError: If options are missing or not asked for, or the photo cannot be read.
        UnknownNameError: If the model has no such task, or the store no such picture.
    """
    if (asked.options is not None) != (asked.verb == "choose"):
        raise InputError("options: expected with the verb choose, and with no other.")
    if asked.rationales is not None and asked.verb != "choose":
        raise InputError("rationales: expected with the verb choose alone.")
    photo = store.received(asked.photo) if isinstance(asked.photo, Picture) else store.stored(asked.photo)
    if asked.verb == "choose":
        chosen = reasoner.choose(photo, asked.text, asked.options or ())
        told = _told(chosen)
        if asked.rationales is not None:
            answered = f"{asked.text} {chosen.text}"
            told["reason"] = _told(reasoner.choose(photo, answered, asked.rationales, reasons=True))
        return told
    verbs: dict[str, Callable[[object, str], Answer]] = {
        "ask": reasoner.ask,
        "verify": reasoner.verify,
        "point": reasoner.point,
    }
    return _told(verbs[asked.verb](photo, asked.text))


def _told(found: Answer) -> dict[str, Any]:
    return {
        "text": found.text,
        "confidence": found.confidence,
        "sure": found.sure,
        "box": None if found.box is None else list(found.box),
    }
