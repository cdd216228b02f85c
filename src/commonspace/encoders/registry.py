"""Which encoders there are, by name."""

from __future__ import annotations

from collections.abc import Callable

from commonspace.data.encoding import Encoder
from commonspace.errors import ParameterError, UnknownNameError

from .side_by_side import SideBySide

DEFAULT_ENCODERS = {"image": "efficientnet-lite0", "text": "minilm", "audio": "audio", "series": "series"}
"""Kind of item -> the encoder used where none is named."""


def _efficientnet_lite(name: str, options: tuple[str, ...]) -> Encoder:
    from .efficientnet_lite import EfficientNetLite

    return EfficientNetLite(name, options)


def _minilm(name: str, options: tuple[str, ...]) -> Encoder:
    from .minilm import MiniLM

    _refuse_options(name, options)
    return MiniLM()


def _colours(name: str, options: tuple[str, ...]) -> Encoder:
    from .colours import Colours

    _refuse_options(name, options)
    return Colours()


def _scan(name: str, options: tuple[str, ...]) -> Encoder:
    from .scan import Scan

    _refuse_options(name, options)
    return Scan()


def _series(name: str, options: tuple[str, ...]) -> Encoder:
    from .series import Series

    if len(options) > 1 or not all(option.isdecimal() for option in options):
        raise ParameterError(
            f"encoder {name}: takes the number of channels, for example series:3, got {','.join(options)}."
        )
    return Series(*map(int, options))


def _audio(name: str, options: tuple[str, ...]) -> Encoder:
    from .audio import Audio

    return Audio(options)


def _refuse_options(name: str, options: tuple[str, ...]) -> None:
    if options:
        raise ParameterError(f"encoder {name}: takes no options, got {', '.join(options)}.")


ENCODERS: dict[str, Callable[[str, tuple[str, ...]], Encoder]] = {
    "efficientnet-lite0": _efficientnet_lite,
    "efficientnet-lite1": _efficientnet_lite,
    "efficientnet-lite2": _efficientnet_lite,
    "colours": _colours,
    "scan": _scan,
    "minilm": _minilm,
    "audio": _audio,
    "series": _series,
}
"""Name -> what makes the encoder from the name and its options. A new encoder is one new file and one line here."""

HUB = "hf:"
"""What names of models of the Hugging Face hub begin with."""
TABULAR = "tabular:"
"""What names of saved `TabularEncoder`s begin with."""


def get_encoder(name: str, *, kind: str | None = None) -> Encoder:
    """The encoder of a name; its weights are loaded when it is first used.

    | name | encoder |
    |---|---|
    | `minilm` | as registered |
    | `efficientnet-lite0:flip,crops` | with options |
    | `efficientnet-lite0+efficientnet-lite2` | several side by side, their rows joined |
    | `hf:openai/clip-vit-base-patch32` | a model of the Hugging Face hub, or of a folder; needs the extra `hf` |
    | `hf:openai/clip-vit-base-patch32:image` | the same, whatever the modality is called; or `:text` |
    | `tabular:houses.json` | what a `TabularEncoder` learnt from rows of a table and saved |

    Args:
        name: As above.
        kind: What the encoder has to read, "image", "text" or "audio". A model of the hub reads texts unless
            it or its name says "image".

    Raises:
        UnknownNameError: If there is no such encoder.
        ParameterError: If it has no such option, or reads another kind of item.
        StorageError: If the file of what was learnt is missing or damaged.

    Examples:
        >>> get_encoder("efficientnet-lite0:layers+colours").dim  # 3,168 and 288 numbers
        3456
        >>> get_encoder("series:2").kind
        'series'
    """
    parts = [_get_one(part, kind) for part in name.split("+")]
    encoder: Encoder = parts[0] if len(parts) == 1 else SideBySide(parts)
    if kind in DEFAULT_ENCODERS and encoder.kind != kind:
        raise ParameterError(
            f"encoder {name}: reads {encoder.kind}, but was named for {kind}; "
            f"the default for {kind} is {DEFAULT_ENCODERS[kind]}."
        )
    return encoder


def _get_one(name: str, kind: str | None) -> Encoder:
    if name.startswith(HUB):
        from .hub import HubEncoder

        model, _, told = name.removeprefix(HUB).rpartition(":")
        if told not in ("image", "text"):
            model, told = name.removeprefix(HUB), kind or "text"
        return HubEncoder(model, kind="image" if told == "image" else "text")
    base, _, options = name.partition(":")
    if base == TABULAR[:-1]:
        from .tabular import TabularEncoder

        if not options:
            raise ParameterError(
                "encoder tabular: is learnt from rows; make one with TabularEncoder.fit(rows).save(path) and name its "
                f"file: {TABULAR}PATH."
            )
        return TabularEncoder.load(options)
    if base not in ENCODERS:
        raise UnknownNameError("encoder", base, [*ENCODERS, f"{HUB}MODEL", f"{TABULAR}PATH"])
    return ENCODERS[base](base, tuple(option for option in options.split(",") if option))
