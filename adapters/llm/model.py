"""Make the one chat model that the settings name, and ask it in one of the ways that it may understand."""

import json
import logging
import os
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from adapters.llm.answer import Outcome
from adapters.llm.errors import translated

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel
    from langchain_core.messages import AIMessage

# The ways of asking for a form, the strictest first. Anthropic has no plain JSON mode, and for Google it is an alias.
METHODS: Mapping[str, tuple[str, ...]] = {
    "openai": ("json_schema", "function_calling", "json_mode"),
    "anthropic": ("json_schema", "function_calling"),
    "google_genai": ("json_schema", "function_calling"),
}
# Two tries more for OpenAI and Anthropic; Google's client counts the first one too.
_RETRIES: Mapping[str, int] = {"openai": 2, "anthropic": 2, "google_genai": 3}
_OF_PROVIDER: Mapping[str, Mapping[str, Any]] = {"openai": {"use_responses_api": False}}
# Tokens; models that think first count their thoughts in.
_LONGEST_ANSWER = 2048
_REFUSALS = {"refusal", "content_filter", "SAFETY", "PROHIBITED_CONTENT", "BLOCKLIST", "SPII"}
_TRACING = ("LANGSMITH_TRACING", "LANGSMITH_TRACING_V2", "LANGCHAIN_TRACING", "LANGCHAIN_TRACING_V2")
# Their clients would write whole requests to standard error if the environment said so.
_LOUD = ("OPENAI_LOG", "ANTHROPIC_LOG")
_LOGGERS = ("openai", "anthropic", "google_genai", "langchain", "langchain_core", "langchain_google_genai", "httpx")
_AWAY = (
    *("LANGCHAIN_API_KEY", "LANGSMITH_API_KEY", "LANGCHAIN_ENDPOINT", "LANGSMITH_ENDPOINT"),
    *("LANGSMITH_RUNS_ENDPOINTS", "LANGSMITH_GATEWAY", "LANGSMITH_GATEWAY_API_KEY"),
)


@dataclass(frozen=True, slots=True)
class Choice:
    """Which model, where, and what it costs in US dollars per million tokens (0: not known)."""

    provider: str
    model: str
    base_url: str = ""
    api_key: str = field(default="", repr=False)
    timeout_s: float = 30.0
    input_price: float = 0.0
    output_price: float = 0.0

    def cost_minor(self, input_tokens: int | None, output_tokens: int | None) -> float | None:
        """US cents, with fractions; None where the price or the usage is not known."""
        if input_tokens is None or output_tokens is None or not (self.input_price or self.output_price):
            return None
        return (input_tokens * self.input_price + output_tokens * self.output_price) / 10_000


Said = TypeVar("Said")


@dataclass(frozen=True, slots=True)
class Form(Generic[Said]):
    """What a model is to fill in. `read` gives what the fields say by our own rules, or why they say nothing."""

    schema: Mapping[str, Any]
    read: Callable[[object], Said | Outcome]
    longest_raw: int = 2000


@dataclass(frozen=True, slots=True)
class Reply(Generic[Said]):
    """What one call came to. `said` is there when `outcome` is ANSWERED."""

    outcome: Outcome
    said: Said | None = None
    raw: str = ""
    input_tokens: int | None = None
    output_tokens: int | None = None


class ChatModel:
    """One LangChain chat model. No tool that does anything is ever bound to it; safe to use from several threads."""

    def __init__(self, choice: Choice) -> None:
        self.choice = choice
        self._model = _made(choice)

    def ask(self, form: Form[Said], method: str, instructions: str, mail: str) -> Reply[Said]:
        """One call, with the vendor's bounded retries inside. Raises our own errors."""
        options = {"strict": True} if self.choice.provider == "openai" and method != "json_mode" else {}
        with translated(self.choice.provider):
            asking = self._model.with_structured_output(dict(form.schema), method=method, include_raw=True, **options)
            answer = asking.invoke([("system", instructions), ("human", mail)])
        return _reply(form, answer)


def forbid_telling() -> None:
    """LangSmith, which LangChain brings along, would send every mail to its makers if the environment said so; and the
    clients have log lines of their own, which ours must not be mixed with.
    """
    os.environ.update(dict.fromkeys(_TRACING, "false"))
    for name in (*_AWAY, *_LOUD):
        os.environ.pop(name, None)
    for name in _LOGGERS:
        logging.getLogger(name).setLevel(logging.CRITICAL)


def _made(choice: Choice) -> "BaseChatModel":
    forbid_telling()
    from langchain.chat_models import init_chat_model

    options = {
        "max_retries": _RETRIES[choice.provider],
        "timeout": choice.timeout_s,
        "max_tokens": _LONGEST_ANSWER,
        # A server of one's own may want none; without any the clients would look for one in the environment.
        "api_key": choice.api_key or "none",
        **({"base_url": choice.base_url} if choice.base_url else {}),
        **_OF_PROVIDER.get(choice.provider, {}),
    }
    # What they warn of comes again as an error, or as an answer that does not fit.
    warnings.filterwarnings("ignore", module="langchain")
    with translated(choice.provider):
        made: BaseChatModel = init_chat_model(choice.model, model_provider=choice.provider, **options)
    return made


def _reply(form: Form[Said], answer: Any) -> Reply[Said]:
    raw: AIMessage = answer["raw"]
    usage = raw.usage_metadata
    tokens = (usage["input_tokens"], usage["output_tokens"]) if usage else (None, None)
    words = _words(raw)[: form.longest_raw]
    if _refused(raw):
        return Reply(Outcome.REFUSED, None, words, *tokens)
    if answer["parsed"] is None:
        # Without an error: the model was asked to call a function and called none.
        nothing = answer["parsing_error"] is None or not words
        return Reply(Outcome.NOTHING if nothing else Outcome.UNREADABLE, None, words, *tokens)
    said = form.read(answer["parsed"])
    if isinstance(said, Outcome):
        return Reply(said, None, words, *tokens)
    return Reply(Outcome.ANSWERED, said, words, *tokens)


def _words(raw: "AIMessage") -> str:
    calls = [call["args"] for call in raw.tool_calls]
    return json.dumps(calls[0], ensure_ascii=False) if calls else str(raw.text)


def _refused(raw: "AIMessage") -> bool:
    """Each vendor says it elsewhere."""
    if raw.additional_kwargs.get("refusal"):
        return True
    told = {str(raw.response_metadata.get(name)) for name in ("finish_reason", "stop_reason")}
    blocked = (raw.response_metadata.get("prompt_feedback") or {}).get("block_reason")
    return bool(told & _REFUSALS or blocked)
