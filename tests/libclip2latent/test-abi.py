#!/usr/bin/env python3
"""What the library exports, against its header and its map: no function is missing in one of them, none is exported by accident, and each
has its version.   test-abi.py LIBRARY HEADER MAP"""

import pathlib
import re
import subprocess
import sys

LIBRARY, HEADER, MAP = map(pathlib.Path, sys.argv[1:4])

# As the first version had them. A line is added when a function is; none is changed or removed.
VERSIONS = {
    'LIBCLIP2LATENT_0.1': 33,
}


def declared():
    text = re.sub(r'/\*.*?\*/', '', HEADER.read_text(), flags=re.DOTALL)
    types = {'c2l_' + name.lower() + '_get_type' for name in re.findall(r'G_DECLARE_FINAL_TYPE \(C2l(\w+)', text)}
    return types | set(re.findall(r'^(?:[\w*]+ )+\*{0,2}(c2l_\w+) \(', text, flags=re.MULTILINE))


def mapped():
    sections = re.findall(r'^(\w[\w.]*) \{(.*?)^\}', MAP.read_text(), flags=re.DOTALL | re.MULTILINE)
    return {name: set(re.findall(r'(c2l_\w+);', body)) for name, body in sections}


def exported():
    lines = subprocess.run(['nm', '-D', '--defined-only', LIBRARY], capture_output=True, text=True, check=True).stdout.splitlines()
    symbols = [line.split()[-1] for line in lines if line.split()[1] != 'A']
    found = {}
    for symbol in symbols:
        name, _, version = symbol.partition('@@')
        found.setdefault(version, set()).add(name)
    return found


def soname():
    text = subprocess.run(['readelf', '-d', LIBRARY], capture_output=True, text=True, check=True).stdout
    return re.search(r'SONAME.*\[(.*)\]', text)[1]


RESULTS = {
    'the map and the header agree': lambda: (set().union(*mapped().values()), declared()),
    'the library exports what the map says': lambda: (exported(), mapped()),
    'versions have the functions that they had': lambda: ({name: len(names) for name, names in mapped().items()}, VERSIONS),
    'its name is that of the ABI': lambda: (soname(), 'libclip2latent.so.0'),
}

print(f'1..{len(RESULTS)}')
failed = 0
for number, (what, ask) in enumerate(RESULTS.items(), 1):
    found, expected = ask()
    ok = found == expected
    failed += not ok
    print(f'{"ok" if ok else "not ok"} {number} {what}')
    if not ok:
        print(f'# {found}\n# is not\n# {expected}')
sys.exit(int(failed > 0))
