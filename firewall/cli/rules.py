"""`firewall rules`: hold the rules to their promises, list them, check their syntax."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

app = typer.Typer(help="Test, list and lint the rules.", no_args_is_help=True)
RulesDir = Annotated[
    Path, typer.Option("--rules-dir", envvar="FIREWALL_RULES_DIR", help="Folder of rules, policies and registry.")
]
DEFAULT = Path("rules")


@app.command()
def test(
    rules_dir: RulesDir = DEFAULT,
    accept: Annotated[bool, typer.Option("--accept", help="Write today's benign hits as the new baseline.")] = False,
    profile: Annotated[bool, typer.Option("--profile", help="Print what each rule costs.")] = False,
) -> None:
    """Hold every rule to its promises on the real road.

    Checks syntax and compilation, every example at its place, every negative example, every example again through
    every disguise, and the benign corpus: no level-1 rule may hit it, no other rule may hit it more often than before.

    Examples:

        firewall rules test

        firewall rules test --profile

    Exit code 1 when a promise is broken, 2 when a file is wrong.
    """
    from firewall import rules as rule_files
    from firewall.check import rules as check

    loaded = rule_files.load(rules_dir)
    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("rules", total=len(loaded))
        report = check.run(loaded, rules_dir, lambda: bar.advance(task))
    if profile:
        typer.echo("microseconds a KB, by rule")
        for rule_id, cost in sorted(report.cost_us.items(), key=lambda item: -item[1]):
            typer.echo(f"{cost:9.1f}  {rule_id}")
    for rule_id, cost in sorted(report.cost_us.items(), key=lambda item: -item[1])[:3]:
        typer.echo(f"costliest: {rule_id} at {cost:.1f} us a KB")
    typer.echo(
        f"{report.rules} rules: {report.positives} examples, {report.disguised} in disguise, {report.negatives} near "
        f"misses; {report.corpus_lines} benign lines, hits by level {dict(sorted(report.level_hits.items()))}; "
        f"{report.ms_per_kb:.2f} ms a KB"
    )
    if accept:
        typer.echo(f"baseline written: {check.accept(rules_dir, report.benign_hits).as_posix()}")
        report_failures = [item for item in report.failures if "(baseline)" not in item.promise]
    else:
        report_failures = list(report.failures)
    for failure in report_failures:
        typer.echo(f"{failure.where}: {failure.rule_id}: {failure.promise}", err=True)
    if report_failures:
        typer.echo(f"{len(report_failures)} promise(s) broken", err=True)
        raise typer.Exit(1)


@app.command("list")
def list_rules(
    rules_dir: RulesDir = DEFAULT,
    family: Annotated[str | None, typer.Option(help="Only this family.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Write JSON.")] = False,
) -> None:
    """List the rules.

    Examples:

        firewall rules list --family injection

        firewall rules list --json
    """
    from firewall import rules as rule_files

    loaded = [rule for rule in rule_files.load(rules_dir).rules if family in (None, rule.family)]
    if as_json:
        typer.echo(
            json.dumps(
                [
                    {
                        "id": rule.id,
                        "name": rule.name,
                        "entity_type": rule.entity_type,
                        "severity": rule.severity.name.lower(),
                        "score": rule.score,
                        "level": rule.level,
                        "status": rule.status,
                        "view": rule.view.value,
                        "where": rule.where,
                    }
                    for rule in loaded
                ],
                indent=1,
            )
        )
        return
    table = Table("id", "name", "entity type", "severity", "level", "status", box=None)
    for rule in loaded:
        severity = rule.severity.name.lower()
        table.add_row(rule.id, rule.name, rule.entity_type, severity, str(rule.level), rule.status)
    Console().print(table)


@app.command()
def lint(rules_dir: RulesDir = DEFAULT) -> None:
    """Check that every rule, policy and registry file can be loaded, without running anything.

    Exit code 2 and `file:line` of the first thing wrong.

    Example:

        firewall rules lint
    """
    from firewall import rules as rule_files
    from firewall.access import registry
    from firewall.policy import policy

    loaded, policies, tools = rule_files.load(rules_dir), policy.load(rules_dir), registry.load(rules_dir)
    typer.echo(f"{len(loaded)} rules, {len(policies.policies)} policies, {len(tools.tools)} tools: well-formed")
