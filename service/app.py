"""The web application: channels, pages and the API of one installation, with a worker inside if
asked.
"""

from functools import cache

from fastapi import APIRouter, FastAPI
from starlette.routing import BaseRoute

from service.answers import api as answers
from service.answers.commenting import api as comments
from service.bell import Bell
from service.channels import api as channels_api
from service.console import api as overview
from service.console import pages as console
from service.consultations import api as consultations
from service.consultations.meeting import api as meetings
from service.consultations.proposals import api as proposals
from service.consultations.voting import api as voting
from service.departments import api as departments
from service.exports import api as exports
from service.installation import Installation
from service.issues import api as issues
from service.issues.charting import api as charting
from service.issues.notes import api as notes
from service.issues.showing import api as showing
from service.knowledge import api as knowledge
from service.opening import channels_of, keeper_of, living
from service.public import pages as public
from service.report import api as report
from service.retrieval.keeper import Keeper
from service.rounds import api as rounds
from service.shell import docs, errors, security
from service.shell import pages as shell
from service.staff import api as staff
from service.staff import pages as staff_pages
from service.staff import trail_api as trail

DESCRIPTION = "Listen, group, route, draft, review, publish, and tell everybody who asked."


def create_app(here: Installation, *, worker: bool = True, keeper: Keeper | None = None) -> FastAPI:
    """The application of an open installation; `keeper` where the index is reserved already.

    Without a worker it opens only the channels that fetch: `create_bot` is for the others.
    """
    keeper = keeper or keeper_of(here, worker=worker)
    named = channels_of(here, here.settings.channels)
    channels = [one for one in named if worker or one.capabilities.pull]
    app = FastAPI(
        title=f"{here.settings.government} · Gabinete",
        description=DESCRIPTION,
        version="1",
        docs_url=None,
        redoc_url=None,
        openapi_url="/api/openapi.json",
        lifespan=lambda app: living(app, here, channels, keeper, worker=worker),
    )
    app.state.installation, app.state.bell = here, Bell()
    app.state.channels = {one.name: one for one in named}
    # Routes are tried in order, and none is asked for as often as those of the chat.
    for channel in channels:
        app.router.routes.extend(channel.routes())
    app.router.routes.extend(_routes())
    shell.install(app)
    docs.install(app)
    errors.install(app)
    security.install(app, here.settings)
    return app


@cache
def _routes() -> tuple[BaseRoute, ...]:
    """The API and the pages, made once: they ask the application of each request for its state."""
    api = APIRouter(prefix="/api/v1", responses=docs.REFUSALS)
    for feature in (
        staff,
        overview,
        issues,
        notes,
        showing,
        charting,
        departments,
        answers,
        consultations,
        proposals,
        voting,
        meetings,
        comments,
        rounds,
        knowledge,
        channels_api,
        trail,
        report,
        exports,
    ):
        api.include_router(feature.router)
    voters = APIRouter(responses=docs.REFUSALS)
    voters.include_router(voting.voters)
    others = APIRouter(responses=docs.REFUSALS)
    others.include_router(meetings.everybody)
    pages = (staff_pages, console, public)
    shown = [route for screens in pages for route in screens.router.routes]
    # And none of these as often as those of voters.
    return (*voters.routes, *api.routes, *others.routes, *shown)
