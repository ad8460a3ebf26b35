"""Human motion in a latent space aligned with a text encoder: model, data, training.

Nothing heavy is imported here: `motionclip_model.motion` and `motionclip_model.skeleton`
need only NumPy and SciPy, so that retargeting can use them where PyTorch is not installed.
"""

__version__ = '0.1.0'
