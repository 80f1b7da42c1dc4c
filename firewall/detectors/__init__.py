"""See: detectors report what stands where; they decide nothing."""
