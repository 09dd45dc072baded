"""Invoices read by a local model into typed values. Nothing here knows about fakes."""

from typing import Literal

import ollama
from pydantic import BaseModel, Field


class Invoice(BaseModel):
    number: str = Field(pattern=r"^INV-\d{4}$")
    total: float = Field(ge=0)
    currency: Literal["EUR", "USD"]


async def read(text: str) -> Invoice:
    """The invoice that a text describes."""
    answer = await ollama.AsyncClient().chat(
        model="llama3.2",
        messages=[{"role": "user", "content": f"Extract the invoice: {text}"}],
        format=Invoice.model_json_schema(),
    )
    return Invoice.model_validate_json(answer.message.content or "")
