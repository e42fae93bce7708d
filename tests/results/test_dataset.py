"""The store of a big run: what is written to any file system of fsspec comes back as it was."""

import json
from importlib.util import find_spec

import pandas as pd
import pytest
import synthetic
from click.testing import CliRunner

import adbench
from adbench.cli import main
from adbench.results import dataset, frames
from adbench.results.dataset import MARKER, VERSION, load_dataset
from adbench.results.exit_status import ExitStatus
from adbench.results.frames import CELL
from adbench.results.stored import StoredResultsError

fsspec = pytest.importorskip("fsspec")


@pytest.fixture(params=["memory", "file", "path"])
def url(request, tmp_path):
    """An address where nothing is yet."""
    if request.param != "memory":
        prefix = "file://" if request.param == "file" else ""
        yield f"{prefix}{tmp_path / 'store'}"
        return
    system = fsspec.filesystem("memory")
    yield "memory://adbench-test/store"
    system.rm("/adbench-test", recursive=True)


def store(run, url):
    return CliRunner().invoke(main, ["store", str(run), url])


def in_order(table):
    return table.sort_values([*CELL], kind="stable").reset_index(drop=True)


def stored(tmp_path, count=30):
    """A local store of a made-up run."""
    run = synthetic.write_run(tmp_path / "run", synthetic.many_cells(count))
    folder = tmp_path / "store"
    assert store(run, str(folder)).exit_code == ExitStatus.ALL_RIGHT
    return run, folder


def test_a_run_comes_back_from_every_file_system(url):
    done = store(synthetic.EXAMPLE, url)
    assert done.exit_code == ExitStatus.ALL_RIGHT, done.output
    journal = frames.load(synthetic.EXAMPLE)
    count = journal["model"].nunique()
    assert f"Stored {len(journal)} cells of {count} models at {url}." in done.stdout
    pd.testing.assert_frame_equal(in_order(adbench.load(url)), in_order(journal))


def test_pandas_reads_the_models_and_columns_that_it_wants(url):
    store(synthetic.EXAMPLE, url)
    table = pd.read_parquet(url, columns=["model", "cost_ratio"], filters=[("model", "==", "mlp")])
    journal = frames.load(synthetic.EXAMPLE)
    wanted = journal.loc[journal["model"] == "mlp", "cost_ratio"]
    assert set(table["model"]) == {"mlp"}
    assert sorted(table["cost_ratio"]) == sorted(wanted)


def test_each_model_has_a_folder_of_its_own_whatever_it_is_called(tmp_path, url):
    names = ["a/b", "..", "7", "=1", "ü %2F", "__HIVE_DEFAULT_PARTITION__x", "null"]
    cells = synthetic.many_cells(len(names)).assign(model=names)
    run = synthetic.write_run(tmp_path / "run", cells)
    assert store(run, url).exit_code == ExitStatus.ALL_RIGHT
    assert sorted(adbench.load(url)["model"]) == sorted(names)
    outside = {path.name for path in tmp_path.iterdir()}
    assert outside <= {"run", "store"}


def test_a_run_in_several_pieces_is_stored_whole(tmp_path, monkeypatch):
    monkeypatch.setattr(frames, "CHUNK", 7)
    monkeypatch.setattr(dataset, "ROWS_AT_A_TIME", 10)
    run, folder = stored(tmp_path)
    assert len(list(folder.glob("model=*/*.parquet"))) > 1
    pd.testing.assert_frame_equal(in_order(adbench.load(folder)), in_order(frames.load(run)))


def test_nothing_is_overwritten(tmp_path):
    run, folder = stored(tmp_path)
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    done = store(run, str(folder))
    assert done.exit_code == ExitStatus.BAD_USAGE
    assert "is there already and would be overwritten" in done.stderr
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before


def test_a_store_that_was_not_finished_is_refused(tmp_path):
    _, folder = stored(tmp_path)
    (folder / MARKER).unlink()
    with pytest.raises(FileNotFoundError, match="There is no whole store"):
        load_dataset(str(folder))


def test_a_store_that_lost_a_model_is_refused(tmp_path):
    _, folder = stored(tmp_path, 200)
    assert len(list(folder.glob("model=*"))) > 1
    next(folder.glob("model=*/*.parquet")).unlink()
    with pytest.raises(StoredResultsError, match="and had 200 when it was written"):
        adbench.load(folder)


def test_a_damaged_file_of_a_store_is_refused(tmp_path):
    _, folder = stored(tmp_path)
    path = next(folder.glob("model=*/*.parquet"))
    content = bytearray(path.read_bytes())
    content[len(content) // 4] ^= 0xFF
    path.write_bytes(content)
    with pytest.raises(StoredResultsError, match="cannot be read"):
        adbench.load(folder)


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"version": 1}', '{"version": "x"}'])
def test_a_damaged_marker_is_refused_in_a_sentence(tmp_path, content):
    _, folder = stored(tmp_path)
    (folder / MARKER).write_text(content)
    with pytest.raises(StoredResultsError, match="is damaged"):
        adbench.load(folder)


def test_a_store_of_a_later_version_is_refused(tmp_path):
    _, folder = stored(tmp_path)
    marker = json.loads((folder / MARKER).read_text())
    (folder / MARKER).write_text(json.dumps(marker | {"version": VERSION + 1}))
    with pytest.raises(StoredResultsError, match="written by a later adbench"):
        adbench.load(folder)


def test_a_file_system_that_there_is_not_is_named():
    done = store(synthetic.EXAMPLE, "nowhere://bucket/run")
    assert done.exit_code == ExitStatus.BAD_USAGE
    assert "nowhere://bucket/run cannot be reached" in done.stderr
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.skipif(find_spec("s3fs") is not None, reason="s3fs is installed")
def test_the_package_that_a_file_system_needs_is_named():
    done = store(synthetic.EXAMPLE, "s3://bucket/run")
    assert done.exit_code == ExitStatus.BAD_USAGE
    assert "s3fs" in done.stderr


def test_a_folder_without_a_run_is_named(tmp_path):
    done = store(tmp_path, str(tmp_path / "store"))
    assert done.exit_code == ExitStatus.BAD_USAGE
    assert len(done.stderr.splitlines()) == 1
    assert not (tmp_path / "store").exists()
