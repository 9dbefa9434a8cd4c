#!/usr/bin/python3
"""The page Models, as a person meets it: what can be had, licences, a download that is paused, survives the end of the program and becomes a
model; names, pictures that outlive their model, a second catalogue, no network at all."""

import os
import pathlib
import re
import sqlite3
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2]))
from model_server import ModelServer
from person import run

FIXTURES = os.environ['C2L_FIXTURES']
TINY = 'Tiny Spots'


def start(desk, server=None, **env):
    desk.set('page', "'models'")
    if server is not None:
        desk.set('catalogue', f"'{server.address}'")
    app = desk.start(no_proxy='*', http_proxy='', **env)
    app.find('heading', 'More Models')
    return app


def look_for_new(app):
    app.open_menu(app.find('push button', 'Catalogues'), 'Look for New Models')
    app.key('l')


def ask_for_second(app):
    app.open_menu(app.find('push button', 'Catalogues'), 'Second Catalogue…')
    app.key('s')


def meet_catalogue(desk, server, **env):
    """The second catalogue is fetched when the artist wants it, and known from then on."""
    app = start(desk, server, **env)
    look_for_new(app)
    app.find('label', TINY)
    return app


def row_button(app, name, label):
    """A button in the row of this model."""
    row = app.find('list item', name)
    return app.find('push button', label, within=row)


def accept(app):
    button = app.find('push button', 'Download')
    assert not button.has_state('SENSITIVE'), 'nothing is accepted yet'
    app.click(app.find('check box', 'I accept these licences'), x=10)
    app.wait(lambda: button.has_state('SENSITIVE'), 'accepted, it may be downloaded')
    app.press(button)


def is_installed(desk, name='tiny'):
    return (desk.user / 'models' / name / 'model.json').exists()


def shows_what_can_be_had(desk):
    app = start(desk)
    for name in ('Faces', 'Landscapes'):
        app.find('label', name)
    app.find('label', re.compile('StyleGAN2, 1024×1024'))
    app.press(row_button(app, 'Faces', 'Download…'))
    app.find('label', 'Download “Faces”?')
    for words in ('The generator: Nvidia Source Code License-NC', 'For research and evaluation, not for commercial use.',
                  re.compile('Not all files have a published checksum'), re.compile('free on the disk for models')):
        app.find('label', words)
    app.find('label', 'How much is to be downloaded is not known yet')
    app.focus_newest()
    app.key('Escape')
    app.wait(lambda: not app.has('label', 'Download “Faces”?'), 'the question is gone')
    assert not (desk.user / 'downloads.json').exists(), 'nothing was begun'
    app.close()


def downloads_a_model_and_draws(desk):
    with ModelServer(FIXTURES) as server:
        app = meet_catalogue(desk, server)
        app.press(row_button(app, TINY, 'Download…'))
        app.find('label', 'All: Spotty Licence 3')
        app.find('label', 'Not for stripes.')
        app.find('label', re.compile('to download$'))
        app.find('label', 'Each file is compared with its published checksum.')
        accept(app)
        app.wait(lambda: is_installed(desk), 'the model lies there')
        app.wait(lambda: app.has('push button', 'Use'), 'it is listed among the installed ones')
        app.wait(lambda: app.has('label', re.compile('2 models')), 'and counted')
        assert not (desk.user / 'downloads.json').exists(), 'nothing is left to do'
        assert not list((desk.cache / 'clip2latent').glob('*.part*'))
        app.close()


def a_download_outlives_the_program(desk):
    with ModelServer(FIXTURES) as server:
        server.hold = 20
        app = meet_catalogue(desk, server)
        app.press(row_button(app, TINY, 'Download…'))
        accept(app)
        app.find('label', re.compile(r'kB of .*kB'))
        app.press(row_button(app, TINY, 'Pause'))
        app.find('label', re.compile('Paused: .*kB'))
        app.press(row_button(app, TINY, 'Continue'))
        app.wait(lambda: app.has('push button', 'Pause'), 'it goes on')
        app.kill()

        app = start(desk, server)
        app.find('label', re.compile('Paused'))
        assert not is_installed(desk)
        server.hold = None
        app.press(row_button(app, TINY, 'Continue'))
        app.wait(lambda: is_installed(desk), 'the model lies there')
        assert sum(server.resumed.values()) >= 1, 'what had come is not fetched again'
        app.wait(lambda: not app.has('push button', 'Pause'), 'the row is gone')
        app.close()


def a_download_can_be_cancelled_and_fail(desk):
    with ModelServer(FIXTURES) as server:
        server.broken.add('prior.ckpt')
        app = meet_catalogue(desk, server)
        app.press(row_button(app, TINY, 'Download…'))
        accept(app)
        app.find('label', re.compile('404'))
        server.broken.clear()
        server.hold = 20
        app.press(row_button(app, TINY, 'Try Again'))
        app.find('label', re.compile(r'kB of .*kB'))
        app.press(row_button(app, TINY, 'Cancel'))
        app.wait(lambda: app.has('push button', 'Download…') and not app.has('push button', 'Pause'), 'it is as if it had not begun')
        assert not is_installed(desk) and not list((desk.cache / 'clip2latent').glob('*.part'))
        app.close()


def tab_to(app, role, name, n=40):
    """Goes there with the keyboard alone."""
    for _ in range(n):
        focused = app.get_focused()
        if focused and focused.role == role and (focused.name == name if isinstance(name, str) else name.search(focused.name)):
            return focused
        app.key('Tab')
    raise AssertionError(f'{n} Tabs do not reach the {role} {name}\n{app.describe()}')


def everything_is_done_with_the_keyboard(desk):
    with ModelServer(FIXTURES) as server:
        app = meet_catalogue(desk, server)
        app.focus()
        for _ in range(3):
            button = tab_to(app, 'push button', 'Download…')
            if app.find_all('push button', 'Download…')[-1] == button:
                break
            app.key('Tab')
        app.key('space')
        app.find('label', 'All: Spotty Licence 3')
        app.focus_newest()
        tab_to(app, 'check box', 'I accept these licences')
        app.key('space')
        tab_to(app, 'push button', re.compile('^Download'))
        app.key('Return')
        app.wait(lambda: is_installed(desk), 'the model lies there')
        app.wait(lambda: app.has('push button', 'Use'), 'it is listed')
        app.focus()
        tab_to(app, 'push button', 'Use')
        app.key('space')
        app.wait(lambda: desk.get('model') == "'tiny'", 'Create draws with it')
        app.close()


def offline_is_no_trouble(desk):
    with ModelServer(FIXTURES) as server:
        app = meet_catalogue(desk, server)
        app.close()
    app = start(desk, server)
    app.find('label', TINY)
    app.find('label', 'Faces')
    assert not app.has('label', re.compile('connection')), 'nobody asked for the network'
    app.press(row_button(app, TINY, 'Download…'))
    app.find('label', re.compile('to download$'))
    accept(app)
    app.find('label', re.compile('No connection; trying again'))
    app.press(row_button(app, TINY, 'Pause'))
    app.find('label', re.compile('Paused'))
    app.close()


def a_second_catalogue_is_chosen_and_left(desk):
    with ModelServer(FIXTURES) as server:
        app = start(desk)
        ask_for_second(app)
        entry = app.find('text', 'Address of the catalogue')
        app.set_text(entry, 'ftp://nowhere')
        app.wait(lambda: not app.find('push button', 'Use').has_state('SENSITIVE'), 'no such address')
        app.set_text(entry, server.address)
        app.wait(lambda: app.find('push button', 'Use').has_state('SENSITIVE'), 'this one can be')
        app.focus_newest()
        app.press(app.find('push button', 'Use'))
        app.find('label', TINY)
        server.files['catalogue.json'] = b'{"format": 99}'
        app.focus()
        look_for_new(app)
        app.find('alert', re.compile(re.escape(server.address) + ': not a usable catalogue'))
        app.find('label', TINY)
        ask_for_second(app)
        app.set_text(app.find('text', 'Address of the catalogue'), '')
        app.focus_newest()
        app.press(app.find('push button', 'Use'))
        app.wait(lambda: not app.has('label', TINY), 'its models are gone')
        app.find('label', 'Faces')
        app.close()


def install_tiny(desk, server):
    app = meet_catalogue(desk, server)
    app.press(row_button(app, TINY, 'Download…'))
    accept(app)
    app.wait(lambda: app.has('push button', 'Use'), 'it is listed')
    return app


def count_kept(desk):
    with sqlite3.connect(f'file:{desk.user}/library.sqlite?mode=ro', uri=True) as library:
        return library.execute('SELECT count(*) FROM pictures WHERE kept').fetchone()[0]


def renames_and_removes_with_pictures(desk):
    with ModelServer(FIXTURES) as server:
        desk.set('picture-count', '2')
        app = install_tiny(desk, server)
        app.click(app.find('label', TINY))
        app.press(app.find('push button', 'Rename…'))
        app.find('text', 'New name')
        app.focus_newest()
        app.set_text(app.find('text', 'New name'), 'Flecken')
        app.key('Return')
        app.find('label', 'Flecken')
        app.focus()
        app.press(app.find('push button', 'Use'))
        app.find('push button', 'Generate')
        app.type('a spot')
        app.key('Return')
        app.wait(lambda: len(app.find_all('image', re.compile(r'picture \d+.*score'))) == 2, 'two pictures are drawn')
        assert count_kept(desk) == 0
        app.open_page('Models')
        app.click(app.find('label', 'Flecken'))
        app.press(app.find('push button', 'Move to Trash…'))
        app.find('label', re.compile('2 pictures in the history were drawn by it'))
        app.press(app.find('push button', 'Move to Trash'))
        app.wait(lambda: not is_installed(desk), 'the model is gone', seconds=120)
        assert count_kept(desk) == 2, 'its pictures stay whole'
        app.wait(lambda: app.has('push button', 'Download…', within=app.find('list item', TINY)), 'it can be had again')
        app.close()


def deletes_what_is_kept(desk):
    with ModelServer(FIXTURES) as server:
        server.broken.add('generator.pkl')
        app = meet_catalogue(desk, server)
        app.press(row_button(app, TINY, 'Download…'))
        accept(app)
        app.find('label', re.compile('404'))
        app.find('label', re.compile('of downloads are kept'))
        app.press(app.find('push button', 'Delete'))
        app.wait(lambda: not app.has('label', re.compile('of downloads are kept')), 'nothing is kept')
        assert not [path for path in (desk.cache / 'clip2latent').iterdir() if '-clip.pt' in path.name]
        app.close()


if __name__ == '__main__':
    run(shows_what_can_be_had, downloads_a_model_and_draws, everything_is_done_with_the_keyboard, a_download_outlives_the_program, a_download_can_be_cancelled_and_fail,
        offline_is_no_trouble, a_second_catalogue_is_chosen_and_left, renames_and_removes_with_pictures, deletes_what_is_kept,
        GSK_RENDERER='cairo')
