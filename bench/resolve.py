"""How well names are resolved to entities, and what that costs as names grow.

python bench/resolve.py quality FILE...            # records with clusters, in the format of docs/data-format.md
python bench/resolve.py quality FILE... --errors   # also the pairs of names wrongly parted and wrongly merged
python bench/resolve.py growth                     # 1,000 to 1,000,000 invented names: minutes

Quality: the mentions of all texts of a file, references left out, are resolved at once, as those of a graph are. The
annotation says which mentions of one text name one thing, so B-cubed precision and recall compare each mention with the
others of its text; two names that were merged wrongly through another text count where one text holds both. Beside the
resolver stand two ablations: equal texts only, and every two names of a type that a plain ratio (rapidfuzz's WRatio, at
0.8) links, directly or not.
"""

import argparse
import random
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from resource import RUSAGE_SELF, getrusage
from time import perf_counter

from rapidfuzz.fuzz import WRatio
from rapidfuzz.process import cdist

from relex_kg.canon.decisions import Decisions
from relex_kg.canon.resolver import Resolver
from relex_kg.errors import RelexError
from relex_kg.ids import MentionId, document_id, mention_id
from relex_kg.training.data import Record, read_records
from relex_kg.types import Mention, Span

Parts = Mapping[MentionId, object]
"""For each mention, what tells its entity from others."""

_RATIO = 80
_SIZES = (1_000, 10_000, 100_000, 1_000_000)


@dataclass(frozen=True, slots=True)
class Annotated:
    """The names of some texts, and the cluster that each stands in."""

    mentions: tuple[Mention, ...]
    clusters: Parts


@dataclass(frozen=True, slots=True)
class Score:
    """B-cubed over some mentions."""

    mentions: int
    precision: float
    recall: float

    @property
    def f1(self) -> float:
        return 2 * self.precision * self.recall / (self.precision + self.recall)


def read_annotated(path: Path) -> Annotated:
    """The named mentions of the records that have clusters; a mention in no cluster stands for itself."""
    mentions: dict[MentionId, Mention] = {}
    clusters: dict[MentionId, object] = {}
    for number, record in enumerate(read_records(path)):
        if record.clusters is not None:
            for mention, cluster in _named(record, f"{number}"):
                mentions[mention.id] = mention
                clusters[mention.id] = cluster
    return Annotated(tuple(mentions.values()), clusters)


def _named(record: Record, text: str) -> Iterator[tuple[Mention, object]]:
    document = document_id(f"record:{text}")
    cluster_of = {entity: number for number, members in enumerate(record.clusters or ()) for entity in members}
    for position, entity in enumerate(record.entities):
        if not entity.reference:
            span = Span(entity.start, entity.end)
            id = mention_id(document, span.start, span.end, entity.type)
            cluster = (text, cluster_of.get(position, f"alone {position}"))
            yield Mention(id, document, span, span.of(record.text), entity.type, 1.0), cluster


def resolved(mentions: Sequence[Mention]) -> Parts:
    """What the resolver makes of the mentions."""
    clusters = Resolver(Decisions.none()).resolve(mentions).clusters
    return {id: number for number, cluster in enumerate(clusters) for id in cluster.mentions}


def exact(mentions: Sequence[Mention]) -> Parts:
    """Equal texts of a type are one."""
    return {mention.id: (mention.type, mention.text) for mention in mentions}


def plain_ratio(mentions: Sequence[Mention]) -> Parts:
    """Names of a type are one that a chain of pairs links whose WRatio is at least 0.8."""
    texts: defaultdict[str, set[str]] = defaultdict(set)
    for mention in mentions:
        texts[mention.type].add(mention.text)
    linked = {type: _linked(sorted(names)) for type, names in texts.items()}
    return {mention.id: (mention.type, linked[mention.type][mention.text]) for mention in mentions}


def _linked(names: Sequence[str]) -> dict[str, int]:
    group_of = list(range(len(names)))

    def least(place: int) -> int:
        while group_of[place] != place:
            group_of[place] = group_of[group_of[place]]
            place = group_of[place]
        return place

    for start in range(0, len(names), 500):
        scores = cdist(names[start : start + 500], names, scorer=WRatio, score_cutoff=_RATIO)
        for row, column in zip(*scores.nonzero(), strict=True):
            left, right = sorted((least(start + int(row)), least(int(column))))
            group_of[right] = left
    return {name: least(place) for place, name in enumerate(names)}


def b_cubed(annotated: Annotated, parts: Parts) -> dict[str, Score]:
    """Scores by type, most mentions first, and over "all"."""
    texts: defaultdict[object, list[Mention]] = defaultdict(list)
    for mention in annotated.mentions:
        texts[mention.document_id].append(mention)
    shares: defaultdict[str, list[tuple[float, float]]] = defaultdict(list)
    for members in texts.values():
        same = Counter((annotated.clusters[mention.id], parts[mention.id]) for mention in members)
        gold = Counter(annotated.clusters[mention.id] for mention in members)
        guessed = Counter(parts[mention.id] for mention in members)
        for mention in members:
            cluster, part = annotated.clusters[mention.id], parts[mention.id]
            both = same[cluster, part]
            for group in (mention.type, "all"):
                shares[group].append((both / guessed[part], both / gold[cluster]))
    return {
        group: Score(len(pairs), *(sum(side) / len(pairs) for side in zip(*pairs, strict=True)))
        for group, pairs in sorted(shares.items(), key=lambda item: -len(item[1]))
    }


def errors(annotated: Annotated, parts: Parts) -> Counter[tuple[str, str, str, str]]:
    """(what went wrong, type, name, name) of the mentions of one text, with how many texts show it."""
    texts: defaultdict[object, list[Mention]] = defaultdict(list)
    for mention in annotated.mentions:
        texts[mention.document_id].append(mention)
    wrong: Counter[tuple[str, str, str, str]] = Counter()
    for members in texts.values():
        seen = set()
        for one, other in combinations(members, 2):
            together = annotated.clusters[one.id] == annotated.clusters[other.id]
            if one.type == other.type and together != (parts[one.id] == parts[other.id]):
                left, right = sorted((one.text, other.text))
                seen.add(("parted" if together else "merged", one.type, left, right))
        wrong.update(seen)
    return wrong


WAYS: Mapping[str, Callable[[Sequence[Mention]], Parts]] = {
    "relex-kg": resolved,
    "exact": exact,
    "plain ratio at 0.8": plain_ratio,
}


def quality(paths: Iterable[Path], *, ways: Sequence[str], types: int, show_errors: bool) -> Iterator[str]:
    """A table for each file, a row for each type with most mentions."""
    for path in paths:
        annotated = read_annotated(path)
        texts = len({mention.document_id for mention in annotated.mentions})
        yield f"{path.name}: {texts} texts, {len(annotated.mentions)} mentions"
        yield f"{'type':<22}{'mentions':>9}" + "".join(f"{way:>28}" for way in ways)
        yield f"{'':<31}" + "".join(f"{'precision':>12}{'recall':>8}{'F1':>8}" for _ in ways)
        parts = {way: WAYS[way](annotated.mentions) for way in ways}
        scores = {way: b_cubed(annotated, parts[way]) for way in ways}
        for type in list(scores[ways[0]])[: types + 1]:
            row = [scores[way][type] for way in ways]
            figures = "".join(f"{score.precision:>12.4f}{score.recall:>8.4f}{score.f1:>8.4f}" for score in row)
            yield f"{type[:21]:<22}{row[0].mentions:>9}{figures}"
        if show_errors:
            for (kind, type, left, right), count in sorted(
                errors(annotated, parts[ways[0]]).items(), key=lambda item: (-item[1], item[0])
            ):
                yield f"{kind}\t{count}\t{type}\t{left}\t{right}"
        yield ""


def invented(count: int) -> list[Mention]:
    """Mentions of so many distinct names, half people and half organisations, ten a document; always the same."""
    chance = random.Random(0)
    syllables = [first + second for first in "bdfgklmnprstv" for second in ("a", "e", "i", "o", "u", "an", "er", "or")]

    def word(least: int, most: int) -> str:
        return "".join(chance.choices(syllables, k=chance.randint(least, most))).capitalize()

    given = [word(1, 2) for _ in range(800)]
    surnames = [word(2, 3) for _ in range(max(200, count // 40))]
    grounds = [word(2, 3) for _ in range(max(200, count // 60))]
    kinds = ("Bank", "Steel", "University", "Museum", "Party", "Airlines", "Ministry", "Institute of Science", "Union")
    people: dict[str, None] = {}
    while len(people) < count // 2:
        middle = chance.choice(("", "", "A. ", "J. ", f"{chance.choice(given)} "))
        people[f"{chance.choice(given)} {middle}{chance.choice(surnames)}"] = None
    firms: dict[str, None] = {}
    while len(firms) < count - len(people):
        tail = chance.choice(("", "", " Inc.", " Group"))
        firms[f"{chance.choice(grounds)} {chance.choice(grounds)} {chance.choice(kinds)}{tail}"] = None
    names = [*(("Person", name) for name in people), *(("Organization", name) for name in firms)]
    chance.shuffle(names)
    mentions = []
    for number, (type, name) in enumerate(names):
        document = document_id(f"invented:{number // 10}")
        span = Span(100 * (number % 10), 100 * (number % 10) + len(name))
        mentions.append(Mention(mention_id(document, span.start, span.end, type), document, span, name, type, 1.0))
    return mentions


def grow(count: int) -> str:
    """One row: names, seconds of resolving, peak memory of this process, entities."""
    mentions = invented(count)
    began = perf_counter()
    resolution = Resolver(Decisions.none()).resolve(mentions)
    seconds = perf_counter() - began
    memory = getrusage(RUSAGE_SELF).ru_maxrss / 1024
    return f"{count:>10,}{seconds:>10.2f}{1e6 * seconds / count:>14.0f}{memory:>10.0f}{len(resolution.clusters):>11,}"


def growth(sizes: Iterable[int]) -> Iterator[str]:
    """A row for each size, each in a process of its own."""
    yield f"{'names':>10}{'seconds':>10}{'us per name':>14}{'MiB':>10}{'entities':>11}"
    for size in sizes:
        command = [sys.executable, __file__, "growth", "--alone", str(size)]
        yield subprocess.run(command, check=True, capture_output=True, text=True).stdout.rstrip("\n")


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Measure how names are resolved to entities.")
    commands = parser.add_subparsers(dest="command", required=True)
    judged = commands.add_parser("quality", help="B-cubed precision and recall on annotated clusters")
    judged.add_argument("files", nargs="+", type=Path, metavar="FILE")
    judged.add_argument("--ways", nargs="+", choices=WAYS, default=list(WAYS), help="what to compare; default: all")
    judged.add_argument("--types", type=int, default=8, help="how many types to list, those with most mentions")
    judged.add_argument("--errors", action="store_true", help="also list the wrong pairs of the first way")
    grown = commands.add_parser("growth", help="seconds and memory as names grow")
    grown.add_argument("--sizes", nargs="+", type=int, default=_SIZES, metavar="NAMES")
    grown.add_argument("--alone", type=int, metavar="NAMES", help="one size in this very process")
    given = parser.parse_args(arguments)
    try:
        if given.command == "quality":
            lines = quality(given.files, ways=given.ways, types=given.types, show_errors=given.errors)
        else:
            lines = iter([grow(given.alone)]) if given.alone else growth(given.sizes)
        for line in lines:
            print(line, flush=True)
    except RelexError as error:
        print(f"Error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
