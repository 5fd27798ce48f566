"""Prints the vectors of one segmenter: `python make.py rjieba 0.2.2 > pinyin.json`, with that release importable.

The spelling is f5-tts's own; only its segmenter is exchanged. jieba has no wheel: its source folder on PYTHONPATH
serves. A vector's second half is the tokens side by side; all are single characters.
"""

import json
import sys
from importlib import import_module
from pathlib import Path

from f5_tts.model import utils

TEXTS = Path(__file__).with_name("texts.json")


def main(segmenter: str, release: str) -> None:
    utils.rjieba = import_module(segmenter)
    texts = json.loads(TEXTS.read_text(encoding="utf-8"))
    spelled = ["".join(tokens) for tokens in utils.convert_char_to_pinyin(texts)]
    head = {"f5-tts": "1.1.22", "segmenter": f"{segmenter} {release}"}
    vectors = dict(zip(texts, spelled, strict=True))
    json.dump(head | {"vectors": vectors}, sys.stdout, ensure_ascii=False, indent=1)
    print()


if __name__ == "__main__":
    main(*sys.argv[1:])
