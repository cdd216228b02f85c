"""What Lance and the file system say -> what the user is told."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pytest

from commonspace.collection import Collection
from commonspace.collection.lance_errors import translated
from commonspace.errors import InputError, StorageError

from .conftest import DIM

CRATE = "/root/.cargo/registry/src/index.crates.io-1949cf8c6b5b557f/lance-io-13.0.0/src/object_store.rs:1006:34"
PATH = Path("/home/conflict/permission denied/items.lance")


@pytest.mark.parametrize(
    ("text", "kind", "told"),
    [
        (
            f'lance error: LanceError(IO): Permission denied (os error 13) at path "{PATH}/data/.tmpX", {CRATE}',
            StorageError,
            "may not be used: Permission denied (os error 13)",
        ),
        (
            f"lance error: LanceError(IO): Generic N/A error: Generic LocalFileSystem error: Read-only file system, "
            f"/rustc/2d81/library/core/src/result.rs:1896:29, {CRATE}",
            StorageError,
            "may not be used: Read-only file system",
        ),
        (f"lance error: LanceError(IO): No space left on device (os error 28), {CRATE}", StorageError, "Free space"),
        (f"lance error: Retryable commit conflict for version 7, {CRATE}", StorageError, "at the same time"),
        ("Too many concurrent writers. Please retry.", StorageError, "at the same time"),
        ("Table 'items' already exists", StorageError, "at the same time"),
        ("Invalid input, Schema error: No field named x.", InputError, "does not take this: Schema error"),
        ("Table 'items' was not found", StorageError, "cannot be used: Table 'items' was not found"),
        (
            f"lance error: LanceError(IO): Generic memory error: Invalid range 0..727 for object of size 7, {CRATE}",
            StorageError,
            "cannot be used: Invalid range 0..727 for object of size 7. It is damaged",
        ),
        (f"lance error: LanceError(IO): not there: {PATH}/data/x, {CRATE}", StorageError, "It is damaged or gone"),
        ("", StorageError, "cannot be used: RuntimeError"),
    ],
)
def test_each_trouble_has_its_own_advice(text, kind, told):
    error = translated(RuntimeError(text), PATH)
    assert type(error) is kind
    assert told in str(error)
    assert str(PATH) in str(error)
    assert ".rs" not in str(error)
    assert "LanceError" not in str(error)
    assert ("create it again" in str(error)) == ("damaged or gone" in str(error))


def test_a_manifest_that_may_not_be_read_is_not_called_damaged(raw, monkeypatch):
    def denied(*_: object, **__: object) -> str:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "read_text", denied)
    with pytest.raises(StorageError, match=r"cannot be read: Permission denied\. Let this user read it"):
        Collection.open(raw.path)


AS_NOBODY = """
import json, os, sys
import numpy as np
import filelock, lance  # while this Python may be read: it may lie in a folder of the first user's
from commonspace.collection import Collection
from commonspace.errors import CommonspaceError
if os.geteuid() == 0:
    os.setgid(65534), os.setuid(65534)
store = Collection.open(sys.argv[1])
told = [len(store.search(vector=np.ones(8)))]
for write in (
    lambda: store.add_vectors(["b"], np.ones((1, 8)), modality="image"),
    lambda: store.delete(["a"]),
    lambda: Collection.create(sys.argv[1], dim=8, overwrite=True),
    lambda: Collection.create(sys.argv[1] + "/../new", dim=8),
    lambda: store._table.delete(["a"]),  # past the lock, which is noticed first: as where only the table is protected
):
    try:
        write()
        told.append("written")
    except CommonspaceError as error:
        told.append(f"{type(error).__name__}: {error}")
print(json.dumps(told))
"""


@pytest.mark.skipif(os.name == "nt", reason="permissions are set the Unix way")
def test_a_store_that_may_only_be_read_is_searched_and_not_written():
    folder = Path(tempfile.mkdtemp())  # not tmp_path, into which only this user may look
    try:
        raw = Collection.create(folder / "store", dim=DIM)
        raw.add_vectors(["a"], np.ones((1, DIM)), modality="image")
        for path in (folder, *folder.rglob("*")):
            path.chmod(0o555 if path.is_dir() else 0o444)
        done = subprocess.run(
            [sys.executable, "-c", AS_NOBODY, folder / "store"], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        found, *locked, table = json.loads(done.stdout)
        assert found == 1
        assert all(told.startswith("StorageError: cannot write") and "Permission denied" in told for told in locked)
        assert "items.lance may not be used: Permission denied" in table
        assert len(Collection.open(folder / "store")) == 1
    finally:
        for path in (folder, *folder.rglob("*")):
            if path.is_dir():
                path.chmod(0o755)
        shutil.rmtree(folder)
