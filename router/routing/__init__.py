"""Which targets may serve a request, and in which order they are asked."""
