"""What the API says of itself: every endpoint named, every word exemplified, refusals declared."""

from typing import Any

import pytest
from httpx2 import AsyncClient

OPERATIONS = ("get", "post", "put", "patch", "delete")


@pytest.fixture
async def reference(client: AsyncClient) -> dict[str, Any]:
    found: dict[str, Any] = (await client.get("/api/openapi.json")).json()
    return found


async def test_endpoints_are_named_in_sentences_and_declare_refusals(
    reference: dict[str, Any],
) -> None:
    for path, operations in reference["paths"].items():
        for method in operations.keys() & set(OPERATIONS):
            operation = operations[method]
            assert operation["summary"].endswith("."), path
            if path.startswith("/api/"):
                assert {"4XX", "422"} <= operation["responses"].keys(), path


async def test_every_word_on_the_wire_has_an_example(reference: dict[str, Any]) -> None:
    schemas = reference["components"]["schemas"]
    bare = [
        f"{name}.{field}"
        for name, schema in schemas.items()
        if not schema.get("examples") and not name.startswith("Body_")
        for field, shape in schema.get("properties", {}).items()
        if _is_text(shape) and not _shown(shape)
    ]
    assert bare == []


def _is_text(shape: dict[str, Any]) -> bool:
    kinds = [shape, *shape.get("anyOf", [])]
    return any(one.get("type") == "string" and not {"format", "enum"} & one.keys() for one in kinds)


def _shown(shape: dict[str, Any]) -> bool:
    return any(one.get("examples") for one in [shape, *shape.get("anyOf", [])])
