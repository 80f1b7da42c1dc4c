"""A training loop that can be stopped at any moment and goes on where it was."""

from __future__ import annotations

import math
import os
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from torch import Tensor, nn

IGNORED = -100


@dataclass(frozen=True, slots=True)
class Window:
    """One training example: token ids with their special tokens, and what the model should say.

    `target` is a class number for a sequence classifier, or one class number a token (`IGNORED` where none counts)
    for a token classifier. `weight` scales the loss. `types` are token types; zeros where None. `marks` are what a
    second head should say of each token: 1, 0 or `IGNORED`; None where the model has no such head.
    """

    ids: NDArray[np.int32] = field(repr=False)
    target: int | NDArray[np.int32]
    weight: float = 1.0
    types: NDArray[np.int32] | None = field(default=None, repr=False)
    marks: NDArray[np.int32] | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Plan:
    """How to train. `minutes` is the time between checkpoints, `log_every` the number of steps between log lines."""

    epochs: int = 1
    batch: int = 32
    rate: float = 1e-4
    head_rate: float = 5e-4
    warmup: float = 0.06
    decay: float = 0.01
    seed: int = 17
    threads: int = 2
    minutes: float = 3.0
    log_every: int = 100
    class_weights: tuple[float, ...] | None = None
    label_smoothing: float = 0.0


@dataclass(frozen=True, slots=True)
class Batch:
    """Padded tensors of one step; `marks` is `IGNORED` where there are none."""

    ids: Tensor
    mask: Tensor
    types: Tensor
    targets: Tensor
    weights: Tensor
    marks: Tensor


Output = Tensor | tuple[Tensor, ...]
Loss = Callable[[Output, Batch], Tensor]
_WITH_HUNCH = 3  # outputs of a model that also guesses early


def schedule(lengths: Sequence[int], batch: int, seed: int) -> list[list[int]]:
    """Return the batches of one epoch: shuffled, but each of windows of about the same length. Deterministic."""
    rng = random.Random(seed)
    order = list(range(len(lengths)))
    rng.shuffle(order)
    pool = batch * 64
    batches = []
    for first in range(0, len(order), pool):
        near = sorted(order[first : first + pool], key=lambda index: lengths[index])
        batches += [near[at : at + batch] for at in range(0, len(near), batch)]
    rng.shuffle(batches)
    return batches


def collate(windows: Sequence[Window]) -> Batch:
    """Pad windows to the longest of them."""
    longest = max(len(window.ids) for window in windows)
    ids = torch.zeros(len(windows), longest, dtype=torch.long)
    mask = torch.zeros_like(ids)
    types = torch.zeros_like(ids)
    per_token = not isinstance(windows[0].target, int)
    targets = torch.full((len(windows), longest), IGNORED) if per_token else torch.zeros(len(windows), dtype=torch.long)
    marks = torch.full((len(windows), longest), IGNORED)
    for row, window in enumerate(windows):
        count = len(window.ids)
        ids[row, :count] = torch.from_numpy(window.ids.astype(np.int64))
        mask[row, :count] = 1
        if window.types is not None:
            types[row, :count] = torch.from_numpy(window.types.astype(np.int64))
        if window.marks is not None:
            marks[row, :count] = torch.from_numpy(window.marks.astype(np.int64))
        if isinstance(window.target, int):
            targets[row] = window.target
        else:
            targets[row, :count] = torch.from_numpy(window.target.astype(np.int64))
    return Batch(ids, mask, types, targets, torch.tensor([window.weight for window in windows]), marks)


def cross_entropy(plan: Plan) -> Loss:
    """Return the weighted cross-entropy over windows or tokens, whichever the logits are for."""
    class_weights = None if plan.class_weights is None else torch.tensor(plan.class_weights)

    def loss(output: Output, batch: Batch) -> Tensor:
        logits, targets = output if isinstance(output, Tensor) else output[0], batch.targets
        each = nn.functional.cross_entropy(
            logits.reshape(-1, logits.shape[-1]).float(),
            targets.reshape(-1),
            weight=class_weights,
            reduction="none",
            ignore_index=IGNORED,
            label_smoothing=plan.label_smoothing,
        ).reshape(targets.shape)
        if targets.dim() == 1:
            return (each * batch.weights).sum() / batch.weights.sum()
        counted = (targets != IGNORED).float() * batch.weights[:, None]
        return (each * counted).sum() / counted.sum().clamp(min=1.0)

    return loss


def with_marks(plan: Plan, share: float = 0.5, early: float = 0.3) -> Loss:
    """Return the loss of a model with three heads: windows as in `cross_entropy`, tokens, and the early guess.

    `share` and `early` are the weights of the latter two. The tokens of a window count together as one, so that long
    windows do not outvote short ones. A model without an early guess has no loss for it.
    """
    over_windows = cross_entropy(plan)

    def loss(output: Output, batch: Batch) -> Tensor:
        known = (batch.marks != IGNORED).float()
        each = nn.functional.binary_cross_entropy_with_logits(
            output[1].float(), batch.marks.clamp(min=0).float(), reduction="none"
        )
        rows = (each * known).sum(1) / known.sum(1).clamp(min=1.0)
        weights = batch.weights * (known.sum(1) > 0)
        over_tokens = (rows * weights).sum() / weights.sum().clamp(min=1e-6)
        value = over_windows(output, batch) + share * over_tokens
        if len(output) < _WITH_HUNCH:
            return value
        guesses = nn.functional.binary_cross_entropy_with_logits(
            output[2].float(), batch.targets.float(), reduction="none"
        )
        return value + early * (guesses * batch.weights).sum() / batch.weights.sum()

    return loss


def train(
    model: nn.Module,
    windows: Sequence[Window],
    plan: Plan,
    run: Path,
    *,
    loss: Loss | None = None,
    resume: bool = True,
    steps: int | None = None,
) -> nn.Module:
    """Train `model` in place on `windows` and return it.

    Checkpoints (model, optimizer, step, random state) go to `run`/checkpoint.pt every `plan.minutes` and at the end;
    with `resume` a checkpoint of the same number of windows and the same plan is continued, a finished one is only
    loaded. `run`/log.txt gets a line with step, loss and windows a second every `plan.log_every` steps. `steps`
    ends the run early: no more batches are taken than that, and the rate falls to nothing by then.

    Raises:
        ValueError: if the checkpoint belongs to another plan or data set; start with a new folder or `resume=False`.
    """
    torch.set_num_threads(plan.threads)
    torch.set_flush_denormal(True)
    torch.manual_seed(plan.seed)
    run.mkdir(parents=True, exist_ok=True)
    lengths = [len(window.ids) for window in windows]
    batches = [part for epoch in range(plan.epochs) for part in schedule(lengths, plan.batch, plan.seed + epoch)]
    batches = batches[:steps]
    optimizer = torch.optim.AdamW(_groups(model, plan), fused=True)
    scheduler = torch.optim.lr_scheduler.LambdaLR(optimizer, _shape(len(batches), plan.warmup))
    # What may differ between the two halves of a run: how it is executed and reported, not what it computes.
    fixed = replace(plan, threads=0, minutes=0.0, log_every=0)
    mark = f"{fixed}|{len(windows)}|{sum(lengths)}" + ("" if steps is None else f"|{steps}")
    checkpoint = run / "checkpoint.pt"
    first = 0
    if resume and checkpoint.exists():
        first = _restore(checkpoint, mark, model, optimizer, scheduler)
    compute = loss or cross_entropy(plan)
    model.train()
    saved = logged = time.monotonic()
    recent: list[float] = []
    seen = 0
    with _progress() as progress, (run / "log.txt").open("a", encoding="utf-8") as log:
        task = progress.add_task("training", total=len(batches), completed=first, note="")
        for step in range(first, len(batches)):
            batch = collate([windows[index] for index in batches[step]])
            with torch.autocast("cpu", torch.bfloat16):
                output = model(batch.ids, batch.mask, batch.types)
            value = compute(output, batch)
            optimizer.zero_grad(set_to_none=True)
            value.backward()
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            scheduler.step()
            recent.append(value.item())
            seen += len(batch.ids)
            done = step + 1
            now = time.monotonic()
            if done % plan.log_every == 0 or done == len(batches):
                note = f"loss {np.mean(recent):.4f}  {seen / (now - logged):.1f} windows/s"
                print(f"step {done}/{len(batches)}  {note}", file=log, flush=True)
                progress.update(task, note=note)
                recent.clear()
                seen, logged = 0, now
            progress.update(task, completed=done)
            if now - saved > plan.minutes * 60 or done == len(batches):
                _save(checkpoint, mark, done, model, optimizer, scheduler)
                saved = now
    model.eval()
    return model


def _groups(model: nn.Module, plan: Plan) -> list[dict[str, object]]:
    """Split the parameters: the fresh head learns faster; biases and norms do not decay."""
    groups: dict[tuple[bool, bool], list[nn.Parameter]] = {}
    for name, parameter in model.named_parameters():
        if parameter.requires_grad:
            groups.setdefault((name.startswith(("head.", "marks.", "hunch.")), parameter.dim() > 1), []).append(
                parameter
            )
    return [
        {
            "params": parameters,
            "lr": plan.head_rate if head else plan.rate,
            "weight_decay": plan.decay if matrix else 0.0,
        }
        for (head, matrix), parameters in groups.items()
    ]


def _shape(steps: int, warmup: float) -> Callable[[int], float]:
    """Return the learning-rate factor by step: up over the warm-up, then down to nothing in a straight line."""
    rise = max(1, math.ceil(steps * warmup))
    return lambda step: min((step + 1) / rise, max(0.0, (steps - step) / max(1, steps - rise)))


def _progress() -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
        TextColumn("{task.fields[note]}"),
        refresh_per_second=1,
    )


def _save(
    path: Path,
    mark: str,
    step: int,
    model: nn.Module,
    optimizer: torch.optim.Optimizer,
    scheduler: torch.optim.lr_scheduler.LRScheduler,
) -> None:
    """Write a checkpoint beside the old one, then swap, so that a kill leaves one whole."""
    partial = path.with_suffix(".part")
    torch.save(
        {
            "mark": mark,
            "step": step,
            "model": model.state_dict(),
            "optimizer": optimizer.state_dict(),
            "scheduler": scheduler.state_dict(),
            "random": torch.get_rng_state(),
        },
        partial,
    )
    os.replace(partial, path)


def _restore(
    path: Path,
    mark: str,
    model: nn.Module,
    optimizer: torch.optim.Optimizer,
    scheduler: torch.optim.lr_scheduler.LRScheduler,
) -> int:
    """Load a checkpoint and return the step it stands at."""
    state = torch.load(path, weights_only=True)
    if state["mark"] != mark:
        raise ValueError(f"{path} belongs to another plan or data set; remove it or start with --no-resume")
    model.load_state_dict(state["model"])
    optimizer.load_state_dict(state["optimizer"])
    scheduler.load_state_dict(state["scheduler"])
    torch.set_rng_state(state["random"])
    step: int = state["step"]
    return step
