"""The `llmsim` command."""

import click

from fakeservers.command import check, schema, serve, show

from .rehearse import rehearse

__all__ = ["main"]


class _Commands(click.Group):
    """Imports the router's command only when it is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted([*super().list_commands(ctx), "gateway"])

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name == "gateway":
            from router.commands.gateway import command

            return command
        return super().get_command(ctx, cmd_name)


@click.group(cls=_Commands)
@click.version_option(package_name="pytest-llmsim")
def main() -> None:
    """Fake LLM providers for tests, and servers that stand in for them."""


for command in (check, rehearse, schema, serve, show):
    main.add_command(command)
