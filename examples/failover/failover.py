"""Claude first, Gemini when Claude has no capacity. Nothing here knows about fakes."""

import anthropic
from google import genai


def summary(text: str) -> str:
    """A summary by whichever provider answers."""
    prompt = f"Summarise in one sentence: {text}"
    try:
        answer = anthropic.Anthropic(max_retries=0).messages.create(
            model="claude-sonnet-4-6",
            max_tokens=200,
            messages=[{"role": "user", "content": prompt}],
        )
        return answer.content[0].text
    except anthropic.InternalServerError:
        client = genai.Client()
        reply = client.models.generate_content(model="gemini-2.5-flash", contents=prompt)
        return reply.text or ""
