"""What every test gets: a cache directory of its own, so that the user's is never touched."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture(scope="session", autouse=True)
def cache_for_tests(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """One cache directory for the whole run; `$COMMONSPACE_TEST_CACHE` names one that outlives it."""
    kept = os.environ.get("COMMONSPACE_TEST_CACHE")
    folder = Path(kept) if kept else tmp_path_factory.mktemp("cache")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COMMONSPACE_CACHE", str(folder))
        yield folder


@pytest.fixture(scope="session")
def data_root() -> Path:
    """The folder of data sets that are measured locally: `$COMMONSPACE_DATA`, else `../shared/data`."""
    given = os.environ.get("COMMONSPACE_DATA")
    root = Path(given) if given else Path(__file__).parents[2] / "shared" / "data"
    if not root.is_dir():
        pytest.skip(f"no data sets at {root}; set COMMONSPACE_DATA to the folder that holds them")
    return root
