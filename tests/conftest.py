"""Settings of the whole suite."""

from hypothesis import settings

pytest_plugins = ["pytester"]

# The same examples on every run and machine, whatever its speed.
settings.register_profile("repeatable", deadline=None, derandomize=True)
settings.load_profile("repeatable")
