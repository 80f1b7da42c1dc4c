"""HL7 v2 messages and mail, with and without people in them."""

from __future__ import annotations

from models.entities import identifiers
from models.entities.marked import mark, plain
from models.entities.sentences import CLEAN, PEOPLE, Writer


def as_hl7(writer: Writer, people: bool) -> str:
    """Write an HL7 v2 message; without people, only the segments of an instrument's results."""
    w, look = writer.world, writer.lookalikes
    stamp = plain(w.shape("20240#1#0#####"))
    control = w.shape("MSG#######")
    source, place = w.pick(["LAB", "EPIC", "ADT1", "LIS"]), w.shape("@@@@")
    target = f"{w.pick(['EHR', 'RIS'])}|{w.shape('@@@')}"
    kind = w.pick(["ORU^R01", "ADT^A01", "ADT^A08", "ORM^O01"])
    version = w.pick(["3", "4", "5.1"])
    lines = [f"MSH|^~\\&|{source}|{place}|{target}|{mark('IGNORE', stamp)}||{kind}|{control}|P|2.{version}"]
    if people:
        lines += _hl7_person(writer)
    for row in range(1, w.random.randint(2, 6)):
        number, analyte = look.analyte()
        value, unit = w.shape("%#.#"), w.pick(["mg/dL", "mmol/L", "U/L", "%", "g/dL"])
        limits, flag = f"{w.shape('%.#')}-{w.shape('%#.#')}", w.pick(["N", "H", "L"])
        lines.append(f"OBX|{row}|NM|{number}^{analyte}^LN||{value}|{unit}|{limits}|{flag}|||F")
    if w.chance(0.5):
        lines.append(f"NTE|1|L|{writer.fill(w.pick(PEOPLE if people else CLEAN))}")
    return w.pick(["\n", "\r", "\r\n"]).join(lines)


def _hl7_person(writer: Writer) -> list[str]:
    """Write the segments of a patient, at times with next of kin, attending doctor and insurance."""
    w, p = writer.world, writer.person
    birth = mark("DATE", p.born.strftime("%Y%m%d"))
    last = mark("NAME", p.last.upper() if w.chance(0.4) else p.last)
    first = mark("NAME", p.first.upper() if w.chance(0.4) else p.first)
    middle = f"^{mark('NAME', p.middle)}" if p.middle else ""
    home = f"{w.street()}^^{w.city()}^{w.state()}^{w.zip()}"
    record = f"{identifiers.number(w, 'MRN')}^^^{w.shape('@@@')}^MR"
    sex, telephone, account = w.pick("MFU"), identifiers.phone(w), identifiers.number(w, "ACCOUNT")
    ssn = identifiers.number(w, "SSN") if w.chance(0.5) else ""
    lines = [f"PID|1||{record}||{last}^{first}{middle}||{birth}|{sex}|||{home}||{telephone}|||||{account}|{ssn}"]
    if w.chance(0.5):
        kin = w.person()
        name, relation = f"{mark('NAME', kin.last)}^{mark('NAME', kin.first)}", w.pick(["SPO", "MTH", "FTH"])
        lines.append(f"NK1|1|{name}|{relation}|{home}|{identifiers.phone(w)}")
    if w.chance(0.6):
        doctor = w.person()
        bed, licence = w.shape("#@^###^##"), identifiers.number(w, "LICENSE")
        name = f"{mark('NAME', doctor.last.upper())}^{mark('NAME', doctor.first)}^^^{w.pick(['DR', 'MD', ''])}"
        lines.append(f"PV1|1|I|{bed}||||{licence}^{name}|||{w.pick(['MED', 'SUR', 'CAR'])}")
    if w.chance(0.4):
        plan = f"{w.shape('@@@##')}|{w.shape('#####')}|{w.company()}"
        member = identifiers.number(w, "HEALTH_PLAN_ID")
        lines.append(f"IN1|1|{plan}|||||||||||{last}^{first}|18|{birth}|{home}|||||||||||||||||{member}")
    return lines


def as_mail(writer: Writer, people: bool) -> str:
    """Write a mail with a header."""
    w = writer.world
    pool = PEOPLE if people else CLEAN
    body = "\n".join(writer.fill(w.pick(pool if w.chance(0.6) else CLEAN)) for _ in range(w.random.randint(3, 8)))
    if not people:
        return writer.fill(f"Subject: {{icode}} {{word}} {{word}}\n\nHello team,\n\n{body}\n\nQuality Assurance\n")
    head = writer.fill("From: {pname} <{pemail}>\nTo: {name} <{email}>\nDate: {stamp}\nSubject: {icode}\n\n")
    close = writer.fill("\n\nBest regards,\n{pname}\n{job}, {company}\n{phone}")
    return f"{head if w.chance(0.7) else ''}{writer.fill('Dear {first},')}\n{body}{close if w.chance(0.6) else ''}"
