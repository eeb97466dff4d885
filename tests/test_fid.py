"""The Fréchet distance against closed forms, and Inception-v3 in its two forms."""

import numpy as np
import pytest
import torch
from PIL import Image

from storyboard.errors import StoryError
from training.evaluate.fid import Moments, authors_stories, fid, frechet_distance, moments
from training.evaluate.inception import (
    IMAGENET_MEAN,
    IMAGENET_STD,
    InceptionV3,
    classifier_pixels,
    fid_pixels,
    in_batches,
    load_classifier,
    load_fid_network,
)


def gaussian(mean, covariance) -> Moments:
    return Moments(np.array(mean, float), np.array(covariance, float))


def test_distance_of_numbers():
    # one dimension: (m1 - m2)^2 + (s1 - s2)^2
    assert frechet_distance(gaussian([1], [[4]]), gaussian([4], [[25]])) == pytest.approx(9 + 9)


def test_the_fid_of_few_pictures_is_the_same_number():
    rng = np.random.default_rng(2)
    one, other = rng.normal(size=(7, 24)), rng.normal(0.3, 2, size=(11, 24))
    assert fid(one, other) == pytest.approx(frechet_distance(moments(one), moments(other)))


def test_distance_of_covariances_that_commute():
    rng = np.random.default_rng(0)
    axes = np.linalg.qr(rng.normal(size=(6, 6)))[0]
    one, other = rng.uniform(0.1, 5, size=(2, 6))
    distance = frechet_distance(
        gaussian(np.zeros(6), (axes * one) @ axes.T), gaussian(np.ones(6), (axes * other) @ axes.T)
    )
    assert distance == pytest.approx(6 + ((one**0.5 - other**0.5) ** 2).sum())


def test_distance_of_two_dimensions_that_do_not_commute():
    # tr((AB)^(1/2)) of two by two matrices is (tr AB + 2 (det AB)^(1/2))^(1/2)
    a, b = np.array([[2.0, 1.0], [1.0, 3.0]]), np.array([[5.0, -2.0], [-2.0, 1.0]])
    root = np.sqrt(np.trace(a @ b) + 2 * np.sqrt(np.linalg.det(a) * np.linalg.det(b)))
    expected = np.trace(a) + np.trace(b) - 2 * root
    assert frechet_distance(gaussian([0, 0], a), gaussian([0, 0], b)) == pytest.approx(expected)


def test_distance_is_symmetric_and_zero_to_itself():
    rng = np.random.default_rng(1)
    one, other = rng.normal(size=(40, 8)), rng.normal(0.3, 2, size=(30, 8))
    assert fid(one, other) == pytest.approx(fid(other, one))
    assert fid(one, one) == pytest.approx(0, abs=1e-9)


def test_fewer_pictures_than_features_need_no_special_case():
    rng = np.random.default_rng(2)
    one = rng.normal(size=(5, 64))
    # Shifted by a constant, both have the same covariance, and only the means differ.
    assert fid(one, one + 3) == pytest.approx(64 * 9, rel=1e-6)


def test_moments_are_those_of_numpy_in_double_precision():
    features = np.random.default_rng(3).normal(1000, 1, size=(50, 4)).astype(np.float32)
    found = moments(features)
    assert found.covariance.dtype == np.float64
    assert np.allclose(found.covariance, np.cov(features.astype(np.float64), rowvar=False), rtol=1e-12)
    with pytest.raises(ValueError, match="two"):
        moments(features[:1])


def test_the_authors_leave_out_the_last_stories():
    assert [authors_stories(n) for n in (15, 16, 2309)] == [0, 16, 2304]


def sound(network: InceptionV3) -> InceptionV3:
    """Returns it with random weights that keep the size of activations."""
    torch.manual_seed(0)
    for module in network.modules():
        if isinstance(module, torch.nn.Conv2d):
            torch.nn.init.kaiming_normal_(module.weight)
    return network.eval()


@pytest.fixture(scope="module")
def classifier():
    return sound(InceptionV3(7))


@pytest.fixture(scope="module")
def fid_network():
    return sound(InceptionV3(1008, fid=True))


def noise(size=(90, 80)) -> Image.Image:
    return Image.fromarray(np.random.default_rng(0).integers(0, 256, size=(*size, 3), dtype=np.uint8))


def test_sizes_are_the_published_ones():
    def count(network):
        return sum(p.numel() for p in network.parameters())

    with torch.device("meta"):
        assert count(InceptionV3(1000)) == 27_161_264
        # Without the auxiliary head, and with eight more classes.
        assert count(InceptionV3(1008, fid=True)) == 27_161_264 - 3_326_696 + 8 * 2049


def test_a_released_classifier_is_read_whole(classifier, tmp_path):
    torch.save({f"module.{k}": v for k, v in classifier.state_dict().items()}, tmp_path / "c.pt")
    again = load_classifier(tmp_path / "c.pt")
    pixels = torch.randn(1, 3, 96, 96, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        assert again.fc.out_features == 7 and torch.equal(again(pixels), classifier(pixels))
        assert again.features(pixels).shape == (1, 2048)


def test_a_file_that_does_not_fit_names_the_first_key(classifier, tmp_path):
    weights = classifier.state_dict()
    del weights["AuxLogits.conv0.bn.bias"]
    torch.save(weights, tmp_path / "short.pt")
    with pytest.raises(StoryError, match="AuxLogits.conv0.bn.bias' is missing"):
        load_classifier(tmp_path / "short.pt")
    with pytest.raises(StoryError, match="not part of this model"):
        torch.save(classifier.state_dict() | {"zzz": torch.zeros(1)}, tmp_path / "long.pt")
        load_classifier(tmp_path / "long.pt")
    with pytest.raises(StoryError, match="no weights file"):
        load_classifier(tmp_path / "nothing.pt")


def test_a_pickle_that_would_run_code_is_refused(tmp_path):
    class Runs:
        def __reduce__(self):
            return (tmp_path.joinpath("ran").touch, ())

    torch.save({"fc.weight": Runs()}, tmp_path / "evil.pt")
    with pytest.raises(StoryError, match="safely"):
        load_classifier(tmp_path / "evil.pt")
    assert not (tmp_path / "ran").exists()


def test_the_classifier_undoes_imagenets_normalisation(classifier):
    # With transform_input the network sees the picture in -1..1.
    seen = []
    handle = classifier.Conv2d_1a_3x3.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
    picture = noise((299, 299))
    with torch.inference_mode():
        classifier(classifier_pixels(picture)[None])
    handle.remove()
    unit = torch.from_numpy(np.array(picture)).permute(2, 0, 1) / 255
    assert torch.allclose(seen[0][0], 2 * unit - 1, atol=1e-5)


def test_pictures_are_prepared_as_each_procedure_says():
    picture = noise((299, 299))
    unit = torch.from_numpy(np.array(picture)).permute(2, 0, 1) / 255
    assert torch.allclose(fid_pixels(picture), 2 * unit - 1, atol=1e-6)
    mean, std = torch.tensor(IMAGENET_MEAN)[:, None, None], torch.tensor(IMAGENET_STD)[:, None, None]
    assert torch.allclose(classifier_pixels(picture), (unit - mean) / std, atol=1e-6)
    wide = Image.new("RGB", (600, 300), "white")
    wide.paste("black", (0, 0, 150, 300))  # outside the centre
    assert classifier_pixels(wide).shape == (3, 299, 299) and classifier_pixels(wide)[0, 150, 5:].min() > 2


def test_the_fid_network_differs_where_it_should(classifier, fid_network, tmp_path):
    torch.save(
        {k: v for k, v in fid_network.state_dict().items() if "num_batches" not in k}, tmp_path / "f.pth"
    )
    again = load_fid_network(tmp_path / "f.pth")
    pixels = torch.rand(1, 3, 96, 96, generator=torch.Generator().manual_seed(0)) * 2 - 1
    with torch.inference_mode():
        features = again.features(pixels)
        assert torch.equal(features, fid_network.features(pixels))
        # The same weights in a classifier's trunk: padding counts in its means, and there is no maximum at the end.
        classifier.load_state_dict(
            {k: v for k, v in again.state_dict().items() if not k.startswith("fc.")}, strict=False
        )
        unnormalised = ((pixels + 1) / 2 - torch.tensor(IMAGENET_MEAN)[:, None, None]) / torch.tensor(
            IMAGENET_STD
        )[:, None, None]
        other = classifier.features(unnormalised)
    assert not torch.allclose(features, other, rtol=0.05)


def test_batches_of_any_size_give_the_same():
    pictures = [torch.full((3, 2, 2), float(i)) for i in range(70)]
    found = in_batches(lambda batch: batch.mean(dim=(1, 2, 3))[:, None], pictures, torch.device("cpu"))
    assert found.shape == (70, 1) and found.dtype == np.float64 and (found[:, 0] == np.arange(70)).all()


def test_the_network_is_torchvisions():
    """Needs a torchvision that fits torch; see requirements-full-size.txt."""
    torchvision = pytest.importorskip("torchvision", exc_type=ImportError)
    theirs = torchvision.models.inception_v3(
        weights=None, init_weights=False, num_classes=9, transform_input=True
    )
    ours = sound(InceptionV3(9))
    theirs.load_state_dict(ours.state_dict())
    pixels = classifier_pixels(noise((400, 523)))[None]
    with torch.inference_mode():
        expected, found = theirs.eval()(pixels), ours(pixels)
    assert torch.allclose(expected, found, rtol=1e-4, atol=1e-5 * float(expected.abs().max()))
