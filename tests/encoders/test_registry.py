from __future__ import annotations

import subprocess
import sys

import pytest

from commonspace.encoders import DEFAULT_ENCODERS, ENCODERS, get_encoder
from commonspace.errors import ParameterError, UnknownNameError


@pytest.mark.parametrize("name", ENCODERS)
def test_an_encoder_is_known_by_its_name(name: str):
    encoder = get_encoder(name)
    assert encoder.name == name
    assert encoder.kind in DEFAULT_ENCODERS
    assert encoder.dim > 0


def test_the_default_encoder_of_a_kind_reads_that_kind():
    assert {kind: get_encoder(name).kind for kind, name in DEFAULT_ENCODERS.items()} == {
        kind: kind for kind in DEFAULT_ENCODERS
    }


def test_an_unknown_name():
    with pytest.raises(UnknownNameError, match="unknown encoder 'minilmm'; did you mean 'minilm'"):
        get_encoder("minilmm")


def test_naming_an_encoder_loads_no_network():
    program = (
        "import sys; from commonspace.encoders import ENCODERS, get_encoder; [get_encoder(name) for name in ENCODERS]; "
        "print([name for name in ('torch', 'onnxruntime', 'tokenizers') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_name_with_options_and_several_side_by_side_come_back_as_named():
    name = "efficientnet-lite0:flip+efficientnet-lite2"
    encoder = get_encoder(name, kind="image")
    assert (encoder.name, encoder.kind, encoder.dim) == (name, "image", 2560)


@pytest.mark.parametrize(
    ("name", "kind", "message"),
    [
        ("minilm", "image", "encoder minilm: reads text, but was named for image; the default for image is"),
        ("minilm:flip", None, "encoder minilm: takes no options, got flip"),
        ("minilm+efficientnet-lite0", None, "must read one kind of item"),
        ("efficientnet-lite0:spin", "image", "has no option spin"),
        ("tabular", None, r"encoder tabular: is learnt from rows; .* name its file: tabular:PATH"),
        ("tabular:", "row", "encoder tabular: is learnt from rows"),
    ],
)
def test_what_an_encoder_cannot_do(name: str, kind: str | None, message: str):
    with pytest.raises(ParameterError, match=message):
        get_encoder(name, kind=kind)


def test_a_modality_of_another_name_takes_any_encoder():
    assert get_encoder("minilm", kind="caption").kind == "text"
