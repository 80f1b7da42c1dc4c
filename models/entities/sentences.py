"""Sentences with slots: notes, mail, chat and reports, with and without people in them."""

from __future__ import annotations

import re
from typing import Final

from models.entities import identifiers
from models.entities.lookalikes import Lookalikes
from models.entities.marked import mark
from models.entities.values import Person, World

# p* slots speak of the document's own person; in:X is a number with its introduction, id:X the number alone.
PEOPLE: Final = """
Patient {pname} is a {age} man who was admitted to {hospital} on {date} with {ill}.
{pname} ({in:MRN}, DOB {dob}) was seen in clinic on {date} by {doctor}.
Mr. {plast} returns for follow up of {ill}. He takes {drug} {meas}.
Mrs. {plast} was discharged on {date} to {city}, {state}.
Ms. {plast} denies {ill}. {meas}, {meas}.
{plast} was last seen on {date}; {icode} was discussed.
I spoke with {doctor} about {pname} on {stamp}.
Pt {pfirst} {plast}, {age}, {ill}, on {drug}. {meas}.
Her husband {name} can be reached at {phone}.
Emergency contact: {name} ({phone}), sister.
Next of kin {name}, {address}, tel. {phone}.
Referred by {doctor}, {hospital}, fax {phone}.
Dictated by {doctor} on {stamp}. cc: {doctor}
The patient works as a {job} in {city} and lives with her daughter {first}.
The {people} patient moved from {country} to {city} in {date}.
DOB: {dob}   {in:MRN}   {in:HEALTH_PLAN_ID}
Seen by {doctor} ({in:LICENSE}) on {date} at {hospital}.
The device ({in:DEVICE_ID}) was implanted on {date} by {doctor}.
Electronically signed by {doctor} {stamp}
{in:SSN}, {in:DRIVER_LICENSE}, issued in {state}.
He drives a grey car, {in:VEHICLE_ID}, to dialysis.
Consent signed by {pname} on {date}; {in:BIOMETRIC} stored.
Insurance: {company}, {in:HEALTH_PLAN_ID}, phone {phone}.
Please send the report to {pemail} or {street}, {city}, {state} {zip}.
My name is {pname} and my phone number is {phone}.
Hi, this is {pfirst}. I moved to {address} last week.
Hello, I'm {pname}, born {dob}. Could you refill my {drug}?
Please update my address to {address}.
Can you charge my {in:CREDIT_CARD} instead? Expires 0{d}/2{d}.
Transfer the refund to {in:IBAN}, account holder {pname}.
I lost my {in:PASSPORT} in {city} on {date}.
{pname} and {name} will meet {name} at {street} on {date}.
Thanks, {pfirst}
Best regards,
{pname}
{job}, {company}
{phone} | {pemail}
Dear {pfirst},
Dear Dr. {last},
Kind regards, {pname} ({pemail})
@{first} can you ask {first} whether {pname} signed {icode}?
{first}: ok, will call {pname} at {phone} after lunch
{user} logged in from {ip} at {stamp}
User {user} changed the password to {pw}; contact {pemail}.
Account of {pname}: user {user}, password {pw}, url {url}
Profile: {url}
Operator {name} weighed {drug} {meas} on {date}; verified by {name}.
Deviation {code} was opened by {name} on {date} because {epo} failed.
Reviewed by: {name}   Date: {date}
Performed by {name} / checked by {name}, {date}
QA approver {name} ({pemail}) rejected {icode} on {stamp}.
{icode}: operator {last} did not sign the batch record; supervisor {name} was informed at {time}.
Training record of {name}, {in:OTHER_ID}: {icode} completed {date}.
{in:OTHER_ID} was randomised on {date} at site {city}; investigator {doctor}.
Adverse event reported by {doctor}: {age} female, {in:OTHER_ID}, {ill} after {drug} {meas}.
Complaint from {pname}, {city}, {country}: {epo} kit {icode} leaked. Phone {phone}.
Auditor {name} of {company} visited {city} on {date}.
{pname} was born in {city}, {country}, on {dob}.
{pname}, {street}, {city}
{name}, {name} and {name} attended; {name} sent apologies.
{in:ACCOUNT} belongs to {pname}; {in:CREDIT_CARD}.
The claim of {pname} ({in:OTHER_ID}) against {company} was dismissed on {date}.
paciente {pname}, {age}, vive en {city}, tel {phone}
Der Patient {pname}, geboren am {dob}, wohnhaft {street}, {zip} {city}, wurde am {date} entlassen.
Die Patientin {plast} nimmt {drug} {meas}.
Le patient {pname}, né le {dob}, habite {street} à {city}.
Il paziente {pname} è stato visitato il {date} dal dott. {last}.
De heer {plast} woont in {city}.
La paciente {pname}, nacida el {dob}, ingresó el {date}. Médico: {doctor}
{in:MRN} {pname} {dob} {ill}
ATTENDING: {doctor}
PATIENT NAME: {pname}
DATE OF ADMISSION: {date}     DATE OF DISCHARGE: {date}
REFERRING PHYSICIAN: {doctor}
Service date {date}. Room {code}. Pharmacy {phone}.
Family: father {name}, {age}, has {epo}; mother {first} is well.
Dr. {last} reviewed the {epo} result with {plast} and her son {first}.
spoke w/ {pfirst} {plast} re: {ill}, call back {phone}
The courier left the package for {pname} at {street}; tracking {code}.
Is {pname} still at {in:MRN}? her {drug} level was {meas} on {date}
{pname} <{pemail}> wrote on {stamp}:
From: {pname} <{pemail}>
To: {name} <{email}>
Sent: {stamp}
Patient called from {phone} on {date} at {time}. Lives near {city}.
{pname}'s {epo} score was {meas}. {plast} agrees with the plan.
Mother's maiden name {last}; father {name}.
Witness: {name}. Interpreter: {name} ({people}).
I used to work with {name} at {company} in {city}.
{name} flew from {city} to {city} on {date} with {name}.
What is the balance of {in:ACCOUNT}? My ssn is {id:SSN}.
You can find me at {street} in {city}, ring for {last}.
IP {ip} and MAC {id:DEVICE_ID} were seen with user {user} on {stamp}.
""".strip().split("\n")  # fmt: skip

CLEAN: Final = """
{icode}, {icode}, {icode}.
The {epo} was performed; {meas}, {meas}.
{icode} failed {icode} with {meas}; see {icode}.
Root cause of {icode}: {epo} out of calibration. {icode} was raised.
Material {code} was released for {icode} under {icode}.
Vital signs: {meas}, {meas}, {meas}, {meas}.
Labs: {meas}, {meas}, {analyte} {meas}, {analyte} {meas}.
{drug} {meas} was given for {ill}. {meas}.
No history of {ill} or {ill}. {epo} negative.
{drug} and {drug} inhibit {ill} in vitro ({meas}, {meas}).
The assay of {drug} gave {meas} (limit {meas} to {meas}).
Upgrade {icode} to {icode}; restart the service in {meas}.
Error {code} in module {word}: retry {d} of {d}, timeout {meas}.
Open {icode} and follow steps {d}.{d} to {d}.{d}.
Column {code}, mobile phase {meas}, {meas}, detection {meas}.
Chamber {code} read {meas} at {time}; alarm {code} acknowledged.
Hold time {meas}; yield {meas}; in-process check {meas}.
The batch {code} passed {epo} and was moved to room {code} at {time}.
{word}-{d} depends on {word} {code}.
Commit {hash} fixes {icode}: {word} returned {meas} instead of {meas}.
Warning: the pump stopped at {time}, pressure {meas}, temperature {meas}.
Patient tolerated the procedure well. {meas}. {meas}.
Assessment: {ill}, {epo}. Plan: {drug} {meas}.
Physical examination: {epo} negative, {meas}, {meas}.
{epo} and {epo} were considered.
ICD-10 {id10}, CPT {cpt}, LOINC {loinc}.
Method per USP <{n}{d}> and ICH Q{d}(R{d}); limit NMT {meas}.
Total {n} of {n} units, reject {d}, rate {d}.{d} %.
Page {d} of {n}   Form {code}   Edition {d}
The label claims {meas} of {drug} per tablet.
Storage condition {meas}; pull point {d} months; {icode}.
Please review {icode} before the next shift.
Thanks, QA
Hello team,
Dear colleagues,
The patient was counselled about {drug}.
The operator shall verify the balance with {meas} weights.
The physician reviewed the {epo} result.
Supervisor informed at {time}. Area cleared, line {d}.
Sampling plan: n={n}, c={d}, AQL {d}.{d}.
{analyte} ({loinc}): {meas}
Bring May, Grant or Will statements? See section {d}.{d}: the grace period may pass in {d} days.
Mark the vial, bill the order, and grant access to role {word}_{word}.
Next pull in spring; the summer shutdown lasts {d} weeks.
If the result is OOS, notify the laboratory supervisor within {d} h.
Der Lauf {code} ergab {meas}; siehe {icode}.
La muestra {code} dio {meas}; ver {icode}.
L'échantillon {code} a donné {meas}; voir {icode}.
Calibration of {epo} due {lookday}; asset {code}.
{icode} expires {lookday}.
[{lookday}] INFO {word}.{word} run {code} finished in {meas}
Received {lookday}, tested {lookday}, {icode}.
GET /api/v{d}/{word}s/{code}?limit={n} 200 {n}ms
SELECT {word}, {word}_id FROM {word}s WHERE {word} > {n} AND status = '{word}';
def {word}_{word}({word}: int = {n}) -> float:
    return {word}[{d}:{n}] * {d}.{n}
- `{word}` ({word}): the {word} of the {word}, default `{n}`
{word}: {word}
{word}: {n}
# {word} {word}
""".strip("\n").split("\n")  # fmt: skip

_WORDS: Final = (
    "sample batch result status order unit pump valve sensor filter buffer media tank mixer reactor column assay "
    "control "
    "limit range value record audit review step phase stage report request response token index queue worker client "
    "server "
    "session config module package version branch build deploy cluster node pod volume bucket schema table field row "
    "key "
    "event alarm trend yield purity potency moisture endotoxin bioburden impurity dissolution hardness friability "
    "viscosity "
    "charlie baker mason carter taylor grant hunter ruby jade olive rose violet jasmine ginger basil sage iris dean "
    "frank"
).split()
_SLOT: Final = re.compile(r"\{([a-zA-Z0-9]+)(?::(\w+))?\}")


class Writer:
    """Fills the slots of a sentence; one writer is one document, so that its person stays the same."""

    def __init__(self, world: World, lookalikes: Lookalikes) -> None:
        """Choose the document's person."""
        self.world, self.lookalikes = world, lookalikes
        self.person: Person = world.person()

    def fill(self, sentence: str) -> str:
        """Return the sentence with every slot filled, marked."""
        return _SLOT.sub(lambda match: self.slot(match[1], match[2] or ""), sentence)

    def slot(self, name: str, kind: str = "") -> str:
        """Return the marked text of one slot."""
        w, look, p = self.world, self.lookalikes, self.person
        r = w.random.randrange
        match name:
            case "in":
                return identifiers.introduced(w, kind)
            case "id":
                return identifiers.number(w, kind)
            case "pname":
                return w.name(p)
            case "pfirst":
                return w.first(p)
            case "plast":
                return w.last(p)
            case "pemail":
                return w.email(p)
            case "dob":
                return w.date(p.born)
            case "user":
                return w.username()
            case "phone":
                return identifiers.phone(w)
            case "url":
                return identifiers.url(w)
            case "ip":
                return identifiers.ip(w)
            case "pw":
                return identifiers.password(w)
            case "code":
                return look.code()
            case "icode":
                return look.introduced()
            case "meas":
                return look.measure()
            case "epo":
                return look.eponym()
            case "ill":
                return look.illness()
            case "drug":
                return look.drug()
            case "analyte":
                return look.analyte()[1]
            case "loinc":
                return look.analyte()[0]
            case "hash":
                return look.code("hash")
            case "lookday":
                return look.day()
            case "time":
                return f"{r(24):02d}:{r(60):02d}"
            case "word":
                return w.pick(_WORDS)
            case "id10":
                return w.shape("@##.#")
            case "cpt":
                return w.shape("#####")
            case "d":
                return str(r(1, 10))
            case "n":
                return str(r(10, 100))
            case _:
                made = getattr(w, name)()
                assert isinstance(made, str)
                return made


def shout(world: World, marked: str) -> str:
    """Change a whole text as systems do: all capitals, all lower case, or line breaks and gaps as after OCR."""
    roll = world.random.random()
    if roll < 0.06:
        return marked.upper()
    if roll < 0.14:
        return marked.lower()
    if roll < 0.18:
        return "".join(
            c if c != " " else world.pick([" ", " ", " ", " ", " ", " ", " ", "  ", "\n", " "]) for c in marked
        )
    return marked


__all__ = ["CLEAN", "PEOPLE", "Writer", "mark", "shout"]
