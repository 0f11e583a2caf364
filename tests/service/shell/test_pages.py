"""Pages that belong to no feature: errors and the API's reference."""

import re

import pytest
from httpx2 import AsyncClient

BROWSER = {"accept": "text/html"}


@pytest.mark.parametrize(
    ("lang", "told"),
    [
        ("pt", "O que você procura não está aqui"),
        ("es", "Lo que busca no está aquí"),
        ("en", "What you are looking for is not here"),
    ],
)
async def test_unknown_address_is_a_helpful_page(client: AsyncClient, lang: str, told: str) -> None:
    answer = await client.get("/nowhere", headers={**BROWSER, "accept-language": lang})
    assert answer.status_code == 404
    assert told in answer.text
    assert 'href="/"' in answer.text


async def test_programs_get_unknown_addresses_as_json(client: AsyncClient) -> None:
    answer = await client.get("/api/v1/nowhere")
    assert (answer.status_code, answer.json()["error"]) == (404, "not_found")


async def test_reference_of_the_api_comes_from_this_host_alone(client: AsyncClient) -> None:
    reference = await client.get("/api/docs", headers=BROWSER)
    assert reference.status_code == 200
    assert "'self'" in reference.headers["content-security-policy"]
    addresses = re.findall(r'(?:src|href)="([^"]+)"', reference.text)
    assert len(addresses) == 4
    for address in addresses:
        assert address.startswith("/"), address
        assert (await client.get(address)).status_code == 200, address
