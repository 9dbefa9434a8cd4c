#!/usr/bin/env python3
"""c2l in several processes, as mpirun starts them: the losses of one process, one writer, and ends of all kinds. Prints TAP; skips where
there is no mpirun or the module for it was not built.

    tests/cli/test-mpi.py C2L MODULE [PART OF A NAME]"""

import hashlib
import os
import pathlib
import shutil
import signal
import subprocess
import sys

import mpirun
import tap
from training import BLIND, SEEING, TINY, assert_same_end, checkpoints, load, make_data, metrics, n_lines, status, wait_for

C2L = os.path.abspath(sys.argv[1])
MODULE = sys.argv[2]
STARTER = pathlib.Path(os.environ['C2L_DATA']) / 'starter'
SETTINGS = ['train.max_it=20', 'train.lr=1.0e-3', 'model.network.depth=2']
TESTS = []


def test(function):
    TESTS.append(function)
    return function


def command(n, *arguments, options=()):
    return mpirun.command(n, C2L, *arguments, options=options)


def call(n, *arguments, folder, expect=0, options=(), environment={}):
    result = subprocess.run(command(n, *arguments, options=options), cwd=folder, capture_output=True, text=True, timeout=250,
                            env=mpirun.environment(**environment), stdin=subprocess.DEVNULL)
    assert result.returncode == expect or (expect is None and result.returncode != 0), f'{n} × c2l {arguments}: exit status {result.returncode}\n{result.stderr}'
    return result


def train(n, folder, run, *overrides, models=BLIND, **options):
    return call(n, 'train', '--run', run, *TINY, *models, *overrides, folder=folder, **options)


def resume(n, folder, run, *overrides, **options):
    return call(n, 'train', '--run', run, '--resume', *overrides, folder=folder, **options)


def start(n, folder, *arguments):
    return subprocess.Popen(command(n, 'train', *arguments), cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, env=mpirun.environment(),
                            stdin=subprocess.DEVNULL)


def find_processes(folder):
    return mpirun.find_processes(folder, C2L)


def assert_close(one, other, keys=('loss',), tolerance=1e-5):
    assert len(one) == len(other) > 0, (len(one), len(other))
    for first, second in zip(one, other):
        assert first['step'] == second['step']
        for key in keys:
            assert abs(first[key] - second[key]) <= tolerance * abs(first[key]), (key, first, second)


@test
def processes_give_the_losses_of_one(folder):
    make_data(folder)
    train(1, folder, 'one', *SETTINGS)
    for n in (2, 4):
        output = train(n, folder, f'run-{n}', *SETTINGS).stdout
        assert output.split() == [f'run-{n}'], output
        assert_close(metrics(folder / 'one'), metrics(folder / f'run-{n}'), ('loss', 'grad_norm', 'lr', 'epoch'))
        assert checkpoints(folder / f'run-{n}') == checkpoints(folder / 'one') and status(folder / f'run-{n}')['state'] == 'finished'
        assert len(list((folder / f'run-{n}').glob('events.*'))) == 1
        text = (folder / f'run-{n}/log.txt').read_text()
        assert text.count('finished: 20 steps') == 1, text


@test
def parts_of_a_batch_are_summed_once(folder):
    make_data(folder)
    settings = [*SETTINGS, 'train.grad_accum=3', 'train.max_grad_norm=0.1', 'train.max_rows=3', 'train.log_it=2']
    train(1, folder, 'one', *settings)
    train(2, folder, 'two', *settings)
    assert_close(metrics(folder / 'one'), metrics(folder / 'two'), ('loss', 'grad_norm'))


@test
def it_is_resumed_with_any_number(folder):
    make_data(folder)
    settings = [*SETTINGS, 'train.checkpoint_it=6']
    train(2, folder, 'whole', *settings)
    train(2, folder, 'parts', *settings, 'train.max_it=9')
    shutil.copytree(folder / 'parts', folder / 'alone')
    resume(2, folder, 'parts', 'train.max_it=20')
    assert metrics(folder / 'parts') == metrics(folder / 'whole')
    assert_same_end(folder / 'parts', folder / 'whole')
    resume(1, folder, 'alone', 'train.max_it=20')
    assert_close(metrics(folder / 'whole'), metrics(folder / 'alone'))


@test
def the_first_one_validates(folder):
    make_data(folder)
    settings = ['train.max_it=1000', 'train.val_it=5', 'train.lr=0', 'train.ema_beta=1', 'train.early_stop=3', 'train.keep=1']
    train(2, folder, 'run', *settings, models=SEEING)
    train(1, folder, 'one', *settings, models=SEEING)
    state = status(folder / 'run')
    assert state['state'] == 'finished' and state['step'] == 20 and state['best_step'] == 5, state
    seen = [[line for line in metrics(folder / run) if 'val/text2im' in line] for run in ('run', 'one')]
    assert_close(*seen, ('val/text2im', 'val/image-similarity'))


def start_endless(folder, *settings, lines):
    """Two processes that go on until something ends them, once they have written more than so many lines."""
    process = start(2, folder, '--run', 'run', *TINY, *BLIND, *settings, 'train.max_it=1_000_000')
    wait_for(lambda: n_lines(folder / 'run') > lines, process)
    return process


def assert_goes_on(folder, step):
    """The run's checkpoint of that step is good, and from there the numbers are those of an uninterrupted one, “whole”, of 400 steps."""
    run, goal = folder / 'run', step + 20
    load(run / f'checkpoints/{step:08d}.ckpt')
    resume(2, folder, 'run', f'train.max_it={goal}')
    n = min(goal, 400)
    assert metrics(run)[:n] == metrics(folder / 'whole')[:n]


@test
def a_wish_ends_all(folder):
    make_data(folder)
    run = folder / 'run'
    process = start_endless(folder, lines=5)
    (run / 'checkpoint').touch()
    wait_for(lambda: [name for name in checkpoints(run) if name[0] != '.'], process)
    (run / 'stop').touch()
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 0 and status(run)['state'] == 'stopped' and not find_processes(folder), errors
    assert metrics(run)[-1]['step'] == status(run)['step']


@test
def a_signal_leaves_a_checkpoint(folder):
    make_data(folder)
    run = folder / 'run'
    train(2, folder, 'whole', *SETTINGS, 'train.max_it=400')
    process = start_endless(folder, *SETTINGS, lines=10)
    process.send_signal(signal.SIGTERM)
    _, errors = process.communicate(timeout=60)
    state = status(run)
    assert process.returncode != 0 and state['state'] == 'stopped' and 'stopped at step' in state['message'], (state, errors)
    assert_goes_on(folder, state['step'])


@test
def a_process_that_dies_ends_the_job(folder):
    make_data(folder)
    run = folder / 'run'
    train(2, folder, 'whole', *SETTINGS, 'train.max_it=400')
    process = start_endless(folder, *SETTINGS, lines=10)
    os.kill(find_processes(folder)[1], signal.SIGKILL)
    _, errors = process.communicate(timeout=60)
    state = status(run)
    assert process.returncode != 0 and not find_processes(folder)
    assert 'process 2 of 2 has ended' in errors and 'can be resumed' in errors and 'signal 9' in errors, errors
    assert state['state'] == 'failed' and 'process 2 of 2' in state['message'], state
    assert_goes_on(folder, state['step'])
    assert status(run)['state'] == 'finished'


@test
def what_the_writer_wrote_outlives_it(folder):
    make_data(folder)
    run = folder / 'run'
    settings = [*SETTINGS, 'train.checkpoint_it=10', 'train.max_it=60']
    train(2, folder, 'whole', *settings)
    process = start_endless(folder, *settings, lines=30)
    os.kill(find_processes(folder)[0], signal.SIGKILL)
    _, errors = process.communicate(timeout=60)
    assert process.returncode != 0 and 'signal 9' in errors and not find_processes(folder), errors
    newest = int([name for name in checkpoints(run) if name[0] != '.'][-1][:8])
    load(run / f'checkpoints/{newest:08d}.ckpt')
    resume(2, folder, 'run', f'train.max_it={max(60, newest + 1)}')
    assert metrics(run)[:60] == metrics(folder / 'whole')


@test
def one_that_cannot_begin_says_why(folder):
    make_data(folder)
    (folder / 'elsewhere').mkdir()
    script = 'if [ $OMPI_COMM_WORLD_RANK = 1 ]; then cd elsewhere; fi; exec "$0" "$@"'
    arguments = ['train', '--run', 'run', *TINY, *BLIND, *SETTINGS]
    result = subprocess.run([*mpirun.MPIRUN, '-n', '2', 'sh', '-c', script, C2L, *arguments], cwd=folder, capture_output=True, text=True, timeout=100, env=mpirun.environment(),
                            stdin=subprocess.DEVNULL)
    assert result.returncode != 0 and 'process 2 of 2): ' in result.stderr and '00.tar' in result.stderr, result.stderr
    assert 'another process of this training failed' in result.stderr and status(folder / 'run')['state'] == 'failed', result.stderr


@test
def what_fails_for_all_is_said_once(folder):
    make_data(folder)
    result = train(3, folder, 'run', *SETTINGS, expect=None)
    assert result.stderr.count('data.bs: 16 rows are the whole batch') == 1 and status(folder / 'run')['state'] == 'failed', result.stderr
    result = train(2, folder, 'run', *SETTINGS, 'train.lr=1.0e+6', 'train.max_it=500', expect=None)
    assert result.stderr.count('went astray') == 1 and 'went astray' in status(folder / 'run')['message'], result.stderr


@test
def without_the_module_it_says_what_is_missing(folder):
    make_data(folder)
    (folder / 'nothing').mkdir()
    environment = {'C2L_MODULES': str(folder / 'nothing')}
    train(1, folder, 'alone', *SETTINGS, environment=environment)
    result = train(2, folder, 'run', *SETTINGS, expect=None, environment=environment)
    assert 'libc2l-mpi.so' in result.stderr and not (folder / 'run').exists(), result.stderr


@test
def alone_it_knows_nothing_of_mpi(folder):
    make_data(folder)
    process = start(1, folder, '--run', 'run', *TINY, *BLIND, 'train.max_it=1_000_000')
    wait_for(lambda: n_lines(folder / 'run') > 5, process)
    maps = pathlib.Path(f'/proc/{process.pid}/maps').read_text()
    process.terminate()
    process.communicate(timeout=60)
    assert 'libmpi' not in maps and 'libc2l-mpi' not in maps
    two = start(2, folder, '--run', 'two', *TINY, *BLIND, 'train.max_it=1_000_000')
    wait_for(lambda: n_lines(folder / 'two') > 5, two)
    maps = pathlib.Path(f'/proc/{find_processes(folder)[0]}/maps').read_text()
    (folder / 'two/stop').touch()
    two.communicate(timeout=60)
    assert 'libc2l-mpi' in maps


@test
def processes_make_the_same_data_as_one(folder):
    arguments = ['--generator-name', STARTER, '-n', 70, '--samples-per-folder', 10, '--out-image-size', 64, '--space', 'w3', '--save-im', '--seed', 3]
    call(1, 'dataset', 'one', *arguments, folder=folder)
    result = call(2, 'dataset', 'two', *arguments, folder=folder)
    names = [f'{index:05d}.tar' for index in range(7)]
    digests = [{name: hashlib.sha256((folder / data / name).read_bytes()).hexdigest() for name in names} for data in ('one', 'two')]
    assert digests[0] == digests[1]
    assert sorted(os.listdir(folder / 'two')) == sorted(os.listdir(folder / 'one')) == [*names, 'dataset.json']
    # Each tar was made by one of them.
    assert sorted(pathlib.Path(line).name for line in result.stdout.splitlines()) == names, result.stdout
    assert 'process' not in result.stderr, result.stderr


if __name__ == '__main__':
    if shutil.which('mpirun') is None or not os.path.exists(MODULE):
        print('1..0 # SKIP ' + ('there is no mpirun' if shutil.which('mpirun') is None else f'{MODULE} was not built'))
        sys.exit(0)
    os.environ.pop('C2L_MODULES', None)
    sys.exit(tap.run(TESTS, '/mpi/', sys.argv[3] if len(sys.argv) > 3 else None))
