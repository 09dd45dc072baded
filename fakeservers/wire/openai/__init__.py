"""OpenAI's API: chat completions, responses, embeddings, moderations, completions, models."""
