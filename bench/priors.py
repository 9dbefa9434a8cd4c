#!/usr/bin/env python3
"""priors.py [OPTION…] PROMPTS MODEL[=NAME]…: compares bundles that differ in their priors, at several settings, by their pictures for prompts.

Prints a row a model and setting, each the mean over prompts and seeds:
    score       cosine of CLIP's embeddings of prompt and picture
    diversity   1 − cosine between pictures of one prompt
    sharpness   size of the Laplacian of the grey picture (0 to 255), less where edges are soft; styles of drawing differ in it, so with
                --kinds "line art portrait" "toon portrait" … it is told for each kind, with the share of pictures that CLIP takes for that kind
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


def unit(vectors):
    vectors = numpy.stack(list(vectors)).astype(numpy.float64)
    return vectors / numpy.linalg.norm(vectors, axis=1, keepdims=True)


class Look:
    """What is seen of pictures, as they come."""

    def __init__(self, model, kinds):
        self.model, self.kinds = model, unit(map(model.embed_prompt, kinds)) if kinds else None
        self.scores, self.diversities, self.sharpnesses, self.nearest = [], [], [], []

    def add(self, images, scores):
        features = unit(map(self.model.embed_image, images))
        n = len(features)
        self.scores.append(scores.mean())
        self.diversities.append(1 - ((features @ features.T).sum() - n) / (n * (n - 1)))
        self.sharpnesses.extend(sharpness(images))
        if self.kinds is not None:
            self.nearest.extend((features @ self.kinds.T).argmax(axis=1))

    def tell(self, name, guidance, steps):
        row = f'{name:16} {guidance:>8} {steps:>5} {numpy.mean(self.scores):7.4f} {numpy.mean(self.diversities):9.3f} {numpy.mean(self.sharpnesses):9.2f}'
        for kind in range(0 if self.kinds is None else len(self.kinds)):
            of_kind = numpy.array(self.sharpnesses)[numpy.array(self.nearest) == kind]
            row += f'   {len(of_kind) / len(self.sharpnesses):4.0%} {of_kind.mean() if len(of_kind) else numpy.nan:6.2f}'
        print(row, flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('-n', type=int, default=4, help='pictures a prompt (4)')
    parser.add_argument('--seeds', type=int, nargs='+', default=[1])
    parser.add_argument('--guidance', type=float, nargs='+', default=[1, 2])
    parser.add_argument('--steps', type=int, nargs='+', default=[10, 4])
    parser.add_argument('--truncation', type=float, default=1)
    parser.add_argument('--latents')
    parser.add_argument('--kinds', nargs='+', default=[])
    parser.add_argument('prompts')
    parser.add_argument('models', nargs='+')
    arguments = parser.parse_args()
    with open(arguments.prompts, encoding='utf-8') as file:
        prompts = [line.strip() for line in file if line.strip()]

    print(f'{"model":16} {"guidance":>8} {"steps":>5} {"score":>7} {"diversity":>9} {"sharpness":>9}' + ''.join(f'   {kind[:11]:11}' for kind in arguments.kinds))
    for i, words in enumerate(arguments.models):
        folder, _, name = words.partition('=')
        model = Clip2Latent.Model(folder)
        if arguments.latents and i == 0:
            look = Look(model, arguments.kinds)
            look.add(*model.generate(latents=numpy.load(arguments.latents)))
            look.tell('the latents', '', '')
        for steps in arguments.steps:
            for guidance in arguments.guidance:
                look = Look(model, arguments.kinds)
                for seed in arguments.seeds:
                    for at, prompt in enumerate(prompts):
                        # The same random numbers as those of c2l evaluate: no two prompts share any.
                        look.add(*model.generate(prompt, n=arguments.n, seed=seed, first_index=at * arguments.n, guidance=guidance, steps=steps,
                                                 truncation=arguments.truncation))
                look.tell(name or folder, f'{guidance:g}', steps)


if __name__ == '__main__':
    main()
