"""The operators that a policy can ask for, by name, and what can be said about how each works."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

STRICT = ConfigDict(extra="forbid", strict=True, frozen=True)  # unknown keys are refused, and nothing is converted


class _Model(BaseModel):
    model_config = STRICT


class ExciseParams(_Model):
    """How far a cut goes where no passage says it."""

    extent: Literal["passage", "sentence"] = "passage"


class ShiftDateParams(_Model):
    """How far dates may move, whose number of days it is, and how 03/05/2024 is read."""

    max_days: int = Field(default=1_820, ge=1, le=36_500)
    of: Literal["session", "tenant"] = "session"
    day_first: bool = False


class GeneraliseParams(_Model):
    """How many years a band of ages holds."""

    band: Literal[5, 10] = 10


class SurrogateParams(ShiftDateParams, GeneraliseParams):
    """What becomes of dates and ages."""


class NoParams(_Model):
    """Nothing can be said about how it works."""


_PARAMS: dict[str, type[_Model]] = {
    "excise": ExciseParams,
    "encrypt": NoParams,
    "vault": NoParams,
    "surrogate": SurrogateParams,
    "shift_date": ShiftDateParams,
    "generalise": GeneraliseParams,
}


class OperatorModel(_Model):
    """One of Presidio's anonymizer operators, or one of ours, with its parameters."""

    name: Literal[
        "replace",
        "redact",
        "mask",
        "hash",
        "keep",
        "excise",
        "encrypt",
        "vault",
        "surrogate",
        "shift_date",
        "generalise",
    ] = "replace"
    params: dict[str, str | int | bool] = {}

    @model_validator(mode="after")
    def _own_params_are_known(self) -> Self:
        """Refuse what our own operators would not understand; the others' parameters are Presidio's business."""
        model = _PARAMS.get(self.name)
        if model is not None:
            try:
                model.model_validate(self.params)
            except ValidationError as error:
                first = error.errors(include_input=False, include_url=False)[0]
                place = ".".join(str(step) for step in first["loc"])
                taken = ", ".join(model.model_fields) or "no parameters"
                raise ValueError(f"{self.name} takes {taken}; {place}: {first['msg']}") from None
        return self
