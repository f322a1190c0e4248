import doctest
import importlib
import pkgutil

import pytest

from actionsd import filters

MODULES = [found.name for found in pkgutil.iter_modules(filters.__path__, "actionsd.filters.")]


@pytest.mark.parametrize("name", MODULES)
def test_examples_in_the_documentation_hold(name: str) -> None:
    assert doctest.testmod(importlib.import_module(name)).failed == 0
