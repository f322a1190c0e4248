from collections.abc import Iterator

import pytest

from support.daemon import webhook
from support.publicapi import PublicApi


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PublicApi]:
    """A daemon with a source and a destination that the file declares."""
    api = PublicApi(tmp_path_factory.mktemp("publicapi"), webhook("declared", "http://127.0.0.1:9/none"))
    with api.daemon:
        yield api
