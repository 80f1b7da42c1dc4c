"""Scores tensors: verified model files, tokens, windows and batches. Knows nothing of prompts or policies."""
