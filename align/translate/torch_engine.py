"""Marian models on PyTorch, by transformers: the reference that the faster engine is held to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from align.errors import ConfigError, ModelError
from align.translate.base import TokenScores, TranslationOptions
from align.translate.files import ModelFiles
from align.translate.tokens import Tokenizer

__all__ = ["TorchEngine"]


class TorchEngine:
    """`MarianMTModel` with the decoding traps of transformers 5 disarmed.

    A fresh configuration has no length limit (output would stop at 20 tokens), beam search may
    emit the padding, and the tied output matrix comes from the configuration's flags.
    """

    name = "torch"
    workers = 1

    def __init__(self, files: ModelFiles, tokenizer: Tokenizer, options: TranslationOptions) -> None:
        import torch
        from transformers import MarianMTModel
        from transformers.utils import logging

        logging.disable_progress_bar()
        if options.threads:
            torch.set_num_threads(options.threads)
        self._device = _device(options.device)
        safe = files.weights.suffix == ".safetensors"
        try:
            model = MarianMTModel.from_pretrained(
                files.folder, use_safetensors=safe, weights_only=True, dtype=_dtype(self._device)
            )
        except (OSError, ValueError, RuntimeError) as error:
            reason = str(error).strip().partition("\n")[0]
            raise ModelError(f"{files.folder}: {reason}", advice="download the model again") from None
        self._model: Any = model.eval().to(self._device)
        self._vocab, self._target = tokenizer.vocab, tokenizer.target_vocab
        self._pieces = {number: piece for piece, number in self._target.items()}
        self._pad, self._eos = model.config.pad_token_id, model.config.eos_token_id

    def generate(self, batch: Sequence[Sequence[str]], options: TranslationOptions) -> list[TokenScores]:
        """See `Engine`. Outputs are at most twice as long as the longest source, and 20 pieces."""
        import torch

        src, mask = self._rows(batch, self._vocab)
        with torch.inference_mode():
            ids = self._model.generate(
                input_ids=src,
                attention_mask=mask,
                num_beams=options.beam,
                do_sample=False,
                length_penalty=options.length_penalty,
                max_new_tokens=2 * max(len(pieces) for pieces in batch) + 20,
                max_length=None,
                no_repeat_ngram_size=options.no_repeat_ngram,
                bad_words_ids=[[self._pad], [self._target["<unk>"]]],
            )
        special = {self._pad, self._eos}
        outputs = [[self._pieces[n] for n in row if n not in special] for row in ids.tolist()]
        return list(zip(outputs, self.score(batch, outputs), strict=True))

    def score(self, sources: Sequence[Sequence[str]], targets: Sequence[Sequence[str]]) -> list[list[float]]:
        """See `Engine`."""
        import torch

        src, mask = self._rows(sources, self._vocab)
        tgt, real = self._rows(targets, self._target)
        prefix = torch.full_like(tgt, self._pad)
        prefix[:, 1:] = tgt[:, :-1]
        with torch.inference_mode():
            logits = self._model(input_ids=src, attention_mask=mask, decoder_input_ids=prefix).logits
        picked = logits.float().log_softmax(-1).gather(2, tgt[:, :, None]).squeeze(2).tolist()
        return [row[:length] for row, length in zip(picked, real.sum(1).tolist(), strict=True)]

    def _rows(self, batch: Sequence[Sequence[str]], vocab: dict[str, int]) -> tuple[Any, Any]:
        """Piece sequences -> ids and mask, both [batch, longest + 1]."""
        import torch

        unknown = vocab["<unk>"]
        rows = [[*(vocab.get(piece, unknown) for piece in pieces), self._eos] for pieces in batch]
        longest = max(len(row) for row in rows)
        ids = torch.tensor([row + [self._pad] * (longest - len(row)) for row in rows], device=self._device)
        lengths = torch.tensor([len(row) for row in rows], device=self._device)
        return ids, (torch.arange(longest, device=self._device)[None, :] < lengths[:, None]).long()


def _device(name: str) -> Any:
    import torch

    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.device(name)
        torch.zeros(1, device=device)
    except (RuntimeError, AssertionError) as error:
        reason = str(error).strip().partition("\n")[0]
        raise ConfigError(f"device {name}: {reason}", key="device", advice="auto, cpu or cuda") from None
    return device


def _dtype(device: Any) -> Any:
    """bfloat16 where the hardware multiplies it, float32 elsewhere (emulation is many times slower)."""
    import torch

    if device.type == "cuda":
        return torch.bfloat16 if torch.cuda.is_bf16_supported() else torch.float32
    fast = getattr(torch.cpu, "_is_amx_tile_supported", lambda: False)()
    return torch.bfloat16 if fast else torch.float32
