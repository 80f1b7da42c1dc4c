"""The words of the training data and the entity types the model answers with."""

from __future__ import annotations

from typing import Final

ENTITY_TYPE: Final = {
    "NAME": "PERSON",
    "LOCATION": "LOCATION",
    "STATE_OR_COUNTRY": "STATE_OR_COUNTRY",
    "ORG": "ORGANIZATION",
    "DATE": "DATE_TIME",
    "AGE": "AGE",
    "PHONE": "PHONE_NUMBER",
    "EMAIL": "EMAIL_ADDRESS",
    "SSN": "US_SSN",
    "MRN": "MEDICAL_RECORD_NUMBER",
    "HEALTH_PLAN_ID": "HEALTH_PLAN_ID",
    "ACCOUNT": "ACCOUNT_NUMBER",
    "LICENSE": "MEDICAL_LICENSE",
    "VEHICLE_ID": "VEHICLE_ID",
    "DEVICE_ID": "DEVICE_ID",
    "URL": "URL",
    "IP": "IP_ADDRESS",
    "BIOMETRIC": "BIOMETRIC_ID",
    "CREDIT_CARD": "CREDIT_CARD",
    "IBAN": "IBAN_CODE",
    "PASSPORT": "PASSPORT",
    "DRIVER_LICENSE": "DRIVER_LICENSE",
    "USERNAME": "USERNAME",
    "PASSWORD": "PASSWORD",
    "OTHER_ID": "OTHER_ID",
    "PROFESSION": "PROFESSION",
    "NATIONALITY": "NRP",
}
"""Label of the data -> entity type of the model."""

OUTSIDE: Final = "O"
LABELS: Final = (OUTSIDE, *ENTITY_TYPE.values())
"""The model's outputs in order; index 0 is "no entity"."""

NOT_IDENTIFYING: Final = frozenset({"STATE_OR_COUNTRY", "ORGANIZATION", "NRP", "PROFESSION"})
"""Types that Safe Harbor lets stand: they neither help recall nor count as false redaction."""

IGNORED: Final = -100
"""The class of a token that carries no loss."""
