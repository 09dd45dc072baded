"""A quiz that asks OpenAI. Nothing here knows about fakes."""

from openai import OpenAI


def capital(country: str) -> str:
    """The capital of a country, in one word."""
    question = f"What is the capital of {country}? Answer in one word."
    answer = OpenAI().chat.completions.create(
        model="gpt-4o-mini", messages=[{"role": "user", "content": question}]
    )
    return (answer.choices[0].message.content or "").strip(" .")
