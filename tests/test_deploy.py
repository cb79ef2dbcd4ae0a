"""The compose file, the image and the systemd units: their promises, read from the files themselves."""

import configparser
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from adapters.embedded.postgres import SETTINGS
from settings import NEEDS

ROOT = Path(__file__).parents[1]
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES: dict[str, Any] = COMPOSE["services"]
DOCKERFILE = (ROOT / "Dockerfile").read_text()
UNITS = sorted((ROOT / "deploy" / "systemd").glob("*.service"))

# What each of our services reads its settings for.
PURPOSES = {
    "migrate": "migrate",
    "web": "web",
    "listener": "listener",
    "worker-io": "worker",
    "worker-brain": "worker",
}
SECRETS = re.compile(r"PASSWORD|SECRET|KEY_RING|DATABASE\w*_URL|CLIENT_ID")
# Secrets of what need not be there.
OPTIONAL = {"MAIL_PASSWORD"}
REGISTRY = re.compile(r"https?://|pypi\.|pytorch\.org/whl|--extra-index-url")

# The commands of servers, word by word. tests/test_deploy_programs.py runs each of them.
OF_COMPOSE = {
    "migrate": "flask db upgrade",
    "web": "gunicorn --bind 0.0.0.0:8000 app:create_app()",
    "listener": "python run_listener.py",
    "worker-io": "python -m worker.run io",
    "worker-brain": "python -m worker.run brain",
}
OF_SYSTEMD = {
    "mailwright-migrate": "flask db upgrade",
    "mailwright-web": "gunicorn --bind 127.0.0.1:8000 app:create_app()",
    "mailwright-listener": "python run_listener.py",
    "mailwright-worker-io@": "python -m worker.run io",
    "mailwright-worker-brain": "python -m worker.run brain",
}


def unit(path: Path) -> configparser.ConfigParser:
    parser = configparser.ConfigParser(interpolation=None, strict=True)
    parser.optionxform = str
    parser.read(path)
    return parser


def stages() -> list[str]:
    """The Dockerfile from each FROM to the next, its comments left out."""
    text = "\n".join(line for line in DOCKERFILE.splitlines() if not line.lstrip().startswith("#"))
    return [f"FROM {stage}" for stage in text.split("FROM ")[1:]]


def test_the_compose_file_has_the_services_that_it_should():
    assert set(SERVICES) == {"postgres", "redis", *PURPOSES}
    assert SERVICES["postgres"]["image"] == "postgres:18"
    assert SERVICES["redis"]["image"] == "valkey/valkey:9"


def test_postgres_writes_no_statement_and_no_row_into_its_log():
    """As the embedded one: `tests/worker/test_log_secrets.py` looks into its log."""
    wanted = [one for one in SETTINGS if one.startswith("log_") and "timezone" not in one]
    assert len(wanted) == 2
    assert SERVICES["postgres"]["command"] == ["postgres", *(word for one in wanted for word in ("-c", one))]


def test_the_compose_file_names_nothing_that_does_not_exist_in_it():
    for name, service in SERVICES.items():
        assert set(service["networks"]) <= set(COMPOSE["networks"]), name
        assert set(service.get("depends_on", {})) <= set(SERVICES), name
        named = {volume.split(":")[0] for volume in service.get("volumes", [])}
        assert named <= set(COMPOSE["volumes"]), name


@pytest.mark.parametrize("name", SERVICES)
def test_a_secret_is_asked_for_by_name_and_never_stands_in_the_compose_file(name):
    for key, value in SERVICES[name].get("environment", {}).items():
        if SECRETS.search(key):
            missing = "-" if key in OPTIONAL else r"\?[\w .]+"
            assert re.fullmatch(rf"\$\{{{key}:{missing}\}}", value), f"{name}: {key}"


def test_no_url_with_a_password_stands_in_the_compose_file():
    assert not re.search(r"://[^\s/]*:[^\s/]*@", (ROOT / "docker-compose.yml").read_text())


@pytest.mark.parametrize("name", PURPOSES)
def test_a_service_is_given_each_setting_that_it_needs(name):
    given = SERVICES[name]["environment"]
    needed = {setting.upper() for setting in NEEDS[PURPOSES[name]]}
    assert needed <= set(given)
    for setting in needed:
        assert f"${{{setting}:?" in given[setting], f"Compose must refuse to start without {setting}"


def test_the_password_of_the_owner_reaches_the_migration_alone():
    assert [name for name in SERVICES if "DATABASE_OWNER_URL" in SERVICES[name].get("environment", {})] == ["migrate"]
    assert [name for name in SERVICES if "POSTGRES_PASSWORD" in SERVICES[name].get("environment", {})] == ["postgres"]
    assert "env_file" not in yaml.dump(COMPOSE)


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_has_a_health_check_or_a_reason_why_not(name):
    check = SERVICES[name]["healthcheck"]
    if check.get("disable"):
        assert len(SERVICES[name]["x-no-health-check"]) > 20
    else:
        assert check["test"][0] == "CMD"
        assert {"interval", "timeout", "retries"} <= set(check)


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_can_do_no_more_than_it_must(name):
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert "no-new-privileges:true" in service["security_opt"]
    assert "privileged" not in service
    assert service["restart"]
    assert name in {"postgres", "redis"} or "cap_add" not in service


def test_only_the_pages_are_reachable_and_only_from_this_machine():
    assert [name for name in SERVICES if "ports" in SERVICES[name]] == ["web"]
    assert SERVICES["web"]["ports"] == ["127.0.0.1:8000:8000"]
    assert COMPOSE["networks"]["rows"] == COMPOSE["networks"]["calls"] == {"internal": True}
    outside = [name for name in SERVICES if "outside" in SERVICES[name]["networks"]]
    assert outside == ["web", "worker-io"]


def test_nobody_starts_before_the_database_is_migrated():
    for name in PURPOSES:
        waits = SERVICES[name]["depends_on"]
        if name == "migrate":
            assert waits["postgres"]["condition"] == "service_healthy"
        else:
            assert waits["migrate"]["condition"] == "service_completed_successfully"
        if "redis" in waits:
            assert waits["redis"]["condition"] == "service_healthy"


def test_the_commands_of_compose_are_those_that_are_run_in_a_test():
    assert {name: " ".join(SERVICES[name]["command"]) for name in PURPOSES} == OF_COMPOSE
    assert SERVICES["web"]["healthcheck"]["test"] == ["CMD", "python", "deploy/check_web.py"]


def test_the_commands_of_systemd_are_those_that_are_run_in_a_test():
    found = {}
    for path in UNITS:
        words = shlex.split(unit(path)["Service"]["ExecStart"])
        assert words[0].startswith("/opt/mailwright/.venv/bin/")
        found[path.stem] = " ".join([Path(words[0]).name, *words[1:]])
    assert found == OF_SYSTEMD


def test_each_command_exists_in_the_repository():
    for command in {*OF_COMPOSE.values(), *OF_SYSTEMD.values(), "python deploy/check_web.py"}:
        words = command.split()
        assert shutil.which(words[0], path=str(Path(sys.executable).parent)), words[0]
        files = [word for word in words if word.endswith(".py")]
        files += [f"{word.replace('.', '/')}.py" for word in words if re.fullmatch(r"worker\.\w+", word)]
        assert all((ROOT / file).is_file() for file in files), command


@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.stem)
def test_a_unit_is_hardened_and_takes_its_secrets_from_a_file(path):
    service = unit(path)["Service"]
    assert service["User"] == "mailwright"
    assert service["EnvironmentFile"].startswith("/etc/mailwright/")
    assert not SECRETS.search(service["Environment"])
    for name, value in {
        "NoNewPrivileges": "yes",
        "ProtectSystem": "strict",
        "ProtectHome": "yes",
        "PrivateTmp": "yes",
        "CapabilityBoundingSet": "",
    }.items():
        assert service[name] == value, name
    # A missing setting must end in one message in the journal, not in a loop.
    assert service["RestartPreventExitStatus"] == "2"


def test_the_pages_of_both_ways_wait_for_the_migration():
    for path in UNITS:
        if path.stem != "mailwright-migrate":
            assert unit(path)["Unit"]["Requires"] == "mailwright-migrate.service"
            assert "mailwright-migrate.service" in unit(path)["Unit"]["After"]


def test_the_readme_of_deploy_lists_the_settings_that_each_program_needs():
    text = (ROOT / "deploy" / "README.md").read_text()
    for purpose in ("migrate", "web", "listener", "worker"):
        line = next(line for line in text.splitlines() if line.startswith(f"| `{purpose}.env`"))
        listed = {word.strip(" ,|") for word in line.split("|")[2].split(",")}
        assert listed == {name.upper() for name in NEEDS[purpose]}


def test_the_image_runs_as_a_user_without_rights():
    final = stages()[-1]
    assert re.findall(r"^USER (.+)$", final, re.MULTILINE) == ["10001:10001"]
    assert not re.search(r"^(RUN|COPY)", final.split("USER ")[1], re.MULTILINE)
    assert "STOPSIGNAL SIGTERM" in final
    assert '["python", "deploy/check_web.py"]' in final


def test_the_image_names_no_registry_and_holds_no_secret():
    assert not REGISTRY.search(DOCKERFILE)
    assert 'ARG TORCH_INDEX_URL=""' in DOCKERFILE
    assert not re.search(r"^(ENV|ARG).*(PASSWORD|SECRET|KEY_RING|TOKEN=)", DOCKERFILE, re.MULTILINE)


def test_torch_stays_in_the_stage_that_makes_the_models():
    base, libraries, models, server = stages()
    assert "torch" in models
    assert not [stage for stage in (base, libraries, server) if "torch" in stage]
    assert "FROM base AS server" in server
    assert "COPY --from=models /models var/models" in server


def test_the_image_installs_what_is_locked_for_the_run_time_and_nothing_without_a_hash():
    _, libraries, models, server = stages()
    by_hash = "pip install --no-deps --require-hashes -r"
    assert re.findall(r"pip install .+", libraries) == [f"{by_hash} requirements.lock"]
    assert re.findall(r"pip install .+", models)[0] == f"{by_hash} requirements-dev.lock"
    # torch alone: what it needs is there by then.
    assert re.findall(r"pip install .+", models)[1].endswith("\"$(grep '^torch==' requirements.txt)\"")
    assert len(re.findall(r"pip install", models)) == 2
    assert "pip install" not in server


def ignored_by_docker() -> tuple[list[str], list[str]]:
    lines = [line for line in (ROOT / ".dockerignore").read_text().splitlines() if line and not line.startswith("#")]
    assert lines[0] == "*"
    return [line[1:] for line in lines if line.startswith("!")], [
        line for line in lines[1:] if not line.startswith("!")
    ]


def test_the_image_takes_in_what_it_names_and_all_that_the_programs_import():
    taken, _ = ignored_by_docker()
    assert not [name for name in taken if not (ROOT / name).exists() and name != "evaluation"]
    assert not {"tests", "sandbox", ".env", "var", "docs", ".git"} & set(taken)
    copied = {word for line in re.findall(r"^COPY (?!--from)(.+)$", DOCKERFILE, re.MULTILINE) for word in line.split()}
    assert {name for name in copied if name not in {".", "./"}} <= set(taken)


def test_the_files_of_the_image_are_enough_for_its_programs(tmp_path):
    """The same files and no others, in another folder: each program gets as far as reading its settings."""
    taken, _ = ignored_by_docker()
    image = tmp_path / "image"
    for name in taken:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, image / name, ignore=shutil.ignore_patterns("__pycache__"))
        elif (ROOT / name).exists():
            (image / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, image / name)
    for command in OF_COMPOSE.values():
        words = command.replace("0.0.0.0:8000", "127.0.0.1:0").split()
        program = str(Path(sys.executable).parent / words[0])
        ended = subprocess.run(
            [program, *words[1:]], cwd=image, env={"PATH": ""}, capture_output=True, text=True, timeout=60, check=False
        )
        assert ended.returncode == 2, ended.stderr
        assert ended.stderr.count("These settings need your attention") == 1, command


def test_the_files_of_the_models_stage_are_enough_to_make_the_models(tmp_path):
    """The models are there already, so that this is quick; every module is imported from the stage's own files."""
    stage = stages()[2]
    for source in re.findall(r"^COPY (\S+) \S+$", stage, re.MULTILINE):
        if (ROOT / source).is_dir():
            shutil.copytree(ROOT / source, tmp_path / source, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(ROOT / source, tmp_path / source)
    models = ROOT / "var" / "models"
    assert (models / "embedder.json").is_file(), "make the models first: `make setup`"
    shutil.copytree(models, tmp_path / "models")
    command = re.search(r"python (-m commands\.setup_models) /models", stage)
    assert command
    ended = subprocess.run(
        [sys.executable, *command[1].split(), str(tmp_path / "models")],
        cwd=tmp_path,
        env={"PATH": "", "EMBEDDING_PRECISION": "int8"},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
