#!/usr/bin/env python3
"""draw-training.py [--level SERIES=VALUE=WORDS]… OUT.svg METRICS.jsonl…: the curves of docs/training-the-starter.md, drawn from the metrics of
trainings, of which later ones went on from earlier ones. Needs Python alone. The loss of single lines is averaged in as many bins as can be
told apart; validations are drawn as they are, a point each. A level is a dashed line to compare with."""

import argparse
import json
import math
import xml.sax.saxutils

WIDTH, HEIGHT, LEFT, TOP, GAP = 760, 210, 62, 34, 62
BINS = 240
COLOURS = ['#1c71d8', '#c64600', '#26a269', '#813d9c']
# Title, what is shown of validations and how it is called, and whether the loss of training is shown too.
PANELS = [
    ('Loss (mean square of the z-scored latent)', [('val/loss', 'held back')], True),
    ('Prompts and pictures: mean cosine, ten steps', [('val/text2im', 'guidance 1'), ('val/text2im-super2', 'guidance 2')], False),
    ('Difference between pictures of one prompt: mean of 1 − cosine', [('val/text2im/diversity', 'guidance 1'), ('val/text2im-super2/diversity', 'guidance 2')], False),
]


def read(paths):
    """Series by name: steps and values, each file's steps behind those of the file before."""
    series, first = {}, 0
    for path in paths:
        last = 0
        with open(path, encoding='utf-8') as file:
            for line in map(json.loads, file):
                last = line['step']
                for name, value in line.items():
                    if name not in ('step', 'time', 'epoch'):
                        series.setdefault(name, []).append((first + last, value))
        first += last
    return series


def average(points, n):
    """At most n points, each the mean of its neighbourhood."""
    size = math.ceil(len(points) / n)
    parts = [points[i:i + size] for i in range(0, len(points), size)]
    return [(sum(step for step, _ in part) / len(part), sum(value for _, value in part) / len(part)) for part in parts]


def ticks(low, high, n=5):
    raw = (high - low) / n
    step = 10 ** math.floor(math.log10(raw))
    step *= next(factor for factor in (1, 2, 5, 10) if factor * step >= raw)
    return [i * step for i in range(math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9) + 1)]


def text(x, y, words, anchor='start', size=12, colour='#333'):
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="{size}" fill="{colour}">{xml.sax.saxutils.escape(words)}</text>'


def place_label(y, levels, curves):
    """Where words about the line at height @y stand furthest from all curves and other such lines: their middle and their baseline."""
    def clearance(x, baseline):
        near = [abs(baseline - 4 - other) for other in levels if other != y]
        for curve in curves:
            near += [abs(baseline - 4 - height) for at, height in curve if abs(at - x) < 70]
        return min(near, default=HEIGHT)

    spots = [(x, y + side) for side in (-4, 12) for x in range(LEFT + 50, WIDTH - 70, 20)]
    return max(spots, key=lambda spot: min(clearance(*spot), 24))


def panel(top, title, lines, levels, last):
    """@lines: of name, colour, points and whether each point is marked."""
    values = [value for _, _, points, _ in lines for _, value in points] + [value for value, _, _ in levels]
    low, high = min(values), max(values)
    margin = (high - low or 1) * 0.06
    low, high = low - margin, high + margin

    def place(step, value):
        return LEFT + step / last * (WIDTH - LEFT - 20), top + (high - value) / (high - low) * HEIGHT

    parts = [text(LEFT, top - 10, title, size=13, colour='#111')]
    for value in ticks(low, high):
        y = place(0, value)[1]
        parts += [f'<path d="M{LEFT} {y:.1f}H{WIDTH - 20}" stroke="#ddd"/>', text(LEFT - 6, y + 4, f'{value:.4g}', 'end', 11)]
    for step in ticks(0, last):
        parts.append(text(place(step, 0)[0], top + HEIGHT + 16, f'{step:,.0f}', 'middle', 11))
    heights = [place(0, value)[1] for value, _, _ in levels]
    curves = [[place(*point) for point in points] for _, _, points, _ in lines]
    for y, (_, words, colour) in zip(heights, levels):
        x, baseline = place_label(y, heights, curves)
        parts += [f'<path d="M{LEFT} {y:.1f}H{WIDTH - 20}" stroke="{colour}" stroke-dasharray="5 4"/>', text(x, baseline, words, 'middle', 11, colour)]
    for i, (name, colour, points, marked) in enumerate(lines):
        path = ' '.join(f'{x:.1f},{y:.1f}' for x, y in (place(*point) for point in points))
        parts.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="1.5"/>')
        if marked:
            parts += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="2.5" fill="{colour}"/>' for x, y in (place(*point) for point in points)]
        parts.append(text(WIDTH - 24 - 110 * (len(lines) - 1 - i), top - 10, name, 'end', 12, colour))
    return parts


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--level', action='append', default=[], metavar='SERIES=VALUE=WORDS')
    parser.add_argument('out')
    parser.add_argument('metrics', nargs='+')
    arguments = parser.parse_args()
    series = read(arguments.metrics)
    levels = [level.split('=', 2) for level in arguments.level]
    last = max(step for points in series.values() for step, _ in points)
    parts, top = [], TOP
    for title, shown, has_training in PANELS:
        lines = [(name, COLOURS[i], series[key], True) for i, (key, name) in enumerate(shown) if key in series]
        if has_training:
            lines.append(('trained on', COLOURS[2], average(series['loss'], BINS), False))
        if not lines:
            continue
        colours = {key: COLOURS[i] for i, (key, _) in enumerate(shown)}
        parts += panel(top, title, lines, [(float(value), words, colours[key]) for key, value, words in levels if key in colours], last)
        top += HEIGHT + GAP
    height = top - GAP + 40
    parts.append(text(WIDTH - 20, height - 6, 'steps', 'end', 11))
    with open(arguments.out, 'w', encoding='utf-8') as file:
        file.write(f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" font-family="sans-serif">\n'
                   f'<rect width="{WIDTH}" height="{height}" fill="#fff"/>\n' + '\n'.join(parts) + '\n</svg>\n')


if __name__ == '__main__':
    main()
