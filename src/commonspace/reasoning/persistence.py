"""A reasoner on disk: `reasoner.json` and `weights.safetensors`. No pickle: loading runs no code from the folder."""

from __future__ import annotations

import json
from dataclasses import asdict
from hashlib import sha256
from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from safetensors.torch import load, save

from commonspace import __version__
from commonspace.encoders.bert import BertConfig
from commonspace.encoders.efficientnet_lite_maps import EfficientNetLiteMaps
from commonspace.errors import CommonspaceError, StorageError
from commonspace.files import check_replaceable, replacing

from .calibration import Calibration
from .config import CoAttentionConfig
from .inputs import Preparation
from .network import ReasoningNetwork
from .reasoner import Reasoner
from .tasks import TASKS
from .tokens import Tokenizer

FORMAT = 1
DESCRIPTION, WEIGHTS = "reasoner.json", "weights.safetensors"


def save_reasoner(reasoner: Reasoner, path: Path) -> None:
    """Writes a reasoner; the folder appears whole or not at all.

    Raises:
        StorageError: If the folder exists and holds something else, or cannot be written.
    """
    check_folder(path)
    network = reasoner.network
    weights = save({name: tensor.contiguous() for name, tensor in network.state_dict().items()})
    kinds = {cls: kind for kind, cls in TASKS.items()}
    if own := [name for name in network.names if type(network.task(name)) not in kinds]:
        raise StorageError(f"task {own[0]}: only tasks of these kinds can be saved: {', '.join(TASKS)}.")
    description = {
        "format": FORMAT,
        "version": __version__,
        "weights_sha256": sha256(weights).hexdigest(),
        "photos": EfficientNetLiteMaps().fingerprint,
        "model": asdict(network.config),
        "grid": reasoner.preparation.grid,
        "most_tokens": reasoner.preparation.tokenizer.most,
        "tasks": [
            {
                "name": name,
                "kind": kinds[type(network.task(name))],
                "parameters": network.task(name).description(),
                "calibration": asdict(reasoner.calibrations[name]),
            }
            for name in network.names
        ],
    }
    with replacing(path) as folder:
        folder.mkdir()
        (folder / WEIGHTS).write_bytes(weights)
        (folder / DESCRIPTION).write_text(json.dumps(description, indent=2, ensure_ascii=False), encoding="utf-8")


def check_folder(path: Path) -> None:
    """Refuses a folder that holds anything but a saved reasoner.

    Raises:
        StorageError: If it does.
    """
    check_replaceable(path, (DESCRIPTION, WEIGHTS), "a saved reasoner")


def load_reasoner(path: Path) -> Reasoner:
    """Reads a reasoner.

    Raises:
        StorageError: If the folder holds none, or it is damaged or of a format that this version does not read.
    """
    try:
        description: dict[str, Any] = json.loads((path / DESCRIPTION).read_text(encoding="utf-8"))
        weights = (path / WEIGHTS).read_bytes()
    except (FileNotFoundError, NotADirectoryError) as error:
        raise StorageError(f"{path}: no saved reasoner here ({DESCRIPTION} or {WEIGHTS} is missing).") from error
    except OSError as error:
        raise StorageError(f"{path}: cannot read the reasoner: {error.strerror or error}.") from error
    except ValueError as error:
        raise StorageError(f"{path}: {DESCRIPTION} is damaged ({error}); train and save it again.") from error
    if not isinstance(description, dict) or description.get("format") != FORMAT:
        raise StorageError(f"{path}: {DESCRIPTION} is not of format {FORMAT}, which this version reads.")
    if sha256(weights).hexdigest() != description.get("weights_sha256"):
        raise StorageError(f"{path}: {WEIGHTS} does not belong to {DESCRIPTION} or is damaged.")
    if description.get("photos") != EfficientNetLiteMaps().fingerprint:
        raise StorageError(f"{path}: it learnt from photos as another version looked at them; train it again.")
    try:
        model = description["model"]
        config = CoAttentionConfig(**{**model, "text": BertConfig(**model["text"])})
        tasks = {of["name"]: TASKS[of["kind"]](config, **of["parameters"]) for of in description["tasks"]}
        network = ReasoningNetwork(config, tasks)
        network.load_state_dict(load(weights))
        calibrations = {of["name"]: Calibration(**of["calibration"]) for of in description["tasks"]}
        preparation = Preparation(Tokenizer(description["most_tokens"]), description["grid"])
    except (KeyError, TypeError, ValueError, RuntimeError, SafetensorError, CommonspaceError) as error:
        raise StorageError(f"{path}: {DESCRIPTION} does not describe a reasoner ({error}).") from error
    return Reasoner(network, preparation, calibrations)
