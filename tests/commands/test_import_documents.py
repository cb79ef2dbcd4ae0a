"""`flask kb import`: a folder becomes the workspace's knowledge base, and a worker or the command itself indexes it."""

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
