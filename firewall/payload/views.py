"""The glasses a segment is looked at through; every one knows the way home to the segment's own code points."""

from __future__ import annotations

from firewall.payload.decode import decoded
from firewall.payload.normalize import canonical
from firewall.vocabulary import View

__all__ = ["canonical", "decoded", "raw"]


def raw(text: str) -> View:
    """Look at a text as it is."""
    return View("raw", text)
