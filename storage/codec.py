"""Domain values to JSON columns and back."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, replace
from dataclasses import fields as dataclass_fields
from datetime import datetime
from enum import StrEnum
from typing import Any, TypeVar
from uuid import UUID

from domain.answering import AnswerLook
from domain.case import Case, CaseState, Identity
from domain.category import Category
from domain.composition import Attempt, Judged, Quoted, Sentence
from domain.decision import Check, Citation, Fact, Suggestion
from domain.message import Address, Attachment, Message
from domain.money import Money
from domain.opinion import SecondLook
from domain.order_action import Action, WantedItem
from domain.understanding import Place, Priority, Reading, Sentiment, Understanding

Word = TypeVar("Word", bound=StrEnum)


def dumps(value: object) -> str:
    """JSON text of anything made of our dataclasses, mappings and plain values."""
    return json.dumps(value, ensure_ascii=False, default=_plain)


def message_to_json(message: Message) -> str:
    """What was read out of the mail. Ids and times live in columns of their own."""
    return dumps(storable(asdict(replace(message, id=None, thread_id="", received_at=None))))


def message_from_json(
    fields: Mapping[str, Any],
    *,
    message_id: UUID,
    thread_id: str,
    received_at: datetime | None,
) -> Message:
    sender = fields["sender"]
    known = {
        **fields,
        "sender": Address(**sender) if sender else None,
        "to": _addresses(fields["to"]),
        "cc": _addresses(fields["cc"]),
        "reply_to": _addresses(fields["reply_to"]),
        "headers": tuple((name, value) for name, value in fields["headers"]),
        "references": tuple(fields["references"]),
        "part_types": tuple(fields["part_types"]),
        "attachments": tuple(Attachment(**attachment) for attachment in fields["attachments"]),
        "defects": tuple(fields["defects"]),
        "id": message_id,
        "thread_id": thread_id,
        "labels": tuple(fields["labels"]),
        "received_at": received_at,
    }
    return Message(**known)


def understanding_from_json(fields: Mapping[str, Any]) -> Understanding | None:
    """What was understood, or None where the machine never came that far.

    Rows of an earlier release lack fields, which then have their usual value. Rows of a later one, read after going
    back, have fields and words that this one does not know: those are left out.
    """
    if not fields:
        return None
    known = {name: value for name, value in fields.items() if name in _UNDERSTOOD}
    for name in _UNDERSTOOD & {"order_numbers", "key_issues", "error_codes", "ticket_numbers", "purchase_orders"}:
        known[name] = tuple(fields.get(name) or ())
    probabilities = fields.get("probabilities") or {}
    known["probabilities"] = {Category(name): value for name, value in probabilities.items() if name in set(Category)}
    known["read_from"] = tuple(_readings(fields.get("read_from") or ()))
    known["text"] = fields.get("text", "")
    known["category"] = _member(Category, fields.get("category"), Category.OTHER)
    known["priority"] = _member(Priority, fields.get("priority"), Priority.NORMAL)
    known["sentiment"] = _member(Sentiment, fields.get("sentiment"), Sentiment.NEUTRAL)
    look, say = fields.get("second_look"), fields.get("words_say")
    known["second_look"] = SecondLook(**look) if look else None
    known["words_say"] = Category(say) if say in set(Category) else None
    return Understanding(**known)


_UNDERSTOOD = frozenset(field.name for field in dataclass_fields(Understanding))


def _member(kind: type[Word], word: str | None, usual: Word) -> Word:
    """The member of a closed set, or the usual one where a row has none or a later release's."""
    return next((one for one in kind if one == word), usual)


def _readings(rows: Iterable[Mapping[str, Any]]) -> Iterator[Reading]:
    for row in rows:
        if row.get("place") in set(Place):
            yield Reading(row.get("field", ""), Place(row["place"]), row.get("words", ""))


def look_from_json(fields: Mapping[str, Any] | None) -> AnswerLook | None:
    """How an answer was looked at, or None where none was; what a later release wrote besides is left out."""
    if not fields:
        return None
    return AnswerLook(**{name: value for name, value in fields.items() if name in _LOOKED_AT})


_LOOKED_AT = frozenset(field.name for field in dataclass_fields(AnswerLook))


def citations_from_json(rows: list[Mapping[str, Any]]) -> tuple[Citation, ...]:
    return tuple(Citation(**row) for row in rows)


def checks_from_json(rows: list[Mapping[str, Any]]) -> tuple[Check, ...]:
    return tuple(Check(**row) for row in rows)


def composition_to_json(attempts: Iterable[Attempt]) -> str:
    """What a language model wrote may hold whatever there is."""
    return dumps(storable([asdict(one) for one in attempts]))


def composition_from_json(rows: Iterable[Mapping[str, Any]]) -> tuple[Attempt, ...]:
    return tuple(
        Attempt(row["model"], row["prompt"], row["raw"], tuple(map(_judged, row["sentences"])), row["reason"])
        for row in rows
    )


def _judged(row: Mapping[str, Any]) -> Judged:
    sentence = row["sentence"]
    return Judged(
        Sentence(sentence["text"], tuple(Quoted(**one) for one in sentence["citations"])), row.get("objection", "")
    )


def facts_from_json(rows: list[Mapping[str, Any]]) -> tuple[Fact, ...]:
    return tuple(Fact(**{**row, "as_of": datetime.fromisoformat(row["as_of"])}) for row in rows)


def suggestions_from_json(rows: list[Mapping[str, Any]]) -> tuple[Suggestion, ...]:
    return tuple(Suggestion(**row) for row in rows)


def case_from_json(fields: Mapping[str, Any] | None) -> Case | None:
    """A case as `asdict` wrote it; what an earlier release did not know has its usual value."""
    if fields is None:
        return None
    amount, action = fields.get("amount"), fields.get("action")
    return Case(
        kind=fields["kind"],
        state=CaseState(fields["state"]),
        order_number=fields["order_number"],
        asked=tuple(fields["asked"]),
        wrong_numbers=tuple(fields["wrong_numbers"]),
        version=fields["version"],
        action=Action(action) if action else None,
        items=wanted_items(fields.get("items") or ()),
        reason=fields.get("reason") or "",
        evidence=tuple(fields.get("evidence") or ()),
        identity=Identity(fields.get("identity") or ""),
        amount=Money(**amount) if amount else None,
        rule=fields.get("rule") or "",
        policy_version=fields.get("policy_version") or 0,
        words=tuple(fields.get("words") or ()),
        doubts=tuple(fields.get("doubts") or ()),
        language=fields.get("language") or "",
        writer=fields.get("writer") or "",
        previous=UUID(fields["previous"]) if fields.get("previous") else None,
        id=UUID(fields["id"]) if fields.get("id") else None,
        trail=tuple(map(CaseState, fields.get("trail") or ())),
    )


def wanted_items(rows: Iterable[Mapping[str, Any]]) -> tuple[WantedItem, ...]:
    return tuple(WantedItem(**row) for row in rows)


def _addresses(rows: list[Mapping[str, str]]) -> tuple[Address, ...]:
    return tuple(Address(**row) for row in rows)


def storable(value: object) -> object:
    """The same value without what Postgres cannot store in text: NUL and lone surrogates."""
    match value:
        case str():
            return value.replace("\x00", "").encode("utf-8", "replace").decode()
        case dict():
            return {key: storable(item) for key, item in value.items()}
        case list() | tuple():
            return [storable(item) for item in value]
        case _:
            return value


def _plain(value: object) -> object:
    if isinstance(value, UUID | datetime):
        return str(value)
    return asdict(value)  # type: ignore[call-overload]  # json asks only for what it does not know: our dataclasses
