#!/usr/bin/python3
"""Text can be read: in light and in dark, on each page, the contrast between the pixels of a label and what is behind it is at least 4.5 to 1
(WCAG 2.1, 1.4.3), as a screenshot shows it. What is insensitive is excepted, as there."""

import collections
import re
import subprocess
import time

import table
from person import Gone, run
from run_folder import RunFolder
from table import draw

LEAST = 4.5
# A stroke that is thinner than a pixel never has its full colour; the thickest pixel of a label of so few pixels would say too little.
FEWEST = 40
# Longer than anything moves.
LOOKS = 6


class Screenshot:
    def __init__(self, window):
        data = subprocess.run(['import', '-window', window, '-depth', '8', 'ppm:-'], check=True, capture_output=True).stdout
        _, size, _, self.pixels = data.split(b'\n', 3)
        self.width, self.height = map(int, size.split())

    def colours(self, x, y, width, height):
        """How often each colour is within that rectangle."""
        counts = collections.Counter()
        left, right = max(0, x), min(self.width, x + width)
        for row in range(max(0, y), min(self.height, y + height)):
            begin = (row * self.width + left) * 3
            line = self.pixels[begin:begin + max(0, right - left) * 3]
            counts.update(zip(line[::3], line[1::3], line[2::3]))
        return counts


def luminance(colour):
    """Relative, as WCAG 2.1 defines it."""
    red, green, blue = (c / 12.92 if c <= .03928 else ((c + .055) / 1.055) ** 2.4 for c in (value / 255 for value in colour))
    return .2126 * red + .7152 * green + .0722 * blue


def contrast(a, b):
    dark, light = sorted((luminance(a), luminance(b)))
    return (light + .05) / (dark + .05)


def is_seen(app, node, box):
    """Whether all of it is in sight, and no part of what cannot be used now."""
    x, y, width, height = box
    while node is not None and node.role != 'frame':
        left, top, wide, high = app.extents(node)
        if not app.is_enabled(node) or (node.role == 'scroll pane' and not (top <= y and y + height <= top + high and left <= x and x + width <= left + wide)):
            return False
        node = node.parent
    return True


def list_faint(app):
    """Labels of the window in front whose text is too faint, and how much it differs."""
    frames = [node for node in app.tree.children if app.is_showing(node)]
    window = app._window_of(frames[-1])
    screenshot = Screenshot(window)
    faint = []
    for node in app.find_all('label', within=frames[-1]):
        try:
            x, y, width, height = box = app.extents(node)
            if not node.name.strip() or not is_seen(app, node, box):
                continue
        except Gone:
            continue
        colours = screenshot.colours(x, y, width, height)
        if sum(colours.values()) < FEWEST:
            continue
        behind = colours.most_common(1)[0][0]
        best = max(contrast(colour, behind) for colour in colours)
        if best < LEAST:
            faint.append(f'{best:.2f} of “{node.name}”')
    return faint


def check(app, where, wrong):
    """Adds the texts that stay too faint: while something slides in or fades, they may be for a moment."""
    for _ in range(LOOKS):
        faint = list_faint(app)
        if not faint:
            return
        time.sleep(.5)
    wrong.extend(f'{where}: {each}' for each in faint)


def walk(desk, theme):
    desk.set('theme', f"'{theme}'")
    RunFolder(desk.user / 'runs' / 'portraits').write(range(50))
    wrong = []
    app = table.start(desk)
    app.find('push button', re.compile('hair'))
    check(app, 'the start', wrong)
    draw(app, 'a happy man with xyzzy')
    check(app, 'pictures', wrong)
    app.key('F6', 'shift+Right')
    app.find('slider', 'Blue hair')
    check(app, 'two selected, and sliders', wrong)
    for tab in ('Drawing', 'Mix'):
        app.press(app.find('page tab', tab))
        check(app, tab, wrong)
    app.key('F9')
    app.wait(lambda: len(app.find_all('table cell')) >= 2 * table.N, 'the history is there')
    check(app, 'the history', wrong)
    app.key('F9', 'F6', 'space')
    app.find('push button', 'Back to All Pictures')
    check(app, 'one picture', wrong)
    app.key('Escape')
    app.open_page('Train')
    app.find('label', re.compile('portraits'))
    check(app, 'trainings', wrong)
    app.open_page('Models')
    app.find('label', 'Cartoon portraits')
    check(app, 'models', wrong)
    app.key('ctrl+comma')
    app.find('label', 'Theme')
    check(app, 'preferences', wrong)
    app.focus('Preferences')
    app.key('Escape')
    app.close()
    assert not wrong, '\n' + '\n'.join(wrong)


def text_can_be_read_in_light(desk):
    walk(desk, 'light')


def text_can_be_read_in_dark(desk):
    walk(desk, 'dark')


run(text_can_be_read_in_light, text_can_be_read_in_dark, GSK_RENDERER='cairo')
