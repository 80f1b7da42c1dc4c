"""Presidio's anonymizer operators and our own behind one function; the only file that imports presidio_anonymizer.

`excise` is ours: nothing stays, and what it leaves empty around it goes too (`excise.py` says how far it goes). So are
`encrypt` and `vault`, whose tokens can be restored, `surrogate`, `shift_date` and `generalise`.

The import takes about two seconds of processor time, because Presidio brings spaCy and transformers with it. It is done
once, at the first use or by `warm`, which the service calls in a thread while it loads its models.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Mapping
from typing import Any, Final

from firewall.errors import ConfigurationError
from firewall.redact.dates import shifted
from firewall.redact.generalise import generalised
from firewall.redact.keys import MOST_DAYS, Keys
from firewall.redact.tokens import Original
from firewall.vocabulary import Operator

EXCISE: Final = "excise"
RESTORE: Final = "restore"  # no policy can ask for it: a token becomes what it stands for
KEYED: Final = frozenset({"hash", "encrypt", "vault", "surrogate", "shift_date"})  # what they make depends on the key
REVERSIBLE: Final = frozenset({"encrypt", "vault"})  # what they make can be restored
NUMERIC: Final = frozenset({"surrogate", "shift_date"})  # what they make of a number is one, mostly
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


def operate(
    operator: Operator, text: str, entity_type: str, keys: Keys, spelled: Callable[[], Original] | None = None
) -> str:
    """Return what an operator makes of a text. `keys` are the caller's.

    `spelled` tells how the text is written where it stands, for operators whose work can be undone.

    Raises ConfigurationError for an operator or parameters that Presidio does not know.
    """
    if operator.name == EXCISE:
        return ""
    own = _OWN.get(operator.name)
    if own is not None:
        return own(text, entity_type, keys, operator.params, spelled or (lambda: Original(text)))
    implementation = _operators().get(operator.name)
    if implementation is None:
        raise ConfigurationError(f"there is no operator named {operator.name}")
    params = {**_DEFAULTS.get(operator.name, {}), **operator.params, "entity_type": entity_type}
    if operator.name == "hash":
        params["salt"] = keys.salt
    return str(implementation.operate(text=text, params=params))


_Params = Mapping[str, object]
_Spelled = Callable[[], Original]


def _encrypt(_: str, entity_type: str, keys: Keys, __: _Params, spelled: _Spelled) -> str:
    """Return a token that holds the text, sealed."""
    return keys.scope.sealed(spelled(), entity_type)


def _vault(_: str, entity_type: str, keys: Keys, __: _Params, spelled: _Spelled) -> str:
    """Return a short token, and leave what it stands for with the keys, for the vault."""
    token, name, sealed = keys.scope.kept(spelled(), entity_type)
    keys.kept[name] = sealed
    return token


def _restore(text: str, _: str, keys: Keys, __: _Params, ___: _Spelled) -> str:
    """Return what a token stands for."""
    return keys.originals[text].value


def _surrogate(text: str, entity_type: str, keys: Keys, params: _Params, spelled: _Spelled) -> str:
    """Return something like it that is nobody's. Dates move, and an age becomes its band."""
    if entity_type == "DATE_TIME":
        return _shift_date(text, entity_type, keys, params, spelled)
    if entity_type == "AGE":
        return _generalise(text, entity_type, keys, params, spelled)
    return keys.surrogates.of(text, entity_type)


def _shift_date(text: str, entity_type: str, keys: Keys, params: _Params, _: _Spelled) -> str:
    """Return a text with its dates moved; a placeholder for what is no date that can be read."""
    days = keys.days(most=int(str(params.get("max_days", MOST_DAYS))), of=str(params.get("of", "session")))
    moved = shifted(text, days, day_first=params.get("day_first") is True) if entity_type == "DATE_TIME" else None
    return f"<{entity_type}>" if moved is None else moved


def _generalise(text: str, entity_type: str, _: Keys, params: _Params, __: _Spelled) -> str:
    """Return a text made less exact; a placeholder where there is no such form of it."""
    made = generalised(text, entity_type, band=int(str(params.get("band", 10))))
    return f"<{entity_type}>" if made is None else made


_OWN: Final[Mapping[str, Callable[[str, str, Keys, _Params, _Spelled], str]]] = {
    "encrypt": _encrypt,
    "vault": _vault,
    "surrogate": _surrogate,
    "shift_date": _shift_date,
    "generalise": _generalise,
    RESTORE: _restore,
}
