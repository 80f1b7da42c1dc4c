"""Presidio's anonymizer operators and our own behind one function; the only file that imports presidio_anonymizer.

`excise` is ours: nothing stays, and what it leaves empty around it goes too (`excise.py` says how far it goes).

The import takes about two seconds of processor time, because Presidio brings spaCy and transformers with it. It is done
once, at the first use or by `warm`, which the service calls in a thread while it loads its models.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Mapping
from typing import Any

from firewall.errors import ConfigurationError
from firewall.vocabulary import Operator

EXCISE = "excise"
_DEFAULTS: Mapping[str, Mapping[str, object]] = {
    "mask": {"masking_char": "*", "chars_to_mask": 1_000_000, "from_end": False},
}


@functools.cache
def _operators() -> Mapping[str, Any]:
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    os.environ.setdefault("TRANSFORMERS_NO_ADVISORY_WARNINGS", "1")
    os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
    from presidio_anonymizer.operators import Hash, Keep, Mask, Redact, Replace

    return {"replace": Replace(), "redact": Redact(), "mask": Mask(), "hash": Hash(), "keep": Keep()}


def warm() -> None:
    """Import Presidio now, so that no request waits for it."""
    _operators()


def operate(operator: Operator, text: str, entity_type: str, salt: bytes) -> str:
    """Return what an operator makes of a text. `salt` keys the `hash` operator (bytes, secret).

    Raises ConfigurationError for an operator or parameters that Presidio does not know.
    """
    if operator.name == EXCISE:
        return ""
    implementation = _operators().get(operator.name)
    if implementation is None:
        raise ConfigurationError(f"there is no operator named {operator.name}")
    params = {**_DEFAULTS.get(operator.name, {}), **operator.params, "entity_type": entity_type}
    if operator.name == "hash":
        params["salt"] = salt
    return str(implementation.operate(text=text, params=params))
