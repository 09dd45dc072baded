"""The `llmsim` command."""

import click

from fakeservers.command import check, schema, serve, show

from .in_force import env

__all__ = ["main"]


@click.group()
@click.version_option(package_name="pytest-llmsim")
def main() -> None:
    """Fake LLM providers for tests, and servers that stand in for them."""


for command in (check, env, schema, serve, show):
    main.add_command(command)
