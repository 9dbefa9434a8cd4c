#!/usr/bin/python3
"""The window at the width of a telephone, in each language: no page, view or dialog asks for more, and nothing is cut off at its edge."""

import gettext
import json
import os
import pathlib
import re
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2]))
from model_server import ModelServer
from person import MARGIN, Gone, _xdo, run

WIDTH, HEIGHT = 360, 780
ROOT = pathlib.Path(__file__).resolve().parents[3]
FIXTURES = pathlib.Path(os.environ['C2L_FIXTURES'])
CATALOGUES = pathlib.Path(os.environ['C2L_APP']).resolve().parents[2] / 'po'
LANGUAGES = (ROOT / 'po' / 'LINGUAS').read_text().split()
# What has words in it, or is pressed.
SEEN = ('label', 'push button', 'toggle button', 'check box', 'combo box', 'spin button', 'entry', 'text', 'slider', 'page tab', 'status bar')


def say(language, text):
    """The window's @text as it stands there in @language."""
    return gettext.translation('clip2latent', CATALOGUES, [language]).gettext(text) if language else text


def name_starter(language):
    info = json.loads((ROOT / 'data' / 'starter' / 'model.json').read_text())
    return info['translations'][language][info['name']] if language else info['name']


def start(desk, language, *arguments):
    desk.set('window-width', str(WIDTH))
    desk.set('window-height', str(HEIGHT))
    desk.set('picture-count', '4')
    return desk.start(*arguments, language=language)


def narrow(app):
    """The newest window, a dialog, as narrow as it gets; no window manager is there to do it."""
    window = max(app.windows(), key=int)
    _xdo('windowfocus', '--sync', window)
    _xdo('windowsize', '--sync', window, WIDTH + 2 * MARGIN, HEIGHT)
    return window


def frames(app):
    return [node for node in app.tree.children if app.is_showing(node)]


def find_too_wide(app):
    """Lines about what does not fit, widest first."""
    found = []
    for frame in frames(app):
        width = app.extents(frame)[2]
        if width > WIDTH:
            found.append((width, f'the window {frame.name!r} is {width} wide'))
        for node in app.find_all(within=frame):
            try:
                if node.role not in SEEN:
                    continue
                x, _, width, _ = app.extents(node)
                if x + width > app.extents(frame)[0] + WIDTH:
                    found.append((x + width, f'{node.role} {node.name!r} ends at {x + width}'))
            except Gone:
                continue
    return [line for _, line in sorted(found, reverse=True)]


class Walk:
    def __init__(self, app):
        self.app, self.wrong = app, []

    def look(self, what):
        lines = find_too_wide(self.app)
        for line in lines[:4]:
            print(f'# {what}: {line}', flush=True)
        if lines:
            self.wrong += [f'{what}: {line}' for line in lines[:4]]

    def end(self):
        self.app.close()
        assert not self.wrong, '\n' + '\n'.join(self.wrong)


def walk_create(desk, language):
    app = start(desk, language)
    walk = Walk(app)
    app.wait(lambda: len(app.find_all('push button', re.compile('hair'))) > 1, 'the model is open')
    walk.look('before the first picture')
    app.type('a happy man with a beard and a name that is longer than this window is wide')
    app.key('Return')
    app.wait(lambda: len(app.find_all('image', re.compile(r'1.*\d[.,]\d'))) > 0, 'pictures are scored')
    walk.look('pictures')
    app.key('F6', 'shift+Right')
    walk.look('two selected')
    app.key('shift+F9')
    app.wait(lambda: len(app.find_all('page tab')) >= 3 and app.has('slider'), 'the panel is there')
    for tab in [node for node in app.find_all('page tab') if not app.is_selected(node)]:
        if tab.parent.name == say(language, 'What to edit'):
            app.press(tab)
            walk.look('panel, ' + tab.name)
    app.key('shift+F9')
    app.key('F9')
    app.wait(lambda: app.has('entry'), 'the history is there')
    walk.look('history')
    app.key('F9', 'F6', 'space')
    app.wait(lambda: app.find_all('push button', re.compile('^' + re.escape(say(language, 'Fit')))), 'the viewer is there')
    walk.look('viewer')
    app.key('Escape', 'F6', 'Home', 'shift+Right', 'c')
    app.wait(lambda: len(app.find_all('image', re.compile(r'1.*\d[.,]\d'))) > 0, 'two are compared')
    walk.look('compare')
    app.key('Escape', 'b')
    app.wait(lambda: app.has('check box'), 'a film plays')
    walk.look('film')
    app.key('Escape', 'ctrl+comma')
    app.wait(lambda: len(frames(app)) > 1, 'preferences are there')
    narrow(app)
    walk.look('preferences')
    app.key('Escape')
    walk.end()


def walk_train(desk, language):
    folder = desk.user / 'runs' / 'portraits with a long name that does not fit'
    folder.mkdir(parents=True)
    folder.joinpath('metrics.jsonl').write_text(''.join(f'{{"step": {step}, "loss": {1 / step}}}\n' for step in range(1, 50)))
    desk.set('page', "'train'")
    app = start(desk, language)
    walk = Walk(app)
    app.find('label', re.compile('portraits'))
    walk.look('trainings')
    app.key('Return')
    app.click(app.find('label', re.compile('portraits')))
    walk.look('a training')
    app.key('ctrl+n')
    app.wait(lambda: len(frames(app)) > 1, 'the dialog is there')
    narrow(app)
    walk.look('a new training')
    app.key('Escape')
    walk.end()


def walk_models(desk, language):
    desk.set('page', "'models'")
    files = FIXTURES / 'e2e' / 'w'
    app = start(desk, language, files / 'generator.pkl', files / 'prior.ckpt')
    walk = Walk(app)
    app.wait(lambda: len(frames(app)) > 1 or app.has('text', re.compile(re.escape(say(language, 'Name')))), 'the import dialog is there')
    narrow(app)
    walk.look('import')
    app.key('Escape')
    app.click(app.find('label', name_starter(language)))
    walk.look('models')
    app.press(app.find('push button', say(language, 'Download…')))
    app.find('check box', say(language, 'I accept these licences'))
    walk.look('licences')
    app.focus_newest()
    app.key('Escape')
    app.wait(lambda: not app.has('check box'), 'they are gone')
    app.focus()
    walk.end()


def walk_download(desk, language):
    with ModelServer(FIXTURES) as server:
        server.hold = 20
        path = desk.root / 'catalogue.json'
        path.write_bytes(server.files['catalogue.json'])
        desk.set('page', "'models'")
        desk.set('catalogue', f"'{path}'")
        app = start(desk, language)
        walk = Walk(app)
        app.find('label', 'Tiny Spots')
        app.press(app.find_all('push button', say(language, 'Download…'))[-1])
        app.click(app.find('check box', say(language, 'I accept these licences')), x=10)
        app.press(app.find('push button', say(language, 'Download')))
        app.focus()
        app.find('progress bar', 'Tiny Spots')
        walk.look('a download')
        app.press(app.find('push button', say(language, 'Pause')))
        app.find('push button', say(language, 'Continue'))
        walk.look('a paused download')
        walk.end()


def in_each_language(walk, name):
    """Tests that walk in English and in every language of po/LINGUAS."""
    tests = []
    for language in (None, *LANGUAGES):
        def test(desk, language=language):
            walk(desk, language)
        test.__name__ = f'fits_{name}_in_{language or "en"}'
        tests.append(test)
    return tests


run(*in_each_language(walk_create, 'create'), *in_each_language(walk_train, 'train'), *in_each_language(walk_models, 'models'),
    *in_each_language(walk_download, 'a_download'), GSK_RENDERER='cairo')
