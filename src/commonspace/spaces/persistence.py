"""A fitted space on disk: `space.json` and `weights.safetensors`. No pickle: loading runs no code from the folder."""

from __future__ import annotations

import json
import platform
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load, save
from sklearn.utils.validation import check_is_fitted

from commonspace import __version__
from commonspace.errors import StorageError, UnknownNameError
from commonspace.files import check_replaceable, replacing

from .base import Space
from .registry import find_space

FORMAT = 1
CHECKPOINT = "training.ckpt"
"""A training in progress may keep its state under this name in the folder that its space is to be saved in."""
_TENSOR = "tensor"
_SPACE = "space"
_PARAMETERS = "parameters."
"""In the name of what belongs to a parameter, and of nothing else: names of state end in an underscore."""


def save_space(space: Space, path: Path, training: Mapping[str, Any] | None = None) -> None:
    """Writes a fitted space; the folder appears whole or not at all.

    Args:
        space: The space.
        path: The folder.
        training: What it learnt from, kept as it is.

    Raises:
        StorageError: If the folder exists and holds something else, cannot be written, or the space holds what cannot
            be saved, such as a function.
    """
    check_folder(path)
    description, weights = describe(space)
    description["training"] = dict(training or {})
    with replacing(path) as folder:
        folder.mkdir()
        (folder / "weights.safetensors").write_bytes(weights)
        (folder / "space.json").write_text(json.dumps(description, indent=2, ensure_ascii=False), encoding="utf-8")


def check_folder(path: Path) -> None:
    """Refuses a folder that holds anything but a saved space, and what a training that has now ended kept there.

    Raises:
        StorageError: If it does.
    """
    check_replaceable(path, ("space.json", "weights.safetensors"), "a saved space", over=CHECKPOINT)


def load_space(path: str | Path) -> Space:
    """Reads a space that `Space.save` wrote; it embeds exactly as the one that was saved.

    Args:
        path: The folder.

    Returns:
        The space, fitted, of the class that was saved.

    Raises:
        StorageError: If the folder holds no space, or it is damaged or of a format this version does not read.

    Example:
        ```python
        CCA(8).fit(views).save("runs/cca")
        load_space("runs/cca").transform({"image": X})
        ```
    """
    path = Path(path)
    description = _read_description(path)
    try:
        weights = (path / "weights.safetensors").read_bytes()
    except OSError as error:
        raise StorageError(f"{path}: cannot read weights.safetensors: {error.strerror or error}.") from error
    if sha256(weights).hexdigest() != description.get("weights_sha256"):
        raise StorageError(
            f"{path}: weights.safetensors does not belong to space.json or is damaged; save the space again."
        )
    try:
        tensors = load(weights)
        space = _unpack_space(description, tensors)
        check_is_fitted(space)
        found = describe(space)[0]["fingerprint"]
    except (KeyError, TypeError, ValueError, AttributeError, SafetensorError, UnknownNameError) as error:
        raise StorageError(f"{path}: space.json does not describe a space ({error}); save the space again.") from error
    if found != description.get("fingerprint"):
        raise StorageError(
            f"{path}: space.json is not as it was saved: its fingerprint is {description.get('fingerprint')}, "
            f"what it holds gives {found}. Save the space again instead of editing it."
        )
    return space


def read_training(path: str | Path) -> dict[str, Any]:
    """What a saved space learnt from, as far as it was told when saved: data set, protocol, split, items, seconds.

    Args:
        path: The folder.

    Returns:
        What `Space.save` was given as `training`; empty where it was given nothing.

    Raises:
        StorageError: If the folder holds no space.

    Example:
        ```python
        CCA(8).fit(views).save("runs/told", training={"dataset": "mine", "items": 160})
        assert read_training("runs/told") == {"dataset": "mine", "items": 160}
        ```
    """
    return dict(_read_description(Path(path)).get("training", {}))


def describe(space: Space) -> tuple[dict[str, Any], bytes]:
    """A fitted space as the JSON and the tensors that `load_space` reads."""
    tensors: dict[str, np.ndarray[Any, Any]] = {}
    learnt = _pack_space(space, "", tensors)
    weights = save(tensors)
    learnt["weights_sha256"] = sha256(weights).hexdigest()
    return {
        "format": FORMAT,
        "fingerprint": sha256(json.dumps(learnt, sort_keys=True).encode()).hexdigest()[:16],
        **learnt,
        "versions": {"commonspace": __version__, "python": platform.python_version(), "numpy": np.__version__},
    }, weights


def _read_description(path: Path) -> dict[str, Any]:
    """The contents of space.json."""
    try:
        description = json.loads((path / "space.json").read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError) as error:
        raise StorageError(f"{path}: no saved space here (space.json is missing).") from error
    except OSError as error:
        raise StorageError(f"{path}: cannot read space.json: {error.strerror or error}.") from error
    except ValueError as error:
        raise StorageError(f"{path}: space.json is damaged ({error}); fit and save the space again.") from error
    if not isinstance(description, dict) or description.get("format") != FORMAT:
        raise StorageError(
            f"{path}: space.json is not of format {FORMAT}, which this version reads; save the space again."
        )
    return description


def _pack_space(space: Space, name: str, tensors: dict[str, np.ndarray[Any, Any]]) -> dict[str, Any]:
    """A space as JSON: class, parameters and state. `name` begins the names of its tensors.

    A space that is a parameter of another is there to be cloned; what it may itself have learnt is left out.
    """
    parameters = space.get_params(deep=False)
    state = {} if _PARAMETERS in name else {k: v for k, v in sorted(vars(space).items()) if k.endswith("_")}
    return {
        "class": type(space).__name__,
        "parameters": {k: _pack(v, f"{name}{_PARAMETERS}{k}", tensors) for k, v in parameters.items()},
        "state": {k: _pack(v, f"{name}{k}", tensors) for k, v in state.items()},
    }


def _unpack_space(packed: Any, tensors: dict[str, np.ndarray[Any, Any]]) -> Space:
    """The inverse of `_pack_space`; the class is looked up among those of the registry."""
    parameters = {name: _unpack(value, tensors) for name, value in packed["parameters"].items()}
    space = find_space(packed["class"])(**parameters)
    state = {name: _unpack(value, tensors) for name, value in packed["state"].items() if name.endswith("_")}
    space.__dict__.update(state)
    return space


def _pack(value: Any, name: str, tensors: dict[str, np.ndarray[Any, Any]]) -> Any:
    """`value` as JSON, its arrays moved to `tensors` and referred to by name.

    Raises:
        StorageError: If it is something that JSON and tensors cannot hold.
    """
    if isinstance(value, np.ndarray):
        tensors[name] = np.ascontiguousarray(value)
        return {_TENSOR: name}
    if isinstance(value, Space):
        return {_SPACE: _pack_space(value, f"{name}.", tensors)}
    if isinstance(value, Mapping):
        return {"mapping": [[k, _pack(v, f"{name}.{i}", tensors)] for i, (k, v) in enumerate(value.items())]}
    if isinstance(value, list | tuple):
        return [_pack(v, f"{name}.{i}", tensors) for i, v in enumerate(value)]
    value = value.item() if isinstance(value, np.generic) else value
    if not isinstance(value, str | int | float | None):
        what = "a function" if callable(value) else f"of type {type(value).__name__}"
        raise StorageError(
            f"{name} is {what} and cannot be saved or have a fingerprint: a saved space holds numbers, text and "
            "arrays, so that loading it runs no code. Choose by name where there are names, for example kernel='rbf'."
        )
    return value


def _unpack(value: Any, tensors: dict[str, np.ndarray[Any, Any]]) -> Any:
    """The inverse of `_pack`; sequences come back as tuples."""
    if isinstance(value, dict):
        if _TENSOR in value:
            return tensors[value[_TENSOR]]
        if _SPACE in value:
            return _unpack_space(value[_SPACE], tensors)
        return {k: _unpack(v, tensors) for k, v in value["mapping"]}
    return tuple(_unpack(v, tensors) for v in value) if isinstance(value, list) else value
