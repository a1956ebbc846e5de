"""The program that runs in an interpreter which is too old for this package: it looks, and judges nothing.

It is copied into a scratch folder and started there as `python -m probe`, so it imports nothing of this package but
itself, and is written for CPython 3.6: NumPy, h5py, Keras and the standard library are all that it may use.
"""
