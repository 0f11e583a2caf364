"""The feed is Atom that programs can read, whatever was written."""

from xml.etree import ElementTree as xml

from fastapi import FastAPI

from service.installation import Installation
from tests.service.issues import town
from tests.service.public.printing import published, spoken_of
from tests.service.staff.desk_browser import blank

ATOM = "{http://www.w3.org/2005/Atom}"
ODD = "Water & <b>mud</b> \x0b\x00\ufffe]]>"


def read(text: str) -> xml.Element:
    """A feed as a program has it."""
    return xml.fromstring(text)  # noqa: S314 - made by ourselves


async def test_the_feed_holds_each_answer_in_the_readers_language(
    app: FastAPI, installation: Installation
) -> None:
    async with installation.database.write() as session:
        for key in ("water", "roads"):
            body = await town.body(session, key)
            issue = await spoken_of(session, installation, 2, body=body, shown=False)
            made = await published(
                session, installation, issue, title=key.title(), more={"pt": f"Sobre {key}."}
            )
    async with blank(app) as reader:
        response = await reader.get("/answers/feed.atom", headers={"accept-language": "pt"})
        assert response.headers["content-type"] == "application/atom+xml"
        feed = read(response.text)
        assert [one.findtext(f"{ATOM}title") for one in feed.iter(f"{ATOM}entry")] == [
            "Roads",
            "Water",
        ]
        assert feed.findtext(f"{ATOM}entry/{ATOM}content") == "Sobre roads."
        url = f"{installation.settings.url}/answers/{made.id}"
        assert feed.findtext(f"{ATOM}entry/{ATOM}id") == url
        one = read((await reader.get("/answers/feed.atom?department=water")).text)
        assert [e.findtext(f"{ATOM}title") for e in one.iter(f"{ATOM}entry")] == ["Water"]
        nobody = await reader.get("/answers/feed.atom?department=nobody")
        assert nobody.status_code == 404
        again = await reader.get(
            "/answers/feed.atom", headers={"if-none-match": response.headers["etag"],
                                           "accept-language": "pt"},
        )  # fmt: skip
        assert again.status_code == 304


async def test_signs_that_xml_cannot_carry_are_left_out(
    app: FastAPI, installation: Installation
) -> None:
    async with installation.database.write() as session:
        issue = await spoken_of(session, installation, 2, shown=False)
        odd = ODD.replace("\0", "")
        await published(session, installation, issue, title=odd, text=odd)
    async with blank(app) as reader:
        feed = read((await reader.get("/answers/feed.atom")).text)
    assert feed.findtext(f"{ATOM}entry/{ATOM}title") == "Water & <b>mud</b> ]]>"
