"""The table of what the ASVS asks: nothing is missing, what it names exists; and rules that the code alone shows."""

import ast
import re
from functools import cache
from pathlib import Path

from deploy.asvs import PAGE, STATUSES, Requirement, page, read

ROOT = Path(__file__).parents[1]

# The level of each requirement of ASVS 5.0.0, by section: the third digit is that of V1.1.3.
LEVELS = {
    "1.1": "22", "1.2": "1111122223", "1.3": "112222222223", "1.4": "222", "1.5": "123",
    "2.1": "122", "2.2": "112", "2.3": "12223", "2.4": "23",
    "3.1": "3", "3.2": "113", "3.3": "12223", "3.4": "11222233", "3.5": "11122333", "3.6": "3", "3.7": "22333",
    "4.1": "12233", "4.2": "23333", "4.3": "22", "4.4": "1222",
    "5.1": "2", "5.2": "112333", "5.3": "113", "5.4": "222",
    "6.1": "122", "6.2": "111111112222", "6.3": "11223333", "6.4": "112233", "6.5": "22222333", "6.6": "2223",
    "6.7": "33", "6.8": "2222",
    "7.1": "222", "7.2": "1111", "7.3": "22", "7.4": "11222", "7.5": "223", "7.6": "22",
    "8.1": "1233", "8.2": "1123", "8.3": "133", "8.4": "23",
    "9.1": "111", "9.2": "1222",
    "10.1": "22", "10.2": "223", "10.3": "22223", "10.4": "1111122222233333", "10.5": "22222", "10.6": "22",
    "10.7": "222",
    "11.1": "2233", "11.2": "22233", "11.3": "11233", "11.4": "1222", "11.5": "23", "11.6": "23", "11.7": "33",
    "12.1": "12233", "12.2": "11", "12.3": "22223",
    "13.1": "2333", "13.2": "222223", "13.3": "2233", "13.4": "1222233",
    "14.1": "22", "14.2": "12223333", "14.3": "122",
    "15.1": "12233", "15.2": "12233", "15.3": "1222222", "15.4": "3333",
    "16.1": "2", "16.2": "22222", "16.3": "2222", "16.4": "222", "16.5": "2223",
    "17.1": "23", "17.2": "22223333", "17.3": "22",
}  # fmt: skip


def requirements() -> list[Requirement]:
    return [row for rows in read().values() for row in rows]


@cache
def written_in(file: Path) -> set[str]:
    """The tests that a file has, without running it."""
    return {
        node.name
        for node in ast.walk(ast.parse(file.read_text("utf-8")))
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
    }


def test_every_requirement_of_levels_1_and_2_is_there_once_in_its_order() -> None:
    every = {f"{section}.{n}": int(level) for section, levels in LEVELS.items() for n, level in enumerate(levels, 1)}
    assert [list(every.values()).count(level) for level in (1, 2, 3)] == [70, 183, 92], "as OWASP counts them"
    assert [(row.id, row.level) for row in requirements()] == [
        (one, level) for one, level in every.items() if level < 3
    ]


def test_every_chapter_holds_its_own() -> None:
    for chapter, rows in read().items():
        assert {row.id.partition(".")[0] for row in rows} == {chapter.partition(" ")[0]}


def test_each_line_says_how_it_stands_and_what_shows_it() -> None:
    for row in requirements():
        assert row.status in STATUSES, row.id
        assert row.words, row.id
        assert bool(row.proof) or row.status != "met", f"{row.id} is met and nothing shows it"
        assert bool(row.why) == (row.status != "met"), f"{row.id} needs a reason, or has one that it does not need"


def test_every_test_file_and_section_that_the_table_names_exists() -> None:
    for row in requirements():
        for proof in row.proof:
            if "::" in proof:
                file, _, test = proof.partition("::")
                assert test in written_in(ROOT / "tests" / file), f"{row.id}: {proof}"
            else:
                file, _, heading = proof.partition("#")
                text = (ROOT / file).read_text("utf-8")
                assert not heading or re.search(rf"^#+ {re.escape(heading)}$", text, re.MULTILINE), f"{row.id}: {proof}"


def test_the_page_is_what_the_list_says() -> None:
    assert PAGE.read_text("utf-8") == page(read()), "run `python -m deploy.asvs`"


def ours(pattern: str = "**/*.py") -> list[Path]:
    found = [one for one in ROOT.glob(pattern) if one.relative_to(ROOT).parts[0] not in {"tests", "var", ".venv"}]
    assert found
    return found


def calls(file: Path) -> list[tuple[str, ast.Call]]:
    return [
        (ast.unparse(node.func), node)
        for node in ast.walk(ast.parse(file.read_text("utf-8")))
        if isinstance(node, ast.Call)
    ]


def test_no_shell_is_asked_and_nothing_is_run_as_code() -> None:
    """Programs are started with a list of words; templates come from their folder."""
    forbidden = {"os.system", "os.popen", "eval", "exec", "render_template_string", "subprocess.getoutput"}
    found = []
    for file in ours():
        for name, call in calls(file):
            shell = any(word.arg == "shell" and ast.unparse(word.value) != "False" for word in call.keywords)
            if name in forbidden or (shell and "subprocess" in name):
                found.append(f"{file.relative_to(ROOT)}:{call.lineno} {name}")
    assert found == []


def test_every_expression_that_is_built_at_run_time_escapes_what_it_takes() -> None:
    """A function that puts values into an expression escapes them, or has constants of its file alone."""
    found, built = [], 0
    for folder in ("web", "storage", "parts", "worker", "adapters"):
        for file in ours(f"{folder}/**/*.py"):
            for function in ast.walk(ast.parse(file.read_text("utf-8"))):
                for taken in _taken_in(function) if isinstance(function, ast.FunctionDef) else []:
                    built += 1
                    if not taken.isupper() and "re.escape(" not in ast.unparse(function):
                        found.append(f"{file.relative_to(ROOT)}: {function.name} takes {taken}")
    assert built > 3
    assert found == []


def _taken_in(function: ast.FunctionDef) -> list[str]:
    """What stands in braces in the expressions that a function builds."""
    return [
        ast.unparse(piece.value)
        for node in ast.walk(function)
        if isinstance(node, ast.Call) and ast.unparse(node.func).startswith("re.") and node.args
        for piece in getattr(node.args[0], "values", [])
        if isinstance(piece, ast.FormattedValue)
    ]


def test_our_scripts_make_no_code_or_markup_of_text() -> None:
    """No HTML from strings, no messages of other windows, no keys of strangers in plain objects, nothing evaluated."""
    dangerous = re.compile(
        r"\.innerHTML\s*=(?!=)|outerHTML\s*=|insertAdjacentHTML|document\.write|\beval\(|new Function"
        r"|setTimeout\(\s*[\"'`]"
        r"|postMessage|addEventListener\(\s*[\"']message|__proto__|\.constructor\b|Object\.assign\(\s*\{\}|\bwindow\.\w+\s*="
    )
    scripts = ours("static/*.js")
    assert len(scripts) >= 7
    found = {
        f"{file.name}:{number} {line.strip()}"
        for file in scripts
        for number, line in enumerate(file.read_text("utf-8").splitlines(), 1)
        if dangerous.search(line)
    }
    assert found == set()


def test_the_weak_ways_of_cryptography_are_named_nowhere() -> None:
    """No MD5, SHA-1, DES, RC4, ECB and CBC. One-time codes are SHA-1 by their standard: pyotp's own affair.

    Postgres' md5 tells in storage/indexing.py whether an index is the newest, which is no secret and proves nothing.
    """
    weak = re.compile(r"\b(md5|sha1)\(|import md5|\b(DES3?|ARC4|RC4|Blowfish)\(|modes\.(ECB|CBC)|PKCS1v15")
    found = {
        str(file.relative_to(ROOT))
        for file in ours()
        if not {"sandbox", "evaluation"} & set(file.parts) and weak.search(file.read_text("utf-8"))
    }
    assert found <= {"storage/indexing.py"}


def test_no_secret_is_drawn_from_the_plain_source_of_chance() -> None:
    """What serves pages and keeps rows draws from `secrets` alone."""
    plain = [
        str(file.relative_to(ROOT))
        for folder in ("web", "storage", "adapters")
        for file in ours(f"{folder}/**/*.py")
        if re.search(r"^(import random|from random import)", file.read_text("utf-8"), re.MULTILINE)
    ]
    assert plain == []
