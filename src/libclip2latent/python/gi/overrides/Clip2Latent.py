"""Clip2Latent for Python: pictures from words, as NumPy arrays.

    import gi
    gi.require_version("Clip2Latent", "0")
    from gi.repository import Clip2Latent

    model = Clip2Latent.Model()                     # the starter model
    images, scores = model.generate("a hairy man", n=16)

The C functions of clip2latent.h are here under their own names; this module adds what is natural in Python. Whatever fails raises
GLib.Error, in the domain "c2l-error-quark" with a code of Clip2Latent.Error."""

from __future__ import annotations

from typing import Callable, Iterable, Mapping, Optional, Sequence, Union

import numpy
from gi.repository import Gio, GLib

from ..module import get_introspection_module
from ..overrides import override

_base = get_introspection_module('Clip2Latent')

__all__ = []

Progress = Callable[[float, str, Optional['Picture']], None]


class Picture(_base.Picture):
    """A finished picture."""

    @property
    def pixels(self) -> numpy.ndarray:
        """[size, size, 3], uint8, rows from the top, red first; read-only."""
        size = self.get_size()
        return numpy.frombuffer(self.dup_pixels().get_data(), numpy.uint8).reshape(size, size, 3)

    @property
    def score(self) -> float:
        """The cosine of CLIP's embeddings of the picture and of its prompt; NaN where it has not been scored."""
        return self.get_score()

    @property
    def prompt(self) -> Optional[str]:
        """The prompt as it was given; None for a picture without one."""
        return self.dup_prompt()

    @property
    def latent(self) -> numpy.ndarray:
        """[rows, width], float32: the latent in W, before truncation and edits."""
        values, n_rows = self.dup_latent()
        return numpy.array(values, numpy.float32).reshape(n_rows, -1)

    @property
    def recipe(self) -> str:
        """Everything that made the picture, as JSON."""
        return self.dup_recipe()

    def save(self, path: str, quality: int = 0) -> None:
        """Saves it with its recipe inside, as PNG, JPEG or WebP by the end of the name."""
        self.save_as(str(path), quality)


Picture = override(Picture)
__all__.append('Picture')


class Generated(tuple):
    """What was drawn: unpacks to images and scores, and has the pictures themselves, to save them or to look at their latents."""

    images: numpy.ndarray
    scores: numpy.ndarray
    pictures: Sequence[Picture]

    def __new__(cls, pictures: Sequence[Picture]) -> 'Generated':
        images = numpy.stack([picture.pixels for picture in pictures])
        scores = numpy.array([picture.score for picture in pictures], numpy.float64)
        self = super().__new__(cls, (images, scores))
        self.images, self.scores, self.pictures = images, scores, list(pictures)
        return self


__all__.append('Generated')


def _callback(progress: Optional[Progress]):
    """Without the user data that GObject Introspection adds."""
    return None if progress is None else lambda fraction, stage, picture, *_: progress(fraction, stage, picture)


def _pixels(image) -> numpy.ndarray:
    array = numpy.ascontiguousarray(image)
    if array.dtype != numpy.uint8 or array.ndim != 3 or array.shape[2] != 3:
        raise ValueError(f'an image is [height, width, 3] of uint8, not {list(array.shape)} of {array.dtype}')
    return array


class Model(_base.Model):
    """A model that draws.

    folder: a bundle, as "c2l import" makes it; None for the starter.
    device, precision: as in c2l_model_open(); None for the usual ones."""

    def __new__(cls, folder: Optional[str] = None, *, device: Optional[str] = None, precision: Optional[str] = None) -> 'Model':
        return _base.Model.open(None if folder is None else str(folder), device, precision)

    def __init__(self, folder: Optional[str] = None, *, device: Optional[str] = None, precision: Optional[str] = None) -> None:
        pass

    @classmethod
    def from_files(cls, generator: str, *, prior: Optional[str] = None, config: Optional[str] = None, clip: Optional[str] = None,
                   device: Optional[str] = None, precision: Optional[str] = None, progress: Optional[Progress] = None,
                   cancellable: Optional[Gio.Cancellable] = None) -> 'Model':
        """A model of the original's files, each a path, an https address or a published name."""
        return _base.Model.open_files(*(None if name is None else str(name) for name in (generator, prior, config, clip)),
                                      device, precision, _callback(progress), None, cancellable)

    @property
    def directions(self) -> Mapping[str, float]:
        """Names of directions for edits, each with the amount that makes a clear difference."""
        return {name: self.get_direction_amount(name) for name in self.list_directions()}

    def generate(self, prompt: Union[str, Iterable[str], None] = None, n: int = 1, *,
                 seed: int = 0, score: bool = True, sort: bool = False,
                 edits: Union[Mapping[str, float], Iterable[tuple], None] = None,
                 latents: Optional[numpy.ndarray] = None, recipes: Iterable[str] = (), files: Iterable[str] = (),
                 progress: Optional[Progress] = None, cancellable: Optional[Gio.Cancellable] = None,
                 **settings) -> Generated:
        """Draws n pictures for a prompt, or for each of several.

        prompt: None: from nothing but the seed; "a man | a woman:0.5" mixes two
        score: whether CLIP looks at the pictures; without it, and where the model has no CLIP, scores are NaN
        sort: best first, prompt by prompt
        edits: {direction: amount}, or tuples (direction, amount, first_layer, last_layer); -1 is the last layer there is
        latents: [n, rows, width] or [n, width], drawn instead of sampled ones
        recipes, files: pictures to be drawn again, by their recipes or out of their files
        progress: called with a fraction, what is being done, and each picture as soon as it is finished (else None)
        cancellable: stops the work when it is cancelled
        settings: other properties of Clip2Latent.Request: guidance, steps, sampler, truncation, noise, noise_seed, first_index,
          move_x, move_y, turn, label, max_size

        Returns images [n, size, size, 3], uint8, and scores [n], float64."""
        if n < 1:
            raise ValueError(f'generate(): {n} pictures; at least one can be drawn')
        request = _base.Request.new(self, None, n)
        for words in [prompt] if isinstance(prompt, str) else prompt or ():
            request.add_prompt(words)
        request.props.seed = seed
        request.props.sort = sort
        request.props.score = score and self.has_clip()
        for name, value in settings.items():
            if not hasattr(request.props, name):
                raise TypeError(f'generate() got an unexpected keyword argument {name!r}')
            setattr(request.props, name, value)
        for edit in edits.items() if isinstance(edits, Mapping) else edits or ():
            name, amount, first_layer, last_layer = (*edit, 0, -1)[:4] if len(edit) == 2 else edit
            request.add_edit(name, amount, first_layer, last_layer)
        for latent in () if latents is None else numpy.asarray(latents, numpy.float32):
            rows = numpy.atleast_2d(latent)
            request.add_latent(rows.ravel().tolist(), len(rows))
        for recipe in recipes:
            request.add_recipe(recipe)
        for path in files:
            request.add_file(str(path))
        return Generated(_base.Model.generate(self, request, _callback(progress), None, cancellable))

    def embed_prompt(self, prompt: str, cancellable: Optional[Gio.Cancellable] = None) -> numpy.ndarray:
        """CLIP's embedding of a prompt, [width], float32."""
        return numpy.array(_base.Model.embed_prompt(self, prompt, cancellable), numpy.float32)

    def embed_image(self, image: numpy.ndarray, cancellable: Optional[Gio.Cancellable] = None) -> numpy.ndarray:
        """CLIP's embedding of the middle square of an image [height, width, 3] of uint8: [width], float32."""
        pixels = _pixels(image)
        return numpy.array(_base.Model.embed_pixels(self, GLib.Bytes.new(pixels.tobytes()), pixels.shape[1], pixels.shape[0],
                                                    cancellable), numpy.float32)


Model = override(Model)
__all__.append('Model')
