"""A model folder's tokenizer: read from verified bytes, or through transformers where the folder is not ours."""

from __future__ import annotations

import os

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from firewall.errors import ConfigurationError
from firewall.inference.manifest import Manifest


def load_tokenizer(manifest: Manifest) -> Tokenizer:
    """Read the tokenizer: ours from its verified bytes, a Hugging Face folder's through transformers.

    Raises:
        ConfigurationError: if it cannot be read, or knows no offsets.
    """
    try:
        if manifest.signed and "tokenizer.json" in manifest.files:
            return Tokenizer.from_buffer(manifest.read("tokenizer.json"))
        return _transformers_tokenizer(manifest)
    except ConfigurationError:
        raise
    except Exception as error:
        raise ConfigurationError(f"model {manifest.name}: its tokenizer cannot be read") from error


def _transformers_tokenizer(manifest: Manifest) -> Tokenizer:
    """Let transformers find the tokenizer of a folder; it is told not to ask the network."""
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    os.environ.setdefault("TRANSFORMERS_OFFLINE", "1")
    os.environ.setdefault("TRANSFORMERS_NO_ADVISORY_WARNINGS", "1")  # torch is not here, and is not missed
    from transformers import AutoTokenizer  # takes most of a second, and only these folders need it

    found = AutoTokenizer.from_pretrained(str(manifest.folder), local_files_only=True, trust_remote_code=False)
    if not found.is_fast:
        raise ConfigurationError(f"model {manifest.name}: its tokenizer has no fast form, so it has no offsets")
    tokenizer: Tokenizer = found.backend_tokenizer
    return tokenizer


def special_tokens(tokenizer: Tokenizer) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Return the special tokens that stand before and after a text; padding and truncation are switched off."""
    tokenizer.no_truncation()
    tokenizer.no_padding()
    encoding = tokenizer.encode("a")
    mask = np.array(encoding.special_tokens_mask, dtype=bool)
    ids = np.array(encoding.ids, dtype=np.int32)
    text = np.flatnonzero(~mask)
    if not len(text):
        return ids[:0], ids[:0]
    return ids[: text[0]], ids[text[-1] + 1 :]


def pad_id(tokenizer: Tokenizer) -> int:
    """Return the padding token's id; masked positions do not count, so 0 serves where there is none."""
    for name in ("[PAD]", "<pad>", "<|pad|>"):
        found = tokenizer.token_to_id(name)
        if found is not None:
            return int(found)
    return 0
