"""The way of one mail to its decision, step by step: what each was given, what came out, who decided, what it cost.

Only what is stored is shown. A step that left nothing behind says so, or is not there.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from domain.category import Category
from domain.composition import Attempt
from storage import decisions, llm_calls, machine_view, reclassify
from storage.llm_calls import Made
from storage.machine_view import Stored
from storage.thread import Shown
from web import settled_words
from web.session import member, services
from web.words import CATEGORIES, size

# What a language model was asked for.
PURPOSES = {"classify": "what the mail is about", "answer": "an answer from the documents"}

Texts = tuple[tuple[str, str], ...]

_PARTS = ("text", "forwarded", "quoted", "signature", "disclaimer")


@dataclass(frozen=True, slots=True)
class Step:
    """`told` is a plain sentence, `by` who or what did it; `given` and `made` are names with what is stored."""

    key: str
    name: str
    told: str
    by: str
    given: Texts = ()
    made: Texts = ()


def steps_view(now: Shown | None) -> dict[str, object]:
    """What the templates need to show how the mail at hand came to its decision, and what that cost."""
    if now is None or now.decision is None:
        return {"steps": (), "cost": ""}
    tenant = member().tenant
    with services().database.transaction(tenant) as db:
        stored = machine_view.of_decision(db, tenant, now.decision)
        calls = llm_calls.of_message(db, tenant, now.id)
        said = reclassify.known(db, tenant, [now.id]).get(now.id)
        composed = decisions.composition(db, tenant, now.decision)
    if stored is None:
        return {"steps": (), "cost": ""}
    found = (
        _read(stored),
        *([_understood(stored, said.category if said else None)] if stored.understanding else []),
        *([_asked(calls, composed, stored)] if calls or composed else []),
        *([_looked_up(stored)] if stored.facts or stored.tried or stored.suggestions else []),
        *([_passages(stored)] if stored.answer or stored.citations else []),
        *([_checked(stored)] if stored.checks else []),
        _decided(now, stored),
        *([_settled(now)] if now.settled_at else []),
    )
    return {"steps": found, "cost": cost_of(calls, proposals=len(composed))}


def cost_of(calls: Sequence[Made], *, proposals: int = 0) -> str:
    """What the language models used for one mail, in tokens and in US cents where both are known.

    `proposals` are drafts of theirs that are kept, also where their calls are not.
    """
    if not calls and proposals:
        return "What asking a language model cost is not kept any more."
    if not calls:
        return "No language model was asked about this mail."
    times = "once" if len(calls) == 1 else f"{len(calls)} times"
    counted = [one for one in calls if one.input_tokens is not None and one.output_tokens is not None]
    tokens = sum((one.input_tokens or 0) + (one.output_tokens or 0) for one in counted)
    priced = [one.cost_minor for one in calls if one.cost_minor is not None]
    used = f"{tokens:,} words or parts of words in and out" if counted else "how much it read and wrote is not known"
    price = f"{sum(priced):.3g} US cents" if priced else "what that cost is not known"
    missing = len(calls) - min(len(counted), len(priced))
    more = f" Of {missing} of them not everything is known." if missing and priced and counted else ""
    return f"A language model was asked {times}: {used}, {price}.{more}"


def _read(stored: Stored) -> Step:
    parsed = stored.parsed
    if parsed is None:
        return Step("read", "Read", "The words of the mail are not kept, or could not be read.", "a rule")
    files = len(parsed.get("attachments") or ())
    kept = f" of {size(stored.size)}" if stored.size else ""
    with_files = f", with {files} {'attachment' if files == 1 else 'attachments'}" if files else ""
    told = f"The mail{kept} was taken apart{with_files}."
    return Step("read", "Read", told, "a rule", made=_kept(("The mail, as it was read", parsed)))


def _understood(stored: Stored, said: Category | None) -> Step:
    all_of_it = stored.understanding
    read = {name: value for name, value in all_of_it.items() if name not in _PARTS}
    given = tuple((name.capitalize(), str(all_of_it[name])) for name in _PARTS if all_of_it.get(name))
    about = CATEGORIES.get(str(read.get("category")), str(read.get("category")))
    told = f"It is about: {about}, {float(read.get('confidence') or 0):.0%} sure."
    by = str(read.get("decided_by", ""))
    if read.get("automatic"):
        told, by = f"A machine wrote it: {read['automatic']}.", "a rule"
    elif said is not None:
        told, by = f"A member said that it is about: {CATEGORIES[said]}.", "a person"
    return Step("understood", "Understood", told, by, _cut(given), _kept(("What was understood", read)))


def _asked(calls: Sequence[Made], composed: Sequence[Attempt], stored: Stored) -> Step:
    models = dict.fromkeys([*(one.model for one in calls), *(one.model for one in composed if one.model)])
    look = stored.understanding.get("second_look") or {}
    given = [("It was asked, with placeholders for personal data", one.prompt) for one in composed]
    made = [("Each call", "\n".join(map(_call, calls))), ("It said what the mail is about", look.get("raw") or "")]
    made += [("It proposed", one.raw) for one in composed]
    return Step(
        "asked",
        "Asked a language model",
        cost_of(calls, proposals=len(composed)),
        ", ".join(models),
        _cut(given),
        _cut(made),
    )


def _call(one: Made) -> str:
    words = [str(count) if count is not None else "unknown" for count in (one.input_tokens, one.output_tokens)]
    price = "cost not known" if one.cost_minor is None else f"{one.cost_minor:.3g} US cents"
    asked = f"{one.at:%Y-%m-%d %H:%M:%S} UTC, {one.model}, for {PURPOSES.get(one.purpose, one.purpose)}"
    return f"{asked}: {one.outcome}, {one.duration_ms} ms, {words[0]} in, {words[1]} out, {price}"


def _looked_up(stored: Stored) -> Step:
    counts = (
        (len(stored.facts), "fact of our own data", "facts of our own data"),
        (len(stored.tried), "order number that does not fit", "order numbers that do not fit"),
        (len(stored.suggestions), "page of the web", "pages of the web"),
    )
    told = "Found: " + ", ".join(f"{n} {one if n == 1 else many}" for n, one, many in counts if n) + "."
    made = _kept(("Facts", stored.facts), ("Order numbers tried", stored.tried), ("Pages", stored.suggestions))
    return Step("looked-up", "Looked up", told, "a rule", (), made)


def _passages(stored: Stored) -> Step:
    look, n = stored.answer or {}, len(stored.citations)
    told = f"{n} {'passage is' if n == 1 else 'passages are'} quoted." if n else "No passage was good enough to quote."
    if look:
        told += f" {float(look.get('probability') or 0):.0%} sure that this answers the mail."
    made = _kept(("How sure it is, and from what", look), ("What is quoted", stored.citations))
    return Step("passages", "Found passages", told, "local models" if look.get("model") else "a rule", (), made)


def _checked(stored: Stored) -> Step:
    passed = sum(bool(one.get("passed")) for one in stored.checks)
    told = f"{passed} of {len(stored.checks)} checks were in order."
    return Step("checked", "Checked", told, "a rule", (), _kept(("Checks", stored.checks)))


def _decided(now: Shown, stored: Stored) -> Step:
    words = {"release": "Answer by itself", "hold": "Wait for a person", "ignore": "Leave it alone"}
    told = f"{words.get(now.disposition, now.disposition)}: {now.reason}"
    by = "a rule" if stored.by in {"", "rule"} else f"{stored.by}, within the rules"
    drafts = _cut([(f"Draft {place}", one.draft_text) for place, one in enumerate(now.drafts, 1)])
    return Step("decided", "Decided", told, by, (), drafts + _kept(("What the case becomes", stored.case_on_release)))


def _settled(now: Shown) -> Step:
    sent = _cut([("What left", one.text) for one in now.drafts if one.state == "sent" or one.was_sent_from_gmail])
    told = settled_words.told(now.settlement) if now.settlement else "It was settled."
    return Step("settled", "Settled", told, now.settled_by or "a person", (), sent)


def _kept(*named: tuple[str, object]) -> Texts:
    """What is stored, as it stands; what is empty was not stored."""
    return tuple((name, json.dumps(one, ensure_ascii=False, indent=1)) for name, one in named if one)


def _cut(named: Iterable[tuple[str, str]]) -> Texts:
    longest = machine_view.LONGEST
    return tuple((name, one if len(one) <= longest else f"{one[:longest]}\n[…]") for name, one in named if one)
