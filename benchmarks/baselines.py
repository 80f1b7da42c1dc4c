"""What the service is compared with, in the same run on the same texts.

- the bare ONNX session: our injection model, the text's windows in one batch, nothing around it;
- a classifier of DeBERTa-v3-base's shape with random weights in float32 (12 layers, 768 wide, disentangled attention,
  up to 512 tokens): what LLM Guard runs by default;
- stock presidio-analyzer with its default recognizers over a blank spaCy pipeline: no NER model, so a lower bound.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from firewall.inference.model import Model, Window

LAYERS, WIDE, HEADS, INNER, SPAN, VOCABULARY = 12, 768, 12, 3072, 512, 8_000
MOST_TOKENS = 512


def median_ms(work: Callable[[], object], seconds: float = 3.0, least: int = 5) -> float:
    """Run a piece of work for about `seconds` and return the median time of a run in milliseconds."""
    work()
    times: list[float] = []
    end = time.perf_counter() + seconds
    while len(times) < least or time.perf_counter() < end:
        began = time.perf_counter()
        work()
        times.append((time.perf_counter() - began) * 1e3)
    return statistics.median(times)


def bare_session(model: Model, text: str, batch_windows: int = 16) -> Callable[[], object]:
    """Return the work of scoring a text's windows with nothing around the session; tokens are prepared before."""
    windows: list[Window] = list(model.encode([text])[0].windows)

    def work() -> object:
        return [model.read(windows[at : at + batch_windows]) for at in range(0, len(windows), batch_windows)]

    return work


def stock_presidio(text: str) -> Callable[[], object]:
    """Return the work of presidio's AnalyzerEngine with its default recognizers over a blank pipeline."""
    import spacy
    import tldextract
    from presidio_analyzer import AnalyzerEngine
    from presidio_analyzer.nlp_engine import SpacyNlpEngine

    tldextract.tldextract.TLD_EXTRACTOR = tldextract.TLDExtract(suffix_list_urls=(), cache_dir=None)

    class Blank(SpacyNlpEngine):
        """An engine that loads nothing."""

        def __init__(self) -> None:
            super().__init__()
            self.nlp = {"en": spacy.blank("en")}
            self.nlp["en"].max_length = 10_000_000

        def load(self) -> None:
            """Do nothing: the pipeline is there."""

    engine = AnalyzerEngine(nlp_engine=Blank(), supported_languages=["en"])
    return lambda: engine.analyze(text=text, language="en")


def deberta_shape(folder: Path, threads: int) -> Callable[[int], Callable[[], object]]:
    """Build the classifier once; the result maps a number of tokens to the work of classifying so many (at most 512)."""
    path = folder / "deberta_v3_base_shape.onnx"
    onnx.save(_deberta(), path)
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads or 0
    session = ort.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])

    def of(tokens: int) -> Callable[[], object]:
        count = max(4, min(tokens, MOST_TOKENS))
        ids = np.random.default_rng(0).integers(5, VOCABULARY, (1, count), dtype=np.int64)
        distance = np.arange(count)[:, None] - np.arange(count)[None, :]
        near = (np.clip(distance, -SPAN // 2, SPAN // 2 - 1) + SPAN // 2).astype(np.int64)
        relative = np.broadcast_to(near, (HEADS, count, count)).copy()
        return lambda: session.run(["logits"], {"input_ids": ids, "relative": relative})

    return of


def _deberta() -> onnx.ModelProto:
    """Return the graph: content-to-content, content-to-position and position-to-content attention in each layer."""
    dice = np.random.default_rng(0)
    weights: list[onnx.TensorProto] = []
    nodes: list[onnx.NodeProto] = []

    def weight(name: str, *shape: int) -> str:
        value: NDArray[np.float32] = (dice.standard_normal(shape) * 0.02).astype(np.float32)
        weights.append(numpy_helper.from_array(value, name))
        return name

    def constant(name: str, value: NDArray[np.float32] | NDArray[np.int64]) -> str:
        weights.append(numpy_helper.from_array(value, name))
        return name

    def node(kind: str, inputs: list[str], output: str, **attributes: object) -> str:
        nodes.append(helper.make_node(kind, inputs, [output], **attributes))
        return output

    def dense(name: str, value: str, into: int, out: int) -> str:
        product = node("MatMul", [value, weight(f"{name}.w", into, out)], f"{name}.m")
        return node("Add", [product, weight(f"{name}.b", out)], f"{name}.o")

    def norm(name: str, value: str) -> str:
        ones = constant(f"{name}.g", np.ones(WIDE, np.float32))
        return node("LayerNormalization", [value, ones, weight(f"{name}.b", WIDE)], f"{name}.o", axis=-1)

    def heads(name: str, value: str) -> str:
        shaped = node("Reshape", [value, split], f"{name}.r")
        return node("Transpose", [shaped], f"{name}.t", perm=[1, 0, 2])

    split = constant("split", np.array([-1, HEADS, WIDE // HEADS], np.int64))
    whole = constant("whole", np.array([1, -1, WIDE], np.int64))
    scale = constant("scale", np.array(1 / np.sqrt(3 * WIDE // HEADS), np.float32))
    half, root, one = (
        constant(n, np.array(v, np.float32)) for n, v in (("half", 0.5), ("root", 2**-0.5), ("one", 1.0))
    )
    state = norm("embed", node("Gather", [weight("words", VOCABULARY, WIDE), "input_ids"], "embedded"))
    positions = weight("positions", SPAN, WIDE)
    for index in range(LAYERS):
        at = f"l{index}"
        query, key, value = (heads(f"{at}.{n}h", dense(f"{at}.{n}", state, WIDE, WIDE)) for n in "qkv")
        pos_key = heads(f"{at}.pkh", dense(f"{at}.pk", positions, WIDE, WIDE))
        pos_query = heads(f"{at}.pqh", dense(f"{at}.pq", positions, WIDE, WIDE))

        def against(name: str, left: str, right: str) -> str:
            turned = node("Transpose", [right], f"{name}.t", perm=[0, 2, 1])
            return node("MatMul", [left, turned], f"{name}.s")

        content = against(f"{at}.c2c", query, key)
        to_place = node("GatherElements", [against(f"{at}.c2p", query, pos_key), "relative"], f"{at}.c2p", axis=2)
        from_place = node("GatherElements", [against(f"{at}.p2c", key, pos_query), "relative"], f"{at}.p2cg", axis=2)
        from_place = node("Transpose", [from_place], f"{at}.p2c", perm=[0, 2, 1])
        scores = node("Sum", [content, to_place, from_place], f"{at}.sum")
        weighed = node("Softmax", [node("Mul", [scores, scale], f"{at}.scaled")], f"{at}.soft", axis=-1)
        mixed = node("Transpose", [node("MatMul", [weighed, value], f"{at}.mix")], f"{at}.mixt", perm=[1, 0, 2])
        out = dense(f"{at}.out", node("Reshape", [mixed, whole], f"{at}.flat"), WIDE, WIDE)
        state = norm(f"{at}.n1", node("Add", [out, state], f"{at}.res1"))
        inner = dense(f"{at}.up", state, WIDE, INNER)
        bell = node("Add", [node("Erf", [node("Mul", [inner, root], f"{at}.e0")], f"{at}.e1"), one], f"{at}.e2")
        gelu = node("Mul", [node("Mul", [inner, bell], f"{at}.g0"), half], f"{at}.g1")
        state = norm(f"{at}.n2", node("Add", [dense(f"{at}.down", gelu, INNER, WIDE), state], f"{at}.res2"))
    first = node("Gather", [state, constant("zero", np.array(0, np.int64))], "first", axis=1)
    product = node("MatMul", [first, weight("classify", WIDE, 2)], "logits")
    graph = helper.make_graph(
        nodes,
        "deberta_v3_base_shape",
        [
            helper.make_tensor_value_info("input_ids", TensorProto.INT64, [1, "n"]),
            helper.make_tensor_value_info("relative", TensorProto.INT64, [HEADS, "n", "n"]),
        ],
        [helper.make_tensor_value_info(product, TensorProto.FLOAT, [1, 2])],
        weights,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(model)
    return model
