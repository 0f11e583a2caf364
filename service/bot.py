"""One channel alone, as a process without pages."""

from starlette.applications import Starlette

from service.bell import Bell
from service.errors import SetupError
from service.installation import Installation
from service.opening import channels_of, living
from service.retrieval.keeper import Keeper


class NotABot(SetupError):
    """The channel lives in the web server."""

    code = "not_a_bot"


def create_bot(here: Installation, name: str, *, worker: bool, keeper: Keeper | None) -> Starlette:
    """One channel alone, with the routes under which its platform calls us."""
    (channel,) = channels_of(here, [name])
    if channel.capabilities.pull:
        raise NotABot(f"{name} is served by `gabinete web` and `gabinete run`.")
    app = Starlette(
        routes=[*channel.routes()],
        lifespan=lambda app: living(app, here, [channel], keeper, worker=worker),
    )
    app.state.installation, app.state.bell = here, Bell()
    return app
