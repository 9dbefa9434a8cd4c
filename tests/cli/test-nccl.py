#!/usr/bin/env python3
"""Several processes with a GPU each: gradients that the GPUs add up among themselves. Kernels run on the host and NCCL is a stand-in
(tests/nccl-stand-in.c), so any machine will do. Prints TAP; skips where there is no mpirun or the module for it was not built.

    tests/cli/test-nccl.py C2L MPI-MODULE CUDA-MODULE NCCL [PART OF A NAME]"""

import os
import shutil
import signal
import subprocess
import sys

import mpirun
import tap
from training import BLIND, TINY, assert_same_end, make_data, metrics, n_lines, status, wait_for

C2L, MODULE, CUDA, NCCL = (os.path.abspath(path) for path in sys.argv[1:5])
ENVIRONMENT = {'C2L_CUDA_MODULE': CUDA, 'C2L_NCCL': NCCL}
SETTINGS = [*TINY, *BLIND, 'train.max_it=8', 'train.lr=1.0e-3', 'train.checkpoint_it=4']
TOGETHER = 'the GPUs of 2 processes add up gradients among themselves'
TESTS = []


def test(function):
    TESTS.append(function)
    return function


def train(n, folder, run, *arguments, expect=0, **environment):
    result = subprocess.run(mpirun.command(n, C2L, 'train', '--run', run, *arguments), cwd=folder, capture_output=True, text=True, timeout=250,
                            env=mpirun.environment(**{**ENVIRONMENT, 'C2L_TEST_NCCL_LOG': str(folder / f'{run}.nccl'), **environment}),
                            stdin=subprocess.DEVNULL)
    assert result.returncode == expect or (expect is None and result.returncode != 0), f'exit status {result.returncode}\n{result.stderr}'
    return result


def log(folder, run):
    return (folder / run / 'log.txt').read_text()


def ends(folder, run):
    """What the stand-in says of each rank's end."""
    return sorted((folder / f'{run}.nccl').read_text().splitlines())


def assert_close(one, other):
    assert len(one) == len(other) > 0
    for first, second in zip(one, other):
        for key in ('loss', 'grad_norm'):
            assert first['step'] == second['step'] and abs(first[key] - second[key]) <= 1e-5 * abs(first[key]), (first, second)


@test
def gpus_give_the_losses_of_one(folder):
    make_data(folder)
    train(1, folder, 'one', *SETTINGS)
    train(2, folder, 'two', *SETTINGS)
    train(2, folder, 'by-host', *SETTINGS, C2L_NCCL='none')
    assert TOGETHER in log(folder, 'two') and TOGETHER not in log(folder, 'by-host') and not (folder / 'one.nccl').exists()
    assert 'C2L_NCCL=none' in log(folder, 'by-host') and not (folder / 'by-host.nccl').exists()
    left = ends(folder, 'two')
    assert len(left) == 2 and all(line.split()[2] == 'left' and int(line.split()[4]) >= 8 * 3 for line in left), left
    assert_close(metrics(folder / 'one'), metrics(folder / 'two'))
    # Of two numbers there is one sum.
    assert metrics(folder / 'two') == metrics(folder / 'by-host')
    assert_same_end(folder / 'two', folder / 'by-host')


@test
def parts_of_a_batch_are_summed_once_and_it_is_resumed(folder):
    make_data(folder)
    settings = [*SETTINGS, 'device=cuda', 'train.grad_accum=2', 'train.max_rows=5', 'train.max_grad_norm=0.1']
    train(2, folder, 'two', *settings)
    train(2, folder, 'parts', *settings, 'train.max_it=4')
    train(2, folder, 'parts', '--resume', 'train.max_it=8')
    assert log(folder, 'parts').count(TOGETHER) == 2
    assert metrics(folder / 'two') == metrics(folder / 'parts')
    train(1, folder, 'one', *settings[:-3], 'train.grad_accum=2', 'train.max_grad_norm=0.1')
    assert_close(metrics(folder / 'one'), metrics(folder / 'two'))


@test
def the_loader_finds_it(folder):
    make_data(folder)
    (folder / 'lib').mkdir()
    (folder / 'lib/libnccl.so.2').symlink_to(NCCL)
    path = ':'.join([str(folder / 'lib'), *filter(None, [os.environ.get('LD_LIBRARY_PATH')])])
    train(2, folder, 'run', *SETTINGS, C2L_NCCL='', LD_LIBRARY_PATH=path)
    assert TOGETHER in log(folder, 'run') and len(ends(folder, 'run')) == 2


@test
def without_it_gradients_pass_through_the_host(folder):
    make_data(folder)
    train(2, folder, 'run', *SETTINGS, C2L_NCCL='/nonexistent/libnccl.so.2')
    text = log(folder, 'run')
    assert "gradients pass through the machine's memory" in text and 'NCCL cannot be loaded (/nonexistent/libnccl.so.2' in text, text
    assert status(folder / 'run')['state'] == 'finished'


@test
def processes_that_share_a_gpu_use_the_host(folder):
    make_data(folder)
    train(2, folder, 'run', *SETTINGS, 'device=cuda:1')
    text = log(folder, 'run')
    assert 'processes 1 and 2 of 2 share one GPU' in text and TOGETHER not in text, text
    # Three processes and two GPUs.
    train(4, folder, 'four', *SETTINGS)
    assert 'share one GPU' in log(folder, 'four') and not (folder / 'four.nccl').exists()


@test
def processors_say_nothing_of_it(folder):
    make_data(folder)
    train(2, folder, 'run', *SETTINGS, 'device=cpu')
    assert 'NCCL' not in log(folder, 'run') and 'gradients' not in log(folder, 'run')


@test
def what_fails_is_said(folder):
    make_data(folder)
    for fault, words in (('id', 'it cannot begin: unhandled system error'), ('init', 'do not come together: invalid usage'),
                         ('begin', 'could not be begun: invalid usage'), ('sum', 'a sum over the GPUs failed: unhandled cuda error')):
        result = train(2, folder, fault, *SETTINGS, expect=None, C2L_TEST_NCCL_FAULT=fault)
        assert words in result.stderr and 'the stand-in was told to fail' in result.stderr and 'C2L_NCCL=none' in result.stderr, result.stderr
        assert not mpirun.find_processes(folder, C2L)


@test
def a_process_that_dies_ends_the_job(folder):
    make_data(folder)
    run = folder / 'run'
    process = subprocess.Popen(mpirun.command(2, C2L, 'train', '--run', 'run', *SETTINGS, 'train.max_it=1_000_000', 'train.keep=2'), cwd=folder, stdout=subprocess.DEVNULL,
                               stderr=subprocess.PIPE, text=True, env=mpirun.environment(**ENVIRONMENT), stdin=subprocess.DEVNULL)
    wait_for(lambda: n_lines(run) > 5, process)
    os.kill(mpirun.find_processes(folder, C2L)[1], signal.SIGKILL)
    _, errors = process.communicate(timeout=60)
    state = status(run)
    assert process.returncode != 0 and not mpirun.find_processes(folder, C2L)
    assert 'process 2 of 2 has ended' in errors and 'can be resumed' in errors, errors
    train(2, folder, 'whole', *SETTINGS, f'train.max_it={state["step"] + 4}')
    train(2, folder, 'run', '--resume', f'train.max_it={state["step"] + 4}')
    assert metrics(run) == metrics(folder / 'whole')


if __name__ == '__main__':
    if shutil.which('mpirun') is None or not os.path.exists(MODULE):
        print('1..0 # SKIP ' + ('there is no mpirun' if shutil.which('mpirun') is None else f'{MODULE} was not built'))
        sys.exit(0)
    os.environ.pop('C2L_MODULES', None)
    sys.exit(tap.run(TESTS, '/nccl/', sys.argv[5] if len(sys.argv) > 5 else None))
