"""What stands in the editor: a document's fields, out of a form, a stored version, or somebody's reply."""

from dataclasses import dataclass, replace
from uuid import UUID

from flask import request

from domain.errors import BadInput
from rag.formats.front_matter import MAX_QUESTIONS
from rag.writing import body_of, written
from storage.documents import StoredDocument
from web.document_paths import checked_path, path_of_title
from web.fields import letter, line
from web.words import LANGUAGES

LONGEST_BODY = 200_000


@dataclass(frozen=True, slots=True)
class Form:
    """`base` is the version that was opened, empty for a new document; `before` that version's whole text.

    `from_reply` where the text began as somebody's mail: then a person has to say that nothing personal is left.
    """

    path: str = ""
    base: str = ""
    title: str = ""
    language: str = ""
    visibility: str = "public"
    url: str = ""
    questions: str = ""
    body: str = ""
    gap: UUID | None = None
    from_reply: bool = False
    is_checked: bool = False

    @property
    def is_new(self) -> bool:
        return not self.base

    def placed(self) -> "Form":
        """With a place: one that was typed, or one made of the title. Raises BadInput."""
        if not self.path.strip():
            return replace(self, path=path_of_title(self.title, self.language))
        path = checked_path(self.path)
        return replace(
            self, path=path if self.base or path.lower().endswith((".md", ".markdown", ".txt")) else f"{path}.md"
        )

    def source(self, before: str = "") -> str:
        return written(
            self.body, title=self.title, language=self.language, visibility=self.visibility, url=self.url,
            questions=[one for one in self.questions.splitlines() if one], before=before,
        )  # fmt: skip

    def check(self) -> None:
        """Raises BadInput with what is missing, in one sentence."""
        if not self.title:
            raise BadInput("title", "It needs a title.")
        if not self.body:
            raise BadInput("body", "It needs a text.")
        if len(self.body) > LONGEST_BODY:
            raise BadInput(
                "body", f"The text has more than {LONGEST_BODY:,} characters: split it into several documents."
            )
        if len(self.questions.splitlines()) > MAX_QUESTIONS:
            raise BadInput("questions", f"At most {MAX_QUESTIONS} sample questions are kept.")
        if self.from_reply and not self.is_checked:
            raise BadInput("checked", "It began as a mail: say that no personal data stands in it.")


def sent() -> Form:
    """What a browser sent."""
    form = request.form
    language = form.get("language", "")
    return Form(
        path=line(form.get("path", "")),
        base=line(form.get("base", "")),
        title=line(form.get("title", "")),
        language=language if language.isalpha() and len(language) <= 3 and language != "und" else "",
        visibility="internal" if form.get("visibility") == "internal" else "public",
        url=line(form.get("url", "")),
        questions="\n".join(filter(None, map(line, letter(form.get("questions", "")).splitlines()))),
        body=letter(form.get("body", "")),
        gap=_id(form.get("gap", "")),
        from_reply=form.get("from_reply") == "yes" or bool(form.get("gap")),
        is_checked=form.get("checked") == "yes",
    )


def opened(document: StoredDocument) -> Form:
    """A stored version, to be changed."""
    return Form(
        path=document.path,
        base=document.version,
        title=document.title,
        language="" if document.language == "und" else document.language,
        visibility=document.visibility,
        url=document.url,
        questions="\n".join(document.questions),
        body=body_of(document.source),
    )


def languages_of(form: Form) -> dict[str, str]:
    """What the editor offers: those with a name of their own, and the document's."""
    known = {code: name for code, name in LANGUAGES.items() if code != "und"}
    return known if not form.language else {form.language: form.language, **known}


def _id(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
