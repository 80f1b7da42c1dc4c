"""Edit: spans become what the policy's operators make of them, right to left, and nothing else changes."""
