"""Low-rank adapters of random models, as Hugging Face's PEFT makes and reads them.

Of each model are compared, with PEFT in single precision:
- log-probabilities of the tokens of random sequences under adapters that PEFT made and saved;
- the gradient of DPO's loss against the model that they adapt, adapter by adapter: what one step of gradient descent by
  `poise train dpo --offline` moves the saved adapters by, over the learning rate;
- log-probabilities under the adapters that this step saved, which PEFT loads;
- and of the folder that `poise merge` makes of them, which transformers loads.
"""

import argparse
import os
import sys
import warnings
from dataclasses import dataclass, field
from functools import partial

import check_families
import comparison
import torch
from check_families import BETA, RATE, Case, Pair
from peft import LoraConfig, PeftModel, get_peft_model
from safetensors.torch import load_file
from transformers import Qwen2Config

warnings.filterwarnings("ignore", category=FutureWarning)  # of PEFT's use of transformers

WEIGHTS = "adapter_model.safetensors"


@dataclass
class AdaptedCase:
    base: Case
    options: dict = field(default_factory=dict)


def cases():
    yield AdaptedCase(Case("llama", check_families.llama(num_key_value_heads=2)))
    yield AdaptedCase(Case("llama, two targets", check_families.llama()), {"target_modules": ["q_proj", "down_proj"]})
    yield AdaptedCase(Case("qwen2, rslora", check_families.llama_form(Qwen2Config)), {"use_rslora": True})
    yield AdaptedCase(Case("gpt2", check_families.gpt2()), {"fan_in_fan_out": True})
    yield AdaptedCase(Case("t5", check_families.t5()))
    yield AdaptedCase(
        Case("t5 v1.1", check_families.t5(feed_forward_proj="gated-gelu", tie_word_embeddings=False, initializer_factor=0.3))
    )


def make_adapters(case, folder, out):
    """Saves adapters of which none is 0."""
    torch.manual_seed(4)
    options = dict(r=4, lora_alpha=6, target_modules="all-linear") | case.options
    model = get_peft_model(comparison.load(folder), LoraConfig(**options))
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.requires_grad:
                parameter.add_(0.1 * torch.randn_like(parameter))
    model.save_pretrained(out)


def load(base, adapters):
    return PeftModel.from_pretrained(comparison.load(base), adapters, is_trainable=True).eval()


def stored_name(name):
    """As PEFT's files have it."""
    return name.replace(".default", "")


def compare_gradients(poise, base, adapters, pair, out):
    """The loss's difference, and the largest of an adapter's gradient's, relative to its size."""
    model = load(base, adapters)
    with torch.no_grad():
        reference_margin = pair.margin(comparison.load(base))
    loss = -torch.nn.functional.logsigmoid(BETA * (pair.margin(model) - reference_margin))
    loss.backward()
    found = check_families.train_step(poise, adapters, base, pair, out)
    saved = load_file(os.path.join(out, WEIGHTS))
    trained = {stored_name(name): value for name, value in model.named_parameters() if value.requires_grad}
    if saved.keys() != trained.keys():
        sys.exit(f"{out} has other adapters than PEFT: {sorted(saved.keys() ^ trained.keys())}.")
    worst = 0.0
    for name, parameter in trained.items():
        expected = parameter.grad.double()
        gradient = (parameter.detach().double() - saved[name].double()) / RATE
        worst = max(worst, float((gradient - expected).norm() / expected.norm()))
    return abs(found - loss.item()), worst


def check(poise, case, tolerances, scratch):
    """Whether everything agrees, and a line that says how well."""
    base, adapters, out, merged = (os.path.join(scratch, name) for name in ["base", "adapters", "out", "merged"])
    check_families.make_model(case.base, base, seed=1)
    make_adapters(case, base, adapters)
    generator = torch.Generator().manual_seed(3)
    model = load(base, adapters)
    sequences = comparison.token_sequences(model, 6, generator)
    pair = Pair(*(comparison.tokens(model, count, generator) for count in [9, 7, 12]))

    differences = {"tokens": comparison.token_difference(poise, adapters, model, sequences)}
    differences["loss"], differences["gradients"] = compare_gradients(poise, base, adapters, pair, out)
    trained = load(base, out)
    differences["saved"] = comparison.token_difference(poise, out, trained, sequences)
    poise.run("merge", "--model", out, "--out", merged, records=[])
    differences["merged"] = comparison.token_difference(poise, merged, comparison.load(merged), sequences)
    # Merged by Poise, and applied by PEFT.
    differences["applied"] = comparison.token_difference(poise, merged, trained, sequences)
    agrees = all(difference <= tolerances[name] for name, difference in differences.items())
    return agrees, ", ".join(f"{name} {difference:.1e}" for name, difference in differences.items())


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--poise", default=".build/release/poise", help="the command")
    options = parser.parse_args()

    tolerances = {"tokens": 1e-4, "loss": 1e-4, "gradients": 1e-3, "saved": 1e-4, "merged": 1e-4, "applied": 1e-4}
    poise = comparison.Poise(options.poise)
    comparison.check_all(
        [(f"adapters of {case.base.name}", partial(check, poise, case, tolerances)) for case in cases()]
    )


if __name__ == "__main__":
    main()
