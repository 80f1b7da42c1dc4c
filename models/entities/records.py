"""Records of laboratory, quality, manufacturing and clinical systems as JSON, CSV, XML, forms, logs and prose."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from functools import partial
from typing import Final

from models.entities import identifiers
from models.entities.marked import dumps, mark
from models.entities.messages import as_hl7, as_mail
from models.entities.sentences import CLEAN, PEOPLE, Writer
from models.entities.values import World

Value = object
Fields = dict[str, Value]

_KEYS: Final[dict[str, tuple[str, ...]]] = {
    "pname": ("patient_name", "name", "full_name", "patientName", "Patient", "displayName", "subject", "contact",
     "customer", "to_name"),
    "name": ("operator", "performed_by", "reviewer", "analyst", "created_by", "approved_by", "author", "assignee",
     "owner", "sender", "attending",
             "from", "signedBy", "investigator", "recorder", "provider", "requestedBy", "technician", "verified_by",
             "submitter", "witness"),
    "pfirst": ("first_name", "given", "firstName", "FIRST", "given_name"),
    "plast": ("last_name", "family", "lastName", "LAST", "surname"),
    "dob": ("dob", "birthDate", "date_of_birth", "DOB", "born"),
    "date": ("visit_date", "admitted", "date", "appointment", "service_date", "discharge_date", "collected",
     "signed_on", "enrolled", "due", "hire_date"),
    "stamp": ("timestamp", "created_at", "effectiveDateTime", "authored_on", "start", "performedAt", "signed_at",
     "updated"),
    "street": ("street", "address1", "line", "addr", "street_address"),
    "city": ("city", "town", "CITY", "municipality"),
    "state": ("state", "region", "ST", "province"),
    "zip": ("zip", "postal_code", "postalCode", "ZIP"),
    "address": ("address", "home_address", "shipTo", "mailing_address"),
    "phone": ("phone", "tel", "mobile", "contact_no", "fax", "PHONE", "callback"),
    "pemail": ("email", "mail", "contact_email", "e_mail"),
    "user": ("username", "user", "login", "user_id", "userName", "actor"),
    "ip": ("ip", "client_ip", "remote_addr", "source_ip"),
    "hospital": ("facility", "hospital", "organization", "site_name", "clinic"),
    "in": (),
}  # fmt: skip
_ID_KEYS: Final[dict[str, tuple[str, ...]]] = {
    "MRN": ("mrn", "MRN", "medical_record_number", "patientId", "chart_no", "medrec"),
    "SSN": ("ssn", "SSN", "social_security"),
    "HEALTH_PLAN_ID": ("member_id", "insurance_id", "policy_no", "subscriberId", "mbi", "beneficiary"),
    "ACCOUNT": ("account", "account_number", "visit_no", "fin", "acct"),
    "LICENSE": ("npi", "dea", "license_no", "provider_npi", "NPI"),
    "DEVICE_ID": ("device_serial", "udi", "implant_sn", "mac", "serialNumber"),
    "OTHER_ID": ("subject_id", "employee_id", "patient_id", "badge", "participant", "donor_id", "claim_no"),
    "PASSPORT": ("passport", "passport_no"),
    "DRIVER_LICENSE": ("drivers_license", "dl_number"),
    "VEHICLE_ID": ("vin", "plate"),
    "CREDIT_CARD": ("card_number", "pan"),
    "IBAN": ("iban",),
    "BIOMETRIC": ("fingerprint_id", "biometric_ref"),
}
_CLEAN_KEYS: Final = (
    ("lot", "lot"), ("batch_id", "lot"), ("batch", "lot"), ("deviation", "deviation"), ("capa", "capa"), ("sop", "sop"),
    ("document", "sop"),
    ("change_control", "change"), ("part_no", "part"), ("material", "part"), ("version", "version"), ("firmware",
     "version"),
    ("equipment_id", "equipment"), ("instrument", "equipment"), ("asset", "equipment"), ("sample_id", "sample"),
    ("barcode", "sample"),
    ("sha256", "hash"), ("request_id", "hash"), ("id", "hash"), ("trace_id", "hash"), ("code", "code"), ("loinc",
     "code"), ("ndc", "code"),
    ("ticket", "ticket"), ("run", "ticket"), ("order_no", "batch_record"), ("sku", "part"), ("room", "equipment"),
    ("method", "sop"),
)  # fmt: skip
_FREE_KEYS: Final = (
    "comment",
    "note",
    "description",
    "message",
    "text",
    "summary",
    "reason",
    "body",
    "details",
    "finding",
)
_STATUS: Final = (
    "OPEN CLOSED active pending Approved rejected PASS FAIL in_review final H L N released quarantine true false null"
).split()
_LOG_PEOPLE: Final = (
    "user={user} ip={ip} action=login", "login failed for {user} from {ip}",
    "patient={pname} {in:MRN} opened by {user}",
    "sent mail to {pemail}", "export requested by {name}", "{user} signed {icode}", "queued message for {in:MRN}",
    "session of {name} ({user}) closed", "password reset for {pemail}", "request from {ip} id={hash}",
)  # fmt: skip
_LOG_CLEAN: Final = (
    "{icode} status=ok took={n}ms", "retry {d}/{d} {word}={code}", "{word}.{word} loaded version {code}",
    "id={hash} {word}={n}",
    "{icode} pressure {meas}", "cache miss key={word}:{code}", "{word} {word} finished: {n} rows, {d} warnings",
)  # fmt: skip


def person_fields(writer: Writer, most: int = 9) -> Fields:
    """Make some fields about a person."""
    w = writer.world
    fields: Fields = {}
    for _ in range(w.random.randint(2, most)):
        if w.chance(0.3):
            label = w.pick(list(_ID_KEYS))
            fields[w.pick(_ID_KEYS[label])] = identifiers.number(w, label)
        else:
            slot = w.pick([key for key in _KEYS if key != "in"])
            fields[w.pick(_KEYS[slot])] = writer.slot(slot)
    return fields


def clean_fields(writer: Writer, most: int = 9) -> Fields:
    """Make some fields without a person."""
    w, look = writer.world, writer.lookalikes
    fields: Fields = {}
    for _ in range(w.random.randint(3, most)):
        roll = w.random.random()
        if roll < 0.5:
            key, kind = w.pick(_CLEAN_KEYS)
            fields[key] = look.code(kind)
        elif roll < 0.6:
            fields[w.pick(["value", "result", "reading", "limit", "dose", "rate", "spec"])] = look.measure()
        elif roll < 0.7:
            fields[w.pick(["count", "n", "size", "page", "qty", "elapsed_ms", "total", "offset"])] = w.random.choice(
                [w.random.randrange(100), w.random.randrange(10**6), round(w.random.random() * 100, 3), w.chance(0.5)]
            )
        elif roll < 0.78:
            fields[w.pick(["test", "analyte", "component", "product", "drug", "substance"])] = w.pick(
                [look.analyte()[1], look.drug(), look.eponym()]
            )
        elif roll < 0.84:
            fields[w.pick(["expires", "mfg_date", "calibration_due", "updated_at", "ts", "release_date"])] = look.day()
        elif roll < 0.92:
            fields[w.pick(["status", "state", "result_flag", "disposition", "severity"])] = w.pick(_STATUS)
        else:
            fields[w.pick(_FREE_KEYS)] = " ".join(
                writer.fill(w.pick(CLEAN)).strip() for _ in range(w.random.randint(1, 2))
            )
    return fields


def mixed_fields(writer: Writer, people: bool) -> Fields:
    """Make a record in an order of its own, with a free text now and then."""
    w = writer.world
    fields = clean_fields(writer, 6)
    if people:
        fields |= person_fields(writer)
        if w.chance(0.35):
            fields[w.pick(_FREE_KEYS)] = " ".join(writer.fill(w.pick(PEOPLE)) for _ in range(w.random.randint(1, 3)))
    items = list(fields.items())
    if w.chance(0.5):
        w.random.shuffle(items)
    return dict(items)


def as_json(writer: Writer, people: bool) -> str:
    """Write one record or a list, flat or nested, at times as JSON inside a JSON string."""
    w = writer.world
    rows: Value = mixed_fields(writer, people)
    if w.chance(0.35):
        rows = [mixed_fields(Writer(w, writer.lookalikes), people) for _ in range(w.random.randint(2, 4))]
    if w.chance(0.5):
        rows = {
            w.pick(["result", "data", "patient", "items", "record", "hits", "response"]): rows,
            **clean_fields(writer, 3),
        }
    indent, ascii_only, tight = w.pick([None, None, 2]), w.chance(0.2), w.chance(0.2)
    text = dumps(rows, indent=indent, ascii_only=ascii_only, tight=tight)
    if w.chance(0.2):
        text = dumps({"content": [{"type": "text", "text": text}], "isError": False})
    return text


def _code(writer: Writer, kind: str) -> str:
    return writer.lookalikes.code(kind)


def _measure(writer: Writer) -> str:
    return writer.lookalikes.measure()


def _number(writer: Writer, label: str) -> str:
    return identifiers.number(writer.world, label)


def _slot(writer: Writer, name: str) -> str:
    return writer.slot(name)


def as_table(writer: Writer, people: bool) -> str:
    """Write rows under one header: CSV, TSV, pipes or semicolons."""
    w = writer.world
    makers: list[tuple[str, Callable[[Writer], object]]] = []
    for _ in range(w.random.randint(2, 5)):
        key, kind = w.pick(_CLEAN_KEYS)
        makers.append((key, partial(_code, kind=kind)))
    makers.append(("result", _measure))
    if people:
        for _ in range(w.random.randint(2, 6)):
            if w.chance(0.3):
                label = w.pick(list(_ID_KEYS))
                makers.append((w.pick(_ID_KEYS[label]), partial(_number, label=label)))
            else:
                slot = w.pick([key for key in _KEYS if key != "in"])
                makers.append((w.pick(_KEYS[slot]), partial(_slot, name=slot)))
    w.random.shuffle(makers)
    out = io.StringIO()
    table = csv.writer(out, delimiter=w.pick([",", ",", "\t", "|", ";"]), lineterminator="\n")
    if w.chance(0.85):
        table.writerow([key for key, _ in makers])
    for _ in range(w.random.randint(2, 7)):
        one = Writer(w, writer.lookalikes)
        table.writerow([make(one) for _, make in makers])
    return out.getvalue()


def as_form(writer: Writer, people: bool) -> str:
    """Write `Field: value` lines, as screens and headers of reports do."""
    w = writer.world
    fields = mixed_fields(writer, people)
    glue = w.pick([": ", ":", " = ", ":  ", " - ", "\t"])
    join = w.pick(["\n", "\n", "  ", "; ", " | "])
    style = w.pick(["title", "raw", "upper"])
    lines = []
    for key, value in fields.items():
        words = key.replace("_", " ")
        lines.append(
            f"{words.title() if style == 'title' else words.upper() if style == 'upper' else key}{glue}{value}"
        )
    return join.join(lines)


def as_xml(writer: Writer, people: bool) -> str:
    """Write elements or attributes."""
    w = writer.world
    fields = mixed_fields(writer, people)
    if w.chance(0.5):
        return "<record>\n" + "\n".join(f"  <{key}>{value}</{key}>" for key, value in fields.items()) + "\n</record>"
    return "<record " + " ".join(f'{key}="{value}"' for key, value in fields.items()) + "/>"


def as_log(writer: Writer, people: bool) -> str:
    """Write log lines; their time stamps carry no loss."""
    w = writer.world
    lines = []
    for _ in range(w.random.randint(2, 7)):
        stamp = mark("IGNORE", w.stamp_text())
        level = w.pick(["INFO", "WARN", "ERROR", "DEBUG", "[info]", "notice:"])
        head = (
            f"{stamp} {level} {w.pick(['lims', 'mes.batch', 'auth', 'hl7-router', 'app[12]', 'worker-3', 'gateway'])}"
        )
        pool = _LOG_PEOPLE if people and w.chance(0.5) else _LOG_CLEAN
        lines.append(f"{head} {writer.fill(w.pick(pool))}")
    return "\n".join(lines)


def as_prose(writer: Writer, people: bool) -> str:
    """Write a note, a chat or a report: sentences in a row."""
    w = writer.world
    share = 0.65 if people else 0.0
    sentences = [writer.fill(w.pick(PEOPLE if w.chance(share) else CLEAN)) for _ in range(w.random.randint(1, 9))]
    return w.pick(["\n", " ", " ", "\n\n"]).join(sentences)


FORMS: Final[tuple[tuple[Callable[[Writer, bool], str], float], ...]] = (
    (as_prose, 0.36), (as_json, 0.2), (as_table, 0.1), (as_form, 0.12), (as_xml, 0.03), (as_log, 0.06), (as_hl7, 0.06),
    (as_mail, 0.07),
)  # fmt: skip


def document(world: World, writer: Writer, people: bool) -> str:
    """Write one marked document in one of the forms."""
    make = world.random.choices([form for form, _ in FORMS], [share for _, share in FORMS])[0]
    return make(writer, people)
