"""Words that decide whether a part of somebody's name is that person where it stands again.

Many names are words, months or places as well, and many diseases, devices and houses are named after people. The lists
are general knowledge, in English and, for words, also in Spanish, French and German. All words are folded: lower case,
without accents.
"""

from __future__ import annotations

import re
from typing import Final

# Names that are common words: in lower case they are the word.
WORDS: Final = frozenset(
    "abbot able ace amber angel archer art ash ball banker banks barber baron bass bay bean beau bell berry best bird bishop black "
    "blessing bliss block bloom blue bond booker bowman brand branch bride bright brook brooks brown buck bush butcher butler "
    "carol carpenter carter case cash castle chance chandler chapel charity chase chase chip christian church clay clement cliff "
    "close coal cole colt comfort constant cook cooper corn cotton couch cross crystal daisy dale dash dawn day deal dean "
    "delight destiny dick diamond dolly drew drake drew dusty duke early east ember english ever faith fair farmer faulty fern field "
    "fields finch fish fisher flint flower flowers ford forest fountain fox frank french frost garden gardener gene gentle "
    "ginger glass glen gold golden good goodman grace grant gray green grey guest guy hall handy hardy harmony harry harvest hawk "
    "hazel head heath heather heaven hill hills holiday holly honey honor hood hope hunt hunter iris ivory ivy jack jade jasmine "
    "jasper jean jewel joy judge keen key king kitty knight ladd lake lamb lane large lark laurel law lawless lay leaf lily lime "
    "linen little lock long lord love loving low loyal lucky mace maker major man manner marble mark marks marry martin mason "
    "may mead melody merit merry mercy miles mill miller mills miner misty money moody moon moore more moss mount myrtle nail "
    "night noble noon north old olive opal orange page pain paine pal palm park parker parks parish patience pearl penny "
    "pepper peters petal phoenix pierce pike piper pitt plant pleasant plumber pole pool poole poor pope porter post potter "
    "powder power powers precious price pride prince proud queen quick rain ranger ray read reed rice rich rider ring rise river "
    "rivers roads robin rock rocky rod root roper rose rosemary rowan ruby rush rusty sage salt sands savage say sawyer self "
    "severe shade shadow sharp shepherd short silver singer sky skinner small smart smith snow song sparks spear spice spring star "
    "steel sterling stone storm strange street strong summer summers sunny swan sweet swift tailor tall taylor teal temple "
    "terry tiger timber tower town track trinity true turner urban vale victor victory vine violet walker wall waters "
    "weaver web weeks wells west wheat wheeler white wild wilder will willow wills win winner winter wise wolf wood woods worth "
    "wright yard york young zest an as be can do go hand hay he her him his in is it je jo la le lu me min my ng no of oh on or "
    "see sell she so su to too try un us we you yes alma angel blanca bravo cabello calle campo campos casas castillo cruz "
    "consuelo corona delgado dolores duenas esperanza flores franco fuentes gallo guerra guerrero hermosa herrero iglesias jardin "
    "leal leon luna luz maestro marino mar mercado mercedes mesa milagro montes mora moreno negro nieves olivera pascua paz "
    "pena pilar pino plata prado primo reina rey reyes rico rio rios rojo rojas romero rosa rosario rubio santo santos serrano "
    "sol soledad tierra toro torres valle vega vera verdugo vidal vino bois blanc bonne bonnet boucher boulanger brun chevalier "
    "clair cuisinier dupont fabre fleur fontaine fort garde garnier grand gros jour jolie leblanc leclerc legrand lenoir lepetit "
    "marchand marie martinet meunier moulin noel noir olive page pascal petit pierre poulain renard riviere rouge rousseau roux roy "
    "serre tailleur vert bach bauer baum becker berg berger bischof blume braun busch dorn engel ernst falk feld fink fischer "
    "frohlich fuchs gross gut hahn hammer hart herr herz hirsch hof holz hoffnung jager jung junge kaiser kaufmann keller klein "
    "koch konig krause krieger kraus kurz lang lange linde lowe maler maurer meister metzger muller neu neumann ochs ost pfeifer "
    "rabe reich richter ritter rot sauer schafer schmidt schneider schreiber schuster schwarz sommer sonntag stark stein stern "
    "sturm tag teufel vogel voigt wagner wald weber weiss winkler wirt wolff zimmermann zucker".split()
)
# Names that are places, months or makers as well: with a capital letter too they are mostly that.
COMPANY_ONLY: Final = frozenset(
    "january february march april may june july august september october november december jan feb mar apr jun jul aug sep oct nov "
    "dec monday tuesday wednesday thursday friday saturday sunday abril mayo junio julio agosto avril mai juin juillet aout august "
    "alabama alaska america arizona asia brazil california carolina chad china colorado columbia dakota delaware england florida "
    "france georgia germany guinea hawaii holland idaho illinois india indiana iowa ireland israel italy japan jersey jordan kansas "
    "kenya kentucky lebanon louisiana maine maryland mexico michigan minnesota mississippi missouri montana nebraska nevada "
    "norway ohio oklahoma oregon pennsylvania poland scotland spain sweden tennessee texas turkey utah vermont virginia wales "
    "washington wisconsin wyoming york abbott bayer baxter bausch beckman boehringer johnson lilly merck novo pfizer philips roche "
    "siemens stryker zimmer iv im po md rn".split()
)
# What is left of a name when titles, degrees and generations are taken off.
TITLES: Final = frozenset(
    "mr mrs ms miss mx dr prof professor doctor sir madam dame lord lady rev sr sra srta don dona senor senora herr frau mme mlle "
    "monsieur madame nurse md phd rn np pa do dds dmd pharmd jr ii iii iv esq msc bsc mba mph fnp aprn lpn cna facs med rer nat dent "
    "patient pt".split()
)
PARTICLES: Final = frozenset(
    "van von vom zu zur zum de der den del dela della dello di da das do dos du des la las le les lo los el al bin ibn ben bint abu "
    "af av ter ten te op y e i und".split()
)
# Institutions: a name in front of one of these is a house, not a patient.
INSTITUTIONS: Final = re.compile(
    r"(?:['\u2019]s?)?(?: (?:[A-Z][\w'\u2019.]{0,20}|and|&|of)){0,2} (?:Hospital|Clinic|Klinik|Klinikum|Hôpital|University|Universität|"
    r"Institute|Institut|Foundation|Laborator(?:y|ies)|Labs?|Pharma(?:ceuticals|cy)?|Diagnostics|Biotech|Inc|LLC|Ltd|GmbH|Corp|"
    r"Corporation|Company|College|School|Cent(?:er|re)|Health(?:care)?|Hospice|Scientific|Instruments|Institution|Infirmary)\b"
)
BEFORE_HOUSES: Final = re.compile(r"\b(?:St|Saint|San|Santa|Sankt|Mount|Mt|Fort|Port|Cape)\.? \Z")
# Diseases, signs and devices that only ever bear the name of who described or made them.
_NAMED_THINGS: Final = (
    "catheters?|diseases?|syndromes?|palsy|chorea|lymphomas?|sarcomas?|carcinoma|dystrophy|an(?:a)?emia|thyroiditis|contractures?|"
    "fractures?|retractors?|clamps?|forceps|fundoplication|titration|encephalopathy|esophagus|oesophagus|phenomenon|phenomena|"
    "paralysis|ataxia|hernia|aneurysm|nodes?|granulomatosis|arteritis|purpura|nephropathy|neuropathy|tumou?rs?|bodies|lactate|"
    "stain(?:ing)?|flasks?|dish(?:es)?|pipettes?|assay|reagents?|equation|formula|buffer|anastomosis|balloon|bulb|"
    "catéter|enfermedad|síndrome|maladie|cathéter|krankheit|katheter"
)
# The same for words that also follow people's names ("the Baker test came back"): only behind a known eponym.
_NAMED_TESTS: Final = (
    "tests?|scores?|signs?|scales?|procedures?|positions?|stains?|drains?|tubes?|lines?|cysts?|criteria|index|classification|stages?|"
    "grades?|reflex|rhythm|maneuvers?|manoeuvres?|operation|repair|method|charts?|plots?|curves?|model|distribution|rules?|law|"
    "oxygen|gauge|frame|lift|bandage|needle|knife|scissors|solution|coma|fall|exact|block|bundle|ring|area|cells?|units?"
)
EPONYMS: Final = frozenset(
    "addison adson allen allis alzheimer apgar arnold aschoff asperger babinski babcock baker bankart barlow barr barrett barthel bartholin basedow "
    "bassini becker behcet bell bence berger bernard billroth bland borg bouchard bowman boyle braden bradford breslow bright "
    "broca brooke broviac brown bruce brudzinski buerger bunsen burkitt burow bushke carpenter chagas charcot cheyne child chiari clark "
    "cobb codman cohn colles conn coombs cooley cox creutzfeldt crohn cullen cushing dandy dix doppler down dubin duchenne duke "
    "dupuytren durham ebstein edwards ehlers eisenmenger epley epstein erb erlenmeyer ewing fabry fallot fanconi feulgen finkelstein "
    "fisher fischer fitz fogarty foley fontan forrester fowler fresnel friedreich froude gauss gaucher geiger giemsa gilbert glasgow "
    "gleason goodpasture graham gram graves grey gross guillain hallpike hamilton harris hartmann hashimoto hawkins heberden hegar heimlich "
    "heller hemlich henoch hickman hirschsprung hodgkin holter homan homans horner hoyer hunt huntington jackson jacob jakob jenner "
    "jones kahn kaplan kaposi karl kawasaki kegel kehr kelly kernig killip kimmelstiel kirschner kjeldahl klebs klinefelter koch kocher "
    "koplik korotkoff korsakoff krebs kupffer kussmaul lachman lambert larsen legg levey lewy likert lister loeb lou lynch mallory "
    "marfan mann mantoux mayo mcburney mcmurray meckel meier meniere meyer mohs montgomery morse moro munchausen murphy nissen norton "
    "osgood osler paget pancoast pap papanicolaou pareto parkinson patrick penrose perthes petri peyer peyronie phalen plummer "
    "poiseuille poisson pott pratt prader prinzmetal queckenstedt quincke ramsay ramsey ranson raynaud reed reinke reiter reye richter ringer rinne "
    "robertson romberg rorschach roth roux rovsing ryle salter sanger schilling schirmer schwann sengstaken sertoli shewhart "
    "simpson sims sjogren smith snellen spearman spurling starling steri still stokes student swan takayasu tanner tay thomas "
    "thompson tinel todd tourette trendelenburg trousseau tukey turner tzanck valsalva veress virchow wagner waldenstrom weber "
    "wegener weil welch wells wernicke westergren whipple wilms wilson wolff wood wright yankauer yates zenker ziehl zollinger".split()
)
_JOINED = r"(?:[-\u2013][A-Z][\w'\u2019]{1,20}){0,2}(?:['\u2019]s?)?[ -](?:[a-z]{2,12} )?"
AFTER_NAMED: Final = re.compile(rf"{_JOINED}(?:{_NAMED_THINGS})\b", re.IGNORECASE)
AFTER_EPONYM: Final = re.compile(rf"{_JOINED}(?:{_NAMED_THINGS}|{_NAMED_TESTS})\b", re.IGNORECASE)
AFTER_TITLE: Final = re.compile(
    r"(?:\A|[^\w])(?:Mr|Mrs|Ms|Miss|Mx|Dr|Prof|Professor|Doctor|Nurse|Sra?|Srta|Herrn?|Frau|Mme|Mlle|Monsieur|Madame|Señora?|Doña?|"
    r"Patient|Pt)\.? \Z",
    re.IGNORECASE,
)
# Initials that are units, routes and marks of forms: alone between parentheses they are that.
UNITS: Final = frozenset(
    "mg ml kg dl mcg ug ng pg iu mm cm hg ph iv im sc po pr sl id bid tid qid prn qd hs bp hr rr bmi ct mr mri us xr ecg ekg er icu or "
    "ed md rn np pa do phd na nd ns nos pm am pt ot st dx rx hx tx fx sx wbc rbc hgb hct plt alt ast bun cr ca cl mg na qa qc qp hpl lc ms uv "
    "ir nmr sop capa oos oot lims mes qms ehr usp ep jp rh ab tb hiv hcv hbv cbc cmp abg inr ptt gi gu ob gyn ent".split()
)
ARTICLES: Final = frozenset(
    "the a an this that these those each any no el la los las le les un une der die das ein eine".split()
)
