"""What works behind the pages ends with a sentence where the installation is set up wrongly."""

import asyncio
from collections.abc import MutableMapping
from dataclasses import replace
from typing import Any

import pytest
from structlog.testing import capture_logs

from nlp.embed import Embedder, HashEmbedder, UnknownModel
from nlp.folder import Folder, IndexInUse
from service.app import create_app
from service.installation import Installation
from service.retrieval.retriever import OtherModel
from tests.service.issues import town


async def ends(
    here: Installation, embedder: Embedder | None = None
) -> tuple[MutableMapping[str, Any], Exception]:
    """What is logged when the work behind the pages ends by itself, and why it did."""
    app = create_app(here)
    app.state.embedder = embedder
    with capture_logs() as told:
        async with app.router.lifespan_context(app):
            waiting = asyncio.wait_for(app.state.running.loaded(), 30)
            kept = list(await asyncio.gather(waiting, return_exceptions=True))
    failure: Exception = app.state.running.failure
    assert kept == [failure], "who waits for the encoder is told"
    (ended,) = [one for one in told if one["event"] == "worker_ended"]
    return ended, failure


async def test_another_encoder_ends_the_work_without_a_traceback(
    installation: Installation,
) -> None:
    async with installation.database.write() as session:
        await town.body(session, "water")
    ended, failure = await ends(installation, HashEmbedder(32))
    assert ended["code"] == "other_model"
    assert "exc_info" not in ended
    assert isinstance(failure, OtherModel)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_a_missing_encoder_ends_the_work_without_a_traceback(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("nlp.embed.find_spec", lambda _: None)
    bundled = installation.settings.model_copy(update={"embedding_model": "bundled"})
    ended, failure = await ends(replace(installation, settings=bundled))
    assert ended["code"] == "unknown_model"
    assert "exc_info" not in ended
    assert isinstance(failure, UnknownModel)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_an_index_of_another_process_ends_the_work_without_a_traceback(
    installation: Installation,
) -> None:
    folder = Folder(installation.settings.data_dir / "index")
    ended, failure = await ends(installation)
    folder.let_go()
    assert ended["code"] == "index_in_use"
    assert "exc_info" not in ended
    assert isinstance(failure, IndexInUse)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_what_nobody_expected_ends_the_work_with_its_traceback(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    def breaks(*_: object) -> None:
        raise RuntimeError("torn")

    monkeypatch.setattr("service.retrieval.keeper.load_embedder", breaks)
    ended, failure = await ends(installation)
    assert "code" not in ended
    assert ended["exc_info"] is failure
    assert isinstance(failure, RuntimeError)
