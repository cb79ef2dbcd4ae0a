"""Hold the habits of the sandbox that can be changed while it runs."""

from dataclasses import asdict, dataclass, fields
from typing import Any


@dataclass(slots=True)
class Settings:
    """Every knob, with the value it starts from. Times are seconds."""

    token_life_s: float = 3600.0
    code_life_s: float = 120.0
    require_pkce: bool = True
    search_lag_s: float = 0.0
    # For so long the own copy of a sent mail is found nowhere: not by its id, its thread, a list or the history.
    # What is on its way when the process ends is lost; a draft whose wrapper stays has its copy at once.
    sent_copy_lag_s: float = 0.0
    strip_x_headers: bool = False
    rewrite_message_id: bool = True
    # A draft that was sent stays listed around the SENT message; sending it again then really sends a second mail.
    draft_wrapper_stays: bool = False
    raw_padding: bool = True
    page_cap: int = 500
    enforce_quota: bool = False
    units_per_minute: int = 6000
    arrival_every_s: float = 3.0

    def change(self, wanted: dict[str, Any]) -> None:
        """Set knobs by name; raises ValueError that names every wrong one, and then changes nothing."""
        own = {field.name: type(getattr(self, field.name)) for field in fields(self)}
        wrong = [name for name in wanted if name not in own]
        wrong += [name for name, value in wanted.items() if name in own and not _fits(value, own[name])]
        if wrong:
            raise ValueError(f"unknown or ill-typed settings: {', '.join(wrong)}; known are: {', '.join(own)}")
        for name, value in wanted.items():
            setattr(self, name, own[name](value))

    def reset(self) -> None:
        self.change(asdict(Settings()))

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def _fits(value: Any, kind: type) -> bool:
    if kind is bool or isinstance(value, bool):
        return kind is bool and isinstance(value, bool)
    return isinstance(value, int | float) and value >= 0
