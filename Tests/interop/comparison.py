"""What a model says, as Poise and as Hugging Face transformers compute it."""

import json
import math
import os
import shutil
import subprocess
import sys
import tempfile

os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["TRANSFORMERS_VERBOSITY"] = "error"

import torch
from transformers import AutoConfig, AutoModelForCausalLM, AutoModelForSeq2SeqLM
from transformers.utils import logging

logging.disable_progress_bar()
torch.set_num_threads(1)  # the models are small


def language_model_class(config):
    return AutoModelForSeq2SeqLM if config.is_encoder_decoder else AutoModelForCausalLM


def load(folder):
    """The folder's language model in single precision, whatever it is stored in."""
    config = AutoConfig.from_pretrained(folder)
    return language_model_class(config).from_pretrained(folder, dtype=torch.float32).eval()


def context_length(model):
    return getattr(model.config, "max_position_embeddings", None) or 192


def predictions(model, prompt, response):
    """Logits of each token of the response, and of the token that would follow it."""
    if model.config.is_encoder_decoder:
        start = model.config.decoder_start_token_id
        return model(input_ids=torch.tensor([prompt]), decoder_input_ids=torch.tensor([[start] + response])).logits[0]
    return model(torch.tensor([prompt + response])).logits[0, len(prompt) - 1 :]


def log_probabilities(model, prompt, response):
    """Of the response's tokens, in double precision from the logits on."""
    logits = predictions(model, prompt, response)[:-1].double()
    return logits.log_softmax(-1).gather(1, torch.tensor(response)[:, None])[:, 0]


def greedy(model, prompt, count):
    response = []
    with torch.no_grad():
        for _ in range(count):
            response.append(int(predictions(model, prompt, response)[-1].argmax()))
    return response


def token_sequences(model, count, generator):
    """Prompts and responses of assorted lengths; the longest pair fills the context or 192 tokens."""
    context = min(context_length(model), 192)
    lengths = [(1, 1), (1, context - 1), (context - 1, 1)]
    while len(lengths) < count:
        prompt = int(torch.randint(1, context - 1, (1,), generator=generator))
        lengths.append((prompt, int(torch.randint(1, context - prompt + 1, (1,), generator=generator))))
    return [(tokens(model, prompt, generator), tokens(model, response, generator)) for prompt, response in lengths]


def tokens(model, count, generator):
    return torch.randint(0, model.config.vocab_size, (count,), generator=generator).tolist()


class Poise:
    """The command, run as a user runs it."""

    def __init__(self, path):
        self.path = path

    def run(self, *arguments, records):
        """What the command prints; `FILE` among the arguments is the records' file."""
        with tempfile.NamedTemporaryFile("w", suffix=".jsonl") as file:
            file.writelines(json.dumps(record) + "\n" for record in records)
            file.flush()
            words = [file.name if argument == "FILE" else str(argument) for argument in arguments]
            done = subprocess.run([self.path, *words], check=True, stdout=subprocess.PIPE, text=True)
        return done.stdout

    def records(self, *arguments, records):
        lines = self.run(*arguments, "--json", records=records).splitlines()
        if len(lines) != len(records):
            sys.exit(f"poise {arguments[0]} answered {len(lines)} of {len(records)} lines.")
        return [json.loads(line) for line in lines]


def largest_difference(ours, theirs):
    """Infinite where there is nothing to compare, or something that is not a number."""
    if not ours or len(ours) != len(theirs):
        return math.inf
    differences = [abs(a - b) for a, b in zip(ours, theirs)]
    return math.inf if any(map(math.isnan, differences)) else max(differences)


def token_difference(poise, folder, model, sequences):
    """Largest difference of a token's log-probability, over all sequences."""
    records = [{"prompt_ids": prompt, "completion_ids": response} for prompt, response in sequences]
    worst = 0.0
    for (prompt, response), score in zip(
        sequences, poise.records("score", "--model", folder, "--input", "FILE", records=records)
    ):
        with torch.no_grad():
            expected = log_probabilities(model, prompt, response).tolist()
        worst = max(worst, largest_difference(score["token_logps"], expected))
        worst = max(worst, largest_difference([score["logp"] / len(expected)], [sum(expected) / len(expected)]))
    return worst


def check_all(checks):
    """Runs checks by name, each in a folder of its own, prints what they say, and ends the program: with 1 where one says no, or
    there is none. A check returns whether everything agrees, and a line that says how well."""
    failed = not checks
    for name, check in checks:
        scratch = tempfile.mkdtemp(prefix="poise-interop-")
        try:
            agrees, line = check(scratch)
        finally:
            shutil.rmtree(scratch)
        failed = failed or not agrees
        print(f"{name}: {line}: {'agrees' if agrees else 'DIFFERS'}", flush=True)
    sys.exit(1 if failed else 0)
