"""Claims and what was found of them: pure data and its rules; knows neither pytest nor Keras."""
