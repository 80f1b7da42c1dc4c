"""Who may call what: deterministic, so that no classifier is ever the boundary by itself."""
