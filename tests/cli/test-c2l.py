#!/usr/bin/env python3
"""c2l as a person or a script calls it: what it prints where, its exit codes, the files it leaves. Prints TAP.

    tests/cli/test-c2l.py C2L [PART OF A NAME]"""

import ast
import gzip
import json
import os
import pathlib
import pty
import re
import resource
import shlex
import shutil
import signal
import struct
import subprocess
import sys
import tarfile
import time
import zlib

import tap

C2L = os.path.abspath(sys.argv[1])  # tests run in folders of their own
FIXTURES = pathlib.Path(os.environ['C2L_FIXTURES'])
DATA = pathlib.Path(os.environ['C2L_DATA'])
STARTER = DATA / 'starter'
COMPLETIONS = DATA / 'completions'
PROMPT = 'a happy man with a beard'
TESTS = []


def test(function):
    TESTS.append(function)
    return function


def c2l(*arguments, folder, expect=0, **options):
    result = subprocess.run([C2L, *map(str, arguments)], cwd=folder, capture_output=True, text=True, timeout=250, **options)
    assert result.returncode == expect, f'c2l {arguments}: exit status {result.returncode}, not {expect}\n{result.stderr}'
    return result


def chunks(path):
    data = pathlib.Path(path).read_bytes()
    assert data[:8] == b'\x89PNG\r\n\x1a\n', f'{path} is no PNG'
    at, found = 8, []
    while at < len(data):
        size, kind = struct.unpack('>I4s', data[at:at + 8])
        body = data[at + 8:at + 8 + size]
        assert struct.unpack('>I', data[at + 8 + size:at + 12 + size])[0] == zlib.crc32(kind + body), f'{path} is damaged'
        found.append((kind, body))
        at += 12 + size
    assert found[-1][0] == b'IEND', f'{path} is cut off'
    return found


def pixels(path):
    return zlib.decompress(b''.join(body for kind, body in chunks(path) if kind == b'IDAT'))


def pictures(folder, name='pictures'):
    return sorted((pathlib.Path(folder) / name).glob('*.png'))


@test
def says_how_to_use_it(folder):
    result = c2l(folder=folder, expect=2)
    assert 'generate' in result.stderr and result.stdout == ''
    result = c2l('help', folder=folder)
    for command in ('generate', 'history', 'morph', 'score', 'info', 'import', 'export', 'dataset', 'train', 'evaluate', 'selftest', 'bench'):
        assert command in result.stdout
        text = c2l('help', command, folder=folder).stdout
        assert text == c2l(command, '--help', folder=folder).stdout and f'c2l {command}' in text
    assert c2l('--version', folder=folder).stdout.startswith('clip2latent ')
    for command, default in (('generate', 'fast (default'), ('morph', 'fast (default'), ('bench', 'fast (default'), ('selftest', 'f32 (default')):
        assert default in c2l('help', command, folder=folder).stdout, command


@test
def shells_complete_commands_and_topics_of_help(folder):
    commands = re.findall(r'^  ([a-z]+) ', c2l('help', folder=folder).stdout, re.M)
    assert {'generate', 'models', 'morph', 'version', 'help'} <= set(commands)
    for words, expected in [
        (['c2l', 'mo'], {'models', 'morph'}),
        (['c2l', 'help', 'mo'], {'models', 'morph'}),
        (['c2l', 'help', ''], set(commands)),
        (['c2l', ''], set(commands)),
        (['c2l', 'help', 'models', ''], set()),
        (['c2l', 'generate', '--format', ''], {'png', 'jpeg', 'webp'}),
    ]:
        script = f'source "$1"; COMP_WORDS=("${{@:2}}") COMP_CWORD={len(words) - 1}; _c2l; printf "%s\\n" "${{COMPREPLY[@]}}"'
        result = subprocess.run(['bash', '-c', script, 'bash', COMPLETIONS / 'c2l.bash', *words], cwd=folder, capture_output=True, text=True, timeout=60)
        assert result.returncode == 0 and set(result.stdout.split()) == expected, (words, result)
    zsh, fish = ((COMPLETIONS / name).read_text() for name in ('_c2l', 'c2l.fish'))
    assert set(re.findall(r"^    '([a-z]+):", zsh, re.M)) == set(commands) == set(re.search(r'set -l commands (.*)', fish)[1].split())
    assert set(re.findall(r"seen_subcommand_from \$commands\" -f -a ([a-z]+) ", fish)) == set(commands)


@test
def wrong_use_is_answered(folder):
    for arguments, words in [
        (['paint'], 'no command “paint”'),
        (['generate'], 'no prompt'),
        (['generate', ''], 'prompt is empty'),
        (['generate', 'a man', ' \t'], 'prompt is empty'),
        (['generate', ' | |'], 'prompt is empty'),
        (['score', 'x.png', ''], 'prompt is empty'),
        (['score', 'x.png', 'a man', ' | '], 'prompt is empty'),
        (['score', 'x.png', 'a man | a woman:-1'], 'add up to nothing'),
        (['generate', 'x', '--out', ''], '--out'),
        (['generate', 'x', '--grid', ''], '--grid'),
        (['generate', 'x', '--latent-out', ''], '--latent-out'),
        (['generate', '--from', ''], '--from'),
        (['generate', '--latent', ''], '--latent'),
        (['generate', '--colour', 'x'], '--colour'),
        (['generate', 'x', '--sort', 'size'], 'size'),
        (['score', 'x.png'], 'prompt'),
        (['history', '--limit', '-1'], '--limit'),
        (['morph', 'x.png', '-o', 'x.webp'], 'two or more'),
        (['morph', 'x.png', 'y.png'], '--out'),
        (['morph', 'x.png', 'y.png', '-o', 'x.webp', '--fps', '0'], '--fps'),
        (['morph', 'x.png', 'y.png', '-o', 'x.gif'], '.webp'),
        (['morph', 'x.png', 'y.png', '-o', 'x.MP4'], '.webp'),
        (['morph', 'x.png', 'y.png', '-o', 'x.webp', '-n', '1'], '--frames'),
        (['info'], 'name a file'),
        (['import'], 'folder'),
        (['import', 'x'], '--generator'),
        (['export'], 'file'),
        (['export', ''], 'file'),
        (['import', '', '--generator', 'x'], 'folder'),
        (['import', 'x', '--generator', STARTER / 'generator.safetensors', '--preprocess', 'magic'], 'magic'),
        (['dataset'], 'folder'),
        (['dataset', 'a', 'b'], 'folder'),
        (['dataset', ''], 'folder'),
        (['dataset', 'a', '--space', 'z'], 'w and w3'),
        (['dataset', 'a', '--seed', '-1'], '--seed'),
        (['dataset', 'a', '-n', '0'], '--n-samples'),
        (['dataset', 'a', '--batch-size', '0'], '--batch-size'),
        (['dataset', 'a', '--truncation', '3'], '--truncation'),
        (['dataset', 'a', '--out-image-size', '1000000'], '--out-image-size'),
        (['selftest'], 'folder'),
        (['bench', '--case', 'tea'], 'tea'),
        (['bench', '--runs', '0'], '--runs: 0'),
        (['bench', 'tea'], 'no arguments'),
        (['bench', '--size', 'tea'], 'tea'),
        (['help', 'tea'], 'tea'),
    ]:
        result = c2l(*arguments, folder=folder, expect=2)
        assert words in result.stderr and result.stderr.startswith('c2l: ') and result.stdout == '', (arguments, result.stderr)


@test
def a_folder_of_data_that_is_none_is_refused(folder):
    (folder / 'empty').mkdir()
    (folder / 'file').touch()
    for place in ('/nonexistent', 'empty', 'file'):
        env = {**os.environ, 'C2L_DATA': place}
        for arguments in (['generate', PROMPT], ['models'], ['info', STARTER]):
            said = c2l(*arguments, folder=folder, env=env, expect=1)
            assert said.stderr.startswith('c2l: C2L_DATA: ') and f'“{place}”' in said.stderr and said.stdout == '', said
        c2l('generate', '--help', folder=folder, env=env)
    c2l('generate', PROMPT, folder=folder, env={**os.environ, 'C2L_DATA': ''})
    assert len(pictures(folder)) == 1


@test
def impossible_settings_are_refused(folder):
    for arguments, words in [
        (['--model', 'nowhere'], 'nowhere'),
        (['--model', STARTER / 'model.json'], 'not a folder'),
        (['--edit', f'{FIXTURES}/edits/pose.npy=1'], 'pose.npy'),
        (['--latent', f'{FIXTURES}/edits/age.npy'], '512'),
        (['--latent', 'missing.npy'], 'missing.npy'),
        (['--prompts', 'missing.txt'], 'missing.txt'),
        (['--generator', STARTER / 'clip.safetensors'], 'no clip'),
        (['--generator', 'no-such-published-name'], 'no-such-published-name'),
        (['--generator', '/dev/null'], 'not an ordinary file'),
        (['--generator', 'http://example.com/g.pkl'], 'https'),
    ]:
        result = c2l('generate', PROMPT, *arguments, folder=folder, expect=1)
        assert words in result.stderr and result.stderr.startswith('c2l: ') and result.stdout == '', (arguments, result.stderr)
        assert result.stderr.count('\n') == 1, result.stderr
        assert pictures(folder) == [], arguments


@test
def impossible_values_are_wrong_use(folder):
    for arguments, words in [
        (['--seed', '-1'], '--seed'),
        (['--seed', '18446744073709551616'], '--seed'),
        (['-n', '0'], '-n'),
        (['--guidance', 'much'], 'much'),
        (['--guidance', 'nan'], 'nan'),
        (['--guidance', '1e30'], '1e+30'),
        (['--guidance', '-1e30'], '--guidance'),
        (['--truncation', 'inf'], 'inf'),
        (['--truncation', '1.5'], '--truncation'),
        (['--truncation', '-0.1'], '--truncation'),
        (['--steps', '-3'], '--steps'),
        (['--noise', 'loud'], 'loud'),
        (['--sampler', 'magic'], 'dpm++2m'),
        (['--steps', '7'], 'nearest is'),
        (['--steps', 'many'], 'many'),
        (['--device', 'abacus'], 'abacus'),
        (['--device', 'cpu:abacus'], 'abacus'),
        (['--device', 'cuda:x'], 'cuda:x'),
        (['--precision', 'f8'], 'f8'),
        (['--precision', 'fp16'], '--precision fp16'),
        (['--edit', 'glasses=very'], 'very'),
        (['--edit', 'wings=1'], 'wings: the model has no direction'),
        (['--edit', 'wings@4=1'], 'wings: the model has no direction'),
        (['--edit', 'glasses@3-12=1'], 'layers 3-12'),
        (['--edit', 'glasses@12'], 'layers 12'),
        (['--edit', 'glasses@5-2=1'], '“5-2” in “glasses@5-2=1” names no layers'),
        (['--edit', 'glasses@eyes'], '“eyes” in “glasses@eyes” names no layers'),
        (['--edit', 'glasses@=1'], 'names no layers'),
        (['--edit', '=1'], '“=1” names no direction'),
        (['--edit', '@4=1'], '“@4=1” names no direction'),
        (['--edit', ''], 'names no direction'),
        (['--edit', 'glasses='], 'no amount behind'),
        (['--move', '0.5,0'], 'StyleGAN3'),
        (['--move', '0.5'], '--move'),
        (['--move', '0.5,nan'], 'nan'),
        (['--turn', '40000'], 'degrees'),
        (['--clip', STARTER / 'clip.safetensors'], '--generator'),
        (['--steps', '0'], '--steps'),
        (['--generator', STARTER / 'generator.safetensors', '--preprocess', 'magic'], 'magic'),
        (['--preprocess', 'openai'], 'bundle'),
        (['--merges', STARTER / 'merges.txt'], 'its own vocabulary'),
    ]:
        result = c2l('generate', PROMPT, *arguments, folder=folder, expect=2)
        assert words in result.stderr and result.stderr.startswith('c2l: ') and result.stdout == '', (arguments, result.stderr)
        assert pictures(folder) == [], arguments


@test
def what_would_have_no_effect_is_said(folder):
    for arguments in (
        ['--from', 'x.png', PROMPT],
        ['--from', 'x.png', '--seed', '3'],
        ['--random', PROMPT],
        ['--random', '--sort', 'score'],
        ['--class', '2', PROMPT],
        ['--latent', 'w.npy', '-n', '3'],
        ['--latent', 'w.npy', 'one', 'two'],
    ):
        assert 'leave' in (said := c2l('generate', *arguments, folder=folder, expect=2).stderr) or '--' in said, said
    assert 'needs no import' in c2l('import', 'b', '--model', STARTER, folder=folder, expect=2).stderr
    assert 'no classes' in c2l('generate', '--random', '--class', '1', folder=folder, expect=2).stderr


@test
def prompts_that_are_no_text_are_refused(folder):
    for name, data, words in [('latin', b'a man\nein b\xe4rtiger\n', 'latin, line 2: the prompt is not UTF-8'), ('nul', b'a\0b', 'not a text')]:
        (folder / name).write_bytes(data)
        assert words in c2l('generate', '-p', name, folder=folder, expect=1).stderr
    assert 'not UTF-8' in c2l('generate', b'ein b\xe4rtiger'.decode(errors='surrogateescape'), folder=folder, expect=2).stderr
    assert pictures(folder) == []
    (folder / 'mark').write_bytes(b'\xef\xbb\xbfa bald man\n')
    assert json.loads(c2l('generate', '-p', 'mark', '--json', folder=folder).stdout)['prompt'] == 'a bald man'


@test
def places_that_cannot_be_written_are_known_before_drawing(folder):
    for option in ('--grid', '--latent-out'):
        assert 'make it first' in c2l('generate', PROMPT, option, 'nowhere/file', folder=folder, expect=1).stderr
        assert 'a folder' in c2l('generate', PROMPT, option, folder, folder=folder, expect=1).stderr
    assert pictures(folder) == []


@test
def a_grid_may_stand_in_the_folder_that_is_made_for_the_pictures(folder):
    c2l('generate', PROMPT, '--out', 'new/pictures', '--grid', './new/pictures/grid.png', folder=folder)
    assert (folder / 'new' / 'pictures' / 'grid.png').read_bytes().startswith(b'\x89PNG')


@test
def a_device_is_written_into_and_not_replaced(folder):
    os.mkfifo(folder / 'pipe')
    reader = subprocess.Popen(['cat', 'pipe'], cwd=folder, stdout=subprocess.PIPE)
    c2l('generate', PROMPT, '--latent-out', 'pipe', folder=folder)
    assert reader.communicate()[0][:6] == b'\x93NUMPY' and (folder / 'pipe').is_fifo()
    assert 'not an ordinary file' in c2l('export', 'pipe', '--replace', folder=folder, expect=1).stderr


@test
def lost_output_is_a_failure(folder):
    with open('/dev/full', 'w') as full:
        for arguments in (['generate', PROMPT], ['help'], ['--help'], ['help', 'generate'], ['generate', '--help'], ['version'], ['--version'], ['models'],
                          ['info', '--devices'], ['info', '--json', STARTER], ['train', '--show']):
            status = subprocess.run([C2L, *arguments], cwd=folder, stdout=full, stderr=subprocess.PIPE, timeout=250)
            assert status.returncode == 1 and b'standard output' in status.stderr, (arguments, status)


@test
def a_model_that_was_changed_does_not_draw_the_same(folder):
    shutil.copytree(STARTER, folder / 'model', copy_function=shutil.copyfile)
    c2l('generate', PROMPT, '--model', 'model', folder=folder)
    with open(folder / 'model' / 'generator.safetensors', 'r+b') as file:
        file.seek(-2, os.SEEK_END)
        file.write(b'\0\1')
    result = c2l('generate', '--from', pictures(folder)[0], '--model', 'model', '-o', 'again', folder=folder, expect=1)
    assert 'another generator' in result.stderr


@test
def draws_quietly_into_a_folder(folder):
    result = c2l('generate', PROMPT, '-n', '2', folder=folder)
    assert result.stderr == ''
    names = result.stdout.split()
    assert names == ['pictures/a-happy-man-with-a-beard-0-00.png', 'pictures/a-happy-man-with-a-beard-0-01.png'], names
    assert len(pixels(folder / names[0])) == 128 * (1 + 128 * 3)
    assert pixels(folder / names[0]) != pixels(folder / names[1])


@test
def overwrites_nothing(folder):
    first = c2l('generate', PROMPT, folder=folder).stdout.strip()
    before = (folder / first).read_bytes()
    second = c2l('generate', PROMPT, folder=folder).stdout.strip()
    assert first != second and (folder / first).read_bytes() == before
    assert before == (folder / second).read_bytes()


@test
def a_picture_does_not_depend_on_threads(folder):
    for threads in ('1', '2'):
        c2l('generate', PROMPT, '-n', '2', '--threads', threads, '-o', threads, folder=folder)
    for a, b in zip(pictures(folder, '1'), pictures(folder, '2'), strict=True):
        assert pixels(a) == pixels(b)


@test
def the_recipe_draws_the_same_picture(folder):
    for precision in ('f32', 'fast'):
        c2l('generate', PROMPT, '-n', '3', '--seed', '18446744073709551615', '--edit', 'glasses=1.5', '--edit', f'{STARTER}/directions/laugh.npy=-1',
            '--truncation', '0.9', '--precision', precision, '-o', precision, folder=folder)
        original = pictures(folder, precision)
        again = c2l('generate', *(f'--from={path}' for path in original), '-o', precision + '-again', folder=folder)
        assert again.stderr == '', again.stderr
        for a, b in zip(original, pictures(folder, precision + '-again'), strict=True):
            assert pixels(a) == pixels(b)
            assert a.read_bytes() == b.read_bytes()


@test
def a_redrawn_picture_may_be_edited(folder):
    c2l('generate', PROMPT, folder=folder)
    c2l('generate', '--from', pictures(folder)[0], '--edit', 'glasses=2', '-o', 'edited', folder=folder)
    assert pixels(pictures(folder)[0]) != pixels(pictures(folder, 'edited')[0])


@test
def an_edit_may_keep_to_some_layers(folder):
    for name, edit in (('all', 'glasses=2'), ('some', 'glasses@0-5=2'), ('rest', 'glasses@6-=2')):
        c2l('generate', PROMPT, '--edit', edit, '-o', name, folder=folder)
    both = c2l('generate', PROMPT, '--edit', 'glasses@0-5=2', '--edit', 'glasses@6-=2', '-o', 'both', folder=folder)
    drawn = {name: pixels(pictures(folder, name)[0]) for name in ('all', 'some', 'rest', 'both')}
    assert drawn['all'] == drawn['both'] and len(set(drawn.values())) == 3
    assert 'glasses@6- = 2' in c2l('info', pictures(folder, 'rest')[0], folder=folder).stdout


@test
def a_file_of_any_name_may_be_a_direction(folder):
    c2l('generate', PROMPT, '--edit', 'glasses=2', folder=folder)
    for name, more in (('a=b.npy', '=2'), ('a@b.npy', '=2'), ('glasses@4=1', '@0-=2')):
        shutil.copyfile(STARTER / 'directions' / 'glasses.npy', folder / name)
        c2l('generate', PROMPT, '--edit', name + more, '-o', f'by {name}', folder=folder)
        assert pixels(pictures(folder, f'by {name}')[0]) == pixels(pictures(folder)[0]), name
    c2l('generate', PROMPT, '--edit', 'a=b.npy', '-o', 'once', folder=folder)


@test
def what_a_terminal_would_obey_is_not_shown(folder):
    env = {'C2L_LIBRARY': folder / 'library'}
    c2l('generate', 'a man \x1b]0;owned\x07\x9b31m', '--keep', '-o', 'out', folder=folder, env=env)
    for shown in (c2l('info', pictures(folder, 'out')[0], folder=folder).stdout, c2l('history', folder=folder, env=env).stdout,
                  c2l('info', 'no\x1b[31mfile', folder=folder, expect=1).stderr):
        assert not re.search('[\x00-\x08\x0b-\x1f\x7f-\x9f]', shown), shown
    assert 'a man  ]0;owned' in c2l('info', pictures(folder, 'out')[0], folder=folder).stdout


@test
def a_stylegan3_picture_is_moved_and_turned(folder):
    generator = ('--generator', FIXTURES / 'stylegan3' / 't' / 'network.pkl')
    c2l('generate', *generator, '--random', folder=folder)
    c2l('generate', *generator, '--random', '--move', '0.25,-0.1', '--turn', '20', '-o', 'placed', folder=folder)
    c2l('generate', *generator, '--from', pictures(folder)[0], '--move', '0.25,-0.1', '--turn', '20', '-o', 'later', folder=folder)
    c2l('generate', *generator, '--from', pictures(folder, 'placed')[0], '-o', 'again', folder=folder)
    still, placed, later, again = (pixels(pictures(folder, name)[0]) for name in ('pictures', 'placed', 'later', 'again'))
    assert still != placed and placed == again and placed == later


@test
def a_file_that_is_not_there_is_said_first(folder):
    for option in ('--clip', '--prior', '--generator'):
        said = c2l('generate', 'a man', option, 'nothere.bin', folder=folder, expect=1).stderr
        assert said.startswith('c2l: nothere.bin: no such file'), said


@test
def a_clip_may_be_the_folder_it_comes_in(folder):
    c2l('generate', 'a man', folder=folder)
    hf = FIXTURES / 'clip' / 'hf'   # too small for any vocabulary, which is said once it is read
    said = [c2l('score', pictures(folder)[0], 'a man', '--clip', clip, folder=folder, expect=1).stderr for clip in (hf, hf / 'model.safetensors')]
    assert said[0] == said[1] and 'the model has 512 tokens' in said[0], said


@test
def a_class_is_kept_in_the_recipe(folder):
    generator = ('--generator', FIXTURES / 'stylegan3' / 't-cond' / 'network.pkl')
    for label in ('0', '1'):
        c2l('generate', *generator, '--random', '--class', label, '-o', label, folder=folder)
        assert re.search(rf'class +{label}\n', c2l('info', pictures(folder, label)[0], folder=folder).stdout)
        assert json.loads(c2l('info', '--json', pictures(folder, label)[0], folder=folder).stdout)['recipe']['class'] == int(label)
        c2l('generate', *generator, '--from', pictures(folder, label)[0], '-o', label + '-again', folder=folder)
        assert pictures(folder, label)[0].read_bytes() == pictures(folder, label + '-again')[0].read_bytes()
    assert pixels(pictures(folder, '0')[0]) != pixels(pictures(folder, '1')[0])
    said = c2l('generate', '--random', '--class', '3', '-o', 'none', folder=folder, expect=2).stderr
    assert '--class' in said and 'no classes' in said and pictures(folder, 'none') == [], said
    c2l('generate', '--random', '-o', 'none', folder=folder)
    assert 'class' not in json.loads(c2l('info', '--json', pictures(folder, 'none')[0], folder=folder).stdout)['recipe']


@test
def prompts_are_mixed(folder):
    line = json.loads(c2l('generate', 'a man with a beard | a woman:0.5', '--json', '--score', folder=folder).stdout)
    assert line['prompt'] == 'a man with a beard | a woman:0.5'
    assert 'add up to nothing' in c2l('generate', 'a man | a woman:-1', folder=folder, expect=2).stderr
    (folder / 'prompts.txt').write_text('a man\na man | a woman:-1\n')
    for command in (['generate'], ['score', line['file']]):
        said = c2l(*command, '-p', 'prompts.txt', folder=folder, expect=1)
        assert 'prompts.txt, line 2: ' in said.stderr and 'add up to nothing' in said.stderr and said.stdout == '', said
    score = json.loads(c2l('score', line['file'], line['prompt'], '--json', folder=folder).stdout)
    assert abs(score['score'] - line['score']) < 0.01
    c2l('generate', 'a man with a beard | a woman', '-o', 'other', folder=folder)
    assert pixels(pictures(folder)[0]) != pixels(pictures(folder, 'other')[0])


@test
def pictures_are_kept_when_asked(folder):
    data = pathlib.Path(folder) / 'data'
    env = dict(os.environ, XDG_DATA_HOME=str(data))

    def history(*arguments, expect=0):
        return c2l('history', *arguments, folder=folder, expect=expect, env=env)

    result = history()
    assert result.stdout == '' and '--keep' in result.stderr
    c2l('generate', 'nobody', folder=folder, env=env)
    assert not data.exists()
    c2l('generate', PROMPT, 'eine Frau', '-n', 3, '--score', '--keep', folder=folder, env=env)
    c2l('generate', '--from', pictures(folder)[0], '--keep', folder=folder, env=env)
    lines = history('--limit', 0, '--json').stdout.splitlines()
    entries = [json.loads(line) for line in lines]
    assert [entry['prompt'] for entry in entries[1:]] == ['eine Frau'] * 3 + [PROMPT] * 3, entries
    assert len({entry['uid'] for entry in entries}) == 7 and entries[1]['score'] > 0 and not entries[0]['favourite']
    assert entries[0]['created'] >= entries[-1]['created']
    assert [PROMPT in line for line in history('BEARD', 'man', '-n', 2).stdout.splitlines()] == [True] * 2
    best = [json.loads(line)['score'] for line in history('frau', '--best', '--json').stdout.splitlines()]
    assert len(best) == 3 and best == sorted(best, reverse=True)
    assert history('--favourites').stdout == '' == history('--model', 'other').stdout
    assert len(history('--model', entries[0]['model']).stdout.splitlines()) == 7


@test
def a_library_that_cannot_be_written_is_known_before_drawing(folder):
    place = pathlib.Path(folder) / 'file'
    place.write_text('no folder')
    env = dict(os.environ, XDG_DATA_HOME=str(place))
    result = c2l('generate', PROMPT, '--keep', folder=folder, expect=1, env=env)
    assert str(place) in result.stderr and pictures(folder) == []


@test
def warns_where_bits_may_differ(folder):
    c2l('generate', PROMPT, folder=folder)
    result = c2l('generate', '--from', pictures(folder)[0], '--device', 'cpu:portable', '-o', 'other', folder=folder)
    assert 'may differ' in result.stderr and len(pictures(folder, 'other')) == 1


@test
def a_file_without_a_recipe_is_refused(folder):
    assert 'missing.png' in c2l('generate', '--from', 'missing.png', folder=folder, expect=1).stderr
    c2l('generate', PROMPT, '--grid', 'grid.png', folder=folder)
    assert 'recipe' in c2l('generate', '--from', 'grid.png', folder=folder, expect=1).stderr
    assert c2l('generate', '--from', STARTER / 'model.json', folder=folder, expect=1).stderr.startswith('c2l: ')


@test
def reads_prompts_from_files_and_standard_input(folder):
    (folder / 'prompts.txt').write_text('a bald man\n\n  a woman with long pink hair  \n')
    result = c2l('generate', '--prompts', 'prompts.txt', '--json', folder=folder)
    assert [json.loads(line)['prompt'] for line in result.stdout.splitlines()] == ['a bald man', 'a woman with long pink hair']
    result = c2l('generate', '-', '--json', folder=folder, input='an old man with a mustache\n')
    assert [json.loads(line)['prompt'] for line in result.stdout.splitlines()] == ['an old man with a mustache']
    assert 'no prompt' in c2l('generate', '-', folder=folder, input='\n', expect=2).stderr


@test
def json_is_sorted_best_first(folder):
    result = c2l('generate', PROMPT, '-n', '6', '--sort', 'score', '--json', '--seed', '9', folder=folder)
    objects = [json.loads(line) for line in result.stdout.splitlines()]
    scores = [item['score'] for item in objects]
    assert scores == sorted(scores, reverse=True) and len(scores) == 6
    assert sorted(item['index'] for item in objects) == list(range(6))
    assert all(item['seed'] == '9' and (folder / item['file']).exists() for item in objects)


@test
def words_of_any_language_are_taken(folder):
    for locale in ('C', 'C.UTF-8'):
        result = c2l('generate', 'ein Bärtiger 🙂', '--json', '-o', 'p', folder=folder, env={**os.environ, 'LC_ALL': locale})
        assert json.loads(result.stdout)['prompt'] == 'ein Bärtiger 🙂'


@test
def errors_speak_the_users_language(folder):
    said = {'de': 'keine Modelldatei', 'es': 'no es un modelo', 'fr': 'n’est pas un fichier de modèle', 'en': 'not a model file',
            'zh_CN': '不是可识别的模型文件', 'zh_SG': '不是可识别的模型文件', 'zh_Hans_HK': '不是可识别的模型文件',
            'fi:zh_Hans:de': '不是可识别的模型文件', 'zh_TW': 'not a model file'}
    (folder / 'letter.txt').write_text('Dear model\x00')
    for language, words in said.items():
        env = {**os.environ, 'LC_ALL': 'C.UTF-8', 'LANGUAGE': language}
        result = c2l('info', 'letter.txt', folder=folder, env=env, expect=1)
        assert words in result.stderr and 'letter.txt' in result.stderr and '.safetensors' in result.stderr, result.stderr
    env = {**os.environ, 'LC_ALL': 'C', 'LANGUAGE': 'de'}
    assert 'not a model file' in c2l('info', 'letter.txt', folder=folder, env=env, expect=1).stderr


@test
def long_prompts_are_cut_with_a_word(folder):
    result = c2l('generate', 'a man' + ' with a beard' * 60, folder=folder)
    assert result.stderr.startswith('c2l: the prompt is too long') and len(result.stderr) < 200 and len(pictures(folder)) == 1
    (folder / 'prompts.txt').write_text('\na bald man\na man' + ' with a beard' * 60 + '\n')
    for command in (['generate', '-o', 'list'], ['score', pictures(folder)[0]]):
        result = c2l(*command, '-p', 'prompts.txt', folder=folder)
        assert result.stderr.startswith('c2l: prompts.txt, line 3: ') and 'too long' in result.stderr and 'from “' in result.stderr, result.stderr
        result = c2l(*command, 'a bald man', 'a man' + ' with a beard' * 60, folder=folder)
        assert result.stderr.startswith('c2l: prompt 2: ') and result.stderr.count('\n') == 1, result.stderr


@test
def latents_go_out_and_in(folder):
    c2l('generate', PROMPT, '-n', '3', '--latent-out', 'w.npy', folder=folder)
    result = c2l('generate', '--latent', 'w.npy', '-o', 'again', folder=folder)
    assert len(result.stdout.split()) == 3
    for a, b in zip(pictures(folder), pictures(folder, 'again'), strict=True):
        assert pixels(a) == pixels(b)


@test
def latents_are_written_without_edits_and_that_is_said(folder):
    edit = ['--edit', 'glasses=2', '-t', '0.8']
    result = c2l('generate', PROMPT, '-n', 2, *edit, '--latent-out', 'w.npy', folder=folder)
    assert 'w.npy: latents are without edits' in result.stderr, result.stderr
    assert c2l('generate', PROMPT, '-n', 2, '--latent-out', 'plain.npy', '-o', 'plain', folder=folder).stderr == ''
    assert (folder / 'w.npy').read_bytes() == (folder / 'plain.npy').read_bytes()
    c2l('generate', '--latent', 'w.npy', *edit, '-o', 'again', folder=folder)
    assert [pixels(path) for path in pictures(folder, 'again')] == [pixels(path) for path in pictures(folder)]


@test
def latents_of_every_shape_are_drawn(folder):
    c2l('generate', PROMPT, '-n', 2, '--latent-out', 'w.npy', folder=folder)
    shape, values = read_npy((folder / 'w.npy').read_bytes())
    assert shape == (2, 1, 128)
    first = values[:512]
    for n, (shape, data, count) in enumerate([((128,), first, 1), ((1, 128), first, 1), ((2, 128), values, 2), ((12, 128), first * 12, 1),
                                              ((2, 1, 128), values, 2), ((2, 12, 128), first * 12 + values[512:] * 12, 2)]):
        write_npy(folder / 'in.npy', shape, data)
        c2l('generate', '--latent', 'in.npy', '-o', str(n), folder=folder)
        assert [pixels(path) for path in pictures(folder, str(n))] == [pixels(path) for path in pictures(folder)[:count]], shape
    write_npy(folder / 'in.npy', (1, 1, 1, 128), first)
    assert '[N, L, D]' in c2l('generate', '--latent', 'in.npy', folder=folder, expect=1).stderr


@test
def latents_beyond_all_models_are_refused(folder):
    c2l('generate', PROMPT, '--latent-out', 'w.npy', folder=folder)
    whole = (folder / 'w.npy').read_bytes()
    (folder / 'huge.npy').write_bytes(whole[:-4] + struct.pack('<f', 1e38))
    said = c2l('generate', '--latent', 'huge.npy', '-o', 'huge', folder=folder, expect=1).stderr
    assert '1e+38' in said and 'latent' in said and pictures(folder, 'huge') == [], said


@test
def draws_without_a_prompt(folder):
    c2l('generate', '--random', '-n', '2', folder=folder)
    c2l('generate', '--random', '--generator', STARTER / 'generator.safetensors', '-n', '2', '-o', 'alone', folder=folder)
    for a, b in zip(pictures(folder), pictures(folder, 'alone'), strict=True):
        assert pixels(a) == pixels(b)
    result = c2l('generate', '--random', '--generator', STARTER / 'clip.safetensors', folder=folder, expect=1)
    assert 'clip.safetensors: not a StyleGAN' in result.stderr


@test
def draws_from_the_originals_files(folder):
    files = FIXTURES / 'e2e' / 'w'
    c2l('generate', 'a photograph of a woman with red hair', '--prior', files / 'prior.ckpt', '--generator', files / 'generator.pkl',
        '--clip', files / '..' / 'clip.pt', '--score', folder=folder)
    assert len(pictures(folder)) == 1
    c2l('import', 'bundle', '--prior', files / 'prior.ckpt', '--generator', files / 'generator.pkl', '--clip', files / '..' / 'clip.pt',
        folder=folder)
    c2l('generate', 'a photograph of a woman with red hair', '--model', 'bundle', '--score', '-o', 'bundled', folder=folder)
    assert pixels(pictures(folder)[0]) == pixels(pictures(folder, 'bundled')[0])
    assert 'already there' in c2l('import', 'bundle', '--generator', files / 'generator.pkl', folder=folder, expect=1).stderr
    c2l('import', 'bundle', '--replace', '--generator', files / 'generator.pkl', folder=folder)
    assert 'no clip' in c2l('generate', PROMPT, '--model', 'bundle', folder=folder, expect=1).stderr
    assert not list(folder.glob('bundle.*')), 'something was left beside the bundle'


@test
def parts_that_do_not_fit_are_refused(folder):
    files = FIXTURES / 'e2e' / 'w'
    result = c2l('import', 'mixed', '--prior', files / 'prior.ckpt', '--generator', STARTER / 'generator.safetensors', folder=folder, expect=1)
    assert 'fit' in result.stderr and not (folder / 'mixed').exists() and not list(folder.glob('mixed*'))


@test
def an_exported_prior_draws_the_same(folder):
    c2l('export', 'prior.ckpt', folder=folder)
    assert 'a prior' in c2l('info', 'prior.ckpt', folder=folder).stdout
    c2l('generate', PROMPT, folder=folder)
    c2l('generate', PROMPT, '--prior', 'prior.ckpt', '--generator', STARTER / 'generator.safetensors', '--clip', STARTER / 'clip.safetensors',
        '--merges', STARTER / 'merges.txt', '--preprocess', 'openai-clamped', '-o', 'exported', folder=folder)
    assert pixels(pictures(folder)[0]) == pixels(pictures(folder, 'exported')[0])
    assert '--replace' in c2l('export', 'prior.ckpt', folder=folder, expect=1).stderr
    c2l('export', 'prior.ckpt', '--replace', folder=folder)


@test
def what_draws_nothing_needs_no_generator(folder):
    c2l('generate', PROMPT, folder=folder)
    c2l('export', 'whole.ckpt', folder=folder)
    clip = ['--clip', STARTER / 'clip.safetensors', '--preprocess', 'openai-clamped']
    alone = c2l('score', pictures(folder)[0], PROMPT, *clip, folder=folder).stdout
    assert alone == c2l('score', pictures(folder)[0], PROMPT, folder=folder).stdout
    c2l('export', 'again.ckpt', '--prior', 'whole.ckpt', folder=folder)
    assert (folder / 'whole.ckpt').read_bytes() == (folder / 'again.ckpt').read_bytes()
    assert (folder / 'whole.yaml').read_bytes() == (folder / 'again.yaml').read_bytes()
    for arguments, words in [(['score', 'x.png', PROMPT, '--generator', STARTER / 'generator.safetensors'], '--clip'),
                             (['export', 'none.ckpt', *clip], '--prior'), (['evaluate', '--prior', 'whole.ckpt'], '--generator')]:
        assert words in c2l(*arguments, folder=folder, expect=2).stderr, arguments


def single_files(folder):
    """The starter's parts, the CLIP in a folder of its own."""
    c2l('export', 'prior.ckpt', folder=folder)
    (folder / 'clip').mkdir()
    shutil.copyfile(STARTER / 'clip.safetensors', folder / 'clip' / 'clip.safetensors')
    return ['--prior', 'prior.ckpt', '--generator', STARTER / 'generator.safetensors', '--clip', 'clip/clip.safetensors',
            '--preprocess', 'openai-clamped']


@test
def a_picture_of_single_files_says_which(folder):
    shutil.copyfile(STARTER / 'generator.safetensors', folder / 'my generator.safetensors')
    c2l('export', 'prior.ckpt', folder=folder)
    files = ['--generator', folder / 'my generator.safetensors', '--prior', './prior.ckpt']
    c2l('generate', PROMPT, *files, '--clip', STARTER / 'clip.safetensors', '--preprocess', 'openai-clamped', folder=folder)
    picture = pictures(folder)[0].relative_to(folder)
    text = c2l('info', picture, folder=folder).stdout
    assert 'clip clip.safetensors, prior prior.ckpt, generator my generator.safetensors, seed 0' in text, text
    again = re.search(r'again +c2l (.*)', text).group(1)
    assert again == f"generate --from {picture} --prior prior.ckpt --generator 'my generator.safetensors'"
    c2l(*shlex.split(again), '-o', 'again', folder=folder)
    assert pixels(folder / picture) == pixels(pictures(folder, 'again')[0])
    assert str(folder) not in (folder / picture).read_bytes().decode('latin-1')
    said = c2l('generate', '--from', picture, '--generator', FIXTURES / 'stylegan2' / 'uncond' / 'network.pkl', '-o', 'none', folder=folder, expect=1).stderr
    assert "--prior prior.ckpt --generator 'my generator.safetensors'" in said, said
    assert 'again' not in c2l('info', c2l('generate', PROMPT, folder=folder).stdout.strip(), folder=folder).stdout


@test
def a_vocabulary_beside_the_clip_is_its_own(folder):
    files = single_files(folder)
    c2l('generate', PROMPT, folder=folder)
    text = (STARTER / 'merges.txt').read_bytes()
    for name, data in [('merges.txt', text), ('merges.txt.gz', gzip.compress(text)), ('bpe_simple_vocab_16e6.txt.gz', gzip.compress(text))]:
        (folder / 'clip' / name).write_bytes(data)
        c2l('generate', PROMPT, *files, '-o', name, folder=folder)
        assert pixels(pictures(folder)[0]) == pixels(pictures(folder, name)[0]), name
        (folder / 'clip' / name).unlink()
    (folder / 'clip' / 'merges.txt.gz').write_bytes(gzip.compress(text)[:-500])
    said = c2l('generate', PROMPT, *files, '-o', 'none', folder=folder, expect=1).stderr
    assert 'clip/merges.txt.gz' in said and 'damaged' in said and pictures(folder, 'none') == []
    c2l('generate', PROMPT, *files, '--merges', STARTER / 'merges.txt', '-o', 'named', folder=folder)
    assert pixels(pictures(folder)[0]) == pixels(pictures(folder, 'named')[0])


@test
def a_vocabulary_of_another_clip_is_refused(folder):
    files = single_files(folder)
    lines = (STARTER / 'merges.txt').read_text().splitlines(keepends=True)
    (folder / 'short.txt').write_text(''.join(lines[:-1]))
    (folder / 'long.txt').write_text(''.join(lines) + 'x yz\n')
    for arguments, name in [([], 'merges.txt.gz'), (['--merges', 'short.txt'], 'short.txt'), (['--merges', 'long.txt'], 'long.txt')]:
        for call in (['generate', PROMPT], ['import', 'made']):
            said = c2l(*call, *files, *arguments, folder=folder, expect=1).stderr
            assert name in said and 'clip/clip.safetensors' in said and '--merges' in said and said.count('\n') == 1, said
    assert pictures(folder) == [] and not list(folder.glob('made*'))


@test
def an_import_brings_the_vocabulary_beside_the_clip(folder):
    files = single_files(folder)
    shutil.copyfile(STARTER / 'merges.txt', folder / 'clip' / 'merges.txt')
    c2l('import', 'made', *files, folder=folder)
    shutil.rmtree(folder / 'clip')
    c2l('generate', PROMPT, folder=folder)
    c2l('generate', PROMPT, '--model', 'made', '-o', 'again', folder=folder)
    assert pixels(pictures(folder)[0]) == pixels(pictures(folder, 'again')[0])
    info = json.loads((folder / 'made' / 'model.json').read_text())
    other = {**info, 'clip': {name: value for name, value in info['clip'].items() if name != 'merges'}}
    (folder / 'made' / 'model.json').write_text(json.dumps(other))
    c2l('generate', PROMPT, '--model', 'made', '-o', 'unsaid', folder=folder)
    assert pixels(pictures(folder)[0]) == pixels(pictures(folder, 'unsaid')[0])
    assert info['resolution'] == 128 and info['styles'] > 0 and info['latents'] == 1 and info['clip']['merges'] == 'merges.txt'


@test
def an_export_is_whole_or_not_there(folder):
    limit = lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, resource.RLIM_INFINITY))
    (folder / 'there.ckpt').write_text('mine')
    for name, more in (('prior.ckpt', []), ('there.ckpt', ['--replace'])):
        result = subprocess.run([C2L, 'export', name, *more], cwd=folder, capture_output=True, text=True, timeout=250, preexec_fn=limit)
        assert result.returncode == 1 and name in result.stderr, result
    assert [path.name for path in folder.iterdir()] == ['there.ckpt'] and (folder / 'there.ckpt').read_text() == 'mine'
    process = subprocess.Popen([C2L, 'export', 'prior.ckpt'], cwd=folder, stdout=subprocess.DEVNULL)
    while not list(folder.glob('.clip2latent-*')) and process.poll() is None:
        pass
    process.kill()
    process.wait()
    if (folder / 'prior.ckpt').exists():
        assert 'a prior' in c2l('info', 'prior.ckpt', folder=folder).stdout


@test
def a_model_that_is_cut_off_at_work_is_said(folder):
    shutil.copytree(STARTER, folder / 'model', copy_function=shutil.copyfile)
    process = subprocess.Popen([C2L, 'generate', PROMPT, '--model', 'model', '-n', '2000', '-o', 'out'], cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    process.stdout.readline()
    os.truncate(folder / 'model/generator.safetensors', 5000)
    _, errors = process.communicate(timeout=250)
    assert process.returncode == 1 and 'generator.safetensors' in errors and 'cut off' in errors, (process.returncode, errors)
    assert 0 < len(pictures(folder, 'out')) < 2000


@test
def saved_pictures_are_drawn_again_together_and_scored(folder):
    lines = c2l('generate', PROMPT, 'a bald man', '-n', 3, '--score', '--json', folder=folder).stdout.splitlines()
    drawn = {item['file']: item for item in map(json.loads, lines)}
    # As a shell makes them of *.png, in another order than they were drawn in.
    files = sorted(drawn)
    c2l('generate', '--from', *files, '-o', 'again', folder=folder)
    assert [pixels(path) for path in pictures(folder, 'again')] == [pixels(folder / name) for name in files]
    again = [json.loads(line) for line in c2l('generate', '--from', *files, '--sort', 'score', '--json', '-o', 'sorted', '--latent-out', 'w.npy',
                                              folder=folder).stdout.splitlines()]
    groups = [[item for item in again if item['prompt'] == prompt] for prompt in ('a bald man', PROMPT)]
    assert again == groups[0] + groups[1]
    for group in groups:
        assert len(group) == 3 and [item['score'] for item in group] == sorted((item['score'] for item in group), reverse=True), group
    for item in again:
        assert any(abs(item['score'] - other['score']) < 1e-5 for other in drawn.values() if other['prompt'] == item['prompt']), item
    edited = json.loads(c2l('generate', '--from', files[0], '--edit', 'glasses=2', '--score', '--json', '-o', 'edited', folder=folder).stdout)
    assert edited['score'] != drawn[files[0]]['score']
    c2l('generate', '--random', '-o', 'random', folder=folder)
    result = c2l('generate', files[0], '--from', *pictures(folder, 'random'), '--score', '-o', 'mixed', folder=folder)
    assert 'without a prompt' in result.stderr and len(result.stdout.splitlines()) == 2, result
    # Nothing is drawn where one of them cannot be.
    result = c2l('generate', '--from', *files, STARTER / 'model.json', '-o', 'none', folder=folder, expect=1)
    assert 'model.json' in result.stderr and result.stdout == '', result


@test
def latents_of_several_shapes_are_not_written_into_one_file(folder):
    c2l('generate', PROMPT, '--latent-out', 'w.npy', folder=folder)
    values = read_npy((folder / 'w.npy').read_bytes())[1]
    write_npy(folder / 'rows.npy', (12, 128), values * 12)
    c2l('generate', '--latent', 'rows.npy', '-o', 'rows', folder=folder)
    assert pixels(pictures(folder, 'rows')[0]) == pixels(pictures(folder)[0])
    result = c2l('generate', '--from', *pictures(folder), *pictures(folder, 'rows'), '--latent-out', 'both.npy', '-o', 'none', folder=folder, expect=2)
    assert '[12, 128]' in result.stderr and not (folder / 'both.npy').exists() and pictures(folder, 'none') == [], result.stderr


@test
def an_edited_picture_forgets_its_score(folder):
    c2l('generate', PROMPT, '--score', folder=folder)
    again = pictures(folder)[0]
    line = json.loads(c2l('generate', '--from', again, '--edit', 'glasses=1', '--json', '-o', 'edited', folder=folder).stdout)
    assert 'score' not in line


@test
def imports_that_could_not_draw_are_refused(folder):
    (folder / 'directions').mkdir()
    (folder / 'directions' / 'age.npy').write_bytes((FIXTURES / 'edits' / 'age.npy').read_bytes())
    parts = ['--prior', STARTER / 'prior.safetensors', '--generator', STARTER / 'generator.safetensors']
    for arguments, words, expect in [(['--sampler', 'foo'], 'foo', 2), (['--steps', '7'], 'steps 7', 2), (['--preprocess', 'foo'], 'foo', 2),
                                     (['--directions', 'directions'], 'age', 1)]:
        assert words in c2l('import', 'made', *parts, *arguments, folder=folder, expect=expect).stderr
        assert not list(folder.glob('made*'))


@test
def info_says_what_each_file_is(folder):
    subprocess.run(['tar', 'cf', 'shard.tar', '-C', STARTER, 'model.json'], cwd=folder, check=True)
    for path, words in [(STARTER / 'clip.safetensors', 'depth'), (STARTER / 'prior.safetensors', 'latents'), (STARTER / 'merges.txt', 'merges'),
                        (FIXTURES / 'prior' / 'w-legacy-file' / 'prior.yaml', "a prior's configuration"), ('shard.tar', 'a tar archive'),
                        (FIXTURES / 'prior' / 'w-legacy-file' / 'info.json', 'c2l selftest'), (FIXTURES / 'clip' / 'hf' / 'config.json', 'JSON'),
                        (STARTER / 'model.json', 'name its folder')]:
        assert words in c2l('info', path, folder=folder).stdout


@test
def info_tells_the_same_sizes_as_json(folder):
    def told(path, *arguments):
        return json.loads(c2l('info', '--json', path, *arguments, folder=folder).stdout), c2l('info', path, *arguments, folder=folder).stdout

    clip, text = told(STARTER / 'clip.safetensors')
    assert f"embeddings   {clip['embed_dim']} numbers" in text and clip['text']['vocabulary'] == 1481
    for part in (clip['text'], clip['vision']):
        assert f"width {part['width']}, depth {part['depth']}, {part['heads']} heads, " in text, text
    assert f"{clip['vision']['resolution']}² in patches of {clip['vision']['patch']}²" in text, text
    prior, text = told(STARTER / 'prior.safetensors')
    assert f"width {prior['width']}, depth {prior['depth']}, {prior['heads']} heads of {prior['head_dim']}" in text, text
    assert f"{prior['latents']}; {prior['timesteps']} time steps" in text, text
    generator, text = told(STARTER / 'generator.safetensors', '--tensors')
    assert f"pictures of {generator['resolution']}², {generator['styles']} styles of {generator['style_width']}" in text and 'arrays' in generator
    assert told(FIXTURES / 'stylegan3' / 't-cond' / 'network.pkl')[0]['classes'] > 1
    array, text = told(STARTER / 'directions' / 'beard.npy')
    assert array['arrays'] == [{'name': '', 'type': 'f32', 'shape': [128]}] and 'f32 [128]' in text, (array, text)


@test
def errors_name_a_file_as_it_was_named(folder):
    (folder / 'sub').mkdir()
    (folder / 'sub' / 'README.md').write_text('Dear model\x00')
    (folder / 'sub' / 'config.yaml').write_text('model: {network: {depth: many}}\n')
    (folder / 'sub' / 'empty.pkl').touch()
    header = json.dumps({'token_embedding.weight': {'dtype': 'F32', 'shape': [2, 2], 'data_offsets': [0, 16]},
                         'visual.proj': {'dtype': 'F32', 'shape': [2, 2], 'data_offsets': [16, 32]}}).encode()
    (folder / 'sub' / 'half.safetensors').write_bytes(struct.pack('<Q', len(header)) + header + bytes(32))
    shutil.copyfile(STARTER / 'merges.txt', folder / 'sub' / 'merges.txt')
    c2l('generate', PROMPT, folder=folder)
    c2l('export', 'sub/prior.ckpt', folder=folder)
    picture, generator = pictures(folder)[0], ('--generator', STARTER / 'generator.safetensors')
    for arguments in (
        ['info', 'sub/README.md'],
        ['info', 'sub/empty.pkl'],
        ['generate', '--random', '--generator', 'sub/README.md'],
        ['generate', '--random', '--generator', 'sub/empty.pkl'],
        ['generate', '--random', '--generator', 'sub/missing.pkl'],
        ['generate', PROMPT, '--edit', 'sub/README.md'],
        ['generate', '--latent', 'sub/README.md'],
        ['generate', '--from', 'sub/README.md'],
        ['generate', '--prompts', 'sub/README.md'],
        ['generate', '--prompts', 'sub/missing.txt'],
        ['generate', PROMPT, *generator, '--prior', 'sub/prior.ckpt', '--config', 'sub/config.yaml', '--clip', STARTER / 'clip.safetensors'],
        ['generate', PROMPT, *generator, '--prior', 'sub/prior.ckpt', '--clip', 'sub/half.safetensors'],
        ['generate', PROMPT, *generator, '--prior', 'sub/prior.ckpt', '--clip', 'sub/README.md'],
        ['generate', PROMPT, *generator, '--clip', STARTER / 'clip.safetensors', '--merges', 'sub/missing.txt'],
        ['models', '--catalogue', 'sub/missing.json'],
        ['score', 'sub/README.md', PROMPT],
        ['score', 'sub/missing.png', PROMPT],
        ['morph', 'sub/README.md', picture, '-o', 'm.webp'],
        ['import', 'made', '--generator', 'sub/README.md'],
        ['import', 'made', *generator, '--directions', 'sub/missing'],
        ['import', 'made', *generator, '--examples', 'sub/missing'],
    ):
        name = next(argument for argument in arguments if str(argument).startswith('sub/') and argument != 'sub/prior.ckpt')
        said = c2l(*arguments, folder=folder, expect=1).stderr
        assert said.startswith('c2l: ') and name in said.split(': ')[1] and said.count('\n') == 1, (arguments, said)


@test
def info_lists_devices(folder):
    without = {**os.environ, 'C2L_MODULES': str(folder)}
    text = c2l('info', '--devices', folder=folder, env=without).stdout
    assert text.startswith('cpu ') and 'trains' in text and 'f32' in text
    assert 'cuda         cannot be used: ' in text and 'libc2l-cuda.so' in text
    cpu, cuda = map(json.loads, c2l('info', '--devices', '--json', folder=folder, env=without).stdout.splitlines())
    assert cpu['device'] == 'cpu' and cpu['trains'] and {'f32', 'fast'} <= set(cpu['precisions']) and 'obstacle' not in cpu
    assert cuda['device'] == 'cuda' and not cuda['trains'] and cuda['precisions'] == [] and 'libc2l-cuda.so' in cuda['obstacle']
    assert 'libc2l-cuda.so' in c2l('generate', PROMPT, '--device', 'cuda:0', folder=folder, env=without, expect=1).stderr
    both = c2l('info', '--devices', STARTER / 'merges.txt', folder=folder, env=without).stdout
    assert both.startswith(text) and 'merges' in both


@test
def info_reads_the_recipe_in_every_format(folder):
    for name in ('png', 'jpeg', 'webp'):
        path = c2l('generate', PROMPT, '--format', name, folder=folder).stdout.strip()
        assert PROMPT in c2l('info', path, folder=folder).stdout, name


@test
def names_of_any_language_and_with_spaces_are_taken(folder):
    name = 'über uns/ein Bündel 男'
    (folder / 'über uns').mkdir()
    c2l('import', name, '--generator', STARTER / 'generator.safetensors', folder=folder)
    path = c2l('generate', '--random', '--model', name, '--out', 'zwei Bilder', '--grid', 'ein Gitter.png', folder=folder).stdout.strip()
    assert path.startswith('zwei Bilder/') and (folder / path).exists() and (folder / 'ein Gitter.png').exists()
    assert '128 × 128' in c2l('info', path, folder=folder).stdout


@test
def a_reader_that_leaves_early_ends_the_work_in_silence(folder):
    process = subprocess.Popen([C2L, 'generate', PROMPT, '-n', '5000'], cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    process.stdout.readline()
    process.stdout.close()
    assert process.stderr.read() == b'' and process.wait(timeout=60) == -signal.SIGPIPE
    assert 1 <= len(pictures(folder)) < 5000
    assert len(list((folder / 'pictures').iterdir())) == len(pictures(folder)), 'something else was left'


@test
def the_starter_has_no_stylegan3_to_measure(folder):
    assert 'sg3-256' in c2l('bench', '--size', 'starter', '--case', 'sg3-256', folder=folder, expect=2).stderr


@test
def scores_tell_words_apart(folder):
    c2l('generate', PROMPT, folder=folder)
    result = c2l('score', pictures(folder)[0], PROMPT, 'a woman with long pink hair', '--json', folder=folder)
    right, wrong = [json.loads(line)['score'] for line in result.stdout.splitlines()]
    assert right > wrong
    assert 'c2l: ' in c2l('score', STARTER / 'model.json', PROMPT, folder=folder, expect=1).stderr


@test
def scores_several_pictures(folder):
    c2l('generate', PROMPT, '-n', 2, folder=folder)
    one, other = (str(path) for path in pictures(folder))
    alone = [c2l('score', path, PROMPT, 'a woman', folder=folder).stdout.splitlines() for path in (one, other)]
    together = c2l('score', one, other, PROMPT, 'a woman', folder=folder).stdout.splitlines()
    assert together == [line.replace('  ', f'  {path}  ', 1) for path, lines in zip((one, other), alone) for line in lines], together
    assert c2l('score', one, PROMPT, other, 'a woman', folder=folder).stdout.splitlines() == together
    (folder / 'prompts.txt').write_text(f'{PROMPT}\n\na woman\n')
    assert c2l('score', one, other, '-p', 'prompts.txt', folder=folder).stdout.splitlines() == together
    assert c2l('score', one, other, '-', folder=folder, input=f'{PROMPT}\na woman').stdout.splitlines() == together
    (folder / 'a woman').mkdir()
    assert c2l('score', one, PROMPT, 'a woman', folder=folder).stdout.splitlines() == alone[0]
    # What is missing or broken is named, and the others are scored.
    result = c2l('score', one, 'missing.png', PROMPT, folder=folder, expect=1)
    assert 'missing.png' in result.stderr and result.stdout.startswith(alone[0][0][:6]) and len(result.stdout.splitlines()) == 1
    assert 'at least one prompt' in c2l('score', one, other, folder=folder, expect=2).stderr


@test
def saves_in_every_format_with_the_recipe(folder):
    c2l('generate', PROMPT, folder=folder)
    for name, start in [('jpeg', b'\xff\xd8\xff'), ('webp', b'RIFF')]:
        path = c2l('generate', PROMPT, '--format', name, '--quality', '80', '--out', name, folder=folder).stdout.strip()
        assert (folder / path).read_bytes().startswith(start)
        assert PROMPT in c2l('info', path, folder=folder).stdout
        c2l('generate', '--from', path, '--out', f'{name}-again', folder=folder)
        assert pixels(pictures(folder, f'{name}-again')[0]) == pixels(pictures(folder)[0])
        small = c2l('generate', PROMPT, '--format', name, '--quality', '10', '--out', name, folder=folder).stdout.strip()
        assert (folder / small).stat().st_size < (folder / path).stat().st_size


@test
def names_say_the_format(folder):
    starts = {'png': b'\x89PNG', 'jpg': b'\xff\xd8\xff', 'JPEG': b'\xff\xd8\xff', 'webp': b'RIFF', '': b'\x89PNG'}
    for end, start in starts.items():
        grid = f'grid.{end}' if end else 'grid'
        path = c2l('generate', PROMPT, '-n', '2', '--grid', grid, '--name-template', f'a picture.{end}', folder=folder).stdout.splitlines()[0]
        assert (folder / grid).read_bytes().startswith(start) and (folder / path).read_bytes().startswith(start), end
        assert PROMPT in c2l('info', path, folder=folder).stdout
    assert {path.name for path in (folder / 'pictures').iterdir()} >= {'a picture.png', 'a picture.jpg', 'a picture.webp', 'a picture-2.webp'}
    large = (folder / 'grid.jpg').stat().st_size
    c2l('generate', PROMPT, '-n', '2', '--grid', 'grid.jpg', '--quality', '10', folder=folder)
    assert (folder / 'grid.jpg').stat().st_size < large
    for arguments, words in [(['--grid', 'grid.gif'], '.webp'), (['--grid', 'grid.tar.gz'], 'grid.tar.gz'), (['--grid', 'grid.png', '--quality', '10'], 'PNG'),
                             (['--name-template', 'a.jpg', '--format', 'png'], 'a.jpg'), (['--name-template', '.png'], '--name-template')]:
        result = c2l('generate', PROMPT, *arguments, '--out', 'none', folder=folder, expect=2)
        assert words in result.stderr and not (folder / 'none').exists(), (arguments, result.stderr)


@test
def morphs_from_picture_to_picture(folder):
    c2l('generate', PROMPT, '-n', '2', folder=folder)
    ends = pictures(folder)
    assert c2l('morph', *ends, '-n', '5', '-o', 'm.webp', folder=folder).stdout == 'm.webp\n'
    assert (folder / 'm.webp').read_bytes().count(b'ANMF') == 5
    c2l('morph', *ends, '-n', '3', '--ease', '-o', 'frames', folder=folder)
    frames = pictures(folder, 'frames')
    assert [path.name for path in frames] == ['frame-0001.png', 'frame-0002.png', 'frame-0003.png']
    assert pixels(frames[0]) == pixels(ends[0]) and pixels(frames[2]) == pixels(ends[1])
    assert pixels(frames[1]) not in (pixels(ends[0]), pixels(ends[1]))
    assert 'empty folder' in c2l('morph', *ends, '-o', 'frames', folder=folder, expect=1).stderr
    assert sorted(path.name for path in folder.iterdir()) == ['frames', 'm.webp', 'pictures']


@test
def names_files_by_a_template(folder):
    c2l('generate', 'ein Bärtiger', '-n', '2', '--seed', '5', '--name-template', '{prompt} {n} of seed {seed}', folder=folder)
    assert [path.name for path in pictures(folder)] == ['ein Bärtiger 01 of seed 5.png', 'ein Bärtiger 02 of seed 5.png']
    c2l('generate', 'x', '-n', '2', '--name-template', 'same', '--out', 'same', folder=folder)
    assert [path.name for path in pictures(folder, 'same')] == ['same-2.png', 'same.png']
    for arguments, words in [(['--name-template', '{colour}'], '{colour}'), (['--name-template', 'a/b'], 'path'), (['--format', 'gif'], 'gif'),
                             (['--format', 'webp', '--quality', '0'], '--quality'), (['--quality', '80'], '--quality')]:
        result = c2l('generate', PROMPT, *arguments, '--out', 'none', folder=folder, expect=2)
        assert words in result.stderr and result.stderr.startswith('c2l: '), result.stderr
        assert not (folder / 'none').exists()


@test
def info_knows_what_things_are(folder):
    c2l('generate', PROMPT, folder=folder)
    assert 'CC BY 4.0' in c2l('info', STARTER, '--verify', folder=folder).stdout
    for path, words in [
        (STARTER / 'generator.safetensors', 'StyleGAN'),
        (STARTER / 'prior.safetensors', 'a prior'),
        (STARTER / 'clip.safetensors', 'CLIP'),
        (STARTER / 'directions' / 'beard.npy', '[128]'),
        (pictures(folder)[0], PROMPT),
    ]:
        assert words in c2l('info', path, folder=folder).stdout, path
        json.loads(c2l('info', '--json', path, folder=folder).stdout)
    (folder / 'garbage').write_bytes(b'\x01\x02garbage')
    (folder / 'empty').touch()
    os.mkfifo(folder / 'pipe')
    for path, words in [('garbage', 'not a model file'), ('missing', 'no such file'), (folder, 'model.json'), ('empty', 'empty'),
                        ('pipe', 'neither a file nor'), ('/dev/null', 'neither a file nor')]:
        said = c2l('info', path, folder=folder, expect=1).stderr
        assert words in said and said.startswith('c2l: ') and said.count('\n') == 1, said


@test
def selftest_exits_by_result(folder):
    assert 'compared' in c2l('selftest', FIXTURES / 'e2e' / 'w', folder=folder).stdout
    source = FIXTURES / 'e2e' / 'w'
    spoilt = folder / 'spoilt'
    spoilt.mkdir()
    info = json.loads((source / 'info.json').read_text())
    info['fixture']['files'] = {role: os.path.relpath(source / name, spoilt) for role, name in info['fixture']['files'].items()}
    (spoilt / 'info.json').write_text(json.dumps(info))
    data = bytearray((source / 'expected.safetensors').read_bytes())
    size = struct.unpack_from('<Q', data)[0]
    start = json.loads(data[8:8 + size])['text_embed']['data_offsets'][0]
    struct.pack_into('<f', data, 8 + size + start, 1000.0)
    (spoilt / 'expected.safetensors').write_bytes(data)
    assert 'OVER text_embed' in c2l('selftest', '-q', spoilt, folder=folder, expect=1).stdout
    assert c2l('selftest', folder / 'missing', folder=folder, expect=1).stderr.startswith('c2l: ')


@test
def bench_answers_line_by_line(folder):
    result = c2l('bench', '--size', 'starter', '--case', 'prior', '--interactive', folder=folder, input='\n\n')
    lines = [json.loads(line) for line in result.stdout.splitlines()]
    assert len(lines) == 2 and all(len(line['seconds']) == 1 and line['flops'] > 0 for line in lines)


def start_drawing(folder, n, *arguments, hangup=signal.SIG_DFL):
    # Tests may themselves run where hangups are ignored.
    process = subprocess.Popen([C2L, 'generate', PROMPT, '-n', str(n), *arguments], cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                               text=True, preexec_fn=lambda: signal.signal(signal.SIGHUP, hangup))
    for _ in range(3):
        assert process.stdout.readline(), process.stderr.read()
    return process


@test
def control_c_keeps_what_is_finished(folder):
    process = start_drawing(folder, 5000)
    process.send_signal(signal.SIGINT)
    rest, errors = process.communicate(timeout=60)
    assert process.returncode == 130 and 'stopped' in errors, (process.returncode, errors)
    names = {path.name for path in pictures(folder)}
    assert 3 <= len(names) < 5000
    for path in pictures(folder):
        chunks(path)
    assert {path.name for path in (folder / 'pictures').iterdir()} == names, 'something else was left'


@test
def every_signal_that_asks_to_stop_keeps_what_is_finished(folder):
    for number in (signal.SIGHUP, signal.SIGTERM):
        process = start_drawing(folder, 5000)
        process.send_signal(number)
        _, errors = process.communicate(timeout=60)
        assert process.returncode == 128 + number and 'stopped' in errors, (process.returncode, errors)
        for path in pictures(folder):
            chunks(path)


@test
def under_nohup_it_goes_on(folder):
    process = start_drawing(folder, 20, hangup=signal.SIG_IGN)
    process.send_signal(signal.SIGHUP)
    output, errors = process.communicate(timeout=60)
    assert process.returncode == 0 and len(output.splitlines()) == 17 and errors == '', (process.returncode, errors)


@test
def stopped_it_writes_grid_and_latents_of_what_is_finished(folder):
    process = start_drawing(folder, 2000, '--grid', 'grid.png', '--latent-out', 'w.npy')
    process.send_signal(signal.SIGINT)
    output, errors = process.communicate(timeout=60)
    n = 3 + len(output.splitlines())
    assert process.returncode == 130 and f'grid.png and w.npy: of the {n} pictures' in errors, errors
    assert read_npy((folder / 'w.npy').read_bytes())[0] == (n, 1, 128)
    chunks(folder / 'grid.png')


@test
def control_c_ends_waiting_for_input(folder):
    process = subprocess.Popen([C2L, 'generate', '-'], cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    time.sleep(0.5)
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=60) == 130
    process.communicate()


@test
def killed_it_leaves_whole_pictures(folder):
    process = start_drawing(folder, 5000)
    process.kill()
    process.communicate()
    assert len(pictures(folder)) >= 3
    for path in pictures(folder):
        chunks(path)


def make_data(folder, *arguments, name='data', expect=0):
    """Few samples of the starter, each worth a hundredth of a second."""
    return c2l('dataset', name, '--generator-name', STARTER, '-n', 50, '--samples-per-folder', 20, '--out-image-size', 64,
               *arguments, folder=folder, expect=expect)


def members(path):
    with tarfile.open(path) as tar:
        return {member.name: tar.extractfile(member).read() for member in tar}


def tars(folder, name='data'):
    return sorted((folder / name).glob('*.tar'))


def read_npy(data):
    assert data[:8] == b'\x93NUMPY\x01\x00', data[:8]
    size = struct.unpack('<H', data[8:10])[0]
    header = ast.literal_eval(data[10:10 + size].decode())
    assert header['descr'] == '<f4' and not header['fortran_order'] and (10 + size) % 64 == 0
    return header['shape'], data[10 + size:]


def write_npy(path, shape, data):
    header = f"{{'descr': '<f4', 'fortran_order': False, 'shape': {shape}, }}"
    header += ' ' * (-(len(header) + 11) % 64) + '\n'
    path.write_bytes(b'\x93NUMPY\x01\x00' + struct.pack('<H', len(header)) + header.encode() + data)


@test
def makes_training_data(folder):
    result = make_data(folder)
    assert result.stdout.split() == [f'data/{i:05d}.tar' for i in range(3)] and result.stderr == '', result
    assert sorted(path.name for path in (folder / 'data').iterdir()) == ['00000.tar', '00001.tar', '00002.tar', 'dataset.json']
    for number, path in enumerate(tars(folder)):
        found = members(path)
        n = 20 if number < 2 else 10
        assert list(found) == [f'{number:05d}{i:04d}.{part}' for i in range(n) for part in ('img_feat.npy', 'latent.npy')]
        for data in found.values():
            shape, values = read_npy(data)
            assert shape == (128,) and len(values) == 512
    info = json.loads((folder / 'data' / 'dataset.json').read_text())
    assert info['space'] == 'w' and info['n_samples'] == 50 and info['seed'] == '0' and info['clip_preprocess'] == 'openai-clamped'
    told = json.loads(c2l('info', '--json', 'data/00002.tar', folder=folder).stdout)
    assert told['n_samples'] == 10 and told['latent_dim'] == 128 and told['feature_dim'] == 128, told


@test
def training_data_of_a_model_by_its_name(folder):
    """The name that the training's data.bundle knows it by."""
    make_data(folder, name='by-path')
    make_data(folder, '--generator-name', 'starter', '-n', 20, name='by-name')
    assert members(tars(folder, 'by-name')[0]) == members(tars(folder, 'by-path')[0])
    assert json.loads((folder / 'by-name' / 'dataset.json').read_text())['clip_preprocess'] == 'openai-clamped'


@test
def training_data_with_pictures_and_three_styles(folder):
    make_data(folder, '--save-im', '--space', 'w3', '--seed', 3)
    found = members(tars(folder)[0])
    assert list(found)[:3] == ['000000000.gen.jpg', '000000000.img_feat.npy', '000000000.latent.npy']
    assert found['000000000.gen.jpg'][:3] == b'\xff\xd8\xff'
    assert read_npy(found['000000007.latent.npy'])[0] == (3, 128)
    # Of both, the last one counts.
    make_data(folder, '--save-im', '--no-save-im', name='without')
    assert not any(name.endswith('.jpg') for name in members(tars(folder, 'without')[0]))


@test
def training_data_go_on_where_they_stopped(folder):
    make_data(folder)
    whole = [path.read_bytes() for path in tars(folder)]
    tars(folder)[1].unlink()
    (folder / 'data' / '.00001.tar.part').write_bytes(whole[1][:5000])
    before = tars(folder)[0].stat()
    result = make_data(folder, '--batch-size', 5, '--threads', 1)
    assert result.stdout.split() == ['data/00001.tar']
    assert [path.read_bytes() for path in tars(folder)] == whole and tars(folder)[0].stat() == before
    result = make_data(folder)
    assert result.stdout == '' and 'there already' in result.stderr
    assert '--seed' in make_data(folder, '--seed', 1, expect=1).stderr


@test
def processes_share_the_training_data(folder):
    make_data(folder, name='alone')
    command = [C2L, 'dataset', 'data', '--generator-name', STARTER, '-n', '50', '--samples-per-folder', '5', '--out-image-size', '64']
    processes = [subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _ in range(3)]
    outputs = [process.communicate(timeout=250) for process in processes]
    assert all(process.returncode == 0 for process in processes), outputs
    names = sorted(name for output, _ in outputs for name in output.split())
    assert names == [f'data/{i:05d}.tar' for i in range(10)], outputs
    alone = [data for path in tars(folder, 'alone') for name, data in members(path).items() if 'latent' in name]
    shared = [data for path in tars(folder) for name, data in members(path).items() if 'latent' in name]
    assert shared == alone


@test
def training_data_that_do_not_fit_the_disk(folder):
    make_data(folder, '-n', '20')
    command = [C2L, 'dataset', 'data', '--generator-name', STARTER, '-n', '40', '--samples-per-folder', '20', '--out-image-size', '64']
    limit = lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (20000, resource.RLIM_INFINITY))
    result = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=250, preexec_fn=limit)
    assert result.returncode == 1 and '00001.tar' in result.stderr and 'choose another folder' in result.stderr, result
    assert sorted(path.name for path in (folder / 'data').iterdir()) == ['00000.tar', 'dataset.json']
    (folder / 'file').touch()
    assert 'cannot be written' in make_data(folder, name='file/data', expect=1).stderr


@test
def says_how_far_the_training_data_are(folder):
    lines = [json.loads(line) for line in make_data(folder, '--json', '--n-gpus', '2').stdout.splitlines()]
    assert [line['file'] for line in lines if 'file' in line] == [f'data/{i:05d}.tar' for i in range(3)]
    progress = [line for line in lines if 'done' in line]
    assert progress[-1]['done'] == progress[-1]['total'] == 50 and progress[-1]['rate'] > 0 and progress[-1]['left_s'] == 0
    # On a terminal there is a bar, and it is gone in the end.
    terminal, other = pty.openpty()
    result = subprocess.run([C2L, 'dataset', 'shown', '--generator-name', STARTER, '-n', '40', '--out-image-size', '64'],
                            cwd=folder, stdout=subprocess.PIPE, stderr=other, timeout=250)
    os.close(other)
    shown = b''
    while True:
        try:
            piece = os.read(terminal, 4096)
        except OSError:
            break
        shown += piece
    os.close(terminal)
    text = shown.decode()
    assert result.returncode == 0 and 'of 40' in text and '/s' in text and 'left' in text and text.endswith('\r\x1b[K'), text[-200:]


@test
def training_data_need_models(folder):
    for arguments, words in [
        (['--generator-name', 'sg9'], 'sg9'),
        (['--generator-name', STARTER, '--feature-extractor-name', 'ViT-Z/1'], 'ViT-Z/1'),
        (['--generator-name', STARTER / 'prior.safetensors', '--feature-extractor-name', STARTER], 'generator'),
        (['--generator-name', FIXTURES / 'e2e/w/generator.pkl', '--feature-extractor-name', FIXTURES / 'e2e/clip.pt', '--space', 'w3'],
         'the space w3'),
    ]:
        result = c2l('dataset', 'data', '-n', 4, *arguments, folder=folder, expect=1)
        assert words in result.stderr and not (folder / 'data').exists(), result.stderr
    c2l('dataset', 'data', '-n', 4, '--generator-name', FIXTURES / 'e2e/w/generator.pkl', '--feature-extractor-name',
        FIXTURES / 'e2e/clip.pt', folder=folder)
    assert json.loads((folder / 'data' / 'dataset.json').read_text())['clip_preprocess'] == 'reference'


if __name__ == '__main__':
    sys.exit(tap.run(TESTS, '/c2l/', sys.argv[2] if len(sys.argv) > 2 else None))
