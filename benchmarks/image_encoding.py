"""Encode JPEG photos from their files, end to end, against the same network in eager PyTorch, in one process.

Both read, resize and encode the same files, in turns. Ours is `encode_items` without a cache: decoding in a pool of
threads overlaps inference in ONNX Runtime. The peer decodes in the same pool and runs the network as its package gives
it, eval mode, no gradients, batches of 32.

    python benchmarks/image_encoding.py FOLDER --out benchmarks/results/image_encoding.json
"""

from __future__ import annotations

import argparse
import json
import statistics
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import torch
from measured import operations, seconds, write_result
from numpy.typing import NDArray

from commonspace.data.encoding import encode_items
from commonspace.encoders.efficientnet_lite import EfficientNetLite
from commonspace.encoders.efficientnet_lite_network import build_network
from commonspace.encoders.pictures import read_pixels
from commonspace.threads import cpu_threads

PEER_BATCH = 32


def eager(files: list[Path], network: torch.nn.Module) -> NDArray[np.float32]:
    """The same features by PyTorch, operation by operation."""
    out = []
    with ThreadPoolExecutor(cpu_threads()) as pool, torch.inference_mode():
        for start in range(0, len(files), PEER_BATCH):
            pixels = np.stack(list(pool.map(lambda file: read_pixels(file, 224), files[start : start + PEER_BATCH])))
            out.append(network(torch.from_numpy(pixels)).numpy())
    return np.concatenate(out)


def main() -> None:
    """Measures and writes."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="a folder of .jpg files")
    parser.add_argument("--photos", type=int, default=512, help="how many of them")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--out", type=Path, required=True, help="the JSON file to write")
    arguments = parser.parse_args()
    files = sorted(arguments.folder.rglob("*.jpg"))[: arguments.photos]
    encoder, (network, _) = EfficientNetLite(), build_network()
    few = files[:PEER_BATCH]
    difference = float(np.abs(encode_items(encoder, few) - eager(few, network)).max())  # warms both up, too
    ours, peer = [], []
    for _ in range(arguments.rounds):
        ours.append(len(files) / seconds(lambda: encode_items(encoder, files)))
        peer.append(len(files) / seconds(lambda: eager(files, network)))
    result = {
        "photos": len(files),
        "commonspace_photos_per_second": ours,
        "eager_torch_photos_per_second": peer,
        "median_ratio": statistics.median(a / b for a, b in zip(ours, peer, strict=True)),
        "largest_difference_of_a_feature": difference,
        "operations_of_a_photo": operations(lambda: eager(files[:1], network)),
    }
    write_result(arguments.out, result, ("commonspace", "onnxruntime", "torch", "pillow"))
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
