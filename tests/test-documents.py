#!/usr/bin/env python3
"""The documents: links and pictures lead somewhere, headings that links name are there, docs/cli.md is the manual page's, and every example
call of c2l names a command and options that exist. Prints TAP.   tests/test-documents.py SOURCE C2L"""

import pathlib
import re
import shlex
import subprocess
import sys

SOURCE, C2L = pathlib.Path(sys.argv[1]), sys.argv[2]
DOCUMENTS = sorted([*SOURCE.glob('*.md'), *SOURCE.glob('docs/**/*.md')])
FENCE = re.compile(r'^```.*?^```', re.DOTALL | re.MULTILINE)


def broken_links():
    for document in DOCUMENTS:
        for target in re.findall(r'\]\(([^)\s]+)\)', FENCE.sub('', document.read_text())):
            path = target.partition('#')[0]
            if not re.match(r'[a-z]+:', target) and path and not (document.parent / path).exists():
                yield f'{document.relative_to(SOURCE)}: {target}'


def unreachable():
    """Pages that nobody links to."""
    linked = {(document.parent / target.partition('#')[0]).resolve()
              for document in DOCUMENTS for target in re.findall(r'\]\(([^)\s]+)\)', document.read_text()) if ':' not in target}
    return [str(document.relative_to(SOURCE)) for document in DOCUMENTS
            if document.name not in ('README.md', 'CONTRIBUTING.md') and document.resolve() not in linked]


def outdated():
    made = subprocess.run([SOURCE / 'build-aux' / 'man-to-markdown.py', SOURCE / 'docs' / 'man' / 'c2l.1.scd'], capture_output=True,
                          text=True, check=True).stdout
    if made != (SOURCE / 'docs' / 'cli.md').read_text():
        yield 'docs/cli.md: run build-aux/man-to-markdown.py docs/man/c2l.1.scd > docs/cli.md'


HELP = {}


def options_of(command):
    if command not in HELP:
        result = subprocess.run([C2L, command, '--help'], capture_output=True, text=True)
        HELP[command] = set(re.findall(r'(?<![\w-])--?[\w-]+', result.stdout)) if result.returncode == 0 else None
    return HELP[command]


def wrong_calls():
    for document in DOCUMENTS:
        text = document.read_text()
        calls = re.findall(r'^    (c2l .*)$', text, flags=re.MULTILINE) + re.findall(r'`(c2l [^`]*)`', text)
        for call in calls:
            try:
                words = shlex.split(re.split(r'&&|\$\(', call)[0], comments=True)
            except ValueError:
                continue
            if len(words) < 2 or words[1].isupper() or words[1] in ('help', 'version'):
                continue
            known = options_of(words[1])
            for word in words[2:]:
                option = re.match(r'--?[a-z][\w-]*', word)
                if known is None and not words[1].startswith('-') or known and option and option[0] not in known:
                    yield f'{document.relative_to(SOURCE)}: {call}: {word}'


CHECKS = [broken_links, unreachable, outdated, wrong_calls]
print(f'1..{len(CHECKS)}')
failed = 0
for number, check in enumerate(CHECKS, 1):
    found = list(check())
    failed += bool(found)
    print(f'{"not ok" if found else "ok"} {number} documents/{check.__name__.replace("_", "-")}-none')
    print(''.join(f'# {line}\n' for line in found), end='')
sys.exit(int(failed > 0))
