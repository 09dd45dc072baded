"""Gemini's API: generateContent and its stream, countTokens, embeddings, models."""
