"""Trains a thawed classifier on a user's texts mixed with our own written ones, so that it keeps what it knew."""

from __future__ import annotations

import json
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from tokenizers import Tokenizer

from firewall.check.labelled import Labelled
from models.injection.tuning.replay import mixture
from models.training import export, heads, loop, thaw
from models.training.loop import Plan, Window


@dataclass(frozen=True, slots=True)
class Course:
    """How to tune: passes over the texts, most minutes, share of replayed windows, seed, learning rate, threads."""

    epochs: int
    minutes: float
    replay: float
    seed: int
    rate: float
    threads: int

    @property
    def plan(self) -> Plan:
        """The plan of the loop."""
        return Plan(
            rate=self.rate, head_rate=2 * self.rate, warmup=0.1, seed=self.seed, threads=self.threads, log_every=10
        )


def steps_within(model: torch.nn.Module, windows: Sequence[Window], plan: Plan, loss: loop.Loss, minutes: float) -> int:
    """Return about how many batches the minutes allow, at most all; four are computed to tell, and nothing is learned."""
    torch.set_num_threads(plan.threads)
    batches = loop.schedule([len(window.ids) for window in windows], plan.batch, plan.seed)
    model.train()
    spent = []
    by_length = sorted(batches, key=lambda part: len(windows[part[0]].ids))
    for part in by_length[len(batches) // 2 :][:4]:
        began = time.monotonic()
        batch = loop.collate([windows[index] for index in part])
        with torch.autocast("cpu", torch.bfloat16):
            output = model(batch.ids, batch.mask, batch.types)
        loss(output, batch).backward()
        spent.append(time.monotonic() - began)
    model.zero_grad(set_to_none=True)
    each = statistics.median(spent[1:] or spent)  # the first batch also sets things up
    return max(1, min(len(batches), int(60 * minutes / each)))


def fit(
    base: Path,
    tokenizer: Tokenizer,
    rows: Sequence[Labelled],
    course: Course,
    run: Path,
    *,
    resume: bool,
    first: Path | None = None,
    attention_heads: int | None = None,
) -> tuple[heads.SpanClassifier, bool, dict[str, int]]:
    """Return the tuned model, whether its head over tokens is to be served, and the counts of windows and steps.

    `base` is the graph to start from, `first` that of its first layers where these are apart, `attention_heads` the
    number of its attention heads, where it is known. A run that was interrupted goes on; how many steps the minutes
    allow is found once a run and kept there.
    """
    torch.set_num_threads(course.threads)
    torch.manual_seed(course.seed)
    model = thaw.thaw(base, first, heads=attention_heads)
    marked = thaw.is_marked(base)
    windows = mixture(tokenizer, rows, epochs=course.epochs, share=course.replay, seed=course.seed)
    plan = course.plan
    loss = loop.with_marks(plan) if marked else loop.cross_entropy(plan)
    run.mkdir(parents=True, exist_ok=True)
    kept = run / "steps.json"
    if resume and kept.exists():
        steps = int(json.loads(kept.read_text(encoding="utf-8")))
    else:
        steps = steps_within(model, windows, plan, loss, course.minutes)
        kept.write_text(json.dumps(steps), encoding="utf-8")
    loop.train(model, windows, plan, run, loss=loss, resume=resume, steps=steps)
    return model, marked, {"windows": len(windows), "steps": steps, "batch": plan.batch}


def write_graph(
    model: heads.SpanClassifier, target: Path, run: Path, *, marked: bool, first: Path | None = None
) -> None:
    """Export the model to int8, in two parts where `first` says where the first layers go.

    Without marks only the head over windows is written, as the base model has it.
    """
    sizes = {"heads": model.encoder.config.num_attention_heads, "hidden": model.encoder.config.hidden_size}
    if first is not None:
        parts = run / "first.fp32.onnx", run / "rest.fp32.onnx"
        export.to_onnx_parts(model, *parts)
        for floating, place in zip(parts, (first, target), strict=True):
            export.to_int8(floating, place, **sizes)
            floating.unlink()
        return
    served: torch.nn.Module = heads.Whole(model)
    if not marked:
        served = heads.SequenceClassifier(model.encoder, model.head.out_features)
        served.head = model.head
    floating = run / "model.fp32.onnx"
    export.to_onnx(served, floating)
    export.to_int8(floating, target, **sizes)
    floating.unlink()
