"""The rows of an export, read page by page: messages, issues, answers and proposals."""

from collections.abc import AsyncIterator
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import aliased

from service.answers import queries as answer_queries
from service.answers.models import Answer, AnswerVersion
from service.consultations.models import Consultation, ConsultationTheme
from service.consultations.proposals.models import Proposal
from service.database import Session
from service.departments.models import Department
from service.issues.models import Issue, Membership, Theme
from service.messages.models import Contribution, Conversation, Message
from service.people.models import Person

PAGE = 1000
Row = dict[str, Any]


async def messages(session: Session) -> AsyncIterator[Row]:
    """One row for each inbound message, by id; talk that wants nothing has no issue."""
    root = aliased(Issue)
    query = (
        select(
            Message.id,
            Message.source,
            Message.text,
            Message.said_at,
            Message.lang,
            Message.kind.label("talk"),
            Contribution.kind,
            Contribution.channel,
            Contribution.state,
            Contribution.place,
            Conversation.campaign,
            Person.code,
            root.id.label("issue"),
            root.confidence,
            Theme.name.label("theme"),
            Department.key.label("department"),
        )
        .outerjoin(Contribution, Contribution.id == Message.contribution_id)
        .outerjoin(Conversation, Conversation.id == Message.conversation_id)
        .outerjoin(Person, Person.id == Contribution.person_id)
        .outerjoin(Membership, Membership.contribution_id == Contribution.id)
        .outerjoin(Issue, Issue.id == Membership.issue_id)
        .outerjoin(root, root.id == Issue.root_id)
        .outerjoin(Theme, Theme.id == root.theme_id)
        .outerjoin(Department, Department.id == root.department_id)
        .where(Message.text != "", Message.live)
        .order_by(Message.id)
    )
    async for row in _paged(session, query, Message.id):
        yield {
            "id": row.source or str(row.id),
            "text": row.text,
            "ts": row.said_at.isoformat(),
            "channel": row.channel,
            "person": row.code,
            "issue": row.issue,
            "theme": row.theme,
            "department": row.department,
            "confidence": round(row.confidence, 4) if row.confidence is not None else None,
            "kind": row.kind or row.talk,
            "lang": row.lang,
            "state": row.state or "talk",
            "place": row.place,
            "campaign": row.campaign,
        }


async def issues(session: Session) -> AsyncIterator[Row]:
    """One row for each surviving issue."""
    query = (
        select(Issue, Theme.name.label("theme"), Department.key.label("department"))
        .outerjoin(Theme, Theme.id == Issue.theme_id)
        .outerjoin(Department, Department.id == Issue.department_id)
        .where(Issue.root_id == Issue.id, Issue.size > 0)
        .order_by(Issue.id)
    )
    async for row in _paged(session, query, Issue.id):
        issue: Issue = row.Issue
        yield {
            "id": issue.id,
            "name": issue.name,
            "phrases": "; ".join(issue.phrases),
            "state": issue.state,
            "reason": issue.reason,
            "theme": row.theme,
            "department": row.department,
            "confidence": round(issue.confidence, 4),
            "people": issue.people,
            "messages": issue.messages,
            "growth": round(issue.growth, 3),
            "emerging": issue.emerging,
            "first_seen": issue.first_seen.isoformat(),
            "last_seen": issue.last_seen.isoformat(),
            "due_at": issue.due_at.isoformat() if issue.due_at else None,
        }


async def answers(session: Session) -> AsyncIterator[Row]:
    """One row for each language version of each answer."""
    query = (
        select(Answer, AnswerVersion.lang, AnswerVersion.text, Department.key.label("department"))
        .join(AnswerVersion, AnswerVersion.answer_id == Answer.id)
        .outerjoin(Department, Department.id == answer_queries.BODY)
        .order_by(Answer.id, AnswerVersion.lang)
    )
    for row in (await session.execute(query)).all():
        answer: Answer = row.Answer
        yield {
            "id": answer.source or str(answer.id),
            "title": answer.title,
            "question": answer.question,
            "answer": row.text,
            "lang": row.lang,
            "state": answer.state,
            "department": row.department,
            "issue": answer.issue_id,
            "edition": answer.edition,
            "url": answer.url,
            "published_at": answer.published_at.isoformat() if answer.published_at else None,
            "review_by": answer.review_by.isoformat() if answer.review_by else None,
        }


async def proposals(session: Session) -> AsyncIterator[Row]:
    """One row for each proposal to a consultation, by id, in its author's words, masked, and in
    staff's.
    """
    query = (
        select(Proposal, ConsultationTheme.names, Consultation.lang.label("spoken"), Person.code)
        .join(ConsultationTheme, ConsultationTheme.id == Proposal.theme_id)
        .join(Consultation, Consultation.id == Proposal.consultation_id)
        .outerjoin(Person, Person.id == Proposal.person_id)
        .order_by(Proposal.id)
    )
    async for row in _paged(session, query, Proposal.id):
        one: Proposal = row.Proposal
        yield {
            "id": one.id,
            "consultation": one.consultation_id,
            "theme": row.names[row.spoken],
            "text": one.text,
            "edited": one.edited,
            "lang": one.lang,
            "state": one.state,
            "reason": one.reason,
            "origin": one.origin,
            "channel": one.channel,
            "person": row.code,
            "shown_with": one.shown_with,
            "joined": one.joins_id if one.state == "joined" else None,
            "reply": one.reply,
            "created_at": one.created_at.isoformat(),
        }


async def _paged(session: Session, query: Any, key: Any) -> AsyncIterator[Any]:
    last = 0
    while True:
        rows = (await session.execute(query.where(key > last).limit(PAGE))).all()
        for row in rows:
            yield row
        if len(rows) < PAGE:
            return
        last = rows[-1].id if hasattr(rows[-1], "id") else rows[-1][0].id


async def totals(session: Session) -> dict[str, int]:
    """How many rows each export has, for the progress bar."""
    counted = {
        "messages": select(func.count()).where(Message.text != "", Message.live),
        "issues": select(func.count()).select_from(Issue).where(Issue.root_id == Issue.id),
        "answers": select(func.count()).select_from(AnswerVersion),
        "proposals": select(func.count()).select_from(Proposal),
    }
    return {what: await session.scalar(query) or 0 for what, query in counted.items()}
