"""Cases as rows: what `support_case` keeps of one, and back."""

from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any

from domain.case import Case, CaseState, Identity
from domain.money import Money
from domain.order_action import Action
from storage.codec import dumps, wanted_items


def to_row(case: Case) -> Mapping[str, object]:
    return {
        "kind": case.kind,
        "state": str(case.state),
        "is_open": case.is_open,
        "order_number": case.order_number,
        "asked": list(case.asked),
        "wrong_numbers": list(case.wrong_numbers),
        "action": case.action.value if case.action else "",
        "items": dumps([asdict(item) for item in case.items]),
        "reason": case.reason,
        "evidence": list(case.evidence),
        "identity": case.identity.value,
        "amount_minor": case.amount.minor if case.amount else None,
        "currency": case.amount.currency if case.amount else "",
        "rule": case.rule,
        "policy_version": case.policy_version,
        "words": list(case.words),
        "doubts": list(case.doubts),
        "language": case.language,
        "writer": case.writer,
        "previous_id": case.previous,
    }


def from_row(row: Any) -> Case:
    """A row of `support_case`, with the names of its columns."""
    return replace(
        Case(row.kind, CaseState(row.state), row.order_number, tuple(row.asked), tuple(row.wrong_numbers), row.version),
        action=Action(row.action) if row.action else None,
        items=wanted_items(row.items),
        reason=row.reason,
        evidence=tuple(row.evidence),
        identity=Identity(row.identity),
        amount=Money(row.amount_minor, row.currency) if row.amount_minor is not None else None,
        rule=row.rule,
        policy_version=row.policy_version,
        words=tuple(row.words),
        doubts=tuple(row.doubts),
        language=row.language,
        writer=row.writer,
        previous=row.previous_id,
        id=row.id,
    )
