"""Screen: what servers say of their tools, held against rules, models and the registry before a model reads it."""
