"""Structured output: unscripted answers satisfy the schema that the program sends."""

import asyncio

from invoices import read


def test_an_invoice_is_read(llmsim):
    """Whatever the model makes up, it is an invoice, with the currency that the text names."""
    invoice = asyncio.run(read("INV-2031, due in May, 120 USD."))
    assert invoice.currency == "USD"
    assert llmsim.ollama.last.status == 200
