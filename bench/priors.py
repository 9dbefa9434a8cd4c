#!/usr/bin/env python3
"""priors.py [OPTION…] PROMPTS MODEL[=NAME]…: compares bundles that differ in their priors, at several settings, by their pictures for prompts.

Prints a row a model and setting, each the mean over prompts and seeds:
    score       cosine of CLIP's embeddings of prompt and picture
    diversity   1 − cosine between pictures of one prompt
    sharpness   size of the Laplacian of the grey picture (0 to 255), less where edges are soft
With --latents FILE.npy ([N, width] or [N, rows, width]) a row for these latents, drawn by the first model, without words: what its prior could learn from.
Needs PyGObject and NumPy; run with the environment of tests/libclip2latent/meson.build where the program is not installed."""

import argparse

import gi
import numpy

gi.require_version('Clip2Latent', '0')
from gi.repository import Clip2Latent  # noqa: E402


def sharpness(images):
    """[n]: the mean size of each picture's Laplacian."""
    grey = images.astype(numpy.float32) @ numpy.array([0.299, 0.587, 0.114], numpy.float32)
    middle = grey[:, 1:-1, 1:-1]
    laplacian = grey[:, :-2, 1:-1] + grey[:, 2:, 1:-1] + grey[:, 1:-1, :-2] + grey[:, 1:-1, 2:] - 4 * middle
    return numpy.abs(laplacian).mean(axis=(1, 2))


def diversity(model, images):
    """The mean of 1 − cosine over all pairs of pictures."""
    features = numpy.stack([model.embed_image(image) for image in images]).astype(numpy.float64)
    features /= numpy.linalg.norm(features, axis=1, keepdims=True)
    n = len(features)
    return 1 - ((features @ features.T).sum() - n) / (n * (n - 1))


def measure(model, prompts, n, seeds, **settings):
    """Score, diversity and sharpness, each the mean over prompts and seeds."""
    rows = []
    for seed in seeds:
        for i, prompt in enumerate(prompts):
            # The same random numbers as those of c2l evaluate: no two prompts share any.
            images, scores = model.generate(prompt, n=n, seed=seed, first_index=i * n, **settings)
            rows.append((scores.mean(), diversity(model, images), sharpness(images).mean()))
    return numpy.mean(rows, axis=0)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('-n', type=int, default=4, help='pictures a prompt (4)')
    parser.add_argument('--seeds', type=int, nargs='+', default=[1])
    parser.add_argument('--guidance', type=float, nargs='+', default=[1, 2])
    parser.add_argument('--steps', type=int, nargs='+', default=[10, 4])
    parser.add_argument('--truncation', type=float, default=1)
    parser.add_argument('--latents')
    parser.add_argument('prompts')
    parser.add_argument('models', nargs='+')
    arguments = parser.parse_args()
    with open(arguments.prompts, encoding='utf-8') as file:
        prompts = [line.strip() for line in file if line.strip()]

    print(f'{"model":16} {"guidance":>8} {"steps":>5} {"score":>7} {"diversity":>9} {"sharpness":>9}')
    for i, words in enumerate(arguments.models):
        folder, _, name = words.partition('=')
        model = Clip2Latent.Model(folder)
        if arguments.latents and i == 0:
            images, _ = model.generate(latents=numpy.load(arguments.latents))
            print(f'{"the latents":16} {"":8} {"":5} {"":7} {diversity(model, images):9.3f} {sharpness(images).mean():9.2f}')
        for steps in arguments.steps:
            for guidance in arguments.guidance:
                score, varied, sharp = measure(model, prompts, arguments.n, arguments.seeds, guidance=guidance, steps=steps,
                                               truncation=arguments.truncation)
                print(f'{name or folder:16} {guidance:8g} {steps:5} {score:7.4f} {varied:9.3f} {sharp:9.2f}', flush=True)


if __name__ == '__main__':
    main()
