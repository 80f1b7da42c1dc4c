"""What is put on the encoder: heads over windows and over tokens."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from transformers import BertModel

EARLY = 2  # layers behind which a first guess is made


class SequenceClassifier(nn.Module):
    """Encoder plus a linear layer over [first token; mean; maximum] of the last states: logits `[batch, classes]`.

    The maximum lets a short attack in a long window be seen, the mean and the first token give the context.
    """

    def __init__(self, encoder: BertModel, classes: int, dropout: float = 0.1) -> None:
        """Put a fresh head on the encoder."""
        super().__init__()
        self.encoder = encoder
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Linear(3 * encoder.config.hidden_size, classes)

    def forward(self, input_ids: Tensor, attention_mask: Tensor, token_type_ids: Tensor) -> Tensor:
        """Return the logits of each window."""
        return self._classify(_encode(self.encoder, input_ids, attention_mask, token_type_ids), attention_mask)

    def _classify(self, states: Tensor, attention_mask: Tensor) -> Tensor:
        logits: Tensor = self.head(self.dropout(pooled(states, attention_mask)))
        return logits


class SpanClassifier(SequenceClassifier):
    """A sequence classifier that also says which tokens are meant, and guesses early.

    It answers logits `[batch, classes]`, marks `[batch, sequence]` (one log-odds a token) and hunches `[batch]`: the
    log-odds of the last class against the first, told from the states behind the first `EARLY` layers. All heads
    read the same states, so marks and hunches cost next to nothing, and where the hunch is sure the other layers need
    not run.
    """

    def __init__(self, encoder: BertModel, classes: int, dropout: float = 0.1) -> None:
        """Put three fresh heads on the encoder."""
        super().__init__(encoder, classes, dropout)
        self.marks = nn.Linear(encoder.config.hidden_size, 1)
        self.hunch = nn.Linear(3 * encoder.config.hidden_size, 1)

    def forward(  # type: ignore[override]  # two outputs more than the base class
        self, input_ids: Tensor, attention_mask: Tensor, token_type_ids: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Return the logits and the hunch of each window and the log-odds of each token."""
        states, hunches = self.begin(input_ids, attention_mask, token_type_ids)
        return *self.finish(states, attention_mask), hunches

    def begin(self, input_ids: Tensor, attention_mask: Tensor, token_type_ids: Tensor) -> tuple[Tensor, Tensor]:
        """Run the first layers: states `[batch, sequence, hidden]` and hunches `[batch]`."""
        states = embed(self.encoder, input_ids, token_type_ids)
        states = through(self.encoder, states, attention_mask, 0, EARLY)
        return states, self.hunch(self.dropout(pooled(states, attention_mask))).squeeze(-1)

    def finish(self, states: Tensor, attention_mask: Tensor) -> tuple[Tensor, Tensor]:
        """Run the other layers on what `begin` left: logits and marks."""
        states = through(self.encoder, states, attention_mask, EARLY, None)
        marks: Tensor = self.marks(states).squeeze(-1)
        return self._classify(states, attention_mask), marks


class Whole(nn.Module):
    """A span classifier as one graph, without the early guess: logits and marks."""

    def __init__(self, model: SpanClassifier) -> None:
        """Take the model."""
        super().__init__()
        self.model = model

    def forward(self, input_ids: Tensor, attention_mask: Tensor, token_type_ids: Tensor) -> tuple[Tensor, Tensor]:
        """Return the logits of each window and the log-odds of each token."""
        states, _ = self.model.begin(input_ids, attention_mask, token_type_ids)
        return self.model.finish(states, attention_mask)


class Beginning(nn.Module):
    """The first layers of a span classifier as a graph: the early guess, and what the rest goes on from."""

    def __init__(self, model: SpanClassifier) -> None:
        """Take the model."""
        super().__init__()
        self.model = model

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> tuple[Tensor, Tensor]:
        """Return the margin of each window and its states `[batch, sequence, hidden]`."""
        states, hunches = self.model.begin(input_ids, attention_mask, torch.zeros_like(input_ids))
        return hunches, states


class Rest(nn.Module):
    """The other layers of a span classifier as a graph that goes on where a `Beginning` stopped."""

    def __init__(self, model: SpanClassifier) -> None:
        """Take the model."""
        super().__init__()
        self.model = model

    def forward(self, states: Tensor, attention_mask: Tensor) -> tuple[Tensor, Tensor]:
        """Return the logits of each window and the log-odds of each token."""
        return self.model.finish(states, attention_mask)


class TokenClassifier(nn.Module):
    """Encoder plus a linear layer on every state: logits `[batch, sequence, classes]`."""

    def __init__(self, encoder: BertModel, classes: int, dropout: float = 0.1) -> None:
        """Put a fresh head on the encoder."""
        super().__init__()
        self.encoder = encoder
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Linear(encoder.config.hidden_size, classes)

    def forward(self, input_ids: Tensor, attention_mask: Tensor, token_type_ids: Tensor) -> Tensor:
        """Return the logits of each token."""
        states = _encode(self.encoder, input_ids, attention_mask, token_type_ids)
        logits: Tensor = self.head(self.dropout(states))
        return logits


def pooled(states: Tensor, attention_mask: Tensor) -> Tensor:
    """Return [first token; mean; maximum] of the states of each window: `[batch, 3 * hidden]`."""
    mask = attention_mask.unsqueeze(-1).to(states.dtype)
    mean = (states * mask).sum(1) / mask.sum(1)
    peak = (states * mask - (1 - mask) * 100.0).amax(1)
    return torch.cat([states[:, 0], mean, peak], dim=-1)


def embed(encoder: BertModel, input_ids: Tensor, token_type_ids: Tensor) -> Tensor:
    """Return the vectors that go into the first layer."""
    vectors: Tensor = encoder.embeddings(input_ids=input_ids, token_type_ids=token_type_ids)
    return vectors


def through(encoder: BertModel, states: Tensor, attention_mask: Tensor, first: int, last: int | None) -> Tensor:
    """Run the layers `[first, last)`; the mask is widened here, which keeps the exported graph free of shape logic."""
    wide = (1.0 - attention_mask[:, None, None, :].float()) * -10000.0
    for layer in encoder.encoder.layer[first:last]:
        answer = layer(states, wide)
        states = answer if isinstance(answer, Tensor) else answer[0]
    return states


def _encode(encoder: BertModel, input_ids: Tensor, attention_mask: Tensor, token_type_ids: Tensor) -> Tensor:
    """Run the whole encoder."""
    return through(encoder, embed(encoder, input_ids, token_type_ids), attention_mask, 0, None)
