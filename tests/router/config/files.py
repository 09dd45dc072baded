"""Configuration files for tests."""

from pathlib import Path

REFERENCE = """
[[providers]]
name = "claude"
endpoint = "https://api.anthropic.com/v1/messages"
api_key_env = "ANTHROPIC_API_KEY"
model = "claude-sonnet-4-5"
cost_per_1k_tokens = 0.003
timeout_ms = 30000

[[providers]]
name = "openai"
endpoint = "https://api.openai.com/v1/chat/completions"
api_key_env = "OPENAI_API_KEY"
model = "gpt-4o"
cost_per_1k_tokens = 0.005
timeout_ms = 20000

[[providers]]
name = "in-house"
endpoint = "http://llm.example.test/v1"
api_key_env = "IN_HOUSE_KEY"
model = "ours"
cost_per_1k_tokens = 0.0001
timeout_ms = 5000
"""

KEYS = {"ANTHROPIC_API_KEY": "a", "OPENAI_API_KEY": "o", "IN_HOUSE_KEY": "i"}
MOCK = {"LLMSIM_MODE": "mock"}
ONE = '[[providers]]\nname = "openai"\nmodel = "gpt-4o"\n'


def written(folder: Path, text: str) -> Path:
    path = folder / "llm-providers.toml"
    path.write_text(text, "utf-8")
    return path
