"""A pretrained model says what transformers says of the same photo and words, and tells what it cannot do."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file

from commonspace.errors import InputError, ParameterError, StorageError
from commonspace.metrics import intersection_over_union
from commonspace.reasoning import HubReasoner
from commonspace.reasoning.hub_verbs import ARCHITECTURES
from tests.reasoning.tiny_hub import ANSWERS, needs_extra, picture, save_tiny

pytestmark = needs_extra

QUESTION, LONG = "what colour is the circle ?", "is it what colour the red " * 20
VQA, WRITER = "ViltForQuestionAnswering", "BlipForQuestionAnswering"
RANKER, MATCHER = "ViltForImageAndTextRetrieval", "BlipForImageTextRetrieval"
PAIRS = "ViltForImagesAndTextClassification"
DETECTORS = ["OwlViTForObjectDetection", "Owlv2ForObjectDetection", "GroundingDinoForObjectDetection"]
BOXES = [(0.0, 0.0, 0.5, 0.5), (0.25, 0.2, 0.9, 1.0), (0.6, 0.0, 1.0, 0.4)]

Folder = Callable[[str], Path]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Folder:
    """The folder of a tiny model of a class."""
    made: dict[str, Path] = {}

    def find(architecture: str) -> Path:
        if architecture not in made:
            made[architecture] = save_tiny(tmp_path_factory.mktemp(architecture), architecture)
        return made[architecture]

    return find


@pytest.fixture(scope="module")
def reasoner(folder: Folder) -> Callable[[str], HubReasoner]:
    made: dict[str, HubReasoner] = {}

    def find(architecture: str) -> HubReasoner:
        return made.setdefault(architecture, HubReasoner(f"hf:{folder(architecture)}", device="cpu"))

    return find


class Plain:
    """A model as transformers alone would run it."""

    def __init__(self, folder: Path, architecture: str) -> None:
        import transformers

        self.processor = transformers.AutoProcessor.from_pretrained(folder, backend="pil")
        self.model = getattr(transformers, architecture).from_pretrained(folder).eval()

    def inputs(self, text: object, *photos: Any, **options: Any) -> Any:
        return self.processor(images=[Image.fromarray(p) for p in photos], text=text, return_tensors="pt", **options)

    def __call__(self, text: object, *photos: Any, **options: Any) -> Any:
        with torch.no_grad():
            return self.model(**self.inputs(text, *photos, **options))


def test_a_vilt_answers_by_its_highest_logit(folder, reasoner):
    plain = Plain(folder(VQA), VQA)
    chosen = set()
    for seed in range(6):
        logits = plain([QUESTION], picture(seed)).logits[0]
        answer = reasoner(VQA).ask(picture(seed), QUESTION)
        assert answer.choice == logits.argmax()
        assert answer.text == ANSWERS[answer.choice]
        assert answer.probabilities == pytest.approx(logits.sigmoid().tolist(), abs=1e-5)
        assert answer.confidence == max(answer.probabilities)
        assert answer.sure
        assert (answer.box, answer.attention) == (None, None)
        chosen.add(answer.confidence)
    assert len(chosen) == 6  # photos differ


def test_a_blip_answers_in_words_whose_probability_it_tells(folder, reasoner):
    plain, answer = Plain(folder(WRITER), WRITER), reasoner(WRITER).ask(picture(), QUESTION)
    inputs = plain.inputs([QUESTION], picture())
    with torch.no_grad():
        written = plain.model.generate(**inputs, max_new_tokens=10)
        seen = plain.model.vision_model(inputs["pixel_values"]).last_hidden_state
        asked = plain.model.text_encoder(
            inputs["input_ids"], attention_mask=inputs["attention_mask"], encoder_hidden_states=seen
        ).last_hidden_state
        logits = plain.model.text_decoder(written[:, :-1], encoder_hidden_states=asked).logits[0]
    each = logits.softmax(-1)[torch.arange(len(logits)), written[0, 1:]]
    assert answer.text == plain.processor.decode(written[0], skip_special_tokens=True).strip()
    assert answer.text
    assert answer.probabilities == (pytest.approx(each.prod().item(), rel=1e-4),)
    assert 0 < answer.confidence < 1


def test_verifying_is_matching(folder, reasoner):
    sentence = "the circle is red"
    score = Plain(folder(RANKER), RANKER)([sentence], picture()).logits[0, 0]
    assert reasoner(RANKER).verify(picture(), sentence).probabilities[1] == pytest.approx(
        float(score.sigmoid()), abs=1e-5
    )
    match = Plain(folder(MATCHER), MATCHER)([sentence], picture()).itm_score[0].softmax(-1)
    answer = reasoner(MATCHER).verify(picture(), sentence)
    assert answer.probabilities == pytest.approx(match.tolist(), abs=1e-5)
    assert answer.text == ("false", "true")[int(match.argmax())]


def test_a_sentence_about_two_photos(folder, reasoner):
    plain = Plain(folder(PAIRS), PAIRS)
    inputs = plain.inputs(["there is a circle"], picture(0), picture(1))
    with torch.no_grad():
        logits = plain.model(
            input_ids=inputs["input_ids"],
            attention_mask=inputs["attention_mask"],
            pixel_values=inputs["pixel_values"][None],
            pixel_mask=inputs["pixel_mask"][None],
        ).logits[0]
    answer = reasoner(PAIRS).verify(picture(0), "there is a circle", other=picture(1))
    assert answer.probabilities == pytest.approx(logits.softmax(-1).tolist(), abs=1e-5)
    assert answer.text == ("false", "true")[int(logits.argmax())]
    odd = reasoner(PAIRS).verify(picture(0), "there is a circle", other=picture(1, 30, 70))
    assert sum(odd.probabilities) == pytest.approx(1)


@pytest.mark.parametrize("architecture", [RANKER, MATCHER])
def test_the_option_that_fits_best_with_its_question_is_chosen(folder, reasoner, architecture):
    plain, options = Plain(folder(architecture), architecture), ["it is red", "it is blue", "circle"]
    scores = []
    for option in options:
        found = plain([f"{QUESTION} {option}"], picture())
        scores.append(found.logits[0, 0] if architecture == RANKER else found.itm_score[0] @ torch.tensor([-1.0, 1.0]))
    answer = reasoner(architecture).choose(picture(), QUESTION, options)
    assert answer.probabilities == pytest.approx(torch.stack(scores).softmax(0).tolist(), abs=1e-5)
    assert answer.text == options[answer.choice]
    assert answer.choice == int(torch.stack(scores).argmax())
    assert reasoner(architecture).choose(picture(), QUESTION, options, reasons=True) == answer


def test_of_a_long_question_the_options_are_not_cut_off(reasoner):
    first, second = reasoner(MATCHER).choose(picture(), LONG, ["it is red", "there"]).probabilities
    assert first != pytest.approx(second, abs=1e-5)


@pytest.mark.parametrize("architecture", DETECTORS)
@pytest.mark.parametrize(("width", "height"), [(50, 40), (40, 64)])
def test_boxes_are_those_of_the_model_as_shares_of_the_photo(folder, reasoner, architecture, width, height):
    photo = picture(0, width, height)
    dino = architecture.startswith("Grounding")
    options = {} if dino else {"padding": "max_length", "max_length": 12}
    found = Plain(folder(architecture), architecture)(
        ["a red circle."] if dino else [["a Red circle"]], photo, **options
    )
    scores = found.logits[0].sigmoid().amax(-1).numpy()
    x, y, w, h = found.pred_boxes[0].numpy().T
    boxes = np.stack([x - w / 2, y - h / 2, x + w / 2, y + h / 2], 1)
    if architecture.startswith("Owlv2"):  # its shares are of the photo padded to a square
        boxes = boxes * max(width, height) / [width, height, width, height]
    boxes = boxes.clip(0, 1)
    inside = ((boxes[:, 2:] - boxes[:, :2]) > 1e-6).all(1)

    told = reasoner(architecture).detect(photo, "a Red circle")
    assert len(told) >= inside.sum() > 2
    assert all(0 <= left < right <= 1 and 0 <= top < bottom <= 1 for (left, top, right, bottom), _ in told)
    assert [score for _, score in told] == sorted((score for _, score in told), reverse=True)
    best = np.where(inside, scores, 0).argmax()
    assert told[0][1] == pytest.approx(scores[best], abs=1e-5)
    assert told[0][0] == pytest.approx(boxes[best].tolist(), abs=1e-5)

    answer = reasoner(architecture).point(photo, "a Red circle")
    assert (answer.choice, answer.box) == (0, told[0][0])
    assert answer.probabilities == tuple(score for _, score in told)
    assert answer.text.startswith(f"({told[0][0][0]:.2f}, ")


@pytest.mark.parametrize("architecture", DETECTORS)
def test_of_candidates_the_one_is_chosen_that_detections_cover_best(reasoner, architecture):
    found = reasoner(architecture).detect(picture(), "a circle")
    answer = reasoner(architecture).point(picture(), "a circle", BOXES)
    expected = [
        max(score * float(intersection_over_union([box], [own])[0, 0]) for own, score in found) for box in BOXES
    ]
    assert answer.probabilities == pytest.approx(expected, abs=1e-6)
    assert answer.box == pytest.approx(BOXES[int(np.argmax(expected))])
    best = reasoner(architecture).point(picture(), "a circle", [*BOXES, found[0][0]])
    assert best.choice == 3
    assert best.confidence == pytest.approx(found[0][1], abs=1e-5)


def test_it_says_the_same_each_time_and_draws_from_no_one_elses_numbers(reasoner):
    state = torch.get_rng_state()
    first = reasoner(VQA).ask(picture(), QUESTION)
    assert torch.equal(torch.get_rng_state(), state)
    torch.manual_seed(5)
    assert reasoner(VQA).ask(picture(), QUESTION) == first


def test_path_bytes_array_and_picture_are_one(reasoner, tmp_path):
    out = BytesIO()
    Image.fromarray(picture()).save(out, "PNG")
    (tmp_path / "x.png").write_bytes(out.getvalue())
    forms = [tmp_path / "x.png", out.getvalue(), Image.fromarray(picture()), picture()]
    assert len({reasoner(VQA).ask(form, QUESTION).probabilities for form in forms}) == 1


@pytest.mark.parametrize("words", ["что это?", LONG])
@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_any_words_are_read(reasoner, architecture, words):
    model, photo = reasoner(architecture), picture()
    if architecture in DETECTORS:
        answer = model.point(photo, words)
    elif architecture == PAIRS:
        answer = model.verify(photo, words, other=photo)
    else:
        answer = model.ask(photo, words) if "Question" in architecture else model.verify(photo, words)
    assert 0 <= answer.confidence <= 1


def test_a_photo_of_hardly_any_pixels_is_looked_at_or_told(reasoner):
    for size in ((1, 1), (3, 3), (3, 9), (9, 3)):
        assert np.isfinite(reasoner(VQA).ask(np.zeros((*size, 3), np.uint8), QUESTION).confidence)
    with pytest.raises(InputError, match=r"hf:.* cannot take a photo of 1 x 400 pixels"):
        reasoner(VQA).ask(np.zeros((400, 1, 3), np.uint8), QUESTION)


def test_an_answer_is_sure_from_the_threshold_on(folder, reasoner):
    confidence = reasoner(VQA).ask(picture(), QUESTION).confidence
    for threshold, sure in ((confidence - 0.01, True), (confidence + 0.01, False)):
        assert HubReasoner(str(folder(VQA)), threshold=threshold).ask(picture(), QUESTION).sure == sure


@pytest.mark.parametrize(
    ("architecture", "call", "told"),
    [
        (RANKER, lambda r: r.ask(picture(), "what?"), "ask: hf:.* is a ViltForImageAndTextRetrieval, which cannot"),
        (VQA, lambda r: r.verify(picture(), "so"), "verify: hf:.* it takes a ViltForImageAndTextRetrieval or a Blip"),
        (MATCHER, lambda r: r.verify(picture(), "so", other=picture()), "verify of two photos: .*finetuned-nlvr2"),
        (PAIRS, lambda r: r.verify(picture(), "so"), "verify: hf:.* is a ViltForImagesAndTextClassification"),
        (VQA, lambda r: r.point(picture(), "it"), "point: hf:.* it takes a OwlViTForObjectDetection or .*owlvit-base"),
        (DETECTORS[0], lambda r: r.choose(picture(), "what?", ["a", "b"]), "choose: hf:.* is a OwlViTForObject"),
        (VQA, lambda r: r.ask(picture(), "what?", boxes=BOXES), "boxes: hf:.* takes none beside a text"),
        (VQA, lambda r: r.ask(picture(), "what?", task="vqa"), "task: hf:.* has one only; .*'vqa'"),
        (VQA, lambda r: r.ask(picture(), "what?", attention=True), "attention: hf:.* does not tell"),
    ],
)
def test_what_a_model_cannot_do_is_told_with_what_can(reasoner, architecture, call, told):
    with pytest.raises(ParameterError, match=told):
        call(reasoner(architecture))


def test_a_class_that_is_not_known_here_is_told_and_may_be_corrected(folder, reasoner, tmp_path):
    shutil.copytree(folder(VQA), tmp_path / "old")
    config = json.loads((tmp_path / "old" / "config.json").read_text())
    for given, told in ((["ViltForVqaOfOld"], "is a ViltForVqaOfOld"), (None, "tells no class")):
        (tmp_path / "old" / "config.json").write_text(json.dumps(config | {"architectures": given}))
        with pytest.raises(ParameterError, match=rf"ask: hf:.* {told}.*say so: architecture="):
            HubReasoner(str(tmp_path / "old")).ask(picture(), QUESTION)
    answer = HubReasoner(str(tmp_path / "old"), architecture=VQA).ask(picture(), QUESTION)
    assert answer == reasoner(VQA).ask(picture(), QUESTION)


def test_a_class_whose_weights_are_not_there_does_not_guess(folder):
    with pytest.raises(StorageError, match=r"does not hold all weights of a ViltForImageAndTextRetrieval: rank_output"):
        HubReasoner(str(folder(VQA)), architecture=RANKER).verify(picture(), "so it is")


@pytest.mark.parametrize("kind", ["image_processor_type", "feature_extractor_type"])
@pytest.mark.parametrize("weights", ["model.safetensors", "pytorch_model.bin"])
def test_folders_as_older_versions_wrote_them_are_read(folder, reasoner, tmp_path, kind, weights):
    old = tmp_path / "old"
    shutil.copytree(folder(VQA), old)
    prepared = json.loads((old / "processor_config.json").read_text())["image_processor"]
    (old / "processor_config.json").unlink()
    prepared.pop("image_processor_type")
    name = {"image_processor_type": "ViltImageProcessor", "feature_extractor_type": "ViltFeatureExtractor"}[kind]
    (old / "preprocessor_config.json").write_text(json.dumps(prepared | {kind: name}))
    if weights.endswith(".bin"):
        torch.save(load_file(old / "model.safetensors"), old / weights)
        (old / "model.safetensors").unlink()
    assert HubReasoner(str(old)).ask(picture(), QUESTION) == reasoner(VQA).ask(picture(), QUESTION)


def test_a_folder_that_holds_no_model(folder, tmp_path):
    with pytest.raises(StorageError, match=rf"^reasoning: cannot load a model from the folder {tmp_path}: .+$"):
        HubReasoner(str(tmp_path)).ask(picture(), QUESTION)
    shutil.copytree(folder(VQA), tmp_path / "cut")
    weights = tmp_path / "cut" / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:1000])
    with pytest.raises(StorageError, match="cannot load a model from the folder"):
        HubReasoner(str(tmp_path / "cut")).ask(picture(), QUESTION)


def test_code_of_a_model_is_not_run(folder, tmp_path):
    model = tmp_path / "model"
    shutil.copytree(folder(VQA), model)
    config = json.loads((model / "config.json").read_text())
    config |= {"model_type": "own", "auto_map": {"AutoConfig": "own.Own", "AutoModel": "own.Own"}}
    (model / "config.json").write_text(json.dumps(config))
    (model / "own.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')")
    with pytest.raises(ParameterError, match="brings code of its own, which is never run here"):
        HubReasoner(str(model)).ask(picture(), QUESTION)
    assert HubReasoner(str(model), architecture=VQA).ask(picture(), QUESTION).text in ANSWERS
    assert not (tmp_path / "ran").exists()


def test_a_device_that_is_not_there(folder):
    for device in ("quantum", "cuda:77"):
        with pytest.raises(ParameterError, match=f"device: cannot put a model on '{device}'"):
            HubReasoner(str(folder(VQA)), device=device).ask(picture(), QUESTION)


def test_a_folder_has_no_revision(folder):
    with pytest.raises(ParameterError, match=r"revision: the folder .* has none"):
        HubReasoner(str(folder(VQA)), revision="main")


def test_it_is_silent(folder, capfd, caplog, recwarn):
    for architecture in (VQA, DETECTORS[2]):
        model = HubReasoner(str(folder(architecture)))
        if architecture == VQA:
            model.ask(picture(), QUESTION)
        else:
            model.point(picture(), "a circle")
    assert capfd.readouterr() == ("", "")
    assert not caplog.records
    assert not recwarn.list
