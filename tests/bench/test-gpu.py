#!/usr/bin/env python3
"""bench/gpu-folder and bench/gpu.sh, which nobody can try on a machine without a GPU: their ways with the module whose kernels run on the
host. Prints TAP.

    tests/bench/test-gpu.py SOURCE BUILD MODULE"""

import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

SOURCE, BUILD, MODULE = map(os.path.abspath, sys.argv[1:4])
sys.path.insert(0, os.path.join(SOURCE, 'tests', 'cli'))
import tap  # noqa: E402


# Sanitizers make all of it many times as slow; check-long says so by its patience.
SLOWNESS = max(1, int(os.environ.get('C2L_PATIENCE', 0)) // 30)
PLACE = None  # where gpu.sh and what it carries are


def gpu(out, *arguments, expect=0, **env):
    clean = {name: value for name, value in os.environ.items() if not name.startswith('C2L_')}
    result = subprocess.run([PLACE / 'gpu.sh', '--out', out, *arguments], capture_output=True, text=True, timeout=280 * SLOWNESS,
                            env={**clean, 'C2L_CUDA_MODULE': MODULE, 'C2L_TEST_MAX_MFLOPS': '0.2', **env})
    assert result.returncode == expect, f'gpu.sh {arguments}: exit status {result.returncode}, not {expect}\n{result.stdout}{result.stderr}'
    return (out / 'report.md').read_text() if expect != 2 else result.stderr


def says_what_it_did(folder):
    report = gpu(folder, '--only', 'machine,ops,worker,memcheck', '--limit', str(1000 * SLOWNESS))
    assert 'kernels run on the processor' in report and 'kernels on the host 0' in report
    for name in ('test-ops-convolution', 'test-ops-train', 'test-variables', 'test-cuda-module'):
        assert f'| {name} | passed |' in report, name
        assert 'ok 1' in (folder / f'{name}.log').read_text()
    assert 'memcheck | skipped' in report and report.endswith('\n0 failed.\n')


def says_whether_gl_was_there(folder):
    report = gpu(folder, '--only', 'gl')
    assert '| test-gl-buffer | passed |' in report
    read_back = 'ok 1 /gl-buffer/is-read-back' in (folder / 'test-gl-buffer.log').read_text()
    assert read_back and ('skipped: no GL here: ' in report) == ('# SKIP' in (folder / 'test-gl-buffer.log').read_text())


def times_what_it_runs(folder):
    report = gpu(folder, '--only', 'bench', '--cases', 'prior', '--runs', '1', '--limit', str(100 * SLOWNESS))
    assert '| bench-prior-f32 | passed |' in report and '| prior | c2l | f32 | ' in report and '| profile-prior | passed |' in report
    assert '## ops' not in report and 'headline' not in report


def a_device_that_is_not_there_ends_it(folder):
    report = gpu(folder, '--device', 'cuda:9', expect=1)
    assert '**cuda:9 cannot be used here**' in report and '## ops' not in report


def what_fails_is_counted_and_the_rest_goes_on(folder):
    report = gpu(folder, '--only', 'ops', expect=1, C2L_CUDA_HOST_FAULTS='lost=1')
    assert '| test-ops-elementwise | **failed**' in report and '| test-variables | **failed**' in report
    assert '\n0 failed' not in report


def what_hangs_is_ended(folder):
    report = gpu(folder, '--only', 'ops', '--limit', '1', expect=1, C2L_TEST_MAX_MFLOPS='1e9')
    assert '**not finished** within 1 s' in report


def wrong_use_is_answered(folder):
    assert 'no such step' in gpu(folder, '--only', 'machine,dance', expect=2)
    assert '--only' in gpu(folder, '--colour', 'blue', expect=2)


def main():
    tests = [says_what_it_did, says_whether_gl_was_there, times_what_it_runs, a_device_that_is_not_there_ends_it, what_fails_is_counted_and_the_rest_goes_on,
             what_hangs_is_ended, wrong_use_is_answered]
    if not shutil.which('xz'):
        print('1..0 # SKIP there is no xz')
        return
    global PLACE
    with tempfile.TemporaryDirectory(prefix='c2l-gpu-') as place:
        PLACE = pathlib.Path(place)
        made = subprocess.run([os.path.join(SOURCE, 'bench', 'gpu-folder'), BUILD, place], capture_output=True, text=True, timeout=250 * SLOWNESS,
                              env={**os.environ, 'XZ_OPT': '-0', 'C2L_WITHOUT_MODULE': '1'})
        assert 'MiB' in made.stdout, made.stdout + made.stderr  # packed so quickly, it may be too large to carry
        status = tap.run(tests, '/gpu/')
    sys.exit(status)


main()
