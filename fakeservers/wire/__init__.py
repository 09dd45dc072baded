"""Bytes to canonical values and back, one folder a provider. Decides nothing."""
