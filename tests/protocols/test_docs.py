import doctest
import importlib
import pkgutil

import pytest

from actionsd import protocols

MODULES = [found.name for found in pkgutil.iter_modules(protocols.__path__, "actionsd.protocols.")]


@pytest.mark.parametrize("name", MODULES)
def test_examples_in_the_documentation_hold(name: str) -> None:
    assert doctest.testmod(importlib.import_module(name)).failed == 0
