#!/usr/bin/env python3
"""Compiles kernels for one architecture and fails where ptxas has to keep registers in memory.

    check-spills.py NVCC ROOT KERNEL.cu…    one result a file, as TAP"""

import pathlib
import re
import subprocess
import sys
import tempfile

SPILL = re.compile(r'(\d+) bytes spill stores, (\d+) bytes spill loads')


def check(nvcc, root, kernel, folder):
    command = [nvcc, '-O3', '-std=c++17', f'-I{root}', '-gencode=arch=compute_80,code=sm_80', '-Xptxas=-v', '-c', kernel,
               '-o', str(pathlib.Path(folder) / 'kernel.o')]
    run = subprocess.run(command, capture_output=True, text=True)
    spills = [tuple(map(int, match.groups())) for match in SPILL.finditer(run.stdout + run.stderr)]
    if run.returncode != 0:
        return f'nvcc fails: {run.stderr.strip()}'
    if not spills:
        return 'ptxas says nothing of spills: has its output changed?'
    n = sum(1 for spill in spills if spill != (0, 0))
    return f'{n} of {len(spills)} kernels spill' if n else None


def main():
    nvcc, root, *kernels = sys.argv[1:]
    failed = 0
    print(f'1..{len(kernels)}')
    with tempfile.TemporaryDirectory(prefix='c2l-spills-') as folder:
        for i, kernel in enumerate(kernels, 1):
            trouble = check(nvcc, root, kernel, folder)
            failed += trouble is not None
            print(f'{"not " if trouble else ""}ok {i} {pathlib.Path(kernel).name}')
            if trouble:
                print('# ' + trouble.replace('\n', '\n# '))
    return int(failed > 0)


if __name__ == '__main__':
    sys.exit(main())
