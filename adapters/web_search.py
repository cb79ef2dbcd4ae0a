"""Ask the web about a question, through LangChain's tool for Tavily, for members to read: never for a reply.

The tool waits without end and hands errors out as answers, so that time and trouble are ours to watch. What leaves is
one question, without names, addresses and numbers as far as `adapters/llm/placeholders.py` finds them.
"""

import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

import structlog

from adapters.llm.model import forbid_telling
from adapters.llm.placeholders import replace_personal
from adapters.llm.side_by_side import side_by_side
from domain.decision import Suggestion
from domain.ports import Question

if TYPE_CHECKING:
    from langchain_core.tools import BaseTool

log = structlog.get_logger()

MOST = 3
LONGEST_QUESTION, LONGEST_TITLE, LONGEST_SNIPPET, LONGEST_URL = 350, 200, 400, 500
# All questions of one batch together; well below the lease of the mails that wait (`worker/process.py`).
PATIENCE_S = 8.0
REST_S = 300.0

_PLACEHOLDER = re.compile(r"<[A-Z]+_\d+>")
_UNSEEN = re.compile("[\x00-\x1f\x7f-\x9f\xad\u061c\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff]+")


class TavilyWeb:
    """The port `WebSearch`. After trouble it leaves the provider alone for five minutes."""

    def __init__(
        self, key: str, base_url: str, clock: Callable[[], float] = time.monotonic, patience_s: float = PATIENCE_S
    ) -> None:
        self._key, self._base_url = key, base_url
        self._clock = clock
        self._patience_s = patience_s
        self._rests_until = float("-inf")

    def search(self, questions: Sequence[Question]) -> list[Sequence[Suggestion]]:
        if not questions or self._clock() < self._rests_until:
            return [()] * len(questions)
        tool = self._tool
        answers = side_by_side(lambda one: self._asked(tool, one), questions, seconds=self._patience_s)
        if None in answers:
            self._rests_until = self._clock() + REST_S
            log.warning("web_search_failed", questions=len(questions))
        return [answer or () for answer in answers]

    def _asked(self, tool: "BaseTool", question: Question) -> Sequence[Suggestion] | None:
        """What was found for one question, perhaps nothing; None where the provider had trouble."""
        words = without_personal(question)
        if not words:
            return ()
        answer = tool.invoke({"query": words})
        # A text says that nothing was found; an error stands in the place of the answer.
        if isinstance(answer, str):
            return ()
        if not isinstance(answer, dict) or "error" in answer:
            return None
        rows = answer.get("results")
        return tuple(_suggestions(rows if isinstance(rows, list) else []))[:MOST]

    @cached_property
    def _tool(self) -> "BaseTool":
        forbid_telling()
        from langchain_tavily import TavilySearch

        where = {"api_base_url": self._base_url} if self._base_url else {}
        return TavilySearch(
            tavily_api_key=self._key, max_results=MOST, search_depth="basic", include_answer=False,
            include_raw_content=False, include_images=False, **where,
        )  # fmt: skip


def without_personal(question: Question) -> str:
    """What of a question may leave, in one line."""
    kept = _PLACEHOLDER.sub(" ", replace_personal(question.text[: 4 * LONGEST_QUESTION], question.names).text)
    line = " ".join(_UNSEEN.sub(" ", kept).split())
    return line if len(line) <= LONGEST_QUESTION else line[:LONGEST_QUESTION].rpartition(" ")[0]


def _suggestions(rows: Sequence[object]) -> Iterator[Suggestion]:
    for row in rows:
        found: Mapping[str, Any] = row if isinstance(row, dict) else {}
        url, title = found.get("url"), _line(found.get("title"), LONGEST_TITLE)
        if not isinstance(url, str) or len(url) > LONGEST_URL or not re.match(r"https?://[^\s<>\"']+\Z", url):
            continue
        yield Suggestion(title or url, url, _line(found.get("content"), LONGEST_SNIPPET))


def _line(value: object, longest: int) -> str:
    return " ".join(_UNSEEN.sub(" ", value).split())[:longest] if isinstance(value, str) else ""
