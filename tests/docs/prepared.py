"""What the pages and docstrings take for granted: names such as `X` and `labels`, and files such as `photos/`.

All of it is drawn here, small, and none of it means anything: what is asserted is that the code of the documentation
runs. Pages that begin with nothing need nothing of this.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import lance
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from PIL import Image
from scipy.io import savemat

import commonspace as cs
from commonspace.data import save_dataset
from tests.docs.layouts import published

N, HALF = 160, 80
WORDS = ("a red bus", "a brown dog", "rain, all day", "two people", "a house by the sea")
GENRES = ("war", "romance")


def arrays(folder: Path) -> dict[str, Any]:
    """Views, labels and times by the names that examples use."""
    rng = np.random.default_rng(0)
    labels = np.arange(N) % 5
    hidden = rng.standard_normal((N, 6)) + 2 * np.eye(6)[labels]
    X, Z, A = (np.abs(hidden @ rng.standard_normal((6, d)) + rng.standard_normal((N, d))) for d in (576, 80, 70))
    X, Z, A = X.astype(np.float32), Z.astype(np.float32), A.astype(np.float32)
    captions = np.stack([Z + 0.1 * rng.standard_normal(Z.shape) for _ in range(5)], axis=1)
    views = {"image": X, "text": Z}
    split = ["train"] * (N - 60) + ["test"] * 60
    data = cs.Dataset(views, labels=labels, split=split, time=np.linspace(1930, 2000, N))
    if not (folder / "encoded").exists():
        save_dataset(data, folder / "encoded" / "large")
    for modality, view in views.items():
        np.save(folder / f"{modality}.npy", view)
    counts = np.floor(Z)
    frame = pd.DataFrame({"area": X[:, 0], "rooms": X[:, 1], "photo 1": X[:, 2], "photo 2": X[:, 3]})
    names = {"X": X, "Z": Z, "A": A, "T": Z[:, :5], "counts": counts, "captions": captions, "views": views, "Y": Z}
    names |= {"X_new": X[:20], "Z_new": Z[:20], "A_new": A[:20], "new_counts": counts[:20], "new": {"image": X[:5]}}
    names |= {"labels": labels, "log_price": hidden[:, 0], "years": np.linspace(1930, 2000, N), "data": data}
    names |= {"frame": frame, "photo_columns": ["photo 1", "photo 2"], "ids": [str(i) for i in range(N)]}
    names |= {"titles": [f"title {i}" for i in range(N)], "split": split}
    return names | {"train": data.split("train"), "test": data.split("test"), "np": np, "cs": cs}


def files(folder: Path) -> dict[str, Any]:
    """Pictures, captions, tables and arrays by the names that examples use."""
    rng = np.random.default_rng(0)
    for place in ("photos", "flickr/images", "."):
        (folder / place).mkdir(parents=True, exist_ok=True)
        for i in range(20):
            draw(rng, folder / place / f"{i}.jpg")
    draw(rng, folder / "photo.jpg")
    draw(rng, folder / "dog.jpg")
    draw(rng, folder / "bus.jpg")
    rows = "".join(f"{i}.jpg,{WORDS[i % 5].replace(',', '')}\n" for i in range(20))
    (folder / "photos" / "captions.csv").write_text("image,caption\n" + rows)
    (folder / "flickr" / "captions.csv").write_text("image,caption\n" + rows + rows)
    (folder / "flickr" / "train.txt").write_text("".join(f"{i}.jpg\n" for i in range(15)))
    (folder / "flickr" / "test.txt").write_text("".join(f"{i}.jpg\n" for i in range(15, 20)))
    films = "".join(
        f"{i}.jpg,the {i}th film of {WORDS[i % 5].replace(',', '')},{GENRES[i % 2]},{1930 + i},{1931 + i}\n"
        for i in range(20)
    )
    (folder / "films.csv").write_text("image,plot,genre,year,released\n" + films)
    rows_of = {name: list(rng.standard_normal((20, d)).astype(np.float32)) for name, d in COLUMNS.items()}
    pq.write_table(pa.table(rows_of), folder / "features.parquet")
    widths = {name: pa.list_(pa.float32(), d) for name, d in COLUMNS.items()}
    lance.write_dataset(pa.table(rows_of, pa.schema(widths)), folder / "features.lance", mode="overwrite")
    sounds = {"embedding": rows_of["image_features"], "text": [f"sound {i}" for i in range(20)]}
    pq.write_table(pa.table(sounds), folder / "sounds.parquet")
    images, texts, classes = rng.random((20, 8)), rng.random((20, 6)), np.arange(20) % 3
    np.savez(folder / "features.npz", image=images, text=texts, labels=classes)
    whole = {"I": images, "T": texts, "L": classes}
    parts = {f"{name}_tr": array[:15] for name, array in whole.items()}
    savemat(folder / "features.mat", parts | {f"{name}_te": array[15:] for name, array in whole.items()})
    lines = [{"text": "word " * (i + 1), "sensor": list(rng.random(3))} for i in range(20)]
    (folder / "items.jsonl").write_text("\n".join(map(json.dumps, lines)))
    return {}


COLUMNS = {"image_features": 90, "text_features": 70}


def draw(rng: np.random.Generator, path: Path) -> None:
    """A picture of a few squares."""
    Image.fromarray(np.kron(rng.integers(0, 255, (4, 4, 3)), np.ones((16, 16, 1))).astype(np.uint8)).save(path)


def films(folder: Path) -> dict[str, Any]:
    """A collection of dated pictures and texts, and a space of it, by real encoders."""
    data = cs.load_dataset("films.csv", columns={"text": "plot", "time": "year", "label": "genre"})
    return {"cs": cs, "data": data, "space": cs.CCA(8).fit(data.views)}


def dated(folder: Path) -> dict[str, Any]:
    """The same in a collection of a diachronic space."""
    data = films(folder)["data"]
    space = cs.Diachronic(8, max_epochs=2, random_state=0, validation_fraction=0)
    space.fit(data.views, data.labels, time=data.time)
    cs.Collection.create(folder / "stores" / "dated", space, encoders=data.encoders).add(data)
    return {}


def rows_of_houses(folder: Path) -> dict[str, Any]:
    """Rows of a table, photos, scans and series."""
    from commonspace.encoders import get_encoder

    rng = np.random.default_rng(0)
    rows = [{"area": float(i), "city": ["Bern", "Basel"][i % 2], "price": 2.0 * i, "sold": None} for i in range(20)]
    scans = [rng.random((32, 32)) for _ in range(4)]
    return {
        "rows": rows,
        "train_rows": rows[:15],
        "photos": [f"photos/{i}.jpg" for i in range(20)],
        "ct_files": scans,
        "mri_files": scans,
        "arrays": [rng.random((30 + i, 3)) for i in range(4)],
        "get_encoder": get_encoder,
    }


def vectors(folder: Path) -> dict[str, Any]:
    """Rows and questions for a collection without a space."""
    rng = np.random.default_rng(0)
    X = rng.standard_normal((N, 256)).astype(np.float32)
    return {"X": X, "q": X[0], "questions": X[:5]}


def learnt(folder: Path) -> dict[str, Any]:
    """A space."""
    train = arrays(folder)["train"]
    return {"space": cs.CCA(8).fit(train.views)}


def paths(folder: Path) -> dict[str, Any]:
    """Pictures and their captions."""
    return {"paths": [f"photos/{i}.jpg" for i in range(20)], "captions": [WORDS[i % 5] for i in range(20)]}


def classifiers(folder: Path) -> dict[str, Any]:
    """What scikit-learn brings."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import cross_val_score
    from sklearn.pipeline import make_pipeline

    return {
        "LogisticRegression": LogisticRegression,
        "cross_val_score": cross_val_score,
        "make_pipeline": make_pipeline,
    }


def histograms(folder: Path) -> dict[str, Any]:
    """A data set of more items than there are landmarks."""
    X = np.abs(np.random.default_rng(0).standard_normal((400, 12)))
    data = cs.Dataset({"image": X[:, :7], "text": X[:, 5:]})
    return {"train": data}


ALL = {
    f.__name__: f
    for f in (arrays, dated, files, films, rows_of_houses, vectors, learnt, paths, classifiers, histograms, published)
}


def for_docstrings(name: str, folder: Path) -> dict[str, Any]:
    """What the example of a file takes for granted."""
    names = {name: getattr(cs, name) for name in cs.__all__} | arrays(folder) | files(folder)
    if name.startswith(("timeline", "collection")):
        return names | films(folder)
    if name.startswith("reasoning/readers"):
        return names | published(folder)
    if name.startswith("evaluation"):
        return names | learnt(folder)
    if name == "spaces/features.py":
        return names | classifiers(folder)
    X, Z, views = names["X"], names["Z"], names["views"]
    names |= {"whole": X, "left": X, "right": X, "batches": [views, views], "stream": cs.CCA(4)}
    if name == "encoders/tabular.py":
        table: dict[str, list[Any]] = {
            "price": [1.0, 2.0, 3.0],
            "city": ["Bern", "Basel", "Bern"],
            "sold": ["2001-01-01", "2002-01-01", None],
        }
        names["train"] = cs.Dataset({"image": X[:3], "text": Z[:3]}, metadata=table)
    from commonspace.encoders import get_encoder

    return names | {"encoders": {"image": get_encoder("colours"), "text": get_encoder("minilm")}}
