"""Settings of the whole suite."""

from hypothesis import HealthCheck, settings

pytest_plugins = ["pytester"]

# The same examples on every run and machine, whatever its speed.
settings.register_profile(
    "repeatable",
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("repeatable")
