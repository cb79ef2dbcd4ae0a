"""What a browser calls itself, in words that its owner knows it by."""

# In this order: most browsers also claim to be those further down.
_PROGRAMS = (("Edg", "Edge"), ("OPR/", "Opera"), ("Firefox/", "Firefox"), ("Chrome/", "Chrome"), ("Safari/", "Safari"))
_SYSTEMS = (
    ("iPhone", "iPhone"), ("iPad", "iPad"), ("Android", "Android"), ("Windows", "Windows"), ("Mac OS X", "macOS"),
    ("Linux", "Linux"),
)  # fmt: skip


def browser_words(agent: str) -> str:
    """Program and system, as "Firefox on Windows"; what is neither, as it calls itself, cut short."""
    program = next((word for sign, word in _PROGRAMS if sign in agent), "")
    system = next((word for sign, word in _SYSTEMS if sign in agent), "")
    if program and system:
        return f"{program} on {system}"
    return agent[:60] or "an unknown browser"
