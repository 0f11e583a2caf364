"""What a page or the API wrote is taken up at once, not when somebody looks again."""

import asyncio

from httpx2 import ASGITransport, AsyncClient

from service.bell import JOBS, OUTBOX
from service.installation import Installation
from tests.conftest import serving
from tests.journeys.colleague import hire
from tests.journeys.hearing_room import plan


async def test_who_waits_for_what_a_request_may_have_written_is_woken(
    installation: Installation,
) -> None:
    async with (
        serving(installation, worker=False) as app,
        AsyncClient(transport=ASGITransport(app), base_url="http://testserver") as client,
    ):
        comms = await hire(client, installation, "comms")
        rung = [asyncio.create_task(app.state.bell.wait(name, 20)) for name in (JOBS, OUTBOX)]
        await asyncio.sleep(0)
        await comms.post("/consultations", plan())
        assert all(await asyncio.gather(*rung)), "rung, not waited out"
