"""Tuning of the injection classifier on labelled texts of a user: split, training with replay, settling, card."""
