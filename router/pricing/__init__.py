"""Prices as exact integers: rate cards resolved once, and what requests and usage come to."""

from .book import Price, PriceBook
from .card import OUTPUT_TOKENS_DEFAULT, TargetCard
from .rates import Cost, Rates

__all__ = ["OUTPUT_TOKENS_DEFAULT", "Cost", "Price", "PriceBook", "Rates", "TargetCard"]
