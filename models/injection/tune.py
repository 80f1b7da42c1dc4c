"""Tunes the injection classifier on a user's own labelled texts, on a CPU, and writes a verified model folder.

firewall models train-injection --data my.jsonl        checks the texts first, then runs this
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import shutil
import sys
from dataclasses import asdict
from pathlib import Path

from firewall.check import comparison, labelled
from firewall.check.comparison import Thresholds
from firewall.check.labelled import LabelledFile
from firewall.cli.compared import show
from firewall.cli.output import say
from firewall.errors import ConfigurationError, FirewallError
from firewall.inference.manifest import TokenTypes
from firewall.inference.tokenizer import load_tokenizer
from firewall.policy import policy as policies
from models.injection import compose
from models.injection.tuning.finish import Base, Finished, finish, prepare
from models.injection.tuning.fit import Course, fit, write_graph
from models.injection.tuning.split import split
from models.training.onnx_graph import UnknownGraphError

WORSE = 1  # exit code: the folder was written, and the model in it is worse than the one it came from


def arguments() -> argparse.Namespace:
    """Read the command line; `firewall models train-injection --help` explains it."""
    parser = argparse.ArgumentParser(prog="python -m models.injection.tune", description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--base", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--runs", type=Path, required=True)
    parser.add_argument("--rules", type=Path, default=Path("rules"))
    parser.add_argument("--epochs", type=int, required=True)
    parser.add_argument("--minutes", type=float, required=True)
    parser.add_argument("--held-out", type=float, required=True)
    parser.add_argument("--replay", type=float, required=True)
    parser.add_argument("--fpr", type=float, required=True)
    parser.add_argument("--rate", type=float, required=True)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--threads", type=int, required=True)
    parser.add_argument("--no-resume", action="store_true")
    return parser.parse_args()


def main() -> None:
    """Tune; one clear sentence and exit code 2 for what cannot be used, 1 where the tuned model is worse."""
    given = arguments()
    try:
        finished = tune(given)
    except FirewallError as error:
        say(error.detail)
        sys.exit(2)
    except UnknownGraphError as error:
        say(f"the graph of {given.base} cannot be read back into weights: {error}")
        sys.exit(2)
    except KeyboardInterrupt:
        say("stopped; the same command goes on from the last checkpoint, which is written every three minutes")
        sys.exit(130)
    tell(finished, given)
    if finished.verdict.worse:
        sys.exit(WORSE)


def tune(given: argparse.Namespace) -> Finished:
    """Split, train, export, settle, test and write the folder.

    Raises:
        ConfigurationError: if the texts or the base model cannot be used.
        UnknownGraphError: if the base's graph cannot be read back into weights.
    """
    file = labelled.read(given.data)
    parts = split(file, held_out=given.held_out, seed=given.seed)
    base = Base.load(given.base, given.threads)
    check_base(base)
    policy = policy_thresholds(given.rules)
    say(
        f"{len(parts.train)} texts to learn from, {len(parts.settle)} to settle thresholds on, {len(parts.test)} to test on"
    )
    for warning in parts.warnings:
        say(f"note: {warning}")
    course = Course(given.epochs, given.minutes, given.replay, given.seed, given.rate, given.threads)
    run = given.runs / f"tune-{fingerprint(file, base, course, given.held_out)}"
    tokenizer = load_tokenizer(base.model.manifest)
    graph = given.base / base.model.manifest.graph
    first = given.base / base.raw["screen"]["graph"] if base.model.begun else None
    heads = json.loads((given.base / "config.json").read_text(encoding="utf-8")).get("num_attention_heads")
    model, marked, counts = fit(
        graph, tokenizer, parts.train, course, run, resume=not given.no_resume, first=first, attention_heads=heads
    )
    # Everything is written beside the place and moved there when it is whole.
    made = given.out.with_name(f"{given.out.name}.part")
    target = prepare(base, made)
    write_graph(model, target, run, marked=marked, first=None if first is None else made / first.name)
    training = {
        "seed": given.seed,
        "command": command(given),
        "data": {file.name: {"sha256": file.sha256, "rows_used": len(parts.train), "licence": "the user's own"}},
        "tuned_from": {"version": base.model.manifest.version, "digest": base.model.manifest.digest},
        "rows": {
            name: len(part) for name, part in (("train", parts.train), ("settle", parts.settle), ("test", parts.test))
        },
        "replay": given.replay,
        "false_positive_rate": given.fpr,
        **counts,
    }
    finished = finish(
        base,
        made,
        parts,
        training,
        version=f"{base.raw['version'].partition('+')[0]}+tuned.{run.name[-8:]}",
        rate=given.fpr,
        policy=policy,
        seed=given.seed,
        threads=given.threads,
    )
    _swap(made, given.out)
    return finished


def check_base(base: Base) -> None:
    """Refuse a base model that the recipe's windows and labels do not fit.

    Raises:
        ConfigurationError: that says what differs.
    """
    told = base.model.manifest
    if len(told.labels) != 2 or told.positive != 1 or told.token_types is not TokenTypes.ZEROS:
        raise ConfigurationError(
            f"model {base.folder.name}: is not one of our injection classifiers, which alone are tuned"
        )
    if (told.window.tokens, told.window.overlap) != (compose.SIZE, compose.OVERLAP):
        raise ConfigurationError(
            f"model {base.folder.name}: reads windows of {told.window.tokens} tokens; the recipe makes such of {compose.SIZE}"
        )


def fingerprint(file: LabelledFile, base: Base, course: Course, held_out: float) -> str:
    """Return what tells a run from another: texts, base model and course. Threads change nothing that is computed."""
    told = asdict(course) | {
        "threads": 0,
        "data": file.sha256,
        "base": base.model.manifest.digest,
        "held_out": held_out,
    }
    return hashlib.sha256(repr(sorted(told.items())).encode()).hexdigest()[:12]


def command(given: argparse.Namespace) -> str:
    """Return the command that tunes again, without the paths of this machine."""
    return (
        f"firewall models train-injection --data {given.data.name} --epochs {given.epochs} --minutes {given.minutes:g} "
        f"--held-out {given.held_out:g} --replay {given.replay:g} --fpr {given.fpr:g} --rate {given.rate:g} --seed {given.seed}"
    )


def policy_thresholds(rules: Path) -> Thresholds:
    """Return the thresholds of the policy `default`; none where there are no policies."""
    if not (rules / "policies").is_dir():
        return {}
    return comparison.policy_thresholds(policies.load(rules).policies["default"])


def tell(finished: Finished, given: argparse.Namespace) -> None:
    """Print both comparisons, what to do next, and aloud what is worse."""
    show(finished.own, "your texts, held out to test (A in use, B new)")
    show(finished.written, "our written texts, kept from training (A in use, B new)", rows=False)
    for note in (*finished.notes, *finished.verdict.doubtful):
        say(f"note: {note}")
    limits = ", ".join(f"{side} {limit:g}" for side, limit in finished.thresholds.items())
    print(
        f"\nwritten: {given.out}\n\n"
        f"Serve it with FIREWALL_INJECTION_MODEL={given.out}\n"
        f"and set min_score in the policies' clauses on the detector `injection`, by origin, to what was chosen for at most\n"
        f"{given.fpr:.1%} of your harmless texts: {limits}.",
        flush=True,
    )
    if finished.verdict.worse:
        bar = "!" * 78
        lines = "\n".join(f"  {sentence}" for sentence in finished.verdict.worse)
        print(
            f"\n{bar}\nTHE NEW MODEL IS WORSE THAN THE ONE IN USE. Keep the one in use.\n{lines}\n{bar}",
            file=sys.stderr,
        )


def _swap(made: Path, out: Path) -> None:
    """Put a whole folder in the place of an older one."""
    old = out.with_name(f"{out.name}.old")
    shutil.rmtree(old, ignore_errors=True)
    if out.exists():
        os.replace(out, old)
    os.replace(made, out)
    shutil.rmtree(old, ignore_errors=True)


if __name__ == "__main__":
    main()
