"""Data and figures of Scripts/summaries.sh: papers in, JSON Lines for poise out; samples in, ROUGE with intervals out.

Nothing but the standard library. ROUGE is the F measure on lower-case words of letters and digits, without stemming; where a
paper has several references, the best of them, measure by measure.

  summaries.py data SOURCE OUT [MOST]       examples and prompts of the (first MOST) papers in SOURCE/scitldr_a_{train,dev}.jsonl
  summaries.py baselines PROMPTS OUT        OUT/{lead,other}.jsonl: answers that need no model
  summaries.py nats SCORES                  nats a token, from what `poise score --json` printed
  summaries.py pairs PROMPTS SAMPLES…       comparisons for a judge to learn from, by ROUGE, on standard output
  summaries.py test-pairs PROMPTS SAMPLES…  pairs of answers to each prompt, from one half of the samples and the other, likewise
  summaries.py agreement PAIRS              how often the answer with more words of the abstract is the better one
  summaries.py judge PROMPTS                a judge by ROUGE for `poise compare --judge "command:…"`
  summaries.py rouge PROMPTS NAME=SAMPLES…  ROUGE with intervals, words; shares of copied 3-grams, distinct 2-grams, different answers
  summaries.py gains PROMPTS NEW OLD …      the gain of each NEW over the OLD behind it, paper by paper, with intervals
"""

import json
import math
import random
import re
import sys
from collections import Counter
from functools import lru_cache

# What a policy reads of an abstract. Nearly half of the abstracts are no longer.
ABSTRACT_WORDS = 150
# By what difference of ROUGE the odds of being preferred grow by the factor e.
PREFERENCE_SCALE = 0.02
RESAMPLES = 2000


# MARK: Files


def records(path):
    with open(path, encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def text(items):
    return "".join(json.dumps(item, ensure_ascii=False) + "\n" for item in items)


def write(path, items):
    with open(path, "w", encoding="utf-8") as file:
        file.write(text(items))


def answers(path, prompts):
    """The answers in a file of samples, a list for each prompt."""
    samples = records(path)
    each, rest = divmod(len(samples), len(prompts))
    if rest or any(samples[i]["prompt"] != prompts[i // each]["prompt"] for i in range(len(samples))):
        sys.exit(f"{path} does not answer these prompts.")
    return [[sample["completion"] for sample in samples[i * each : (i + 1) * each]] for i in range(len(prompts))]


# MARK: Papers


def plain(line):
    return " ".join(line.lower().split())


def prompt(sentences, wanted="summary"):
    abstract = plain(" ".join(sentences)).split()
    return " ".join(abstract[:ABSTRACT_WORDS]) + f"\n\n{wanted}:"


def example(sentences, completion, wanted="summary"):
    return {"prompt": prompt(sentences, wanted), "completion": " " + plain(completion)}


def exercises(paper, order):
    """What a paper teaches beside its summary: its title (Cachola et al. 2020), a sentence that was left out of the abstract
    (Zhang et al. 2020), and the sentence that says most of the summary, which is there to be copied."""
    sentences = paper["source"]
    yield example(sentences, paper["title"], "title")
    for gap in order.sample(range(len(sentences)), min(2, len(sentences))):
        if len(sentences) > 2:
            yield example(sentences[:gap] + sentences[gap + 1 :], sentences[gap], "missing")
    yield example(sentences, max(sentences, key=lambda sentence: quality(sentence, paper["target"])), "sentence")


def data(source, out, most=None):
    """The papers of the development split are halved: one half to choose settings by, one to report on."""
    most = most and int(most)
    train, dev = (records(f"{source}/scitldr_a_{split}.jsonl")[:most] for split in ("train", "dev"))
    order = random.Random(0)
    order.shuffle(train)
    order.shuffle(dev)
    half = len(dev) // 2
    for name, papers in (("train", train), ("select", dev[:half]), ("report", dev[half:])):
        write(f"{out}/{name}.summaries.jsonl", [example(p["source"], p["target"][0]) for p in papers])
        write(
            f"{out}/{name}.prompts.jsonl",
            [
                {
                    "prompt": prompt(p["source"]),
                    "references": [plain(t) for t in p["target"]],
                    "lead": plain(p["source"][0]),
                }
                for p in papers
            ],
        )
    every = [e for p in train for e in (example(p["source"], p["target"][0]), *exercises(p, order))]
    order.shuffle(every)
    write(f"{out}/train.exercises.jsonl", every)


# MARK: ROUGE


@lru_cache(maxsize=100_000)
def words(line):
    return tuple(re.findall(r"[a-z0-9]+", line.lower()))


def grams(sequence, n):
    return Counter(zip(*(sequence[i:] for i in range(n))))


def f_measure(common, ours, theirs):
    return 2 * common / (ours + theirs) if common else 0.0


def rouge_n(answer, reference, n):
    ours, theirs = grams(words(answer), n), grams(words(reference), n)
    return f_measure((ours & theirs).total(), ours.total(), theirs.total())


def rouge_l(answer, reference):
    ours, theirs = words(answer), words(reference)
    row = [0] * (len(theirs) + 1)
    for word in ours:
        before = 0
        for j, other in enumerate(theirs, 1):
            before, row[j] = row[j], before + 1 if word == other else max(row[j], row[j - 1])
    return f_measure(row[-1], len(ours), len(theirs))


def quality(answer, references):
    """What preferences are made from: the mean of ROUGE-1 and ROUGE-L."""
    return max((rouge_n(answer, r, 1) + rouge_l(answer, r)) / 2 for r in references)


# MARK: Preferences


def comparison(prompt, a, b):
    """Two answers and their qualities as a record, with the better one chosen; the odds say by how much."""
    (chosen, high), (rejected, low) = (a, b) if a[1] >= b[1] else (b, a)
    return {
        "prompt": prompt,
        "chosen": chosen,
        "rejected": rejected,
        "preference": round(1 / (1 + math.exp((low - high) / PREFERENCE_SCALE)), 4),
    }


def pairs(path, *samples):
    """For each paper: its best sample against its worst, the next to best against the next to worst, and its own summary against
    another paper's and against a sample."""
    prompts = records(path)
    columns = [answers(file, prompts) for file in samples]
    order = random.Random(1)
    out = []
    for i, line in enumerate(prompts):

        def rated(answer):
            return answer, quality(answer, line["references"])

        mine = sorted(
            (rated(answer) for column in columns for answer in column[i] if answer.strip()), key=lambda answer: answer[1])
        own, other = (rated(" " + prompts[(i + k) % len(prompts)]["references"][0]) for k in (0, 1))
        for a, b in ((mine[-1], mine[0]), (mine[-2], mine[1]), (own, other), (own, order.choice(mine))):
            out.append(comparison(line["prompt"], a, b))
    order.shuffle(out)
    sys.stdout.write(text(out))


def test_pairs(path, *samples):
    prompts = records(path)
    columns = [answers(file, prompts) for file in samples]
    out = []
    for i, line in enumerate(prompts):
        mine = [answer for column in columns for answer in column[i] if answer.strip()]
        half = len(mine) // 2
        for a, b in zip(mine[:half], mine[half:]):
            rated = [(answer, quality(answer, line["references"])) for answer in (a, b)]
            if rated[0][1] != rated[1][1]:
                out.append(comparison(line["prompt"], *rated))
    sys.stdout.write(text(out))


def agreement(path):
    """A judge that needs no model: the answer with the larger share of words that are in the abstract. A tie is half right."""

    def share(answer, abstract):
        return mean(word in abstract for word in words(answer)) if words(answer) else 0

    right = []
    for pair in records(path):
        abstract = set(words(pair["prompt"]))
        chosen, rejected = (share(pair[side], abstract) for side in ("chosen", "rejected"))
        right.append(0.5 if chosen == rejected else float(chosen > rejected))
    print("more words of the abstract: {:.3f} [{:.3f}, {:.3f}]".format(*interval(right)))


def judge(path):
    references = {line["prompt"]: line["references"] for line in records(path)}
    for line in sys.stdin:
        ask = json.loads(line)
        a, b = (quality(ask[side], references[ask["prompt"]]) for side in ("a", "b"))
        print(json.dumps({"preference": 1 / (1 + math.exp((b - a) / PREFERENCE_SCALE))}), flush=True)


# MARK: Figures


def interval(values):
    """Mean and 95 % bootstrap interval over papers."""
    draw = random.Random(2)
    means = sorted(sum(draw.choices(values, k=len(values))) for _ in range(RESAMPLES))
    return tuple(x / len(values) for x in (sum(values), means[int(0.025 * RESAMPLES)], means[int(0.975 * RESAMPLES)]))


def mean(values):
    values = list(values)
    return sum(values) / len(values)


MEASURES = {
    "ROUGE-1": lambda answer, reference: rouge_n(answer, reference, 1),
    "ROUGE-2": lambda answer, reference: rouge_n(answer, reference, 2),
    "ROUGE-L": rouge_l,
}


def scores(path, prompts):
    """By measure, a value for each paper: the mean over its answers of the best over its references."""
    given = answers(path, prompts)
    return {
        name: [mean(max(100 * f(a, r) for r in line["references"]) for a in mine) for line, mine in zip(prompts, given)]
        for name, f in MEASURES.items()
    }


def copied(answer, abstract):
    """Three-grams of the answer, and how many of them the abstract has."""
    ours, theirs = list(grams(words(answer), 3).elements()), grams(words(abstract), 3)
    return len(ours), sum(gram in theirs for gram in ours)


def rouge(path, *named):
    prompts = records(path)
    print("| | " + " | ".join(MEASURES) + " | words | copied | distinct | different |")
    print("|---|---|---|---|---|---|---|---|")
    for name, file in (item.split("=", 1) for item in named):
        given = answers(file, prompts)
        cells = ["{:.1f} [{:.1f}, {:.1f}]".format(*interval(values)) for values in scores(file, prompts).values()]
        every = [answer for mine in given for answer in mine]
        three = [copied(a, line["prompt"]) for line, mine in zip(prompts, given) for a in mine]
        two = [gram for answer in every for gram in grams(words(answer), 2).elements()]
        cells += [
            f"{mean(len(words(answer)) for answer in every):.1f}",
            f"{sum(c for _, c in three) / max(1, sum(n for n, _ in three)):.2f}",
            f"{len(set(two)) / max(1, len(two)):.2f}",
            f"{len(set(every)) / len(every):.2f}",
        ]
        print(f"| {name} | " + " | ".join(cells) + " |")


def gains(path, *files):
    prompts = records(path)
    print("| | " + " | ".join(MEASURES) + " |\n|---|---|---|---|")
    for new, old in zip(files[::2], files[1::2]):
        (new_name, new_file), (old_name, old_file) = (item.split("=", 1) for item in (new, old))
        after, before = scores(new_file, prompts), scores(old_file, prompts)
        cells = [
            "{:+.1f} [{:+.1f}, {:+.1f}]".format(*interval([x - y for x, y in zip(after[m], before[m])])) for m in MEASURES
        ]
        print(f"| {new_name} over {old_name} | " + " | ".join(cells) + " |")


def baselines(path, out):
    """The first sentence of the abstract, and the summary of another paper."""
    prompts = records(path)
    asked = [line["prompt"] for line in prompts]
    lead = [line["lead"] for line in prompts]
    other = [prompts[(i + 1) % len(prompts)]["references"][0] for i in range(len(prompts))]
    for name, given in (("lead", lead), ("other", other)):
        write(f"{out}/{name}.jsonl", [{"prompt": p, "completion": a} for p, a in zip(asked, given)])


def nats(path):
    scored = records(path)
    print(f"{-sum(line['logp'] for line in scored) / sum(line['tokens'] for line in scored):.3f}")


if __name__ == "__main__":
    commands = [data, baselines, nats, pairs, test_pairs, agreement, judge, rouge, gains]
    {command.__name__.replace("_", "-"): command for command in commands}[sys.argv[1]](*sys.argv[2:])
