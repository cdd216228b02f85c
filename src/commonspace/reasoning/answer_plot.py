"""A photo with what an answer points to or looked at."""

from __future__ import annotations

from pathlib import Path

from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from commonspace.encoders.pictures import open_picture
from commonspace.errors import InputError
from commonspace.files import save_figure

from .reasoner import Answer


def plot_answer(answer: Answer, photo: object, path: str | Path) -> None:
    """Draws the photo, over it how much the words looked at each cell, or the box that was chosen.

    Args:
        answer: With attention or a box.
        photo: What it is about.
        path: Ends in .svg, .png or .pdf.

    Raises:
        InputError: If the answer has neither; a model without a grid has no attention to draw.
    """
    if answer.attention is None and answer.box is None:
        raise InputError("picture: there is nothing to draw: the answer has no box, and its model no grid.")
    picture = open_picture(photo)
    width, height = picture.size
    figure = Figure(figsize=(5, 5 * height / width + 0.5), layout="constrained")
    axes = figure.subplots()
    axes.imshow(picture, extent=(0, width, height, 0))
    if answer.attention is not None:
        axes.imshow(
            answer.attention, extent=(0, width, height, 0), cmap="magma", alpha=0.5, interpolation="bilinear", vmin=0
        )
    if answer.box is not None:
        left, top, right, bottom = answer.box
        corner, sides = (left * width, top * height), ((right - left) * width, (bottom - top) * height)
        axes.add_patch(Rectangle(corner, *sides, fill=False, edgecolor="#d62728", linewidth=2.5))
    axes.set_title(f"{answer.text}, {answer.confidence:.2f}{'' if answer.sure else ', not sure'}", fontsize=10)
    axes.set_axis_off()
    save_figure(figure, path)
