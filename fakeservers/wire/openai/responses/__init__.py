"""OpenAI's Responses API: creating, reading and cancelling responses, and counting tokens."""
