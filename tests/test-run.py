#!/usr/bin/env python3
"""What `make run` shows where there is no display: it says so and draws, the first time and again. Prints TAP.   tests/test-run.py SOURCE BUILD"""

import os
import pathlib
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent / 'cli'))
import tap  # noqa: E402

SOURCE, BUILD = map(pathlib.Path, sys.argv[1:])


def draws_as_files_without_a_display(folder):
    environment = {name: value for name, value in os.environ.items() if name not in ('DISPLAY', 'WAYLAND_DISPLAY')}
    out = pathlib.Path('pictures', 'example')
    drawn = []
    for _ in range(2):
        result = subprocess.run([SOURCE / 'build-aux' / 'run.sh', BUILD, out], cwd=folder, env=environment, capture_output=True, text=True, timeout=250)
        assert result.returncode == 0, result.stderr
        assert 'No display' in result.stdout and str(out / 'grid.png') in result.stdout, result.stdout
        files = {path.name: path.read_bytes() for path in (folder / out).iterdir()}
        assert len(files) == 17 and 'grid.png' in files, sorted(files)
        assert all(data.startswith(b'\x89PNG') for data in files.values())
        drawn.append(files)
    assert drawn[0] == drawn[1], 'the second time it draws others'


sys.exit(tap.run([draws_as_files_without_a_display], 'run/'))
