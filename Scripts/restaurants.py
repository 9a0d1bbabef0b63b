"""Data and figures of Scripts/restaurants.sh: descriptions of restaurants and human comparisons in, JSON Lines for poise out; shares
of facts that answers have, with intervals.

Nothing but the standard library.

  restaurants.py topics SOURCE   every second topic of SOURCE/preference/ukpconvarg1_pairs.jsonl.gz, a line each
  restaurants.py data SOURCE OUT examples, prompts and comparisons of SOURCE/{summarisation,preference}; the arguments of
                                 OUT/arguments.{one,other}.jsonl are taken as `poise data import` left them
  restaurants.py agreement OUT   in how many held-out comparisons of descriptions the better one is the one with more reward, by
                                 OUT/{annotator,judge}.rewards.jsonl, the longer one, and the fuller one; and in how many pairs of
                                 OUT/answers.jsonl both judges prefer the same, by OUT/answers.{annotator,judge}.jsonl
  restaurants.py judge OUT       a judge by facts for `poise … --judge "command:…"`: values that the prompt has, less values that it
                                 has not
  restaurants.py facts OUT STUDY of what the policies of OUT/STUDY answered to test prompts: the share of the prompt's values that
                                 are in an answer word by word, values that the prompt has not, and words; intervals over prompts
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


def attributes(prompt_text):
    return [fact.partition(": ")[::2] for fact in prompt_text.removesuffix(" =>").split(" | ")]


def values(prompt_text):
    """Values that an answer can be expected to have word by word: what is only yes or no, or none, is not."""
    return [value for _, value in attributes(prompt_text) if value and value not in ("yes", "no", "none", "true", "false", "dont_care")]


def coverage(prompt_text, answer):
    """None where there is nothing to cover."""
    wanted = values(prompt_text)
    return sum(value in plain(answer) for value in wanted) / len(wanted) if wanted else None


class Inventions:
    """Values that a prompt has not, of attributes whose values mean nothing else anywhere in a description."""

    TELLING = "name", "near", "food", "area"

    def __init__(self, out):
        prompts = [item["prompt"] for part in ("prompts", "validation", "test") for item in records(f"{out}/{part}.jsonl")]
        self.known = sorted({value for text in prompts for name, value in attributes(text) if name in self.TELLING})

    def count(self, prompt_text, answer):
        own = " ".join(values(prompt_text))
        said = plain(answer)
        return sum(value in said for value in self.known if value not in own)


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


def verdicts(scores, pairs):
    return [1.0 if scores[a] > scores[b] else 0.5 if scores[a] == scores[b] else 0.0 for a, b in pairs]


def rewards(path):
    return [line["reward"] for line in records(path)]


def agreement(out):
    for name in "annotator", "judge":
        sides = records(f"{out}/{name}.descriptions.jsonl")
        measures = {
            "the judge's": rewards(f"{out}/{name}.rewards.jsonl"),
            "the longer one": [len(side["completion"].split()) for side in sides],
            "the one with more of the values": [coverage(side["prompt"], side["completion"]) or 0 for side in sides],
        }
        print(f"{name}, {len(sides) // 2} held-out comparisons of descriptions: the better one is")
        for measure, scores in measures.items():
            print(f"  {measure} in {with_interval(verdicts(scores, zip(range(0, len(sides), 2), range(1, len(sides), 2))))}")
    answers = records(f"{out}/answers.jsonl")
    pairs = [
        (a, b)
        for a in range(len(answers))
        for b in range(a + 1, len(answers))
        if answers[a]["prompt"] == answers[b]["prompt"] and answers[a]["completion"] != answers[b]["completion"]
    ]
    one, other = (verdicts(rewards(f"{out}/answers.{name}.jsonl"), pairs) for name in ("annotator", "judge"))
    alike = [1.0 if first == second else 0.0 for first, second in zip(one, other)]
    print(f"of {len(pairs)} pairs of answers of the supervised policy both judges prefer the same in {with_interval(alike)}")


def judge(out):
    inventions = Inventions(out)

    def score(prompt_text, answer):
        return sum(value in plain(answer) for value in values(prompt_text)) - inventions.count(prompt_text, answer)

    for line in sys.stdin:
        ask = json.loads(line)
        a, b = score(ask["prompt"], ask["a"]), score(ask["prompt"], ask["b"])
        print(json.dumps({"preference": 1.0 if a > b else 0.5 if a == b else 0.0}), flush=True)


def facts(out, study):
    inventions = Inventions(out)
    answers = Path(out) / study / "answers"
    policies = {"supervised": [answers / "supervised.test.jsonl"]}
    for path in sorted(answers.glob("all/*/*/*/*.test.jsonl")):
        policies.setdefault(path.relative_to(answers).parts[1], []).append(path)
    print(f"{'':12} {'values said':22}  {'values invented':22}  words")
    for name, paths in policies.items():
        # Seeds answer the same prompts: their mean, prompt by prompt.
        said, invented, words = [], [], []
        for same in zip(*map(records, paths)):
            said.append(sum(coverage(answer["prompt"], answer["completion"]) for answer in same) / len(same))
            invented.append(sum(inventions.count(answer["prompt"], answer["completion"]) for answer in same) / len(same))
            words += [len(answer["completion"].split()) for answer in same]
        print(f"{name:12} {with_interval(said)}  {with_interval(invented)} {sum(words) / len(words):6.1f}")


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["topics", source]:
            print("\n".join(topics(source)))
        case ["data", source, out]:
            data(source, out)
        case ["agreement", out]:
            agreement(out)
        case ["judge", out]:
            judge(out)
        case ["facts", out, study]:
            facts(out, study)
        case _:
            sys.exit(__doc__)
