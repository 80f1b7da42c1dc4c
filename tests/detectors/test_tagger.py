"""Labels of any token model as entity types."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firewall.detectors.tagger import Tagger
from firewall.errors import ConfigurationError
from firewall.inference.model import Model
from tests import tiny_models


@pytest.fixture(scope="module")
def tagger(tmp_path_factory: pytest.TempPathFactory) -> Tagger:
    """Return a tagger over our own kind of model."""
    return Tagger(Model.load(tiny_models.write_entities(tmp_path_factory.mktemp("models") / "tagger")))


def foreign(folder: Path, labels: tuple[str, ...]) -> Model:
    """Return an unsigned model with other labels."""
    graph = tiny_models.token_graph(labels, shapes=False)
    return Model.load(tiny_models.write_hugging_face(folder, graph, "Token", labels), allow_unsigned=True)


def test_entities_stand_where_they_stand(tagger: Tagger) -> None:
    """Names side by side are one entity, in the text's code points, and a score is a probability."""
    found = tagger.look("é Alice Smith, in Boston")
    assert [(one.start, one.end, one.entity_type) for one in found] == [(2, 13, "PERSON"), (18, 24, "LOCATION")]
    assert all(0.9 < one.score <= 1 for one in found)
    assert tagger.look("") == []


def test_prefixes_are_added_up(tmp_path: Path) -> None:
    """B- and I- labels of one type are one type, under Presidio's name for it."""
    tagger = Tagger(foreign(tmp_path / "m", ("O", "B-PER", "I-PER", "B-LOC", "I-LOC")))
    assert tagger.entity_types == ("PERSON", "LOCATION")
    found = tagger.look("alice smith in boston")
    assert [(one.start, one.end, one.entity_type) for one in found] == [(0, 11, "PERSON"), (15, 21, "LOCATION")]


def test_names_can_be_told(tmp_path: Path) -> None:
    """The caller's names come before the known ones; unknown labels are kept in capitals."""
    model = foreign(tmp_path / "m", ("O", "B-PER", "B-LOC", "assay-kit"))
    assert Tagger(model, names={"LOC": "SITE"}).entity_types == ("PERSON", "SITE", "ASSAY-KIT")


def test_models_that_cannot_tag_are_refused(tmp_path: Path) -> None:
    """A sequence model, and a token model without a label for nothing, are configuration errors."""
    with pytest.raises(ConfigurationError, match="token"):
        Tagger(Model.load(tiny_models.write_injection(tmp_path / "guard")))
    with pytest.raises(ConfigurationError, match="none of its labels"):
        Tagger(foreign(tmp_path / "m", ("NOTHING", "PER", "LOC")))


@given(text=st.text(st.sampled_from("Alice Boston.,é漢😀\u200b\n01"), max_size=300), size=st.integers(1, 400))
@settings(max_examples=60, deadline=None)
def test_entities_stay_inside_and_batches_do_not_matter(tagger: Tagger, text: str, size: int) -> None:
    """Spans are ordered, inside the text and apart from each other, whatever the batch size."""
    found = tagger.look(text, tokens_per_batch=size)
    at = 0
    for one in found:
        assert at <= one.start < one.end <= len(text)
        assert 0 <= one.score <= 1
        at = one.end
    whole = [(one.start, one.end, one.entity_type) for one in tagger.look(text)]
    assert [(one.start, one.end, one.entity_type) for one in found] == whole
