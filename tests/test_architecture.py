"""The table of DESIGN.md, held against what the files really import."""

import ast
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

# Lower may not import higher; neighbours on a line are strangers to each other.
LAYERS = (
    ("soak",),
    ("app", "run_listener", "chaos"),
    ("commands",),
    ("web", "worker", "evaluation"),
    ("bootstrap",),
    ("parts",),
    ("handlers", "rag", "understanding", "adapters", "storage"),
    ("settings",),
    ("domain",),
)
LEVEL = {name: level for level, names in enumerate(reversed(LAYERS)) for name in names}
OURS = {*LEVEL, "sandbox", "tests"}

# The command line starts what it needs: the supervisor of worker/ and the password rules of web/ stand below it.
VENDORS = {
    "sqlalchemy": {"storage"},
    "alembic": {"storage", "migrations"},
    "rq": {"worker"},
    "redis": {"worker", "adapters", "chaos", "soak"},
    "googleapiclient": {"adapters"},
    "google": {"adapters"},
    "authlib": {"adapters", "web"},
    "flask": {"app", "web", "commands", "adapters"},
    "torch": {"adapters"},
    "sentence_transformers": {"adapters"},
    "onnxruntime": {"adapters"},
    "faiss": {"rag"},
    "langchain": {"adapters"},
    "langchain_core": {"adapters"},
    "langchain_tavily": {"adapters"},
    "phonenumbers": {"adapters"},
    "stdnum": {"adapters"},
    "nh3": {"adapters"},
    "lxml": {"adapters"},
    "pypdf": {"adapters"},
    "markdownify": {"adapters"},
    "markdown_it": {"adapters"},
    "pyotp": {"adapters"},
    "segno": {"adapters"},
    "prometheus_client": {"web"},
}


def product_files() -> list[Path]:
    folders = [ROOT / name for name in OURS - {"tests", "sandbox"} if (ROOT / name).is_dir()]
    return sorted([*(file for folder in folders for file in folder.rglob("*.py")), *ROOT.glob("*.py")])


def home_of(file: Path) -> str:
    return file.relative_to(ROOT).parts[0].removesuffix(".py")


@cache  # asked of every file for each vendor: to parse them all takes more than a second
def imports_of(file: Path) -> frozenset[str]:
    """Every module named in an import of this file, those inside functions too."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return frozenset(found)


def first_words(modules: frozenset[str]) -> set[str]:
    return {module.partition(".")[0] for module in modules}


@pytest.mark.parametrize("file", product_files(), ids=lambda file: str(file.relative_to(ROOT)))
def test_imports_only_point_downwards(file):
    home = home_of(file)
    if home in {"gunicorn.conf", "gunicorn"}:
        return
    for name in first_words(imports_of(file)) & OURS - {home}:
        assert name in LEVEL, f"{file.name} imports {name}, which nothing of the product may"
        assert LEVEL[name] < LEVEL[home], f"{home} may not import {name}"


@pytest.mark.parametrize("vendor", sorted(VENDORS))
def test_a_vendor_is_named_in_one_place(vendor):
    users = {home_of(file) for file in product_files() if vendor in first_words(imports_of(file))}
    assert users <= VENDORS[vendor], f"{vendor} is named in {sorted(users - VENDORS[vendor])}"


def test_the_domain_imports_only_python():
    for file in (ROOT / "domain").glob("*.py"):
        foreign = first_words(imports_of(file)) - {"domain"} - set(sys.stdlib_module_names)
        assert not foreign, f"{file.name} imports {foreign}"


@pytest.mark.parametrize("folder", ["handlers", "rag", "understanding"])
def test_who_decides_cannot_name_what_acts(folder):
    for file in (ROOT / folder).rglob("*.py"):
        assert "domain.delivery" not in imports_of(file), file


def test_the_sandbox_imports_nothing_of_ours():
    for file in (ROOT / "sandbox").rglob("*.py"):
        assert not first_words(imports_of(file)) & set(LEVEL), file


def test_no_root_module_carries_a_name_of_the_standard_library():
    names = {path.stem for path in ROOT.iterdir() if path.is_dir() or path.suffix == ".py"}
    assert not names & set(sys.stdlib_module_names)


def swallows_everything(node: ast.AST) -> bool:
    """Whether this clause catches whatever there is and does not raise it again."""
    if not isinstance(node, ast.ExceptHandler):
        return False
    everything = node.type is None or (
        isinstance(node.type, ast.Name) and node.type.id in {"Exception", "BaseException"}
    )
    last = node.body[-1]
    return everything and not (isinstance(last, ast.Raise) and last.exc is None)


def test_except_exception_stands_in_one_place():
    homes = {
        str(file.relative_to(ROOT))
        for file in product_files()
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if swallows_everything(node)
    }
    assert homes == {"worker/attempt.py"}


def test_the_web_process_loads_no_model():
    code = """if True:
        import sys
        from settings import Settings
        from app import create_app
        create_app(Settings(secret_key="k" * 32, public_url="http://localhost"))
        heavy = {"torch", "onnxruntime", "sklearn", "faiss", "sentence_transformers", "transformers", "rq", "redis",
                 "langchain", "langchain_core", "langchain_tavily", "aiohttp", "langsmith", "openai", "anthropic",
                 "phonenumbers", "stdnum"}
        print(sorted(heavy & set(sys.modules)))
    """
    loaded = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert loaded.stdout.strip() == "[]"


@pytest.mark.parametrize("file", [*product_files(), *sorted((ROOT / "sandbox").rglob("*.py"))], ids=str)
def test_a_file_says_first_what_it_owns(file):
    tree = ast.parse(file.read_text(encoding="utf-8"))
    assert ast.get_docstring(tree), f"{file} begins without a sentence that says what it owns"
