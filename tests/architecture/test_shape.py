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


@pytest.mark.parametrize("path", OURS, ids=_name)
def test_a_file_fits_in_the_head(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= LONGEST


@pytest.mark.parametrize("path", OURS, ids=_name)
def test_a_module_says_what_it_is(path: Path) -> None:
    assert ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))


def _calls(path: Path) -> set[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return {
        node.func.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    }


@pytest.mark.parametrize("path", [p for p in OURS if "service" in p.parts], ids=_name)
def test_selects_stand_in_queries_and_writes_in_actions(path: Path) -> None:
    if _name(path) in BOTH:
        return
    calls = _calls(path)
    if path.name != "queries.py":
        assert "select" not in calls
    if path.name != "actions.py":
        assert not calls & {"insert", "update", "delete"}


@pytest.mark.parametrize("path", OURS, ids=_name)
def test_only_the_boundary_commits(path: Path) -> None:
    if _name(path) in ("service/database.py", "service/migrations/__init__.py"):
        return
    assert not re.search(r"\.commit\(\)", path.read_text(encoding="utf-8"))


def test_nothing_but_the_index_touches_chroma_and_its_embedder_is_never_made() -> None:
    naming = [_name(path) for path in SOURCES if "chromadb" in path.read_text(encoding="utf-8")]
    assert naming == ["nlp/index.py"]
    text = (ROOT / "nlp/index.py").read_text(encoding="utf-8")
    assert text.count("get_or_create_collection(") == text.count("embedding_function=None")
    assert "query_texts" not in text
