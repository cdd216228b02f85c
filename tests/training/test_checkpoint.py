from __future__ import annotations

from pathlib import Path

import pytest
import torch

from commonspace.errors import StorageError
from commonspace.training.batches import Batches
from commonspace.training.checkpoint import Checkpoint, weights_digest
from commonspace.training.train import train

from .small import Small, items, settings


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The bytes of a good checkpoint, of identity "this"."""
    path = tmp_path_factory.mktemp("good") / "run.ckpt"
    train(Small(), Batches(items(), 20, 2, 0), settings(max_epochs=2), checkpoint=Checkpoint(path, "this", 77))
    assert [p.name for p in path.parent.iterdir()] == ["run.ckpt"]
    return path.read_bytes()


def test_it_is_read_with_its_seed(written: bytes, tmp_path: Path):
    path = tmp_path / "run.ckpt"
    path.write_bytes(written)
    assert Checkpoint(path, "this", 0).stored_seed() == 77
    content = Checkpoint(path, "this", 0).read()
    assert set(content["state_dict"]) - {"_extra_state"} == {f"network.{name}" for name in Small().state_dict()}


def test_that_of_another_training_is_refused(written: bytes, tmp_path: Path):
    path = tmp_path / "run.ckpt"
    path.write_bytes(written)
    for use in (Checkpoint(path, "that", 0).read, Checkpoint(path, "that", 0).stored_seed):
        with pytest.raises(StorageError, match=r"run\.ckpt is the checkpoint of another training"):
            use()


def test_that_of_other_weights_to_begin_from_is_refused_where_both_are_told(written: bytes, tmp_path: Path):
    path, start = tmp_path / "run.ckpt", weights_digest(Small())
    path.write_bytes(written)
    Checkpoint(path, "this", 0, start).read()  # it tells none
    train(Small(), Batches(items(), 20, 2, 0), settings(max_epochs=1), checkpoint=Checkpoint(path, "this", 0, start))
    for own in (start, None):
        Checkpoint(path, "this", 0, own).read()
    with pytest.raises(StorageError, match="other weights to begin from"):
        Checkpoint(path, "this", 0, "another").read()


def test_digests_of_weights_differ_by_each_number_name_and_type():
    def module(**changed: torch.Tensor) -> torch.nn.Module:
        made = torch.nn.Module()
        for name, tensor in ({"a": torch.ones(2, 3), "b": torch.tensor(1.0)} | changed).items():
            made.register_buffer(name, tensor)
        return made

    others = [module(a=torch.ones(3, 2)), module(b=torch.tensor(1.5)), module(c=torch.ones(0)),
              module(b=torch.tensor(1.0, dtype=torch.bfloat16)), module(a=torch.eye(3)[:2])]  # fmt: skip
    assert len({weights_digest(one) for one in (module(), *others)}) == 6
    assert weights_digest(module()) == weights_digest(module(a=torch.ones(3, 2).T))


@pytest.mark.parametrize("share", [0.0, 0.01, 0.5, 0.9, 0.999])
def test_a_file_that_was_cut_off_is_an_error_that_says_what_to_do(share: float, written: bytes, tmp_path: Path):
    path = tmp_path / "run.ckpt"
    path.write_bytes(written[: int(share * len(written))])
    with pytest.raises(StorageError, match=r"run\.ckpt: cannot be read as a checkpoint .*delete it to begin anew"):
        Checkpoint(path, "this", 0).read()


def test_other_things_are_no_checkpoint(tmp_path: Path):
    class Evil:
        def __reduce__(self):
            return Path.touch, (tmp_path / "ran",)

    path = tmp_path / "run.ckpt"
    for content in (b"dear diary", b"PK\x03\x04" + bytes(100), bytes(1000)):
        path.write_bytes(content)
        with pytest.raises(StorageError, match="cannot be read"):
            Checkpoint(path, "this", 0).read()
    foreign: list[object] = [
        [1, 2], 3, None, {}, {"callbacks": {}}, {"callbacks": 5}, {"callbacks": {"Checkpoint": None}}, torch.zeros(3),
        {"callbacks": {"Checkpoint": {"identity": "this"}}, "evil": Evil()},
    ]  # fmt: skip
    for value in foreign:
        torch.save(value, path)
        with pytest.raises(StorageError, match="cannot be read"):
            Checkpoint(path, "this", 0).read()
    assert not (tmp_path / "ran").exists()


def test_a_folder_or_nothing_in_its_place(tmp_path: Path):
    for path in (tmp_path, tmp_path / "none"):
        with pytest.raises(StorageError, match="cannot be read"):
            Checkpoint(path, "this", 0).read()


def test_a_byte_that_changed_is_noticed(written: bytes, tmp_path: Path):
    """In the middle of the largest tensor, where the file still is a file of its kind."""
    path = tmp_path / "run.ckpt"
    broken = bytearray(written)
    weight = torch.load(_put(path, written), weights_only=True)["state_dict"]["network.projections.0.0.weight"]
    at = written.index(weight.numpy().tobytes())
    broken[at + 2] ^= 0x40
    path.write_bytes(bytes(broken))
    with pytest.raises(StorageError, match="cannot be read"):
        Checkpoint(path, "this", 0).read()


def test_a_place_that_cannot_be_written_is_an_error(tmp_path: Path):
    (tmp_path / "file").touch()
    checkpoint = Checkpoint(tmp_path / "file" / "run.ckpt", "this", 0)
    with pytest.raises(StorageError, match=r"cannot write .*run\.ckpt"):
        train(Small(), Batches(items(), 20, 2, 0), settings(max_epochs=2), checkpoint=checkpoint)


def _put(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path
