"""A commit that fails is never answered as if it had succeeded."""

from fastapi import FastAPI
from httpx2 import ASGITransport, AsyncClient

from service.database import Database
from service.installation import Installation
from tests.journeys.colleague import hire
from tests.service.channels import sabotage

DEPARTMENT = {"key": "water", "name": "Water", "remit": "Pipes and taps.", "norm_days": 5}


async def test_an_act_whose_commit_fails_is_an_error_and_leaves_nothing(
    app: FastAPI, installation: Installation, database: Database
) -> None:
    transport = ASGITransport(app, raise_app_exceptions=False)
    async with AsyncClient(transport=transport, base_url="http://testserver") as client:
        admin = await hire(client, installation, "admin")
        await sabotage.doom_commits(database, "department")
        answer = await client.post("/api/v1/departments", json=DEPARTMENT, headers=admin.headers)
        assert (answer.status_code, answer.json()["error"]) == (500, "internal")
        await sabotage.mend(database, "department")
        assert await admin.get("/departments") == []
        assert (await admin.post("/departments", DEPARTMENT))["key"] == "water"


async def test_a_message_whose_commit_fails_is_not_acknowledged_and_may_be_sent_again(
    client: AsyncClient, database: Database
) -> None:
    token = (await client.post("/chat/v1/conversations")).json()["token"]
    headers = {"authorization": f"Bearer {token}"}
    message = {"id": "a", "text": "falta água na rua das flores"}
    await sabotage.doom_commits(database, "inbox")
    answer = await client.post("/chat/v1/messages", json=message, headers=headers)
    assert (answer.status_code, answer.json()["error"]) == (503, "failed")
    await sabotage.mend(database, "inbox")
    answer = await client.post("/chat/v1/messages", json=message, headers=headers)
    assert (answer.status_code, answer.json()["outcome"]) == (202, "stored")
