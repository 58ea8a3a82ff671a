"""What a process of a sandbox loads."""

import importlib.util
import subprocess
import sys

import pytest


@pytest.mark.skipif(
    importlib.util.find_spec("pandas") is None, reason="pandas is not installed, so nothing could load it"
)
def test_a_system_loads_no_pandas_and_leaves_it_to_those_who_want_it() -> None:
    code = "import sys, shapan.sandbox.serving, shapan.kernel.flask_app, shapan.crm; assert not {'pandas', 'numpy', 'openpyxl'} & {*sys.modules}; import pandas; print(pandas.Timestamp(0).year)"
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (ended.returncode, ended.stdout) == (0, "1970\n"), ended.stderr
