"""The two encoders, built once: each exports its network once per run."""

from __future__ import annotations

import pytest

from commonspace.encoders.efficientnet_lite import EfficientNetLite
from commonspace.encoders.minilm import MiniLM
from commonspace.errors import MissingPackageError


@pytest.fixture(scope="session")
def pictures_encoder() -> EfficientNetLite:
    encoder = EfficientNetLite()
    try:
        _ = encoder.fingerprint
    except MissingPackageError as error:
        pytest.skip(str(error))
    return encoder


@pytest.fixture(scope="session")
def text_encoder() -> MiniLM:
    encoder = MiniLM()
    try:
        _ = encoder.fingerprint
    except MissingPackageError as error:
        pytest.skip(str(error))
    return encoder
