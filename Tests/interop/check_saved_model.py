"""Compares model folders, as Poise and as Hugging Face transformers compute them.

Random token sequences are scored by `poise score` and by AutoModelForCausalLM in single precision; the log-probability of
every response token must agree. Where the folder has a tokenizer, both must also turn the same texts into the same tokens. A
reward model's rewards of texts must agree with AutoModelForSequenceClassification.
"""

import argparse
import json
import math
import os
import subprocess
import sys
import tempfile

os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["TRANSFORMERS_VERBOSITY"] = "error"

import torch
from transformers import AutoConfig, AutoModelForCausalLM, AutoModelForSequenceClassification, PreTrainedTokenizerFast
from transformers.utils import logging

TEXTS = [
    "A short one.",
    " leading and  double spaces, 'quotes' and \"quotes\"",
    "Numbers 1,234.5 and 007; naïve café — ≻ 漢字 🙂\nnew line\ttab",
]


def token_sequences(model, count, generator):
    """Prompts and responses of assorted lengths; the longest pair fills the context or 192 tokens."""
    config = model.config
    context = min(getattr(config, "max_position_embeddings", None) or 192, 192)
    lengths = [(1, 1), (1, context - 1), (context - 1, 1)]
    while len(lengths) < count:
        prompt = int(torch.randint(1, context - 1, (1,), generator=generator))
        lengths.append((prompt, int(torch.randint(1, context - prompt + 1, (1,), generator=generator))))

    def tokens(length):
        return torch.randint(0, config.vocab_size, (length,), generator=generator).tolist()

    return [(tokens(prompt), tokens(response)) for prompt, response in lengths]


def transformers_log_probabilities(model, prompt, response):
    with torch.no_grad():
        logits = model(torch.tensor([prompt + response])).logits[0]
    predictions = logits[len(prompt) - 1 : -1].double().log_softmax(-1)
    return predictions.gather(1, torch.tensor(response)[:, None])[:, 0].tolist()


def poise_scores(poise, folder, records, options=("--no-eos",), model_option="--model"):
    with tempfile.NamedTemporaryFile("w", suffix=".jsonl") as file:
        file.writelines(json.dumps(record) + "\n" for record in records)
        file.flush()
        command = [poise, "score", model_option, folder, "--input", file.name, "--json", *options]
        done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    scores = [json.loads(line) for line in done.stdout.splitlines()]
    if len(scores) != len(records):
        sys.exit(f"poise score answered {len(scores)} of {len(records)} lines.")
    return scores


def largest_difference(ours, theirs):
    """Infinite where there is nothing to compare, or something that is not a number."""
    if not ours or len(ours) != len(theirs):
        return math.inf
    differences = [abs(a - b) for a, b in zip(ours, theirs)]
    return math.inf if any(map(math.isnan, differences)) else max(differences)


def compare_tokens(poise, folder, model, sequences):
    """Largest difference of a token's log-probability, over all sequences."""
    records = [{"prompt_ids": prompt, "completion_ids": response} for prompt, response in sequences]
    worst = 0.0
    for (prompt, response), score in zip(sequences, poise_scores(poise, folder, records)):
        expected = transformers_log_probabilities(model, prompt, response)
        worst = max(worst, largest_difference(score["token_logps"], expected))
        worst = max(worst, largest_difference([score["logp"] / len(expected)], [sum(expected) / len(expected)]))
    return worst


def compare_texts(poise, folder, model):
    """The same for texts: tokenizers must agree before the models can. The tokenizer is tokenizer.json itself, because
    AutoTokenizer rebuilds those of some families, with other spaces before words."""
    tokenizer = PreTrainedTokenizerFast(tokenizer_file=os.path.join(folder, "tokenizer.json"))
    records = [{"prompt": "Say: ", "completion": text} for text in TEXTS]
    worst = 0.0
    for record, score in zip(records, poise_scores(poise, folder, records)):
        prompt = tokenizer(record["prompt"])["input_ids"]
        response = tokenizer(record["completion"], add_special_tokens=False)["input_ids"]
        expected = transformers_log_probabilities(model, prompt, response)
        worst = max(worst, largest_difference(score["token_logps"], expected))
    return worst


def compare_rewards(poise, folder):
    """Largest difference of a reward. Prompt and response are tokenised apart, and the end-of-sequence token follows."""
    model = AutoModelForSequenceClassification.from_pretrained(folder, dtype=torch.float32).eval()
    tokenizer = PreTrainedTokenizerFast(tokenizer_file=os.path.join(folder, "tokenizer.json"))
    records = [{"prompt": f"Say {number}: ", "completion": text} for number in range(4) for text in TEXTS]
    scores = poise_scores(poise, folder, records, options=(), model_option="--reward")
    expected = []
    for record in records:
        end = model.config.eos_token_id
        ids = tokenizer(record["prompt"])["input_ids"]
        ids += tokenizer(record["completion"], add_special_tokens=False)["input_ids"] + [end]
        with torch.no_grad():
            expected.append(model(torch.tensor([ids])).logits[0, 0].item())
    if max(expected) - min(expected) < 1e-3:
        sys.exit(f"{folder}: all rewards are alike, which compares nothing.")
    return largest_difference([score["reward"] for score in scores], expected)


def is_reward_model(folder):
    return (AutoConfig.from_pretrained(folder).architectures or [""])[0].endswith("ForSequenceClassification")


def policy_differences(options, folder):
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
    generator = torch.Generator().manual_seed(1)
    sequences = token_sequences(model, options.sequences, generator)
    differences = {"tokens": compare_tokens(options.poise, folder, model, sequences)}
    if os.path.exists(os.path.join(folder, "tokenizer.json")):
        differences["texts"] = compare_texts(options.poise, folder, model)
    return differences


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="+", help="model folders")
    parser.add_argument("--poise", default=".build/release/poise", help="the command")
    parser.add_argument("--sequences", type=int, default=24, help="token sequences a model")
    parser.add_argument("--tolerance", type=float, default=1e-4, help="largest difference allowed, in nats a token")
    options = parser.parse_args()

    logging.disable_progress_bar()
    failed = False
    for folder in options.models:
        if is_reward_model(folder):
            differences = {"rewards": compare_rewards(options.poise, folder)}
        else:
            differences = policy_differences(options, folder)
        agrees = all(difference <= options.tolerance for difference in differences.values())
        failed = failed or not agrees
        report = ", ".join(f"{name} {difference:.2e}" for name, difference in differences.items())
        print(f"{folder}: largest difference: {report}: {'agrees' if agrees else 'DIFFERS'}")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
