from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import commonspace as cs
from commonspace.errors import InputError, MissingPackageError, UnknownNameError
from commonspace.scale.cluster import connected, require_ray, run_tasks

WITHOUT = """
import sys
sys.modules["ray"] = None  # as if it were not installed
import numpy as np
import commonspace as cs
try:
    cs.scale.encode(cs.Dataset({"a": np.eye(2)}), "nowhere")
except cs.errors.MissingPackageError as error:
    print(error)
"""


def test_without_ray_the_command_that_installs_it_is_told(tmp_path: Path):
    source = str(Path(cs.__file__).parents[1])
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": source},
        capture_output=True,
        text=True,
        check=True,
    )
    assert "pip install 'commonspace[ray]'" in done.stdout
    assert list(tmp_path.iterdir()) == []
    try:
        require_ray()
    except MissingPackageError as error:
        assert "commonspace[ray]" in str(error)  # noqa: PT017 - either is right, by what is installed


@pytest.mark.slow
def test_results_come_in_the_order_of_the_numbers_and_mistakes_as_they_are(two_nodes, capsys):
    def power(number: int, exponent: int) -> int:  # within: sent whole, as workers cannot import the tests
        import time

        from commonspace.errors import UnknownNameError

        time.sleep(0.3 * (number == 5))
        if number == 7:
            raise UnknownNameError("number", "7", ["5", "6"])
        assert os.environ["COMMONSPACE_THREADS"] == "1"
        return int(number**exponent)

    def large(number: int) -> np.ndarray:
        return np.full((200, 200), number)

    with connected(two_nodes.address) as ray:
        kept = run_tasks(ray, large, (), [3], description="arrays")[3]
        with connected() as same:
            assert same is ray  # the one that is joined already
        results = run_tasks(ray, power, (2,), [5, 3, 4], description="powers")
        assert list(results.items()) == [(5, 25), (3, 9), (4, 16)]
        with pytest.raises(UnknownNameError, match=r"unknown number '7'\. Known: 5, 6"):
            run_tasks(ray, power, (2,), [6, 7], description="powers")
        with pytest.raises(ray.exceptions.RayTaskError, match="unsupported operand"):
            run_tasks(ray, power, ("x",), [6], description="powers")
        assert ray.is_initialized()
    assert not ray.is_initialized()
    assert (kept == 3).all()
    assert kept.flags.writeable
    assert capsys.readouterr().out == ""


@pytest.mark.slow
def test_an_address_where_nobody_answers_is_named(two_nodes):
    told = r"address '127.0.0.1:9': no cluster answers there .* ray start --head"
    with pytest.raises(InputError, match=told), connected("127.0.0.1:9"):
        pass
