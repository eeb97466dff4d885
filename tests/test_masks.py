"""Masks over a dataset: from boxes, in the authors' layout, each made only once, shared between processes."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from storyboard.errors import StoryError
from training.data import Segment
from training.loop.processes import make_accelerator
from training.maple_lane.writer import write_dataset
from training.masks import (
    annotated_clips,
    main,
    mask_frame,
    run,
    unfinished,
    write_masks,
)


class ColourPredictor:
    """Takes everything inside a box without the colour of its rim as a figure, which is enough for flat drawings."""

    def __init__(self):
        self.looked = 0

    def set_image(self, image: np.ndarray) -> None:
        self.looked += 1
        self.pixels = torch.from_numpy(image.copy()).float()

    def predict(self, *, box: np.ndarray, multimask_output: bool):
        height, width = self.pixels.shape[:2]
        x1, y1, x2, y2 = (int(round(v)) for v in box)
        inside = torch.zeros(height, width, dtype=torch.bool)
        inside[y1:y2, x1:x2] = True
        around = torch.zeros_like(inside)
        around[max(y1 - 3, 0) : y2 + 3, max(x1 - 3, 0) : x2 + 3] = True
        rim = self.pixels[around & ~inside].unique(dim=0)
        far = torch.cdist(self.pixels.flatten(0, 1), rim).amin(dim=1).view(height, width) > 12
        return (far & inside)[None].numpy(), np.ones(1), None


@pytest.fixture
def dataset(tmp_path):
    """Two stories of Maple Lane. Their exact masks are in another place."""
    write_dataset(tmp_path / "data", "test", 2, size=64)
    (tmp_path / "data" / "seg_mask_4x_comb").rename(tmp_path / "exact")
    return tmp_path / "data"


def make(dataset: Path, predictor=None, sheet: Path | None = None):
    return run(annotated_clips(dataset), predictor or ColourPredictor(), make_accelerator(), sheet)


def test_masks_are_in_the_authors_layout_and_find_the_figures(dataset):
    tally = make(dataset)
    exact = sorted((dataset.parent / "exact").iterdir())
    made = sorted((dataset / "seg_mask_4x_comb").iterdir())
    assert [f.name for f in made] == [f.name for f in exact] and len(made) == tally.masks
    overlaps = []
    for file, truth in zip(made, exact, strict=True):
        mask, true = np.load(file), np.load(truth)
        assert mask.shape == true.shape and mask.dtype.kind == "u"
        overlaps += [
            ((mask == i) & (true == i)).sum() / ((mask == i) | (true == i)).sum()
            for i in np.setdiff1d(true, [0])
        ]
    assert np.mean(overlaps) > 0.6


def test_a_finished_mask_is_never_made_again(dataset):
    make(dataset)
    files = sorted((dataset / "seg_mask_4x_comb").iterdir())
    before = [file.stat().st_mtime_ns for file in files]
    removed = files[3].read_bytes()
    files[3].unlink()
    predictor = ColourPredictor()
    assert make(dataset, predictor).masks == predictor.looked == 1
    assert files[3].read_bytes() == removed
    after = [file.stat().st_mtime_ns for file in files]
    assert [a == b for a, b in zip(before, after, strict=True)] == [i != 3 for i in range(len(files))]


def test_an_interruption_leaves_no_half_mask(dataset):
    class Tires(ColourPredictor):
        def set_image(self, image):
            if self.looked == 2:
                raise KeyboardInterrupt
            super().set_image(image)

    with pytest.raises(KeyboardInterrupt):
        make(dataset, Tires())
    kept = list((dataset / "seg_mask_4x_comb").iterdir())
    assert len(kept) == 2 and all(np.load(file).shape == (64, 64) for file in kept)
    make(dataset)
    assert unfinished(annotated_clips(dataset)) == []


def test_every_frame_of_a_clip_gets_a_mask_of_its_own(dataset):
    clips = annotated_clips(dataset)
    clip = clips[0]
    frame = np.load(clip.file)[0]
    np.save(clip.file, np.stack([frame, frame[:, ::-1], np.zeros_like(frame)]))
    make(dataset)
    first, turned, black = (np.load(clip.mask_file(k)) for k in range(3))
    assert first.any() and not black.any() and not np.array_equal(first, turned)


def test_the_smaller_of_two_is_in_front_and_boxes_are_in_128ths():
    class Fills:
        def set_image(self, image): ...

        def predict(self, *, box, multimask_output):
            self.box, mask = box, np.zeros((1, 32, 32), bool)
            x1, y1, x2, y2 = box.astype(int)
            mask[0, y1:y2, x1:x2] = True
            return mask, np.ones(1), None

    small, large = Segment(7, "dino", 0, 1, (32, 32, 64, 64)), Segment(300, "fred", 2, 3, (0, 0, 128, 128))
    mask = mask_frame(Fills(), np.zeros((32, 32, 3), np.uint8), [small, large])
    assert (mask[8:16, 8:16] == 7).all() and (mask == 300).sum() == 32 * 32 - 64


def test_a_box_without_area_gives_no_pixels_and_is_counted(dataset):
    annotations = json.loads((dataset / "cleaned_annotations.json").read_text())
    clip, annotation = next((c, a) for c, a in annotations.items() if a["segments"])
    annotation["segments"][0]["bbox"] = [200, 10, 300, 40]
    (dataset / "cleaned_annotations.json").write_text(json.dumps({clip: annotation}))
    tally = make(dataset)
    number = annotation["segments"][0]["id"]
    assert tally.empty >= 1 and not (np.load(annotated_clips(dataset)[0].mask_file(0)) == number).any()


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (lambda s: s.update(bbox=[1, 2, 3]), "with the box"),
        (lambda s: s.update(bbox=[1, 2, float("nan"), 4]), "with the box"),
        (lambda s: s.update(id=0), "id 0"),
        (lambda s: s.update(id=2**40), "too large"),
    ],
)
def test_wrong_segments_are_refused_by_name(dataset, spoil, told):
    path = dataset / "cleaned_annotations.json"
    annotations = json.loads(path.read_text())
    clip = next(c for c, a in annotations.items() if a["segments"])
    spoil(annotations[clip]["segments"][0])
    path.write_text(json.dumps(annotations))
    with pytest.raises(StoryError, match=told) as error:
        annotated_clips(dataset)
    assert clip in str(error.value)


def test_ids_that_lead_out_of_the_folder_are_refused(dataset):
    rows = {"../outside": {"segments": [{"id": 1, "word": "fred", "bbox": [0, 0, 9, 9]}]}}
    (dataset / "cleaned_annotations.json").write_text(json.dumps(rows))
    with pytest.raises(StoryError, match="cannot be a file's name"):
        annotated_clips(dataset)


def test_missing_and_broken_clips_are_named(dataset):
    files = sorted((dataset / "video_frames_sampled_4x").iterdir())
    clips = annotated_clips(dataset)
    annotated = [f for f in files if f.stem in {clip.id for clip in clips}]
    annotated[0].write_bytes(b"no numpy file")
    with pytest.raises(StoryError, match=annotated[0].name):
        unfinished(clips)
    np.save(annotated[0], np.zeros((4, 64, 64)))
    with pytest.raises(StoryError, match="float64"):
        unfinished(clips)
    for file in annotated[:3]:
        file.unlink()
    with pytest.raises(StoryError, match="and 2 more"):
        annotated_clips(dataset)


def test_the_overview_shows_masks_and_names(dataset, tmp_path):
    make(dataset, sheet=tmp_path / "sheets" / "masks.png")
    with_masks = np.asarray(Image.open(tmp_path / "sheets" / "masks.png"))
    for file in (dataset / "seg_mask_4x_comb").iterdir():
        np.save(file, np.zeros_like(np.load(file)))
    make(dataset, sheet=tmp_path / "empty.png")
    empty = np.asarray(Image.open(tmp_path / "empty.png"))
    assert with_masks.shape == empty.shape and (with_masks != empty).any(axis=2).mean() > 0.02


def test_two_processes_share_the_work(dataset):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    shared = {
        "WORLD_SIZE": "2",
        "LOCAL_WORLD_SIZE": "2",
        "MASTER_ADDR": "127.0.0.1",
        "MASTER_PORT": str(port),
    }
    shared["OMP_NUM_THREADS"] = "1"
    running = [
        subprocess.Popen(
            [sys.executable, "-m", "tests.test_masks", str(dataset)],
            cwd=Path(__file__).parents[1],
            env={**os.environ, **shared, "RANK": str(rank), "LOCAL_RANK": str(rank)},
            stdout=subprocess.PIPE,
            text=True,
        )
        for rank in range(2)
    ]
    counts = [int(process.communicate(timeout=120)[0]) for process in running]
    frames = sum(1 for _ in (dataset / "video_frames_sampled_4x").iterdir())
    assert sum(counts) == frames - without_segments(dataset) and abs(counts[0] - counts[1]) <= 1
    assert unfinished(annotated_clips(dataset)) == []
    alone = dataset.parent / "alone"
    (dataset / "seg_mask_4x_comb").rename(alone)
    make(dataset)
    for file in alone.iterdir():
        assert np.array_equal(np.load(file), np.load(dataset / "seg_mask_4x_comb" / file.name))


def without_segments(dataset: Path) -> int:
    annotations = json.loads((dataset / "cleaned_annotations.json").read_text())
    return sum(not a["segments"] for a in annotations.values())


def test_the_command_tells_what_is_wrong_in_one_sentence(tmp_path, dataset):
    with pytest.raises(SystemExit, match="cleaned_annotations.json is missing"):
        main([str(tmp_path), "--checkpoint", "none.pth"])
    assert write_masks([], ColourPredictor()).masks == 0


def tiny_sam():
    """Returns the package's own model with every part at its smallest and with random weights."""
    from functools import partial

    from segment_anything.modeling import ImageEncoderViT, MaskDecoder, PromptEncoder, Sam, TwoWayTransformer

    encoder = ImageEncoderViT(
        img_size=128, depth=2, embed_dim=32, num_heads=2, out_chans=32, use_rel_pos=True, window_size=4,
        global_attn_indexes=(1,), norm_layer=partial(torch.nn.LayerNorm, eps=1e-6),
    )  # fmt: skip
    prompts = PromptEncoder(
        embed_dim=32, image_embedding_size=(8, 8), input_image_size=(128, 128), mask_in_chans=4
    )
    transformer = TwoWayTransformer(depth=2, embedding_dim=32, num_heads=2, mlp_dim=32)
    return Sam(encoder, prompts, MaskDecoder(transformer_dim=32, transformer=transformer)).eval()


def test_the_real_package_runs_the_whole_command(dataset, tmp_path, monkeypatch, capsys):
    """Needs a torchvision that fits torch; see requirements-full-size.txt."""
    pytest.importorskip("torchvision", exc_type=ImportError)
    import segment_anything

    monkeypatch.setitem(segment_anything.sam_model_registry, "tiny", tiny_sam)
    torch.manual_seed(0)
    torch.save(tiny_sam().state_dict(), tmp_path / "sam.pth")
    command = [str(dataset), "--model-type", "tiny", "--sheet", str(tmp_path / "sheet.png"), "--checkpoint"]
    main([*command, str(tmp_path / "sam.pth")])
    assert unfinished(annotated_clips(dataset)) == [] and (tmp_path / "sheet.png").is_file()
    assert "process 0: " in capsys.readouterr().out
    main([*command, str(tmp_path / "sam.pth")])
    assert "process 0: 0 masks" in capsys.readouterr().out
    weights = tiny_sam().state_dict()
    weights["mask_decoder.extra"] = weights.pop("mask_decoder.iou_token.weight")
    torch.save(weights, tmp_path / "odd.pth")
    with pytest.raises(SystemExit, match="mask_decoder.extra"):
        main([*command, str(tmp_path / "odd.pth")])
    with pytest.raises(SystemExit, match="there are default, tiny, vit_b"):
        main([*command[:-1], "--model-type", "huge", "--checkpoint", str(tmp_path / "sam.pth")])


if __name__ == "__main__":
    print(make(Path(sys.argv[1])).masks)
