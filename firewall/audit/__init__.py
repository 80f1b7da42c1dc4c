"""Tell: one tamper-evident record of every inspection, and the means to check, read and export the trail."""
