"""The network computes what transformers' MarianMTModel computes; the loss what PyTorch's does."""

from __future__ import annotations

from pathlib import Path

import marian_folder
import numpy as np
import pytest
import torch
import toy_language

from align.errors import ModelError
from align.train.data import TrainingData
from align.train.export import export
from align.train.marian import read_marian
from align.train.network import Network, Shape, smoothed_cross_entropy
from align.train.normaliser import arabic_rules, english_rules
from align.train.vocabulary import Vocabulary, learn_pieces, table_size
from align.train.wordalign import align_words


@pytest.fixture(scope="module")
def vocabularies() -> tuple[Vocabulary, Vocabulary]:
    rows = toy_language.pairs(60)
    return (
        learn_pieces([a for a, _ in rows], 60, arabic_rules()),
        learn_pieces([b for _, b in rows], 60, english_rules()),
    )


def random_network(shape: Shape, seed: int = 0) -> Network:
    torch.manual_seed(seed)
    network = Network(shape)
    for name, parameter in network.named_parameters():
        if parameter.dim() == 1:  # LayerNorms and biases must not stay ones and zeros
            torch.nn.init.normal_(parameter, mean=float("norm.weight" in name), std=0.2)
    network.clear_padding()
    return network.eval()


def assert_same_logits(network: Network, folder: Path) -> None:
    from transformers import MarianMTModel

    model = MarianMTModel.from_pretrained(folder).eval()
    generator = torch.Generator().manual_seed(1)
    src, prefix = (torch.randint(0, network.pad, (3, n), generator=generator) for n in (7, 5))
    src[1, 4:] = network.pad
    prefix[:, 0] = network.pad
    with torch.no_grad():
        ours = network(src, prefix) @ network.tgt_embed.weight.t() + network.bias
        theirs = model(input_ids=src, attention_mask=src != network.pad, decoder_input_ids=prefix).logits
    assert theirs.std() > 0.1
    torch.testing.assert_close(ours, theirs, atol=1e-4, rtol=0)


@pytest.mark.parametrize("activation", ["relu", "gelu", "swish"])
def test_logits_equal_transformers(
    vocabularies: tuple[Vocabulary, Vocabulary], tmp_path: Path, activation: str
) -> None:
    network = random_network(Shape(table_size(*vocabularies), 2, 1, 32, 64, 4, activation))
    export(network, *vocabularies, tmp_path, dtype="float32")
    assert_same_logits(network, tmp_path)


def test_reading_is_the_inverse_of_export(
    vocabularies: tuple[Vocabulary, Vocabulary], tmp_path: Path
) -> None:
    network = random_network(Shape(table_size(*vocabularies), 2, 1, 32, 64, 4))
    export(network, *vocabularies, tmp_path, dtype="float32")
    model = read_marian(str(tmp_path))
    assert model.network.shape == network.shape
    for name, tensor in network.state_dict().items():
        assert torch.equal(model.network.state_dict()[name], tensor), name
    rows = toy_language.pairs(3)
    assert model.src.encode([a for a, _ in rows]) == vocabularies[0].encode([a for a, _ in rows])


def test_opus_layout_is_read_and_written(tmp_path: Path) -> None:
    marian_folder.build(tmp_path / "opus")
    model = read_marian(str(tmp_path / "opus"))
    assert model.network.src_embed is model.network.tgt_embed
    assert_same_logits(model.network.eval(), tmp_path / "opus")
    export(model.network, model.src, model.tgt, tmp_path / "out", dtype="float32")
    assert_same_logits(model.network, tmp_path / "out")
    assert not (tmp_path / "out" / "target_vocab.json").exists()


def test_what_cannot_be_trained_is_refused(tmp_path: Path) -> None:
    folder = marian_folder.build(tmp_path / "opus")
    config = folder / "config.json"
    config.write_text(
        config.read_text("utf-8").replace('"decoder_ffn_dim": 64', '"decoder_ffn_dim": 32'), "utf-8"
    )
    with pytest.raises(ModelError, match="unlike sizes"):
        read_marian(str(folder))


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_loss_and_gradients_equal_pytorch(smoothing: float) -> None:
    torch.manual_seed(0)
    rows, width, vocabulary = 1100, 8, 20  # more rows than one chunk
    targets = torch.randint(0, vocabulary, (rows,))
    made = [
        torch.randn(*size, dtype=torch.float64)
        for size in ((rows, width), (vocabulary, width), (vocabulary,))
    ]
    ours, theirs = ([value.clone().requires_grad_() for value in made] for _ in range(2))
    a = smoothed_cross_entropy(ours[0], ours[1], ours[2], targets, smoothing)
    logits = theirs[0] @ theirs[1].t() + theirs[2]
    b = torch.nn.functional.cross_entropy(logits, targets, reduction="sum", label_smoothing=smoothing)
    torch.testing.assert_close(a, b)
    (a * 2).backward()
    (b * 2).backward()
    for mine, other in zip(ours, theirs, strict=True):
        torch.testing.assert_close(mine.grad, other.grad)


def test_bfloat16_is_close_to_float32(vocabularies: tuple[Vocabulary, Vocabulary]) -> None:
    from align.train.objective import batch_loss
    from align.train.prepare import encode_pairs

    network = random_network(Shape(table_size(*vocabularies), 1, 1, 32, 64, 4))
    data = encode_pairs(toy_language.pairs(4), *vocabularies)
    exact = batch_loss(network, data, [0, 1, 2, 3], 0.1)[1]
    with torch.autocast("cpu", torch.bfloat16):
        objective, rough, _ = batch_loss(network, data, [0, 1, 2, 3], 0.1)
    objective.backward()
    assert network.bias.grad is not None
    assert network.bias.grad.dtype == torch.float32
    assert rough != exact
    torch.testing.assert_close(rough, exact, rtol=0.02, atol=0)


def test_words_are_aligned_where_they_belong() -> None:
    """Neighbours are exchanged in the target: position alone would say otherwise."""
    rng = np.random.default_rng(0)
    order = [1, 0, 3, 2, 4]
    src = [[*rng.choice(np.arange(2, 42), size=5, replace=False), 0] for _ in range(400)]
    tgt = [[*(row[n] + 40 for n in order), 0] for row in src]
    links = align_words(TrainingData.pack(src, tgt, [(1.0, 0, 400)]), 84)
    found = links.reshape(400, 6)[:, :5]
    assert (found == np.array(order)).mean() > 0.9
