"""A headline every half an hour, day and night: from Claude, or from OpenAI when Claude is down."""

import asyncio

import anthropic
import openai

PERIOD_S = 1800.0
PROMPT = "One headline, please."
MESSAGES = [{"role": "user", "content": PROMPT}]


async def run(hours: float) -> list[str]:
    """The headlines of so many hours; an empty one where nobody answered."""
    async with anthropic.AsyncAnthropic() as claude, openai.AsyncOpenAI() as gpt:
        headlines = []
        for _ in range(int(hours * 3600 / PERIOD_S)):
            headlines.append(await headline(claude, gpt))
            await asyncio.sleep(PERIOD_S)
        return headlines


async def headline(claude: anthropic.AsyncAnthropic, gpt: openai.AsyncOpenAI) -> str:
    try:
        message = await claude.messages.create(
            model="claude-sonnet-4-6", max_tokens=100, messages=MESSAGES
        )
        return message.content[0].text
    except anthropic.APIError:
        pass
    try:
        answer = await gpt.responses.create(model="gpt-4o-mini", input=PROMPT)
        return answer.output_text
    except openai.APIError:
        return ""
