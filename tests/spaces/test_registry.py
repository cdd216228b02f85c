from __future__ import annotations

import pytest

from commonspace.errors import UnknownNameError
from commonspace.spaces import Space, all_spaces, find_space
from commonspace.spaces.registry import SPACE_MODULES


def test_command_line_names_are_class_names_in_lower_case():
    spaces = all_spaces()
    assert spaces
    assert len(spaces) == len(SPACE_MODULES)
    for name, space in spaces.items():
        assert name == space.__name__.lower()
        assert issubclass(space, Space)
        assert space.__module__ == f"commonspace.{SPACE_MODULES[space.__name__]}"


@pytest.mark.parametrize("name", SPACE_MODULES)
def test_a_space_is_found_by_either_name(name: str):
    assert find_space(name) is find_space(name.lower()) is all_spaces()[name.lower()]


def test_an_unknown_space_is_an_error_with_a_hint_and_the_known_names():
    with pytest.raises(UnknownNameError, match=r"unknown space 'ccaa'; did you mean 'cca'\? Known: .*cca"):
        find_space("ccaa")
    with pytest.raises(KeyError, match=r"unknown space 'zzz'.* Known:"):
        find_space("zzz")
