"""Speak as three vendors do: where their requests arrive, what stands in them, and the form of their answers."""

import json
from abc import ABC, abstractmethod
from typing import Any

from sandbox.http_server import Response, json_response

Body = dict[str, Any]


def asked_for(body: Body) -> str:
    """The way in which a form is asked for: json_schema, function_calling, json_mode, or nothing."""
    if (body.get("response_format") or {}).get("type") == "json_schema" or "output_config" in body:
        return "json_schema"
    if body.get("tools"):
        return "function_calling"
    if (body.get("response_format") or {}).get("type") == "json_object":
        return "json_mode"
    config = body.get("generationConfig") or {}
    return "json_schema" if {"responseSchema", "responseJsonSchema"} & set(config) else ""


class Dialect(ABC):
    """One vendor's way. A fence is a line that begins with `===`, as our prompt has it: the mail stands between two."""

    @abstractmethod
    def is_spoken_at(self, path: str) -> bool: ...

    @abstractmethod
    def error(self, status: int, message: str) -> Response: ...

    @abstractmethod
    def said(self, body: Body, words: str, fault: str) -> Response: ...

    @abstractmethod
    def _last_text(self, body: Body) -> str: ...

    def data(self, body: Body) -> str:
        """All that we sent as data: what stands between fences, with their lines."""
        return self._last_text(body)

    def mail(self, body: Body) -> str:
        """What stands between the two lines of the fence."""
        lines = self._last_text(body).splitlines()
        return "\n".join(line for line in lines if not line.startswith("==="))


class OpenAI(Dialect):
    def is_spoken_at(self, path: str) -> bool:
        return path == "/v1/chat/completions"

    def error(self, status: int, message: str) -> Response:
        return json_response({"error": {"message": message, "type": "error", "param": None, "code": None}}, status)

    def said(self, body: Body, words: str, fault: str) -> Response:
        message: Body = {"role": "assistant", "content": words, "refusal": None}
        finish = "stop"
        if fault == "refusal":
            message |= {"content": None, "refusal": words}
        elif asked_for(body) == "function_calling" and words and fault != "no_tool_call":
            name = body["tools"][0]["function"]["name"]
            call = {"id": "call_1", "type": "function", "function": {"name": name, "arguments": words}}
            message |= {"content": None, "tool_calls": [call]}
            finish = "tool_calls"
        used = {"prompt_tokens": _tokens(body), "completion_tokens": max(len(words) // 4, 1)}
        return json_response(
            {
                "id": "chatcmpl-1",
                "object": "chat.completion",
                "created": 1_790_000_000,
                "model": body["model"],
                "choices": [{"index": 0, "message": message, "finish_reason": finish}],
                "usage": used | {"total_tokens": sum(used.values())},
            }
        )

    def _last_text(self, body: Body) -> str:
        return str(body["messages"][-1]["content"])


class Anthropic(Dialect):
    def is_spoken_at(self, path: str) -> bool:
        return path == "/v1/messages"

    def error(self, status: int, message: str) -> Response:
        return json_response({"type": "error", "error": {"type": "api_error", "message": message}}, status)

    def said(self, body: Body, words: str, fault: str) -> Response:
        content: list[Body] = [{"type": "text", "text": words}]
        stop = "refusal" if fault == "refusal" else "end_turn"
        if asked_for(body) == "function_calling" and fault != "no_tool_call" and words.startswith("{"):
            name = body["tools"][0]["name"]
            content, stop = [{"type": "tool_use", "id": "t1", "name": name, "input": _fields(words)}], "tool_use"
        return json_response(
            {
                "id": "msg_1",
                "type": "message",
                "role": "assistant",
                "model": body["model"],
                "content": content,
                "stop_reason": stop,
                "stop_sequence": None,
                "usage": {"input_tokens": _tokens(body), "output_tokens": max(len(words) // 4, 1)},
            }
        )

    def _last_text(self, body: Body) -> str:
        content = body["messages"][-1]["content"]
        return content if isinstance(content, str) else str(content[-1]["text"])


class Gemini(Dialect):
    def is_spoken_at(self, path: str) -> bool:
        return path.startswith("/v1beta/models/") and path.endswith(":generateContent")

    def error(self, status: int, message: str) -> Response:
        return json_response({"error": {"code": status, "message": message, "status": "ERROR"}}, status)

    def said(self, body: Body, words: str, fault: str) -> Response:
        part: Body = {"text": words}
        if asked_for(body) == "function_calling" and fault != "no_tool_call" and words.startswith("{"):
            name = body["tools"][0]["functionDeclarations"][0]["name"]
            part = {"functionCall": {"name": name, "args": _fields(words)}}
        used = {"promptTokenCount": _tokens(body), "candidatesTokenCount": max(len(words) // 4, 1)}
        finish = "SAFETY" if fault == "refusal" else "STOP"
        return json_response(
            {
                "candidates": [{"content": {"role": "model", "parts": [part]}, "finishReason": finish, "index": 0}],
                "usageMetadata": used | {"totalTokenCount": sum(used.values())},
            }
        )

    def _last_text(self, body: Body) -> str:
        return str(body["contents"][-1]["parts"][-1]["text"])


def _fields(words: str) -> Body:
    """The words as the fields of a call; none where they break off, since these two vendors send no broken ones."""
    try:
        fields: Body = json.loads(words)
    except ValueError:
        return {}
    return fields


def _tokens(body: Body) -> int:
    return max(len(json.dumps(body)) // 4, 1)


DIALECTS: tuple[Dialect, ...] = (OpenAI(), Anthropic(), Gemini())
