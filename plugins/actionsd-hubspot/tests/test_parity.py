from pathlib import Path

from actionsd_hubspot import hubspot

from support import catalogue, parity

README = Path(__file__).parents[1] / "README.md"


def test_the_recorded_requests_are_sent() -> None:
    report = parity.replay(hubspot)
    assert report.total
    assert report.agreement >= 0.99, report.text()
    assert f"Parity: {report.agreed.total()} of {report.total} records" in README.read_text()


def test_the_definition_is_the_catalogues() -> None:
    assert catalogue.differences(hubspot) == []
