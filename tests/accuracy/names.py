#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
# Reads a run's JSON lines and says for each track longer than a second who it was and how it was named:
#     clip track person seconds right|wrong|unknown|kept|given name
# names.py CLIP FILE ENROLLED REGION...   ENROLLED: "P1,P2"; REGION: person:from-to, shares of the picture's width
# A track of an enrolled person is right, wrong or unknown by the name it carries when it ends, and wrong when it ever
# carried another's for a fifth of its time; one of a stranger is kept unknown, or was given a name in any frame.
import collections
import json
import sys


HEADS = 0.5  # a head's centre lies above this share of the height; what is below is a picture on a shirt


def person_at(x, y, regions):
    if y > HEADS:
        return "nobody"
    for person, low, high in regions:
        if low <= x < high:
            return person
    return "nobody"


def main():
    clip, path, enrolled = sys.argv[1], sys.argv[2], set(sys.argv[3].split(","))
    regions = []
    for word in sys.argv[4:]:
        person, span = word.split(":")
        low, high = span.split("-")
        regions.append((person, float(low), float(high)))
    tracks = collections.OrderedDict()
    with open(path, encoding="utf-8") as lines:
        header = json.loads(next(lines))
        width, height = header["width"], header["height"]
        for line in lines:
            frame = json.loads(line)
            for face in frame["faces"]:
                x, y, w, h = face["box"]
                tracks.setdefault(face["track"], []).append(
                    (frame["time"], (x + w / 2) / width, (y + h / 2) / height, face.get("name")))
    for number, seen in tracks.items():
        seconds = seen[-1][0] - seen[0][0]
        if seconds < 1:
            continue
        person = person_at(sum(s[1] for s in seen) / len(seen), sum(s[2] for s in seen) / len(seen), regions)
        names = [s[3] for s in seen]
        others = [n for n in names if n and n != person]
        if person in enrolled:
            bad = len(others) > len(seen) / 5 or (names[-1] and names[-1] != person)
            verdict = "wrong" if bad else "right" if names[-1] == person else "unknown"
        else:
            verdict = "given" if others else "kept"
        said = collections.Counter(n or "-" for n in names).most_common(1)[0][0]
        print(clip, number, person, f"{seconds:.2f}", verdict, said)


main()
