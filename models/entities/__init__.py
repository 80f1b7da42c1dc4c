"""The entity model: PHI and PII in tool results as Presidio entity types, and the recipe that rebuilds it."""
