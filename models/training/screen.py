"""A small first stage: dilated convolutions over the frozen word vectors, taught by a large model what is harmless.

It answers one margin a window at a twentieth of the large model's cost. Whoever serves it clears a window whose margin
lies below a limit and asks the large model about the others.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from onnxruntime.quantization import QuantType, quantize_dynamic
from torch import Tensor, nn
from torch.nn import functional

WIDTH = 160
DILATIONS = (1, 2, 4, 8)
OPSET = 17


class Screen(nn.Module):
    """Word vectors, projected; residual blocks that look at a token and its neighbours at a distance; one margin.

    Convolutions are written as matrix products over shifted copies, which ONNX Runtime runs faster on a CPU than
    its one-dimensional convolution. Between the blocks each token is told the mean of all.
    """

    def __init__(self, words: Tensor, width: int = WIDTH) -> None:
        """Take the frozen word vectors `[vocabulary, size]`."""
        super().__init__()
        self.register_buffer("words", words.clone())
        self.project = nn.Linear(words.shape[1], width, bias=False)
        self.blocks = nn.ModuleList(nn.Linear(3 * width, width) for _ in DILATIONS)
        self.norms = nn.ModuleList(nn.LayerNorm(width) for _ in DILATIONS)
        self.context = nn.ModuleList(nn.Linear(width, width, bias=False) for _ in DILATIONS)
        self.head = nn.Linear(2 * width, 1)

    def table(self) -> Tensor:
        """Return the projected word vectors `[vocabulary, width]`; serving needs no others."""
        words: Tensor = self.words
        return self.project(words)

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        """Return the margins `[batch]`: above zero an attack is likelier than not."""
        words: Tensor = self.words
        return self.margins(self.project(functional.embedding(input_ids, words)), attention_mask)

    def margins(self, states: Tensor, attention_mask: Tensor) -> Tensor:
        """Return the margins of projected tokens `[batch, sequence, width]`."""
        mask = attention_mask.unsqueeze(-1).to(states.dtype)
        count = mask.sum(1, keepdim=True)
        states = states * mask
        for block, norm, context, reach in zip(self.blocks, self.norms, self.context, DILATIONS, strict=True):
            wide = functional.pad(states, (0, 0, reach, reach))
            length = states.shape[1]
            near = torch.cat([wide[:, :length], states, wide[:, 2 * reach : 2 * reach + length]], dim=-1)
            mean = states.sum(1, keepdim=True) / count
            states = norm(states + functional.relu(block(near) + context(mean))) * mask
        peak = (states - (1 - mask) * 100.0).amax(1)
        mean = states.sum(1) / count.squeeze(1)
        margin: Tensor = self.head(torch.cat([mean, peak], dim=-1)).squeeze(-1)
        return margin


class _Served(nn.Module):
    """The screen with its projection folded into the table of word vectors."""

    def __init__(self, screen: Screen) -> None:
        super().__init__()
        self.vectors = nn.Embedding.from_pretrained(screen.table().detach())
        self.screen = screen

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        return self.screen.margins(self.vectors(input_ids), attention_mask)


def to_onnx(screen: Screen, target: Path) -> None:
    """Write the graph: inputs `input_ids`, `attention_mask` (int64, [batch, sequence]), output `margin` [batch].

    The table of word vectors is kept in 8 bits; the rest is small and stays float32.
    """
    floating = target.with_suffix(".fp32.onnx")
    ids = torch.randint(1000, 20000, (2, 24))
    mask = torch.ones_like(ids)
    mask[1, 13:] = 0
    both = {0: "batch", 1: "sequence"}
    with torch.no_grad():
        torch.onnx.export(
            _Served(screen.eval()),
            (ids, mask),
            str(floating),
            input_names=["input_ids", "attention_mask"],
            output_names=["margin"],
            dynamic_axes={"input_ids": both, "attention_mask": both, "margin": {0: "batch"}},
            opset_version=OPSET,
            dynamo=False,
        )
    quantize_dynamic(floating, target, op_types_to_quantize=["Gather"], weight_type=QuantType.QInt8)
    onnx.checker.check_model(str(target))
    floating.unlink()


def fit(
    screen: Screen,
    ids: list[NDArray[np.int32]],
    soft: NDArray[np.float32],
    *,
    epochs: int = 6,
    batch: int = 64,
    rate: float = 2e-3,
    seed: int = 17,
    threads: int = 2,
    positive_weight: float = 3.0,
) -> Screen:
    """Teach the screen the large model's probabilities `soft` of the windows `ids`; returns it.

    Attacks weigh `positive_weight` times: a cleared attack is lost, a window not cleared costs only time.
    """
    from models.training.loop import schedule  # the screen needs torch only, its teacher's loop needs more

    torch.set_num_threads(threads)
    torch.manual_seed(seed)
    target = torch.from_numpy(soft)
    plan = [part for epoch in range(epochs) for part in schedule([len(one) for one in ids], batch, seed + epoch)]
    trained = [parameter for parameter in screen.parameters() if parameter.requires_grad]
    optimizer = torch.optim.AdamW(trained, lr=rate, weight_decay=0.01, fused=True)
    ramp = torch.optim.lr_scheduler.OneCycleLR(optimizer, rate, total_steps=len(plan), pct_start=0.1)
    screen.train()
    recent: list[float] = []
    for step, part in enumerate(plan, 1):
        longest = max(len(ids[index]) for index in part)
        tokens = torch.zeros(len(part), longest, dtype=torch.long)
        for row, index in enumerate(part):
            tokens[row, : len(ids[index])] = torch.from_numpy(ids[index].astype(np.int64))
        goal = target[part]
        with torch.autocast("cpu", torch.bfloat16):
            margin = screen(tokens, (tokens > 0).long())
        each = functional.binary_cross_entropy_with_logits(margin.float(), goal, reduction="none")
        loss = (each * (1 + (positive_weight - 1) * goal)).mean()
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(trained, 1.0)
        optimizer.step()
        ramp.step()
        recent.append(loss.item())
        if step % 500 == 0 or step == len(plan):
            print(f"screen: step {step}/{len(plan)}  loss {np.mean(recent):.4f}", flush=True)
            recent.clear()
    return screen.eval()
