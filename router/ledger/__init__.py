"""Stores of the two-phase ledger. They know amounts and scopes, nothing of models or prices."""
