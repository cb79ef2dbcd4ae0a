"""The error codes that a mail names: E-4021, ERR_CONN_RESET, 0x80070057, HTTP 504, "error 1603", SQLSTATE."""

import re
from collections.abc import Iterable, Iterator

from understanding.entities import has_digit

LOOKED_AT = 20_000
MOST = 10

_PART = r"[A-Z0-9]{1,20}"
_END = r"(?![\w-]|[.,]\d)"
_HTTP_WORDS = (
    r"gateway time-?out|not found|internal server error|service unavailable|forbidden|bad gateway|bad request"
    r"|unauthori[sz]ed|too many requests|method not allowed|request time-?out|payment required"
)
_ERROR = (
    r"(?:(?:exit|stop|status|return|error|fault|fehler) ?-?code|errorcode|fehler(?:nummer|meldung)?|code d['’]erreur"
    r"|c[óo]digo de error|error|err|erreur|errore|fout|erro|winerror|errno|exception)"
)
# Names that operating systems give: no other word begins with E in capitals and means trouble.
_ERRNO = (
    "EACCES EADDRINUSE EADDRNOTAVAIL EAGAIN EBUSY ECANCELED ECONNABORTED ECONNREFUSED ECONNRESET EEXIST EFAULT "
    "EHOSTDOWN EHOSTUNREACH EINVAL EIO EISDIR EMFILE ENETDOWN "
    "ENETUNREACH ENOENT ENOMEM ENOSPC ENOTCONN ENOTDIR ENOTFOUND "
    "EPERM EPIPE EPROTO ESOCKETTIMEDOUT ETIMEDOUT"
)

# Each with the form in which its code is given back; the surest first.
_FORMS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"\bSQLSTATE\W{0,3}(?P<code>[0-9A-Z]{5})\b"), "SQLSTATE {}"),
    (re.compile(r"\b(?P<code>0x[0-9a-f]{2,16})\b", re.IGNORECASE), "{}"),
    (
        re.compile(
            rf"\bHTTP[ /-]?(?:\d\.\d )?(?:(?:status|error|code|fehler) ){{0,2}}:?\s?(?P<code>[1-5]\d\d){_END}",
            re.IGNORECASE,
        ),
        "HTTP {}",
    ),
    (re.compile(rf"(?<![\w.,-])(?P<code>[45]\d\d)[ :-]{{1,3}}(?:{_HTTP_WORDS})\b", re.IGNORECASE), "HTTP {}"),
    (re.compile(rf"\b(?P<code>(?:{_PART}_){{0,4}}(?:ERR|ERROR|FAILED|EXCEPTION|E)(?:_{_PART}){{1,6}})\b"), "{}"),
    (re.compile(rf"\b(?P<code>(?:{_PART}_){{1,5}}(?:ERR|ERROR|FAILED|EXCEPTION|TIMEOUT|REFUSED|RESET))\b"), "{}"),
    (re.compile(rf"\b(?P<code>{'|'.join(_ERRNO.split())})\b"), "{}"),
    (re.compile(rf"\b(?P<code>(?:ORA|TNS|PLS|SQL|KB|CVE|NET)-\d{{3,7}}){_END}"), "{}"),
    # A letter and digits, as devices show them. E27 is a socket and E330 is in lemonade: without a word before, a
    # hyphen, a leading zero or four digits are needed.
    (re.compile(rf"(?<![\w-])(?P<code>[EF](?:-\d{{3,6}}|\d{{4,6}}|0\d{{1,2}})){_END}"), "{}"),
    (
        re.compile(
            rf"\b(?P<word>{_ERROR})\b(?:[ -]?(?:code|number|nummer|nr|no|id|n[°ºo]|num[ée]ro|n[úu]mero)(?!\w)\.?)?"
            rf"(?:\s(?:is|ist|est|es|was|war))?[\s:#=(\"'“„«-]{{1,3}}(?P<code>[a-z]{{0,4}}-?\d{{1,6}}[a-z]?){_END}",
            re.IGNORECASE,
        ),
        "",
    ),
)  # fmt: skip

# All forms but those of names have a digit; this one needs two capitals behind its E.
_ERRNO_MARK = re.compile(r"E[A-Z]{2}")


def error_codes(text: str, numbers: Iterable[str] = ()) -> tuple[str, ...]:
    """Every error code, in the text's order; never one of `numbers`, which are those of orders and the like."""
    known = {number.upper() for number in numbers}
    hits = sorted(_hits(text[:LOOKED_AT], known))
    return tuple(dict.fromkeys(code for _, code in hits))[:MOST]


def _hits(text: str, known: set[str]) -> Iterator[tuple[int, str]]:
    taken: set[int] = set()
    if not (has_digit(text) or "_" in text or "SQL" in text or _ERRNO_MARK.search(text)):
        return
    for form, given in _FORMS:
        for match in form.finditer(text):
            span = set(range(*match.span("code")))
            if span & taken or match["code"].upper() in known:
                continue
            code = given.format(match["code"]) if given else _announced(match)
            if code:
                taken |= span
                yield match.start("code"), code


def _announced(match: re.Match[str]) -> str:
    """What the word "error" announces: a bare number keeps its word, since it says nothing without."""
    word, code = match["word"].lower(), match["code"]
    if not code.isdigit():
        return code.upper()
    # "I made an error 2 times" names none.
    return f"{word} {code}" if len(code) > 1 or "code" in word or word in {"errno", "winerror"} else ""
