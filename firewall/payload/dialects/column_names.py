"""The words that name columns, in English, Spanish, French and German: plain letters, no accents.

Phrases are compared without the white space in them, so `first name` is also `firstname`.
"""

from __future__ import annotations

# Names whose values identify somebody, with or without a word for "number" beside them: (entity type, meaning).
PLAIN: dict[tuple[str, str], str] = {
    ("US_SSN", "ssn"): (
        "ssn, ss, soc sec, social security, social, ssn last 4, last 4 ssn, ssn last four, ssn4, itin, us ssn"
    ),
    ("OTHER_ID", "national_id"): (
        "national, national identity, national insurance, national identification, identity card, dni, nif, nie, nss, nuss, "
        "curp, cedula, seguridad social, securite sociale, nir, num secu, nino, nhs, tax payer, tax, sozialversicherungsnummer, "
        "svnr, sv nummer, rentenversicherungsnummer, steuer, steueridentifikationsnummer, steuernummer, personalausweis, "
        "personalausweisnummer, ausweisnummer, documento, documento identidad, carte identite, bsn, pesel, cpf, aadhaar, "
        "personnummer, tarjeta sanitaria, carte vitale"
    ),
    ("MEDICAL_RECORD_NUMBER", "mrn"): (
        "mrn, mr no, mr num, mr number, mr id, emrn, empi, mpi, medical record, med rec, med record, health record, chart, "
        "unit record, hospital record, nhc, historia clinica, historia, expediente, ipp, nip, dossier, dossier medical, "
        "krankenakte, krankenaktennummer, patientennummer, patientennr, patnr, patientid, patid, ptid, pid, patientnumber, "
        "patientidentifier, patientidentificationnumber, hospitalno, hospitalnumber"
    ),
    ("HEALTH_PLAN_ID", "health_plan"): (
        "memberid, memberno, membernumber, subscriberid, policyno, policynumber, policyid, mbi, hicn, medicareid, medicaidid, "
        "health card, poliza, numero poliza, afiliado, versichertennummer, versichertennr, versicherungsnummer, "
        "versicherungsnr, versicherten, krankenversicherungsnummer, krankenversichertennummer, kvnr, kv nummer, "
        "mitgliedsnummer, mitgliedsnr, numero adherent, health plan beneficiary, insurance member, insurance policy"
    ),
    ("ACCOUNT_NUMBER", "account"): (
        "account, accountno, accountnumber, accountid, acctno, acctnumber, acctid, acct, kontonummer, kontonr, cuenta, cuenta bancaria, "
        "compte, compte bancaire, bank account, bankverbindung, konto, fin, har, routing, routing number"
    ),
    ("IBAN_CODE", "iban"): "iban, bank account iban",
    ("CREDIT_CARD", "card"): (
        "credit card, debit card, cardnumber, cardno, ccnumber, pan, tarjeta credito, carte bancaire, carte credit, "
        "kreditkarte, kreditkartennummer"
    ),
    ("PASSPORT", "passport"): "passport, pasaporte, passeport, reisepass, reisepassnummer, passnummer",
    ("DRIVER_LICENSE", "driver_license"): (
        "driver license, drivers license, driver s license, driver licence, drivers licence, driving licence, "
        "driving license, dl, dl number, permiso conducir, permis conduire, fuehrerschein, fuhrerschein, fuhrerscheinnummer"
    ),
    ("MEDICAL_LICENSE", "license"): (
        "medical license, medical licence, nursing license, professional license, state license, dea, rpps, adeli, lanr, "
        "colegiado"
    ),
    ("US_NPI", "npi"): "npi, national provider",
    ("VEHICLE_ID", "vehicle"): (
        "vin, vehicle, vehicle identification, license plate, licence plate, plate number, number plate, registration plate, "
        "matricula, immatriculation, plaque immatriculation, kennzeichen, kfz kennzeichen"
    ),
    ("DEVICE_ID", "device"): (
        "udi, imei, device serial, implant serial, pacemaker serial, deviceid, device identifier, android id, idfa, "
        "advertising id, implant"
    ),
    ("EMAIL_ADDRESS", "email"): (
        "email, emails, e mail, mail, mail address, email address, e mail address, email addresses, correo, "
        "correo electronico, courriel, adresse mail, adresse email, adresse e mail, adresse electronique, mel, "
        "mailadresse, e mail adresse, email adresse, reply to"
    ),
    ("FAX_NUMBER", "fax"): "fax, telefax, facsimile, telecopie, faxnummer, fax phone",
    ("PHONE_NUMBER", "phone"): (
        "phone, phones, telephone, tele, tel, tlf, tfno, mobile, mobile phone, cell, cell phone, cellular, phone number, "
        "phonenumber, phoneno, telno, telephone number, mobileno, mobilenumber, cellno, contactno, contactnumber, "
        "contact phone, contact tel, callback, call back, call back phone, pager, beeper, whatsapp, msisdn, movil, celular, "
        "telefono, telefonos, telefono movil, telefono fijo, numero telefono, portable, telephone portable, telephone fixe, "
        "telefon, telefonnummer, telefonnr, handy, handynummer, handynr, mobil, mobilnummer, mobiltelefon, mobilfunk, "
        "rufnummer, festnetz, fon"
    ),
    ("IP_ADDRESS", "ip"): (
        "ip, ip address, ip addr, ipaddr, client ip, source ip, src ip, remote ip, remote addr, remote address, client addr, "
        "client address, user ip, login ip, peer ip, last ip, sender ip, origin ip, originating ip, x originating ip, "
        "x forwarded for, x real ip, dst ip, destination ip, ipv 4, ipv 6, direccion ip, adresse ip, ip adresse, from ip"
    ),
    ("MAC_ADDRESS", "mac"): "mac, mac address, mac addr, mac adresse, adresse mac, direccion mac, hardware address",
    ("URL", "url"): (
        "url, website, web site, web page, webpage, homepage, home page, web address, site web, pagina web, webseite, "
        "linkedin, facebook, profile url, profile link, photo url, avatar url"
    ),
    ("USERNAME", "username"): (
        "user, username, user name, userid, login, login name, login id, logon, logon name, screen name, handle, twitter, "
        "instagram, usuario, nombre usuario, utilisateur, nom utilisateur, benutzer, benutzername, anmeldename, "
        "sam account name, upn, db user, remote user, windows user, network id, uname, actor"
    ),
    ("BIOMETRIC_ID", "biometric"): (
        "fingerprint, fingerprints, fingerprint hash, fingerprint template, biometric, biometric template, iris scan, "
        "iris code, voiceprint, voice print, face template, retina scan"
    ),
    ("PHOTO", "photo"): "photo, photograph, picture, avatar, headshot, portrait, foto, lichtbild",
    ("DATE_TIME", "dob"): (
        "dob, d o b, bday, birthday, birthdate, birth date, birth dt, birth day, birth datetime, birth, date birth, "
        "dateofbirth, born, born on, date born, fecha nacimiento, fecha nac, f nacimiento, f nac, fec nac, fecnac, nacimiento, "
        "date naissance, ddn, ne le, nee le, ne e le, naissance, geb, geb am, geboren, geboren am, geb datum, gebdatum, gebdat, "
        "geburtsdatum, geburtstag"
    ),
    ("DATE_TIME", "event_date"): (
        "dos, doa, dod, svc date, svc dt, svc from, svc to, adm date, adm dt, admit dt, disch date, disch dt, last visit, "
        "next visit, next appointment, next appt, last seen, admitted, admitted on, admit date, admitdate, discharged, "
        "discharged on, deceased on, date deceased, collected, collected at, collected on, drawn at, drawn on, received on, "
        "service from, service to, fecha ingreso, fecha alta, fecha visita, fecha consulta, fecha cita, fecha defuncion, "
        "fecha fallecimiento, fecha cirugia, fecha intervencion, fecha toma, fecha extraccion, date entree, date sortie, "
        "date deces, date consultation, date hospitalisation, date prelevement, date admission, date examen, aufnahmedatum, "
        "aufnahme am, aufgenommen am, entlassungsdatum, entlassdatum, entlassen am, behandlungsdatum, besuchsdatum, "
        "operationsdatum, op datum, sterbedatum, todesdatum, todestag, verstorben am, untersuchungsdatum, diagnosedatum, "
        "impfdatum, einwilligungsdatum, entnahmedatum, unfalldatum, termin"
    ),
    ("AGE", "age"): (
        "age, age years, age yrs, age y, age in years, age at visit, age at death, age at diagnosis, age at enrollment, "
        "age at onset, current age, edad, edad anos, alter, alter jahre, lebensalter, age ans"
    ),
    ("LOCATION", "zip"): (
        "zip, zipcode, zip code, zip plus, zip postal code, postal code, postcode, post code, postal, cp, c p, codigo postal, "
        "cod postal, code postal, plz, postleitzahl, zip postal"
    ),
    ("LOCATION", "street"): (
        "address, addr, address line, addr line, address 1, addresses, street, street address, street addr, street name, "
        "street line, st address, adresse, anschrift, wohnadresse, direccion, domicilio, calle, rue, voie, numero et rue, "
        "strasse, str, strasse hausnummer, strasse und hausnummer, strasse nr, hausnummer, hausnr, house number, house no, apt, "
        "apartment, apt no, po box, postfach, residence, full address, lives at, residing at, wohnhaft in, full street address"
    ),
    ("LOCATION", "city"): (
        "city, town, village, municipality, suburb, borough, city town, town city, city name, ciudad, municipio, poblacion, "
        "localidad, ville, commune, localite, stadt, ort, wohnort, gemeinde"
    ),
    ("LOCATION", "place"): (
        "county, parish, precinct, census tract, neighborhood, neighbourhood, hometown, birthplace, birth place, birth city, "
        "place birth, place of birth, city of birth, lugar nacimiento, ciudad nacimiento, lieu naissance, geburtsort, landkreis"
    ),
    ("LOCATION", "geo"): (
        "latitude, longitude, lat, lon, lng, lat long, lat lon, lat lng, gps, gps coordinates, coordinates, coords, "
        "geolocation, geo point, latitud, longitud, breitengrad, langengrad"
    ),
    ("OTHER_ID", "person_id"): (
        "usubjid, subjid, csn, fallnummer, fallnr, aufnahmenummer, personalnummer, mitarbeiternummer, probandennummer, "
        "employeeid, employeenumber, studentid, encounterid, visitid, matricule"
    ),
    ("PERSON", "person_name"): (
        "first name, last name, middle name, given name, given names, family name, surname, forename, fore name, full name, "
        "fname, lname, mname, f name, l name, m name, maiden name, birth name, preferred name, nickname, nick name, legal name, "
        "alias, christian name, second name, last, first, middle, middle initial, initials, mi, name last, name first, "
        "name middle, name family, name given, name full, last first, first last, last name first name, name last first, "
        "first and last name, mothers name, mothers maiden name, mother s maiden name, fathers name, mother s name, father s name, "
        "apellido, apellidos, primer apellido, segundo apellido, nombres, primer nombre, segundo nombre, nombre completo, "
        "nombre apellidos, nombre y apellidos, apellidos nombre, apellidos y nombre, apellido paterno, apellido materno, "
        "prenom, prenoms, nom famille, nom naissance, nom usage, nom usuel, nom complet, nom prenom, nom et prenom, "
        "nom et prenoms, prenom nom, vorname, vornamen, nachname, familienname, geburtsname, rufname, zuname, name vorname, "
        "vorname name, vor und nachname, vor und zuname, nachname vorname, patientenname, patientname, ptname, patname, "
        "guarantorname, employeename, notfallkontakt, personne a prevenir, next of kin, nok, next kin, emergency contact"
    ),
}
# Names of numbers, which are none without a word for "number" or "id" (`policy` may be a text, `policy no` is not).
NUMBERED: dict[tuple[str, str], str] = {
    ("HEALTH_PLAN_ID", "health_plan"): (
        "policy, insurance, ins, health plan, medicare, medicaid, member, subscriber, beneficiary, insured, coverage, "
        "insurance card, insurance group, seguro, aseguradora, mutuelle, police, assurance, assure, adherent, asegurado"
    ),
    ("ACCOUNT_NUMBER", "account"): "account, acc, a c, billing account, hospital account, visit account",
    ("CREDIT_CARD", "card"): "card, cc, tarjeta, carte",
    ("MEDICAL_LICENSE", "license"): "license, licence, certificate, medical certificate",
    ("DEVICE_ID", "device"): "device, pacemaker, implant",
    ("VEHICLE_ID", "vehicle"): "plate",
    ("OTHER_ID", "person_id"): (
        "encounter, visit, episode, csn, claim, prescription, rx, referral, authorization, authorisation, prior authorization, "
        "appointment, admission, stay, case, accession, specimen, requisition, screening, randomization, randomisation, "
        "badge, personnel, military, inmate, family, household, fall, aufnahme, episodio, sejour, encuentro, dni, medecin, "
        "study subject, person, customer, worker"
    ),
    ("MEDICAL_RECORD_NUMBER", "mrn"): "mr, hospital, record patient",
}
# Words for a number, which may stand anywhere in a name.
NUMBER = frozenset("number num nbr nr no n nummer numero # id ids ident identifier identifiant identificador".split())
GLUE = frozenset("of the de del la el los las le les du des d der die das von und et y e and s".split())
# Whose value it is; alone, such a word names somebody (`attending`), and with a word for a number it names a number.
PATIENTS = frozenset("patient patients pat pt pts paciente pacientes patiente patienten baby newborn mother".split())
ROLES = PATIENTS | frozenset(
    "client cliente kunde customer subject subj sujet sujeto proband probanden participant participante teilnehmer member "
    "subscriber insured guarantor policyholder beneficiary resident donor applicant volunteer employee empleado employe "
    "mitarbeiter student staff person people individual father parent spouse husband wife partner child son daughter madre "
    "padre mere pere mutter vater conjoint ehegatte kin nok relative familiar familiares angehoriger angehorige "
    "angehoerige proche guardian tutor tuteur vormund betreuer caregiver emergency notfall contact contacto kontakt "
    "kontaktperson ansprechpartner physician doctor dr doc medico medecin arzt arztin hausarzt provider clinician practitioner "
    "surgeon nurse midwife therapist pharmacist prescriber attending referring ordering rendering admitting consulting "
    "consultant hospitalist resident pcp gp investigator analyst operator technician tech reviewer approver author owner "
    "supervisor inspector auditor examiner sender recipient caller responsible responsable requester requestor signer "
    "signatory witness interviewer coordinator assignee initiator originator reporter performer collector "
    "representative attendee attendees authors traitant laborant bearbeiter prufer pruefer bediener unterzeichner radiologist pathologist".split()
)
QUALIFIERS = frozenset(
    "home work mobile cell day daytime evening office business primary secondary alternate alt other mailing billing "
    "shipping current legal personal private main permanent temporary residential postal principal preferred best "
    "line one two full text value raw us usa usual treating care family on record former previous prior old new casa trabajo "
    "domicile travail privat dienstlich geschaftlich fijo fixe".split()
)
NAME = frozenset("name names nm nom noms nombre".split())

# `date` beside one of these is a date of somebody's life.
DATE = frozenset("date dates dt dttm datetime day fecha datum time ts timestamp".split())
EVENTS = frozenset(
    "admission admit admitted discharge discharged death deceased visit encounter appointment appt surgery procedure operation "
    "diagnosis diagnosed onset consent enrollment enrolment randomization randomisation screening consultation exam "
    "examination injury accident delivery transfer immunization immunisation vaccination vaccine therapy infusion transfusion "
    "implant biopsy specimen collection collected prescription prescribed dispense dispensed referral claim hire hired employment "
    "marriage followup hospitalization hospitalisation registration ae service birth treatment patient ingreso alta visita cita "
    "defuncion cirugia operacion diagnostico consentimiento vacunacion naissance deces sortie entree aufnahme entlassung "
    "behandlung besuch geburt tod".split()
)
# `reviewed by` and the like name somebody, or a system.
BY = frozenset("by from to von por par".split())
ACTS = frozenset(
    "tested performed reviewed approved signed verified checked prepared created entered collected reported requested ordered "
    "authorized authorised recorded updated modified assigned released submitted closed opened conducted prescribed "
    "administered validated written raised initiated drawn referred dispensed seen issued completed witnessed done taken given "
    "transcribed dictated attended accepted received identified realizado revisado aprobado firmado effectue verifie "
    "approuve redige signe gepruft geprueft freigegeben erstellt unterschrieben durchgefuhrt".split()
)

# Words whose presence says that the values identify nobody; looked at behind all that identifies.
NEUTRAL = frozenset(
    "lot lots lote charge chargennummer batch batches sop deviation deviations desviacion abweichung capa capas version "
    "rev revision loinc snomed sct ndc cas rxnorm icd cpt hcpcs drg atc gtin sku ean upc code codes codigo kode codesystem "
    "unit units uom unidad unidades einheit unite unites reference range ranges rango referenz referenzbereich normal plage limit limits "
    "spec specs specification dose doses dosis dosage dosierung strength status stato estado statut state st province phase qty "
    "quantity menge anzahl cantidad quantite count counts material materials equipment equip instrument instruments gerat "
    "geraet equipo apparatus test tests assay assays analyte analytes parameter parameters measurement component panel "
    "method methods matrix product products produkt producto produit drug drugs medication medications medicamento medikament "
    "medicament substance compound item items brand generic ingredient excipient sex gender sexo sexe geschlecht race "
    "ethnicity raza ethnie marital language idioma langue sprache religion flag flags abnormal severity category type tipo typ "
    "class grade level freq frequency route form color colour size weight height bmi temp temperature pressure pulse bp "
    "hr rr spo ph purity yield volume concentration conc percent pct ratio rate score index amount sum mean average avg min "
    "max median sd rsd cv std step steps stage clause chapter table column row sequence seq rank position well plate rack "
    "shelf bin freezer tank reactor duration hours minutes days weeks months cycle cycles shift schedule interval price cost "
    "currency balance fee copay software firmware build os browser platform protocol port checksum hash md sha format encoding "
    "extension country pais land region continent nationality allergy allergies modality active enabled "
    "valid passed fail pass specialty department dept ward".split()
)
# The same, but anything can stand under them, a person's name too.
VALUES = frozenset(
    "result results resultado resultados ergebnis resultat resultats value values valor wert messwert valeur outcome "
    "disposition conclusion finding findings answer response".split()
)
