"""Budgets: limits as values, and the holds that keep them."""

from .manager import LedgerBudget, Standing
from .policy import CostManagementPolicy, Limit

__all__ = ["CostManagementPolicy", "LedgerBudget", "Limit", "Standing"]
