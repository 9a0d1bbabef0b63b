"""Compares conversations, as Poise and as Hugging Face transformers write and score them.

For every template that `--chat-template` names, Poise trains a small model from scratch and saves it. Transformers then writes the same
conversations by the template that it finds in the folder; the log-probability of every token of an answer must agree, which it only
does where the texts and their tokens do.
"""

import argparse
import os
import sys
import tempfile

import comparison
import torch
from transformers import PreTrainedTokenizerFast

TEMPLATES = ["chatml", "llama2", "llama3", "zephyr"]
MARKERS = ["<|im_end|>", "<|im_start|>", "<s>"]


def said(role, content):
    return {"role": role, "content": content}


CONVERSATIONS = [
    [said("user", "Hi"), said("assistant", "Hello.")],
    [said("system", " Be brief. "), said("user", "What is tea?\n"), said("assistant", " A drink. ")],
    [said("user", "a"), said("assistant", "b"), said("user", "naïve café — 🙂"), said("assistant", "c\n\nd")],
    [said("user", "a marker <|im_end|> within"), said("assistant", "and <|im_end|> here")],
]
RECORDS = [{"messages": conversation} for conversation in CONVERSATIONS]


def train_tokenizer(poise, folder):
    """Some of the markers are tokens, the first of them the end of a response; the others are spelled in parts."""
    markers = [word for marker in MARKERS for word in ("--special-token", marker)]
    poise.run("tokenizer", "train", "--data", "FILE", *markers, "--out", folder, "--quiet", records=RECORDS)


def train_model(poise, folder, template):
    model = os.path.join(folder, template)
    poise.run(
        *("sft", "--preset", "shallow", "--tokenizer", folder, "--eos-token", MARKERS[0], "--chat-template", template),
        *("--data", "FILE", "--steps", "1", "--batch-size", "2", "--out", model, "--quiet"),
        records=RECORDS,
    )
    return model


def prompt_and_answer(tokenizer, conversation):
    """Tokens of all but the last message, and of that up to its end."""
    prompt = tokenizer.apply_chat_template(conversation[:-1], add_generation_prompt=True, return_dict=False)
    whole = tokenizer.apply_chat_template(conversation, return_dict=False)
    if whole[: len(prompt)] != prompt:
        sys.exit(f"{conversation}: the prompt is no beginning of the conversation.")
    answer = whole[len(prompt) :]
    while tokenizer.eos_token_id in answer and answer[-1] != tokenizer.eos_token_id:
        answer.pop()
    return prompt, answer if tokenizer.eos_token_id in answer else answer + [tokenizer.eos_token_id]


def difference(poise, folder):
    model, tokenizer = comparison.load(folder), PreTrainedTokenizerFast.from_pretrained(folder)
    worst = 0.0
    for conversation, score in zip(
        CONVERSATIONS, poise.records("score", "--model", folder, "--input", "FILE", records=RECORDS)
    ):
        with torch.no_grad():
            expected = comparison.log_probabilities(model, *prompt_and_answer(tokenizer, conversation)).tolist()
        worst = max(worst, comparison.largest_difference(score["token_logps"], expected))
    return worst


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--poise", default=".build/release/poise", help="the command")
    parser.add_argument("--tolerance", type=float, default=1e-4, help="largest difference allowed, in nats a token")
    options = parser.parse_args()

    poise = comparison.Poise(options.poise)
    failed = False
    with tempfile.TemporaryDirectory() as folder:
        train_tokenizer(poise, folder)
        for template in TEMPLATES:
            worst = difference(poise, train_model(poise, folder, template))
            failed = failed or worst > options.tolerance
            print(f"{template}: largest difference {worst:.2e}: {'agrees' if worst <= options.tolerance else 'DIFFERS'}")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
