#!/usr/bin/env python3
"""make dist: two runs in different circumstances give the same bytes, and what is committed is in them, whole. Prints TAP; skips where this
is no git checkout.   tests/test-dist.py SOURCE"""

import os
import pathlib
import stat
import subprocess
import sys
import tarfile
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent / 'cli'))
import tap  # noqa: E402

SOURCE = pathlib.Path(sys.argv[1])
TESTS = []


def test(function):
    TESTS.append(function)
    return function


def git(*arguments):
    return subprocess.run(['git', '-C', str(SOURCE), *arguments], capture_output=True, text=True)


def dist(folder, umask=0o022, **environment):
    result = subprocess.run([SOURCE / 'build-aux' / 'dist.sh', folder], capture_output=True, text=True, umask=umask,
                            env={**os.environ, **environment}, timeout=600)
    assert result.returncode == 0, result.stderr
    path = pathlib.Path(result.stdout.strip())
    assert path.parent == folder and [path] == list(folder.iterdir()), 'it leaves other files, or another name'
    return path


@test
def gives_the_same_bytes(folder):
    home = folder / 'home'
    home.mkdir()
    (home / '.gitconfig').write_text('[tar]\n\tumask = 0077\n[core]\n\tautocrlf = true\n')
    first = dist(folder / 'a', umask=0o022, TZ='UTC', LC_ALL='C')
    second = dist(folder / 'b', umask=0o077, TZ='Asia/Tokyo', LC_ALL='C.UTF-8', HOME=str(home), XZ_DEFAULTS='-T2', USER='somebody')
    assert first.name == second.name
    assert first.read_bytes() == second.read_bytes(), 'the bytes differ'


@test
def holds_what_is_committed(folder):
    path = dist(folder / 'a')
    top = path.name.removesuffix('.tar.xz')
    committed = set(git('ls-tree', '-r', '--name-only', '-z', 'HEAD').stdout.split('\0')) - {''}
    with tarfile.open(path) as tar:
        packed = {member.name.removeprefix(top + '/'): member for member in tar.getmembers() if not member.isdir()}
        assert set(packed) == committed
        assert {(member.uid, member.gid) for member in packed.values()} == {(0, 0)}
        assert packed['build-aux/dist.sh'].mode & stat.S_IXUSR
        text = tar.extractfile(packed['meson.build']).read().decode()
    assert text == git('show', 'HEAD:meson.build').stdout
    assert f"version: '{top.removeprefix('clip2latent-')}'" in text


if git('rev-parse', '--show-toplevel').stdout.strip() != str(SOURCE):
    print('1..0 # SKIP not a git checkout')
    sys.exit(0)
sys.exit(tap.run(TESTS, 'dist/'))
