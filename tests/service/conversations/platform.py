"""What another platform than the web chat may send: handed in at the door, and read."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from fastapi import FastAPI
from sqlalchemy import select

from service.channels.contract import Address, Inbound
from service.channels.inbox import Intake
from service.channels.models import Delivery, InboxRow
from service.installation import Installation


def inbound(kind: Any, external_id: str = "1", text: str = "", **more: Any) -> Inbound:
    """Something another platform than the web chat may send."""
    made = Inbound(
        kind=kind,
        external_id=external_id,
        address=Address("web", "main", "c" * 43),
        sender="c" * 43,
        text=text,
        occurred_at=datetime.now(UTC),
    )
    return replace(made, **more)


async def settled(app: FastAPI, here: Installation, *inbounds: Inbound) -> list[str]:
    """What is to be told after these were taken and understood."""
    intake = Intake(
        here.database, here.vault, here.settings, lambda: app.state.bell.ring(["inbox"])
    )
    await intake.accept(list(inbounds))
    waiting = select(InboxRow.id).where(InboxRow.state == "waiting")
    async with asyncio.timeout(60):
        while True:
            async with here.database.read() as session:
                if not (await session.scalars(waiting)).all():
                    rows = await session.scalars(select(Delivery).order_by(Delivery.id))
                    return [here.vault.open(row.sealed) for row in rows.all() if row.sealed]
            await asyncio.sleep(0.02)
