"""Clients of the providers, each importing its vendor's SDK only when it is made."""
