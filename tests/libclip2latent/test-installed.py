#!/usr/bin/env python3
"""The library as it is installed: into an empty prefix, from where the programs of docs/library.md are built and run as they stand there.
Prints TAP.   test-installed.py BUILD DOCUMENT python|no-python"""

import os
import pathlib
import re
import shlex
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / 'cli'))
import tap  # noqa: E402

BUILD, DOCUMENT = map(pathlib.Path, sys.argv[1:3])
HAVE_INTROSPECTION = sys.argv[3] == 'python'
PROGRAMS = dict(re.findall(r'<!-- program: (\S+) -->\n```\w+\n(.*?)\n```', DOCUMENT.read_text(), flags=re.DOTALL))
ROOT = tempfile.TemporaryDirectory(prefix='c2l-test-')
NAME = 'The installed one'


def call(*command, **options):
    result = subprocess.run(list(map(str, command)), capture_output=True, text=True, timeout=250, **options)
    assert result.returncode == 0, f'{command}: exit status {result.returncode}\n{result.stdout}\n{result.stderr}'
    return result.stdout


def find(name):
    found = [path for path in pathlib.Path(ROOT.name).rglob(name)]
    assert len(found) == 1, f'{name}: {found}'
    return found[0]


def environment():
    """Nothing of the build's, and nothing of the caller's but where programs are."""
    library = find('libclip2latent.so.0').parent
    return {'PATH': os.environ['PATH'], 'HOME': ROOT.name, 'LC_ALL': 'C.UTF-8', 'OMP_WAIT_POLICY': 'passive',
            'LD_LIBRARY_PATH': str(library), 'PKG_CONFIG_PATH': str(library / 'pkgconfig'),
            'GI_TYPELIB_PATH': str(library / 'girepository-1.0')}


TESTS = []


def test(function):
    TESTS.append(function)
    return function


@test
def installs_header_library_and_their_descriptions(folder):
    call('meson', 'install', '-C', BUILD, '--no-rebuild', '--quiet', '--destdir', ROOT.name)
    for name in ['clip2latent.h', 'clip2latent.pc', 'libclip2latent.so'] + ['Clip2Latent-0.gir', 'Clip2Latent-0.typelib', 'Clip2Latent.py'] * HAVE_INTROSPECTION:
        find(name)
    # It stands in DESTDIR, where pkg-config does not expect the prefix.
    pc = find('clip2latent.pc')
    pc.write_text(re.sub('^prefix=.*', f'prefix={find("clip2latent.h").parents[1]}', pc.read_text(), flags=re.MULTILINE))
    # So that a program that finds any other starter does not pass.
    model = find('clip2latent/starter/model.json')
    text = model.read_text()
    assert '"Cartoon portraits"' in text
    model.write_text(text.replace('"Cartoon portraits"', f'"{NAME}"'))


@test
def builds_and_runs_the_documents_c_program(folder):
    (folder / 'portraits.c').write_text(PROGRAMS['portraits.c'])
    flags = call('pkg-config', '--cflags', '--libs', 'clip2latent', env=environment())
    assert 'json' not in flags and 'dnnl' not in flags, f'what only the library needs is asked for: {flags}'
    call('cc', '-Wall', '-Wextra', '-Wno-unused-parameter', '-Werror', 'portraits.c', '-o', 'portraits', *shlex.split(flags), cwd=folder)
    output = call(folder / 'portraits', cwd=folder, env=environment())
    assert output.splitlines()[-1] == f'{NAME}: 8 pictures, the best is best.png', output
    assert len(output.splitlines()) == 9
    assert (folder / 'best.png').read_bytes().startswith(b'\x89PNG')


@test
def the_loader_may_have_found_it_through_a_link(folder):
    """/lib is a link to /usr/lib today, and the loader says that a library is in /lib."""
    library = find('libclip2latent.so.0').parent
    prefix = find('clip2latent.h').parents[1]
    (folder / 'lib').symlink_to(prefix / 'lib')
    (folder / 'portraits.c').write_text(PROGRAMS['portraits.c'])
    call('cc', 'portraits.c', '-o', 'portraits', *shlex.split(call('pkg-config', '--cflags', '--libs', 'clip2latent', env=environment())), cwd=folder)
    linked = folder / library.relative_to(prefix)
    output = call(folder / 'portraits', cwd=folder, env={**environment(), 'LD_LIBRARY_PATH': str(linked)})
    assert output.splitlines()[-1].startswith(f'{NAME}: '), output


@test
def the_header_is_cpp_too(folder):
    (folder / 'a.cpp').write_text('#include <clip2latent.h>\nint main () { return c2l_error_quark () == 0; }\n')
    flags = call('pkg-config', '--cflags', '--libs', 'clip2latent', env=environment())
    call('c++', '-Wall', 'a.cpp', '-o', 'a', *shlex.split(flags), cwd=folder)
    call(folder / 'a', env=environment())


def runs_the_documents_python_program(folder):
    (folder / 'portraits.py').write_text(PROGRAMS['portraits.py'])
    overrides = find('Clip2Latent.py').parents[2]
    lines = call(sys.executable, 'portraits.py', cwd=folder, env={**environment(), 'PYTHONPATH': str(overrides)}).splitlines()
    assert lines[0].startswith(f'{NAME} on CPU'), lines
    assert lines[1].startswith('(16, 128, 128, 3) uint8 scores from '), lines
    assert 'again the same: True' in lines
    assert lines[-1].startswith('refused: there is no sampler'), lines
    assert (folder / 'halfway.webp').read_bytes()[8:12] == b'WEBP'


def python_is_there():
    return HAVE_INTROSPECTION and subprocess.run([sys.executable, '-c', 'import gi, numpy'], capture_output=True).returncode == 0


if not shutil.which('pkg-config') or not shutil.which('cc'):
    print('1..0 # SKIP pkg-config and a compiler are wanted')
    sys.exit(0)
if python_is_there():
    TESTS.append(runs_the_documents_python_program)
else:
    print('# the Python program is not run: it wants gobject-introspection, python3-gi and python3-numpy')
with ROOT:
    sys.exit(tap.run(TESTS, 'libclip2latent/installed/'))
