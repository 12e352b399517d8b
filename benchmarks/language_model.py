"""The language model beside transformers with torch, on the same weights, in one run.

    python benchmarks/language_model.py --peer PYTHON    measure, print, and add a record
    python benchmarks/language_model.py --show           print the records

PYTHON is an interpreter with torch, transformers and safetensors, in an environment of its own.
Both write 32 tokens for each of 8 samples of one prompt, by turns, so that other load on the
machine hits both alike; medians of the rounds are kept. The first token is that of a prompt of a
size already seen.
Next-token log-probabilities of both, in float32, are compared over the whole vocabulary.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from datetime import date
from pathlib import Path
from statistics import median

ROOT = Path(__file__).resolve().parents[1]
RECORDS = Path(__file__).with_suffix(".json")
SAMPLES, TOKENS, ROUNDS = 8, 32, 3
PROMPT = "Should I lend money to my brother, who has never paid anything back so far?"
TEXT = " The quick brown fox jumps over the lazy dog, and 12 wolves watch it from the hill." * 4
PRECISIONS = ("float32", "bfloat16")


def peak_memory() -> int:
    """Peak resident memory of this process in MB. ``ru_maxrss`` would include its parent's."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return int(next(x for x in lines if x.startswith("VmHWM")).split()[1]) // 1024


def ours(precision: str) -> tuple:
    """Seconds of loading, a function that writes so many tokens, and one that gives the logits of
    ``TEXT``."""
    began = time.perf_counter()
    sys.path.insert(0, str(ROOT))
    import numpy as np

    from scrl.language_model import load_language_model
    from scrl.language_model.sampling import Settings, sample
    from scrl.runtime import start

    start()
    model = load_language_model(precision=precision)
    weights = model.writing_weights
    seconds = time.perf_counter() - began
    prompt = model.prompt_tokens(PROMPT)

    def write(tokens: int) -> None:
        # No token ends a text, so that all are written.
        sample(model.config, weights, [prompt], SAMPLES, Settings(tokens, 0.8, 1.0, (-1,)), 0)

    def table():
        from scrl.language_model.llama import hidden_states, logits

        tokens = np.array([model.tokenizer.encode(TEXT)], np.int32)
        return np.asarray(logits(weights, hidden_states(model.config, weights, tokens)[0])[0])

    return seconds, write, table


def peer(precision: str, folder: Path) -> tuple:
    """As ``ours``, of transformers."""
    began = time.perf_counter()
    import torch
    from safetensors.torch import load_file
    from transformers import LlamaConfig, LlamaForCausalLM

    torch.set_num_threads(os.cpu_count())
    told = json.loads((folder / "config.json").read_text())
    with torch.device("meta"):
        model = LlamaForCausalLM(LlamaConfig(**told["config"]))
    weights = {k: v.to(getattr(torch, precision)) for k, v in
               load_file(folder / "weights.safetensors").items()}  # fmt: skip
    model.load_state_dict(weights, strict=False, assign=True)
    model.tie_weights()
    rotary = type(model.model.rotary_emb)(model.config)  # its angles are no weights
    model.model.rotary_emb = rotary
    model.eval()
    seconds = time.perf_counter() - began
    prompt = torch.tensor([told["prompt"]] * SAMPLES)

    def write(tokens: int) -> None:
        with torch.inference_mode():
            model.generate(
                prompt, attention_mask=torch.ones_like(prompt), do_sample=True, temperature=0.8,
                top_k=0, min_new_tokens=tokens, max_new_tokens=tokens, pad_token_id=2,
            )  # fmt: skip

    def table():
        with torch.inference_mode():
            return model(torch.tensor([told["text"]])).logits[0].float().numpy()

    return seconds, write, table


def child(who: str, precision: str, folder: Path) -> None:
    """Load, then measure once for every line that is read."""
    load, write, table = ours(precision) if who == "ours" else peer(precision, folder)
    write(1)
    write(TOKENS)
    print(json.dumps({"load": load}), flush=True)
    for _ in sys.stdin:
        times = []
        for tokens in (1, TOKENS):
            began = time.perf_counter()
            write(tokens)
            times.append(time.perf_counter() - began)
        rate = SAMPLES * TOKENS / times[1]
        print(json.dumps({"first": times[0], "rate": rate, "memory": peak_memory()}), flush=True)
    if precision == "float32":
        import numpy as np

        np.save(folder / f"{who}.npy", table())


def export(folder: Path) -> None:
    """Our dequantised weights under the peer's names, and what the peer must know."""
    sys.path.insert(0, str(ROOT))
    import numpy as np
    from safetensors.numpy import save_file

    from scrl.language_model import load_language_model

    model = load_language_model()
    source, c = model.source, model.config
    ends = source.ends()
    arrays = {"model.embed_tokens.weight": ends["embedding"], "model.norm.weight": ends["norm"]}
    cuts = (c.heads * c.head_size, (c.heads + c.key_heads) * c.head_size)
    for i in range(c.layers):
        layer, name = source.layer(i), f"model.layers.{i}"
        qkv = np.split(layer["attn_qkv"].T, cuts)
        gate, up = np.split(layer["ffn_gate_up"].T, 2)
        parts = dict(zip(("q_proj", "k_proj", "v_proj"), qkv, strict=True))
        arrays |= {f"{name}.self_attn.{k}.weight": v for k, v in parts.items()}
        arrays[f"{name}.self_attn.o_proj.weight"] = layer["attn_output"].T
        arrays |= {f"{name}.mlp.gate_proj.weight": gate, f"{name}.mlp.up_proj.weight": up}
        arrays[f"{name}.mlp.down_proj.weight"] = layer["ffn_down"].T
        arrays[f"{name}.input_layernorm.weight"] = layer["attn_norm"]
        arrays[f"{name}.post_attention_layernorm.weight"] = layer["ffn_norm"]
    save_file({k: np.ascontiguousarray(v) for k, v in arrays.items()},
              folder / "weights.safetensors")  # fmt: skip
    config = {
        "hidden_size": c.width, "intermediate_size": c.feed_forward, "rms_norm_eps": c.epsilon,
        "num_hidden_layers": c.layers, "num_attention_heads": c.heads, "vocab_size": c.vocabulary,
        "num_key_value_heads": c.key_heads, "tie_word_embeddings": True, "rope_theta": c.rope_base,
        "rope_parameters": {"rope_type": "default", "rope_theta": c.rope_base},
        "max_position_embeddings": 8192, "bos_token_id": 1, "eos_token_id": 2,
    }  # fmt: skip
    told = {"config": config, "prompt": model.prompt_tokens(PROMPT),
            "text": model.tokenizer.encode(TEXT)}  # fmt: skip
    (folder / "config.json").write_text(json.dumps(told))


def difference(folder: Path) -> float:
    """Greatest difference of next-token log-probabilities above e^-15."""
    import numpy as np
    from scipy.special import log_softmax

    a, b = (log_softmax(np.load(folder / f"{who}.npy"), axis=-1) for who in ("ours", "peer"))
    return float(np.abs(a - b)[np.maximum(a, b) > -15].max())


def measure(interpreter: str) -> dict:
    import jax

    sys.path.insert(0, str(ROOT))
    from benchmarks.pipeline import processor

    record: dict = {
        "date": date.today().isoformat(), "hardware": f"{os.cpu_count()} cores, {processor()}",
        "jax": jax.__version__, "samples": SAMPLES, "tokens": TOKENS,
        "load average": round(os.getloadavg()[0], 1),
    }  # fmt: skip
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        export(folder)
        for precision in PRECISIONS:
            record[precision] = compare(precision, folder, interpreter)
            print(json.dumps(record[precision]), flush=True)
        record["greatest difference"] = round(difference(folder), 5)
    return record


def compare(precision: str, folder: Path, interpreter: str) -> dict:
    """Medians of both over the rounds, which alternate."""
    running, found = {}, {"ours": {}, "peer": {}}
    for who, python in (("ours", sys.executable), ("peer", interpreter)):
        running[who] = subprocess.Popen(
            [python, __file__, "--child", who, precision, str(folder)], text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=sys.stderr,
            env={**os.environ, "OMP_WAIT_POLICY": "PASSIVE"},
        )  # fmt: skip
        found[who]["load"] = round(json.loads(running[who].stdout.readline())["load"], 1)
    rounds: dict = {"ours": [], "peer": []}
    for _ in range(ROUNDS):
        for who, process in running.items():
            process.stdin.write("again\n")
            process.stdin.flush()
            rounds[who].append(json.loads(process.stdout.readline()))
    for who, process in running.items():
        process.stdin.close()
        process.wait()
        found[who] |= {
            "tokens a second": round(median(r["rate"] for r in rounds[who]), 1),
            "first token": round(median(r["first"] for r in rounds[who]), 3),
            "memory MB": rounds[who][-1]["memory"],
        }
    pairs = zip(rounds["ours"], rounds["peer"], strict=True)
    return found | {"speed over peer": round(median(a["rate"] / b["rate"] for a, b in pairs), 2)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--peer", help="an interpreter with torch and transformers")
    parser.add_argument("--show", action="store_true")
    parser.add_argument("--child", nargs=3)
    options = parser.parse_args()
    if options.child:
        return child(options.child[0], options.child[1], Path(options.child[2]))
    records = json.loads(RECORDS.read_text()) if RECORDS.exists() else []
    if options.show or not options.peer:
        print(json.dumps(records, indent=1))
        return None
    records.append(measure(options.peer))
    print(json.dumps(records[-1], indent=1))
    RECORDS.write_text(json.dumps(records, indent=1) + "\n")
    return None


if __name__ == "__main__":
    main()
