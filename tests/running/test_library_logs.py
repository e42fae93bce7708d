"""What libraries log as they are imported does not reach the user; everything else does."""

import os
import sys

import pytest

from adbench.running.library_logs import library_logs_left_out

LOGGED = (
    "WARNING: All log messages before absl::InitializeLog() is called are written to STDERR\n"
    "I0000 00:00:1795713125.015850   19738 port.cc:153] oneDNN custom operations are on.\n"
    "W0000 00:00:1795713125.123618   19738 cpu_feature_guard.cc:227] This binary is optimized.\n"
    "To enable the following instructions: AVX2 FMA, in other operations, rebuild it.\n"
)
ERROR = "E0000 00:00:1795713125.123618   19738 cuda.cc:1] Unable to register.\n"


def test_log_lines_are_left_out_and_errors_and_the_users_own_lines_are_kept(capfd):
    with library_logs_left_out():
        os.write(2, LOGGED.encode())
        print("mine", file=sys.stderr)
        os.write(2, ERROR.encode())
    assert set(capfd.readouterr().err.splitlines(keepends=True)) == {"mine\n", ERROR}


def test_what_was_written_is_kept_where_the_block_raises(capfd):
    with pytest.raises(ValueError, match="no"), library_logs_left_out():
        os.write(2, LOGGED.encode() + b"mine\n")
        raise ValueError("no")
    os.write(2, b"after\n")
    assert capfd.readouterr().err == "mine\nafter\n"


def test_a_command_whose_model_imports_a_library_shows_no_log(tmp_path, capfd):
    from adbench.planning.settings import CHECK
    from adbench.running.selection import Selection

    file = tmp_path / "logging_model.py"
    file.write_text(
        f"import os\nos.write(2, {LOGGED.encode()!r})\n"
        "from adbench import Model\n"
        "model = Model(name='m', function=lambda xp, x: x, make=lambda size, rng: (1.0,),\n"
        "              sizes={'': {}})\n"
    )
    Selection(models=(str(file),), backends=("reference",)).plan(CHECK)
    assert capfd.readouterr().err == ""
