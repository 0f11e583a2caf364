"""What is written twice says the same: settings, phrases, words, tables."""

import re
from collections import Counter
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from babel.messages.pofile import read_po

from service import tables
from service.cli import app as cli
from service.conversations import attending, buttons, consulting, linking, ranking, rounds, voting
from service.database import Database
from service.errors import GabineteError, SetupError
from service.settings import Settings
from service.shell.errors import CODES

ROOT = Path(__file__).parents[2]
LANGS = ("pt", "es", "en")


@pytest.mark.parametrize("field", Settings.model_fields)
def test_every_setting_is_documented(field: str) -> None:
    name = f"GABINETE_{field.upper()}"
    assert Settings.model_fields[field].description
    assert re.search(rf"^#? ?{name}=", (ROOT / ".env.example").read_text(), re.MULTILINE)
    assert f"`{name}`" in (ROOT / "README.md").read_text()


def test_every_command_is_in_the_readme() -> None:
    readme = (ROOT / "README.md").read_text()
    for command in cli.registered_commands:
        name = command.name or command.callback.__name__  # type: ignore[union-attr]
        assert f"gabinete {name}" in readme, name


def test_every_picture_of_the_tour_is_small_and_said_in_words() -> None:
    readme = (ROOT / "README.md").read_text()
    told = re.findall(r"!\[([^]]+)\]\((docs/tour/[^)]+)\)", readme)
    told += [
        (alt, at) for at, alt in re.findall(r'src="(docs/tour/[^"]+)".* alt="([^"]+)"', readme)
    ]
    pictures = sorted((ROOT / "docs/tour").iterdir())
    assert sorted(at for _, at in told) == [one.relative_to(ROOT).as_posix() for one in pictures]
    assert all(len(alt) > 40 for alt, _ in told)
    assert len(pictures) <= 7
    assert all(one.stat().st_size <= 80_000 for one in pictures)


@pytest.mark.parametrize("folder", ["service/phrases", "service/shell/words"])
def test_every_language_says_everything(folder: str) -> None:
    spoken = {}
    for lang in LANGS:
        with (ROOT / folder / f"{lang}.po").open("rb") as file:
            spoken[lang] = {m.id if isinstance(m.id, str) else m.id[0]: m for m in read_po(file)}
    for key, message in spoken["pt"].items():
        for lang in LANGS:
            assert key in spoken[lang], f"{folder}/{lang}.po lacks {key}"
            if key:
                assert _places(spoken[lang][key].string) == _places(message.string), (lang, key)
    assert len({len(one) for one in spoken.values()}) == 1


@pytest.mark.parametrize("folder", ["service/phrases", "service/shell/words"])
@pytest.mark.parametrize("lang", LANGS)
def test_nothing_is_worded_twice(folder: str, lang: str) -> None:
    keys = re.findall(r'^msgid "(.+)"$', (ROOT / folder / f"{lang}.po").read_text("utf-8"), re.M)
    assert [key for key, count in Counter(keys).items() if count > 1] == []


@pytest.mark.parametrize("folder", ["service/phrases", "service/shell/words"])
@pytest.mark.parametrize("lang", LANGS)
def test_a_plural_is_of_its_own_word(folder: str, lang: str) -> None:
    with (ROOT / folder / f"{lang}.po").open("rb") as file:
        forms = [message.id for message in read_po(file) if not isinstance(message.id, str)]
    assert [one for one in forms if one[0] != one[1]] == []


def test_no_two_features_give_a_button_the_same_name() -> None:
    features = (consulting, voting, attending, rounds, linking, ranking)
    parts = [one.PRESSES for one in features]
    own = {"helpful", "not_asked", "reopen", "join"}
    assert len(buttons.PRESSES) == len(own) + sum(map(len, parts))


@pytest.mark.parametrize("lang", ["pt", "es"])
def test_every_refusal_is_said_in_the_readers_language(lang: str) -> None:
    with (ROOT / "service/shell/refusals" / f"{lang}.po").open("rb") as file:
        said = {message.id for message in read_po(file) if message.id}
    asked = {e.code for e in _below(GabineteError) if not issubclass(e, SetupError)}
    assert said == asked | set(CODES.values()) | {"malformed", "internal", "cross_site"}


def _below(kind: type[GabineteError]) -> set[type[GabineteError]]:
    return {kind}.union(*(_below(one) for one in kind.__subclasses__()))


def _places(text: object) -> set[str]:
    forms = text if isinstance(text, tuple | list) else [text]
    return {place for form in forms for place in re.findall(r"{(\w+)}", str(form))}


async def test_migrations_give_the_tables_the_models_say(database: Database) -> None:
    async with database.engine.connect() as connection:
        found = await connection.run_sync(
            lambda sync: compare_metadata(MigrationContext.configure(sync), tables.METADATA)
        )
    assert found == []
