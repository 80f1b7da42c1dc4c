"""Whether words can be a person's name, a street or a user name, or are the vocabulary of forms and records."""

from __future__ import annotations

import re

# Words that stand where a name would stand: empty-field marks, roles, departments, form labels.
_NOT_NAMES = frozenset(
    "access account address administration adverse advisory advocate age alert all allergies allergy analyst and any "
    "applicable approval assay assessment assigned assistance assurance attached available batch be below birth "
    "blood board body can care case center centre chart chemistry chief clinic clinical colleague colleagues "
    "collected committee complaint completed condition consent contact continued control currently customer data "
    "date days deceased demographics denied denies department details deviation diagnosis diary discharge dob doctor "
    "document documents dr education employee encounter engagement enrollment enrolment equipment event examination "
    "excel exercise female field files final first flow follow followed for form frau full given group handout has "
    "health healthcare herr history home hospital hr id identification identifier identity if in information "
    "instructions insurance intake investigation investigator is it key lab laboratory last leaflet letter level "
    "lift list male management manager manufacturing medical medication medications medicine member miss missing "
    "monday monitoring mr mrn mrs ms must n/a name needs new nil no none normal not note notes null number nurse "
    "nursing office officer on operator or order outcome outcomes owner packet page patient pending person "
    "pharmacist pharmacy phone physician plan please policy population portal position preferred prescriber present "
    "previous procedure product production prof project protocol provided provider qa qc qp quality questionnaire "
    "received record recorded records recruitment redacted reference referral registration registry regulatory "
    "relations release removed report reported request required research resident resources response result results "
    "retention review rights safety same sample samples satisfaction schedule section see service services sex "
    "signature signed site space specialist specific specified ssn stable staff standard status step study subject "
    "summary supervisor supplier support surgery system table tbd teaching team technician test testing than the "
    "therapy this to training transfer transport treatment type undefined unit university unknown unspecified "
    "updated user validation value vendor verified version visit visits warehouse was weight will with withheld yes "
    "your".split()
)
_NOT_STREETS = frozenset(
    "a after and at batch before calendar cells cycles daily days degrees dose doses each final first for from "
    "hours in lots mg min minutes ml months of per percent process room sample samples second seconds step steps "
    "tablets test the times units vials washing weeks working years".split()
)
_NOT_USERS = frozenset(
    "admin anonymous auth error errors failed failure false found guest invalid localhost missing nobody none "
    "null ok password required root service string success successful system true undefined unknown user "
    "username".split()
)
# What stands behind an @ in source code rather than in a message.
_NOT_HANDLES = frozenset(
    "abstract after all app arg author autowired bean before bind bug builder cacheable cached charset class "
    "classmethod click component config configuration controller controlleradvice data dataclass decorator "
    "deprecated else entity event example exception extend fixture font foreach functools getter given id if import "
    "include inject injectable input interface internal keyframes license link lombok mark media mixin mock model "
    "module name namespace ngmodule nullable optional output overload override package page param parametrize pass "
    "patch path pipe post postmapping private property public pytest query readonly repository rest restcontroller "
    "result return returns route router scheduled section see service setter since slf4j source staticmethod step "
    "supports suppresswarnings table tailwind test then throws todo transactional type typedef types use value var "
    "version view when wraps yield".split()
)
_UNITS = frozenset("iu mg ml kg ui pm am gy mm cm nm um hz kv ma mv pa ng ug pg dl mb gb kb tb bp".split())
_EMPTY = frozenset("any blank n na nil no none not null other pending same see string tbd undefined unknown".split())
_STATES_AS_UNITS = re.compile(r"\b(?:Section|Table|Figure|Lot|Batch|Part|Form|Rev|Chapter|Annex|Item|Step)\b")


def person_name(value: str) -> bool:
    """Words that can all belong to a name: none is the vocabulary of forms, roles and records."""
    words = re.findall(r"[^\W\d_]+(?:['-][^\W\d_]+)*", value.lower())
    return bool(words) and not any(word in _NOT_NAMES for word in words) and any(len(word) > 1 for word in words)


def street_address(value: str) -> bool:
    """A street address rather than a count of things: the first words after the number are no units or steps."""
    words = re.findall(r"[a-z]+", value.lower())
    return not any(word in _NOT_STREETS for word in words[:3])


def city_state_zip(value: str) -> bool:
    """A place with a US ZIP code rather than the part or lot number of a document."""
    return not _STATES_AS_UNITS.search(value) and not value.endswith("00000")


def place_name(value: str) -> bool:
    """A place rather than the mark of a field that was left empty."""
    return re.split(r"[^a-z]", value.lower())[0] not in _EMPTY


def user_name(value: str) -> bool:
    """A login of a person rather than a status word or the account of a service."""
    return value.lower() not in _NOT_USERS


def id_like(value: str) -> bool:
    """A record number: at least four characters, three of them digits."""
    return len(value) >= 4 and sum(char.isdigit() for char in value) >= 3


def has_digit(value: str) -> bool:
    """A number or code rather than a word of the sentence after the label."""
    return any(char.isdigit() for char in value)


def code_like(value: str) -> bool:
    """A record number: six letters and digits or more, four of them digits, or letters and digits by turns."""
    figures = sum(char.isdigit() for char in value)
    by_turns = re.search(r"\d[A-Z]{1,2}\d", value) is not None
    return sum(char.isalnum() for char in value) >= 6 and (figures >= 4 or by_turns)


def plate_like(value: str) -> bool:
    """A licence plate: five to nine letters and digits, some of each, the letters as capitals."""
    marks = [char for char in value if char.isalnum()]
    letters = [char for char in marks if char.isalpha()]
    return 5 <= len(marks) <= 9 and 0 < len(letters) < len(marks) and all(char.isupper() for char in letters)


def handle(value: str) -> bool:
    """A person's name on a network (@name) rather than a decorator, an annotation or a package of source code."""
    name = value.removeprefix("@")
    return re.fullmatch(r"\w+", name) is not None and name.lower() not in _NOT_HANDLES and not name.isdecimal()


def postal_code(value: str) -> bool:
    """A postal code rather than an amount: no unit of measurement stands where its letters stand."""
    return value.rsplit(" ", maxsplit=1)[-1][-2:].lower() not in _UNITS
