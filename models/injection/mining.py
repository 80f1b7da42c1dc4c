"""Finds the windows that a model finds hardest, to train on them next, and its opinion of all, to teach a smaller one."""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from rich.progress import track
from torch import nn

from models.training.loop import Window

Floats = NDArray[np.float32]


def margins(model: nn.Module, windows: Sequence[Window], *, threads: int = 2, batch: int = 32) -> Floats:
    """Return the margin (log-odds of an attack) of each window, in order."""
    torch.set_num_threads(threads)
    found = np.zeros(len(windows), dtype=np.float32)
    order = sorted(range(len(windows)), key=lambda index: len(windows[index].ids))
    model.eval()
    with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16):
        for first in track(range(0, len(order), batch), description="scoring"):
            part = order[first : first + batch]
            ids = torch.zeros(len(part), len(windows[part[-1]].ids), dtype=torch.long)
            for row, index in enumerate(part):
                ids[row, : len(windows[index].ids)] = torch.from_numpy(windows[index].ids.astype(np.int64))
            logits = model(ids, (ids > 0).long(), ids * 0)[0].float()
            found[part] = (logits[:, 1] - logits[:, 0]).numpy()
    return found


def remembered(path: Path, model: nn.Module, windows: Sequence[Window], *, threads: int) -> Floats:
    """Return the margins, from `path` where an earlier run of the same recipe has left them there."""
    if path.exists():
        found: Floats = np.load(path)
        if len(found) == len(windows):
            return found
    found = margins(model, windows, threads=threads)
    np.save(path, found)
    return found


def hardest(
    windows: Sequence[Window], found: Floats, *, count: int, share: float, noise: float, seed: int
) -> list[Window]:
    """Return `count` windows: `share` of them those that the model finds hardest, the others drawn at random.

    Attacks and clean windows are ranked apart. The very hardest, `noise` of each class, are left out of the hard
    ones: among collected data they are mostly wrong labels.
    """
    rng = random.Random(seed)
    chosen: set[int] = set()
    labels = np.array([window.target for window in windows])
    for label, part in ((1, 0.4), (0, 0.6)):
        members = np.flatnonzero(labels == label)
        wrong = found[members] if label == 0 else -found[members]
        ranked = members[np.argsort(-wrong)]
        first = int(noise * len(ranked))
        chosen.update(int(index) for index in ranked[first : first + int(count * share * part)])
    rest = [index for index in range(len(windows)) if index not in chosen]
    chosen.update(rng.sample(rest, k=max(0, min(len(rest), count - len(chosen)))))
    return [windows[index] for index in sorted(chosen)]
