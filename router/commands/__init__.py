"""The commands of `python -m router`: one module each, with a click command named `command`.

A module here says things about a configuration or a ledger, and asks no provider and spends
nothing; only `gateway` serves those who do. A new one is found by its line in COMMANDS.
"""

from importlib import import_module
from importlib.util import find_spec

import click

__all__ = ["COMMANDS", "main"]

COMMANDS = {
    "plan": "who would be asked, in which order, why, and at what cost",
    "prices": "the rates of every model that a configuration names",
    "check": "whether a configuration can be used, and what is wrong with it",
    "costs": "what a ledger holds",
    "gateway": "the router behind HTTP, until a signal ends it",
}


class _Commands(click.Group):
    """Imports a command's module when it is asked for, so that the others' needs do not matter."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [name for name in COMMANDS if find_spec(f"{__name__}.{name}")]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self.list_commands(ctx):
            return None
        command = import_module(f".{cmd_name}", __name__).command
        assert isinstance(command, click.Command)
        return command


@click.group(cls=_Commands)
def main() -> None:
    """What a router would do and cost, and what it has spent."""
