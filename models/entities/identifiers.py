"""Numbers that point at a person, each with the words that stand before it in records and notes."""

from __future__ import annotations

from typing import Final

from models.entities.marked import mark
from models.entities.values import World

# label -> (words before the number, shapes); `World.shape` explains the letters
_KINDS: Final[dict[str, tuple[tuple[str, ...], tuple[str, ...]]]] = {
    "MRN": (
        ("MRN", "MRN:", "MRN#", "Medical Record Number:", "medical record no.", "Med Rec #", "chart number",
         "Record No:",
         "Patient ID:", "hospital number", "NHC:", "Unit #", "MR#", "mrn", "Pt ID", "UR number"),
        ("#######", "########", "######", "MRN-#######", "MRN#######", "###-##-##", "@#######", "##-##-##", "@@######",
         "##########",
         "^^^^^^^^", "H#########", "###-###-####", "MR#######", "E#######"),
    ),
    "SSN": (
        ("SSN", "SSN:", "Social Security Number:", "social security no.", "SS#", "soc sec", "ssn", "Social:",
         "social security number is"),
        ("%##-##-####", "%##-##-####", "%##-##-####", "%########", "%## ## ####", "%##.##.####"),
    ),
    "HEALTH_PLAN_ID": (
        ("Member ID:", "Insurance ID", "Policy #", "policy number", "Subscriber ID:", "Medicare number", "MBI:",
         "Medicaid ID",
         "Beneficiary ID", "Group No.", "Health plan ID:", "member id", "NHS number", "insurance policy"),
        ("@@@#########", "%@*#-@*#-@@##", "%@@#@@#@@##", "W#########", "#########-##", "@@#-######-##", "HP-########",
         "###-######", "##########",
         "@@@######", "XEA#########", "### ### ####"),
    ),
    "ACCOUNT": (
        ("Account #", "Acct:", "account number", "Account No.", "Visit #:", "FIN:", "billing account", "Encounter #",
         "acct no",
         "bank account", "Invoice account", "Guarantor account", "routing number", "CSN:"),
        ("########", "##########", "####-####-####", "ACCT-######", "V########", "@@-########", "#########",
         "############", "AC######", "FIN#######"),
    ),
    "LICENSE": (
        ("NPI", "NPI:", "NPI#", "DEA", "DEA#", "DEA No.:", "License #", "License No:", "state license",
         "medical license", "Lic.",
         "registration no.", "certificate number", "GMC", "RN license"),
        ("1#########", "1#########", "@@#######", "@@#######", "MD######", "@#####", "RN-######", "@@@-#####",
         "A######", "G######", "ME####"),
    ),
    "VEHICLE_ID": (
        ("VIN", "VIN:", "License plate", "plate", "vehicle", "registration", "car with plate",
         "Vehicle Identification Number:"),
        ("*#@@@##@#*@######", "1HG@@#####@######", "@@@-####", "###-@@@", "@@## @@@", "#@@@###", "WBA@@##@#*@######",
         "@@@ ####"),
    ),
    "DEVICE_ID": (
        ("device serial", "Serial No.", "S/N", "pacemaker serial", "UDI", "UDI:", "implant serial number", "Device ID:",
         "pump SN",
         "implanted device", "MAC", "MAC address", "IMEI", "CGM sensor serial", "lead serial number", "device id"),
        ("@@@######@", "SN-########", "(01)##############(21)@#####", "@@##-######", "PM#######", "^^:^^:^^:^^:^^:^^",
         "##########",
         "(01)##############", "DEV-^^^^^^", "###############", "@##@#####", "SN#########"),
    ),
    "BIOMETRIC": (
        ("fingerprint ID", "Fingerprint template", "retina scan", "Biometric ID:", "voiceprint", "iris code",
         "face template id", "palm print"),
        ("FP-########", "BIO-^^^^^^^^", "IRIS-######", "VP-@@####", "FPT_^^^^^^^^^^", "RET######", "FACE-^^^^^^^^"),
    ),
    "CREDIT_CARD": (
        ("card", "Card number:", "credit card", "CC#", "Visa", "card ending", "Mastercard", "paid with", "card no.",
         "card_number"),
        ("4### #### #### ####", "4###############", "5%##-####-####-####", "5###############", "3%## ###### #####",
         "6011 #### #### ####"),
    ),
    "IBAN": (
        ("IBAN", "IBAN:", "bank account (IBAN)", "Please pay to", "iban", "transfer to"),
        ("DE## #### #### #### #### ##", "GB##@@@@##############", "FR##########@#########@##",
         "ES## #### #### #### #### ####", "NL##@@@@##########",
         "DE####################", "IT##@##########************"),
    ),
    "PASSPORT": (
        ("passport", "Passport No.", "passport number", "Passport:", "travel document", "pasaporte", "passport_no"),
        ("#########", "@########", "@@#######", "X########", "P#######", "@#######", "##@@#####"),
    ),
    "DRIVER_LICENSE": (
        ("driver's license", "DL#", "Driver License:", "driving licence", "DL", "driver license number", "D/L",
         "drivers_license"),
        ("@#######", "S########", "########", "@###-####-####", "@@######", "#########", "@@@@@######@#@##",
         "@##-##-####"),
    ),
    "OTHER_ID": (
        ("Patient no.", "Subject", "Subject ID", "subject", "Screening No.", "participant", "Employee ID:", "badge",
         "badge number",
         "Case No.", "Claim #", "Study ID", "Randomisation no.", "employee", "patient_id", "donor", "Donor ID",
         "tax id", "application no."),
        ("P#####", "###-###", "####-###", "E#####", "S-####-###", "@@-###-####", "EMP######", "CLM-########",
         "#####/##", "SUBJ-####",
         "US-###-####", "^^^^^^^^-^^^^-4^^^-8^^^-^^^^^^^^^^^^", "D######", "@##-######"),
    ),
}  # fmt: skip

NUMBERED: Final = tuple(_KINDS)
"""Labels that `number` can make."""


def number(world: World, label: str) -> str:
    """Make a marked number of that kind."""
    return mark(label, world.shape(world.pick(_KINDS[label][1])))


def introduced(world: World, label: str) -> str:
    """Make a number with the words that introduce it."""
    words = world.pick(_KINDS[label][0])
    if world.chance(0.15):
        words = words.upper() if world.chance(0.5) else words.lower()
    glue = (
        " "
        if words.endswith((":", "#", ".")) or world.chance(0.5)
        else world.pick([": ", " ", " is ", " = ", ":", "# "])
    )
    return f"{words}{glue}{number(world, label)}"


def phone(world: World) -> str:
    """Make a telephone, fax or pager number."""
    return mark("PHONE", world.shape(world.pick([
        "(%##) ###-####", "(%##) ###-####", "%##-###-####", "%##-###-####", "%##.###.####", "+1 %## ### ####",
        "+1-%##-###-####",
        "%#########", "+44 20 #### ####", "+44 7### ######", "0%# #### ####", "+49 %## #######", "+34 6## ### ###",
        "1-800-###-####",
        "(%##)###-####", "%## ### ####", "+91 %#### #####", "%##-###-#### x###", "%##-###-#### ext. ####",
        "+33 6 ## ## ## ##", "###-####",
        "001-%##-###-####", "+1%#########", "0####-######", "+86 1## #### ####",
    ])))  # fmt: skip


def url(world: World) -> str:
    """Make a web address that belongs to a person or their portal."""
    host = world.shape("~~~~~~~~~"[: world.random.randint(4, 9)])
    return mark("URL", world.pick([
        f"https://www.{host}.com/{world.shape('~~~~~/##')}", f"http://{host}.org", f"www.{host}.com",
        f"https://{host}.io/u/{world.shape('~~~~##')}",
        f"https://portal.{host}.org/patients/{world.shape('######')}", f"{host}.com/profile/{world.shape('~~~~~~')}",
    ]))  # fmt: skip


def ip(world: World) -> str:
    """Make an IPv4 or IPv6 address."""
    r = world.random.randrange
    if world.chance(0.15):
        return mark("IP", world.shape("2001:db8:^^^^:^^^^:^^^^:^^^^:^^^^:^^^^"))
    return mark("IP", f"{world.pick([10, 172, 192, r(1, 224), r(1, 224)])}.{r(256)}.{r(256)}.{r(1, 255)}")


def password(world: World) -> str:
    """Make a password or a key."""
    return mark("PASSWORD", world.shape(world.pick(
        ["@~~~~~##!", "~~~~~~@@##", "**********", "@~~~~~~~####$", "^^^^^^^^^^^^^^^^", "~~~~-~~~~-##", "@~~~##!@~~",
         "sk-~@~#~@~#~@~#~@~#"]
    )))  # fmt: skip
