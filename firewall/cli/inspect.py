"""`firewall inspect`: one payload down the road, in this process, for people and for CI.

The road is imported where it is used: it loads engines, and `--help` needs none of them.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
from collections.abc import AsyncIterator
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from firewall.errors import InvalidRequestError, LimitExceededError
from firewall.settings import Settings, load
from firewall.vocabulary import Action, Direction, Identity, ToolRef

if TYPE_CHECKING:
    from firewall.payload.document import Document
    from firewall.pipeline import Inquiry, Inspection, Pipeline

_PANEL = "Who calls"


class Form(StrEnum):
    """How the input is read."""

    AUTO = "auto"  # an object or array that parses is JSON, everything else text
    TEXT = "text"
    JSON = "json"


class FailOn(StrEnum):
    """The mildest action that makes the exit code 1."""

    REDACT = "redact"
    REVIEW = "review"
    BLOCK = "block"


def command(
    file: Annotated[Path, typer.Argument(metavar="[FILE]", help="The payload; - is standard input.")] = Path("-"),
    direction: Annotated[
        Direction, typer.Option(help="inbound: arguments on their way to a tool. outbound: a result on its way back.")
    ] = Direction.OUTBOUND,
    tool: Annotated[
        str, typer.Option(metavar="SERVER/NAME", help="The tool, as the registry names it.")
    ] = "demo/fetch",
    tool_version: Annotated[str | None, typer.Option(help="Held against the registered version.")] = None,
    policy: Annotated[
        str | None, typer.Option(help="A policy's id, instead of the one tenant and tool select.")
    ] = None,
    tenant: Annotated[str, typer.Option(rich_help_panel=_PANEL)] = "",
    user: Annotated[str, typer.Option(rich_help_panel=_PANEL)] = "",
    model: Annotated[str, typer.Option(rich_help_panel=_PANEL)] = "",
    session: Annotated[str, typer.Option(rich_help_panel=_PANEL)] = "",
    purpose: Annotated[str, typer.Option(rich_help_panel=_PANEL)] = "",
    role: Annotated[list[str] | None, typer.Option(help="May be given several times.", rich_help_panel=_PANEL)] = None,
    form: Annotated[Form, typer.Option("--format", help="How the input is read.")] = Form.AUTO,
    fail_on: Annotated[FailOn, typer.Option(help="The mildest action that makes the exit code 1.")] = FailOn.REVIEW,
    explain: Annotated[
        bool, typer.Option("--explain", help="Name each finding's rule file and policy clause.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Write the answer of POST /inspect.")] = False,
    show_text: Annotated[
        bool, typer.Option("--show-text/--hide-text", help="Whether the payload itself may be printed.")
    ] = True,
    record: Annotated[bool, typer.Option("--record", help="Append a record to the audit trail.")] = False,
    rules_dir: Annotated[Path | None, typer.Option(help="Folder of rules. [FIREWALL_RULES_DIR]")] = None,
    models_dir: Annotated[Path | None, typer.Option(help="Folder of models. [FIREWALL_MODELS_DIR]")] = None,
) -> None:
    """Inspect one payload, without a server, and print what was found and decided.

    The same rules, models and policies decide as in the service. Nothing is recorded unless --record is given.

    Examples:

        firewall inspect result.json

        echo 'Call Maria Gonzalez at 617-555-0143' | firewall inspect --explain

        firewall inspect args.json --direction inbound --tool ehr/get_patient --role clinician

        firewall inspect notes.txt --json --hide-text --fail-on redact     # in CI

    Exit code 0: passes, redacted or not. 1: review or block (see --fail-on). 2: wrong usage or configuration.
    """
    server, slash, name = tool.partition("/")
    if not (server and slash and name):
        raise typer.BadParameter("write SERVER/NAME, for example demo/fetch", param_hint="--tool")
    settings = load(rules_dir=rules_dir, models_dir=models_dir)
    raw = read_input(file, settings.max_body_bytes)

    document, is_text = payload(raw, form, settings)

    from firewall.pipeline import Inquiry

    inquiry = Inquiry(
        direction,
        ToolRef(server, name, tool_version),
        Identity(tenant, user, model, session, "", purpose, tuple(role or ())),
        document,
        policy,
    )
    inspection = asyncio.run(_inspect(inquiry, settings, record=record))
    if as_json:
        _print_json(inspection, explain=explain, show_text=show_text)
    else:
        from firewall.cli.findings import show

        show(inspection, is_text=is_text, explain=explain, show_text=show_text)
    if inspection.decision.action >= Action[fail_on.name]:
        raise typer.Exit(1)


def read_input(file: Path, most: int) -> bytes:
    """Return the bytes of a file or, for `-`, of standard input. Raises LimitExceededError where there are more."""
    try:
        if str(file) == "-":
            raw = sys.stdin.buffer.read(most + 1)
        else:
            with file.open("rb") as opened:
                raw = opened.read(most + 1)
    except OSError as error:
        raise InvalidRequestError(f"{file} cannot be read ({error.strerror})") from None
    if len(raw) > most:
        raise LimitExceededError(f"the payload is larger than {most} bytes (FIREWALL_MAX_BODY_BYTES)")
    return raw


def payload(raw: bytes, form: Form, settings: Settings) -> tuple[Document, bool]:
    """Return the payload as a document, and whether it is plain text."""
    from firewall.assembly import limits
    from firewall.errors import MalformedInputError
    from firewall.payload.document import decode, from_text, parse

    bounds = limits(settings)
    text = decode(raw, bounds)
    if form is Form.JSON or (form is Form.AUTO and text.lstrip(" \t\r\n")[:1] in ("{", "[")):
        try:
            return parse(text, bounds), False
        except MalformedInputError:
            if form is Form.JSON:
                raise
    if len(text) > bounds.string_chars:
        raise LimitExceededError(
            f"the text is longer than {bounds.string_chars} characters (FIREWALL_MAX_STRING_CHARS)"
        )
    return from_text(text), True


async def _inspect(inquiry: Inquiry, settings: Settings, *, record: bool) -> Inspection:
    """Load everything, inspect once."""
    from dataclasses import replace

    async with opened(settings, record=record) as pipeline:
        inspection = await pipeline.inspect(inquiry)
    return inspection if record else replace(inspection, audit_id=None)


@contextlib.asynccontextmanager
async def opened(settings: Settings, *, record: bool) -> AsyncIterator[Pipeline]:
    """Load everything and yield the road. With `record` the audit trail is opened, so no service may have it open."""
    import secrets

    from firewall.assembly import load_bundle, load_models, open_runtime
    from firewall.pipeline import Pipeline, Unrecorded

    if record:
        async with open_runtime(settings) as runtime:
            yield runtime.pipeline
        return
    models = load_models(settings)
    try:
        key = secrets.token_bytes(32)  # of fingerprints that nobody keeps
        yield Pipeline(load_bundle(settings.rules_dir, models), Unrecorded(), key, deadline_s=settings.deadline_s)
    finally:
        models.close()


def _print_json(inspection: Inspection, *, explain: bool, show_text: bool) -> None:
    from firewall.api.answer import write

    answer = write(inspection, inspection.bundle.rules if explain else None)
    if not show_text:
        plain = json.loads(answer)
        del plain["content"]
        answer = json.dumps(plain)
    typer.echo(answer)
