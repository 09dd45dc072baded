"""The pytest plugin of pytest-llmsim, and its command line. Imports nothing by itself."""
