"""Every table, imported in one place, so that migrations see the whole shape."""

from service import jobs
from service.answers import models as answers
from service.channels import models as channels
from service.consultations import models as consultations
from service.consultations.meeting import models as meetings
from service.consultations.proposals import models as proposals
from service.consultations.voting import models as voting
from service.database import Base
from service.departments import models as departments
from service.installation import Fact
from service.issues import models as issues
from service.knowledge import models as knowledge
from service.messages import models as messages
from service.messages.days import models as days
from service.people import models as people
from service.retrieval import models as retrieval
from service.rounds import models as rounds
from service.staff import models as staff
from service.trail import models as trail

METADATA = Base.metadata

__all__ = [
    "METADATA",
    "Fact",
    "answers",
    "channels",
    "consultations",
    "days",
    "departments",
    "issues",
    "jobs",
    "knowledge",
    "meetings",
    "messages",
    "people",
    "proposals",
    "retrieval",
    "rounds",
    "staff",
    "trail",
    "voting",
]
