"""What a fake does: which reply, which fault, which tokens. Knows no wire format, no sockets."""
