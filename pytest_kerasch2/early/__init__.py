"""The chapter on the engines of its time: Keras on CNTK, in an interpreter too old for this package.

`probe` runs there and tells facts; the checks here compare them with what the chapter says, under the claims' own ids.
"""
