"""The way back, on a road of its own beside `pipeline.py`: tokens in a content become what they stand for, or nothing does.

    document -> tokens -> policy -> originals -> document' -> audit record

A token opens only under the tenant, session and purpose under which it was made, and only where the policy allows that
purpose to this caller. One token that does not open refuses all. Whatever the outcome, it is recorded: with counts, and
never with text.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from firewall.audit.record import RESTORE, AuditEntry
from firewall.audit.record import ToolRef as AuditTool
from firewall.errors import FirewallError, NoLongerKeptError, RestoreRefusedError
from firewall.payload.document import Document
from firewall.payload.reading import Reading, read
from firewall.pipeline import Pipeline
from firewall.policy.policy import Policy
from firewall.redact.document import edit
from firewall.redact.keys import Keys
from firewall.redact.operators import RESTORE as RESTORING
from firewall.redact.tokens import Original, Token, tokens_in
from firewall.redact.vault import Vault
from firewall.vocabulary import Action, Call, Direction, Identity, Operator, Redaction, Segment, Span, ToolRef

_SCOPE = "restore-token: a token was not made for this tenant, session and purpose, or was changed"
_FORGOTTEN = "the vault no longer keeps what a token stands for"
_NO_TOOL = ToolRef("", "")
_ROUNDS = 3  # an original may hold tokens itself, where it was redacted again


@dataclass(frozen=True, slots=True)
class RestoreInquiry:
    """One request: a content with tokens, who asks for the originals, and which tool it came from where that is told."""

    identity: Identity
    document: Document
    tool: ToolRef = _NO_TOOL
    policy: str | None = None


@dataclass(frozen=True, slots=True)
class Restoration:
    """What came of an inquiry: the content as JSON text, how many tokens were restored in it, and under what."""

    content: str = field(repr=False)
    restored: int
    policy: Policy
    bundle: str
    audit_id: str
    timings_ms: dict[str, float]


@dataclass(slots=True)
class _Count:
    """How many tokens were asked for and given back."""

    tokens: int = 0
    restored: int = 0


async def restore(pipeline: Pipeline, inquiry: RestoreInquiry) -> Restoration:
    """Give the originals back.

    Raises RestoreRefusedError where they may not be had, NoLongerKeptError where the vault has forgotten one,
    VaultUnavailableError, InvalidRequestError for a policy that does not exist; each is recorded. Raises
    AuditUnavailableError where that is not possible, and gives nothing back.
    """
    began = time.perf_counter()
    who, bundle, count = inquiry.identity, pipeline.bundle, _Count()
    entry = AuditEntry(
        kind=RESTORE,
        tenant=who.tenant,
        user=who.user,
        model=who.model,
        session=who.session,
        request_id=who.request_id,
        purpose=who.purpose,
        roles=who.roles,
        tool=AuditTool(inquiry.tool.server, inquiry.tool.name),
        action=Action.ALLOW,
        bundle=bundle.digest,
        rules=bundle.rules_digest,
    )
    try:
        policy = bundle.policies.select(Call(Direction.OUTBOUND, inquiry.tool, who), inquiry.policy)
        entry = replace(entry, policy_id=policy.id, policy_version=policy.version)
        reading = read(inquiry.document, Direction.OUTBOUND)
        refusal = policy.refuses_restore(who)
        if refusal is not None:
            count.tokens = sum(1 for segment in reading.segments for _ in tokens_in(segment.text))
            raise _refused(refusal)
        content = await _content(reading, pipeline.keyring.keys(who), pipeline.keyring.vault, count)
    except FirewallError as error:
        reasons = (error.reason,) if isinstance(error, _RefusedError) else ()
        counts = {"tokens": count.tokens, "restored": 0}
        await pipeline.audit.append(replace(entry, action=None, outcome=error.code, reasons=reasons, counts=counts))
        raise
    spent = {"restore": (time.perf_counter() - began) * 1e3}
    counts = {"tokens": count.tokens, "restored": count.restored}
    await pipeline.audit.append(replace(entry, counts=counts, timings_ms=spent))
    spent["total"] = (time.perf_counter() - began) * 1e3
    return Restoration(content, count.restored, policy, bundle.digest, entry.audit_id, spent)


class _RefusedError(RestoreRefusedError):
    """A refusal, with its reason as the record has it."""

    reason: str = ""


def _refused(reason: str) -> _RefusedError:
    error = _RefusedError(reason.partition(": ")[2])
    error.reason = reason
    return error


async def _content(reading: Reading, keys: Keys, vault: Vault, count: _Count) -> str:
    """Return the payload with every token replaced by what it stands for."""
    segments: Sequence[Segment] = reading.segments
    texts: dict[int, str] = {}
    for turn in range(_ROUNDS):
        found = {index: list(tokens_in(segment.text)) for index, segment in enumerate(segments)}
        every = [(segments[index], token) for index, tokens in found.items() for token in tokens]
        if not turn:
            count.tokens = len(every)
        originals = await _originals(every, keys, vault, strict=not turn)
        if not originals:
            break
        keys.originals = originals
        wanted = [
            Redaction(segment.pointer, Span(token.start, token.end), "", Operator(RESTORING), segment.is_key)
            for segment, token in every
            if segment.text[token.start : token.end] in originals
        ]
        count.restored += len(wanted)
        made = edit(segments, wanted, keys, reading.names_of).texts
        texts.update(made)
        segments = [replace(one, text=made.get(index, one.text)) for index, one in enumerate(segments)]
    return reading.edited(texts)


async def _originals(
    every: Iterable[tuple[Segment, Token]], keys: Keys, vault: Vault, *, strict: bool
) -> dict[str, Original]:
    """Return what tokens stand for, by the token; where that is not `strict`, without those that do not open."""
    opened: dict[str, Original] = {}
    names: dict[bytes, str] = {}
    for segment, token in every:
        text = segment.text[token.start : token.end]
        if text in opened:
            continue
        name, original = keys.scope.name_of(token), keys.scope.opened(token)
        if original is not None:
            opened[text] = original
        elif name is not None:
            names[name] = text
        elif strict:
            raise _refused(_SCOPE)
    kept = await vault.get(list(names)) if names else []
    for (name, text), sealed in zip(names.items(), kept, strict=True):
        original = None if sealed is None else keys.scope.unsealed(name, sealed)
        if original is not None:
            opened[text] = original
        elif strict:
            raise NoLongerKeptError(_FORGOTTEN)
    return opened
