"""What a space can do, for those who choose one by machine."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class SpaceTags:
    """Facts about a method.

    Attributes:
        supervised: `fit` needs labels.
        multilabel: `fit` takes (n, c) labels, several per item. Where labels are not needed, they are used if given.
        joint: One vector from whatever modalities an item has, returned under "joint".
        uses_time: `fit` and `transform` take `time`.
        time_in_fit_only: Where an item is does not depend on time; `transform` asks for none.
        max_modalities: How many modalities the mathematics allows; None for any number.
        missing_in_fit: `fit` makes use of items that lack a modality; where False such items are left out.
        streaming: There is a `partial_fit`.
    """

    supervised: bool = False
    multilabel: bool = False
    joint: bool = False
    uses_time: bool = False
    max_modalities: int | None = None
    missing_in_fit: bool = False
    streaming: bool = False
    time_in_fit_only: bool = False

    @property
    def embeds_time(self) -> bool:
        """Whether where an item is depends on its time."""
        return self.uses_time and not self.time_in_fit_only
