"""The words of FHIR (R4 and R5) that tell what a value identifies; `fhir.py` walks resources and looks them up here.

References: hl7.org/fhir/R4 and /R5 (datatypes, Identifier Type codes of HL7 v2 table 0203); 45 CFR 164.514(b)(2).
"""

from __future__ import annotations

import re
from collections.abc import Mapping

PEOPLE = frozenset({"Patient", "Practitioner", "PractitionerRole", "RelatedPerson", "Person"})
PATIENTS = frozenset({"Patient", "RelatedPerson", "Person"})

# Resources that say how something is done, and nothing of anybody to whom it was done.
DEFINITIONS = frozenset(
    """ActivityDefinition ActorDefinition Basic CapabilityStatement ChargeItemDefinition Citation ClinicalUseDefinition
    CodeSystem CompartmentDefinition ConceptMap ConditionDefinition DeviceDefinition EventDefinition Evidence
    EvidenceReport EvidenceVariable ExampleScenario GraphDefinition ImplementationGuide Library Measure
    MedicationKnowledge MessageDefinition NamingSystem ObservationDefinition OperationDefinition OperationOutcome
    PlanDefinition Questionnaire RequirementsDefinition Requirements ResearchDefinition ResearchElementDefinition
    SearchParameter SpecimenDefinition StructureDefinition StructureMap SubscriptionTopic SubstanceDefinition
    TerminologyCapabilities TestPlan TestScript ValueSet""".split()
)
# Resources whose own identifiers are those of a house, a product or a definition.
IMPERSONAL = DEFINITIONS | frozenset(
    "Organization OrganizationAffiliation Location HealthcareService Endpoint Medication Substance InsurancePlan "
    "Schedule Slot ResearchStudy Formulary List Group".split()
)

# HL7 v2 table 0203: what kind of identifier a code stands for.
IDENTIFIER_CODES: Mapping[str, str] = {
    **dict.fromkeys(("MR", "MRT", "PI", "PT", "EHR", "MRN", "PN", "ANON", "PE", "GI"), "MEDICAL_RECORD_NUMBER"),
    **dict.fromkeys(("SS", "SSN"), "US_SSN"),
    "DL": "DRIVER_LICENSE",
    "PPN": "PASSPORT",
    "NPI": "US_NPI",
    **dict.fromkeys(
        ("MD", "LN", "SL", "DN", "DO", "DEA", "RN", "NP", "PA", "RPH", "DDS", "UPIN", "OD", "DPM", "PRN"),
        "MEDICAL_LICENSE",
    ),
    **dict.fromkeys(("SNO", "SN", "UDI", "SERNO"), "DEVICE_ID"),
    **dict.fromkeys(("MB", "MA", "MC", "MCN", "MCR", "MCD", "HC", "NIIP", "SUBSC", "SNB"), "HEALTH_PLAN_ID"),
    **dict.fromkeys(("AN", "BA", "AM", "GL"), "ACCOUNT_NUMBER"),
    **dict.fromkeys(("BC", "CC"), "CREDIT_CARD"),
    "VIN": "VEHICLE_ID",
    "HIN": "HEALTH_PLAN_ID",
}
# The same by a part of the identifier's system or of the text of its type, in lower case.
IDENTIFIER_WORDS: tuple[tuple[str, str], ...] = (
    ("ssn", "US_SSN"),
    ("social security", "US_SSN"),
    ("us-npi", "US_NPI"),
    ("npi", "US_NPI"),
    ("us-mbi", "US_MBI"),
    ("passport", "PASSPORT"),
    ("driver", "DRIVER_LICENSE"),
    ("licen", "MEDICAL_LICENSE"),
    ("nhs-number", "UK_NHS"),
    ("medical record", "MEDICAL_RECORD_NUMBER"),
    ("medical-record", "MEDICAL_RECORD_NUMBER"),
    ("mrn", "MEDICAL_RECORD_NUMBER"),
    ("member", "HEALTH_PLAN_ID"),
    ("subscriber", "HEALTH_PLAN_ID"),
    ("insurance", "HEALTH_PLAN_ID"),
    ("account", "ACCOUNT_NUMBER"),
    ("serial", "DEVICE_ID"),
    ("udi", "DEVICE_ID"),
)
IDENTIFIERS_OF: Mapping[str, str] = {
    "Coverage": "HEALTH_PLAN_ID",
    "Account": "ACCOUNT_NUMBER",
    "Device": "DEVICE_ID",
    "DeviceUseStatement": "DEVICE_ID",
}

CONTACTS: Mapping[str, str] = {
    "phone": "PHONE_NUMBER",
    "fax": "FAX_NUMBER",
    "pager": "PHONE_NUMBER",
    "sms": "PHONE_NUMBER",
    "email": "EMAIL_ADDRESS",
    "url": "URL",
    "other": "OTHER_ID",
}

# Elements that mean the same wherever they stand.
ELEMENTS: Mapping[str, tuple[str, str]] = {
    "family": ("PERSON", "HumanName.family"),
    "given": ("PERSON", "HumanName.given"),
    "authorString": ("PERSON", "Annotation.author"),
    "city": ("LOCATION", "Address.city"),
    "district": ("LOCATION", "Address.district"),
    "postalCode": ("LOCATION", "Address.postalCode"),
    "subscriberId": ("HEALTH_PLAN_ID", "Coverage.subscriberId"),
    "medicareId": ("HEALTH_PLAN_ID", "Coverage.subscriberId"),
    "preAuthRef": ("OTHER_ID", "Claim.preAuthRef"),
    "serialNumber": ("DEVICE_ID", "Device.serialNumber"),
    "carrierHRF": ("DEVICE_ID", "Device.udiCarrier"),
    "carrierAIDC": ("DEVICE_ID", "Device.udiCarrier"),
    "deviceIdentifier": ("DEVICE_ID", "Device.udiCarrier"),
    "distinctIdentifier": ("DEVICE_ID", "Device.udiCarrier"),
    "altId": ("USERNAME", "AuditEvent.agent.altId"),
}

# The same in an extension, by the last part of its url in lower case.
EXTENSIONS: Mapping[str, tuple[str, str]] = {
    "patient-mothersmaidenname": ("PERSON", "Patient.mothersMaidenName"),
    "mothersmaidenname": ("PERSON", "Patient.mothersMaidenName"),
    "humanname-own-name": ("PERSON", "HumanName.family"),
    "humanname-partner-name": ("PERSON", "HumanName.family"),
    "humanname-fathers-family": ("PERSON", "HumanName.family"),
    "humanname-mothers-family": ("PERSON", "HumanName.family"),
    "patient-preferredname": ("PERSON", "HumanName.text"),
    "preferredname": ("PERSON", "HumanName.text"),
    "patient-birthplace": ("LOCATION", "Patient.birthPlace"),
    "birthplace": ("LOCATION", "Patient.birthPlace"),
    "latitude": ("LOCATION", "Address.geolocation"),
    "longitude": ("LOCATION", "Address.geolocation"),
    "iso21090-adxp-streetname": ("LOCATION", "Address.line"),
    "iso21090-adxp-streetnamebase": ("LOCATION", "Address.line"),
    "iso21090-adxp-housenumber": ("LOCATION", "Address.line"),
    "iso21090-adxp-additionallocator": ("LOCATION", "Address.line"),
    "iso21090-adxp-unitid": ("LOCATION", "Address.line"),
    "iso21090-adxp-postbox": ("LOCATION", "Address.line"),
    "iso21090-adxp-precinct": ("LOCATION", "Address.district"),
}

# Elements whose values come from a closed list, name a code system or count something.
CODES = frozenset(
    """resourceType system code unit use status version versionId language mode gender priority intent linkId
    fhirVersion contentType kind currency profile comparator criticality clinicalStatus verificationStatus outcome
    method relationship unitOfMeasure lotNumber prefix suffix state country measurementFrequency period_unit
    timeUnit periodUnit durationUnit frequency durationUnits dayOfWeek when severity tag security hash size
    valueCode valueBoolean valueInteger valueDecimal valueUri valueCanonical valueOid instantiatesCanonical
    instantiatesUri implicitRules modality docStatus direction assertedRole birthSex""".split()
)
# Elements that refer to people: who stands there by name is a person where the reference itself does not tell.
ROLES = frozenset(
    """subject patient individual practitioner performer author recorder asserter requester participant actor member
    provider attester party informant beneficiary subscriber policyHolder enterer sender recipient collector verifier
    witness generalPractitioner authenticator responsible receiver interpreter resultsInterpreter assigner_person owner
    administrator who onBehalfOf operator source link other target careTeam attendingPhysician orderer reporter""".split()
)
_HOUSE = re.compile(
    r"(?i)\b(?:hospital|clinic|cent(?:er|re)|medical|health|care|group|inc|llc|ltd|corp|university|department|dept|ward|unit|"
    r"laborator(?:y|ies)|labs?|pharmacy|associates|services?|institute|school|county|insurance|plan|company|system|team|"
    r"device|room|foundation|trust|practice|office|agency|medicare|medicaid|association|network|pcp\d+)\b"
)


def is_house(name: str) -> bool:
    """Tell whether a name is one that houses, teams and devices have rather than people."""
    return _HOUSE.search(name) is not None
