"""A few pictures on the table, which most tests of the Create page begin with."""

import re

PROMPT = 'a happy man with a beard'
N = 4


def start(desk, **env):
    desk.set('picture-count', str(N))
    app = desk.start(**env)
    app.find('push button', 'Generate')
    return app


def pictures(app):
    return app.find_all('image', re.compile(r'picture \d+.*score'))


def draw(app, prompt=PROMPT):
    app.type(prompt)
    app.key('Return')
    app.wait(lambda: len({node.name for node in pictures(app)}) == N, f'{N} pictures are scored')
