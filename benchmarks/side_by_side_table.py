"""Which benchmarks stand side by side: the script of each, with which sizes, what it needs, and how it is read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

import side_by_side_rows as rows
from side_by_side_rows import Limits, Result, Row

Size = Literal["check", "usual", "whole"]


@dataclass(frozen=True)
class Benchmark:
    """One script that is run.

    Attributes:
        script: Beside this file, without its ending.
        check: Arguments that show that everything works, and no more.
        usual: Arguments that take a minute or two.
        whole: Arguments of the sizes that the documentation quotes.
        read: Makes lines of the page of what the script wrote.
        needs: Packages of `requirements.txt`.
        folder: Within `--root`; it stands where the arguments say {folder}.
        threads: Of the script and of the limits it is read with; "one" for growth, which is in the processor's time.
    """

    script: str
    check: str
    usual: str
    whole: str
    read: Callable[[Result, Limits], list[Row]]
    needs: tuple[str, ...] = ()
    folder: str | None = None
    threads: Literal["all", "one"] = "all"
    environment: dict[str, str] = field(default_factory=dict)

    def arguments(self, size: Size) -> str:
        """Those of a size."""
        return {"check": self.check, "usual": self.usual, "whole": self.whole}[size]


ONE = {"OMP_NUM_THREADS": "1", "COMMONSPACE_THREADS": "1"}

BENCHMARKS = {
    "image_encoding": Benchmark(
        "image_encoding",
        "{folder} --photos 32 --rounds 2",
        "{folder} --photos 256",
        "{folder}",
        rows.images,
        folder="flickr8k/images",
    ),
    "text_encoding": Benchmark(
        "text_encoding", "--texts 64 --rounds 1", "", "", rows.texts, ("sentence-transformers",)
    ),
    "retrieval_metrics": Benchmark(
        "retrieval_metrics", "--size 200 --repeats 3", "", "", rows.metric, ("torchmetrics",)
    ),
    "retrieval_metrics_large": Benchmark(
        "retrieval_metrics", "--large --size 1000", "--large --size 20000", "--large", rows.large_metrics
    ),
    "cca_fit": Benchmark(
        "cca_fit",
        "--sizes 2000 --rounds 2 --scikit-learn-rounds 0 --no-exactness --pause 0",
        "--sizes 20000 100000 --rounds 9 3 --scikit-learn-rounds 1 --no-exactness",
        "",
        rows.cca,
        ("cca-zoo",),
    ),
    "cca_streaming": Benchmark(
        "cca_streaming", "--rows 10000 --rounds 1", "--rows 200000 --rounds 3", "", rows.streamed_cca
    ),
    "kcca_fit": Benchmark(
        "kcca_fit",
        "--rows 300 --many-rows 2000 --rounds 1",
        "--rows 1000 --many-rows 20000",
        "--rounds 5",
        rows.kernel_cca,
        ("cca-zoo",),
    ),
    "deep_contrastive": Benchmark(
        "deep_contrastive", "--rounds 1 --epochs 1", "--rounds 5 --epochs 3", "", rows.contrastive
    ),
    "deep_dcca": Benchmark(
        "deep_dcca", "--rounds 2 --epochs 1", "--rounds 9", "", rows.deep_cca, ("cca-zoo", "lightning")
    ),
    "deep_triplet_mining": Benchmark(
        "deep_triplet_mining",
        "--rows 128 --classes 16 --rounds 1",
        "--rows 512 --threads {threads}",
        "",
        rows.triplets,
        ("pytorch-metric-learning",),
    ),
    "collection_million": Benchmark(
        "collection_million",
        "--rows 5000 --queries 20",
        "--rows 50000 --queries 200",
        "--rows 50000 --queries 200 --half",
        rows.collection,
        ("faiss-cpu", "usearch"),
    ),
    "server_load": Benchmark(
        "server_load", "--seconds 15 --closed-seconds 10", "--seconds 30 --closed-seconds 10", "", rows.server
    ),
    "linear_growth": Benchmark(
        "linear_growth",
        "--spaces CCA --rounds 1 --cap 0.05",
        "--spaces CCA 'KCCA, exact' 'KCCA, Nystroem' --cap 3",
        "--spaces CCA 'KCCA, exact' 'KCCA, Nystroem' --cap 30",
        lambda result, limits: [],
        environment=ONE,
    ),
    "stage_growth": Benchmark(
        "stage_growth", "--rounds 1 --cap 0.05", "--cap 3", "--cap 10", rows.grown, threads="one", environment=ONE
    ),
}
"""Name of the result -> what is run."""
