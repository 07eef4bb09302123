"""`fleet forward`: passes connections on to another container. Compose publishes the farm's page by it."""

from __future__ import annotations

import asyncio

import click

from fleet.web.forwarding import Forwarder


class _Address(click.ParamType[tuple[str, int]]):
    name = "address"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, int]:
        host, _, port = value.rpartition(":")
        if not host or not port.isascii() or not port.isdecimal() or not 0 < int(port) < 65_536:
            self.fail(f"{value!r} is not HOST:PORT", param, ctx)
        return host, int(port)


@click.command("forward")
@click.argument("source", metavar="HOST:PORT", type=_Address())
@click.argument("target", metavar="HOST:PORT", type=_Address())
def forward(source: tuple[str, int], target: tuple[str, int]) -> None:
    """Pass connections to the first address on to the second one. Compose runs this."""
    try:
        asyncio.run(Forwarder(target).serve(*source))
    except OSError as exc:
        raise click.ClickException(f"can't listen on {source[0]}:{source[1]}: {exc.strerror or exc}") from exc
    except KeyboardInterrupt:
        return
