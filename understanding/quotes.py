"""The parts of a mail's text: what is new, what is forwarded, what is quoted, signature and disclaimer.

Our own line patterns instead of a library: every step looks at a bounded number of lines, so that the time is linear
in the length of the text.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from domain.understanding import sent_text
from understanding.introductions import introduction_end, is_forwarding, is_forwarding_subject
from understanding.signatures import disclaimer_start, signature_start

MAX_TEXT = 64 * 1024

_INLINE = re.compile(r"(?<!-)-{3,40}\s?(?=(?:On|Am|Le|El)\s)")
_QUOTED = re.compile(r"\s{0,3}>")
_DECORATION = re.compile(r"\s*[-_=*]{4,}\s*$")


@dataclass(frozen=True, slots=True)
class Parts:
    """`text` is never empty for a mail that is not; the others hold what was taken out of it.

    Where nothing is new but a forwarded mail is there, that is the text, and stands in `forwarded` too.
    """

    text: str
    quoted: str = ""
    signature: str = ""
    forwarded: str = ""
    disclaimer: str = ""

    @property
    def sent_text(self) -> str:
        """What the writer sends: the new text, and below it what they forward."""
        return sent_text(self.text, self.forwarded)


def split(text: str, subject: str = "") -> Parts:
    """Separate the parts of a mail. What lies beyond 64 KB counts as quoted.

    `subject` tells a forwarded mail from a quoted one where the mail program marks both alike.
    """
    new, quoted, forwarded = _without_quotes(_lines(text[:MAX_TEXT]), passes_on=is_forwarding_subject(subject))
    new = _trimmed(new)
    signed_at = signature_start(new, may_be_all=bool(forwarded))
    disclaimed_at = signed_at + disclaimer_start(new[signed_at:])
    kept, passed_on = "\n".join(_trimmed(new[:signed_at])).strip(), "\n".join(forwarded).strip()
    if not kept and not passed_on:
        return Parts(text[:MAX_TEXT].strip(), text[MAX_TEXT:].strip())
    return Parts(
        text=kept or passed_on,
        quoted="\n".join([*quoted, text[MAX_TEXT:]]).strip(),
        signature="\n".join(_trimmed(new[signed_at:disclaimed_at])),
        forwarded=passed_on,
        disclaimer="\n".join(_trimmed(new[disclaimed_at:])),
    )


def _lines(text: str) -> list[str]:
    """The lines, runs of empty ones shortened, and a reply header that shares a line with text put on its own."""
    lines: list[str] = []
    for line in text.split("\n"):
        if not line.strip() and [one.strip() for one in lines[-2:]] == ["", ""]:
            continue
        shared = _INLINE.search(line) if "---" in line else None
        if shared and line[: shared.start()].strip():
            lines += [line[: shared.start()], line[shared.start() :]]
        else:
            lines.append(line)
    return lines


def _without_quotes(lines: list[str], *, passes_on: bool) -> tuple[list[str], list[str], list[str]]:
    """New, quoted and forwarded lines. What is forwarded goes on to the end of the mail."""
    new: list[str] = []
    quoted: list[str] = []
    marked = sum(1 for line in lines if _is_marked(line) and "<<" not in line)
    at = 0
    while at < len(lines):
        if is_forwarding(lines[at]):
            return new, quoted, lines[at:]
        end = introduction_end(lines, at)
        follows = next((line for line in lines[end : end + 4] if line.strip()), "")
        if end > at and not _is_marked(follows):
            return (new, quoted, lines[at:]) if passes_on else (new, [*quoted, *lines[at:]], [])
        if end > at or (marked > 1 and _is_marked(lines[at])):
            end = _marked_end(lines, end)
            quoted += lines[at:end]
            while end < len(lines) and not lines[end].strip():
                end += 1
            at = end
        else:
            new.append(lines[at])
            at += 1
    return new, quoted, []


def _is_marked(line: str) -> bool:
    return _QUOTED.match(line) is not None


def _marked_end(lines: Sequence[str], at: int) -> int:
    """The end of the block of `>` lines that starts at or shortly after `at`."""
    end = at
    for number in range(at, len(lines)):
        line = lines[number]
        if _is_marked(line):
            end = number + 1
        elif line.strip() and not (end == number and _is_rest_of_link(lines[number - 1], line)):
            break
    return end


def _is_rest_of_link(before: str, line: str) -> bool:
    """A long link that a mail program broke, so that its rest lost the mark."""
    return "http" in before and " " not in line.strip()


def _trimmed(lines: Sequence[str]) -> list[str]:
    """Without empty lines at both ends, and without the ruler above a quote."""
    start, end = 0, len(lines)
    while end > start and (not lines[end - 1].strip() or _DECORATION.match(lines[end - 1])):
        end -= 1
    while start < end and not lines[start].strip():
        start += 1
    return list(lines[start:end])
