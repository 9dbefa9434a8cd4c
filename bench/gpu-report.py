#!/usr/bin/env python3
"""What bench/gpu.sh makes of JSON lines.

    gpu-report.py times LOG…            a table of the runs in logs of c2l bench, bench-train and torch-gpu.py
    gpu-report.py deviations PRECISION  c2l selftest --json on standard input: how far results are from the original's; fails where one is
                                        farther than that precision may be
"""

import collections
import json
import statistics
import sys

# Of the largest number of an array. The recordings' own tolerances are those of f32. The others are a little above what the same
# operations come to with their kernels on the host, where nothing is wrong (2026-11-30: fast 3.9e-5, fp16 7.0e-3, bf16 3.2e-2).
MOST = {'fast': 2e-4, 'fp16': 1e-2, 'bf16': 4e-2}
LEVEL = 1.01 / 255  # a rounding of 8-bit pixels


def read(lines):
    return [json.loads(line) for line in lines if line.startswith('{')]


def print_times(paths):
    print('\n| case | by | setting | median ms | best ms | TFLOP/s | GPU memory MiB |\n|---|---|---|---|---|---|---|')
    for path in paths:
        with open(path, errors='replace') as file:
            runs = read(file)
        for run in runs:
            middle = statistics.median(run['seconds'])
            rate = f"{run['flops'] / middle / 1e12:.1f}" if run.get('flops') else ''
            memory = f"{run['gpu_memory'] / 2**20:.0f}" if run.get('gpu_memory') else ''
            print(f"| {run['case']} | {run.get('by', 'c2l')} | {run.get('setting', run.get('precision'))} | {middle * 1e3:.2f} "
                  f"| {min(run['seconds']) * 1e3:.2f} | {rate} | {memory} |")


def is_comparable(precision, array):
    """Pictures that are sorted by scores close to each other change places in bf16."""
    return precision != 'bf16' or '/e2e/' not in array['folder']


def check_deviations(precision):
    arrays = [array for array in read(sys.stdin) if 'array' in array and is_comparable(precision, array)]
    worst = collections.defaultdict(float)
    n_over = 0
    for array in arrays:
        kind = array['folder'].split('fixtures/')[-1].split('/')[0]
        deviation = array.get('max_rel') or 0
        most = MOST[precision] + (LEVEL if 'u8' in array['array'] else 0)
        worst[kind] = max(worst[kind], deviation)
        if not deviation <= most and not array['ok']:
            print(f"{array['folder']} {array['array']}: {deviation:.1e}, at most {most:.1e}")
            n_over += 1
    print('; '.join(f'{kind} {deviation:.1e}' for kind, deviation in sorted(worst.items())))
    if not arrays or n_over > 0:
        sys.exit(f'{precision}: {n_over} of {len(arrays)} arrays over what the precision may be off')
    print(f'{precision}: {len(arrays)} arrays')


if __name__ == '__main__':
    if len(sys.argv) > 2 and sys.argv[1] == 'times':
        print_times(sys.argv[2:])
    elif len(sys.argv) == 3 and sys.argv[1] == 'deviations' and sys.argv[2] in MOST:
        check_deviations(sys.argv[2])
    else:
        sys.exit(__doc__)
