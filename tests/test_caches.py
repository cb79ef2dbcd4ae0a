"""What the program keeps in memory is found in its source, and each place says why no tenant's can answer another.

Found are functions that remember (`cache`, `lru_cache`, `cached_property`), containers that a module or an object
begins empty and fills, and module variables that a function changes. A new one fails until it stands below.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PROGRAM = ("domain", "handlers", "rag", "understanding", "adapters", "storage", "parts", "worker", "web", "commands")

REMEMBERS = {"cache", "lru_cache", "cached_property"}
CONTAINERS = {
    "dict", "list", "set", "OrderedDict", "defaultdict", "Counter", "deque", "WeakKeyDictionary", "WeakValueDictionary",
}  # fmt: skip
CHANGES = {"append", "add", "update", "setdefault", "pop", "popitem", "clear", "insert", "extend", "remove", "discard"}

# The tenant is part of the key; the tests of the file named try two tenants whose rows are twins.
BY_TENANT = {
    "rag/cache.py": (
        {"IndexCache._building", "IndexCache._kept", "IndexCache._try_at"},
        "tests/rag/test_cache_of_twins.py",
    ),
    "understanding/heads.py": ({"Heads._known"}, "tests/rag/test_cache_of_twins.py"),
    "worker/turns.py": ({"Turns._last"}, "tests/worker/test_fair.py"),
}

# A pure function of its whole argument, which the caller brings: who asks with the same text gets what they would get
# alone, and nobody can ask what somebody else asked.
OF_ITS_ARGUMENT = {
    "domain/claims/folding.py": {"folded"},
    "rag/senses.py": {"meaning_of"},
    "understanding/features.py": {"Vocabulary.__post_init__.positions"},
    "understanding/misspelling.py": {"_slipped"},
    "understanding/signals.py": {"_places"},
    "understanding/thresholds.py": {"_trials_for", "upper_bound"},
    "adapters/embedding/onnx.py": {"OnnxEmbedder._memo"},
}

# Read from the program's own files, or made of its own constants, with no word of anybody's.
OUR_OWN_WORDS = {
    "handlers/asking_words.py": {"_words"},
    "handlers/wish/signs.py": {"_spoken"},
    "handlers/wish/words.py": {"words_of"},
    "handlers/wording/__init__.py": {"_beginning", "wording_for"},
    "rag/numerals.py": {"_number_words", "_units", "value_words"},
    "rag/senses.py": {"_concepts", "_light", "_lists", "_pattern"},
    "rag/values.py": {"_month_dates", "_months"},
    "rag/words.py": {"_lists"},
    "understanding/classifier.py": {"_least"},
    "understanding/days.py": {"_named"},
    "understanding/language.py": {"_identifier", "_owners"},
    "understanding/signals.py": {"_list_of", "_openings", "_phrases"},
    "understanding/supplier_words.py": {"words"},
    "adapters/gmail/client.py": {"routes"},
    "storage/conversations.py": {"statement"},
    "storage/customers.py": {"statement"},
    "storage/queue.py": {"_keys_alone", "statement"},
    "storage/queue_counts.py": {"statement"},
    "web/assets.py": {"version"},
    "web/confirm.py": {"_words"},
    "web/passwords.py": {"_nobody"},
}

# Of the whole machine: connections, keys, models and clients, which are asked with a tenant each time.
OF_THE_MACHINE = {
    "adapters/web_search.py": {"TavilyWeb._tool"},
    "parts/abstaining.py": {"Abstaining._abstention", "Abstaining.answer_model"},
    "parts/answering.py": {"Answering._indexes"},
    "parts/core.py": {"Core.database", "Core.jail", "Core.listener_database", "Core.system_mail", "Core.vault"},
    "parts/from_data.py": {"FromData._web", "FromData.status_pages"},
    "parts/knowledge.py": {"Knowledge.converter"},
    "parts/mail.py": {"Mail.google_app", "Mail.google_endpoints"},
    "parts/reading.py": {
        "Reading._classifier", "Reading._heads", "Reading.embedder", "Reading.language_model", "Reading.learner",
        "Reading.model", "Reading.reader",
    },
    "parts/shop.py": {"Shops.shops_http"},
    "worker/forwarding.py": {"Forwarding._files", "Forwarding._pipes", "Forwarding._unfinished"},
}  # fmt: skip

# Of an object that lives for one mail, one document or one answer.
OF_ONE_MAIL = {
    "handlers/looked.py": {"_Overheard.answers"},
    "rag/library.py": {"Documents.__init__"},  # of one index, which is one tenant's
    "adapters/held_line.py": {"Line._held"},  # of one question
    "adapters/llm/composer.py": {"ModelComposer._taken"},
    "adapters/llm/placeholders.py": {"_Numbers._last"},
    "adapters/mime/body.py": {"BodyReader.attachments", "BodyReader.defects", "BodyReader.part_types"},
    "adapters/mime/html.py": {"_Lines._lines", "_Lines._words"},
}

KNOWN = {
    (file, name)
    for group in (
        {file: names for file, (names, _) in BY_TENANT.items()},
        OF_ITS_ARGUMENT,
        OUR_OWN_WORDS,
        OF_THE_MACHINE,
        OF_ONE_MAIL,
    )
    for file, names in group.items()
    for name in names
}


def last_name(node: ast.AST) -> str:
    match node:
        case ast.Call(func=inner) | ast.Subscript(value=inner):
            return last_name(inner)
        case ast.Attribute(attr=name) | ast.Name(id=name):
            return name
    return ""


def begins_empty(value: ast.AST | None) -> bool:
    match value:
        case ast.Dict(keys=within) | ast.List(elts=within) | ast.Set(elts=within):
            return not within
        case ast.Call():
            return last_name(value) in CONTAINERS
    return False


def assigned(node: ast.AST) -> tuple[list[ast.expr], ast.expr | None]:
    match node:
        case ast.Assign(targets=targets, value=value):
            return targets, value
        case ast.AnnAssign(target=target, value=value):
            return [target], value
    return [], None


def kept(source: str) -> set[str]:
    """The places of one file that keep something, by their names."""
    tree = ast.parse(source)
    of_module = {
        target.id
        for node in tree.body
        for target in assigned(node)[0]
        if isinstance(target, ast.Name) and assigned(node)[1] is not None
    }
    empty = {
        target.id
        for node in tree.body
        for target in assigned(node)[0]
        if isinstance(target, ast.Name) and begins_empty(assigned(node)[1])
    }
    return empty | set(_within(tree, (), of_module))


def _within(node: ast.AST, path: tuple[str, ...], of_module: set[str]) -> Iterator[str]:
    for child in ast.iter_child_nodes(node):
        inner = path
        match child:
            case ast.FunctionDef(name=name, decorator_list=by) | ast.AsyncFunctionDef(name=name, decorator_list=by):
                inner = (*path, name)
                if any(last_name(one) in REMEMBERS for one in by):
                    yield ".".join(inner)
            case ast.ClassDef(name=name):
                inner = (*path, name)
            case ast.Call(func=ast.Call() as made) if last_name(made) in REMEMBERS:
                yield ".".join(path)
            case ast.Global(names=names):
                yield from names
            case ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr=what)) if what in CHANGES and path:
                if name in of_module:
                    yield name
            case ast.Subscript(value=ast.Name(id=name), ctx=ast.Store() | ast.Del()) if path and name in of_module:
                yield name
        targets, value = assigned(child)
        for target in targets:
            if isinstance(target, ast.Attribute) and last_name(target.value) == "self" and begins_empty(value):
                yield f"{path[0]}.{target.attr}"
        yield from _within(child, inner, of_module)


def test_each_place_that_keeps_something_says_why_nobody_elses_can_come_out_of_it():
    found = {
        (str(file.relative_to(ROOT)), name)
        for folder in PROGRAM
        for file in (ROOT / folder).rglob("*.py")
        for name in kept(file.read_text(encoding="utf-8"))
    }
    assert found - KNOWN == set(), "new: say under which key it keeps what, or why that needs none"
    assert KNOWN - found == set(), "gone"


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("_found = {}", "_found"),
        ("_found: dict[str, int] = dict()", "_found"),
        ("_found = WeakKeyDictionary()", "_found"),
        ("@cache\ndef answer(question): ...", "answer"),
        ("@functools.lru_cache(maxsize=9)\ndef answer(question): ...", "answer"),
        ("class A:\n    @cached_property\n    def answer(self): ...", "A.answer"),
        ("class A:\n    def __init__(self):\n        self._known = {}", "A._known"),
        ("class A:\n    def __init__(self):\n        self.ask = lru_cache(9)(self._ask)", "A.__init__"),
        ("_last = None\ndef answer():\n    global _last", "_last"),
        ("_first = {'a': 1}\ndef answer():\n    _first['b'] = 2", "_first"),
        ("_first = {'a': 1}\ndef answer():\n    _first.setdefault('b', 2)", "_first"),
    ],
)
def test_each_way_of_keeping_something_is_found(source, name):
    assert kept(source) == {name}


def test_tables_that_nobody_changes_and_what_a_call_makes_for_itself_are_not():
    assert (
        kept("WORDS = {'a': 1}\ndef answer():\n    found = {}\n    found['x'] = WORDS['a']\n    return found") == set()
    )


def test_what_is_kept_by_tenant_is_tried_with_twins():
    for _, place in BY_TENANT.values():
        assert (ROOT / place).is_file()
