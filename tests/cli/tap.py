"""Runs test functions, each in a folder of its own, and prints TAP."""

import importlib
import os
import pathlib
import sys
import tempfile
import traceback


def need(*modules):
    """Imports the modules. Where this Python has not got them all, goes on with the one that C2L_PYTHON names, or skips the whole test."""
    try:
        return [importlib.import_module(name) for name in modules]
    except ImportError as reason:
        other = os.environ.pop('C2L_PYTHON', None)
        if other:
            os.execv(other, [other, *sys.argv])
        print(f'1..0 # SKIP {reason}')
        sys.exit(0)


def run(tests, prefix, part=None):
    """Those of the functions whose name has the part in it. Returns the exit status."""
    chosen = [function for function in tests if part is None or part in function.__name__]
    failed = 0
    print(f'1..{len(chosen)}', flush=True)
    for number, function in enumerate(chosen, 1):
        name = prefix + function.__name__.replace('_', '-')
        with tempfile.TemporaryDirectory(prefix='c2l-test-') as folder:
            try:
                function(pathlib.Path(folder))
                print(f'ok {number} {name}', flush=True)
            except Exception:
                failed += 1
                print(f'not ok {number} {name}', flush=True)
                print(''.join(f'# {line}\n' for line in traceback.format_exc().splitlines()[-6:]), end='', flush=True)
    return int(failed > 0)


if __name__ == '__main__':
    sys.exit(f'{sys.argv[0]}: to be imported')
