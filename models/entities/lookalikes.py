"""What looks like an identifier and is none: lots, deviations, versions, codes, measurements, eponyms, equipment."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Final

from models.entities.marked import mark
from models.entities.values import World

_CODES: Final[dict[str, tuple[tuple[str, ...], tuple[str, ...]]]] = {
    "lot": (("Lot", "lot", "LOT:", "Lot No.", "lot number", "batch", "Batch", "B/N", "lot_id", "mfg lot"),
            ("LOT######", "@@##-####", "B24####@", "####@##", "########", "L#####", "@#####", "24@###", "@@@####@",
             "##-####-##")),
    "batch_record": (("batch record", "MBR", "eBR", "Batch record", "order"), ("MBR-#### Ed. #", "BR-24-#####",
     "EBR-2025-####", "PO-7#######", "100#######")),
    "deviation": (("deviation", "Deviation", "DEV", "quality event", "NCR", "investigation", "event"),
                  ("DEV-202#-####", "QE-######", "NCR-#####", "PR#######", "DEV######", "D-2#-###", "INV-2#-####",
                   "OOS-202#-###")),
    "capa": (("CAPA", "capa_id", "corrective action"), ("CAPA-#####", "CA-2#-###", "CAPA-202#-###", "C-####")),
    "sop": (("SOP", "per", "procedure", "document", "see", "according to", "doc_no", "work instruction"),
            ("SOP-@@-#### v#.#", "WI-##### rev @", "TM-@@@-###", "SOP-####", "QP-##.##", "FRM-####-##", "POL-###",
             "STP-@@-###, version #.#")),
    "change": (("change control", "CC", "ECO", "change"), ("CC-202#-####", "ECO######", "CR-#####", "CHG00#####",
     "RFC-####")),
    "part": (("part", "P/N", "Cat. No.", "catalogue number", "REF", "item", "material", "SKU", "part_number"),
             ("###-##-####", "@@####-###", "REF########", "######-###", "10######", "@-###-##", "@@@-##-####-@",
              "4#######", "###.###.###", "%###-####")),
    "version": (("version", "v", "firmware", "build", "release", "software version", "package"),
                ("v#.##.#", "#.#.#.##", "10.##.#.#", "#.#.#", "v#.#.#-rc#", "202#.##.#", "##.#.####",
                 "#.##.#+build.###")),
    "equipment": (("HPLC", "balance", "bioreactor", "instrument", "equipment", "tag", "sensor", "asset", "column",
     "autoclave", "room", "freezer"),
                  ("TT-####", "BR-####", "HPLC-##", "PT-####.PV", "EQ-#####", "BAL-###", "AHU-##", "F-80-##", "LC-###",
                   "@@@-###", "R#.###")),
    "sample": (("sample", "Sample", "sample_id", "aliquot", "vial", "stability", "QC", "specimen container", "barcode"),
               ("S-202#-#####", "STAB-###-T#", "QC######", "SMP########", "A#-##", "##-@####-##", "LIMS-#######",
                "T##@", "##########")),
    "hash": (("sha256", "commit", "digest", "checksum", "etag", "trace_id", "request_id", "uuid", "correlation id",
     "id", "span_id"),
             ("^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^", "^^^^^^^^-^^^^-4^^^-a^^^-^^^^^^^^^^^^", "^^^^^^^", "^^^^^^^^^^^^^^^^",
              "req_^^^^^^^^^^^^", "sha256:^^^^^^^^^^^^^^^^^^^^^^^^")),
    "code": (("LOINC", "NDC", "CAS", "ICD-10", "CPT", "SNOMED CT", "ATC", "PMID", "trial", "UNII", "RxNorm", "DOI",
     "ISO", "21 CFR", "EC", "UN", "GTIN"),
             ("#####-#", "####-####-##", "#####-###-##", "%##-##-#", "@##.#", "#####", "########", "NCT0#######",
              "PMID ########", "%#####-##-#", "@##@@##",
              "10.10##/j.~~~.202#.##.###", "13485:2016", "Part 11.##", "Q#@", "<###>", "0############", "J####")),
    "ticket": (("ticket", "issue", "JIRA", "task", "incident", "case", "job", "run", "PR", "sequence", "page", "step"),
               ("@@@-####", "#####", "INC00#####", "##", "TASK-###", "#%##", "RUN-######", "@@-##", "INJ_####", "0##")),
}  # fmt: skip

_MEASURES: Final = (
    "BP {h}/{t} mmHg;HR {t} bpm;SpO2 9{d}%;Temp 3{e}.{d} C;RR 1{d};{n} mg;{n} mg PO BID;{n}.{d} mg/dL;{d}.{d} mmol/L;"
    "{h} mg/dL;pH {e}.{n};"
    "{n} mL/min;{d}.{n} g/dL;{n} x 10^9/L;{n}.{d} %;{h}.{n} kg;{h} cm;{n} degrees C;{h} rpm;{d}.{d} bar;{n} kPa;{n} "
    "min;{d} h {n} min;{h} ppm;"
    "T{d}-T{t};L{d}-L{e};{d}/5 strength;{d}+{e}={e};{n}w{d}d;G{d}P{e};stage II{x};{d}.{n}.{d};{d}-0 Vicryl;{n} gauge;"
    "{h} nm;{n},{h} counts;"
    "RSD {d}.{n} %;n={n};p<0.0{d};95% CI {d}.{n}-{e}.{n};RT {d}.{h} min;area {h}{h};slope 0.9{n};R2=0.99{n};{h} "
    "CFU/mL;<{n} EU/mL;"
    "{n}:{m};{n}:{m}:{m};q{d}h;x {d} days;{d} tablets;every {d} weeks;in {n} days;for {d} months;{d} of {n};{n}/{h} "
    "passed;Grade {d};"
    "hemoglobin {d}{e}.{d};WBC {e}.{d};K+ {d}.{e};creatinine 0.{n};INR {d}.{d};A1c {e}.{d}%;eGFR {n};troponin <0.0{d};"
    "EF {n}%"
).split(";")
_MAKERS: Final = (
    "Agilent 1260;Waters Acquity;Bruker Avance;Sartorius Cubis;Mettler Toledo XPR;Shimadzu LC-40;Beckman Coulter;"
    "Olympus BX53;Zeiss Axio;"
    "Philips IntelliVue;Siemens Magnetom;Roche Cobas 6000;Abbott Architect;Gram stain;Bradford assay;Karl Fischer "
    "titration;Western blot;"
    "Southern blot;Petri dish;Erlenmeyer flask;Bunsen burner;Ringer's lactate;Foley catheter;Kelly clamp;Babcock "
    "clamp;Bovie cautery;"
    "Pfannenstiel incision;Trendelenburg position;Mayo stand;Allis clamp;Penrose drain;Swan-Ganz catheter;McBurney's "
    "point;Murphy's sign;"
    "Babinski sign;Romberg test;Glasgow Coma Scale;Apgar score;Bonferroni correction;Student's t-test;Fisher's exact "
    "test;Pareto chart;"
    "Ishikawa diagram;Gantt chart;Poisson model;Gaussian fit;Bayesian prior;Markov chain;Turing test;Docker;Jenkins;"
    "Kafka;Celsius;Newton;"
    "Tesla;Hertz;Pascal;Monte Carlo;Python;Ruby;Julia;Elastic;Jira;Windows;Empower;Chromeleon;LabWare;Veeva Vault;"
    "TrackWise;MasterControl"
).split(";")


class Lookalikes:
    """Makes codes, measures and words that must not be redacted; all unmarked."""

    def __init__(self, world: World, carriers: Path) -> None:
        """Read the lists of eponyms, chemicals, illnesses and analytes."""
        self.world = world
        folder = carriers / "negatives"

        def lines(name: str) -> list[str]:
            return [
                line for line in (folder / name).read_text("utf-8").split("\n") if line and not line.startswith("#")
            ]

        self.eponyms = lines("eponyms.txt") + lines("eponyms_from_corpora.txt")
        self.drugs, self.illnesses = lines("chemical_mentions.txt"), lines("disease_mentions.txt")
        self.analytes = [line.split("\t") for line in lines("lab_analytes_loinc_sample.tsv")]
        shapes = json.loads((folder / "id_lookalike_patterns.json").read_text("utf-8"))
        self.listed = [pattern for key, group in shapes.items() if not key.startswith("_") for pattern in group]

    def code(self, kind: str | None = None) -> str:
        """Write a code alone."""
        if kind is None and self.world.chance(0.25):
            return self._listed(self.world.pick(self.listed))
        return self.world.shape(self.world.pick(_CODES[kind or self.world.pick(list(_CODES))][1]))

    def introduced(self, kind: str | None = None) -> str:
        """Write a code after the words that introduce it."""
        kind = kind or self.world.pick(list(_CODES))
        words = self.world.pick(_CODES[kind][0])
        glue = self.world.pick([" ", " ", ": ", " #", " no. ", "=", " "]) if not words.endswith(":") else " "
        return f"{words}{glue}{self.code(kind)}"

    def measure(self) -> str:
        """Write a measured value, a dose, a time or a score."""
        r = self.world.random.randrange
        return self.world.pick(_MEASURES).format(
            d=r(1, 10),
            e=r(5, 10),
            n=r(10, 100),
            t=r(50, 100),
            h=r(90, 900),
            m=f"{r(60):02d}",
            x=self.world.pick(["A", "B", "I"]),
        )

    def eponym(self) -> str:
        """Write an eponym, a brand of equipment or a word that is also a name."""
        return self.world.pick(self.eponyms) if self.world.chance(0.6) else self.world.pick(_MAKERS)

    def drug(self) -> str:
        """Write a chemical."""
        return self.world.pick(self.drugs)

    def illness(self) -> str:
        """Write an illness."""
        return self.world.pick(self.illnesses)

    def analyte(self) -> tuple[str, str]:
        """Give a LOINC number and the short name of its analyte."""
        number, name = self.world.pick(self.analytes)[:2]
        return number, name

    def day(self) -> str:
        """Write a date of a thing (expiry, calibration): neither asked for nor forbidden, so it carries no loss."""
        return mark("IGNORE", self.world.stamp_text() if self.world.chance(0.35) else self.world.date_text())

    def _listed(self, pattern: str) -> str:
        symbols = {"d": "#", "A": "@", "h": "^", "y": "#"}
        return self.world.shape(re.sub(r"\{(\d+)([dAhy])\}", lambda m: symbols[m[2]] * int(m[1]), pattern))
