"""The firewall that stands between LLM agents and regulated systems."""

__version__ = "0.1.0"
