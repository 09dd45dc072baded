"""What was seen: the journal, what did not match, how it is told."""
