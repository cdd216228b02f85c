"""A pretrained model by its name: what needs neither transformers nor the model, and what the hub's cache gives."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from commonspace.errors import InputError, MissingPackageError, ParameterError, StorageError
from commonspace.reasoning import HubReasoner
from tests.reasoning.tiny_hub import needs_extra, picture, save_tiny

COMMITS = ("0" * 40, "1" * 40)


def run(program: str, **environment: str) -> str:
    """What a fresh interpreter prints."""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", program],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, **environment},
    )
    assert done.stderr == ""
    return done.stdout


def test_without_the_extra():
    program = (
        "import sys\n"
        "import numpy as np\n"
        "from commonspace.reasoning import HubReasoner\n"
        "sys.modules['transformers'] = None\n"
        "from commonspace.errors import MissingPackageError\n"
        "try:\n"
        "    HubReasoner('hf:someone/tiny').ask(np.zeros((9, 9, 3), np.uint8), 'what is it?')\n"
        "except MissingPackageError as error:\n"
        "    print(error)"
    )
    assert "need transformers, which is not installed; run: pip install 'commonspace[hf]'." in run(program)


@pytest.mark.skipif(find_spec("transformers") is not None, reason="transformers is installed")
def test_where_the_extra_is_absent_this_is_said():
    with pytest.raises(MissingPackageError, match=r"pip install 'commonspace\[hf\]'"):
        HubReasoner("someone/tiny").point(picture(), "it")


def test_parameters_out_of_their_range():
    for name in ("", "hf:"):
        with pytest.raises(ParameterError, match="name a model"):
            HubReasoner(name)
    with pytest.raises(ParameterError, match=r"architecture: expected one of Vilt.*, got 'Vilt'"):
        HubReasoner("someone/tiny", architecture="Vilt")
    with pytest.raises(ParameterError, match=r"threshold: expected 0 to 1, got 1\.5"):
        HubReasoner("someone/tiny", threshold=1.5)


def test_with_and_without_hf_before_it_a_model_is_the_same():
    assert HubReasoner("hf:someone/tiny").name == HubReasoner("someone/tiny").name == "hf:someone/tiny"


def test_bad_input_is_told_before_a_model_is_looked_for(tmp_path: Path):
    model, photo = HubReasoner("someone/absent"), picture()
    with pytest.raises(InputError, match="empty text"):
        model.ask(photo, " ")
    with pytest.raises(InputError, match="expected a string, got int"):
        model.verify(photo, 5)  # type: ignore[arg-type]
    with pytest.raises(InputError, match=r"gone\.jpg"):
        model.ask(tmp_path / "gone.jpg", "what?")
    with pytest.raises(InputError, match=r"gone\.jpg"):
        model.verify(photo, "so", other=tmp_path / "gone.jpg")
    with pytest.raises(InputError, match="at least one to choose from"):
        model.point(photo, "it", [])
    with pytest.raises(InputError, match="from 0 to 1"):
        model.point(photo, "it", [(0, 0, 3, 4)])
    with pytest.raises(InputError, match="at least two to choose from, got 1"):
        model.choose(photo, "what?", ["this"])
    with pytest.raises(InputError, match="empty text"):
        model.choose(photo, "what?", ["this", ""])
    with pytest.raises(InputError, match="points to box 4 of photo the photo, which has 0"):
        model.ask(photo, "what is [4] ?")


@needs_extra
@pytest.mark.slow
def test_a_model_in_the_cache_needs_no_network(tmp_path: Path):
    model = save_tiny(tmp_path / "model", "ViltForQuestionAnswering")
    place = tmp_path / "hub" / "models--someone--tiny"
    (place / "refs").mkdir(parents=True)
    (place / "refs" / "main").write_text(COMMITS[0])
    for commit in COMMITS:
        shutil.copytree(model, place / "snapshots" / commit)
    (place / "snapshots" / COMMITS[1] / "model.safetensors").unlink()
    program = (
        "from commonspace.errors import StorageError\n"
        "from commonspace.reasoning import HubReasoner\n"
        "import numpy as np\n"
        "def say(name, revision=None):\n"
        "    try:\n"
        "        print(HubReasoner(name, revision=revision).ask(np.zeros((40, 50, 3), np.uint8), 'what is it ?'))\n"
        "    except StorageError as error:\n"
        "        print(error)\n"
        f"say('hf:someone/tiny'); say({str(model)!r}); say('someone/tiny', 'main'); say('someone/tiny', {COMMITS[1]!r})"
    )
    named, folder, main, other = run(program, HF_HOME=str(tmp_path), HF_HUB_OFFLINE="1").splitlines()
    assert named.startswith("Answer(")
    assert named == folder == main
    assert other.startswith("reasoning: the model someone/tiny is neither in the cache nor to be had")


@needs_extra
@pytest.mark.parametrize("name", ["/no/such/folder", "a/b/c", "..", "no spaces/allowed"])
def test_what_is_neither_a_folder_nor_a_name(name: str):
    with pytest.raises(StorageError, match=r"is neither in the cache nor to be had|cannot load a model from"):
        HubReasoner(name).ask(picture(), "what is it?")
