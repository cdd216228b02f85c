"""R2C, recognition to cognition: the baseline of visual commonsense reasoning."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from commonspace.encoders.bert import Bert
from commonspace.encoders.padding import Padding
from commonspace.errors import InputError, ParameterError

from .inputs import Inputs
from .model import States
from .network import TaskNetwork
from .photos import REGION
from .r2c_attention import BilinearAttention
from .r2c_lstm import BiLSTM
from .tasks import Task
from .tokens import Tokens


@dataclass(frozen=True)
class R2CConfig:
    """Sizes of R2C. The defaults are the published ones, but for the features of a region.

    Attributes:
        region: The number of features of a region.
        object_width: The width of an object.
        hidden: Of the LSTMs, in each direction.
        reasoning_layers: Of the LSTM that reasons.
        width: Of the fused state, which the head of the task reads.
        dropout: Of all but objects, while training.
        object_dropout: Of the features of objects, while training.
        objects: Whether the response attends to objects; without, words still have those that they point to.
        reasoning: Whether the LSTM reasons; without, response and query are all that is scored, and objects are not
            attended to.
    """

    region: int = REGION
    object_width: int = 512
    hidden: int = 256
    reasoning_layers: int = 2
    width: int = 1024
    dropout: float = 0.3
    object_dropout: float = 0.1
    objects: bool = True
    reasoning: bool = True

    def __post_init__(self) -> None:
        sizes = (self.region, self.object_width, self.hidden, self.reasoning_layers, self.width)
        if min(sizes) < 1 or not (0 <= self.dropout < 1 and 0 <= self.object_dropout < 1):
            raise ParameterError(
                f"sizes of R2C: expected widths and layers of 1 or more and dropout from 0 to below 1, got {self}."
            )


class R2C(TaskNetwork):
    r"""Chooses among responses to a query about a photo in three steps: grounding, contextualisation, reasoning.

    Each token is a vector of BERT, which reads query and response together, and beside it the object that the token
    points to: the whole photo, if it points to none. One LSTM makes of these the states q of the query and a of the
    response. Each token of the response asks the query and the objects o,

    $$\hat{q}_i = \sum_j \mathrm{softmax}_j(a_i^\top W q_j) \, q_j, \qquad
      \hat{o}_i = \sum_k \mathrm{softmax}_k(a_i^\top W' o_k) \, o_k,$$

    and a second LSTM makes reasons r of $[a; \hat{o}; \hat{q}]$. Of $[r; a; \hat{q}]$ the greatest values over the
    response go through a hidden layer with ReLU: that is the fused state, of which the head of the task makes a logit.
    Dropout before the LSTMs is the same for all tokens of a sequence.

    Two things are smaller than published. The published BERT is BERT-base; here it is what is given, such as MiniLM.
    The published objects come from a ResNet-50, the last stage of which is trained, with a mask and a class of each;
    here they are pooled features that are not trained, and no class is known, so there is neither an embedding of
    classes nor a loss for them. All boxes of a photo are objects, not only those that are pointed to; the grid is not
    used. A token is a piece of a word; [CLS] and [SEP] are read by BERT alone. Of the published training
    only the loss is kept: `train_tasks` steps as it does for the co-attention model.

    Args:
        config: The sizes.
        tasks: Name -> `MultipleChoice`; there is one. For reasons, train a second network.
        bert: For the vectors of tokens. It is frozen, here and for whoever else holds it, so networks may share it.

    Raises:
        InputError: If there is not one task.

    References:
        R. Zellers, Y. Bisk, A. Farhadi, Y. Choi, From recognition to cognition: visual commonsense reasoning, CVPR
        2019; the sizes, how weights are drawn but for the head, and what is left out without objects or reasoning are
        those of its published code.

    Example:
        ```python
        bert = Bert.from_safetensors(weights_folder() / "model.safetensors")
        network = R2C(R2CConfig(), {"answers": MultipleChoice(R2CConfig())}, bert)
        train_tasks(network, {"answers": TaskData(train, validation)}, photos, Preparation(Tokenizer(), grid=0))
        ```
    """

    config: R2CConfig

    def __init__(self, config: R2CConfig, tasks: Mapping[str, Task[Any]], bert: Bert) -> None:
        super().__init__()
        if len(tasks) != 1:
            raise InputError(f"tasks: R2C has one, got {len(tasks)}; train a network for each.")
        self.config, self.names = config, tuple(tasks)
        self.bert = bert.eval().requires_grad_(False)
        word, state = bert.embeddings.word_embeddings.embedding_dim, 2 * config.hidden
        self.objects = nn.Linear(config.region, config.object_width)
        self.grounding = BiLSTM(word + config.object_width, config.hidden, 1)
        self.ask_query = BilinearAttention(state, state)
        self.ask_objects = self.reasoning = None
        if config.reasoning:
            read = 2 * state
            if config.objects:
                self.ask_objects = BilinearAttention(state, config.object_width)
                read += config.object_width
            self.reasoning = BiLSTM(read, config.hidden, config.reasoning_layers)
        self.fuse = nn.Linear((3 if config.reasoning else 2) * state, config.width)
        nn.init.xavier_uniform_(self.fuse.weight)
        nn.init.zeros_(self.fuse.bias)
        self._heads = nn.ModuleList(tasks.values())

    @property
    def words(self) -> Tensor:
        """(vocabulary, hidden) of BERT."""
        return self.bert.embeddings.word_embeddings.weight

    def train(self, mode: bool = True) -> Self:
        """Switches to training, or back; not BERT."""
        super().train(mode)
        self.bert.eval()
        return self

    def forward(self, name: str, inputs: Inputs, counts: Sequence[int]) -> tuple[Tensor, States]:
        """Runs the task.

        Args:
            name: Of the task.
            inputs: Of all pairs of query and response beside a photo, one example after another.
            counts: How many pairs each of the n examples has.

        Returns:
            (n, choices) logits, and the states: of the tokens of the response, of the objects, and fused.

        Raises:
            InputError: If a pair has no response, or a text no words.
            UnknownNameError: If there is no such task.
        """
        task, tokens = self.task(name), inputs.tokens
        objects, real_objects = self._objects(inputs)
        pointed = (tokens.points + 1)[..., None].expand(-1, -1, objects.shape[-1])  # object 0 is the whole photo
        grounded = torch.cat([self._words(tokens), objects.gather(1, pointed)], -1)
        (query, real_query), (response, real) = _texts(grounded, tokens)
        query = self.grounding(self._drop(query), real_query)
        response = self.grounding(self._drop(response), real)
        asked = self.ask_query(response, query, real_query)
        pooled, states = [response, asked], response
        if self.reasoning is not None:
            seen = [] if self.ask_objects is None else [self.ask_objects(response, objects, real_objects)]
            states = self.reasoning(self._drop(torch.cat([response, *seen, asked], -1)), real)
            pooled = [states, *pooled]
        most = torch.cat(pooled, -1).masked_fill(~real[..., None], -torch.inf).amax(1)
        fused = F.relu(self.fuse(F.dropout(most, self.config.dropout, self.training)))
        found = States(states, objects, fused, real)
        return task.logits(found, inputs, counts), found

    def _objects(self, inputs: Inputs) -> tuple[Tensor, Tensor]:
        """(n, o, object_width) objects, and (n, o) which are there: the whole photo, and the boxes."""
        features, real = (
            torch.cat([part[:, :1], part[:, inputs.first_box :]], 1)
            for part in (inputs.regions.features, inputs.regions.real)
        )
        dropped = F.dropout(features, self.config.object_dropout, self.training)
        return F.relu(self.objects(dropped)), real

    def _words(self, tokens: Tokens) -> Tensor:
        """(n, l, hidden) of BERT."""
        states: Tensor = self.bert.embeddings(tokens.numbers, tokens.segments)
        padding = Padding.of(tokens.real)
        for layer in self.bert.layers:
            states = layer(states, padding)
        return states

    def _drop(self, sequences: Tensor) -> Tensor:
        """Dropout that is the same for all tokens of a sequence."""
        return F.dropout1d(sequences.transpose(1, 2), self.config.dropout, self.training).transpose(1, 2)


def _texts(states: Tensor, tokens: Tokens) -> list[tuple[Tensor, Tensor]]:
    """First and second texts of [CLS] first [SEP] second [SEP], each (n, l, h) and (n, l) which are there."""
    firsts, seconds = ((tokens.real & (tokens.segments == i)).sum(1) for i in range(2))
    found = []
    for begins, lengths in ((torch.ones_like(firsts), firsts - 2), (firsts, seconds - 1)):
        if bool((lengths < 1).any()):
            pair = int((lengths < 1).nonzero()[0])
            raise InputError(f"texts: expected words in a query and in a response, got an empty one in pair {pair}.")
        offsets = torch.arange(int(lengths.max()), device=lengths.device)
        real = offsets < lengths[:, None]
        places = torch.where(real, begins[:, None] + offsets, 0)
        found.append((states.gather(1, places[..., None].expand(-1, -1, states.shape[-1])), real))
    return found
