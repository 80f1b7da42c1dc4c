"""What stands where in HL7 v2: the data type of each field, and the kind of each type's components.

After HL7 v2.5.1 to v2.8 (chapters 2A, 3 to 12). A model cannot tell from `DOE` alone that it is a name; the standard
can. A letter a component: P a name, L a place below the state, T and E a phone or an e-mail address, D a date, I an
identifier, ? text that may hold anything, - what identifies nobody.
"""

from __future__ import annotations

from collections.abc import Mapping

PERSON, LOCATION, DATE, EMAIL, PHONE = "PERSON", "LOCATION", "DATE_TIME", "EMAIL_ADDRESS", "PHONE_NUMBER"
OTHER = "OTHER_ID"
KINDS = {"P": PERSON, "L": LOCATION, "-": ""}
FREE = "?"

_EXTENDED_ID = "I-----DD----"
COMPONENTS: Mapping[str, str] = {
    "XPN": "PPP------D-DD-P",
    "XCN": "IPPP------------D-DD---",
    "PPN": "IPPP----------D",
    "XAD": "LLL-L--LLL-DDD----PL--I",
    "XTN": "T--E-TTTT-TTDD----",
    "CX": _EXTENDED_ID,
    "MR": _EXTENDED_ID,  # CX and plain ids by what they are without a type code: a medical record number,
    "AN": _EXTENDED_ID,  # an account or visit,
    "HP": _EXTENDED_ID,  # a health plan,
    "SS": _EXTENDED_ID,  # a social security number,
    "DL": "I-D",  # a driver's license
    "DV": "I---",  # a device
    "EI": "I---",
    "EIP": "II",
    "TS": "D",
    "DR": "DD",
    "TQ": "---DD-------",
    "FD": "-D",  # a code and its date
    "AUI": "ID-",
    "PLN": "I--D",
    "NDL": "NDD--------",
    "LA": "--------LLL-L---",
    "LOC": "LLLL",
    "CT": "-?--?----",  # a code whose text is often typed in
    "-": "-" * 24,
    FREE: FREE * 24,
}
# Sub-components differ from their component only where a whole type is packed into one.
PACKED = {"N": "IPPP------", "I": "I---"}
ID_TYPES = {"CX": OTHER, "MR": "MEDICAL_RECORD_NUMBER", "AN": "ACCOUNT_NUMBER", "HP": "HEALTH_PLAN_ID", "SS": "US_SSN"}
ID_TYPES |= {"DL": "DRIVER_LICENSE", "DV": "DEVICE_ID", "PLN": "MEDICAL_LICENSE"}
# HL7 table 0203: identifier types that say more than the field does.
TYPE_CODES = {
    "MR": "MEDICAL_RECORD_NUMBER",
    "MRN": "MEDICAL_RECORD_NUMBER",
    "PI": "MEDICAL_RECORD_NUMBER",
    "PT": "MEDICAL_RECORD_NUMBER",
    "SS": "US_SSN",
    "SSN": "US_SSN",
    "DL": "DRIVER_LICENSE",
    "PPN": "PASSPORT",
    "AN": "ACCOUNT_NUMBER",
    "VN": "ACCOUNT_NUMBER",
    "NPI": "US_NPI",
    "DEA": "MEDICAL_LICENSE",
    "LN": "MEDICAL_LICENSE",
    "MD": "MEDICAL_LICENSE",
    "SL": "MEDICAL_LICENSE",
    "UPIN": "MEDICAL_LICENSE",
    "HC": "HEALTH_PLAN_ID",
    "MA": "HEALTH_PLAN_ID",
    "MB": "HEALTH_PLAN_ID",
    "MC": "HEALTH_PLAN_ID",
    "SN": "HEALTH_PLAN_ID",
}
# What the value types of OBX-2 say of OBX-5. Text (ST, TX, FT, ...) is for those who read text.
VALUE_TYPES = {
    **dict.fromkeys(("NM", "SN", "CE", "CWE", "CNE", "CF", "ID", "IS", "SI", "TM", "CP", "MO", "RP", "NR", "CQ"), "-"),
    **dict.fromkeys(("TS", "DT", "DTM"), "TS"),
    **{name: name for name in ("DR", "XPN", "XCN", "XAD", "XTN", "CX", "EI", "PPN")},
    "PN": "XPN",
    "CN": "XCN",
    "AD": "XAD",
    "TN": "XTN",
    "CK": "CX",
    "XON": "-",
    "HD": "-",
    "PL": "-",
}


def _types(words: str) -> tuple[str, ...]:
    """Read types in the order of the fields; `-5` stands for five fields that identify nobody."""
    found: list[str] = []
    for word in words.split():
        found += ["-"] * int(word[1:]) if word[1:].isdigit() else [word]
    return tuple(found)


SEGMENTS: Mapping[str, tuple[str, ...]] = {
    name: _types(words)
    for name, words in {
        "MSH": "-6 TS -18",
        "FHS": "-6 TS -1 ? ? -2",
        "BHS": "-6 TS -1 ? ? -2",
        "FTS": "-1 ?",
        "BTS": "-1 ? -1",
        "SFT": "-4 ? -1",
        "MSA": "-2 ? -3",
        "EVN": "-1 TS TS -1 XCN TS -1",
        "PID": "-1 MR MR MR XPN XPN TS -1 XPN -1 XAD LOC XTN XTN -3 AN SS DL MR -1 LOC -5 TS -3 TS -5 -1 XTN",
        "PD1": "-3 XCN -5 MR -2 TS -3 TS TS -4",
        "NK1": "-1 XPN -1 XAD XTN XTN -1 TS TS ? -1 CX -3 TS -9 XPN -3 XPN XTN XAD CX -3 SS LOC -1 XTN XTN",
        "PV1": "-4 AN -1 XCN XCN XCN -7 XCN -1 AN FD -4 TS -4 TS -4 TS -1 FD -6 TS TS -4 AN -1 XCN -1 ?",
        "PV2": "-2 CT ? ? ? -1 TS TS -2 ? XCN TS -2 TS -8 TS -1 TS TS -3 TS -12 TS TS TS -2",
        "GT1": "-1 CX XPN XPN XAD XTN XTN TS -3 SS TS TS -1 XPN XAD XTN CX -5 TS -3 CX -1 TS TS -9 XPN -2 XPN XTN -2 ? "
        "-6 LOC -1",
        "IN1": "-2 -1 -1 XAD XPN XTN HP -1 CX -1 TS TS AUI -1 XPN -1 TS XAD -4 TS -1 TS -1 CX TS XCN -5 HP -7 XAD -4 HP "
        "-1 TS LOC -2",
        "IN2": "CX SS XCN -2 HP XPN HP XPN HP -1 ? ? -3 TS -4 XPN ? -1 CX HP -13 XPN -3 TS TS ? -2 XPN XTN -1 XPN XTN -1 "
        "TS TS -1 XTN -2 HP -1 XTN XTN -8",
        "IN3": "-1 CX XCN -2 TS TS XCN TS TS -1 -1 TS XCN ? XCN XTN -1 XTN -1 ? TS -1 TS",
        "MRG": "MR MR AN MR AN AN XPN",
        "AL1": "-2 CT -1 ? TS",
        "IAM": "-2 CT -1 ? -1 EI ? -2 TS ? TS XPN -3 XCN -1 TS",
        "DG1": "-2 -1 ? TS -8 -2 XCN -2 TS EI -1",
        "PR1": "-3 ? TS -2 XCN -2 XCN XCN -6 EI -1",
        "ORC": "-1 EI EI EI -2 TQ EIP TS XCN XCN XCN -1 XTN TS CT -2 XCN -2 XAD XTN XAD -2 TS -4",
        "OBR": "-1 EI EI -2 TS TS TS -1 XCN -2 ? TS ? XCN XTN ? ? ? ? TS -3 -1 TQ XCN EIP -1 CT NDL NDL NDL NDL TS -2 CT "
        "-3 CT -2 CT -4",
        "TQ1": "-3 -3 TS TS -1 ? ? -4",
        "OBX": "-4 ? -8 TS -1 XCN -1 DV TS -4 XAD XCN -1 -3",
        "NTE": "-2 ? -1 XCN TS TS TS",
        "TXA": "-3 TS XCN TS TS TS XCN XCN XCN EI EI EI EI ? -4 ? PPN XCN",
        "SCH": "EI EI -1 EI -2 CT -3 TQ XCN XTN XAD -1 XCN XTN XAD -1 XCN XTN -1 EI EI -1 EI EI",
        "ARQ": "EI EI -1 EI -2 CT -3 DR -3 XCN XTN XAD -1 XCN XTN EI EI EI",
        "AIS": "-3 TS -8",
        "AIG": "-3 -4 TS -6",
        "AIL": "-5 TS -6",
        "AIP": "-2 XCN -2 TS -6",
        "RXO": "-5 CT CT LA -5 XCN XCN -8 -9 XAD -1 XAD",
        "RXE": "TQ -5 CT LA -4 XCN XCN EI -2 TS -2 CT -10 TS -8 XAD -1 XAD",
        "RXD": "-2 TS -3 EI -1 ? XCN -2 LA -1 CT -2",
        "RXG": "-2 TQ -4 -1 CT LA -4 -3 -2 TS",
        "RXA": "-2 TS TS -4 CT XCN LA -9 -1 TS -5 -1",
        "RXR": "-6",
        "FT1": "-1 EI -1 DR TS -2 ? ? -10 XCN XCN -1 EI XCN -6",
        "ROL": "-3 XCN TS TS -4 XAD XTN",
        "PRT": "-4 XCN -4 DV TS TS -1 XAD XTN",
        "CTD": "-1 XPN XAD -1 XTN -1 PLN",
        "PRD": "-1 XPN XAD -1 XTN -1 PLN TS TS",
        "SPM": "-1 EIP EIP -10 ? -2 DR TS TS -10 CX CX",
        "ACC": "TS -1 ? -3 XCN ? -2 XAD",
        "PDA": "-1 -2 TS XCN -1 DR XCN -1",
        "ARV": "-4 ? DR",
        "DB1": "-2 CX -1 TS TS TS",
        "STF": "CX CX XPN -2 TS -3 XTN XAD FD FD -1 XTN -2 ? -19",
        "PRA": "-5 PLN",
        "QRD": "TS -2 EI -1 TS -1 XCN -4",
        "QRF": "-1 TS TS ? ?",
        "PRB": "-1 TS -1 EI -2 TS TS TS -4 TS",
    }.items()
}
