"""The channels that settings name, made by the adapter of that name."""

from collections.abc import Mapping
from importlib import import_module
from importlib.util import find_spec

from service.channels.contract import Channel, ChannelConfig
from service.errors import SetupError


class UnknownChannel(SetupError):
    """Settings name a channel that no adapter serves."""

    code = "unknown_channel"


def make(name: str, config: ChannelConfig) -> Channel:
    """The channel `name`, by its adapter's `make(config)`. Raises `UnknownChannel`."""
    if not name.isidentifier() or find_spec(f"bots.{name}") is None:
        raise UnknownChannel(f"GABINETE_CHANNELS names {name!r}, and there is no such channel.")
    channel: Channel = import_module(f"bots.{name}.channel").make(config)
    return channel


def make_all(configs: Mapping[str, ChannelConfig]) -> dict[str, Channel]:
    """Every channel named, by its name."""
    return {name: make(name, config) for name, config in configs.items()}
