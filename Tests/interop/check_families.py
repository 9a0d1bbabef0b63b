"""Random models of every family and option, made by Hugging Face transformers, as Poise reads, computes, trains and saves them.

Of each model are compared, with transformers in single precision:
- log-probabilities of the tokens of random sequences;
- the gradient of DPO's loss on one pair against a second random model, tensor by tensor. It is what one step of gradient
  descent by `poise train dpo --offline` moves the saved weights by, over the learning rate;
- 64 tokens decoded greedily;
- log-probabilities of the folder that this step saved, which transformers loads; its config.json has every key that it had.
"""

import argparse
import json
import math
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import comparison
import torch
from safetensors.torch import load_file, save_file
from transformers import GPT2Config, LlamaConfig, PretrainedConfig, Qwen2Config, T5Config

BETA = 0.1
RATE = 0.5  # a power of two, so that dividing by it is exact


@dataclass
class Case:
    """A kind of model, and what is done to the folder that transformers saves."""

    name: str
    config: PretrainedConfig
    dtype: torch.dtype = torch.float32
    shard_size: str = "1GB"
    edit: Callable[[str], None] = lambda folder: None


def gpt2(**options):
    return GPT2Config(
        **dict(vocab_size=96, n_positions=128, n_embd=32, n_layer=2, n_head=4, bos_token_id=None, eos_token_id=None) | options
    )


def llama(**options):
    return llama_form(LlamaConfig, **options)


def llama_form(config, **options):
    sizes = dict(
        vocab_size=96, max_position_embeddings=128, hidden_size=32, num_hidden_layers=2, num_attention_heads=4,
        num_key_value_heads=4, intermediate_size=40, bos_token_id=None, eos_token_id=None,
    )  # fmt: skip
    return config(**sizes | options)


def t5(**options):
    """Distances go beyond the largest; heads are wider than their share."""
    sizes = dict(
        vocab_size=96, d_model=32, d_kv=12, d_ff=40, num_layers=2, num_decoder_layers=3, num_heads=4,
        relative_attention_num_buckets=8, relative_attention_max_distance=20, decoder_start_token_id=0, pad_token_id=0,
        eos_token_id=None,
    )  # fmt: skip
    return T5Config(**sizes | options)


def rope(kind, **options):
    """A base so small that some frequencies make whole turns within the context, and some do not."""
    return {"rope_type": kind, "rope_theta": 100.0} | options


LLAMA3 = rope("llama3", factor=8.0, low_freq_factor=1.0, high_freq_factor=4.0, original_max_position_embeddings=32)
YARN = rope("yarn", factor=4.0, beta_fast=4.0, original_max_position_embeddings=32)


def cases():
    yield Case("gpt2 tied", gpt2())
    yield Case("gpt2 untied, names without prefix", gpt2(tie_word_embeddings=False), edit=drop_prefix)
    yield Case("gpt2 n_inner, gelu_pytorch_tanh", gpt2(n_inner=44, activation_function="gelu_pytorch_tanh"))
    yield Case("llama", llama())
    yield Case("llama tied, grouped queries", llama(tie_word_embeddings=True, num_key_value_heads=2))
    yield Case("llama head_dim", llama(head_dim=12, num_key_value_heads=1))
    yield Case("llama biases", llama(attention_bias=True, mlp_bias=True))
    yield Case("llama linear", llama(rope_parameters=rope("linear", factor=4.0)))
    yield Case("llama dynamic", llama(rope_parameters=rope("dynamic", factor=2.0)))
    yield Case("llama llama3", llama(rope_parameters=LLAMA3))
    yield Case("llama yarn", llama(rope_parameters=YARN))
    yield Case("llama yarn with attention_factor", llama(rope_parameters=YARN | {"attention_factor": 1.5, "truncate": False}))
    yield Case("llama, older keys", llama(), edit=use_older_keys)
    yield Case("llama llama3, older keys", llama(rope_parameters=LLAMA3), edit=use_older_keys)
    yield Case("llama yarn, older keys", llama(rope_parameters=YARN), edit=use_older_keys)
    yield Case("llama sharded", llama(), shard_size="16KB")
    yield Case("llama float16", llama(), dtype=torch.float16)
    yield Case("llama bfloat16", llama(), dtype=torch.bfloat16)
    yield Case("qwen2 tied", llama_form(Qwen2Config, tie_word_embeddings=True, num_key_value_heads=2))
    yield Case("qwen2 untied", llama_form(Qwen2Config))
    yield Case("qwen2 head_dim, yarn, bfloat16", llama_form(Qwen2Config, head_dim=12, rope_parameters=YARN), torch.bfloat16)
    yield Case("t5", t5())
    # A head of its own has weights of 1 there, and logits in the hundreds with them.
    yield Case("t5 v1.1", t5(feed_forward_proj="gated-gelu", tie_word_embeddings=False, initializer_factor=0.3))


# Folders as others than this version of transformers write them.


def drop_prefix(folder):
    path = os.path.join(folder, "model.safetensors")
    save_file({name.removeprefix("transformer."): tensor for name, tensor in load_file(path).items()}, path, {"format": "pt"})


def use_older_keys(folder):
    def older(config):
        parameters = config.pop("rope_parameters")
        config["rope_theta"] = parameters.pop("rope_theta")
        kind = parameters.pop("rope_type")
        config["rope_scaling"] = None if kind == "default" else {"type": kind, **parameters}
        config["torch_dtype"] = config.pop("dtype")

    edit_config(folder, older)


def read_config(folder):
    with open(os.path.join(folder, "config.json")) as file:
        return json.load(file)


def edit_config(folder, edit):
    config = read_config(folder)
    edit(config)
    with open(os.path.join(folder, "config.json"), "w") as file:
        json.dump(config, file, indent=2)


def make_model(case, folder, seed):
    """Saves a model of which no parameter is 0 or 1: biases and gains must count."""
    torch.manual_seed(seed)
    model = comparison.language_model_class(case.config).from_config(case.config)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(0.2 * torch.randn_like(parameter))
    model.to(case.dtype).save_pretrained(folder, max_shard_size=case.shard_size)
    case.edit(folder)
    edit_config(folder, lambda config: config.update(unknown={"to": ["everybody", None, 1.5]}))


@dataclass
class Pair:
    prompt: list[int]
    chosen: list[int]
    rejected: list[int]

    def record(self):
        return {"prompt_ids": self.prompt, "chosen_ids": self.chosen, "rejected_ids": self.rejected}

    def margin(self, model):
        """log π(chosen) − log π(rejected)."""
        return sum(
            sign * comparison.log_probabilities(model, self.prompt, response).sum()
            for sign, response in [(1, self.chosen), (-1, self.rejected)]
        )


def train_step(poise, folder, reference, pair, out):
    """One step of gradient descent, whole; the loss before it."""
    poise.run(
        "train", "dpo", "--offline", "--data", "FILE", "--model", folder, "--reference", reference, "--tau", BETA, "--steps", 1,
        "--batch-size", 1, "--optimizer", "sgd", "--learning-rate", RATE, "--schedule", "constant", "--gradient-clip", 1e9,
        "--quiet", "--out", out, records=[pair.record()],
    )  # fmt: skip
    with open(os.path.join(out, "metrics.jsonl")) as file:
        return json.loads(file.readline())["loss"]


def compare_gradients(poise, folder, reference, model, pair, out):
    """The loss's difference, and the largest of a tensor's gradient's, relative to its size."""
    with torch.no_grad():
        reference_margin = pair.margin(comparison.load(reference))
    loss = -torch.nn.functional.logsigmoid(BETA * (pair.margin(model) - reference_margin))
    loss.backward()
    found = train_step(poise, folder, reference, pair, out)
    saved = load_file(os.path.join(out, "model.safetensors"))
    parameters = dict(model.named_parameters())
    if saved.keys() != parameters.keys():
        sys.exit(f"{out} has other tensors than the model: {sorted(saved.keys() ^ parameters.keys())}.")
    worst = 0.0
    for name, parameter in parameters.items():
        expected = parameter.grad.double()
        gradient = (parameter.detach().double() - saved[name].double()) / RATE
        error = float((gradient - expected).norm() / expected.norm())
        worst = math.inf if math.isnan(error) else max(worst, error)
    return abs(found - loss.item()), worst


def has_every_key(saved, original):
    """All that was there, in its order; weights are saved in single precision."""
    expected = {key: "float32" if key in ("dtype", "torch_dtype") else value for key, value in original.items()}
    return list(saved.items()) == list(expected.items())


def compare_greedy(poise, folder, model, prompt, count=64):
    options = ["--greedy", "--max-new-tokens", count, "--prompts", "FILE"]
    sample = poise.records("sample", "--model", folder, *options, records=[{"prompt_ids": prompt}])[0]
    return sample["completion_ids"] == comparison.greedy(model, prompt, count)


def check(poise, case, tolerances, scratch):
    """Whether everything agrees, and a line that says how well."""
    folder, reference, out = (os.path.join(scratch, name) for name in ["model", "reference", "out"])
    make_model(case, folder, seed=1)
    make_model(case, reference, seed=2)
    model = comparison.load(folder)
    generator = torch.Generator().manual_seed(3)
    sequences = comparison.token_sequences(model, 8, generator)
    pair = Pair(*(comparison.tokens(model, count, generator) for count in [9, 7, 12]))

    differences = {"tokens": comparison.token_difference(poise, folder, model, sequences)}
    differences["loss"], differences["gradients"] = compare_gradients(poise, folder, reference, model, pair, out)
    differences["saved"] = comparison.token_difference(poise, out, comparison.load(out), sequences)
    facts = {
        "greedy tokens": compare_greedy(poise, folder, model, pair.prompt),
        "config.json": has_every_key(read_config(out), read_config(folder)),
    }
    agrees = all(facts.values()) and all(difference <= tolerances[name] for name, difference in differences.items())
    words = [f"{name} {difference:.1e}" for name, difference in differences.items()]
    words += [f"{name} {'equal' if fact else 'DIFFERENT'}" for name, fact in facts.items()]
    return agrees, ", ".join(words)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--poise", default=".build/release/poise", help="the command")
    parser.add_argument("--only", default="", help="cases whose names hold this text")
    options = parser.parse_args()

    tolerances = {"tokens": 1e-4, "loss": 1e-4, "gradients": 1e-3, "saved": 1e-4}  # nats; of a gradient's norm
    poise = comparison.Poise(options.poise)
    chosen = [case for case in cases() if options.only in case.name]
    comparison.check_all([(case.name, partial(check, poise, case, tolerances)) for case in chosen])


if __name__ == "__main__":
    main()
