"""An agent on Claude that may look up the weather. Nothing here knows about fakes."""

from anthropic import Anthropic
from anthropic.types import MessageParam

TOOLS = [
    {
        "name": "get_weather",
        "description": "The current weather in a city",
        "input_schema": {
            "type": "object",
            "properties": {"city": {"type": "string"}},
            "required": ["city"],
        },
    }
]


def get_weather(city: str) -> str:
    return f"14 degrees and rain in {city}"


def ask(question: str) -> str:
    """Answer a question, with as many tool calls as the model wants."""
    client = Anthropic()
    messages: list[MessageParam] = [{"role": "user", "content": question}]
    while True:
        answer = client.messages.create(
            model="claude-sonnet-4-6", max_tokens=500, tools=TOOLS, messages=messages
        )
        if answer.stop_reason != "tool_use":
            return "".join(block.text for block in answer.content if block.type == "text")
        messages.append({"role": "assistant", "content": answer.content})
        results = [
            {"type": "tool_result", "tool_use_id": block.id, "content": get_weather(**block.input)}
            for block in answer.content
            if block.type == "tool_use"
        ]
        messages.append({"role": "user", "content": results})
