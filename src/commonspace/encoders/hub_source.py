"""Where a model of the Hugging Face hub is: in a folder, in the hub's cache, or on the hub."""

from __future__ import annotations

import logging
import os
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from typing import TypeVar

from commonspace.errors import MissingPackageError, ParameterError, StorageError

T = TypeVar("T")

TIMEOUT = 10
"""Seconds after which the hub counts as not reachable."""
_THIRD_PARTIES = ("huggingface_hub", "sentence_transformers", "transformers")


class HubSource:
    """A model that is taken from the cache of the hub if it is there, whatever the hub has by now; else downloaded.

    Args:
        model: A name of the hub, or a folder.
        subject: With which errors begin, such as the kind of item.
        package: What loads it.
        organisation: Of a name without a slash.
        revision: A commit, tag or branch; None for the commit in the cache, else the hub's newest.
        cache_variable: The environment variable in which the package looks for a cache of its own.

    Attributes:
        folder: None for a name of the hub.
        name: What the package is told.
    """

    def __init__(
        self,
        model: str,
        subject: str,
        package: str,
        *,
        organisation: str | None = None,
        revision: str | None = None,
        cache_variable: str | None = None,
    ) -> None:
        folder = Path(model).expanduser()
        self.folder = folder if folder.is_dir() else None
        whole = model if "/" in model or organisation is None else f"{organisation}/{model}"
        self.name = str(folder) if self.folder else whole
        self._told, self._subject, self._package = f"hf:{model}", subject, package
        self._revision, self._cache_variable = revision, cache_variable

    @cached_property
    def commit(self) -> str | None:
        """The commit in the cache; where there is none, the hub's. None of a folder.

        Raises:
            MissingPackageError: If the package is not installed.
            StorageError: If the model is neither in the cache nor to be had from the hub.
        """
        require_extra(self._package)
        if self.folder:
            return None
        from huggingface_hub import resolve_revision
        from huggingface_hub.errors import RevisionResolutionError

        cache = os.environ.get(self._cache_variable) if self._cache_variable else None
        with quiet():
            try:
                return resolve_revision(
                    self.name, revision=self._revision, cache_dir=cache, local_files_only=True
                ).resolved
            except RevisionResolutionError:
                pass
            except ValueError as error:  # no possible name
                raise self._not_to_be_had(error) from error
            try:
                self._call_hub()
                return resolve_revision(self.name, revision=self._revision, cache_dir=cache).resolved
            except Exception as error:  # of any type: the hub's, its HTTP library's, the system's
                raise self._not_to_be_had(error) from error

    def load(self, load: Callable[[str | None, bool], T]) -> T:
        """What a function loads.

        Args:
            load: Given the commit, and whether to look in the cache only: what the package makes of it.

        Raises:
            MissingPackageError: If the package, or one that the model needs, is not installed.
            ParameterError: If the model brings code of its own.
            StorageError: If the model is neither in the cache nor to be had from the hub, or the folder holds none.
        """
        commit = self.commit
        with quiet():
            try:
                return self._load(load, commit)
            except ImportError as error:
                raise MissingPackageError(
                    f"{self._subject}: {self._told} needs a package that is not installed: {first_line(error)}"
                ) from error
            except Exception as error:  # of any type: four libraries take part
                if "trust_remote_code" in str(error):
                    raise ParameterError(
                        f"{self._subject}: {self._told} brings code of its own, which is never run here; "
                        "name another model."
                    ) from error
                if self.folder:
                    raise StorageError(
                        f"{self._subject}: cannot load a model from the folder {self.folder}: {first_line(error)}"
                    ) from error
                raise self._not_to_be_had(error) from error

    def _load(self, load: Callable[[str | None, bool], T], commit: str | None) -> T:
        try:
            return load(commit, True)
        except Exception as error:  # of any type, for a file that is not in the cache
            if self.folder or isinstance(error, ImportError) or "trust_remote_code" in str(error):
                raise
            self._call_hub()
            return load(commit, False)

    def _call_hub(self) -> None:
        """Raises soon if the hub does not answer or has no such model: downloads would wait for every single file."""
        from huggingface_hub import HfApi

        HfApi().model_info(self.name, timeout=TIMEOUT)

    def _not_to_be_had(self, error: BaseException) -> StorageError:
        return StorageError(
            f"{self._subject}: the model {self.name} is neither in the cache nor to be had from the Hugging Face "
            f"hub ({type(error).__name__}: {first_line(error).rstrip('.')}). Check the name and the network, log in "
            "with `hf auth login` if the model is gated, set HF_HOME to where the cache is, or give a folder: "
            "hf:FOLDER."
        )


def require_extra(package: str) -> None:
    """Refuses to go on without a package of the extra `hf`.

    Args:
        package: As it is imported.

    Raises:
        MissingPackageError: If it is not installed.
    """
    if find_spec(package) is None:
        raise MissingPackageError(
            f"models of the Hugging Face hub need {package.replace('_', '-')}, which is not installed; "
            "run: pip install 'commonspace[hf]'."
        )


def first_line(error: BaseException) -> str:
    """The first line of what an error says."""
    return next((line.strip() for line in str(error).splitlines() if line.strip()), type(error).__name__)


@contextmanager
def quiet() -> Iterator[None]:
    """No warnings, logs and bars of third parties, but for a download's bar on a terminal: it may take minutes."""
    from huggingface_hub.utils.tqdm import are_progress_bars_disabled, disable_progress_bars, enable_progress_bars

    loggers = [logging.getLogger(name) for name in _THIRD_PARTIES]
    levels = [logger.level for logger in loggers]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from transformers.utils import logging as bars

        shown, downloads_shown = bars.is_progress_bar_enabled(), not are_progress_bars_disabled()
        try:
            bars.disable_progress_bar()  # those of the hub with them
            if downloads_shown and sys.stderr.isatty():
                enable_progress_bars()
            for logger in loggers:
                logger.setLevel(logging.CRITICAL)
            yield
        finally:
            for logger, level in zip(loggers, levels, strict=True):
                logger.setLevel(level)
            if shown:
                bars.enable_progress_bar()
            (enable_progress_bars if downloads_shown else disable_progress_bars)()
