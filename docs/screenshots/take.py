#!/usr/bin/python3
"""Takes the pictures of the window that the README and the metainfo show, of the real program on a screen of its own:

    C2L_APP=build/src/app/clip2latent docs/screenshots/take.py [WORD…]

Each function is one picture, named after it; words pick some of them. Needs what the tests of the window need."""

import pathlib
import re
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent.parent / 'tests' / 'app' / 'ui'))

from person import run  # noqa: E402  (found only now)

PROMPT = 'a person with red hair and glasses'
N = 15


def draw(desk, language=None, size=None, edited=False, **settings):
    desk.set('picture-count', str(N))
    desk.set('sorted', 'true')
    for key, value in settings.items():
        desk.set(key.replace('_', '-'), value)
    app = desk.start(language=language)
    if size:
        app.resize(*size)
    app.find('push button', re.compile('^(Generate|Zeichnen|Generar)'))
    app.type(PROMPT)
    app.key('Return')
    app.wait(lambda: len(app.find_all('image', re.compile(PROMPT + r'.*\d[.,]\d'))) >= (4 if size else N), 'pictures are scored')
    if edited:
        app.key('F6', 'Right')
        slider = app.find('slider', 'Glasses')
        app.set_value(app.find('slider', 'Long hair'), 1.8)
        app.set_value(slider, 1.1)
        app.wait(lambda: app.has('image', re.compile('edited')), 'it is edited')
    return app


def take(app, name, size=None):
    """@size: of a window that does not fill the screen."""
    app.wait(lambda: not app.has('image', re.compile('being drawn')), 'nothing is being drawn')
    path = app.screenshot(HERE / f'{name}.png')
    if size:
        subprocess.run(['convert', path, '-crop', f'{size[0]}x{size[1]}+0+0', '+repage', path], check=True)
    app.close()


def create_light(desk):
    take(draw(desk, theme="'light'", edited=True), 'create-light')


def create_dark(desk):
    take(draw(desk, theme="'dark'", edited=True), 'create-dark')


def history(desk):
    app = draw(desk, theme="'light'")
    app.key('ctrl+l', 'ctrl+a')
    app.type('a woman with long pink hair')
    app.key('Return')
    app.wait(lambda: len(app.find_all('image', re.compile('pink hair.*score'))) >= N, 'pictures are scored')
    app.press(app.find('push button', 'History'))
    app.wait(lambda: app.has('table cell', re.compile('pink hair, .*20')), 'the history shows')
    take(app, 'history')


def viewer(desk):
    app = draw(desk, theme="'dark'", edited=True)
    app.key('F6', 'space')
    app.find('push button', 'Back to All Pictures')
    take(app, 'viewer')


def narrow(desk):
    size = (380, 780)
    take(draw(desk, size=size, theme="'light'"), 'narrow', size)


def german(desk):
    app = draw(desk, language='de', theme="'light'")
    app.key('F6', 'Right')
    app.find('slider', 'Brille')
    take(app, 'german')


def models(desk):
    app = desk.start()
    app.open_page('Models')
    app.find('label', re.compile('Cartoon portraits'))
    take(app, 'models')


run(create_light, create_dark, history, viewer, narrow, german, models)
