"""The question set of the demonstration shop: mails of our own writing, each with the passage that answers it.

None of them stands in `understanding/examples/`, which the shipped abstention was trained on.
"""

import json
from pathlib import Path

from domain.answering import CheckedQuestion
from domain.errors import BadInput
from domain.ports import Answer

QUESTIONS = Path(__file__).with_name("checked") / "lumen-oak.jsonl"
# The share of wrong answers that this shop has chosen, where 0.05 is usual: with it some of the mails that tell its
# story are answered. Its page *Learned* says so.
WRONG_ANSWERS = 0.1


def checked_questions(file: Path = QUESTIONS) -> list[CheckedQuestion]:
    """The whole set in its order. Raises BadInput that names the line that is wrong."""
    found = []
    for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), start=1):
        try:
            row = json.loads(line)
            document, headings = row["document"] or "", tuple(row["headings"])
            found.append(CheckedQuestion(**{**row, "document": document, "headings": headings}))
        except (ValueError, KeyError, TypeError) as error:
            raise BadInput(f"{file.name}:{number}", "is no question with its document.") from error
    return found


def is_right(answer: Answer, wanted: CheckedQuestion) -> bool:
    """Whether what is cited, or what came nearest where nothing is, stands in the document and the section named.

    All of it must come from that document, and one of the sections named must be among it.
    """
    places = [(one.source, one.heading) for one in answer.citations]
    places = places or [(one.path, one.heading) for one in answer.passages[:1]]
    sections = {heading.rpartition(" > ")[2] for _, heading in places}
    same = bool(places) and all(source == wanted.document for source, _ in places)
    return same and (not wanted.headings or not sections.isdisjoint(wanted.headings))
