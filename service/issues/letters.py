"""Word what askers are told of an issue: that it was merged, declined or closed."""

from collections.abc import Sequence

from service.channels.deliveries import BROADCAST, Letter
from service.issues.models import Issue
from service.issues.queries import Asker
from service.phrases import say
from service.settings import Settings
from service.vault import Vault


def merging(
    issue_id: int, into: Issue, askers: Sequence[Asker], vault: Vault, settings: Settings
) -> list[Letter]:
    """To the authors of a merged issue: how many now ask the same."""
    return [
        _letter(
            f"issue-merged:{issue_id}:{into.id}:{asker.person_id}",
            "issue.merged",
            into.id,
            asker,
            vault,
            settings,
            n=into.people,
        )
        for asker in askers
    ]


def ending(
    issue: Issue, nth: int, askers: Sequence[Asker], vault: Vault, settings: Settings
) -> list[Letter]:
    """To everybody who asked or follows: the issue was declined or closed, and why; one for each
    ending.
    """
    return [
        _letter(
            f"issue-closed:{issue.id}:{nth}:{asker.person_id}",
            f"issue.{issue.state}",
            issue.id,
            asker,
            vault,
            settings,
            reason=issue.reason or "",
        )
        for asker in askers
    ]


def _letter(
    key: str,
    phrase: str,
    issue_id: int,
    asker: Asker,
    vault: Vault,
    settings: Settings,
    *,
    n: int | None = None,
    reason: str = "",
) -> Letter:
    lang = asker.lang or settings.default_language
    values = {"reason": reason, "government": settings.government}
    if asker.receipt is None:
        text = say(f"{phrase}.followed", lang, n=n, **values)
    else:
        text = say(phrase, lang, n=n, code=vault.open(asker.receipt), **values)
    return Letter(
        key, asker.identity_id, asker.channel, "issue", issue_id, text, lang, priority=BROADCAST
    )
