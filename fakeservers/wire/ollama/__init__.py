"""Ollama's API: chat, generate, embeddings and the models on the machine."""
