#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
# The truth of tracks.txt for one clip and a run's tracks, as MOTChallenge text, appended to two files:
#     tracks.py CLIP RUN TRUTH FOUND OFFSET persons|clip [all]
# Frames are moved by OFFSET. Numbers: with `persons` those of the persons, the same in every clip, and the run's own;
# with `clip` each clip has numbers of its own. A face printed on a shirt, or a person cut off by the picture's right
# edge, has no truth: tracks that begin there are left out, unless `all` is given. Says how many frames the clip has.
import collections
import os
import sys

HEADS, EDGE = 0.5, 0.85  # shares of the picture's height and width: beyond them nobody of the truth is
SIZES = {"P": (640, 480)}
PERSONS = ["P1", "P2", "P3", "P4", "P5", "F1", "M1", "M2", "F2"]


def read_keys(clip):
    keys = collections.OrderedDict()
    with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "tracks.txt"), encoding="utf-8") as lines:
        for line in lines:
            words = line.split()
            if words and words[0] == clip:
                keys.setdefault(words[1], []).append((int(words[2]), [float(w) for w in words[3:7]]))
    return keys


def between(rows, frame):
    for (f0, a), (f1, b) in zip(rows, rows[1:]):
        if f0 <= frame <= f1:
            t = (frame - f0) / (f1 - f0)
            return [p + t * (q - p) for p, q in zip(a, b)]
    return rows[-1][1]


def main():
    clip, run, truth, found, offset, numbers = sys.argv[1:7]
    offset, everything = int(offset), len(sys.argv) > 7
    keys = read_keys(clip)
    last = max(rows[-1][0] for rows in keys.values())
    own = 1000 * offset if numbers == "clip" else 0
    with open(truth, "a", encoding="utf-8") as out:
        for person, rows in keys.items():
            for frame in range(1, last + 1):
                box = ",".join("%.1f" % v for v in between(rows, frame))
                out.write("%d,%d,%s,1,-1,-1,-1\n" % (frame + offset, own + PERSONS.index(person) + 1, box))
    w, h = SIZES.get(clip[0], (480, 270))
    outside = {}
    with open(run, encoding="utf-8") as lines, open(found, "a", encoding="utf-8") as out:
        for line in lines:
            words = line.split(",")
            frame, track = int(words[0]), int(words[1])
            if numbers == "persons":  # a run over many clips: only this one's frames
                if not offset < frame <= offset + last:
                    continue
                frame -= offset
            x, y, bw, bh = (float(v) for v in words[2:6])
            outside.setdefault(track, (y + bh / 2) / h > HEADS or (x + bw / 2) / w > EDGE)
            if everything or not outside[track]:
                out.write("%d,%d,%s" % (frame + offset, own + track, ",".join(words[2:])))
    print(last)


main()
