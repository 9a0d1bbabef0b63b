"""Data and figures of Scripts/restaurants.sh: descriptions of restaurants and human comparisons in, JSON Lines for poise out; shares
of facts that answers have, with intervals.

Nothing but the standard library.

  restaurants.py topics SOURCE   every second topic of SOURCE/preference/ukpconvarg1_pairs.jsonl.gz, a line each
  restaurants.py data SOURCE OUT examples, prompts and comparisons of SOURCE/{summarisation,preference}; the arguments of
                                 OUT/arguments.{one,other}.jsonl are taken as `poise data import` left them
  restaurants.py agreement OUT   in how many held-out comparisons of descriptions the better one is the one with more reward, by
                                 OUT/{annotator,judge}.rewards.jsonl, the longer one, and the fuller one
  restaurants.py coverage OUT    of what a study's policies answered to test prompts: the share of the prompt's values that are in
                                 an answer word by word, with intervals over prompts
"""

import csv
import gzip
import json
import random
import re
import sys
from pathlib import Path

# Restaurants are described by 547 different sets of facts, each of which several people put into words.
VALIDATION, TEST = 100, 200
RESAMPLES = 2000


# MARK: Files


def records(path):
    with open(path, encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def write(path, items):
    with open(path, "w", encoding="utf-8") as file:
        file.writelines(json.dumps(item, ensure_ascii=False) + "\n" for item in items)


# MARK: Facts


def plain(text):
    return " ".join(text.lower().split())


def prompt(facts):
    """`name: the mill | area: riverside =>`, the same for both collections."""
    return " | ".join(f"{name}: {value}" if value else name for name, value in facts) + " =>"


def facts_of_e2e(text):
    facts = re.findall(r"([^,\[]+)\[([^\]]*)\]", text)
    return [(plain(re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name)), plain(value)) for name, value in facts]


def facts_of_ratings(text):
    """Of `inform(name='x',near=y)`; an act other than informing is said first."""
    act, inner = re.fullmatch(r"\??(\w+)\((.*)\)", text.strip()).groups()
    facts = re.findall(r"(\w+)(?:=('[^']*'|[^,]*))?(?:,|$)", inner)
    said = [] if act == "inform" else [(act.replace("_", " "), "")]
    return said + [(plain(name.replace("_", " ")), plain(value.strip("'"))) for name, value in facts if name]


def values(prompt_text):
    """Values that an answer can be expected to have word by word: what is only yes or no, or none, is not."""
    facts = [fact.partition(": ") for fact in prompt_text.removesuffix(" =>").split(" | ")]
    return [value for _, _, value in facts if value and value not in ("yes", "no", "none", "true", "false", "dont_care")]


def coverage(prompt_text, answer):
    """None where there is nothing to cover."""
    wanted = values(prompt_text)
    return sum(value in plain(answer) for value in wanted) / len(wanted) if wanted else None


# MARK: Data


def topics(source):
    with gzip.open(f"{source}/preference/ukpconvarg1_pairs.jsonl.gz", "rt", encoding="utf-8") as file:
        return sorted({json.loads(line)["topic"] for line in file})[::2]


def descriptions(source, out, order):
    """Sets of facts to learn from, to choose by and to report; and how people put the first into words."""
    with open(f"{source}/summarisation/e2e_devset.csv", encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    meanings = sorted({row["mr"] for row in rows})
    order.shuffle(meanings)
    parts = {"validation": meanings[:VALIDATION], "test": meanings[VALIDATION : VALIDATION + TEST]}
    parts["prompts"] = meanings[VALIDATION + TEST :]
    for name, part in parts.items():
        write(f"{out}/{name}.jsonl", [{"prompt": prompt(facts_of_e2e(meaning))} for meaning in part])
    known = set(parts["prompts"])
    examples = [
        {"prompt": prompt(facts_of_e2e(row["mr"])), "completion": " " + plain(row["ref"])} for row in rows if row["mr"] in known
    ]
    write(f"{out}/examples.jsonl", examples)
    print(f"{len(known)} sets of facts to learn from, {VALIDATION} to choose by, {TEST} to report; {len(examples)} descriptions")
    return examples


def comparisons(source, order):
    """Descriptions of the same facts by different systems, the better one first by the sum of three median ratings; a half of the
    sets of facts for either judge, a fifth of each held out."""
    rated = {}
    for row in records(f"{source}/preference/nlg_emnlp17_medians.jsonl"):
        rating = sum(float(row[kind]) for kind in ("informativeness", "naturalness", "quality"))
        rated.setdefault((row["dataset"], prompt(facts_of_ratings(row["mr"]))), {})[plain(row["sys_ref"])] = rating
    groups = sorted(rated)
    order.shuffle(groups)
    for part in groups[::2], groups[1::2]:
        held = len(part) // 5
        yield pairs(part[held:], rated), pairs(part[:held], rated)


def pairs(groups, rated):
    found = []
    for group in groups:
        answers = sorted(rated[group].items(), key=lambda item: (-item[1], item[0]))
        for index, (chosen, high) in enumerate(answers):
            for rejected, low in answers[index + 1 :]:
                if high > low:
                    found.append({"prompt": group[1], "chosen": " " + chosen, "rejected": " " + rejected, "preference": 1})
    return found


def lowered(item):
    return {key: value.lower() if isinstance(value, str) else value for key, value in item.items()}


def data(source, out):
    order = random.Random(0)
    texts = descriptions(source, out, order)
    parts = zip(("annotator", "judge"), ("one", "other"), comparisons(source, order))
    for name, half, (training, held_out) in parts:
        arguments = [lowered(item) for item in records(f"{out}/arguments.{half}.jsonl")]
        write(f"{out}/{name}.arguments.jsonl", arguments)
        # Descriptions are what will be judged, and there are few: each counts twice.
        learnt = arguments + 2 * training
        write(f"{out}/{name}.train.jsonl", learnt)
        sides = [(item["prompt"], item[side]) for item in held_out for side in ("chosen", "rejected")]
        write(f"{out}/{name}.descriptions.jsonl", [{"prompt": prompt, "completion": text} for prompt, text in sides])
        texts = texts + [{"prompt": item["prompt"], "completion": item["chosen"]} for item in learnt]
        print(f"{name}: {len(arguments)} comparisons of arguments, {len(training)} of descriptions; {len(held_out)} held out")
    write(f"{out}/texts.jsonl", texts)


# MARK: Figures


def interval(shares):
    order = random.Random(1)
    means = sorted(sum(order.choices(shares, k=len(shares))) / len(shares) for _ in range(RESAMPLES))
    return means[int(0.025 * RESAMPLES)], means[int(0.975 * RESAMPLES)]


def with_interval(shares):
    low, high = interval(shares)
    return f"{sum(shares) / len(shares):.3f} [{low:.3f}, {high:.3f}]"


def agreement(out):
    for name in "annotator", "judge":
        sides = records(f"{out}/{name}.descriptions.jsonl")
        measures = {
            "the judge's": [line["reward"] for line in records(f"{out}/{name}.rewards.jsonl")],
            "the longer one": [len(side["completion"].split()) for side in sides],
            "the one with more of the values": [coverage(side["prompt"], side["completion"]) or 0 for side in sides],
        }
        print(f"{name}, {len(sides) // 2} held-out comparisons of descriptions: the better one is")
        for measure, scores in measures.items():
            verdicts = [1.0 if a > b else 0.5 if a == b else 0.0 for a, b in zip(scores[::2], scores[1::2])]
            print(f"  {measure} in {with_interval(verdicts)}")


def coverage_table(out):
    answers = Path(out) / "study" / "answers"
    policies = {"supervised": [answers / "supervised.test.jsonl"]}
    for path in sorted(answers.glob("all/*/*/*/*.test.jsonl")):
        policies.setdefault(path.relative_to(answers).parts[1], []).append(path)
    print(f"{'':12} {'values said':22}  words")
    for name, paths in policies.items():
        seeds = [records(path) for path in paths]
        # Seeds answer the same prompts: their mean, prompt by prompt.
        shares, words = [], []
        for same in zip(*seeds):
            covered = [coverage(answer["prompt"], answer["completion"]) for answer in same]
            if None not in covered:
                shares.append(sum(covered) / len(covered))
            words += [len(answer["completion"].split()) for answer in same]
        print(f"{name:12} {with_interval(shares)} {sum(words) / len(words):6.1f}")


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["topics", source]:
            print("\n".join(topics(source)))
        case ["data", source, out]:
            data(source, out)
        case ["agreement", out]:
            agreement(out)
        case ["coverage", out]:
            coverage_table(out)
        case _:
            sys.exit(__doc__)
