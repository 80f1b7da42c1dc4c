"""Presidio's anonymizer operators behind one function; the only file that imports presidio_anonymizer."""

from __future__ import annotations

from collections.abc import Mapping

from presidio_anonymizer.operators import Hash, Keep, Mask, OperatorType, Redact, Replace

from firewall.errors import ConfigurationError
from firewall.vocabulary import Operator

_OPERATORS = {"replace": Replace(), "redact": Redact(), "mask": Mask(), "hash": Hash(), "keep": Keep()}
_DEFAULTS: Mapping[str, Mapping[str, object]] = {
    "mask": {"masking_char": "*", "chars_to_mask": 1_000_000, "from_end": False},
}


def operate(operator: Operator, text: str, entity_type: str, salt: bytes) -> str:
    """Return what an operator makes of a text. `salt` keys the `hash` operator (bytes, secret).

    Raises ConfigurationError for an operator or parameters that Presidio does not know.
    """
    implementation = _OPERATORS.get(operator.name)
    if implementation is None or implementation.operator_type() is not OperatorType.Anonymize:
        raise ConfigurationError(f"there is no operator named {operator.name}")
    params = {**_DEFAULTS.get(operator.name, {}), **operator.params, "entity_type": entity_type}
    if operator.name == "hash":
        params["salt"] = salt
    return str(implementation.operate(text=text, params=params))
