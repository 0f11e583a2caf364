"""The trail names every subject, act and state that the service records, in each language."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from service.answers.standing import actions as answers
from service.console.trail import THINGS
from service.consultations.meeting.seating import actions as seating
from service.consultations.proposals.standing import actions as proposals
from service.consultations.standing import actions as consultations
from service.issues.standing import actions as issues
from service.messages import actions as messages
from service.rounds import actions as rounds
from service.shell.pages import NAMES, known

SERVICE = Path(__file__).parents[3] / "service"
CALLS = {"record": 1, "event": 0}


def recorded() -> Iterator[tuple[str, list[str | None], dict[str, str]]]:
    """Where something is recorded, what is written there in so many words, and its states."""
    for path in sorted(SERVICE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if not isinstance(node, ast.Call):
                continue
            name = node.func.attr if isinstance(node.func, ast.Attribute) else None
            name = node.func.id if isinstance(node.func, ast.Name) else name
            if name in CALLS and path.parent.name != "trail":
                given = [literal(one) for one in node.args[CALLS[name] :]]
                named = {one.arg: literal(one.value) for one in node.keywords if one.arg}
                states = {key: named[key] for key in ("was", "became") if named.get(key)}
                yield str(path), given, {key: str(value) for key, value in states.items()}


def literal(node: ast.expr) -> str | None:
    """What a node says, if it is a text."""
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


def said(thing: str, state: str, lang: str) -> bool:
    """Whether the reader has a word for a state, as desk_parts.html looks for it."""
    own = [f"{thing}.{state}"] if thing in ("consultation", "measure") else []
    return any(known(key, lang) for key in (f"{thing}.state.{state}", f"state.{state}", *own))


def reasons() -> Iterator[str]:
    """The reasons that the service gives by itself."""
    for path in sorted(SERVICE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            given: list[ast.expr] = []
            if isinstance(node, ast.keyword) and node.arg == "why":
                given = [
                    node.value,
                    *([node.value.body] if isinstance(node.value, ast.IfExp) else []),
                ]
            elif isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "why":
                given = [node.value]
            elif isinstance(node, ast.Call) and ast.unparse(node.func) == "_reopen_issue":
                given = node.args
            yield from (said for one in given if (said := literal(one)))


@pytest.mark.parametrize("lang", NAMES)
def test_reasons_of_the_service_are_worded(lang: str) -> None:
    given = set(reasons())
    assert {"published answer", "the answer did not settle it", "after a review"} <= given
    assert [one for one in sorted(given) if not known(f"why.{one}", lang)] == []


def test_every_subject_is_offered_by_the_filter_and_no_other() -> None:
    things = {given[0] for _, given, _ in recorded() if len(given) > 2}
    assert things == set(THINGS)


@pytest.mark.parametrize("lang", NAMES)
def test_subjects_acts_and_states_are_worded(lang: str) -> None:
    for path, given, states in recorded():
        if len(given) < 3 or given[0] is None:
            continue
        thing, act = given[0], given[2]
        assert known(f"thing.{thing}", lang), (path, thing)
        assert act is None or known(f"act.{act}", lang), (path, act)
        for state in states.values():
            assert said(thing, state, lang), (path, thing, state)


@pytest.mark.parametrize("lang", NAMES)
def test_whatever_moves_is_worded(lang: str) -> None:
    lives = {
        "issue": issues.MOVES, "answer": answers.MOVES, "consultation": consultations.MOVES,
        "proposal": proposals.MOVES, "invitation": seating.MOVES, "round": rounds.MOVES,
        "contribution": messages.STATES,
    }  # fmt: skip
    for thing, moves in lives.items():
        for state in moves:
            assert said(thing, str(state), lang), (thing, state)
