"""Emoji as five modalities: the picture, the English name, the German name, a table of attributes, the name spoken.

The picture goes through EfficientNet-Lite0, both names through MiniLM, which was trained on English; the attributes
(what follows from the code points and from where an emoji stands in the lists, none of its name) through
`TabularEncoder`; speech through `audio`. espeak-ng speaks each English name in three voices. Two are parts of the
training items; test items speak in the third, which no training item does.

Families are held out together, five splits (seeds 0-4): 300 test emoji. In training each modality of an item is missing
with probability 0, 1/4, 1/2 or 3/4, the same for every space; an item that would lose all keeps one. Told is
Recall@10, for each pair of modalities and as the mean over all of them. Parameters are the defaults of the spaces, but
for what stands in `SPACES`; none was chosen on test. MCCA learns from items that lack nothing; where too few are left
it has no row. LateFusion learns from the categories. What stands in `--out` already, from this script as it is, is not
measured again.

    apt-get install espeak-ng && pip install emoji==2.15.0
    python benchmarks/emoji_five.py --speech FOLDER --out benchmarks/results/emoji_five.json
"""

from __future__ import annotations

import argparse
import importlib
import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import commonspace as cs
from commonspace.encoders import get_encoder
from commonspace.encoders.tabular import TabularEncoder
from commonspace.errors import CommonspaceError
from commonspace.evaluation import environment
from commonspace.files import replacing
from commonspace.progress import progress
from commonspace.spaces import Space

VOICES = ("en-us", "en-gb+f3", "en-gb-scotland+m7")
"""The last one speaks the test items only."""

MISSING = (0.0, 0.25, 0.5, 0.75)
SEEDS = range(5)
SPACES: dict[str, Callable[[int], Space]] = {
    "MCCA": lambda _: cs.MCCA(ridge=1.0),
    "GCCA": lambda _: cs.GCCA(ridge=1.0),
    "Contrastive": lambda seed: cs.Contrastive(random_state=seed, batch_size=128),
    "MultimodalAutoencoder": lambda seed: cs.MultimodalAutoencoder(random_state=seed, activation="tanh", max_epochs=40),
    "MVAE": lambda seed: cs.MVAE(random_state=seed, activation="tanh", max_epochs=40),
    "EarlyFusion": lambda _: cs.EarlyFusion(),
    "LateFusion": lambda seed: cs.LateFusion(random_state=seed, max_epochs=40),
    "FusionTransformer": lambda seed: cs.FusionTransformer(random_state=seed, max_epochs=40),
}

Matrix = NDArray[Any]


def speak(text: str, voice: str, folder: Path) -> Path:
    """The sound of a text, spoken once and kept in the folder."""
    path = folder / f"{sha256(f'{voice} {text}'.encode()).hexdigest()[:20]}.wav"
    if not path.is_file():
        with replacing(path) as temporary:
            subprocess.run(["espeak-ng", "-v", voice, "-w", str(temporary), text], check=True)
    return path


def german(emoji: list[str]) -> list[str]:
    """The German names, as words."""
    package = importlib.import_module("emoji")
    package.config.load_language("de")
    known = {e.replace("\ufe0f", ""): data["de"] for e, data in package.EMOJI_DATA.items() if "de" in data}
    return [known[e.replace("\ufe0f", "")].strip(":").replace("_", " ").replace("-", " ") for e in emoji]


def attributes(emoji: str, label: str, year: int) -> dict[str, object]:
    """What follows from the code points, the category and the year, none of it from the name."""
    points = [ord(point) for point in emoji]
    return {
        "category": label,
        "year": float(year),
        "code points": float(len(points)),
        "first": float(np.log(points[0])),
        "block": f"{points[0] >> 6:x}",
        "joined": 0x200D in points,
        "of a gender": bool({0x2640, 0x2642} & set(points)),
        "presentation": 0xFE0F in points,
    }


def rows_of(data: cs.Dataset) -> list[dict[str, object]]:
    """The attributes of all emoji."""
    columns = (data.metadata["emoji"], np.asarray(data.labels), np.asarray(data.time))
    return [attributes(str(e), str(label), int(year)) for e, label, year in zip(*columns, strict=True)]


def views_of(data: cs.Dataset, speech: Path) -> dict[str, Matrix]:
    """The views of all emoji but for the attributes; speech has a part for each voice."""
    names = [str(name) for name in data.metadata["name"]]
    with ThreadPoolExecutor() as pool:
        sounds = [list(pool.map(lambda name, v=voice: speak(name, v, speech), names)) for voice in VOICES]
    text = get_encoder("minilm")
    audio = get_encoder("audio:segments")
    return {
        "image": data.view("image"),
        "english": text.encode(names),
        "german": text.encode(german([str(e) for e in data.metadata["emoji"]])),
        "speech": np.stack([audio.encode(paths) for paths in sounds], axis=1),
    }


def learnt_from(views: dict[str, Matrix], rows: Matrix, share: float, seed: int) -> dict[str, Matrix]:
    """Training views, of whose modalities a share is missing."""
    rng = np.random.default_rng((seed, round(share * 100)))
    gone = rng.random((len(rows), len(views))) < share
    bare = np.flatnonzero(gone.all(1))
    gone[bare, rng.integers(0, len(views), len(bare))] = False
    found = {}
    for (modality, view), missing in zip(views.items(), gone.T, strict=True):
        found[modality] = view[rows]
        found[modality][missing] = np.nan
    return found


def measure(make: Callable[[int], Space], views: dict[str, Matrix], split: int, share: float) -> dict[str, float]:
    """Direction -> Recall@10 of the test emoji."""
    data = cs.load_dataset("emoji", protocol="families", seed=split)
    is_test = np.array([name == "test" for name in data.table["split"].to_pylist()])
    rows = rows_of(data)
    table = TabularEncoder.fit([row for row, held in zip(rows, is_test, strict=True) if not held])
    views = {**views, "attributes": table.encode(rows)}
    space = make(split)
    heard = {**views, "speech": views["speech"][:, :-1]}
    labels = np.asarray(data.labels)[~is_test] if space.tags.supervised else None
    space.fit(learnt_from(heard, np.flatnonzero(~is_test), share, split), labels)
    test = {m: (view[:, -1] if m == "speech" else view)[is_test] for m, view in views.items()}
    report = cs.evaluate(space, cs.Dataset(test), ks=(10,))
    return {direction: at[10] for direction, at in report.recall.items()}


def main() -> None:
    """Measures, writes and tells."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--speech", type=Path, required=True, metavar="FOLDER", help="where spoken names are kept")
    parser.add_argument("--out", type=Path, required=True, metavar="FILE", help="the JSON file to write")
    parser.add_argument("--splits", type=int, default=len(SEEDS))
    parser.add_argument("--spaces", nargs="+", choices=SPACES, default=list(SPACES), metavar="NAME")
    arguments = parser.parse_args()
    if shutil.which("espeak-ng") is None:
        sys.exit("espeak-ng is needed: apt-get install espeak-ng")
    arguments.speech.mkdir(parents=True, exist_ok=True)
    views = views_of(cs.load_dataset("emoji", protocol="families"), arguments.speech)
    print({m: view.shape for m, view in views.items()}, flush=True)
    script = sha256(Path(__file__).read_bytes()).hexdigest()[:8]
    earlier = json.loads(arguments.out.read_text()) if arguments.out.is_file() else []
    results = [entry for entry in earlier if (entry["script"], len(entry["seeds"])) == (script, arguments.splits)]
    done = {(entry["space"], entry["missing_in_training"]) for entry in results}
    with progress("emoji", len(arguments.spaces) * len(MISSING), "settings") as advance:
        for name in arguments.spaces:
            for share in MISSING:
                if (name, share) in done:
                    advance(1)
                    continue
                try:
                    found = [measure(SPACES[name], views, split, share) for split in range(arguments.splits)]
                except CommonspaceError as error:
                    print(f"{name}, {share:.0%} missing: {error}", flush=True)
                    advance(1)
                    continue
                recall = {d: [of[d] for of in found] for d in found[0]}
                results.append(
                    {
                        "dataset": "emoji, five modalities",
                        "protocol": "families",
                        "rule": "recall@10",
                        "space": name,
                        "missing_in_training": share,
                        "seeds": list(range(arguments.splits)),
                        "script": script,
                        "recall": {d: {"10": values} for d, values in recall.items()},
                        "environment": environment(),
                    }
                )
                means = [float(np.mean([of[d] for d in of])) for of in found]
                pairs = {d: round(float(np.mean(recall[d])), 3) for d in ("speech->image", "image->speech")}
                print(f"{name}, {share:.0%} missing: {np.mean(means):.3f} +- {np.std(means):.3f}", pairs, flush=True)
                advance(1)
                with replacing(arguments.out) as temporary:
                    temporary.write_text(json.dumps(results, indent=1) + "\n")


if __name__ == "__main__":
    main()
