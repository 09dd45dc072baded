"""What can be seen of the router from outside: traces, metrics, spans. All imports are optional."""
