"""`flask kb import`: a folder is added to the workspace's knowledge base, and a worker or the command indexes it."""

import pytest

from storage import document_list, documents, indexing
from tests.commands.test_upkeep import ROOT, flask
from tests.support import pdfs


@pytest.fixture
def folder(tmp_path):
    place = tmp_path / "help"
    (place / "en").mkdir(parents=True)
    (place / "en" / "returns.md").write_text("# Returns\n\nYou can return a lamp within thirty days.")
    (place / "en" / "care.html").write_text("<title>Care</title><h1>Care</h1><p>Oil the oak twice a year.</p>")
    (place / "en" / "faq.txt").write_text("Q: How long does it take?\nA: Three days.\n")
    (place / "en" / "warranty.pdf").write_bytes(pdfs.pdf([(20, "Warranty"), (11, "It lasts for two years.")]))
    (place / "en" / "scan.pdf").write_bytes(pdfs.pdf([]))
    (place / "photo.png").write_bytes(b"x")
    return place


def listed(services, workspace):
    with services.database.transaction(workspace.id) as db:
        return {one.path: one for one in document_list.listed(db, workspace.id)}


def test_every_kind_is_imported_bad_files_are_named_and_a_worker_is_asked(settings, services, workspace, folder):
    done = flask(settings, "kb", "import", str(folder), "--tenant", workspace.slug)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [
        "4 documents imported, 2 left out.",
        "A worker indexes them; until then, answers come from what was indexed before.",
    ]
    assert done.stderr.splitlines() == [
        "en/scan.pdf: holds no text: it may be a scan. Store it with its text recognised, or as text.",
        "photo.png: .png is not a kind read here.",
    ]
    found = listed(services, workspace)
    assert {path: (one.kind, one.title, one.language) for path, one in found.items()} == {
        "en/care.html": ("html", "Care", "en"), "en/faq.txt": ("text", "Faq", "en"),
        "en/returns.md": ("text", "Returns", "en"), "en/warranty.pdf": ("pdf", "Warranty", "en"),
    }  # fmt: skip
    assert {one.state for one in found.values()} == {"waiting"}
    with services.database.transaction(workspace.id) as db:
        assert not indexing.is_settled(db, workspace.id)
        page = documents.of_path(db, workspace.id, "en/care.html")
    assert page.original == (folder / "en" / "care.html").read_bytes()
    assert page.body == "# Care\n\nOil the oak twice a year."


def test_with_wait_everything_is_searched_when_it_returns(settings, services, workspace, folder):
    done = flask(
        settings, "kb", "import", str(folder), "--tenant", workspace.slug, "--wait", DATA_DIR=str(ROOT / "var")
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "All of them are searched."
    assert {one.state for one in listed(services, workspace).values()} == {"indexed"}


def test_importing_the_same_folder_again_asks_for_nothing(settings, services, workspace, folder):
    arguments = ("kb", "import", str(folder), "--tenant", workspace.slug)
    flask(settings, *arguments)
    with services.database.transaction(workspace.id) as db:
        before = db.exec_driver_sql("SELECT wanted FROM knowledge").scalar_one()
    assert "4 documents imported" in flask(settings, *arguments).stdout
    with services.database.transaction(workspace.id) as db:
        assert db.exec_driver_sql("SELECT wanted FROM knowledge").scalar_one() == before


def test_another_folder_is_added_and_ends_nothing_unless_asked_to_replace(
    settings, services, workspace, folder, tmp_path
):
    flask(settings, "kb", "import", str(folder), "--tenant", workspace.slug)
    more, empty = tmp_path / "more", tmp_path / "empty"
    more.mkdir()
    empty.mkdir()
    (more / "gifts.md").write_text("# Gifts\n\nWe wrap them.")
    done = flask(settings, "kb", "import", str(more), "--tenant", workspace.slug)
    assert "4 others stay as they are: --replace ends them." in done.stdout
    assert len(listed(services, workspace)) == 5
    nothing = flask(settings, "kb", "import", str(empty), "--tenant", workspace.slug, "--replace")
    assert nothing.returncode == 2
    assert "nothing was changed" in nothing.stderr
    assert len(listed(services, workspace)) == 5
    done = flask(settings, "kb", "import", str(more), "--tenant", workspace.slug, "--replace")
    assert "4 others ended." in done.stdout
    assert set(listed(services, workspace)) == {"gifts.md"}


def test_a_file_that_became_unreadable_leaves_what_stood_there_before(settings, services, workspace, folder):
    flask(settings, "kb", "import", str(folder), "--tenant", workspace.slug)
    (folder / "en" / "returns.md").write_bytes(b"\x00\x01")
    done = flask(settings, "kb", "import", str(folder), "--tenant", workspace.slug, "--replace")
    assert "en/returns.md: " in done.stderr
    assert "en/returns.md" in listed(services, workspace)
