"""Sequential tests, equivalence, bootstrap and prediction intervals; knows neither pytest nor Keras."""
