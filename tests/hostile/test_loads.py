"""The browser that looks at cleaned layouts sees what loads, and of our own hostile pages nothing does."""

import pytest

from adapters.mime.html import to_safe_html
from evaluation.hostile_loads import NoChromium, loads_of
from tests.support.browser import find_chromium
from tests.web.hostile_rows import evil
from tests.web.test_browser_hostile import MUTATIONS

pytestmark = [pytest.mark.browser, pytest.mark.filterwarnings("ignore::ResourceWarning")]
TRAP = "http://127.0.0.1:9"


@pytest.fixture(autouse=True)
def chromium(monkeypatch):
    monkeypatch.setenv("CHROMIUM", str(find_chromium()))


def test_what_is_cleaned_loads_nothing_and_what_is_not_is_seen():
    raw = {str(number): one.replace("TRAP", TRAP) for number, one in enumerate((evil(TRAP), *MUTATIONS))}
    raw["plain"] = "<p>x</p><script>1</script>"
    assert loads_of({name: to_safe_html(page) for name, page in raw.items()}) == []
    caught = loads_of(raw)
    assert "0: asks for http://127.0.0.1:9/img" in caught
    assert "0: leads away from the page" in caught
    assert "plain: has script" in caught
    assert len({one.partition(":")[0] for one in caught}) > len(raw) / 2


def test_without_a_browser_nobody_says_that_nothing_loads(monkeypatch):
    monkeypatch.setenv("CHROMIUM", "/nothing/here")
    with pytest.raises(NoChromium):
        loads_of({"a": "<p>x</p>"})
