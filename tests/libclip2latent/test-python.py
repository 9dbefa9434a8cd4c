#!/usr/bin/env python3
"""The library from Python, through GObject Introspection: arrays, errors, progress, types. Prints TAP; skips where PyGObject or NumPy is
missing."""

import inspect
import pathlib
import sys
import typing

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / 'cli'))
import tap  # noqa: E402

try:
    import gi
    import numpy
except ImportError as error:
    print(f'1..0 # SKIP {error}: install python3-gi and python3-numpy')
    sys.exit(0)

gi.require_version('Clip2Latent', '0')
from gi.repository import Clip2Latent, Gio, GLib  # noqa: E402

PROMPT = 'a hairy man'
MODEL = Clip2Latent.Model()
TESTS = []


def test(function):
    TESTS.append(function)
    return function


def refused(code, call):
    try:
        call()
    except GLib.Error as error:
        assert error.matches(GLib.quark_from_string('c2l-error-quark'), code), f'{error.domain} {error.code}: {error.message}'
        return error.message
    raise AssertionError('nothing was refused')


@test
def draws_arrays(folder):
    images, scores = MODEL.generate(PROMPT, n=16)
    assert images.shape == (16, 128, 128, 3) and images.dtype == numpy.uint8
    assert scores.shape == (16,) and scores.dtype == numpy.float64
    assert ((scores > -1) & (scores < 1)).all()
    again, _ = MODEL.generate(PROMPT, n=2, first_index=14)
    assert (again == images[14:]).all(), 'picture 14 depends on how many are drawn'
    others, _ = MODEL.generate(PROMPT, n=1, seed=1)
    assert (others[0] != images[0]).any()


@test
def sorts_and_takes_several_prompts(folder):
    result = MODEL.generate([PROMPT, 'a bald man'], n=4, sort=True)
    assert [picture.prompt for picture in result.pictures] == [PROMPT] * 4 + ['a bald man'] * 4
    assert (numpy.diff(result.scores[:4]) <= 0).all() and (numpy.diff(result.scores[4:]) <= 0).all()
    assert [picture.score for picture in result.pictures] == list(result.scores)


@test
def draws_again(folder):
    (image,), _ = result = MODEL.generate(PROMPT, score=False)
    picture = result.pictures[0]
    assert numpy.isnan(picture.score)
    picture.save(folder / 'man.png')
    assert (MODEL.generate(files=[folder / 'man.png'])[0][0] == image).all()
    assert (MODEL.generate(recipes=[picture.recipe])[0][0] == image).all()
    assert picture.latent.shape == (1, 128) and picture.latent.dtype == numpy.float32
    both, _ = MODEL.generate(latents=numpy.stack([picture.latent, picture.latent * 0.5]))
    assert (both[0] == image).all() and (both[1] != image).any()


@test
def edits(folder):
    plain, _ = MODEL.generate(PROMPT)
    edited, _ = MODEL.generate(PROMPT, edits={'glasses': MODEL.directions['glasses']})
    coarse, _ = MODEL.generate(PROMPT, edits=[('glasses', 1.0, 0, 3)])
    assert (plain != edited).any() and (plain != coarse).any() and (edited != coarse).any()


@test
def embeddings_make_the_scores(folder):
    images, scores = MODEL.generate(PROMPT, n=2)
    words = MODEL.embed_prompt(PROMPT)
    for image, score in zip(images, scores):
        seen = MODEL.embed_image(image)
        cosine = words @ seen / numpy.linalg.norm(words) / numpy.linalg.norm(seen)
        assert abs(cosine - score) < 0.01, f'{cosine} is not {score}'


@test
def refuses_by_domain_and_code(folder):
    assert 'no such folder' in refused(Clip2Latent.Error.MODEL, lambda: Clip2Latent.Model(folder / 'none'))
    assert 'dice' in refused(Clip2Latent.Error.INVALID, lambda: MODEL.generate(PROMPT, sampler='dice'))
    refused(Clip2Latent.Error.DEVICE, lambda: Clip2Latent.Model(device='abacus'))
    refused(Clip2Latent.Error.FILE, lambda: MODEL.generate(files=[folder / 'none.png']))
    for call in (lambda: MODEL.generate(PROMPT, n=0), lambda: MODEL.embed_image(numpy.zeros((4, 4), numpy.uint8))):
        try:
            call()
        except ValueError:
            continue
        raise AssertionError('no ValueError')
    try:
        MODEL.generate(PROMPT, colour='red')
    except TypeError as error:
        assert 'colour' in str(error)
    else:
        raise AssertionError('no TypeError')


@test
def tells_and_is_cancelled(folder):
    told = []
    MODEL.generate(PROMPT, n=3, progress=lambda *what: told.append(what))
    fractions = [fraction for fraction, _, _ in told]
    assert fractions == sorted(fractions) and fractions[-1] == 1
    assert len([picture for _, _, picture in told if picture is not None]) == 3

    cancellable, kept = Gio.Cancellable(), []

    def stop(fraction, stage, picture):
        if picture is not None:
            kept.append(picture)
            cancellable.cancel()

    try:
        MODEL.generate(PROMPT, n=50, score=False, progress=stop, cancellable=cancellable)
    except GLib.Error as error:
        assert error.matches(Gio.io_error_quark(), Gio.IOErrorEnum.CANCELLED)
    else:
        raise AssertionError('it went on')
    assert len(kept) == 1
    kept[0].save(folder / 'kept.webp')


@test
def draws_without_blocking(folder):
    loop, answers = GLib.MainLoop(), []
    request = Clip2Latent.Request.new(MODEL, PROMPT, 2)

    def finished(model, result):
        answers.append(model.generate_finish(result))
        loop.quit()

    MODEL.generate_async(request, None, None, None, finished)
    loop.run()
    assert len(answers[0]) == 2 and answers[0][1].pixels.shape == (128, 128, 3)


@test
def is_typed_and_documented(folder):
    for thing in (Clip2Latent.Model, Clip2Latent.Picture, Clip2Latent.Generated):
        assert vars(thing)['__doc__'], thing
        for name, member in vars(thing).items():
            function = member.fget if isinstance(member, property) else getattr(member, '__func__', member)
            if name.startswith('_') or not inspect.isfunction(function):
                continue
            assert function.__doc__, f'{thing.__name__}.{name} has no text'
            hints = typing.get_type_hints(function, sys.modules[function.__module__].__dict__)
            wanted = set(inspect.signature(function).parameters) - {'self', 'cls', 'settings'} | {'return'}
            assert wanted <= set(hints), f'{thing.__name__}.{name}: no types for {wanted - set(hints)}'


sys.exit(tap.run(TESTS, 'libclip2latent/python/'))
