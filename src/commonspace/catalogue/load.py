"""`load_dataset`: a named set or a path, put together with its encoders and the view cache."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from importlib import import_module
from inspect import signature
from pathlib import Path
from typing import Any

from commonspace.data import Dataset, Encoder, load_saved_dataset
from commonspace.data.storage import is_saved_dataset, read_description
from commonspace.encoders import DEFAULT_ENCODERS, DiskViewCache, get_encoder
from commonspace.errors import MissingPackageError, ParameterError, StorageError, UnknownNameError

CATALOGUE = {"emoji": "emoji", "wikipedia": "wikipedia"}
"""Name -> module in this folder. A new named set is one new file and one line here."""

_logger = logging.getLogger("commonspace")


def load_dataset(
    name: str | Path,
    *,
    root: str | Path | None = None,
    protocol: str | None = None,
    encoders: Mapping[str, str | Encoder] | None = None,
    **options: Any,
) -> Dataset:
    """Loads a data set with its encoders.

    Args:
        name: A name of the catalogue ("emoji", "wikipedia") or a folder that `commonspace encode` wrote.
        root: Where the files of a named set lie, for sets that come from no package.
        protocol: The split and rule, where a set has several.
        encoders: Modality -> an encoder or its name. Default: "efficientnet-lite0" for "image", "minilm" for "text".
        **options: What a named set takes besides, for example `seed=` and `flags=` of "emoji".

    Returns:
        A `Dataset`; its views are encoded when first asked for and kept in the cache directory.

    Raises:
        UnknownNameError: If there is no such set, protocol or encoder.
        ParameterError: If the set has no such option.
        StorageError: If files are missing or damaged.

    Example:
        ```python
        data = load_dataset("emoji")
        train, test = data.split("train"), data.split("test")
        ```
    """
    given = {m: get_encoder(e) if isinstance(e, str) else e for m, e in (encoders or {}).items()}
    if str(name) not in CATALOGUE:
        if not Path(name).exists():
            raise UnknownNameError("data set or path", str(name), CATALOGUE)
        unused = [k for k, v in {"root": root, "protocol": protocol, **options}.items() if v is not None]
        if unused:
            raise ParameterError(f"{name}: only the named sets ({', '.join(CATALOGUE)}) take {', '.join(unused)}.")
        return _load_path(Path(name), given)
    load = import_module(f".{CATALOGUE[str(name)]}", __package__).load
    known = set(signature(load).parameters) - {"root", "protocol", "encoders", "cache"}
    if unknown := set(options) - known:
        raise ParameterError(
            f"data set {name}: has no option {', '.join(sorted(unknown))}; "
            f"it takes: {', '.join(sorted(known)) or 'none'}."
        )
    if protocol is not None:
        options["protocol"] = protocol
    defaults = {m: get_encoder(e) for m, e in DEFAULT_ENCODERS.items()}
    data: Dataset = load(
        root=Path(root) if root is not None else None, encoders=defaults | given, cache=DiskViewCache(), **options
    )
    return data


def _load_path(path: Path, given: Mapping[str, Encoder]) -> Dataset:
    if not is_saved_dataset(path):
        raise StorageError(f"{path}: not a folder that `commonspace encode` wrote (dataset.json is missing).")
    encoders = dict(given)
    for modality, recorded in read_description(path)["encoders"].items():
        try:
            if modality not in encoders:
                encoders[modality] = get_encoder(recorded["name"])
            found = encoders[modality].fingerprint
        except (MissingPackageError, UnknownNameError) as error:
            encoders.pop(modality, None)  # the views are there; only raw queries need the encoder
            _logger.warning("%s: no raw %s queries: %s", path, modality, error)
            continue
        if found != recorded["fingerprint"]:
            raise StorageError(
                f"{path}: {modality} was encoded by another {recorded['name']} "
                f"({recorded['fingerprint']}, now {found}); encode it again."
            )
    return load_saved_dataset(path, encoders=encoders)
