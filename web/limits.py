"""How often an hour one member may ask for what costs much: a search over everything, a copy, a mail that is read."""

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec

from flask import abort, request

from storage import members
from web.session import Page, member, services

P = ParamSpec("P")

# Far above what a person does, also with two pages open that ask anew every five seconds.
AN_HOUR = {"search": 6000, "reading": 300, "copy": 60}


def limited(what: str, *, when: Callable[[], bool] = lambda: True) -> Callable[[Callable[P, Page]], Callable[P, Page]]:
    """Stands below the guard that names an act. `when` says whether this request is one that costs."""

    def decorate(page: Callable[P, Page]) -> Callable[P, Page]:
        @wraps(page)
        def guarded(*args: P.args, **kwargs: P.kwargs) -> Page:
            if when():
                me = member()
                with services().database.without_tenant() as db:
                    few = members.count_attempt(db, f"{what} of {me.tenant}/{me.id}", AN_HOUR[what])
                if not few:
                    abort(429)
            return page(*args, **kwargs)

        return guarded

    return decorate


def searches() -> bool:
    return bool(request.args.get("q", "").strip())
