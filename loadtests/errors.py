"""What can be wrong with a load test itself, as opposed to what it tests."""

__all__ = ["LoadTestError", "ScenarioError", "StackError"]


class LoadTestError(Exception):
    """The load test could not be made or run."""


class ScenarioError(LoadTestError):
    """A scenario file says something that cannot be."""


class StackError(LoadTestError):
    """A process of the stack did not start or did not stay."""
