"""Decide: what becomes of a call, given what was and was not seen. Pure: no I/O, no clock, no text."""
