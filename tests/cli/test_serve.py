"""`commonspace serve`: its help, and how it says that it cannot start."""

from __future__ import annotations

import socket

import pytest

from commonspace import Collection
from commonspace.cli.serve import named_stores
from commonspace.errors import ParameterError, StorageError


@pytest.fixture
def store(tmp_path):
    return Collection.create(tmp_path / "store", dim=2).path


def test_help_tells_the_options(run):
    told = run("serve", "--help").stdout
    for option in ("--compare", "--reasoner", "--host", "--port", "--host-name", "--workers", "COMMONSPACE_TOKEN"):
        assert option in told


def test_no_such_store(run, tmp_path):
    with pytest.raises(StorageError, match="none"):
        run("serve", tmp_path / "none")


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.0.9"])
def test_others_only_with_a_token(run, store, host):
    with pytest.raises(ParameterError, match=f"--host {host} lets others reach the collection: set a token"):
        run("serve", store, "--host", host)


@pytest.mark.parametrize("token", ["", "two words"])
def test_a_bad_token(run, store, monkeypatch, token):
    monkeypatch.setenv("COMMONSPACE_TOKEN", token)
    with pytest.raises(ParameterError, match="token: expected letters"):
        run("serve", store)


def test_a_port_in_use(run, store):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(
            ParameterError, match=rf"cannot listen at 127\.0\.0\.1, port {port}: Address already in use"
        ):
            run("serve", store, "--port", port)


@pytest.mark.parametrize("host", ["no.such.host.invalid", "a..b", "300.1.1.1"])
def test_no_such_host(run, store, monkeypatch, host):
    monkeypatch.setenv("COMMONSPACE_TOKEN", "x")
    with pytest.raises(ParameterError, match="cannot listen at"):
        run("serve", store, "--host", host)


def test_stores_of_one_name_are_told_apart_without_their_paths(tmp_path):
    folders = [tmp_path / part / "store" for part in ("a", "b", "c")]
    for dim, folder in enumerate(folders, start=2):
        Collection.create(folder, dim=dim)
    Collection.create(tmp_path / "store-2", dim=9)
    named = named_stores([tmp_path / "store-2", *folders])
    assert {name: store.dim for name, store in named.items()} == {"store-2": 9, "store": 2, "store-3": 3, "store-4": 4}
