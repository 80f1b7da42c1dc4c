"""The README's reference: the tour, the settings and the commands, generated so that they cannot lie.

`python -m firewall.cli.reference` writes them; a test compares.
"""

from __future__ import annotations

import asyncio
import inspect
import json
import re
import tempfile
from pathlib import Path
from typing import Any

import typer

from firewall.api.answer import write
from firewall.api.examples import INSPECT
from firewall.api.wire import read_one
from firewall.assembly import open_runtime
from firewall.settings import Settings, load


def settings_table() -> str:
    """Return every setting with its default and meaning, in Markdown."""
    lines = ["| variable | default | meaning |", "|---|---|---|"]
    for name, field in Settings.model_fields.items():
        default = field.default
        shown = (
            ""
            if default is None or default == ()
            else str(default).lower()
            if isinstance(default, bool)
            else str(default)
        )
        lines.append(f"| `FIREWALL_{name.upper()}` | {f'`{shown}`' if shown else ''} | {field.description} |")
    return "\n".join(lines)


def command_table(app: typer.Typer) -> str:
    """Return every command with the first sentence of its help, in Markdown."""
    lines = ["| command | what it does |", "|---|---|"]
    for path, command in _walk(typer.main.get_command(app), "firewall"):
        sentence = inspect.cleandoc(command.help or "").split("\n\n")[0].replace("\n", " ")
        lines.append(f"| `{path}` | {sentence} |")
    return "\n".join(lines)


def _walk(command: Any, path: str) -> list[tuple[str, Any]]:
    commands = getattr(command, "commands", None)
    if commands is None:
        return [(path, command)]
    return [item for name in sorted(commands) for item in _walk(commands[name], f"{path} {name}")]


def between(text: str, name: str, content: str) -> str:
    """Return a text with what stands between the marks of a name replaced."""
    pattern = re.compile(rf"(<!-- {name} -->\n).*?(<!-- /{name} -->)", re.DOTALL)
    if not pattern.search(text):
        raise ValueError(f"the README has no place named {name}")
    return pattern.sub(lambda match: f"{match[1]}{content}\n{match[2]}", text)


def tour() -> str:
    """Return the tour: each example as a curl line, and of its answer what does not change from call to call."""
    answers = asyncio.run(_answers())
    blocks = []
    for name, answer in answers.items():
        example = INSPECT[name]
        body = json.dumps(example["value"], indent=1)
        shown = {key: answer[key] for key in ("action", "content", "reasons")}
        found = sorted({finding["entity_type"] for finding in answer["findings"] if finding["action"] != "allow"})
        shown |= {"found": found, "coverage": answer["coverage"]}
        lines = [
            f"**{example['summary']}**",
            "",
            "```sh",
            "curl -s http://127.0.0.1:8080/inspect -H 'content-type: application/json' -d '" + body + "'",
            "```",
            "",
            "```json",
            json.dumps(shown, indent=1, ensure_ascii=False),
            "```",
        ]
        blocks.append("\n".join(lines))
    note = "Each answer is shown without its identifiers, digests and timings; `found` sums up `findings`."
    return note + "\n\n" + "\n\n".join(blocks)


async def _answers() -> dict[str, dict[str, Any]]:
    with tempfile.TemporaryDirectory() as var:
        settings = load(audit_database=Path(var) / "audit.db", audit_key=Path(var) / "audit.key", reload_rules=False)
        async with open_runtime(settings) as runtime:
            answers = {}
            for name, example in INSPECT.items():
                inquiry, _ = read_one(json.dumps(example["value"]).encode(), runtime.limits)
                answers[name] = json.loads(write(await runtime.pipeline.inspect(inquiry)))
            return answers


def render(readme: str) -> str:
    """Return the README with its reference as the code says; the tour is run on the models and rules in this folder."""
    from firewall.cli.main import app

    for name, content in (("settings", settings_table()), ("commands", command_table(app)), ("tour", tour())):
        readme = between(readme, name, content)
    return readme


def main() -> None:
    """Write the reference into the README of this folder."""
    path = Path("README.md")
    path.write_text(render(path.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()
