"""Public pages: a receipt opens status and answer on any device; answers are read by anybody."""

import re

from fastapi import FastAPI
from httpx2 import AsyncClient, Response

from service.installation import Installation
from tests.journeys.citizen import Citizen
from tests.journeys.colleague import Colleague, hire
from tests.service.staff.desk_browser import blank

CODE = re.compile(r"[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}")
QUESTION = "quando volta a água na rua das flores? meu telefone é 51 99876-5432"
ANSWER = "A água volta na terça-feira."
SPANISH = "El agua vuelve el martes."


async def look(device: AsyncClient, code: str) -> Response:
    """What a receipt code shows."""
    return await device.post("/receipt", data={"code": code})


async def ask(client: AsyncClient) -> str:
    """The receipt code of a question."""
    found = CODE.search(await Citizen(client).say(QUESTION))
    assert found is not None
    return found.group()


async def publish(client: AsyncClient, here: Installation) -> tuple[Colleague, int]:
    """The one issue, answered in Portuguese and Spanish; who did it and the answer's id."""
    admin, comms = await hire(client, here, "admin"), await hire(client, here, "comms")
    (issue,) = (await admin.get("/issues", singles=True))["items"]
    body = {"issue_id": issue["id"], "lang": "pt", "title": "Água", "text": ANSWER}
    number = int((await admin.post("/answers", body))["id"])
    await admin.change(f"/answers/{number}", {"lang": "es", "text": SPANISH})
    await admin.post(f"/answers/{number}/submit")
    await comms.post(f"/answers/{number}/approve", {})
    await comms.post(f"/answers/{number}/publish")
    return comms, number


async def test_a_receipt_opens_status_and_answer_on_any_device(
    client: AsyncClient, app: FastAPI, installation: Installation
) -> None:
    code = await ask(client)
    async with blank(app) as device:
        before = await look(device, code)
        assert before.status_code == 200
        assert "quando volta a água" in before.text
        assert "99876" not in before.text, "what is shown is masked"
        assert ANSWER not in before.text
        await publish(client, installation)
        for spelling in (code, code.lower(), code.replace("-", " "), f"  {code}  "):
            assert ANSWER in (await look(device, spelling)).text, spelling
        device.headers["accept-language"] = "es"
        assert SPANISH in (await look(device, code)).text
        assert "set-cookie" not in (await look(device, code)).headers


async def test_an_unknown_code_says_so_and_guessing_is_slowed_down(
    client: AsyncClient, app: FastAPI
) -> None:
    async with blank(app) as device:
        for _ in range(10):
            answer = await look(device, "K7QM-4T9X-2BHD")
            assert answer.status_code == 404
            assert 'role="alert"' in answer.text
        late = await look(device, "K7QM-4T9X-2BHD")
        assert late.status_code == 429
        assert "wait a minute" in late.text
        assert (await device.get("/receipt")).status_code == 200, "the form is still there"


async def test_only_what_is_published_is_read_in_the_readers_language(
    client: AsyncClient, app: FastAPI, installation: Installation
) -> None:
    async with blank(app) as reader:
        await ask(client)
        assert ANSWER not in (await reader.get("/answers")).text
        comms, number = await publish(client, installation)
        assert "Água" in (await reader.get("/answers")).text
        for lang, text, noted in (("pt", ANSWER, 0), ("es", SPANISH, 0), ("en", ANSWER, 1)):
            page = (await reader.get(f"/answers/{number}", params={"lang": lang})).text
            reader.cookies.clear()
            assert text in page, lang
            assert page.count('class="notice"') == noted, "the original comes with a note"
        await comms.post(f"/answers/{number}/retract", {"reason": "A data estava errada."})
        assert ANSWER not in (await reader.get(f"/answers/{number}")).text
        assert f"/answers/{number}" not in (await reader.get("/answers")).text


async def test_a_language_that_was_chosen_stays(client: AsyncClient, app: FastAPI) -> None:
    async with blank(app) as reader:
        await reader.get("/?lang=es")
        for path in ("/", "/answers", "/receipt", "/login", "/nowhere"):
            assert '<html lang="es">' in (await reader.get(path)).text, path


async def test_the_service_says_whether_it_is_ready(client: AsyncClient) -> None:
    assert (await client.get("/healthz")).json() == {"ok": True, "ready": True}
