"""Values that satisfy a JSON schema, plausible for a prompt, and whether a value does."""
