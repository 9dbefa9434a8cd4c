#!/usr/bin/env python3
"""Every text of the window is translated into every language of po/LINGUAS: none is missing or uncertain, and what is filled in
(%s, %u, {prompt}) is filled in in all of them. Files with texts that po/POTFILES does not name are found too. TAP."""

import json
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
KEYWORDS = ['_', 'N_', 'C_:1c,2', 'NC_:1c,2', 'ngettext:1,2', 'g_dngettext:2,3']
BRACES = re.compile(r'\{[a-z]+\}')


def call(*arguments):
    return subprocess.run([*map(str, arguments)], capture_output=True, text=True, cwd=ROOT)


def find_unlisted():
    listed = set((ROOT / 'po' / 'POTFILES').read_text().split())
    unlisted = []
    for path in sorted([*ROOT.glob('src/**/*.c'), *ROOT.glob('src/**/*.h'), *ROOT.glob('ui/*.ui')]):
        text = path.read_text(errors='replace')
        has_texts = 'translatable="yes"' in text if path.suffix == '.ui' else re.search(r'\b(N?_|NC_|C_|ngettext) \("', text)
        if has_texts and str(path.relative_to(ROOT)) not in listed:
            unlisted.append(str(path.relative_to(ROOT)))
    gone = [name for name in sorted(listed) if not (ROOT / name).exists()]
    return [f'{name}: has texts, but po/POTFILES does not name it' for name in unlisted] + \
           [f'{name}: is in po/POTFILES and does not exist' for name in gone]


def read_entries(path):
    """(msgid, [msgstr…]) of a catalogue without line breaks inside."""
    entries = []
    for block in re.split(r'\n\n+', path.read_text()):
        if '\n#~' in block or block.startswith('#~'):
            continue
        msgid = re.search(r'^msgid "(.*)"$', block, re.M)
        if msgid and msgid[1]:
            entries.append((msgid[1], re.findall(r'^msgstr(?:\[\d\])? "(.*)"$', block, re.M), '#, fuzzy' in block))
    return entries


def check(language, template, folder):
    merged = folder / f'{language}.po'
    source = ROOT / 'po' / f'{language}.po'
    result = call('msgmerge', '--quiet', '--no-wrap', '--no-fuzzy-matching', '-o', merged, source, template)
    if result.returncode != 0:
        return [result.stderr.strip()]
    problems = []
    for msgid, texts, fuzzy in read_entries(merged):
        if fuzzy:
            problems.append(f'{language}: uncertain (fuzzy): {msgid}')
        if not all(texts):
            problems.append(f'{language}: not translated: {msgid}')
        elif msgid != 'translator-credits' and any(sorted(set(BRACES.findall(text))) != sorted(set(BRACES.findall(msgid))) for text in texts):
            problems.append(f'{language}: not the same {{…}} as in the original: {msgid}')
    result = call('msgfmt', '--check', '-o', '/dev/null', source)
    if result.returncode != 0:
        problems += result.stderr.strip().splitlines()
    return problems


def check_catalogue(languages):
    """The catalogue of models has its texts in itself. Names of licences are theirs, and prompts are English."""
    catalogue = json.loads((ROOT / 'data' / 'catalogue.json').read_text())
    texts = {model[key] for model in catalogue['models'] for key in ('name', 'draws')}
    texts |= {line for model in catalogue['models'] for line in model.get('attributions', [])}
    texts |= {licence[key] for model in catalogue['models'] for licence in model.get('licences', []) for key in ('covers', 'note')
              if key in licence} - {'CLIP'}
    return [f'{language}: not translated in data/catalogue.json: {text}' for language in languages
            for text in sorted(texts - set(catalogue['translations'].get(language, {})))]


def main():
    missing = [tool for tool in ('xgettext', 'msgmerge', 'msgfmt') if shutil.which(tool) is None]
    if missing:
        print('1..0 # SKIP not installed: ' + ', '.join(missing))
        return 77
    languages = (ROOT / 'po' / 'LINGUAS').read_text().split()
    results = [('every file with texts is listed', find_unlisted())]
    with tempfile.TemporaryDirectory() as name:
        template = pathlib.Path(name) / 'clip2latent.pot'
        result = call('xgettext', '--from-code=UTF-8', '--no-wrap', '--flag=g_strdup_printf:1:c-format', '--flag=refuse:3:c-format',
                      *(f'--keyword={word}' for word in KEYWORDS), '-o', template, '-f', 'po/POTFILES')
        results.append(('texts can be collected', [] if result.returncode == 0 and not result.stderr else [result.stderr]))
        results += [(f'{language} is complete', check(language, template, pathlib.Path(name))) for language in languages]
    results.append(("the catalogue's texts are complete", check_catalogue(languages)))
    print(f'1..{len(results)}')
    for number, (what, problems) in enumerate(results, 1):
        for problem in problems:
            print('# ' + problem)
        print(f'{"not " if problems else ""}ok {number} - {what}')
    return int(any(problems for _, problems in results))


if __name__ == '__main__':
    sys.exit(main())
