import doctest
import importlib
import pkgutil

import pytest

from actionsd import fql

MODULES = ["actionsd.fql", *(found.name for found in pkgutil.iter_modules(fql.__path__, "actionsd.fql."))]


@pytest.mark.parametrize("name", MODULES)
def test_examples_in_the_documentation_hold(name: str) -> None:
    assert doctest.testmod(importlib.import_module(name)).failed == 0
