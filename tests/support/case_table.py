"""Write the table of a case's states into `docs/refunds.md`: `python -m tests.support.case_table`."""

import re
from collections.abc import Mapping
from pathlib import Path

from domain.case import ASKING, ENDED, TRANSITIONS, CaseState

DOC = Path(__file__).resolve().parents[2] / "docs" / "refunds.md"
BEGIN, END = "<!-- the table: begin -->", "<!-- the table: end -->"

S = CaseState

# What each state means to somebody who works at the shop.
WORDS: Mapping[CaseState, str] = {
    S.REQUESTED: "A customer wants something of an order. Nothing was asked yet.",
    S.ORDER_WANTED: "We asked for the order number, once or twice.",
    S.IDENTITY_WANTED: "A link was mailed to the address on the order: whoever reads it there can say that they wrote.",
    S.REASON_WANTED: "We asked why; the policy needs it.",
    S.EVIDENCE_WANTED: "We asked for a picture; the policy needs it for this reason.",
    S.CHECKING: "Everything is there, and the policy is asked.",
    S.ELIGIBLE: "The policy allows it, and as many people as it names have to approve it.",
    S.PERSON: "A person has it: something is unclear, odd, or more than usual.",
    S.APPROVED: "Approved. The money is promised in the ledger.",
    S.EXECUTING: "The shop was asked to do it.",
    S.EXECUTED: "Done: the ledger or the shop says so.",
    S.CONFIRMED: "The customer was told that it is done.",
    S.REFUSED: "Refused, by a rule that has a name or by a person.",
    S.EXPIRED: "Nobody moved it for a month.",
    S.WITHDRAWN: "The customer does not want it any more, or a member closed it.",
}


def block() -> str:
    """The drawing and the table, as they have to stand in the doc."""
    return f"{BEGIN}\n{drawing()}\n\n{table()}\n{END}"


def drawing() -> str:
    """A mermaid state diagram. A way that every asking state has is drawn once, from all of them together."""
    shared = frozenset.intersection(*(TRANSITIONS[state] for state in ASKING)) - ASKING
    lines = ["```mermaid", "stateDiagram-v2", "  direction LR", f"  [*] --> {S.REQUESTED}", "  state asking {"]
    lines += [f"    {one} --> {other}" for one in _sorted(ASKING) for other in _sorted(TRANSITIONS[one] & ASKING)]
    lines += ["  }", *(f"  asking --> {state}" for state in _sorted(shared))]
    for state in CaseState:
        ways = TRANSITIONS[state] - (shared | ASKING if state in ASKING else frozenset())
        lines += [f"  {state} --> {other}" for other in _sorted(ways)]
    lines += [f"  {state} --> [*]" for state in CaseState if not TRANSITIONS[state]]
    return "\n".join([*lines, "```"])


def table() -> str:
    rows = ["| state | what it means | who moves it next | goes to |", "|---|---|---|---|"]
    for state in CaseState:
        ways = ", ".join(f"`{other}`" for other in _sorted(TRANSITIONS[state])) or "nowhere"
        rows.append(f"| `{state}` | {WORDS[state]} | {_who(state)} | {ways} |")
    return "\n".join(rows)


def _who(state: CaseState) -> str:
    if state in ENDED:
        return "nobody: it has ended" if not TRANSITIONS[state] else "the machine"
    if state in ASKING:
        return "the customer"
    persons = {S.PERSON: "a person", S.ELIGIBLE: "a person, or the machine where nobody is needed"}
    return persons.get(state, "the machine")


def _sorted(states: frozenset[CaseState]) -> list[CaseState]:
    return [state for state in CaseState if state in states]


def edges_drawn(doc: str) -> set[tuple[str, str]]:
    """The ways that the drawing in a doc shows, those of all asking states written out."""
    found = re.findall(r"^ *([a-z_]+) --> ([a-z_]+)$", doc, re.MULTILINE)
    starts = {"asking": [state.value for state in ASKING]}
    return {(start, end) for before, end in found for start in starts.get(before, [before])}


def main() -> None:
    doc = DOC.read_text(encoding="utf-8")
    before, _, rest = doc.partition(BEGIN)
    _, _, after = rest.partition(END)
    DOC.write_text(before + block() + after, encoding="utf-8")


if __name__ == "__main__":
    main()
