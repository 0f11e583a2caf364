"""The house's rules that no linter knows."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCES = sorted(path for top in ("bots", "nlp", "service") for path in (ROOT / top).rglob("*.py"))
OURS = [path for path in SOURCES if "migrations/versions" not in str(path)]
LONGEST = 400

# Where one file both reads and writes: the small modules that own one table, and the command line.
BOTH = {
    "service/database.py",
    "service/installation.py",
    "service/jobs.py",
    "service/channels/deliveries.py",
    "service/channels/inbox.py",
    "service/channels/presence.py",
    "service/commands/reindexing.py",
    "service/commands/checking.py",
    "service/retrieval/actions.py",
}


def _name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def _calls(text: str) -> set[str]:
    """The functions that a module calls by their bare names."""
    return {
        node.func.id
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    }


@pytest.fixture(scope="module")
def texts() -> dict[str, str]:
    """The text of each of our modules, by its place."""
    found = {_name(path): path.read_text(encoding="utf-8") for path in OURS}
    assert len(found) > 300
    return found


def test_a_file_fits_in_the_head(texts: dict[str, str]) -> None:
    lines = {name: len(text.splitlines()) for name, text in texts.items()}
    assert {name: count for name, count in lines.items() if count > LONGEST} == {}


def test_a_module_says_what_it_is(texts: dict[str, str]) -> None:
    mute = [name for name, text in texts.items() if not ast.get_docstring(ast.parse(text))]
    assert mute == []


def test_selects_stand_in_queries_and_writes_in_actions(texts: dict[str, str]) -> None:
    astray = {}
    for name, text in texts.items():
        wrong = set[str]()
        if not name.endswith("/queries.py"):
            wrong |= {"select"}
        if not name.endswith("/actions.py"):
            wrong |= {"insert", "update", "delete"}
        if name.startswith("service/") and name not in BOTH and (found := _calls(text) & wrong):
            astray[name] = found
    assert astray == {}


def test_only_the_boundary_commits(texts: dict[str, str]) -> None:
    found = {name for name, text in texts.items() if re.search(r"\.commit\(\)", text)}
    assert found <= {"service/database.py", "service/migrations/__init__.py"}


def test_nothing_but_the_index_touches_chroma_and_its_embedder_is_never_made() -> None:
    naming = [_name(path) for path in SOURCES if "chromadb" in path.read_text(encoding="utf-8")]
    assert naming == ["nlp/index.py"]
    text = (ROOT / "nlp/index.py").read_text(encoding="utf-8")
    assert text.count("get_or_create_collection(") == text.count("embedding_function=None")
    assert "query_texts" not in text
