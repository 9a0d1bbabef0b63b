"""Compares T5s, as Poise and as Hugging Face transformers compute them.

Random models of both generations (a rectifier and a tied, scaled head; a gate and a head of its own) are scored by `poise score` and by
T5ForConditionalGeneration in single precision; the log-probability of every response token must agree, and greedy decoding must choose
the same tokens. Then `poise sft` trains each for a step, and transformers must load what it saves and find what Poise finds.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile

os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["TRANSFORMERS_VERBOSITY"] = "error"

import torch
from transformers import T5Config, T5ForConditionalGeneration
from transformers.utils import logging

GREEDY_TOKENS = 64


def random_model(is_gated):
    torch.manual_seed(1)
    config = T5Config(
        vocab_size=211, d_model=48, d_kv=12, d_ff=80, num_layers=2, num_decoder_layers=3, num_heads=4,
        feed_forward_proj="gated-gelu" if is_gated else "relu", tie_word_embeddings=not is_gated, decoder_start_token_id=0,
        pad_token_id=0, eos_token_id=1,
    )
    model = T5ForConditionalGeneration(config).eval()
    if is_gated:
        model.lm_head.weight = torch.nn.Parameter(torch.randn(config.vocab_size, config.d_model) * config.d_model**-0.5)
    with torch.no_grad():
        for name, values in model.named_parameters():
            if "relative_attention_bias" in name:
                values.copy_(torch.randn_like(values))
            elif "layer_norm" in name:
                values.mul_(1 + 0.1 * torch.randn_like(values))
    return model


def sequences(model):
    generator = torch.Generator().manual_seed(2)
    lengths = [(1, 1), (1, 150), (150, 1), (40, 33), (33, 40), (97, 64), (7, 12)]

    def tokens(length):
        return torch.randint(2, model.config.vocab_size, (length,), generator=generator).tolist()

    return [(tokens(prompt), tokens(response)) for prompt, response in lengths]


def log_probabilities(model, prompt, response):
    start = [model.config.decoder_start_token_id]
    with torch.no_grad():
        logits = model(input_ids=torch.tensor([prompt]), decoder_input_ids=torch.tensor([start + response[:-1]])).logits[0]
    return logits.double().log_softmax(-1).gather(1, torch.tensor(response)[:, None])[:, 0].tolist()


def run(poise, command, records, *options):
    with tempfile.NamedTemporaryFile("w", suffix=".jsonl") as file:
        file.writelines(json.dumps(record) + "\n" for record in records)
        file.flush()
        done = subprocess.run(
            [poise, command, *(file.name if option is None else option for option in options)], check=True,
            stdout=subprocess.PIPE, text=True)
    return done.stdout


def token_difference(poise, folder, model, examples):
    records = [{"prompt_ids": prompt, "completion_ids": response} for prompt, response in examples]
    lines = run(poise, "score", records, "--model", folder, "--input", None, "--json", "--no-eos").splitlines()
    worst = 0.0
    for (prompt, response), line in zip(examples, lines, strict=True):
        expected = log_probabilities(model, prompt, response)
        found = json.loads(line)["token_logps"]
        worst = max([worst] + [abs(a - b) for a, b in zip(found, expected, strict=True)])
    return worst


def greedy_agrees(poise, folder, model, examples):
    records = [{"prompt_ids": prompt} for prompt, _ in examples]
    lines = run(
        poise, "sample", records, "--model", folder, "--prompts", None, "--greedy", "--max-new-tokens", str(GREEDY_TOKENS),
        "--json").splitlines()
    for (prompt, _), line in zip(examples, lines, strict=True):
        with torch.no_grad():
            # Its cache has as many blocks as the encoder, which has fewer.
            expected = model.generate(
                torch.tensor([prompt]), do_sample=False, max_new_tokens=GREEDY_TOKENS, num_beams=1, use_cache=False)[0, 1:].tolist()
        if json.loads(line)["completion_ids"] != expected:
            return False
    return True


def trained(poise, folder, out, examples):
    records = [{"prompt_ids": prompt, "completion_ids": response} for prompt, response in examples]
    run(
        poise, "sft", records, "--model", folder, "--data", None, "--out", out, "--steps", "1", "--batch-size", "4", "--quiet")
    return out


def check(poise, is_gated, tolerance):
    with tempfile.TemporaryDirectory() as folder:
        model = random_model(is_gated)
        model.save_pretrained(folder)
        examples = sequences(model)
        first = token_difference(poise, folder, model, examples)
        greedy = greedy_agrees(poise, folder, model, examples)
        saved = trained(poise, folder, os.path.join(folder, "run"), examples)
        loaded = T5ForConditionalGeneration.from_pretrained(saved, dtype=torch.float32).eval()
        second = token_difference(poise, saved, loaded, examples)
        moved = max(abs(a - b) for a, b in zip(log_probabilities(loaded, *examples[0]), log_probabilities(model, *examples[0])))
    agrees = first <= tolerance and second <= tolerance and greedy and moved > 0
    print(
        f"T5{' v1.1' if is_gated else ''}: largest difference: tokens {first:.2e}, after a step {second:.2e}; greedy tokens "
        f"{'equal' if greedy else 'DIFFER'}: {'agrees' if agrees else 'DIFFERS'}")
    return agrees


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--poise", default=".build/release/poise", help="the command")
    parser.add_argument("--tolerance", type=float, default=1e-4, help="largest difference allowed, in nats a token")
    options = parser.parse_args()
    logging.disable_progress_bar()
    results = [check(options.poise, is_gated, options.tolerance) for is_gated in (False, True)]
    sys.exit(0 if all(results) else 1)


if __name__ == "__main__":
    main()
