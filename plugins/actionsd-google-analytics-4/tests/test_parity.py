from pathlib import Path

from actionsd_google_analytics_4 import google_analytics_4

from support import catalogue, parity

README = Path(__file__).parents[1] / "README.md"


def test_the_recorded_requests_are_sent() -> None:
    report = parity.replay(google_analytics_4)
    assert report.total
    assert report.agreement >= 0.99, report.text()
    assert f"Parity: {report.agreed.total()} of {report.total} records" in README.read_text()


def test_the_definition_is_the_catalogues() -> None:
    assert catalogue.differences(google_analytics_4) == []
