"""Compares model folders, as Poise and as Hugging Face transformers compute them.

Random token sequences are scored by `poise score` and by transformers in single precision; the log-probability of every
response token must agree. Where the folder has a tokenizer, both must also turn the same texts into the same tokens. A reward
model's rewards of texts must agree with AutoModelForSequenceClassification.
"""

import argparse
import os
import sys

import comparison
import torch
from transformers import AutoConfig, AutoModelForSequenceClassification, PreTrainedTokenizerFast

TEXTS = [
    "A short one.",
    " leading and  double spaces, 'quotes' and \"quotes\"",
    "Numbers 1,234.5 and 007; naïve café — ≻ 漢字 🙂\nnew line\ttab",
]


def text_difference(poise, folder, model):
    """Of tokens of texts: tokenizers must agree before the models can. The tokenizer is tokenizer.json itself, because
    AutoTokenizer rebuilds those of some families, with other spaces before words."""
    tokenizer = PreTrainedTokenizerFast(tokenizer_file=os.path.join(folder, "tokenizer.json"))
    records = [{"prompt": "Say: ", "completion": text} for text in TEXTS]
    worst = 0.0
    for record, score in zip(
        records, poise.records("score", "--model", folder, "--input", "FILE", "--no-eos", records=records)
    ):
        prompt = tokenizer(record["prompt"])["input_ids"]
        response = tokenizer(record["completion"], add_special_tokens=False)["input_ids"]
        with torch.no_grad():
            expected = comparison.log_probabilities(model, prompt, response).tolist()
        worst = max(worst, comparison.largest_difference(score["token_logps"], expected))
    return worst


def reward_difference(poise, folder):
    """Largest difference of a reward. Prompt and response are tokenised apart, and the end-of-sequence token follows."""
    model = AutoModelForSequenceClassification.from_pretrained(folder, dtype=torch.float32).eval()
    tokenizer = PreTrainedTokenizerFast(tokenizer_file=os.path.join(folder, "tokenizer.json"))
    records = [{"prompt": f"Say {number}: ", "completion": text} for number in range(4) for text in TEXTS]
    scores = poise.records("score", "--reward", folder, "--input", "FILE", records=records)
    expected = []
    for record in records:
        end = model.config.eos_token_id
        ids = tokenizer(record["prompt"])["input_ids"]
        ids += tokenizer(record["completion"], add_special_tokens=False)["input_ids"] + [end]
        with torch.no_grad():
            expected.append(model(torch.tensor([ids])).logits[0, 0].item())
    if max(expected) - min(expected) < 1e-3:
        sys.exit(f"{folder}: all rewards are alike, which compares nothing.")
    return comparison.largest_difference([score["reward"] for score in scores], expected)


def is_reward_model(folder):
    return (AutoConfig.from_pretrained(folder).architectures or [""])[0].endswith("ForSequenceClassification")


def policy_differences(poise, folder, count):
    model = comparison.load(folder)
    sequences = comparison.token_sequences(model, count, torch.Generator().manual_seed(1))
    differences = {"tokens": comparison.token_difference(poise, folder, model, sequences)}
    if os.path.exists(os.path.join(folder, "tokenizer.json")):
        differences["texts"] = text_difference(poise, folder, model)
    return differences


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="+", help="model folders")
    parser.add_argument("--poise", default=".build/release/poise", help="the command")
    parser.add_argument("--sequences", type=int, default=24, help="token sequences a model")
    parser.add_argument("--tolerance", type=float, default=1e-4, help="largest difference allowed, in nats a token")
    options = parser.parse_args()

    poise = comparison.Poise(options.poise)
    failed = False
    for folder in options.models:
        if is_reward_model(folder):
            differences = {"rewards": reward_difference(poise, folder)}
        else:
            differences = policy_differences(poise, folder, options.sequences)
        agrees = all(difference <= options.tolerance for difference in differences.values())
        failed = failed or not agrees
        report = ", ".join(f"{name} {difference:.2e}" for name, difference in differences.items())
        print(f"{folder}: largest difference: {report}: {'agrees' if agrees else 'DIFFERS'}")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
