from pathlib import Path

from actionsd_braze import braze

from support import catalogue, parity

README = Path(__file__).parents[1] / "README.md"


def test_the_recorded_requests_are_sent() -> None:
    report = parity.replay(braze)
    assert report.total
    assert report.agreement >= 0.99, report.text()
    assert f"Parity: {report.agreed.total()} of {report.total} records" in README.read_text()


def test_the_definition_is_the_catalogues_but_for_the_catalog_hook() -> None:
    assert catalogue.differences(braze) == ["upsertCatalogItem: onMappingSave is not in the catalogue"]
