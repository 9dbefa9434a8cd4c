#!/usr/bin/python3
"""How quickly the window answers, measured in the real program on a screen of its own:

    C2L_APP=build/src/app/clip2latent bench/window.py [WORD…]

first_window         from the start of the process to the window's first frame
enter_to_picture     from Enter to the first picture of the starter, median and range of several prompts
previews             pictures a second that follow a slider which is dragged; another_model: of the bundle that C2L_BENCH_MODEL names
five_hundred         memory after 100 and after 500 generations
two_thousand         memory with 2,000 pictures in the history, before and after the artist has scrolled through them

The program says when by its debug messages (G_MESSAGES_DEBUG=clip2latent). Words pick some of the measurements. Needs what the tests of the
window need; the software renderer of such a screen is slower than a graphics card."""

import datetime
import os
import pathlib
import re
import statistics
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / 'tests' / 'app' / 'ui'))

from person import run, wait  # noqa: E402  (found only now)

DEBUG = {'G_MESSAGES_DEBUG': 'clip2latent'}
PROMPTS = ['a happy man with a beard', 'a bald man with sunglasses', 'a woman with long pink hair', 'a person with a mohawk',
           'an old man with a mustache']


def log(app):
    return app.log_path.read_text(errors='replace')


def first_window(desk):
    seconds = []
    for _ in range(6):
        begin = datetime.datetime.now()
        app = desk.start(**DEBUG)
        hour, minute, second = wait(lambda: re.search(r'(\d+):(\d+):([\d.]+): first frame', log(app)), 'the first frame').groups()
        shown = begin.replace(hour=int(hour), minute=int(minute), second=0, microsecond=0)
        seconds.append((shown + datetime.timedelta(seconds=float(second)) - begin).total_seconds())
        app.close()
    warm = seconds[1:]
    print(f'# first window: {statistics.median(warm):.3f} s ({min(warm):.3f} to {max(warm):.3f}; the very first {seconds[0]:.3f})')


def start(desk, **settings):
    for key, value in settings.items():
        desk.set(key.replace('_', '-'), value)
    app = desk.start(**DEBUG)
    app.find('push button', PROMPTS[0])
    return app


def enter_to_picture(desk):
    app = start(desk)
    for n, prompt in enumerate(PROMPTS, 1):
        app.key('ctrl+l', 'ctrl+a')
        app.type(prompt)
        app.key('Return')
        wait(lambda: len(re.findall('first picture after', log(app))) == n, 'a picture')
        app.find('status bar', re.compile('16 pictures'))
    ms = [float(text) for text in re.findall(r'first picture after ([\d.]+) ms', log(app))]
    print(f'# Enter to first picture: {statistics.median(ms):.1f} ms ({min(ms):.1f} to {max(ms):.1f}; the first of the process {ms[0]:.1f})')
    app.close()
    print_thread(app)


def print_thread(app):
    """How long GTK's thread was held up, from the first frame to the end."""
    for line in re.findall(r"[\d:.]+: GTK's thread was held up.*|GTK's thread, .*", log(app)):
        print('# ' + line)


def drag_slider(app):
    app.type(PROMPTS[0])
    app.key('Return')
    app.wait(lambda: app.has('image', re.compile('picture 4,.*score')), 'all are scored')
    app.key('F6')
    slider = app.find('slider', 'Blue hair')
    begin = time.monotonic()
    for _ in range(2):
        app.drag(slider, (0.1, 0.5), (0.9, 0.5), steps=300, pause=0.008)
    seconds = time.monotonic() - begin
    found = re.findall(r'preview of (\d+) pixels after ([\d.]+) ms', log(app))
    ms = sorted(float(after) for _, after in found)
    print(f'# previews: {len(found) / seconds:.1f} a second of {found[-1][0]} pixels ({len(found)} in {seconds:.1f} s); from hand to picture {statistics.median(ms):.1f} ms, '
          f'99 of 100 within {ms[int(len(ms) * .99)]:.1f} ms')
    app.close()
    print_thread(app)


def previews(desk):
    drag_slider(start(desk, picture_count='4'))


def previews_of_another_model(desk):
    folder = os.environ.get('C2L_BENCH_MODEL')
    if folder is None:
        print('# previews of another model: C2L_BENCH_MODEL names none')
        return
    models = desk.user / 'models'
    models.mkdir(parents=True)
    models.joinpath('measured').symlink_to(pathlib.Path(folder).resolve())
    desk.set('model', "'measured'")
    desk.set('picture-count', '4')
    app = desk.start(**DEBUG)
    app.find('push button', 'History')
    drag_slider(app)


def resident(app):
    text = pathlib.Path(f'/proc/{app.process.pid}/status').read_text()
    return int(re.search(r'VmRSS:\s+(\d+)', text)[1]) / 1024


def five_hundred(desk):
    app = start(desk, picture_count='4')
    app.type(PROMPTS[0])
    sizes = {}
    for n in range(1, 501):
        # Another prompt each time, or the pictures would be added to those on the table.
        app.key('ctrl+l', 'End', 'x' if n % 2 else 'BackSpace', 'Return')
        wait(lambda: len(re.findall('first picture after', log(app))) >= n, 'a picture')
        if n in (100, 200, 300, 400, 500):
            sizes[n] = resident(app)
    print('# memory: ' + ', '.join(f'{size:.0f} MiB after {n}' for n, size in sizes.items()))
    app.close()


def two_thousand(desk):
    app = start(desk, picture_count='16')
    app.type(PROMPTS[0])
    for n in range(1, 126):
        app.key('ctrl+l', 'End', 'x' if n % 2 else 'BackSpace', 'Return')
        wait(lambda: len(re.findall('first picture after', log(app))) >= n, 'a picture')
        app.find('status bar', re.compile(r'^\d+ pictures'))
    sizes = [resident(app)]
    print(f'# {datetime.datetime.now():%H:%M:%S.%f}: the history is opened')
    app.key('F9')
    app.wait(lambda: len(app.find_all('table cell')) > 20, 'the history is there')
    app.click(min(app.find_all('table cell'), key=lambda cell: app.extents(cell)[0]))
    print(f'# {datetime.datetime.now():%H:%M:%S.%f}: it is paged through')
    for _ in range(90):
        app.key('Page_Down')
    app.key('End')
    time.sleep(2)
    sizes.append(resident(app))
    print(f'# 2,000 pictures in the history: {sizes[0]:.0f} MiB when they are made, {sizes[1]:.0f} MiB when all have been scrolled past')
    app.close()
    print_thread(app)


run(first_window, enter_to_picture, previews, previews_of_another_model, five_hundred, two_thousand)
