from __future__ import annotations

import pytest

from commonspace.data.places import Place
from commonspace.errors import StorageError
from commonspace.scale.job import CREATED, FAILURE, JOB, begin, job_of


def test_a_job_that_finished_no_piece_leaves_its_folder_to_another(tmp_path):
    place = Place(tmp_path)
    begin(place, {"a": 1})
    place.write(FAILURE, b"[]")
    begin(place, {"a": 2})
    assert job_of(place) == {"a": 2}


def test_the_mark_of_a_collection_is_kept_for_its_job_and_taken_from_another(tmp_path):
    place = Place(tmp_path)
    begin(place, {"a": 1})
    place.write(CREATED, b'{"collection": "x"}')
    begin(place, {"a": 1})
    assert place.read(CREATED) == b'{"collection": "x"}'
    begin(place, {"a": 2})
    assert (job_of(place), place.read(CREATED)) == ({"a": 2}, b"{}")


@pytest.mark.parametrize("folder", [False, True])
def test_finished_pieces_are_kept_from_another_job(tmp_path, folder):
    place = Place(tmp_path)
    begin(place, {"a": 1})
    place.write("piece/file" if folder else "piece", b"")
    begin(place, {"a": 1})
    with pytest.raises(StorageError, match="holds finished pieces of another job"):
        begin(place, {"a": 2})
    assert job_of(place) == {"a": 1}


@pytest.mark.parametrize("folder", [False, True])
def test_what_is_no_job_is_left_alone(tmp_path, folder):
    place = Place(tmp_path)
    place.write("thesis/chapter" if folder else "thesis", b"")
    with pytest.raises(StorageError, match="exists and holds other things"):
        begin(place, {"a": 1})
    assert JOB not in place.names()
