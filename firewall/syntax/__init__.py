"""How formats are spelled: where data stands between their marks, and how a value is written there.

Dialects read meaning from it, redaction keeps it whole. One module a format, each with `syntax_in(text)`, which answers
None for what is not that format, never raises and takes linear time; `recognise.py` asks them all.
"""
