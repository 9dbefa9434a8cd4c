"""Programs in several processes, as Open MPI's mpirun starts them."""

import os
import pathlib

# There may be fewer processors than processes, and the tests may run as root in a container.
MPIRUN = ['mpirun', '--oversubscribe', '--bind-to', 'none', '--mca', 'btl', 'self,vader,tcp', '--mca', 'btl_vader_single_copy_mechanism', 'none']


def command(n, *arguments, options=()):
    return [*(MPIRUN if n > 1 else []), *(['-n', str(n), *options] if n > 1 else []), *map(str, arguments)]


def environment(**more):
    # Open MPI never frees some of its memory, which a leak detector would take for ours.
    return {**os.environ, 'OMPI_ALLOW_RUN_AS_ROOT': '1', 'OMPI_ALLOW_RUN_AS_ROOT_CONFIRM': '1',
            'ASAN_OPTIONS': ':'.join([*filter(None, [os.environ.get('ASAN_OPTIONS')]), 'detect_leaks=0']), **more}


def find_processes(folder, program):
    """The ranks at work in the folder, as {rank: pid}."""
    found = {}
    for path in pathlib.Path('/proc').glob('[0-9]*'):
        try:
            if os.readlink(path / 'cwd') == str(folder) and os.readlink(path / 'exe') == os.path.realpath(program):
                variables = dict(line.split(b'=', 1) for line in (path / 'environ').read_bytes().split(b'\0') if b'=' in line)
                found[int(variables[b'OMPI_COMM_WORLD_RANK'])] = int(path.name)
        except OSError:
            pass  # it ended meanwhile
    return found


if __name__ == '__main__':
    raise SystemExit('mpirun.py: to be imported')
