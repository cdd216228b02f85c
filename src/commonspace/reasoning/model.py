"""The co-attention model: a text stream and a visual stream, connected."""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from commonspace.encoders.bert import Bert, BertConfig, Embeddings, Layer
from commonspace.encoders.padding import Padding
from commonspace.errors import InputError

from .coattention import Connection, CrossAttention
from .config import CoAttentionConfig
from .regions import POSITION, Regions


@dataclass(frozen=True)
class States:
    """What the model makes of texts and photos.

    Attributes:
        text: (n, l, h) of tokens; with a task token, it is the second. Of what is pooled only, (n, 1, h).
        vision: (n, r, g) of regions. Of what is pooled only, (n, 1, g).
        fused: (n, w) of text and photo together.
        real_text: (n, l), which tokens are there.
        attention: (n, connections, l, r), if asked for: how much each token attends to each region in each block, the
            mean of its heads.
        pooled: (n, w) of the text and (n, w) of the photo, whose product is the fused state.
    """

    text: Tensor
    vision: Tensor
    fused: Tensor
    real_text: Tensor
    attention: Tensor | None = None
    pooled: tuple[Tensor, Tensor] | None = None


class RegionEmbeddings(nn.Module):
    """Features and places of regions, each through a linear layer, summed, then layer normalisation.

    The weights of places begin of unit size: places lie within 0 and 1, and would else count for a tenth of what the
    features do, so that what stands where is learnt late or never.
    """

    def __init__(self, region: int, config: BertConfig) -> None:
        super().__init__()
        self.features, self.boxes = nn.Linear(region, config.hidden), nn.Linear(POSITION, config.hidden)
        nn.init.normal_(self.boxes.weight)
        self.norm = nn.LayerNorm(config.hidden, config.epsilon)
        self.dropout = config.dropout

    def forward(self, regions: Regions) -> Tensor:
        """(n, r, hidden)."""
        summed = self.features(regions.features) + self.boxes(regions.boxes)
        embedded: Tensor = F.dropout(self.norm(summed), self.dropout, self.training)
        return embedded


class CoAttentionModel(nn.Module):
    r"""Two transformers, of tokens and of regions, that ask one another in co-attention blocks.

    In a block each stream asks and the other answers, both the states that were there before. With X the states that
    ask, (n, h), and Y those that answer, (m, g), it is, in each head of d columns,

    $$C = \mathrm{softmax}\!\left(\frac{(X W_Q)(Y W_K)^\top}{\sqrt{d}}\right) Y W_V, \qquad
      X' = \mathrm{LN}(X + C W_O), \qquad X'' = \mathrm{LN}(X' + \mathrm{FFN}(X')).$$

    The order of layers and blocks is `CoAttentionConfig.order`. Of the final states of the first token and of the whole
    photo, the fused state is

    $$h = \mathrm{dropout}(\mathrm{relu}(W_t \, t_0) \odot \mathrm{relu}(W_v \, v_0)).$$

    A task token is a learnt embedding that stands after the first token, without position or segment. To the embedding
    of a word that points to a region a linear map of that region's is added, which is ours, after R2C's grounding.

    Args:
        config: The sizes. Default: small ones, for a CPU. With those of `CoAttentionConfig.vilbert` it is the published
            model but for its heads.

    References:
        J. Lu, D. Batra, D. Parikh, S. Lee, ViLBERT: pretraining task-agnostic visiolinguistic representations for
        vision-and-language tasks, NeurIPS 2019.
        J. Lu, V. Goswami, M. Rohrbach, D. Parikh, S. Lee, 12-in-1: multi-task vision and language representation
        learning, CVPR 2020.

    Examples:
        >>> text = BertConfig(hidden=8, layers=2, heads=2, intermediate=8)
        >>> config = CoAttentionConfig(text, 8, 1, 2, 8, connections=1, width=6, heads=2, region=4)
        >>> tokens, there = torch.tensor([[101, 2417, 102]]), torch.ones(1, 5, dtype=torch.bool)
        >>> regions = Regions(torch.zeros(1, 5, 4), torch.zeros(1, 5, 5), there)
        >>> states = CoAttentionModel(config)(tokens, tokens > 0, regions, attention=True)
        >>> [tuple(of.shape) for of in (states.text, states.vision, states.fused, states.attention)]
        [(1, 3, 8), (1, 5, 8), (1, 6), (1, 1, 3, 5)]
    """

    def __init__(self, config: CoAttentionConfig | None = None) -> None:
        super().__init__()
        self.config = config = config or CoAttentionConfig()
        text, vision = replace(config.text, dropout=config.dropout), config.vision
        self.words, self.regions = Embeddings(text), RegionEmbeddings(config.region, vision)
        self.task_tokens = nn.Embedding(config.tasks, text.hidden) if config.tasks else None
        self.text_layers = nn.ModuleList(Layer(text) for _ in range(text.layers))
        self.vision_layers = nn.ModuleList(Layer(vision) for _ in range(vision.layers))
        self.connections = nn.ModuleList(
            Connection(text, vision, config.width, config.heads) for _ in range(config.connections)
        )
        self.pointers = nn.Linear(vision.hidden, text.hidden) if config.pointing else None
        self.pool_text = nn.Linear(text.hidden, config.width)
        self.pool_vision = nn.Linear(vision.hidden, config.width)

    def load_text(self, bert: Bert) -> None:
        """Takes words and text layers from a BERT of the same widths; of more layers, the first.

        Raises:
            InputError: If it has fewer layers.
        """
        if len(bert.layers) < len(self.text_layers):
            raise InputError(
                f"text: expected a BERT of {len(self.text_layers)} layers or more, got {len(bert.layers)}."
            )
        self.words.load_state_dict(bert.embeddings.state_dict())
        for own, layer in zip(self.text_layers, bert.layers, strict=False):
            own.load_state_dict(layer.state_dict())

    def forward(
        self,
        tokens: Tensor,
        real: Tensor,
        regions: Regions,
        *,
        segments: Tensor | None = None,
        task: Tensor | None = None,
        points: Tensor | None = None,
        attention: bool = False,
        apart: bool = False,
        pooled_only: bool = False,
    ) -> States:
        """Runs both streams.

        Args:
            tokens: (n, l) token numbers, the first of which stands for the whole text.
            real: (n, l), which of them are there.
            regions: Of n photos.
            segments: (n, l) segment numbers. Default: 0.
            task: (n,) numbers of tasks, if the model has task tokens.
            points: (n, l) number of the region that a token points to, -1 where it points to none.
            attention: Tell how much tokens attend to regions, too.
            apart: Leave the connections out, so that neither stream knows of the other.
            pooled_only: Leave out what becomes of all but the first state of each stream in its last layer: nothing
                that is pooled depends on it. States are then (n, 1, h) and (n, 1, g).

        Raises:
            InputError: If tasks come and the model has no task tokens, or the other way round; if words point and the
                model is not made for that.
        """
        if self.pointers is None and points is not None and bool((points >= 0).any()):
            raise InputError("points: a word points to a region, and the model has no pointers; see config.pointing.")
        if (task is None) != (self.task_tokens is None):
            raise InputError(
                f"task: the model has {self.config.tasks} task tokens, and "
                f"{'no task was given' if task is None else 'a task was given'}."
            )
        second = None
        if self.task_tokens is not None:
            second = self.task_tokens(task)
            real = torch.cat([real[:, :1], torch.ones_like(real[:, :1]), real[:, 1:]], 1)
            if points is not None:
                points = torch.cat([points[:, :1], torch.full_like(points[:, :1], -1), points[:, 1:]], 1)
        text, vision = self.words(tokens, segments, second), self.regions(regions)
        if self.pointers is not None and points is not None:
            text = text + _pointed(self.pointers(vision), points)
        of_text, of_vision = Padding.of(real), Padding.of(regions.real)
        kept: list[Tensor] = []
        for kind, number in self.config.order:
            if kind == "text":
                last = number == len(self.text_layers) - 1
                text = self.text_layers[number](text, of_text, first=pooled_only and last)
            elif kind == "vision":
                last = number == len(self.vision_layers) - 1
                vision = self.vision_layers[number](vision, of_vision, first=pooled_only and last)
            elif not apart:
                connection = self.connections[number]
                if attention:
                    asks = connection.text
                    assert isinstance(asks, CrossAttention)
                    kept.append(asks.weights(text, vision, of_text, of_vision).mean(1))
                text, vision = connection(text, vision, of_text, of_vision)
        pooled = (F.relu(self.pool_text(text[:, 0])), F.relu(self.pool_vision(vision[:, 0])))
        fused = F.dropout(pooled[0] * pooled[1], self.config.dropout, self.training)
        return States(text, vision, fused, real, torch.stack(kept, 1).detach() if kept else None, pooled)


def _pointed(regions: Tensor, points: Tensor) -> Tensor:
    """(n, l, h): the region that each token points to, 0 where it points to none."""
    chosen = regions.gather(1, points.clamp(min=0)[..., None].expand(-1, -1, regions.shape[-1]))
    return chosen * (points >= 0)[..., None]
