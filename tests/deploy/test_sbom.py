"""The bill of materials is one that CycloneDX' own library reads, and it holds the whole run time."""

import json
from datetime import UTC, datetime

import pytest
from cyclonedx.model.bom import Bom

from deploy.locks import RUN_TIME, read_lock
from deploy.sbom import bill

ENTRIES = read_lock(RUN_TIME)
AT = datetime(2026, 11, 26, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def read() -> Bom:
    return Bom.from_json(json.loads(json.dumps(bill(ENTRIES, AT))))


def test_every_package_of_the_run_time_is_in_it(read):
    assert {(component.name, component.version) for component in read.components} == {
        (entry.name, entry.version) for entry in ENTRIES
    }
    assert read.metadata.component.name == "mailwright"
    assert read.metadata.timestamp == AT


def test_every_package_has_its_address_for_scanners_and_its_licence(read):
    for component in read.components:
        assert (component.purl.type, component.purl.name) == ("pypi", component.name)
        assert len(component.licenses) == 1


def test_who_needs_whom_is_in_it_and_nothing_hangs_loose(read):
    read.validate()
    needs = {needing.ref.value: {needed.ref.value for needed in needing.dependencies} for needing in read.dependencies}
    flask = next(component.bom_ref.value for component in read.components if component.name == "flask")
    werkzeug = next(component.bom_ref.value for component in read.components if component.name == "werkzeug")
    assert werkzeug in needs[flask]
    reached, ahead = set(), ["mailwright"]
    while ahead:
        reached |= (new := needs[ahead.pop()] - reached)
        ahead += new
    assert reached == {component.bom_ref.value for component in read.components}


def test_what_is_locked_for_other_machines_alone_is_marked(read):
    scopes = {component.name: component.scope.value for component in read.components}
    assert scopes["flask"] == "required"
    assert scopes["httpx2-jsfetch"] == "optional"
