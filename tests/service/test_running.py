"""What works behind the pages ends with a sentence where the installation is set up wrongly."""

from structlog.testing import capture_logs

from nlp.embed import HashEmbedder
from service.app import create_app
from service.installation import Installation
from service.retrieval.retriever import OtherModel
from tests.service.issues import town


async def test_another_encoder_ends_the_work_without_a_traceback(
    installation: Installation,
) -> None:
    async with installation.database.write() as session:
        await town.body(session, "water")
    app = create_app(installation)
    app.state.embedder = HashEmbedder(32)
    with capture_logs() as told:
        async with app.router.lifespan_context(app):
            await app.state.running.ended.wait()
    (ended,) = [one for one in told if one["event"] == "worker_ended"]
    assert ended["code"] == "other_model"
    assert "exc_info" not in ended
    assert isinstance(app.state.running.failure, OtherModel)
