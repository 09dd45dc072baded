"""Claude's API: messages, token counting, models."""
