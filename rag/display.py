"""A quote as a customer reads it in a plain-text mail: the same words without Markdown marks."""

import re

_RULES: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern, flags), replacement)
    for pattern, replacement, flags in (
        (r"<!--.*?-->", "", re.DOTALL),
        (r"\{%.*?%\}|\{\{.*?\}\}", "", re.DOTALL),
        (r"^[ \t]*\{[:#.][^}\n]*\}[ \t]*$", "", re.MULTILINE),
        (r"[ \t]*\{:[^}\n]*\}", "", 0),
        (r"!\[[^\]\n]*\]\([^)\n]*\)", "", 0),
        (r"\[([^\]\n]+)\]\((https?://[^)\s]+)[^)\n]*\)", r"\1 (\2)", 0),
        (r"\[([^\]\n]+)\]\([^)\n]*\)", r"\1", 0),
        (r"<(https?://[^>\s]+|[\w.+-]+@[\w.-]+)>", r"\1", 0),
        (r"</?[a-zA-Z][^>\n]*>", "", 0),
        (r"^[ ]{0,3}#{1,6}[ \t]+(.*?)[ \t#]*$", r"\1", re.MULTILINE),
        (r"^[ ]{0,3}(?:`{3,}|~{3,}).*$", "", re.MULTILINE),
        (r"^[ ]{0,3}>[ \t]?", "", re.MULTILINE),
        (r"(\*\*|__)(?=\S)(.+?)(?<=\S)\1", r"\2", 0),
        (r"(?<![\w*])\*(?=[^\s*])([^*\n]+?)(?<=[^\s*])\*(?![\w*])", r"\1", 0),
        (r"(?<![\w_])_(?=[^\s_])([^_\n]+?)(?<=[^\s_])_(?![\w_])", r"\1", 0),
        (r"`([^`\n]+)`", r"\1", 0),
        (r"\\([\\`*_{}\[\]()#+.!|>-])", r"\1", 0),
        (r"[ \t]+$", "", re.MULTILINE),
        (r"\n{3,}", "\n\n", 0),
    )
)


def plain(markdown: str) -> str:
    """Only marks go: no word, number or web address is changed."""
    for pattern, replacement in _RULES:
        markdown = pattern.sub(replacement, markdown)
    return markdown.strip()
