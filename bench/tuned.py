"""A StyleGAN2 synthesis network as one would write it in PyTorch for speed on a CPU: the yardstick for "hand-tuned".

It is not the original: it takes the weights of NVIDIA's network (the skip architecture) and computes the same
pictures another way. Activations are channels-last throughout; each picture's styles and demodulation are folded into
its weights, and so is the gain of the activation, so that between two convolutions only one pass over memory remains
(noise, leaky ReLU and clamp; one kernel where torch.compile works). The up-convolution is a transposed one followed
by the filter as a depthwise convolution. Pictures are drawn one after the other: on a CPU a batch gains nothing here.
"""

import math

import torch
import torch.nn.functional as F

GAIN = math.sqrt(2)
LAST = torch.channels_last


def activate(x, noise, clamp):
    """Noise and bias are in: leaky ReLU (its gain is in the weights) and the clamp of the original."""
    if noise is not None:
        x = x + noise
    x = F.leaky_relu(x, 0.2)
    return x if clamp is None else x.clamp(-clamp, clamp)


class Layer:
    """One 3×3 layer: weight [O, I, 3, 3], affine of w."""

    def __init__(self, layer, dtype):
        self.affine = layer.affine
        self.up = layer.up
        self.clamp = layer.conv_clamp
        self.dtype = dtype
        self.weight = layer.weight.detach()
        self.squares = self.weight.square().sum(dim=[2, 3])  # [O, I]
        self.bias = (layer.bias.detach() * GAIN).to(dtype)
        self.noise = (layer.noise_const * layer.noise_strength * GAIN).detach().to(dtype)[None, None]
        channels = self.weight.shape[0]
        # Four times the filter: what zero insertion takes away.
        fir = (layer.resample_filter * 4).to(dtype)
        self.fir = fir.expand(channels, 1, 4, 4).contiguous()

    def __call__(self, x, w):
        style = self.affine(w)[0]
        demod = (self.squares @ style.square() + 1e-8).rsqrt() * GAIN
        weight = (self.weight * style[None, :, None, None] * demod[:, None, None, None]).to(self.dtype)
        if self.up == 1:
            x = F.conv2d(x, weight.contiguous(memory_format=LAST), self.bias, padding=1)
        else:
            weight = weight.transpose(0, 1).contiguous(memory_format=LAST)
            x = F.conv_transpose2d(x, weight, stride=2)
            x = F.conv2d(x, self.fir, self.bias, padding=1, groups=x.shape[1])
        return activate(x, self.noise, self.clamp)


class ToRGB:
    """The 1×1 layer that adds to the picture; the picture itself is kept in float32."""

    def __init__(self, layer, dtype):
        self.layer = layer
        self.dtype = dtype

    def __call__(self, x, w):
        layer = self.layer
        style = layer.affine(w)[0] * layer.weight_gain
        weight = (layer.weight * style[None, :, None, None]).to(self.dtype)
        y = F.conv2d(x, weight.contiguous(memory_format=LAST), layer.bias.to(self.dtype)).float()
        return y if layer.conv_clamp is None else y.clamp(-layer.conv_clamp, layer.conv_clamp)


class TunedSynthesis(torch.nn.Module):
    """Takes the place of G.synthesis; noise is the constant one of the file."""

    def __init__(self, synthesis, dtype=torch.float32):
        super().__init__()
        self.blocks = []
        for resolution in synthesis.block_resolutions:
            block = getattr(synthesis, f'b{resolution}')
            if block.architecture != 'skip':
                raise ValueError('tuned.py knows the skip architecture only')
            convs = [Layer(block.conv0, dtype)] if block.in_channels else []
            convs.append(Layer(block.conv1, dtype))
            self.blocks.append((convs, ToRGB(block.torgb, dtype)))
        first = getattr(synthesis, f'b{synthesis.block_resolutions[0]}')
        self.const = first.const.detach()[None].to(dtype).contiguous(memory_format=LAST)
        fir = getattr(synthesis, f'b{synthesis.block_resolutions[-1]}').resample_filter * 4
        self.fir = fir.expand(synthesis.img_channels, 1, 4, 4).contiguous()

    def upsample(self, image):
        return F.conv_transpose2d(image, self.fir, stride=2, padding=1, groups=image.shape[1])

    def one(self, ws):
        x, image, index = self.const, None, 0
        for convs, to_rgb in self.blocks:
            for conv in convs:
                x = conv(x, ws[:, index])
                index += 1
            y = to_rgb(x, ws[:, index])
            image = y if image is None else self.upsample(image) + y
        return image

    def forward(self, ws, **_):
        return torch.cat([self.one(w) for w in ws.split(1)])
