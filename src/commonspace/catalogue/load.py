"""`load_dataset`: a named set or a path, put together with its encoders and the view cache."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from importlib import import_module
from inspect import signature
from pathlib import Path
from typing import Any, get_type_hints

from commonspace.data import Dataset, Encoder, load_saved_dataset
from commonspace.data.partitions import Partitions, is_partitioned
from commonspace.data.readers import read
from commonspace.data.storage import is_saved_dataset, read_description
from commonspace.encoders import DEFAULT_ENCODERS, DiskViewCache, get_encoder
from commonspace.errors import MissingPackageError, ParameterError, StorageError, UnknownNameError

CATALOGUE = {
    "emoji": "emoji",
    "flickr8k": "flickr8k",
    "mirflickr": "mirflickr",
    "nus-wide": "nus_wide",
    "nus-wide-10k": "nus_wide_10k",
    "pascal-sentences": "pascal_sentences",
    "wikipedia": "wikipedia",
    "xmedia": "xmedia",
}
"""Name -> module in this folder. A new named set is one new file and one line here."""

_logger = logging.getLogger("commonspace")


def load_dataset(
    name: str | Path,
    *,
    root: str | Path | None = None,
    protocol: str | None = None,
    encoders: Mapping[str, str | Encoder] | None = None,
    columns: Mapping[str, str | None] | None = None,
    strict: bool = False,
    **options: Any,
) -> Dataset:
    """Loads a data set with its encoders.

    Args:
        name: A name of the catalogue ("emoji", "flickr8k", "mirflickr", "nus-wide", "nus-wide-10k",
            "pascal-sentences", "wikipedia", "xmedia"); a folder that `commonspace encode` wrote; or a path of your
            own data, read as `commonspace.data.readers.read` says: a folder of pictures or sounds with captions, a
            table, or arrays of features.
        root: Where the files of a named set lie, for sets that come from no package.
        protocol: The split and rule, where a set has several.
        encoders: Modality -> an encoder or its name, see `get_encoder`. Default: "efficientnet-lite0" for "image",
            "minilm" for "text", "audio" for "audio".
        columns: For a path of your own: role -> column. What is not named is guessed; `Dataset.columns` tells how.
        strict: Whether anything of your own data that cannot be used is an error. Otherwise it is left out, and
            `Dataset.problems` tells what and why.
        **options: What a named set takes besides, for example `seed=` and `flags=` of "emoji".

    Returns:
        A `Dataset`; its views are encoded when first asked for and kept in the cache directory.

    Raises:
        UnknownNameError: If there is no such set, protocol, column or encoder.
        ParameterError: If the set has no such option, or an encoder reads another kind of item.
        StorageError: If files are missing or damaged.
        InputError: If your own data cannot be read.

    Example:
        ```python
        data = load_dataset("emoji")
        mine = load_dataset("photos", columns={"text": "caption"})
        ```
    """
    path = Path(name)
    if str(name) not in CATALOGUE and not path.exists():
        raise UnknownNameError("data set or path", str(name), CATALOGUE)
    given = {m: get_encoder(e, kind=m) if isinstance(e, str) else e for m, e in (encoders or {}).items()}
    if str(name) in CATALOGUE:
        if columns or strict:
            raise ParameterError(f"data set {name}: columns and strict are for data of your own, not for named sets.")
        return _load_named(str(name), root, protocol, given, options)
    unused = [k for k, v in {"root": root, "protocol": protocol, **options}.items() if v is not None]
    if unused:
        raise ParameterError(f"{name}: only the named sets ({', '.join(CATALOGUE)}) take {', '.join(unused)}.")
    if is_saved_dataset(path):
        if columns:
            raise ParameterError(f"{path}: is encoded already; name columns where it is encoded.")
        return _load_saved(path, given)
    if is_partitioned(path):
        if columns:
            raise ParameterError(f"{path}: is encoded already; name columns where it is encoded.")
        return _load_partitions(path, given)
    reading = read(path, columns=columns, strict=strict)
    chosen = _default_encoders() | given
    data = reading.to_dataset(encoders=chosen, cache=DiskViewCache(), name=path.stem, strict=strict)
    _refuse_unused(given, data)
    return data


def _load_named(
    name: str,
    root: str | Path | None,
    protocol: str | None,
    given: dict[str, Encoder],
    options: dict[str, Any],
) -> Dataset:
    load = import_module(f".{CATALOGUE[name]}", __package__).load
    known = set(signature(load).parameters) - {"root", "protocol", "encoders", "cache"}
    if unknown := set(options) - known:
        raise ParameterError(
            f"data set {name}: has no option {', '.join(sorted(unknown))}; "
            f"it takes: {', '.join(sorted(known)) or 'none'}."
        )
    hints = get_type_hints(load)
    for option, value in options.items():
        if type(value) is not hints[option]:
            raise ParameterError(f"data set {name}: option {option} must be {hints[option].__name__}, got {value!r}.")
    if protocol is not None:
        options["protocol"] = protocol
    folder = Path(root) if root is not None else None
    data: Dataset = load(root=folder, encoders=_default_encoders() | given, cache=DiskViewCache(), **options)
    _refuse_unused(given, data)
    data.encoders = {m: e for m, e in data.encoders.items() if m in data.modalities}  # defaults are of all kinds
    return data


def _refuse_unused(given: Mapping[str, Encoder], data: Dataset) -> None:
    """Raises where an encoder was named for a modality that the data set lacks or has as features of another length."""
    for modality in given:
        if modality not in data.modalities:
            raise UnknownNameError(f"modality of {data.name}", modality, data.modalities)
        if modality not in data.encoders:
            raise ParameterError(f"encoders: {data.name} comes as features for {modality}; nothing is encoded there.")


def _default_encoders() -> dict[str, Encoder]:
    return {modality: get_encoder(name) for modality, name in DEFAULT_ENCODERS.items()}


def _load_saved(path: Path, given: Mapping[str, Encoder]) -> Dataset:
    return load_saved_dataset(path, encoders=saved_encoders(path, read_description(path)["encoders"], given))


def _load_partitions(path: Path, given: Mapping[str, Encoder]) -> Dataset:
    parts = Partitions(path)
    return parts.load(encoders=saved_encoders(path, parts.description.encoders, given))


def saved_encoders(
    path: str | Path, records: Mapping[str, Mapping[str, str]], given: Mapping[str, Encoder]
) -> dict[str, Encoder]:
    """The encoders that made the views of a saved data set, for queries; those that cannot be had are left out.

    Args:
        path: Of the data set, for messages.
        records: Modality -> name and fingerprint.
        given: Encoders that the user gave.

    Raises:
        StorageError: If an encoder is not the one that made the views.
    """
    encoders = dict(given)
    for modality, recorded in records.items():
        try:
            if modality not in encoders:
                encoders[modality] = get_encoder(recorded["name"], kind=modality)
            found = encoders[modality].fingerprint
        except (MissingPackageError, ParameterError, StorageError, UnknownNameError) as error:
            encoders.pop(modality, None)  # the views are there; only raw queries need the encoder
            _logger.warning("%s: no raw %s queries: %s", path, modality, error)
            continue
        if found != recorded["fingerprint"]:
            raise StorageError(
                f"{path}: {modality} was encoded by another {recorded['name']} "
                f"({recorded['fingerprint']}, now {found}); encode it again."
            )
    return encoders
