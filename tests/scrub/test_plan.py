"""Which files are cleaned, and where each goes: decided before anything is read."""

from __future__ import annotations

from pathlib import Path

import pytest

from firewall.errors import ConfigurationError
from firewall.scrub.plan import JOURNAL, plan


class TestPlan:
    """Which files, and where to."""

    def test_a_folder_keeps_its_tree_and_what_is_not_read_is_named(self, tmp_path: Path) -> None:
        """Every file is either cleaned or named; none is passed over in silence."""
        (tmp_path / "in" / "sub").mkdir(parents=True)
        for name in ("a.TXT", "sub/b.csv", "c.pdf", "d", JOURNAL):
            (tmp_path / "in" / name).write_text("x")
        (tmp_path / "in" / "loop").symlink_to(tmp_path / "in")
        found = plan([tmp_path / "in"], tmp_path / "out")
        assert [(job.name, job.form) for job in found.jobs] == [("a.TXT", "text"), ("sub/b.csv", "csv")]
        assert sorted(name for name, _ in found.passed_over) == sorted(["c.pdf", "d", "loop", JOURNAL])

    @pytest.mark.parametrize("out", ["in", "in/out", "."])
    def test_output_and_input_never_lie_inside_one_another(self, tmp_path: Path, out: str) -> None:
        """No run can read what it writes, or write over what it reads."""
        (tmp_path / "in").mkdir()
        with pytest.raises(ConfigurationError):
            plan([tmp_path / "in"], tmp_path / out)

    def test_two_inputs_that_would_become_one_output_are_refused(self, tmp_path: Path) -> None:
        """No output overwrites another."""
        for name in ("one", "two"):
            (tmp_path / name).mkdir()
            (tmp_path / name / "a.txt").write_text("x")
        with pytest.raises(ConfigurationError, match=r"a\.txt"):
            plan([tmp_path / "one", tmp_path / "two"], tmp_path / "out")
