#!/usr/bin/python3
"""What goes wrong is told in plain words, and nothing that was finished is lost: full and read-only disks, a broken history, a model that
vanished or broke."""

import os
import re
import shutil

from pathlib import Path

from person import run, wait
from table import N, PROMPT, draw, pictures, start


def says(app, pattern):
    app.find('label', re.compile(pattern))


def copy_starter(desk, name):
    folder = desk.user / 'models' / name
    shutil.copytree(Path(os.environ['C2L_DATA']) / 'starter', folder)
    return folder


def a_full_disk_is_told_when_saving(desk):
    desk.mount(desk.pictures, 'size=16k')
    app = start(desk)
    draw(app)
    app.key('F6', 'ctrl+s')
    says(app, 'No space left')
    assert len(pictures(app)) >= N
    app.close()


def a_read_only_folder_is_told_when_saving(desk):
    desk.mount(desk.pictures, 'ro')
    app = start(desk)
    draw(app)
    app.key('F6', 'ctrl+s')
    says(app, 'Read-only file system')
    app.close()


def a_full_disk_keeps_no_history_and_draws(desk):
    desk.mount(desk.user, 'size=64k')
    app = start(desk)
    draw(app)
    says(app, 'not kept.*full')
    draw_again(app)
    app.close()


def a_read_only_disk_keeps_no_history_and_draws(desk):
    desk.mount(desk.user, 'ro')
    app = start(desk)
    draw(app)
    draw_again(app)
    app.close()


def draw_again(app):
    """The same settings once more add pictures."""
    app.key('ctrl+l', 'Return')
    # Another seed's picture may have the name of an earlier one, down to the score's last digit: names are not to be counted here.
    app.wait(lambda: len(pictures(app)) == 2 * N, 'there are more pictures')


def what_a_killed_run_had_drawn_is_kept(desk):
    desk.set('picture-count', '64')
    app = desk.start()
    app.find('push button', 'Generate')
    for number in range(8):
        app.type(f'{PROMPT} and {"x" * number}')
        app.key('shift+Return' if number < 7 else 'Return')
    app.wait(lambda: app.has('status bar', re.compile(r'^(1[5-9]\d|[234]\d\d) of 512')), 'many are drawn')
    assert app.has('status bar', re.compile('of 512')), 'the run ended before it could be killed'
    app.kill()
    app = desk.start()
    app.press(app.find('push button', 'History'))
    kept = int(re.match(r'\d+', app.find('status bar', re.compile(r'^\d+ pictures$')).name)[0])
    assert 64 <= kept < 512, kept
    app.close()


def a_broken_history_is_set_aside(desk):
    desk.user.mkdir(parents=True, exist_ok=True)
    (desk.user / 'library.sqlite').write_bytes(b'SQLite format 3\0' + b'broken ' * 4000)
    app = start(desk)
    app.find('label', re.compile('library was damaged'))
    assert list(desk.user.glob('library-broken-*.sqlite'))
    draw(app)
    app.close()


def a_vanished_model_gives_way_to_the_starter(desk):
    desk.set('model', "'gone'")
    app = start(desk)
    app.find('label', re.compile('“gone” is not there'))
    draw(app)
    app.close()


def a_broken_model_is_told_and_another_can_be_chosen(desk):
    folder = copy_starter(desk, 'broken')
    generator = folder / 'generator.safetensors'
    os.truncate(generator, generator.stat().st_size // 2)
    desk.set('model', "'broken'")
    app = start(desk)
    says(app, 'generator.safetensors')
    app.type(PROMPT)
    app.key('Return')
    app.open_page('Models')
    app.wait_gone('push button', 'Generate')
    app.press(app.find('push button', 'Use'))
    app.open_page('Create')
    app.wait(lambda: len({node.name for node in pictures(app)}) == N, 'what was asked for before is drawn now')
    app.close()


def a_model_that_vanishes_while_it_is_open_draws_on(desk):
    folder = copy_starter(desk, 'mine')
    desk.set('model', "'mine'")
    app = start(desk)
    draw(app)
    shutil.rmtree(folder)
    app.key('ctrl+l', 'ctrl+a')
    draw(app, 'a bald man with sunglasses')
    app.close()
    app = start(desk)
    says(app, '“mine” is not there')
    app.key('ctrl+l', 'ctrl+a')
    draw(app)
    app.close()


def a_gpu_that_cannot_be_used_leaves_the_processor(desk):
    desk.set('device', "'cuda:0'")
    app = start(desk, C2L_MODULES=desk.home)  # no module for GPUs in there
    says(app, 'libc2l-cuda.so.*The processor draws now')
    draw(app)
    app.key('ctrl+comma')
    app.focus('Preferences')
    app.click(app.find('page tab', 'Device'))
    app.find('label', 'Processor')
    app.key('Escape')
    app.close()


run(a_full_disk_is_told_when_saving,
    a_read_only_folder_is_told_when_saving,
    a_full_disk_keeps_no_history_and_draws,
    a_read_only_disk_keeps_no_history_and_draws,
    what_a_killed_run_had_drawn_is_kept,
    a_broken_history_is_set_aside,
    a_vanished_model_gives_way_to_the_starter,
    a_broken_model_is_told_and_another_can_be_chosen,
    a_model_that_vanishes_while_it_is_open_draws_on,
    a_gpu_that_cannot_be_used_leaves_the_processor,
    GSK_RENDERER='cairo')
