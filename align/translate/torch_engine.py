"""Marian models on PyTorch, by transformers: the reference that the faster engine is held to."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from align.errors import ConfigError
from align.translate.base import Batch, Done, Output, Pieces, TranslationOptions
from align.translate.files import ModelFiles
from align.translate.layout import Layout
from align.translate.tokens import Tokenizer
from align.translate.weights import Tensor, load_weights

__all__ = ["TorchEngine"]

_LOGITS_AT_ONCE = 1 << 24  # 64 MB in fp32: scoring needs the whole vocabulary for every token


class TorchEngine:
    """`MarianMTModel` with the traps of transformers 5 disarmed.

    The network is built from the checked layout and tensors, not by `from_pretrained`: nothing else
    that lies in the folder is looked at, and tables are shared as the layout says. A fresh
    configuration has no length limit (output would stop at 20 tokens), and beam search may emit the
    padding: `_generation` sets all of that.
    """

    def __init__(self, files: ModelFiles, tokenizer: Tokenizer, options: TranslationOptions) -> None:
        import torch

        if options.threads:
            torch.set_num_threads(options.threads)
        self._device = _device(options.device)
        self._model = _network(files.layout, load_weights(files), _dtype(self._device)).to(self._device)
        self._vocab, self._target = tokenizer.vocab, tokenizer.target_vocab
        self._pieces = {number: piece for piece, number in self._target.items()}
        self._pad, self._eos = files.layout.pad, files.layout.eos

    def generate(
        self, batches: Iterable[Batch], options: TranslationOptions, done: Done | None = None
    ) -> Iterator[list[Output]]:
        """See `Engine`."""
        for batch in batches:
            outputs = self._translated(batch, options) if batch.sources else []
            if done and outputs:
                done(batch, outputs)
            yield outputs

    def score(self, sources: Sequence[Pieces], targets: Sequence[Pieces]) -> list[list[float]]:
        """See `Engine`."""
        import torch

        src, mask = self._rows(sources, self._vocab)
        with torch.inference_mode():
            return self._forced(self._encoded(src, mask), mask, targets)

    def _translated(self, batch: Batch, options: TranslationOptions) -> list[Output]:
        import torch
        from transformers.modeling_outputs import BaseModelOutput

        src, mask = self._rows(batch.sources, self._vocab)
        greedy = _Greedy(self._pad, self._target["<unk>"], options.no_repeat_ngram)
        with torch.inference_mode():
            encoded = self._encoded(src, mask)
            ids = self._model.generate(
                encoder_outputs=BaseModelOutput(encoded),
                attention_mask=mask,
                generation_config=self._generation(batch.limit, options),
                logits_processor=greedy.steps() if options.beam == 1 else None,
            )
            special = {self._pad, self._eos}
            targets = [[self._pieces[n] for n in row if n not in special] for row in ids.tolist()]
            if options.beam == 1:
                scores = greedy.scores([len(pieces) + 1 for pieces in targets])
            else:
                scores = self._forced(encoded, mask, targets)
        return [
            Output.scored(pieces, values, batch.limit) for pieces, values in zip(targets, scores, strict=True)
        ]

    def _encoded(self, src: Any, mask: Any) -> Any:
        return self._model.get_encoder()(input_ids=src, attention_mask=mask).last_hidden_state

    def _generation(self, limit: int, options: TranslationOptions) -> Any:
        """The settings of `generate`; what greedy search must not choose is `_Greedy`'s affair."""
        from transformers import GenerationConfig

        beams = options.beam > 1
        return GenerationConfig(
            num_beams=options.beam,
            do_sample=False,
            early_stopping=beams,
            length_penalty=options.length_penalty,
            no_repeat_ngram_size=(options.no_repeat_ngram or None) if beams else None,
            max_new_tokens=limit,
            bad_words_ids=[[self._pad], [self._target["<unk>"]]] if beams else None,
            pad_token_id=self._pad,
            eos_token_id=self._eos,
            decoder_start_token_id=self._pad,
        )

    def _forced(self, encoded: Any, mask: Any, targets: Sequence[Pieces]) -> list[list[float]]:
        """Log-probabilities of the pieces and the end mark of each target, some rows at a time."""
        from transformers.modeling_outputs import BaseModelOutput

        longest = max(map(len, targets)) + 1
        count = max(1, _LOGITS_AT_ONCE // (longest * len(self._target)))
        scores: list[list[float]] = []
        for start in range(0, len(targets), count):
            rows = slice(start, start + count)
            tgt, real = self._rows(targets[rows], self._target)
            prefix = tgt.roll(1, dims=1)
            prefix[:, 0] = self._pad
            logits = self._model(
                encoder_outputs=BaseModelOutput(encoded[rows]),
                attention_mask=mask[rows],
                decoder_input_ids=prefix,
            ).logits.float()
            logits[:, :, self._pad] = float("-inf")  # no choice in generation, and CTranslate2 lacks it
            picked = logits.log_softmax(-1).gather(2, tgt[:, :, None]).squeeze(2).tolist()
            scores += [row[:n] for row, n in zip(picked, real.sum(1).tolist(), strict=True)]
        return scores

    def _rows(self, batch: Sequence[Pieces], vocab: dict[str, int]) -> tuple[Any, Any]:
        """Piece sequences -> ids and mask, both [batch, longest + 1]."""
        import torch

        rows = [[*(vocab[piece] for piece in pieces), self._eos] for pieces in batch]
        longest = max(len(row) for row in rows)
        ids = torch.tensor([row + [self._pad] * (longest - len(row)) for row in rows], device=self._device)
        lengths = torch.tensor([len(row) for row in rows], device=self._device)
        return ids, (torch.arange(longest, device=self._device)[None, :] < lengths[:, None]).long()


class _Greedy:
    """What greedy search must not choose, and the log-probabilities of what it does choose.

    Forced decoding would give the same numbers, for the price of the whole vocabulary once more.
    """

    def __init__(self, pad: int, unknown: int, no_repeat: int) -> None:
        self._pad, self._unknown, self._no_repeat = pad, unknown, no_repeat
        self._totals: list[Any] = []
        self._chosen: list[Any] = []

    def steps(self) -> Any:
        """For `generate`, which calls them in turn with the logits (rows, vocabulary) of each new piece."""
        from transformers import LogitsProcessorList, NoRepeatNGramLogitsProcessor

        ban = [NoRepeatNGramLogitsProcessor(self._no_repeat)] if self._no_repeat else []
        return LogitsProcessorList([self._begin, *ban, self._end])

    def _begin(self, _: Any, logits: Any) -> Any:
        logits = logits.float()
        logits[:, self._pad] = float("-inf")
        self._totals.append(logits.logsumexp(dim=1))
        logits[:, self._unknown] = float("-inf")
        return logits

    def _end(self, _: Any, logits: Any) -> Any:
        self._chosen.append(logits.amax(dim=1) - self._totals[-1])
        return logits

    def scores(self, lengths: Sequence[int]) -> list[list[float]]:
        """Of the first so many pieces of each row."""
        import torch

        rows = torch.stack(self._chosen, dim=1).tolist()
        return [row[:length] for row, length in zip(rows, lengths, strict=True)]


def _network(layout: Layout, weights: dict[str, Tensor], dtype: Any) -> Any:
    """The model with those weights; it never holds random ones, which take longer to draw than to load."""
    import torch
    from transformers import MarianConfig, MarianMTModel

    config = MarianConfig(
        vocab_size=layout.vocab,
        decoder_vocab_size=layout.target_vocab,
        d_model=layout.width,
        encoder_layers=layout.encoder_layers,
        decoder_layers=layout.decoder_layers,
        encoder_attention_heads=layout.encoder_heads,
        decoder_attention_heads=layout.decoder_heads,
        encoder_ffn_dim=layout.encoder_ffn,
        decoder_ffn_dim=layout.decoder_ffn,
        activation_function=layout.activation,
        max_position_embeddings=layout.positions,
        pad_token_id=layout.pad,
        eos_token_id=layout.eos,
        decoder_start_token_id=layout.pad,
        forced_eos_token_id=None,
        scale_embedding=layout.scaled,
        share_encoder_decoder_embeddings=False,  # a shared table is one tensor under three names below
        tie_word_embeddings=False,
    )
    with torch.device("meta"):
        model = MarianMTModel(config)
    read = {id(tensor): torch.from_numpy(tensor.read()).to(dtype) for tensor in weights.values()}
    model.load_state_dict({name: read[id(tensor)] for name, tensor in weights.items()}, assign=True)
    return model.eval()


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
