#!/usr/bin/python3
"""The Train page, used as a person uses it: runs that grow while somebody looks, and the real trainer."""

import json
import pathlib
import re
import sys
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

from person import difference, run, wait  # noqa: E402  (found only now)
from run_folder import RunFolder  # noqa: E402


def start(desk, **settings):
    desk.set('page', "'train'")
    for key, value in settings.items():
        desk.set(key.replace('_', '-'), value)
    return desk.start()


def select(app, name):
    """A row takes a click only once the window has settled."""
    app.click(app.find('label', name))
    if not app.find_all('heading', name):
        time.sleep(1)
        app.click(app.find('label', name))
    app.find('heading', name)


def make_run(desk, name, **how):
    return RunFolder(desk.user / 'runs' / name, **how)


def loss_plot(app):
    return app.find('image', 'Training loss')


def says(app, pattern):
    """Waits until the plot of the loss says so to a screen reader."""
    app.wait(lambda: re.search(pattern, loss_plot(app).description), f'the plot says {pattern}: {loss_plot(app).description}')


def open_menu(app, name):
    """A menu button and the button in it have one name."""
    app.find('push button', name)
    app.press(app.find_all('push button', name)[-1])


def shows_runs_and_how_they_are(desk):
    finished = make_run(desk, 'portraits', steps=500)
    finished.write(range(0, 500, 5), validate=50)
    finished.status('finished', best_step=450, best_value=.327)
    failed = make_run(desk, 'exploded', steps=500)
    failed.write(range(0, 60, 5))
    failed.status('failed', message='The loss is not a number any more; lower train.lr')
    failed.log('first words\nstep 60: loss nan\n')
    running = make_run(desk, 'größere Köpfe', steps=1000)
    running.write(range(0, 400, 5), validate=50)
    running.status('running')
    with running.alive():
        app = start(desk)
        app.find('label', re.compile('step 395 · loss 0'))
        app.find('label', 'finished · best 0.327')
        app.find('label', 'failed at step 55')
        app.find('label', re.compile('running · step 395 of 1000 · 1840 samples/s · 5 h 12 min left'))
        says(app, r'größere Köpfe: 0\.\d+ \(here 0\.\d+\), step 395')
        app.find('image', 'Validation: text → image similarity')
        app.find('image', 'Learning rate')
        select(app, 'exploded')
        app.find('label', re.compile('not a number any more; lower train.lr'))
        app.find('label', re.compile('step 60: loss nan'))
        says(app, 'exploded')
        app.close()


def follows_a_log_while_it_grows_also_over_a_closed_window(desk):
    folder = make_run(desk, 'portraits')
    folder.write(range(0, 100, 5))
    folder.status('running')
    with folder.alive():
        app = start(desk)
        says(app, 'step 95$')
        folder.write(range(100, 200, 5))
        says(app, 'step 195$')
        app.close()
        folder.write(range(200, 300, 5))
        app = start(desk)
        says(app, 'step 295$')
        folder.write(range(300, 400, 5))
        folder.status('running')
        says(app, 'step 395$')
        app.find('label', re.compile('running · step 395 of 1000'))
    app.find('label', re.compile('interrupted at step 395'))
    app.find('label', re.compile('ended without a word'))
    app.close()


def a_log_that_is_cut_and_goes_on_is_followed(desk):
    folder = make_run(desk, 'portraits')
    folder.write(range(0, 300, 5))
    log = folder.path / 'metrics.jsonl'
    lines = log.read_text().splitlines(True)
    app = start(desk)
    says(app, 'step 295$')
    log.write_text(''.join(lines[:20]) + '{"step": 100, "lo')
    says(app, 'step 95$')
    with log.open('a') as file:
        file.write('ss": 7.5}\n')
    says(app, r'here 7\.5\), step 100$')
    app.close()


def asks_a_trainer_to_stop_and_for_a_checkpoint(desk):
    folder = make_run(desk, 'portraits')
    folder.write(range(0, 100, 5))
    folder.status('running')
    with folder.alive():
        app = start(desk)
        app.find('label', re.compile('running · step 95'))
        app.key('ctrl+s')
        wait(lambda: folder.asks('checkpoint'), 'a checkpoint is asked for')
        assert not folder.asks('stop')
        app.press(app.find('push button', 'Stop'))
        wait(lambda: folder.asks('stop'), 'it is asked to stop')
        app.find('label', re.compile('stopping after this step'))
        (folder.path / 'stop').unlink()
        folder.status('stopped')
    app.find('label', re.compile('stopped · step 95'))
    app.find('push button', 'Resume')
    app.close()


def renames_and_removes(desk):
    folder = make_run(desk, 'portraits')
    folder.write(range(0, 100, 5))
    folder.status('stopped')
    other = make_run(desk, 'other')
    other.write(range(0, 50, 5))
    app = start(desk)
    select(app, 'portraits')
    app.find('label', re.compile('stopped · step 95'))
    app.key('F2')
    app.find('text', 'New name')
    app.focus_newest()
    app.set_text(app.find('text', 'New name'), 'kleine Köpfe 木')
    app.key('Return')
    app.find('label', 'kleine Köpfe 木')
    renamed = desk.user / 'runs' / 'kleine Köpfe 木'
    wait(lambda: renamed.exists() and not folder.path.exists(), 'the folder has the new name')
    says(app, 'kleine Köpfe 木')
    app.focus()
    select(app, 'kleine Köpfe 木')
    app.key('ctrl+Delete')
    app.press(app.find('push button', 'Move to Trash'))
    app.wait_gone('label', 'kleine Köpfe 木')
    assert not renamed.exists() and other.path.exists()
    app.close()


class Notifications:
    """What a desktop would show: the service that programs send their notifications to."""

    INTERFACE = """<node><interface name="org.freedesktop.Notifications">
        <method name="GetCapabilities"><arg type="as" direction="out"/></method>
        <method name="GetServerInformation"><arg type="s" direction="out"/><arg type="s" direction="out"/><arg type="s" direction="out"/><arg type="s" direction="out"/></method>
        <method name="Notify"><arg type="s" direction="in"/><arg type="u" direction="in"/><arg type="s" direction="in"/><arg type="s" direction="in"/><arg type="s" direction="in"/><arg type="as" direction="in"/><arg type="a{sv}" direction="in"/><arg type="i" direction="in"/><arg type="u" direction="out"/></method>
        <method name="CloseNotification"><arg type="u" direction="in"/></method>
        <signal name="ActionInvoked"><arg type="u"/><arg type="s"/></signal>
        <signal name="NotificationClosed"><arg type="u"/><arg type="u"/></signal>
        </interface></node>"""

    def __init__(self):
        from gi.repository import Gio, GLib
        self.shown, self.variant = [], GLib.Variant
        self.bus = bus = Gio.bus_get_sync(Gio.BusType.SESSION)
        interface = Gio.DBusNodeInfo.new_for_xml(self.INTERFACE).interfaces[0]
        bus.register_object('/org/freedesktop/Notifications', interface, self._answer, None, None)
        bus.call_sync('org.freedesktop.DBus', '/org/freedesktop/DBus', 'org.freedesktop.DBus', 'RequestName',
                      GLib.Variant('(su)', ('org.freedesktop.Notifications', 0)), None, 0, -1)
        threading.Thread(target=GLib.MainLoop().run, daemon=True).start()

    def _answer(self, bus, sender, path, interface, method, arguments, invocation):
        if method == 'Notify':
            self.shown.append(arguments.unpack()[3:5])
        invocation.return_value({'Notify': self.variant('(u)', (len(self.shown),)), 'GetCapabilities': self.variant('(as)', (['body'],)),
                                 'GetServerInformation': self.variant('(ssss)', ('test', 'test', '1', '1.2'))}.get(method))


def tells_who_looks_elsewhere_that_a_training_ended(desk):
    desktop = Notifications()
    folder = make_run(desk, 'portraits', steps=200)
    folder.write(range(0, 100, 5))
    folder.status('running')
    with folder.alive():
        app = start(desk)
        app.find('label', re.compile('running · step 95'))
        app.open_page('Create')
        folder.write(range(100, 200, 5))
        folder.status('finished')
    wait(lambda: desktop.shown, 'a notification')
    assert desktop.shown == [('portraits', 'The training is finished.')], desktop.shown
    app.close()


def exports_a_checkpoint_by_the_menu(desk):
    folder = make_run(desk, 'portraits', steps=100)
    folder.write(range(0, 100, 5))
    folder.status('finished')
    content = bytes(range(256)) * 4096
    checkpoint = folder.path / 'checkpoints' / '00000095.ckpt'
    checkpoint.parent.mkdir()
    checkpoint.write_bytes(content)
    app = start(desk)
    app.find('label', re.compile('finished'))
    app.open_menu(app.find_all('push button', 'More for This Training')[-1], 'Export Checkpoint…')
    app.key('e')
    app.find('push button', re.compile('Save'))
    app.focus_newest()
    app.key('Return')
    app.find('label', 'The checkpoint was exported')
    assert (desk.home / 'portraits.ckpt').read_bytes() == content
    assert len([path for path in desk.home.iterdir() if 'portraits' in path.name]) == 1, 'something is left over'
    app.close()


def compares_runs(desk):
    for number, name in enumerate(('first', 'second', 'third')):
        folder = make_run(desk, name, seed=number)
        folder.write(range(0, 100 * (number + 1), 5))
        folder.status('stopped')
    app = start(desk)
    select(app, 'first')
    says(app, '^first: [^;]*$')
    before = app.pixels(loss_plot(app))
    app.click(app.find('check box', 'Show “third” in the plots'))
    says(app, 'first: .*; third: |third: .*; first: ')
    app.wait(lambda: difference(before, app.pixels(loss_plot(app))) > 1, 'the plot is another')
    app.close()
    assert desk.get('train-compared') == "['third']", desk.get('train-compared')
    app = start(desk)
    says(app, 'third: ')
    select(app, 'second')
    says(app, 'second: .*; third: |third: .*; second: ')
    app.close()


def plots_are_read_and_zoomed_by_keys(desk):
    folder = make_run(desk, 'portraits')
    folder.write(range(0, 1000, 5))
    folder.status('stopped')
    app = start(desk)
    says(app, 'step 995$')
    app.click(loss_plot(app))
    app.hover(app.find('heading', 'Trainings'))
    app.key('Home')
    says(app, '^step 0, portraits 0')
    app.key('Right')
    says(app, '^step 10, portraits 0')
    app.key('plus', 'plus')
    app.find('push button', 'Show everything')
    app.key('0')
    app.wait_gone('push button', 'Show everything')
    app.close()


def plots_are_zoomed_by_the_mouse(desk):
    folder = make_run(desk, 'portraits')
    folder.write(range(0, 1000, 5))
    folder.status('stopped')
    app = start(desk)
    says(app, 'step 995$')
    before = app.pixels(loss_plot(app))
    app.drag(loss_plot(app), (.3, .2), (.5, .8))
    app.find('push button', 'Show everything')
    assert difference(before, app.pixels(loss_plot(app))) > 1
    app.double_click(loss_plot(app), .5, .5)
    app.wait_gone('push button', 'Show everything')
    app.close()


def remembers_how_plots_are_drawn(desk):
    folder = make_run(desk, 'portraits')
    folder.write(range(0, 1000, 5))
    folder.status('stopped')
    app = start(desk)
    says(app, 'here 0')
    app.set_value(app.find('slider', 'Smoothing'), 0)
    says(app, r'^portraits: 0\.\d+, step 995$')
    open_menu(app, 'Options of “Training loss”')
    app.press(app.find('check box', 'Logarithmic'))
    app.wait(lambda: desk.get('plots-logarithmic') == "['loss']", 'the axis is logarithmic')
    app.focus()
    app.key('Escape')
    app.close()
    assert float(desk.get('plots-smoothing')) == 0, desk.get('plots-smoothing')


def shows_samples_by_step(desk):
    folder = make_run(desk, 'portraits')
    folder.write(range(0, 1000, 5))
    folder.status('stopped')
    for step in (0, 300, 600):
        folder.samples(step)
    app = start(desk)
    app.find('image', re.compile('guidance 2, at step 600'))
    app.set_value(app.find('slider', 'Step of the samples'), 0)
    app.find('image', re.compile('guidance 2, at step 0'))
    app.close()


def says_what_is_wrong_with_settings(desk):
    app = start(desk)
    app.press(app.find('push button', 'New Training…'))
    app.find('label', re.compile(r'c2l dataset .*--n-samples 50000 .*c2l train --run .*starter.* data=starter model=starter'))
    app.set_text(app.find('text', 'Settings of your own'), 'train.learning_rate=1')
    app.find('alert', re.compile('train.learning_rate.*train.lr'))
    app.wait(lambda: not app.is_enabled(app.find('push button', 'Start')), 'it cannot be started')
    app.set_text(app.find('text', 'Settings of your own'), 'train.max_it=10')
    app.find('label', re.compile('train.max_it=10'))
    app.wait(lambda: app.is_enabled(app.find('push button', 'Start')), 'it can be started')
    app.press(app.find('push button', 'Cancel'))
    app.wait_gone('push button', 'Start')
    assert not (desk.user / 'runs').exists()
    app.close()


def is_usable_when_narrow(desk):
    folder = make_run(desk, 'portraits')
    folder.write(range(0, 900, 5), validate=100)
    folder.status('stopped')
    folder.samples(300)
    app = start(desk, window_width=360, window_height=640)
    app.wait(lambda: app.extents(app.find('frame'))[2] <= 360, 'the window is narrow')
    app.click(app.find('label', 'portraits'))
    app.find('heading', 'portraits')
    says(app, 'step 895$')
    app.press(app.find('push button', 'All Trainings'))
    app.wait_gone('push button', 'Resume')
    app.close()


# As little as has every part of a training in it.
SETTINGS = ('train.max_it=100_000 train.log_it=5 train.val_it=50 train.val_steps=4 data.bs=32 data.shuffle=50 data.stats_samples=100 '
            'data.val_im_samples=2 data.val_samples_per_text=1 train.lr=1.0e-3 train.ema_update_after=0 train.checkpoint_minutes=0')


def last_step(app):
    match = re.search(r'step (\d+)$', loss_plot(app).description)
    return int(match[1]) if match else -1


def read_losses(folder):
    lines = [json.loads(line) for line in (folder / 'metrics.jsonl').read_text().splitlines(True) if line.endswith('\n')]
    return {line['step']: line['loss'] for line in lines if 'loss' in line}


def trains_from_the_first_sample_to_the_picture(desk):
    prompts = desk.home / 'prompts.txt'
    prompts.write_text('a happy man with a beard\n')
    app = start(desk)
    app.press(app.find('push button', 'New Training…'))
    app.set_text(app.find('text', 'Name'), 'mine')
    app.set_value(app.find('spin button', 'Samples'), 200)
    app.set_text(app.find('text', 'Settings of your own'), f'{SETTINGS} data.val_text_samples={prompts}')
    app.find('label', re.compile(r'--n-samples 200 .*train.max_it=100_000'))
    app.wait(lambda: app.is_enabled(app.find('push button', 'Start')), 'it can be started')
    app.press(app.find('push button', 'Start'))
    app.focus()
    folder = desk.user / 'runs' / 'mine'
    app.wait(lambda: last_step(app) >= 100, 'the loss is plotted', 240)
    app.close()

    losses = read_losses(folder)
    app = start(desk)
    app.wait(lambda: last_step(app) > max(losses) + 50, 'it went on and is still live', 240)
    app.find('label', re.compile('running · step'))
    app.find('image', 'Validation: text → image similarity')
    app.press(app.find('push button', 'Stop'))
    app.find('label', re.compile('stopped · step'))
    stopped_at = last_step(app)
    losses = read_losses(folder)
    first, last = sorted(losses)[:5], sorted(losses)[-5:]
    assert sum(losses[step] for step in last) < sum(losses[step] for step in first), 'the loss did not fall'

    app.press(app.find('push button', 'Resume'))
    app.wait(lambda: last_step(app) > stopped_at + 50, 'it goes on', 240)
    app.press(app.find('push button', 'Stop'))
    app.find('label', re.compile('stopped · step'))
    app.wait(lambda: app.is_enabled(app.find('push button', 'Use in Create')), 'there is a checkpoint')
    app.press(app.find('push button', 'Use in Create'))
    app.press(app.find('push button', 'Use'))
    app.wait(lambda: desk.get('model') == "'mine'", 'Create draws with it', 240)
    app.focus()
    app.find('push button', 'Generate')
    app.type('a happy man')
    app.key('Return')
    app.find('status bar', '16 pictures')
    app.close()


run(shows_runs_and_how_they_are, follows_a_log_while_it_grows_also_over_a_closed_window, a_log_that_is_cut_and_goes_on_is_followed,
    asks_a_trainer_to_stop_and_for_a_checkpoint, renames_and_removes, tells_who_looks_elsewhere_that_a_training_ended, exports_a_checkpoint_by_the_menu, compares_runs, plots_are_read_and_zoomed_by_keys,
    plots_are_zoomed_by_the_mouse, remembers_how_plots_are_drawn, shows_samples_by_step, says_what_is_wrong_with_settings, is_usable_when_narrow,
    trains_from_the_first_sample_to_the_picture, GSK_RENDERER='cairo')
