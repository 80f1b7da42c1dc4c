"""Measurements: latency and throughput through HTTP, accuracy on labelled sets, each with its circumstances."""
