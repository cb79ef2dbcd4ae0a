"""The sandbox's language model in the demo: off unless it is asked for, and no language model at all."""

import sys
from collections.abc import Callable, Mapping
from dataclasses import replace

from settings import ROOT, Settings
from worker.supervisor import Command


def with_llm(settings: Settings, port: int) -> Settings:
    """These settings with the sandbox's model as the second opinion, at a price that shows on the pages."""
    return replace(
        settings,
        llm_provider="openai",
        llm_model="sandbox-sorter",
        llm_base_url=f"http://127.0.0.1:{port}/v1",
        llm_api_key="sandbox",
        llm_input_price=0.15,
        llm_output_price=0.6,
    )


def llm_command(settings: Settings, env: Mapping[str, str], answers: Callable[[str], bool]) -> list[Command]:
    """The program that plays the model, or none where it was not asked for."""
    if not settings.llm_provider:
        return []
    server = settings.llm_base_url.removesuffix("/v1")
    words = (sys.executable, "-m", "sandbox.llm", "--port", server.rpartition(":")[2])
    return [Command("llm", words, dict(env), ROOT, lambda: answers(f"{server}/sandbox/requests"))]
