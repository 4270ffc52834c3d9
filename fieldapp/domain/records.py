"""Every kind of record."""

from collections.abc import Mapping

from fieldapp.domain.assistance import Activity, ActivityExtra, ActivityMeasure, ActivityTarget, Event
from fieldapp.domain.attachment import Attachment
from fieldapp.domain.coordination import (
    Agreement,
    AgreementAmendment,
    AgreementTask,
    Commendation,
    Matter,
    ReviewMeeting,
    SelfManagementGroup,
)
from fieldapp.domain.model import Child, Record
from fieldapp.domain.party import (
    Attendance,
    Candidacy,
    CellRating,
    HouseholdCharge,
    Introduction,
    Meeting,
    Member,
    MemberRating,
)
from fieldapp.domain.reference import (
    ActivityKind,
    EthnicGroup,
    KindField,
    KindMeasure,
    Measure,
    PaperTemplate,
    PartyCell,
    Plan,
    Post,
    Unit,
    UnitSuccession,
)
from fieldapp.domain.review import Review

RECORDS: tuple[type[Record], ...] = (
    Unit,
    UnitSuccession,
    Post,
    EthnicGroup,
    ActivityKind,
    Measure,
    KindMeasure,
    KindField,
    PartyCell,
    PaperTemplate,
    Plan,
    Agreement,
    AgreementTask,
    AgreementAmendment,
    Event,
    Activity,
    ActivityMeasure,
    ActivityExtra,
    ActivityTarget,
    Member,
    Introduction,
    Meeting,
    Attendance,
    HouseholdCharge,
    CellRating,
    MemberRating,
    Candidacy,
    Matter,
    SelfManagementGroup,
    ReviewMeeting,
    Commendation,
    Review,
    Attachment,
)
"""Every kind, parents before the kinds that refer to them"""

BY_KIND: Mapping[str, type[Record]] = {record.KIND: record for record in RECORDS}

PARENTS: Mapping[str, tuple[type[Record], Child]] = {
    child.model.KIND: (model, child) for model in RECORDS for child in model.CHILDREN.values()
}
"""Kind of a child row -> the model of its record, and how it belongs to it"""
