#!/usr/bin/python3
# SPDX-License-Identifier: EUPL-1.2
"""Reads what a picture shows in the one font of a town (fonts.conf): each cell is compared with each letter, pixel by
pixel, so that a text is read as it is drawn, or not at all.

font_reader.py PICTURE    prints its text"""
import sys

import numpy
from PIL import Image, ImageDraw, ImageFont

FONT, SIZE = "/usr/share/fonts/opentype/terminus/terminus-bold.otb", 16
LARGE = 2560  # a screen as wide as this, on which all is twice as large
LETTERS = "".join(map(chr, [*range(0x21, 0x7F), *range(0xA1, 0x100)])) + "–—‘’‚“”„…•●€"
HALF = 128  # of what is dark and what is bright
FAR = 4  # cells without ink, behind which something else begins
# The rows of a cell, a number each, make one number.
FACTOR = 0x9E3779B97F4A7C15


def cells_of(ink, width, height):
    """For each pixel: the number of the cell that begins there. That of a cell without ink is 0."""
    rows, cells = numpy.zeros(ink.shape, numpy.uint64), numpy.zeros(ink.shape, numpy.uint64)
    for column in range(width):
        rows[:, : ink.shape[1] - column] += ink[:, column:].astype(numpy.uint64) << numpy.uint64(column)
    for row in range(height):
        cells[: ink.shape[0] - row] += rows[row:] * numpy.uint64(pow(FACTOR, row + 1, 1 << 64))
    return cells


class Letters:
    """Of one size."""

    def __init__(self, size):
        font = ImageFont.truetype(FONT, size, layout_engine=ImageFont.Layout.BASIC)
        _, _, self.width, self.height = font.getbbox("x")
        self.letters = {}
        for letter in LETTERS:
            picture = Image.new("1", (self.width, self.height))
            ImageDraw.Draw(picture).text((0, 0), letter, fill=1, font=font)
            number = int(cells_of(numpy.array(picture), self.width, self.height)[0, 0])
            self.letters.setdefault(number, letter)
        self.numbers = numpy.array(sorted(self.letters), numpy.uint64)

    def letters_in(self, cells):
        """(top, left, letter), in the order of lines; what stands side by side comes one after the other."""
        known = self.numbers[numpy.minimum(numpy.searchsorted(self.numbers, cells), len(self.numbers) - 1)] == cells
        found = [(int(y), int(x), self.letters[int(cells[y, x])]) for y, x in zip(*numpy.nonzero(known))]
        return sorted(found, key=lambda one: (one[0], one[1] % self.width, one[1]))

    def lines_in(self, ink):
        """(top, left, text): letters that stand side by side, with the spaces between them."""
        cells, lines = cells_of(ink, self.width, self.height), []
        for top, left, letter in self.letters_in(cells):
            if lines and lines[-1][0] == top:
                _, begin, text = lines[-1]
                end = begin + len(text) * self.width
                gap, rest = divmod(left - end, self.width)
                if rest == 0 and 0 <= gap <= FAR and not cells[top, end : left : self.width].any():
                    lines[-1] = (top, begin, text + " " * gap + letter)
                    continue
            lines.append((top, left, letter))
        return lines

    def text_in(self, bright):
        """Line by line. Strokes of letters look like other letters: where two are, it is the longer line."""
        taken, kept = numpy.zeros(bright.shape, bool), []
        for top, left, text in sorted(self.lines_in(bright) + self.lines_in(~bright), key=lambda one: -len(one[2])):
            place = taken[top : top + self.height, left : left + len(text) * self.width]
            if not place.any():
                place[:] = True
                kept.append((top, left, text))
        return "\n".join(text for _, _, text in sorted(kept))


class FontReader:
    def __init__(self):
        self.usual, self.large = Letters(SIZE), None

    def text_of(self, picture):
        """A greeter draws larger letters on a large screen; a session's picture is magnified."""
        bright = numpy.array(picture.convert("L")) >= HALF
        if picture.width < LARGE:
            return self.usual.text_in(bright)
        self.large = self.large or Letters(2 * SIZE)
        return f"{self.large.text_in(bright)}\n{self.usual.text_in(bright[::2, ::2])}".strip()


if __name__ == "__main__":
    print(FontReader().text_of(Image.open(sys.argv[1])))
