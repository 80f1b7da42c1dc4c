"""The firewall that stands between LLM agents and regulated systems."""

import os

__version__ = "0.1.0"

# Set before any library is imported: onnxruntime reports its use (model names, hashes, a device id) to its maker unless
# told not to, and Hugging Face's libraries look for models on the network. A firewall for patients' data does neither.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"
os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"
os.environ.setdefault("HF_HUB_OFFLINE", "1")
