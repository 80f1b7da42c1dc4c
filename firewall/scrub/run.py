"""Many files: one after the other in this process, or several at once in processes that each load the models."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from multiprocessing.process import BaseProcess
from multiprocessing.queues import Queue
from pathlib import Path
from queue import Empty

from firewall.assembly import limits, load_bundle, load_models
from firewall.errors import ConfigurationError, FirewallError
from firewall.redact.operators import KEYED
from firewall.scrub.journal import Journal
from firewall.scrub.plan import Job, Plan
from firewall.scrub.report import FileReport, ScrubReport
from firewall.scrub.scrubber import Scrubber
from firewall.sealed import derive
from firewall.settings import Settings

_POLL_S = 0.5

Told = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Orders:
    """How to clean: the settings, the policy's id, the audit key's bytes, and whether tables have a header."""

    settings: Settings
    policy: str
    key: bytes = field(repr=False)
    header: bool
    rules_only: bool = False


@asynccontextmanager
async def open_scrubber(orders: Orders) -> AsyncIterator[Scrubber]:
    """Load rules and models and yield what cleans. Raises ConfigurationError as the service's start does."""
    settings = orders.settings
    models = None if orders.rules_only else await asyncio.to_thread(load_models, settings)
    try:
        bundle = await asyncio.to_thread(load_bundle, settings.rules_dir, models)
        yield Scrubber(
            bundle,
            orders.key,
            policy=orders.policy,
            limits=limits(settings),
            deadline_s=settings.deadline_s,
            header=orders.header,
        )
    finally:
        if models is not None:
            models.close()


async def scrub(
    plan: Plan, out: Path, orders: Orders, *, workers: int = 1, resume: bool = False, told: Told = lambda _: None
) -> ScrubReport:
    """Clean every file of a plan into `out` and report. `told` hears how many more bytes are done.

    Raises ConfigurationError before anything is written where the policy, the rules, a model or `out` is wrong.
    """
    async with open_scrubber(orders) as scrubber:
        began = time.monotonic()
        bundle = scrubber.bundle
        hashes = any(clause.operator.name in KEYED for clause in scrubber.policy.clauses)
        under = f"{orders.policy} {bundle.digest} {orders.header}"
        # Pseudonyms of two keys cannot be joined, so under a policy that makes them the key decides too.
        under += f" {derive(orders.key, 'scrub-journal').hex()}" if hashes else ""
        reports: dict[str, FileReport] = {}
        with Journal(out, under, resume=resume) as journal:
            left: list[Job] = []
            for job in plan.jobs:
                done = journal.done(job)
                if done is None:
                    left.append(job)
                else:
                    reports[job.name] = done
                    told(job.size)
            resumed = len(reports)
            if workers > 1 and len(left) > 1:
                for report in _in_processes(left, out, orders, min(workers, len(left)), told):
                    reports[report.name] = _noted(report, journal)
            else:
                for job in left:
                    reports[job.name] = _noted(await scrubber.clean(job, out / job.name, told), journal)
    files = [reports[job.name] for job in plan.jobs]
    files += [FileReport(name, "", problem=problem) for name, problem in plan.passed_over]
    return ScrubReport(orders.policy, bundle.digest, bundle.models, tuple(files), resumed, time.monotonic() - began)


def _noted(report: FileReport, journal: Journal) -> FileReport:
    if report.problem is None:
        journal.note(report)
    return report


def _in_processes(jobs: Sequence[Job], out: Path, orders: Orders, count: int, told: Told) -> Iterator[FileReport]:
    """Hand jobs to processes and yield reports as they come. Raises ConfigurationError when a process dies."""
    context = multiprocessing.get_context("spawn")
    threads = orders.settings.threads or max(1, (os.cpu_count() or 1) // count)
    shared = Orders(
        orders.settings.model_copy(update={"threads": threads}),
        orders.policy,
        orders.key,
        orders.header,
        orders.rules_only,
    )
    todo: Queue[Job | None] = context.Queue()
    heard: Queue[int | FileReport | str] = context.Queue()
    for job in (*sorted(jobs, key=lambda job: -job.size), *[None] * count):
        todo.put(job)
    processes = [context.Process(target=_work, args=(shared, out, todo, heard), daemon=True) for _ in range(count)]
    for process in processes:
        process.start()
    try:
        left = len(jobs)
        while left:
            try:
                said = heard.get(timeout=_POLL_S)
            except Empty:
                _check_alive(processes)
                continue
            if isinstance(said, int):
                told(said)
            elif isinstance(said, str):
                raise ConfigurationError(said)
            else:
                left -= 1
                yield said
    finally:
        for process in processes:
            process.join(timeout=_POLL_S)
            if process.is_alive():
                process.terminate()


def _check_alive(processes: Sequence[BaseProcess]) -> None:
    if any(process.exitcode not in (0, None) for process in processes):
        raise ConfigurationError("a worker process died; run again with --resume and fewer --workers")


def _work(orders: Orders, out: Path, todo: Queue[Job | None], heard: Queue[int | FileReport | str]) -> None:
    """Be one worker: clean jobs until there is none left."""
    try:
        asyncio.run(_clean_all(orders, out, todo, heard))
    except FirewallError as error:
        heard.put(error.detail)


async def _clean_all(orders: Orders, out: Path, todo: Queue[Job | None], heard: Queue[int | FileReport | str]) -> None:
    async with open_scrubber(orders) as scrubber:
        while (job := todo.get()) is not None:
            heard.put(await scrubber.clean(job, out / job.name, heard.put))
