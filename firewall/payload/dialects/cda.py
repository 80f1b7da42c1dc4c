"""What stands where in HL7 CDA (C-CDA) and in FHIR XML: the meaning of an element's text and of its attributes.

After C-CDA R2.1 and the data types of HL7 V3. An organisation's or a device's name and a code with its display name
identify nobody here; a person's name, address, phone, number and full date do.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from firewall.payload.dialects.fhir_meanings import IMPERSONAL

FHIR_NAMESPACE = "http://hl7.org/fhir"
_YEAR = re.compile(r"\s*+[0-9]{0,4}\s*+\Z")
_OID = re.compile(r"[0-2](?:\.[0-9]{1,39}){2,40}\Z")
_NUMBER = re.compile(r"[+-]?[0-9]{1,12}(?:\.[0-9]{1,12})?\Z")
_ISO_DATE = re.compile(r"[0-9]{4}-[0-9]{2}")
_STAMP = re.compile(r"(?:18|19|20)[0-9]{2}[01][0-9]")
_TITLE = 12  # code points of a prefix or suffix that surely is none of a name ("Prof. Dr.", "M.D., Ph.D.")
_OLDEST = 89
_ROOTS = {
    "2.16.840.1.113883.4.1": "US_SSN",
    "2.16.840.1.113883.4.6": "US_NPI",
    "2.16.840.1.113883.4.814": "MEDICAL_LICENSE",  # DEA
    "2.16.840.1.113883.4.927": "US_MBI",
    "2.16.840.1.113883.4.572": "HEALTH_PLAN_ID",  # Medicare
    "2.16.840.1.113883.3.3719": "DEVICE_ID",  # UDI
    "2.16.840.1.113883.4.330.840": "PASSPORT",
}
_DRIVERS = "2.16.840.1.113883.4.3."  # and the number of a state
_ID_OF = {"patientRole": "MEDICAL_RECORD_NUMBER", "encompassingEncounter": "ACCOUNT_NUMBER"}
_ADDRESS = frozenset(
    "addr streetAddressLine houseNumber houseNumberNumeric streetName streetNameBase streetNameType direction city "
    "postalCode county precinct additionalLocator unitID unitType postBox censusTract buildingNumberSuffix careOf "
    "deliveryAddressLine deliveryInstallationArea deliveryInstallationQualifier deliveryInstallationType".split()
)
_NOBODYS_TEXT = frozenset(
    "state country delimiter languageCode manufacturerModelName softwareName lotNumberText useablePeriod".split()
)
_NOBODYS_ATTRIBUTES = frozenset(
    "code codeSystem codeSystemName codeSystemVersion displayName unit root classCode moodCode typeCode use type "
    "nullFlavor mediaType representation assigningAuthorityName language qualifier determinerCode contextControlCode "
    "operator inversionInd negationInd independentInd contextConductionInd institutionSpecified partType styleCode "
    "schemaLocation alignment validTimeLow xmlns ID listType border width align colspan rowspan".split()
)
_PEOPLE = frozenset({"patient", "subject", "informationRecipient"})
_NO_PEOPLE = frozenset(
    "place location assignedAuthoringDevice playingDevice scopingEntity manufacturedLabeledDrug manufacturedMaterial "
    "healthCareFacility service".split()
)
# Element names that a meaning may show.
WORDS = (
    _ADDRESS
    | _NOBODYS_TEXT
    | frozenset(
        "id setId templateId typeId telecom time effectiveTime birthTime deceasedTime low high center value name given family "
        "prefix suffix code translation".split()
    )
)


def contact(value: str) -> tuple[int, str]:
    """Return where a telecom value begins behind its scheme, and what it is."""
    scheme, colon, rest = value.partition(":")
    kinds = {"tel": "PHONE_NUMBER", "fax": "FAX_NUMBER", "mailto": "EMAIL_ADDRESS"}
    kind = kinds.get(scheme.strip().lower()) if colon else None
    if kind is not None:
        return len(scheme) + 1, "EMAIL_ADDRESS" if "@" in rest else kind
    if "@" in value:
        return 0, "EMAIL_ADDRESS"
    return 0, "URL" if "//" in value or value.lower().startswith("www.") else "PHONE_NUMBER"


def text_type(path: Sequence[str], value: str) -> str | None:
    """Return the entity type of a text in CDA: "" where it identifies nobody, None where it may hold anything."""
    name, parent = path[-1], path[-2] if len(path) > 1 else ""
    if name in ("given", "family"):
        return "PERSON"
    if name in ("prefix", "suffix"):
        return "" if len(value) <= _TITLE else None
    if name in _ADDRESS:
        return "LOCATION"
    if name in _NOBODYS_TEXT:
        return ""
    if name == "name":
        if parent in _PEOPLE or parent.endswith("Person"):
            return "PERSON"
        return "" if parent in _NO_PEOPLE or parent.endswith("Organization") else None
    return None


def attribute_type(path: Sequence[str], name: str, value: str, others: Mapping[str, str]) -> str | None:
    """Return the entity type of an attribute's value in CDA; `others` are the element's attributes."""
    element = path[-1]
    if name == "extension":
        return "" if element in ("templateId", "typeId") else _id_type(path, others.get("root", ""))
    if name == "root" and element == "id" and "extension" not in others and not _OID.match(value):
        return _id_type(path, value) if "patientRole" in path[-2:] else ""
    if name != "value":
        return "" if name in _NOBODYS_ATTRIBUTES else None
    if element == "telecom":
        return contact(value)[1]
    if _is_time(path, others):
        return "" if _YEAR.match(value) else "DATE_TIME"
    if "unit" in others or others.get("type", "") in ("PQ", "INT", "REAL", "MO", "BL"):
        return "AGE" if _is_old(value, others) else ""
    if element in ("versionNumber", "reference") or (_NUMBER.match(value) and not _STAMP.match(value)):
        return ""
    return None


def _is_time(path: Sequence[str], others: Mapping[str, str]) -> bool:
    element = path[-1]
    if element.lower().endswith("time") or others.get("type") == "TS":
        return True
    if element not in ("low", "high", "center") or "unit" in others:
        return False
    return any(one.lower().endswith("time") or one == "useablePeriod" for one in path[-3:-1])


def _is_old(value: str, others: Mapping[str, str]) -> bool:
    """Tell whether a quantity is an age over 89: the unit of years is hardly used for anything else."""
    if others.get("unit") not in ("a", "y", "yr", "years") or not _NUMBER.match(value):
        return False
    return _OLDEST < float(value) < 130


def _id_type(path: Sequence[str], root: str) -> str:
    """Return what an identifier is, by the OID of who assigns it, else by whose it is."""
    if root in _ROOTS:
        return _ROOTS[root]
    if root.startswith(_DRIVERS):
        return "DRIVER_LICENSE"
    owner = path[-2] if len(path) > 1 else ""
    return "" if owner.endswith("Organization") or owner in _NO_PEOPLE else _ID_OF.get(owner, "OTHER_ID")


_FHIR_PLACES = frozenset({"line", "city", "postalCode", "district", "text"})
_FHIR_CODES = frozenset(
    "system use type status code display unit state country version language gender active rank prefix suffix intent "
    "priority versionId profile comparator".split()
)
_FHIR_DATES = re.compile(
    r"(?:date|start|end|time|period|issued|recorded|authoredOn|created|sent|received|lastUpdated|instant|onset\w*"
    r"|abatement\w*|\w*Date(?:Time)?|\w*On)\Z"
)


def fhir_type(path: Sequence[str], value: str) -> str | None:
    """Return the entity type of an element's `value` in FHIR XML."""
    name, parent = path[-1], path[-2] if len(path) > 1 else ""
    resource = next((one for one in reversed(path) if one[:1].isupper()), "")
    if name in ("family", "given", "text") and (parent == "name" or parent.endswith("Name")):
        return "PERSON"
    if parent == "address" and name in _FHIR_PLACES:
        return "LOCATION"
    if parent == "telecom" and name == "value":
        return contact(value)[1]
    if parent == "identifier" and name == "value":
        if resource in IMPERSONAL:
            return ""
        return "MEDICAL_RECORD_NUMBER" if resource == "Patient" else "OTHER_ID"
    if name == "name" and resource in IMPERSONAL:
        return ""
    if _FHIR_DATES.match(name) and _ISO_DATE.match(value):
        return "DATE_TIME"
    return "" if name in _FHIR_CODES else None
