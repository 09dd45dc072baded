"""Asks OpenAI until it answers. There is a bug in it, which few schedules of faults bring out."""

import asyncio

import openai

ATTEMPTS_MAX = 5
PAUSE_S = 10.0


def new_client() -> openai.AsyncOpenAI:
    return openai.AsyncOpenAI(max_retries=0, timeout=30)


async def ask(client: openai.AsyncOpenAI, prompt: str) -> str:
    """The answer, after at most so many attempts. Raises the last error."""
    failure: openai.APIError | None = None
    for _ in range(ATTEMPTS_MAX):
        try:
            answer = await client.responses.create(model="gpt-4o-mini", input=prompt)
            return answer.output_text
        except openai.APIStatusError as error:
            failure = error
            await asyncio.sleep(PAUSE_S)
        except openai.APIConnectionError as error:
            failure = error  # the bug: all attempts are gone before the network is back
    assert failure is not None
    raise failure
