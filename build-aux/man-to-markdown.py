#!/usr/bin/env python3
"""Makes docs/cli.md of the manual page's source, so that both say the same; tests/test-documents.py looks whether it was run.

    build-aux/man-to-markdown.py docs/man/c2l.1.scd > docs/cli.md"""

import pathlib
import re
import sys

BOLD = re.compile(r'(?<![\w*\\])\*([^*\n]+)\*')
LINE_BREAK = re.compile(r'\+\+$')


def inline(text):
    text = BOLD.sub(r'**\1**', text)
    # Angle brackets and bars would be Markdown's.
    text = text.replace('<', '&lt;').replace('\\\\', '\\')
    return LINE_BREAK.sub('<br>', text)


def convert(source):
    lines = source.splitlines()
    out = [f'# {lines[0].partition("(")[0]}', '',
           f'<!-- Made from docs/man/{lines[0].replace("(", ".").replace(")", "")}.scd by build-aux/man-to-markdown.py: change that one. -->']
    code = False
    for before, line in zip(lines, lines[1:]):
        is_code = line.startswith('\t') and (code or before == '') and not line.startswith('\t\t')
        code = is_code or (code and line == '')
        if line.startswith('# '):
            out.append('## ' + line[2:].capitalize())
        elif is_code:
            out.append('    ' + line[1:])
        elif line.startswith('\t'):
            out.append('  ' + inline(line[1:]))
        elif line and re.match(r'[*_]', line) and re.search(r'\n' + re.escape(line) + r'\n\t', source):
            out.append('- ' + inline(line) + '<br>')
        else:
            out.append(inline(line))
    return '\n'.join(out) + '\n'


if __name__ == '__main__':
    print(convert(pathlib.Path(sys.argv[1]).read_text()), end='')
