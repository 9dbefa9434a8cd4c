#!/usr/bin/python3
"""The window at the width of a telephone, in each language: no page, view or dialog asks for more, and nothing is cut off at its edge."""

import os
import pathlib
import re
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2]))
from model_server import ModelServer
from person import MARGIN, Gone, _xdo, run

WIDTH, HEIGHT = 360, 780
FIXTURES = pathlib.Path(os.environ['C2L_FIXTURES'])
# What has words in it, or is pressed.
SEEN = ('label', 'push button', 'toggle button', 'check box', 'combo box', 'spin button', 'entry', 'text', 'slider', 'page tab', 'status bar')


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


DOWNLOAD = re.compile(r'^(Download…|Herunterladen\s…|Descargar…|Télécharger…)$')


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
        if tab.parent.name in ('What to edit', 'Was bearbeitet wird', 'Qué se edita', 'Ce qui est retouché'):
            app.press(tab)
            walk.look('panel, ' + tab.name)
    app.key('shift+F9')
    app.key('F9')
    app.wait(lambda: app.has('entry'), 'the history is there')
    walk.look('history')
    app.key('F9', 'F6', 'space')
    app.wait(lambda: app.find_all('push button', re.compile('^(Fit|Einpassen|Ajustar|Ajuster)')) , 'the viewer is there')
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
    app.wait(lambda: len(frames(app)) > 1 or app.has('text', re.compile('Name|Nombre|Nom')), 'the import dialog is there')
    narrow(app)
    walk.look('import')
    app.key('Escape')
    app.click(app.find('label', re.compile('^(Cartoon portraits|Comicporträts|Retratos de dibujos animados|Portraits de dessin animé)$')))
    walk.look('models')
    app.press(app.find_all('push button', DOWNLOAD)[0])
    app.wait(lambda: app.has('check box'), 'the licences are there')
    walk.look('licences')
    app.focus_newest()
    app.key('Escape')
    app.wait(lambda: not app.has('check box'), 'they are gone')
    app.focus()
    walk.end()


def walk_download(desk, language):
    with ModelServer(FIXTURES) as server:
        server.slow = 0.02
        desk.set('page', "'models'")
        path = desk.root / 'catalogue.json'
        path.write_bytes(server.files['catalogue.json'])
        desk.set('catalogue', f"'{path}'")
        app = start(desk, language)
        app.find('label', 'Tiny Spots')
        walk = Walk(app)
        app.press(app.find_all('push button', DOWNLOAD)[-1])
        app.click(app.find('check box'), x=10)
        app.press(app.find('push button', re.compile('^(Download|Herunterladen|Descargar|Télécharger)$')))
        app.focus()
        app.find('label', re.compile('[kK][Bo] (of|von|de|sur) '))
        walk.look('a download')
        app.press(app.find('push button', re.compile('^(Pause|Anhalten|Pausa|Pausar)$')))
        app.find('push button', re.compile('^(Continue|Fortsetzen|Continuar|Continuer)$'))
        walk.look('a paused download')
        walk.end()


def fits_create(desk):
    walk_create(desk, None)


def fits_create_in_german(desk):
    walk_create(desk, 'de')


def fits_create_in_spanish(desk):
    walk_create(desk, 'es')


def fits_create_in_french(desk):
    walk_create(desk, 'fr')


def fits_train(desk):
    walk_train(desk, None)


def fits_train_in_german(desk):
    walk_train(desk, 'de')


def fits_train_in_spanish(desk):
    walk_train(desk, 'es')


def fits_train_in_french(desk):
    walk_train(desk, 'fr')


def fits_models(desk):
    walk_models(desk, None)


def fits_models_in_german(desk):
    walk_models(desk, 'de')


def fits_models_in_spanish(desk):
    walk_models(desk, 'es')


def fits_models_in_french(desk):
    walk_models(desk, 'fr')


def fits_a_download(desk):
    walk_download(desk, None)


def fits_a_download_in_german(desk):
    walk_download(desk, 'de')


def fits_a_download_in_spanish(desk):
    walk_download(desk, 'es')


def fits_a_download_in_french(desk):
    walk_download(desk, 'fr')


run(fits_create, fits_create_in_german, fits_create_in_spanish, fits_create_in_french,
    fits_train, fits_train_in_german, fits_train_in_spanish, fits_train_in_french,
    fits_models, fits_models_in_german, fits_models_in_spanish, fits_models_in_french,
    fits_a_download, fits_a_download_in_german, fits_a_download_in_spanish, fits_a_download_in_french, GSK_RENDERER='cairo')
