"""Which encoders there are, by name. A new encoder is one new file and one line here."""

from __future__ import annotations

from importlib import import_module

from commonspace.data.encoding import Encoder
from commonspace.errors import UnknownNameError

ENCODERS = {
    "efficientnet-lite0": ("efficientnet_lite", "EfficientNetLite0"),
    "minilm": ("minilm", "MiniLM"),
}
"""Name -> module in this folder and class."""

DEFAULT_ENCODERS = {"image": "efficientnet-lite0", "text": "minilm"}
"""Kind of item -> the encoder used where none is named."""


def get_encoder(name: str) -> Encoder:
    """The encoder of a name; its weights are loaded when it is first used.

    Raises:
        UnknownNameError: If there is no such encoder.
    """
    if name not in ENCODERS:
        raise UnknownNameError("encoder", name, ENCODERS)
    module, cls = ENCODERS[name]
    encoder: Encoder = getattr(import_module(f".{module}", __package__), cls)()
    return encoder
