import math

import torch

from models.denoiser import NO_CLASS, Attention, Block, create_denoiser, embed_time


def wake(model: torch.nn.Module) -> torch.nn.Module:
    """Blocks begin as the identity; give the zeros values so that something can be seen."""
    for parameter in model.parameters():
        if not parameter.any():
            torch.nn.init.normal_(parameter, std=0.1)
    return model.eval()


def test_time_zero_has_sine_0_and_cosine_1_and_the_first_wave_has_period_2_pi() -> None:
    waves = embed_time(torch.tensor([0, 1]), 4)
    assert waves[0].tolist() == [0, 0, 1, 1]
    torch.testing.assert_close(
        waves[1], torch.tensor([math.sin(1), math.sin(0.01), math.cos(1), math.cos(0.01)])
    )


def test_the_noise_has_the_images_shape_and_rows_do_not_mix() -> None:
    torch.manual_seed(0)
    model = wake(create_denoiser())
    image, time, label = torch.randn(3, 1, 28, 28), torch.tensor([0, 500, 999]), torch.arange(3)
    noise = model(image, time, label)
    assert noise.shape == image.shape
    torch.testing.assert_close(model(image[1:2], time[1:2], label[1:2]), noise[1:2])


def test_time_and_class_matter_and_no_class_is_a_class_of_its_own() -> None:
    torch.manual_seed(0)
    model, image = wake(create_denoiser()), torch.randn(1, 1, 28, 28)

    def ask(time: int, label: int) -> torch.Tensor:
        noise: torch.Tensor = model(image, torch.tensor([time]), torch.tensor([label]))
        return noise

    assert not torch.allclose(ask(10, 1), ask(900, 1))
    assert not torch.allclose(ask(10, 1), ask(10, 2))
    assert not torch.allclose(ask(10, 1), ask(10, NO_CLASS))


def test_an_untrained_network_predicts_nothing() -> None:
    noise = create_denoiser()(torch.randn(2, 1, 28, 28), torch.tensor([1, 2]), torch.tensor([0, 1]))
    torch.testing.assert_close(noise, torch.zeros_like(noise), atol=0.1, rtol=0)


def test_blocks_begin_as_the_identity_but_for_a_bias() -> None:
    x, block = torch.randn(2, 16, 7, 7), Block(16, 16, 4)
    for moved in (Attention(16)(x) - x, block(x, torch.randn(2, 4)) - x):
        assert moved.std((2, 3)).max() < 1e-5
