"""Translates with whatever client it is given: a provider's, a mock, one of your own."""

from router import LLMClient, create_provider
from router.types import as_request


async def translate(client: LLMClient, text: str, language: str) -> str:
    request = as_request(text, system=f"Translate into {language}.", max_tokens=500)
    response = await client.complete(request)
    return response.text


def new_client() -> LLMClient:
    """Which one the environment says: `LLMSIM_OPENAI=mock` needs no key and no network."""
    return create_provider("openai", "gpt-4.1-mini")
