"""`firewall policy`: list the policies and hold them to their cases."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

from firewall.check import policy as check
from firewall.cli.output import console
from firewall.policy.policy import Policy, load
from firewall.settings import load as load_settings

app = typer.Typer(help="Test and list the policies.", no_args_is_help=True)
_RulesDir = Annotated[
    Path | None, typer.Option("--rules-dir", help="Folder of rules, policies and registry. [FIREWALL_RULES_DIR]")
]
_Json = Annotated[bool, typer.Option("--json", help="Write JSON.")]


@app.command()
def test(rules_dir: _RulesDir = None, as_json: _Json = False) -> None:
    """Run the cases in `policies/tests/*.yaml` through the real registry and decision.

    Every clause, and every answer to what was not looked at, must be met by some case.

    Examples:

        firewall policy test

        firewall policy test --rules-dir candidate/rules --json

    Exit code 0: all hold. 1: a case failed; its file and line are printed. 2: a file is not well-formed.
    """
    results = check.run(load_settings(rules_dir=rules_dir).rules_dir)
    failed = [result for result in results if result.problem is not None]
    if as_json:
        typer.echo(
            json.dumps(
                [
                    {"policy": one.policy, "name": one.name, "where": one.where, "problem": one.problem}
                    for one in results
                ],
                indent=1,
            )
        )
    else:
        for one in failed:
            typer.echo(f"{one.where}: {one.policy}: {one.name}: {one.problem}", err=True)
        typer.echo(f"{len(results)} cases, {len(failed)} failed")
    if failed or not results:
        raise typer.Exit(1)


@app.command("list")
def list_policies(rules_dir: _RulesDir = None, as_json: _Json = False) -> None:
    """List the policies in the order in which they are asked: the first whose tenants and tools match is taken.

    Examples:

        firewall policy list

        firewall policy list --json
    """
    found = load(load_settings(rules_dir=rules_dir).rules_dir)
    if as_json:
        typer.echo(json.dumps([_as_dict(policy) for policy in found.policies.values()], indent=1))
        return
    table = Table("id", "version", "mode", "detects", "acts", "clauses", "tenants", "tools", box=None, pad_edge=False)
    for policy in found.policies.values():
        row = _as_dict(policy)
        tenants, tools = ", ".join(policy.tenants) or "by name only", ", ".join(policy.tools) or "by name only"
        names = ("id", "version", "mode", "detect_level", "act_level", "clauses")
        table.add_row(*(Text(str(row[name])) for name in names), Text(tenants), Text(tools))
    console().print(table)


def _as_dict(policy: Policy) -> dict[str, object]:
    return {
        "id": policy.id,
        "version": policy.version,
        "mode": "enforce" if policy.enforced else "monitor",
        "detect_level": policy.detect_level,
        "act_level": policy.act_level,
        "clauses": len(policy.clauses),
        "tenants": list(policy.tenants),
        "tools": list(policy.tools),
    }
