#!/usr/bin/python3
"""The frame of the window, as a person meets it: pages, menu, preferences, models, trainings, files from outside."""

import json
import os
import pathlib
import re
import subprocess

from person import run, brightness, difference, wait

FIXTURES = pathlib.Path(os.environ['C2L_FIXTURES'])
FILES = FIXTURES / 'e2e' / 'w'


def page_is(app, name):
    return app.has('label', {'Train': 'No Trainings', 'Models': 'Cartoon portraits'}[name])


def opens_and_comes_back_where_it_was_left(desk):
    app = desk.start()
    app.key('ctrl+3')
    app.wait(lambda: page_is(app, 'Models'), 'Models is shown')
    app.key('ctrl+2')
    app.wait(lambda: page_is(app, 'Train'), 'Train is shown')
    app.resize(1000, 700)
    app.close()
    assert desk.get('page') == "'train'", desk.get('page')
    app = desk.start()
    app.wait(lambda: page_is(app, 'Train'), 'Train is shown again')
    app.close()


def says_its_version_and_helps_without_a_window(desk):
    version = desk.call('--version')
    assert version.returncode == 0 and version.stdout.startswith('clip2latent '), version
    help_text = desk.call('--help').stdout
    assert '--version' in help_text and '--prompt' in help_text and '[FILE…]' in help_text, help_text
    assert desk.call('--nonsense').returncode != 0


def is_one_program_however_often_it_is_started(desk):
    app = desk.start()
    second = desk.call()
    assert second.returncode == 0, second
    app.open_page('Models')
    app.wait(lambda: page_is(app, 'Models'), 'the first one goes on')
    app.close()


def shows_what_the_starter_is(desk):
    desk.set('page', "'models'")
    app = desk.start()
    app.find('label', 'Cartoon portraits')
    app.find('label', 'In use')
    app.click(app.find('label', 'Cartoon portraits'))
    app.find('label', re.compile('Micah Lanier'))
    app.find('label', re.compile('CC BY 4.0'))
    app.close()


def imports_the_originals_files_and_removes_the_model(desk):
    app = desk.start(FILES / 'generator.pkl', FILES / 'prior.ckpt', FILES / 'prior.yaml', FIXTURES / 'e2e' / 'clip.pt')
    name = app.find('text', 'Name')
    assert app.text(name) == 'prior', app.text(name)
    app.set_text(name, 'Kleine Bäume 木')
    app.press(app.find('push button', 'Import'))
    app.find('label', 'Kleine Bäume 木')
    app.wait(lambda: (desk.user / 'models' / 'Kleine Bäume 木' / 'model.json').exists(), 'the model lies there')
    app.press(app.find('push button', 'Use'))
    app.wait(lambda: desk.get('model') == "'Kleine Bäume 木'", 'Create draws with it')
    app.open_page('Models')
    app.click(app.find('label', 'Kleine Bäume 木'))
    app.press(app.find('push button', 'Move to Trash…'))
    app.press(app.find('push button', 'Move to Trash'))
    app.wait_gone('label', 'Kleine Bäume 木')
    assert not (desk.user / 'models' / 'Kleine Bäume 木').exists()
    assert desk.get('model') is None, desk.get('model')
    app.close()


def says_what_is_missing_before_it_imports(desk):
    app = desk.start(FILES / 'generator.pkl', FILES / 'prior.ckpt', FILES / 'prior.yaml')
    app.find('status bar', re.compile('CLIP is missing'))
    assert not app.is_enabled(app.find('push button', 'Import'))
    app.press(app.find('push button', 'Cancel'))
    app.wait_gone('frame', 'Import a Model')
    app.close()


def says_what_is_wrong_with_files_that_make_no_model(desk):
    wrong = desk.home / 'not really.pkl'
    wrong.write_bytes(b'this is no pickle at all')
    app = desk.start(wrong)
    app.find('label', re.compile('not really.pkl'))
    app.close()
    # What may be one is read in full when it is imported.
    broken = desk.home / 'broken.pkl'
    broken.write_bytes((FIXTURES / 'stylegan2' / 'uncond' / 'network.pkl').read_bytes())
    app = desk.start(broken)
    app.find('push button', 'Import')
    app.wait(lambda: app.is_enabled(app.find('push button', 'Import')), 'the generator has its row')
    os.truncate(broken, 4000)
    app.press(app.find('push button', 'Import'))
    app.find('label', re.compile('broken.pkl'))
    app.find('push button', 'Import')
    app.press(app.find('push button', 'Cancel'))
    app.wait_gone('frame', 'Import a Model')
    app.close()


def names_files_that_it_cannot_open(desk):
    letter = desk.home / 'brief an Zoë.pdf'
    letter.write_bytes(b'%PDF-1.4\n' + b'x' * 100)
    app = desk.start(letter)
    app.find('label', re.compile('brief an Zoë.pdf.*PDF'))
    app.close()


def draws_look_alikes_of_an_image(desk):
    image = desk.home / 'Zoë am Meer.png'
    subprocess.run(['convert', '-size', '96x96', 'gradient:red-yellow', image], check=True)
    app = desk.start(image)
    app.wait(lambda: len(app.find_all('image', re.compile('Like “Zoë am Meer.png”, picture .*score'))) > 1, 'there are look-alikes')
    app.close()


# GTK 4.8 has the underline in the name, too.
OPEN = re.compile('Open$')


def asks_itself_where_no_portal_answers(desk):
    letter = desk.home / 'letter.pdf'
    letter.write_bytes(b'%PDF-1.4\n' + b'x' * 100)
    app = desk.start(GTK_USE_PORTAL=1)
    app.find('push button', 'Generate')
    app.key('ctrl+o')
    app.find('push button', OPEN)
    app.focus('Open Pictures or Models')
    app.type('/')
    app.set_text(app.wait(lambda: next(iter(app.find_all('text', within=app.tree.children[-1])), None), 'a path can be typed'), str(letter))
    app.press(app.find('push button', OPEN))
    app.find('label', re.compile('letter.pdf.*PDF'))
    app.close()


def takes_files_while_it_runs(desk):
    letter = desk.home / 'empty.png'
    letter.write_bytes(b'')
    app = desk.start()
    assert desk.call(letter).returncode == 0
    app.find('label', re.compile('empty.png.*empty'))
    app.close()


def lists_models_that_are_broken(desk):
    folder = desk.user / 'models' / 'broken'
    folder.mkdir(parents=True)
    folder.joinpath('model.json').write_text('{"format": 1, "generator": {"file": "gone"}}')
    desk.set('page', "'models'")
    app = desk.start()
    app.find('label', 'broken')
    app.find('label', 'Cannot be used')
    app.click(app.find('label', 'broken'))
    app.find('label', re.compile('gone.*missing'))
    app.close()


def lists_trainings_and_follows_them(desk):
    folder = desk.user / 'runs' / 'portraits'
    folder.mkdir(parents=True)
    log = folder / 'metrics.jsonl'
    log.write_text(json.dumps({'step': 100, 'loss': 0.5}) + '\n')
    desk.set('page', "'train'")
    app = desk.start()
    app.find('label', 'portraits')
    app.find('label', 'interrupted at step 100')
    log.write_text(json.dumps({'step': 200, 'loss': 0.25}) + '\n')
    app.find('label', 'interrupted at step 200')
    app.key('ctrl+Delete')
    app.press(app.find('push button', 'Move to Trash'))
    app.find('label', 'No Trainings')
    assert not folder.exists()
    app.close()


def changes_its_theme_at_once(desk):
    desk.set('page', "'train'")
    desk.set('theme', "'light'")
    app = desk.start()
    app.find('label', 'No Trainings')
    wait(lambda: brightness(app.pixels()) > 200, 'the window is light')
    app.key('ctrl+comma')
    theme = app.find('label', 'Theme')
    app.focus('Preferences')
    app.click(theme)
    app.find('label', 'Dark')
    app.key('Down', 'Down', 'Return')
    wait(lambda: brightness(app.pixels()) < 80, 'the window is dark')
    app.focus('Preferences')
    app.key('Escape')
    app.close()
    assert desk.get('theme') == "'dark'", desk.get('theme')


def clears_the_history_and_releases_memory(desk):
    desk.set('page', "'train'")
    app = desk.start()
    app.key('ctrl+comma')
    app.wait(lambda: app.is_enabled(app.find('push button', 'Clear…')), 'the history can be cleared')
    app.press(app.find('push button', 'Clear…'))
    app.press(app.find('push button', 'Clear'))
    app.find('label', 'The history is empty but for favourites')
    app.focus('Preferences')
    app.click(app.find('page tab', 'Device'))
    app.press(app.find('push button', 'Release'))
    app.focus('Preferences')
    app.key('Escape')
    app.wait_gone('label', 'Theme')
    app.close()


def draws_a_prompt_that_it_is_started_with(desk):
    app = desk.start('--prompt', 'a bald man with sunglasses')
    app.find('status bar', '16 pictures')
    app.find('table cell', re.compile('a bald man with sunglasses, picture 12'))
    before = app.pixels()
    assert desk.call('--prompt', 'a happy man — 木').returncode == 0
    # Not the last: the grid makes no cells for what is out of sight.
    app.find('table cell', re.compile('a happy man — 木, picture 12'))
    app.find('status bar', '16 pictures')
    assert difference(before, app.pixels()) > 2, 'the pictures are the same'
    app.close()


def lists_its_keys(desk):
    app = desk.start()
    app.key('ctrl+question')
    app.find('label', 'Go to the page Create')
    app.find('label', 'Quit')
    app.focus_newest()
    app.key('Escape')
    app.wait_gone('label', 'Go to the page Create')
    app.close()


def is_usable_when_narrow(desk):
    desk.set('window-width', 360)
    desk.set('window-height', 640)
    desk.set('page', "'models'")
    app = desk.start()
    app.find('label', 'Cartoon portraits')
    frame = app.find('frame')
    assert app.extents(frame)[2] <= 360, app.extents(frame)
    app.close()


run(opens_and_comes_back_where_it_was_left, says_its_version_and_helps_without_a_window, is_one_program_however_often_it_is_started,
    shows_what_the_starter_is, imports_the_originals_files_and_removes_the_model, says_what_is_missing_before_it_imports, says_what_is_wrong_with_files_that_make_no_model,
    draws_look_alikes_of_an_image, names_files_that_it_cannot_open, asks_itself_where_no_portal_answers, takes_files_while_it_runs, lists_models_that_are_broken, lists_trainings_and_follows_them,
    changes_its_theme_at_once, clears_the_history_and_releases_memory, draws_a_prompt_that_it_is_started_with, lists_its_keys, is_usable_when_narrow, GSK_RENDERER='cairo')
