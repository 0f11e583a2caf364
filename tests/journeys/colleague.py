"""A member of staff with a token: reads and acts over the admin API."""

from typing import Any

from httpx2 import AsyncClient

from service.installation import Installation
from service.staff import actions


class Colleague:
    """One member of staff. `get` and `post` give the JSON of what must succeed; `headers` are what
    any client sends to act as them.
    """

    def __init__(self, client: AsyncClient, token: str) -> None:
        self._client = client
        self.headers = {"authorization": f"Bearer {token}"}

    async def get(self, path: str, **params: Any) -> Any:
        """What a page of the API shows."""
        return await self._succeed("GET", path, params=params)

    async def post(self, path: str, body: object = None) -> Any:
        """What an act gives back."""
        return await self._succeed("POST", path, json=body)

    async def change(self, path: str, body: object) -> Any:
        """What a change gives back."""
        return await self._succeed("PATCH", path, json=body)

    async def put(self, path: str, body: object) -> Any:
        """What replacing something gives back."""
        return await self._succeed("PUT", path, json=body)

    async def refused(self, path: str, body: object = None) -> str:
        """The name of the error that an act is refused with."""
        response = await self._send("POST", path, json=body)
        assert response.status_code >= 400, response.text
        return str(response.json()["error"])

    async def _succeed(self, method: str, path: str, **more: Any) -> Any:
        response = await self._send(method, path, **more)
        assert response.status_code < 300, response.text
        return response.json() if response.content else None

    async def _send(self, method: str, path: str, **more: Any) -> Any:
        return await self._client.request(method, f"/api/v1{path}", headers=self.headers, **more)


async def hire(
    client: AsyncClient, here: Installation, *roles: str, departments: tuple[str, ...] = ()
) -> Colleague:
    """A new member of staff with these roles."""
    async with here.database.write() as session:
        row = await actions.add(
            session,
            email=f"{'-'.join([*roles, *departments])}@gov.example",
            name=" ".join(roles).title(),
            roles=list(roles),
            departments=list(departments),
            password=None,
            actor="cli",
        )
        _, secret = await actions.issue_token(session, row.id, "test")
    return Colleague(client, secret)
